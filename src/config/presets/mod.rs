//! Presets: settings for the files of one vendor or program, under a name.
//!
//! A preset is TOML: what it is for (`description`, `source`, `names`), and keys of `[import]` and `[csv]`. Those that
//! are compiled into the program may have a `[proof]`, too, by which a file's name and first rows choose them
//! ([`crate::source::proof`]).
//! Invariant: a preset says how files are read and nothing else, whoever wrote it.

mod built_in;

use std::sync::LazyLock;

use config::{Map, Value, ValueKind};

use super::directory::is_about_reading;
use super::keys::{self, Values};
use crate::error::{Error, Result};

/// The table of a user's own presets in the configuration file.
pub const TABLE: &str = "presets";

/// Settings under a name.
#[derive(Debug, Clone)]
pub struct Preset {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The page that says so, and when it was seen.
    pub source: String,
    /// How such files are called.
    pub names: Vec<String>,
    /// What shows that a file is such a one.
    pub proof: Option<Proof>,
    /// Its TOML, if it is built in.
    pub text: Option<&'static str>,
    /// The dotted keys that it stands for, in their order.
    pub(super) keys: Values,
}

/// What a file shows whose name fits one of [`Preset::names`]; both, if both are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The first line.
    pub header: Option<String>,
    /// A regular expression for the first row of data.
    pub first_row: Option<String>,
}

/// The presets that the program is compiled with, by their names.
#[must_use]
pub fn built_in() -> &'static [Preset] {
    static ALL: LazyLock<Vec<Preset>> = LazyLock::new(|| built_in::ALL.map(read_built_in).into());
    &ALL
}

/// One that cannot be read is a fault of the build, and must not be passed over.
fn read_built_in((name, text): (&'static str, &'static str)) -> Preset {
    let read = || Preset::read(name, keys::of_text(text, name)?, name, true);
    Preset { text: Some(text), ..read().unwrap_or_else(|e| unreachable!("{e}")) }
}

/// The presets in the text of a configuration file.
///
/// # Errors
/// [`Error::Config`] if it is no TOML, or a preset is none.
pub fn in_text(text: &str, file: &str) -> Result<Vec<Preset>> {
    take_own(&mut keys::of_text(text, file)?, file)
}

/// The presets of a configuration file, which are taken out of its tables.
pub(super) fn take_own(tables: &mut Map<String, Value>, file: &str) -> Result<Vec<Preset>> {
    let Some(table) = tables.remove(TABLE) else { return Ok(Vec::new()) };
    let ValueKind::Table(all) = table.kind else {
        return Err(Error::config(format!("`{TABLE}` in {file} is no table"), HOW));
    };
    let mut presets = Vec::new();
    for (name, table) in all {
        let place = format!("[{TABLE}.{name}] in {file}");
        let ValueKind::Table(tables) = table.kind else {
            return Err(Error::config(format!("`{TABLE}.{name}` in {file} is no table"), HOW));
        };
        check_name(&name).map_err(|reason| Error::config(format!("{place} {reason}"), HOW))?;
        presets.push(Preset::read(&name, tables, &place, false)?);
    }
    presets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(presets)
}

const HOW: &str = "write it as [presets.NAME.csv] with keys of [csv], as in `barlift presets yahoo`";

/// Refuses a name that no preset of one's own may have.
///
/// # Errors
/// Why it may not.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 60 || !name.chars().all(is_plain) {
        return Err("has a name that is no word of up to 60 letters, digits, `-` and `_`".into());
    }
    if built_in::ALL.iter().any(|(other, _)| *other == name) {
        return Err("has the name of a built-in preset: choose another name".into());
    }
    Ok(())
}

/// The preset of this name among the user's own and the built-in ones.
///
/// # Errors
/// [`Error::Config`] if there is none; it lists the most similar names.
pub fn find<'p>(name: &str, own: &'p [Preset]) -> Result<&'p Preset> {
    const SHOWN: usize = 3;
    let all = || own.iter().chain(built_in());
    if let Some(preset) = all().find(|preset| preset.name == name) {
        return Ok(preset);
    }
    let name = keys::cut(name);
    let nearest = keys::nearest(&name, all().map(|preset| preset.name.as_str()));
    let nearest: Vec<String> = nearest.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    Err(Error::config(
        format!("there is no preset `{name}`"),
        format!("the nearest names are {}; `barlift presets` lists all", nearest.join(", ")),
    ))
}

impl Preset {
    fn read(name: &str, tables: Map<String, Value>, place: &str, may_have_proof: bool) -> Result<Self> {
        let mut preset = Self {
            name: name.to_owned(),
            description: String::new(),
            source: String::new(),
            names: Vec::new(),
            proof: None,
            text: None,
            keys: Vec::new(),
        };
        let mut proof = Proof { header: None, first_row: None };
        for (key, value) in keys::flatten(tables) {
            let text = |value: Value| {
                let wrong = |_| Error::config(format!("`{key}` in {place} is no text"), HOW);
                value.into_string().map_err(wrong)
            };
            match key.as_str() {
                "description" => preset.description = text(value)?,
                "source" => preset.source = text(value)?,
                "names" => {
                    let wrong = |_| Error::config(format!("`names` in {place} is no list of texts"), HOW);
                    let names = value.into_array().map_err(wrong)?;
                    preset.names = names.into_iter().map(text).collect::<Result<_>>()?;
                }
                "proof.header" if may_have_proof => proof.header = Some(text(value)?),
                "proof.first_row" if may_have_proof => proof.first_row = Some(text(value)?),
                _ => preset.keys.push((key, value)),
            }
        }
        preset.proof = (proof.header.is_some() || proof.first_row.is_some()).then_some(proof);
        preset.check_keys(place)?;
        Ok(preset)
    }

    fn check_keys(&self, place: &str) -> Result<()> {
        if let Some((key, _)) = self.keys.iter().find(|(key, _)| key == "proof" || key.starts_with("proof."))
        {
            return Err(Error::config(
                format!("`{key}` in {place}: only built-in presets are chosen by what a file shows"),
                "name the preset by --preset, or by import.preset in the directory's barlift-files.toml",
            ));
        }
        let known = super::load::default_values()?;
        let about = ["description", "source", "names"];
        let reading = known.iter().map(|(key, _)| key.as_str()).filter(|key| is_in_presets(key));
        if let Some((key, _)) = self
            .keys
            .iter()
            .find(|(key, _)| known.iter().any(|(other, _)| other == key) && !is_in_presets(key))
        {
            return Err(Error::config(
                format!("`{key}` in {place} does not say how files are read"),
                "a preset may contain keys of [csv], and import.pattern, timeframe, timezone, dates, ambiguous and on_invalid",
            ));
        }
        keys::check(&self.keys, about.into_iter().chain(reading), place)
    }

    /// The value of a key, as text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        self.keys.iter().find(|(other, _)| other == key).map(|(_, value)| value.to_string())
    }

    /// The keys that it stands for, in the tables of a configuration file.
    #[must_use]
    pub fn settings(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut all = serde_json::Map::new();
        self.keys.iter().for_each(|(key, value)| insert(&mut all, key, json(value)));
        all
    }
}

/// Whether a preset may set this key.
fn is_in_presets(key: &str) -> bool {
    is_about_reading(key) && !matches!(key, "import.preset" | "import.mends")
}

/// Inserts the value of a dotted key.
fn insert(table: &mut serde_json::Map<String, serde_json::Value>, key: &str, value: serde_json::Value) {
    let Some((first, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return;
    };
    let inner = table.entry(first).or_insert_with(|| serde_json::Map::new().into());
    if let Some(inner) = inner.as_object_mut() {
        insert(inner, rest, value);
    }
}

fn json(value: &Value) -> serde_json::Value {
    match &value.kind {
        ValueKind::Boolean(yes) => (*yes).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::Float(number) => (*number).into(),
        _ => value.to_string().into(),
    }
}

#[cfg(test)]
mod tests;
