//! Writes TOML from JSON values: settings files and presets.
//!
//! Invariant: what has no value in TOML (null) is left out.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Writes a table with its inner tables behind it, those without a value left out.
pub(super) fn table(text: &mut String, name: &str, values: &Map<String, Value>) {
    let _ = writeln!(text, "\n[{name}]");
    entries(text, name, values);
}

/// Writes what a table contains, but not its name.
pub(super) fn entries(text: &mut String, name: &str, values: &Map<String, Value>) {
    values.iter().for_each(|(key, value)| line(text, key, value));
    for (key, value) in values {
        if let Some(inner) = value.as_object().filter(|inner| inner.values().any(|v| !v.is_null())) {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            table(text, &name, inner);
        }
    }
}

/// Writes a key with its value, unless that is a table.
pub(super) fn line(text: &mut String, key: &str, value: &Value) {
    if let Some(value) = self::value(value) {
        let _ = writeln!(text, "{key} = {value}");
    }
}

/// A single value, or a list of them. JSON texts are TOML texts, except for DEL.
pub(super) fn value(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        value => Some(value.to_string().replace('\u{7f}', "\\u007f")),
    }
}
