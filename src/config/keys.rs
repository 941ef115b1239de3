//! The dotted keys of one layer of settings, and whether they are known.
//!
//! Invariant: a key that `config/default.toml` does not list is an error that names the most similar key, whichever layer
//! it comes from.

use std::path::Path;

use config::{File, FileFormat, Map, Source, Value, ValueKind};

use crate::error::{Error, Result};

pub(super) const ALL_KEYS: &str = "config/default.toml lists every key with its meaning and default";

/// Dotted keys with their values.
pub(super) type Values = Vec<(String, Value)>;

/// What a file contains. The parser's message quotes a line, which may contain a password, so only its place is kept.
pub(super) fn of_file(path: &Path) -> Result<Map<String, Value>> {
    let name = path.display().to_string();
    let source = File::from(path.to_path_buf()).format(FileFormat::Toml).required(true);
    tables(&source, &name).map_err(|e| {
        let text = e.to_string();
        let Some(at) = text.find(" at line ") else { return e };
        let place = text[at..].lines().next().unwrap_or_default();
        Error::config(format!("{name} is not valid TOML{place}"), "see https://toml.io for the syntax")
    })
}

/// What a TOML text contains; `name` says whose it is.
pub(super) fn of_text(text: &str, name: &str) -> Result<Map<String, Value>> {
    tables(&File::from_str(text, FileFormat::Toml), name)
}

/// What a source contains; `name` says which one it is.
pub(super) fn tables(source: &(dyn Source + Send + Sync), name: &str) -> Result<Map<String, Value>> {
    source.collect().map_err(|e| broken(name, &e))
}

/// Tables as dotted keys, in their order.
pub(super) fn flatten(map: Map<String, Value>) -> Values {
    let mut out = Vec::new();
    for (key, value) in map {
        match value.kind {
            ValueKind::Table(inner) => {
                out.extend(flatten(inner).into_iter().map(|(k, v)| (format!("{key}.{k}"), v)));
            }
            _ => out.push((key, value)),
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

/// Refuses keys of a layer that are not known.
pub(super) fn check<'k>(
    given: &Values,
    known: impl Iterator<Item = &'k str> + Clone,
    layer: &str,
) -> Result<()> {
    let Some((key, _)) = given.iter().find(|(key, _)| !known.clone().any(|k| k == key)) else {
        return Ok(());
    };
    let key = cut(key);
    let hint = match nearest(&key, known).first() {
        Some(nearest) => format!("did you mean `{nearest}`? All keys: config/default.toml"),
        None => "all keys: config/default.toml".to_owned(),
    };
    Err(Error::config(format!("unknown key `{key}` in {layer}"), hint))
}

/// The edit distance needs memory for each pair of characters; no name is that long.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

/// These names, the most similar to `name` first.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let mut all: Vec<&str> = known.collect();
    all.sort_by_key(|k| strsim::damerau_levenshtein(k, name));
    all
}

pub(super) fn broken(place: &str, e: &config::ConfigError) -> Error {
    Error::config(format!("{place}: {e}"), ALL_KEYS)
}
