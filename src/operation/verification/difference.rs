//! One bar that differs, and one row that no bar could be made of.
//!
//! Invariant: values are exact, as the file and the database have them; `by` is what float64 gives for
//! database − file.

use serde::Serialize;

use super::number::{COLUMNS, Number, Values};

/// How a bar differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Other values at the same time.
    Different,
    /// The database lacks it.
    OnlyInCsv,
    /// The files lack it.
    OnlyInDb,
}

impl DifferenceKind {
    /// The name in the database, JSON and CSV.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::OnlyInCsv => "only_in_csv",
            Self::OnlyInDb => "only_in_db",
        }
    }
}

/// A bar that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// How.
    pub kind: DifferenceKind,
    /// The bar's time, UTC.
    pub time: jiff::Timestamp,
    /// The file that has it, relative to the operation's root; none if the database alone does.
    pub source: Option<String>,
    /// Its line there, from 1.
    pub line: Option<i64>,
    /// The file's values.
    pub csv: Option<Values>,
    /// The database's values.
    pub db: Option<Values>,
    /// The columns that differ, where both have the bar.
    pub columns: Vec<Column>,
}

/// A column of a bar that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Column {
    /// `open`, `high`, `low`, `close` or `volume`.
    pub column: &'static str,
    /// The file's value.
    pub csv: Number,
    /// The database's value.
    pub db: Number,
    /// Database − file, not finite where the database's value is not.
    pub by: Number,
}

impl Column {
    /// Those of two bars that differ.
    #[must_use]
    pub fn differing(csv: &Values, db: &Values) -> Vec<Self> {
        let pairs = COLUMNS.into_iter().zip(csv.columns().into_iter().zip(db.columns()));
        let differing = pairs.filter(|(_, (csv, db))| csv != db);
        differing.map(|(column, (csv, db))| Self { column, csv, db, by: Number(db.0 - csv.0) }).collect()
    }
}

/// A row of a file that did not become a bar; no difference, since the file itself has no bar to offer there.
#[derive(Debug, Clone, Serialize)]
pub struct Rejected {
    /// Path relative to the operation's root.
    pub source: String,
    /// Line number, from 1.
    pub line: i64,
    /// Where the line starts in the file, in bytes.
    pub byte_offset: i64,
    /// The rule it broke.
    pub rule: String,
    /// What is wrong.
    pub reason: String,
    /// The line, as text; bytes that are no UTF-8 are replaced.
    pub raw: String,
    /// The line as it stands in the file.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::Ohlcv;

    #[test]
    fn only_columns_that_differ_are_named() {
        let csv = Ohlcv { open: 1.0, high: 0.3, low: 0.0, close: 1.5, volume: 10.0 };
        let db = Ohlcv { high: 0.1 + 0.2, low: -0.0, volume: f64::NAN, ..csv };
        let columns = Column::differing(&csv.into(), &db.into());
        let named: Vec<_> = columns.iter().map(|c| (c.column, c.by.to_string())).collect();
        assert_eq!(named, [("high", "0.00000000000000005551115123125783".into()), ("volume", "NaN".into())]);
    }
}
