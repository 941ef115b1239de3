//! One row: its fields, and what time and values they write.
//!
//! Invariant: a row is either a bar, every value of it finite, or breaks a rule that is named, with a reason.
//! It does not judge the bar, but for one whose row ends with a delimiter too many.

use std::collections::VecDeque;

use super::super::fields::{Fields, Row};
use super::super::header::Columns;
use super::super::number;
use super::super::quality::broken_rules;
use super::super::time::TimeParser;
use super::usual::UsualRows;
use crate::bar::columns::{COLUMNS, COUNT};
use crate::bar::{Micros, Ohlcv};
use crate::config::CsvConfig;
use crate::finding::RawRow;

/// Reads rows of one file.
pub(super) struct RowParser {
    columns: Columns,
    fields: Fields,
    times: TimeParser,
    usual: Option<UsualRows>,
    decimal_comma: bool,
    /// Whether rows may end with a delimiter that no field follows, as the file's first two rows do.
    ends_with_delimiter: bool,
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
            ends_with_delimiter: false,
            scratch: Vec::new(),
        }
    }

    /// Decides from the file's first rows whether a delimiter at the end of a row means nothing. It does if two rows
    /// have it: of a single one it may as well stand in an unquoted number, before a last field that is empty.
    pub(super) fn look_at(&mut self, first: &VecDeque<RawRow>) {
        let (fields, width) = (&mut self.fields, self.columns.width);
        let mut ends = |row: &RawRow| ends_with_delimiter(&fields.split(&row.bytes), width);
        self.ends_with_delimiter = first.len() > 1 && first.iter().all(&mut ends);
    }

    /// Time and values of a row, or the rule it breaks and why.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Result<(Micros, Ohlcv), (&'static str, String)> {
        match self.quick(bytes) {
            Some(bar) => Ok(bar),
            None => self.general(bytes),
        }
    }

    /// A row that stands there as most do.
    pub(super) fn quick(&self, bytes: &[u8]) -> Option<(Micros, Ohlcv)> {
        let usual = self.usual.as_ref()?;
        match bytes.strip_suffix(&[self.columns.delimiter]).filter(|_| self.ends_with_delimiter) {
            Some(row) => usual.read(row, &self.times).filter(|(_, values)| broken_rules(values).is_empty()),
            None => usual.read(bytes, &self.times),
        }
    }

    /// Any row.
    pub(super) fn general(&mut self, bytes: &[u8]) -> Result<(Micros, Ohlcv), (&'static str, String)> {
        let row = self.fields.split(bytes);
        let columns = &self.columns;
        let is_longer = row.len() != columns.width;
        if is_longer && !(self.ends_with_delimiter && ends_with_delimiter(&row, columns.width)) {
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
        let mut values = [0.0; COUNT];
        for (i, &column) in columns.values.iter().enumerate() {
            values[i] = number::parse(row.get(column), self.decimal_comma)
                .map_err(|e| ("number", at(column, format!("{} {e}", COLUMNS[i].name))))?;
        }
        let values = Ohlcv::from_array(values);
        // Where a number was written with an unquoted delimiter, its parts make no sound bar with the other prices.
        if is_longer && !broken_rules(&values).is_empty() {
            let reason = format!(
                "has {} fields instead of {}, and is no sound bar without the last one",
                columns.width + 1,
                columns.width
            );
            return Err(("ragged", reason));
        }
        Ok((time, values))
    }
}

/// Whether a row of a file with so many columns has one delimiter too many, at its end.
fn ends_with_delimiter(row: &Row<'_>, width: usize) -> bool {
    row.len() == width + 1 && row.get(width).trim_ascii().is_empty()
}
