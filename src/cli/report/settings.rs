//! The settings file beside rejected rows: how their operation read the files.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::model::OperationId;

/// The settings file's text: the operation's options and, if the files' rows decided anything, `csv` as they decided it.
pub(super) fn text(
    id: &OperationId,
    options: &Value,
    csv: Option<&Value>,
    timeframe: Option<&str>,
) -> String {
    let mut text = format!(
        "# How to read these rows: as {id} read their files.\n\
         # `barlift import` and `barlift verify` of this directory use these settings; flags override them.\n\
         [import]\nmends = {}\n",
        toml(&Value::from(id.0.as_str())).unwrap_or_default()
    );
    let read = &options["read"];
    for (key, value) in [
        ("pattern", &options["pattern"]),
        ("timezone", &read["timezone"]),
        ("dates", &read["dates"]),
        ("ambiguous", &read["ambiguous"]),
        ("on_invalid", &read["on_invalid"]),
    ] {
        line(&mut text, key, value);
    }
    if let Some(timeframe) = timeframe {
        line(&mut text, "timeframe", &Value::from(timeframe));
    }
    if let Some(csv) = csv.unwrap_or(&read["csv"]).as_object() {
        table(&mut text, "csv", csv);
    }
    text
}

fn table(text: &mut String, name: &str, values: &Map<String, Value>) {
    let _ = writeln!(text, "\n[{name}]");
    values.iter().for_each(|(key, value)| line(text, key, value));
    for (key, value) in values {
        if let Some(inner) = value.as_object().filter(|inner| inner.values().any(|v| !v.is_null())) {
            table(text, &format!("{name}.{key}"), inner);
        }
    }
}

fn line(text: &mut String, key: &str, value: &Value) {
    if let Some(value) = toml(value) {
        let _ = writeln!(text, "{key} = {value}");
    }
}

/// A single value. JSON texts are TOML texts, except for DEL.
fn toml(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) | Value::Array(_) => None,
        value => Some(value.to_string().replace('\u{7f}', "\\u007f")),
    }
}
