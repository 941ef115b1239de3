//! `barlift inspect --save-preset`: writes how files are read to the configuration file, as a preset.
//!
//! Invariant: what the file has stays; a preset is added to it if the result is sound, and never replaced.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{output, toml};
use crate::config::{self, Config, LOCAL_FILE, presets};
use crate::error::{Error, Result};
use crate::source::reader::ReadOptions;

/// A preset that is to be written.
pub(super) struct NewPreset {
    name: String,
    file: PathBuf,
}

impl NewPreset {
    /// One of this name, in the configuration file that is given or usual.
    pub(super) fn named(name: &str, file: Option<&Path>, config: &Config) -> Result<Self> {
        let file = file.unwrap_or(Path::new(LOCAL_FILE)).to_path_buf();
        presets::check_name(name).map_err(|reason| {
            Error::usage(
                format!("--save-preset {name:?} {reason}"),
                "give a word, such as --save-preset mine",
            )
        })?;
        if config.own_presets.iter().any(|preset| preset.name == name) {
            return Err(Error::usage(
                format!("{} has a preset `{name}` already", file.display()),
                "give another name, or delete the table there",
            ));
        }
        Ok(Self { name: name.to_owned(), file })
    }

    /// Writes what reads these files, if all of them could be read and are read alike.
    pub(super) fn save<'f>(
        &self,
        files: impl IntoIterator<Item = (&'f str, Option<&'f ReadOptions>)>,
        config: &Config,
    ) -> Result<()> {
        let mut first = None;
        for (path, read) in files {
            let Some(read) = read else {
                return Err(no_preset(&format!("{path} cannot be read"), "mend it, or give another file"));
            };
            match first {
                None => first = Some((path, read)),
                Some((other, of_other)) if of_other != read => {
                    let reason = format!("{path} is not read like {other}");
                    return Err(no_preset(&reason, "give one of them, and another name for the other"));
                }
                Some(_) => {}
            }
        }
        let Some((path, read)) = first else { return Err(no_preset("there is no file", "give a bar file")) };
        self.append(&self.text(path, read, config)?)
    }

    /// The preset, without what nobody need say.
    fn text(&self, path: &str, read: &ReadOptions, config: &Config) -> Result<String> {
        let defaults = config::defaults()?;
        let as_json = |csv| serde_json::to_value(csv).map_err(|e| Error::Internal(e.to_string()));
        let on_invalid = Some(read.on_invalid).filter(|choice| *choice != defaults.import.on_invalid);
        let dates = Some(read.dates).filter(|choice| *choice != defaults.import.dates);
        let ambiguous = Some(read.ambiguous).filter(|choice| *choice != defaults.import.ambiguous);
        let all = json!({
            "import": {
                "pattern": config.import.pattern,
                "timeframe": config.import.timeframe,
                "timezone": read.timezone,
                "dates": dates,
                "ambiguous": ambiguous,
                "on_invalid": on_invalid,
            },
            "csv": differing(&as_json(&read.csv)?, &as_json(&defaults.csv)?),
        });
        let today = jiff::Timestamp::now().to_string();
        let today = today.split('T').next().unwrap_or_default();
        let mut text =
            format!("# How `barlift inspect` read {path:?} on {today}.\n[presets.{}]\n", self.name);
        toml::entries(&mut text, &format!("presets.{}", self.name), all.as_object().unwrap_or(&Map::new()));
        Ok(text)
    }

    fn append(&self, text: &str) -> Result<()> {
        let name = self.file.display().to_string();
        let cannot = |e: std::io::Error| {
            Error::usage(
                format!("cannot write to {name}: {e}"),
                "run it where you may write, or give --config FILE",
            )
        };
        let there = match std::fs::read_to_string(&self.file) {
            Ok(there) => there,
            Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
            Err(e) => return Err(cannot(e)),
        };
        let gap = match there.as_str() {
            "" => "",
            there if there.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        let whole = format!("{there}{gap}{text}");
        let is_sound = presets::in_text(&whole, &name)
            .is_ok_and(|all| all.iter().any(|preset| preset.name == self.name));
        if !is_sound {
            return Err(no_preset(
                &format!("a table cannot be added to {name}"),
                &format!("write its presets as tables [presets.NAME]; this one is:\n{text}"),
            ));
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).map_err(cannot)?;
        file.write_all(format!("{gap}{text}").as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
        output::note(&format!(
            "wrote [presets.{0}] to {name}: `barlift import FILES --preset {0}` reads files so",
            self.name
        ));
        Ok(())
    }
}

fn no_preset(why: &str, what_to_do: &str) -> Error {
    Error::usage(format!("no preset is written: {why}"), what_to_do)
}

/// What of a value differs from another one.
fn differing(value: &Value, other: &Value) -> Value {
    let (Some(all), Some(others)) = (value.as_object(), other.as_object()) else { return value.clone() };
    let of_key = |key: &str, value: &Value| match others.get(key) {
        Some(other) if other == value => None,
        Some(other) => Some((key.to_owned(), differing(value, other))),
        None => Some((key.to_owned(), value.clone())),
    };
    Value::Object(all.iter().filter_map(|(key, value)| of_key(key, value)).collect())
}
