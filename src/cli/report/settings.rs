//! The settings file beside rejected rows: how their operation read the files.

use serde_json::Value;

use super::rejected::Kind;
use crate::cli::toml::{self, line, table};
use crate::model::OperationId;
use crate::source::reader::UTC;

/// The settings file's text: the operation's options and, if the files' rows decided anything, what they decided.
pub(super) fn text(id: &OperationId, options: &Value, kind: &Kind) -> String {
    let mut text = format!(
        "# How to read these rows: as {id} read their files.\n\
         # `barlift import` and `barlift verify` of this directory use these settings; flags override them.\n\
         [import]\nmends = {}\n",
        toml::value(&Value::from(id.0.as_str())).unwrap_or_default()
    );
    let read = &options["read"];
    // Named in any case: the files have other names and rows than those that have proven it, or have not.
    let timezone = match (&kind.timezone, &read["timezone"]) {
        (Some(proven), _) => Value::from(proven.as_str()),
        (None, Value::Null) => Value::from(UTC),
        (None, given) => given.clone(),
    };
    for (key, value) in [
        ("pattern", &options["pattern"]),
        ("timezone", &timezone),
        ("dates", &read["dates"]),
        ("ambiguous", &read["ambiguous"]),
        ("on_invalid", &read["on_invalid"]),
    ] {
        line(&mut text, key, value);
    }
    if let Some(timeframe) = &kind.timeframe {
        line(&mut text, "timeframe", &Value::from(timeframe.as_str()));
    }
    if let Some(csv) = kind.csv.as_ref().unwrap_or(&read["csv"]).as_object() {
        table(&mut text, "csv", csv);
    }
    text
}
