//! Findings about single rows and bars.
//!
//! Invariant: a finding names its line, and a rejected row keeps its bytes as they stand in the file.

use crate::bar::{Micros, Ohlcv};

/// A row as it stands in the file.
#[derive(Debug, Clone)]
pub struct RawRow {
    /// Line number, from 1.
    pub line: u64,
    /// Where the line starts, in bytes.
    pub offset: u64,
    /// The line without its end.
    pub bytes: Vec<u8>,
}

/// The rules that a row can break.
pub const RULES: [&str; 8] =
    ["ragged", "time", "number", "duplicate", "quality", "header", "ticker", "placeholder"];

/// A row that cannot become a bar.
#[derive(Debug, Clone)]
pub struct RejectedRow {
    /// The row.
    pub row: RawRow,
    /// Which of the [`RULES`] it broke.
    pub rule: &'static str,
    /// What is wrong, with the column.
    pub reason: String,
}

/// A bar that breaks market-data rules.
#[derive(Debug, Clone)]
pub struct QualityIssue {
    /// Line number, from 1.
    pub line: u64,
    /// The bar's time.
    pub time: Micros,
    /// The bar's values.
    pub values: Ohlcv,
    /// The rules it breaks.
    pub rules: Vec<&'static str>,
}

/// A bar that the file and the database have different values for.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// The file's line.
    pub line: u64,
    /// The bar's time.
    pub time: Micros,
    /// The file's values.
    pub csv: Ohlcv,
    /// The database's values, before anything was overwritten.
    pub db: Ohlcv,
}

/// File and line of a bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which of the task's files, from 0.
    pub file: u32,
    /// Line number, from 1.
    pub line: u64,
}

/// A bar that only the files or only the database has, or that has other values there.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The bar's time.
    pub time: Micros,
    /// Place and values in the files; none if only the database has the bar.
    pub csv: Option<(Place, Ohlcv)>,
    /// Values in the database; none if only the files have the bar.
    pub db: Option<Ohlcv>,
}

impl Difference {
    /// The name in tables and reports.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match (&self.csv, &self.db) {
            (Some(_), Some(_)) => "different",
            (Some(_), None) => "only_in_csv",
            (None, _) => "only_in_db",
        }
    }
}
