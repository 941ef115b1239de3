//! `[csv.columns]`: which columns of a file hold what.
//!
//! Invariant: operations store the JSON, and it is hashed into the keys of the source cache. So its keys stay
//! in their order, and a column added later is left out of the JSON unless it is set.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::bar::columns::{COLUMNS, COUNT, ORIGINAL};

/// What stands for a column that a file does not have.
pub const NO_COLUMN: &str = "none";

/// What stands for the column of the symbol, wherever it is.
pub const AUTO_COLUMN: &str = "auto";

/// Names or numbers (from 1) of columns; none where the usual names are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Option<String>>")]
pub struct ColumnsConfig {
    /// The column of the time, or of the time of day.
    pub time: Option<String>,
    /// The column of the date.
    pub date: Option<String>,
    /// The columns of the symbol, separated by commas, in files of several symbols; [`AUTO_COLUMN`]: to be found.
    pub symbol: Option<String>,
    /// Those of the values, in the order of [`COLUMNS`].
    pub values: [Option<String>; COUNT],
}

impl From<BTreeMap<String, Option<String>>> for ColumnsConfig {
    fn from(mut keys: BTreeMap<String, Option<String>>) -> Self {
        let mut take = |name: &str| keys.remove(name).flatten().filter(|column| !column.is_empty());
        Self {
            time: take("time"),
            date: take("date"),
            symbol: take("symbol"),
            values: COLUMNS.each_ref().map(|column| take(column.name)),
        }
    }
}

impl Serialize for ColumnsConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("date", &self.date)?;
        for (i, (column, set)) in COLUMNS.iter().zip(&self.values).enumerate() {
            if i < ORIGINAL || set.is_some() {
                map.serialize_entry(column.name, set)?;
            }
        }
        if self.symbol.is_some() {
            map.serialize_entry("symbol", &self.symbol)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::columns::CLOSE;

    #[test]
    fn the_json_stays_as_it_is_stored() {
        let mut columns = ColumnsConfig::default();
        assert_eq!(
            serde_json::to_string(&columns).expect("JSON"),
            r#"{"time":null,"date":null,"open":null,"high":null,"low":null,"close":null,"volume":null}"#
        );
        columns.time = Some("Day".into());
        columns.values[CLOSE] = Some("5".into());
        let stored = serde_json::to_string(&columns).expect("JSON");
        assert_eq!(
            stored,
            r#"{"time":"Day","date":null,"open":null,"high":null,"low":null,"close":"5","volume":null}"#
        );
        assert_eq!(serde_json::from_str::<ColumnsConfig>(&stored).expect("read back"), columns);
    }
}
