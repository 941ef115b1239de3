//! One row: its fields, and what time and values they write.
//!
//! Invariant: a row is either a bar, every value of it finite, or breaks a rule that is named, with a reason.
//! It does not judge the bar and does not know other rows.

use super::super::fields::{Fields, Row};
use super::super::header::{Columns, VALUE_NAMES};
use super::super::number;
use super::super::time::TimeParser;
use super::usual::UsualRows;
use crate::bar::{Micros, Ohlcv};
use crate::config::CsvConfig;

/// Reads rows of one file.
pub(super) struct RowParser {
    columns: Columns,
    fields: Fields,
    times: TimeParser,
    usual: Option<UsualRows>,
    decimal_comma: bool,
    /// Whether rows may end with a delimiter that no field follows, as the file's first row does.
    ends_with_delimiter: Option<bool>,
    scratch: Vec<u8>,
}

impl RowParser {
    pub(super) fn new(columns: Columns, csv: &CsvConfig, times: TimeParser) -> Self {
        Self {
            usual: UsualRows::new(&columns, csv),
            fields: Fields::new(columns.delimiter, csv.quote),
            columns,
            times,
            decimal_comma: csv.decimal_comma,
            ends_with_delimiter: None,
            scratch: Vec::new(),
        }
    }

    /// Time and values of a row, or the rule it breaks and why.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Result<(Micros, Ohlcv), (&'static str, String)> {
        if self.ends_with_delimiter.is_none() {
            let row = self.fields.split(bytes);
            self.ends_with_delimiter = Some(ends_with_delimiter(&row, self.columns.width));
        }
        match self.quick(bytes) {
            Some(bar) => Ok(bar),
            None => self.general(bytes),
        }
    }

    /// A row that stands there as most do.
    pub(super) fn quick(&self, bytes: &[u8]) -> Option<(Micros, Ohlcv)> {
        let end: &[u8] = if self.ends_with_delimiter == Some(true) { &[self.columns.delimiter] } else { b"" };
        self.usual.as_ref()?.read(bytes.strip_suffix(end).unwrap_or(bytes), &self.times)
    }

    /// Any row.
    pub(super) fn general(&mut self, bytes: &[u8]) -> Result<(Micros, Ohlcv), (&'static str, String)> {
        let row = self.fields.split(bytes);
        let columns = &self.columns;
        let may_end_so = self.ends_with_delimiter == Some(true);
        if row.len() != columns.width && !(may_end_so && ends_with_delimiter(&row, columns.width)) {
            let reason = format!("has {} fields instead of {}", row.len(), columns.width);
            return Err(("ragged", reason));
        }
        let at = |column: usize, reason: String| format!("column {}: {reason}", column + 1);
        let time = match columns.date {
            None => self.times.parse(row.get(columns.time)),
            Some(date) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(row.get(date).trim_ascii());
                self.scratch.push(b' ');
                self.scratch.extend_from_slice(row.get(columns.time).trim_ascii());
                self.times.parse(&self.scratch)
            }
        };
        let time = time.map_err(|e| ("time", at(columns.time, e)))?;
        let mut v = [0.0; 5];
        for (i, &column) in columns.values.iter().enumerate() {
            v[i] = number::parse(row.get(column), self.decimal_comma)
                .map_err(|e| ("number", at(column, format!("{} {e}", VALUE_NAMES[i]))))?;
        }
        let [open, high, low, close, volume] = v;
        Ok((time, Ohlcv { open, high, low, close, volume }))
    }
}

/// Whether a row of a file with so many columns has one delimiter too many, at its end. Only where the first row
/// has it does that mean nothing: elsewhere a field may hold an unquoted delimiter, and its last one be empty.
fn ends_with_delimiter(row: &Row<'_>, width: usize) -> bool {
    row.len() == width + 1 && row.get(width).trim_ascii().is_empty()
}
