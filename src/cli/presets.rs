//! `barlift presets`: what presets there are, and what they set.

use serde::Serialize;
use serde_json::{Map, Value};

use super::args::PresetsArgs;
use super::table::{Column, Table};
use super::{Outcome, output, toml};
use crate::config::Config;
use crate::config::presets::{self, Preset};
use crate::error::Result;

/// A preset, as JSON has it.
#[derive(Serialize)]
struct Listed<'p> {
    name: &'p str,
    description: &'p str,
    source: &'p str,
    names: &'p [String],
    built_in: bool,
    settings: Map<String, Value>,
}

impl<'p> Listed<'p> {
    fn of(preset: &'p Preset) -> Self {
        Self {
            name: &preset.name,
            description: &preset.description,
            source: &preset.source,
            names: &preset.names,
            built_in: preset.text.is_some(),
            settings: preset.settings(),
        }
    }
}

pub(super) fn run(args: &PresetsArgs, config: &Config) -> Result<Outcome> {
    match &args.name {
        Some(name) => show(presets::find(name, &config.own_presets)?, args.json)?,
        None => list(&config.own_presets, args.json)?,
    }
    Ok(Outcome::Well)
}

fn show(preset: &Preset, json: bool) -> Result<()> {
    if json {
        return output::json(&Listed::of(preset));
    }
    let text = preset.text.map_or_else(|| own_text(preset), str::to_owned);
    output::print(|out| out.write_all(text.as_bytes()))
}

fn own_text(preset: &Preset) -> String {
    let mut text = String::new();
    for (key, value) in [("description", &preset.description), ("source", &preset.source)] {
        if !value.is_empty() {
            toml::line(&mut text, key, &Value::from(value.as_str()));
        }
    }
    if !preset.names.is_empty() {
        toml::line(&mut text, "names", &Value::from(preset.names.clone()));
    }
    toml::entries(&mut text, "", &preset.settings());
    text.trim_start().to_owned()
}

fn list(own: &[Preset], json: bool) -> Result<()> {
    let all = || own.iter().chain(presets::built_in());
    if json {
        return output::json(&all().map(Listed::of).collect::<Vec<_>>());
    }
    let mut table = Table::new([Column::text("PRESET"), Column::text("FOR").wrapping()]);
    for preset in all() {
        let description = match preset.description.as_str() {
            "" => "(your own)",
            description => description,
        };
        table.row([preset.name.clone(), output::visible(description)]);
    }
    output::print(|out| table.write(out))
}
