//! Reads the time and the values of one row.
//!
//! Invariant: the result is a bar of finite values (optional ones may be unknown), or the rule that the row
//! breaks and the reason. Market-data rules are checked only to tell an extra delimiter at the end of a row
//! from a number such as `1,234` without quotes.

use std::collections::VecDeque;

use super::super::fields::{FieldSplitter, SplitLine};
use super::super::header::Columns;
use super::super::number;
use super::super::quality::broken_rules;
use super::super::time::TimeParser;
use super::fast_path::FastPath;
use crate::bar::columns::{COLUMNS, COUNT};
use crate::bar::{Micros, Ohlcv, UNKNOWN};
use crate::config::CsvConfig;
use crate::finding::RawRow;

/// Reads rows of one file.
pub(super) struct RowParser {
    columns: Columns,
    fields: FieldSplitter,
    times: TimeParser,
    fast_path: Option<FastPath>,
    decimal_comma: bool,
    /// Whether rows may end with an extra delimiter, as the file's first two rows do.
    ends_with_delimiter: bool,
    scratch: Vec<u8>,
}

impl RowParser {
    pub(super) fn new(columns: Columns, csv: &CsvConfig, times: TimeParser) -> Self {
        Self {
            fast_path: FastPath::new(&columns, csv),
            fields: FieldSplitter::new(columns.delimiter, csv.quote),
            columns,
            times,
            decimal_comma: csv.decimal_comma,
            ends_with_delimiter: false,
            scratch: Vec::new(),
        }
    }

    /// Decides from the file's first rows whether a delimiter at the end of a row is ignored: only if two rows have it.
    /// In a single row it may also come from an unquoted number (`1,234`) before an empty last field.
    pub(super) fn look_at(&mut self, first: &VecDeque<RawRow>) {
        let (fields, width) = (&mut self.fields, self.columns.width);
        let mut ends = |row: &RawRow| ends_with_delimiter(&fields.split(&row.bytes), width);
        self.ends_with_delimiter = first.len() > 1 && first.iter().all(&mut ends);
    }

    /// Time and values of a row, or the rule that it breaks and why.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Result<(Micros, Ohlcv), (&'static str, String)> {
        match self.fast(bytes) {
            Some(bar) => Ok(bar),
            None => self.general(bytes),
        }
    }

    /// The fast path; none if the general path has to read the row.
    pub(super) fn fast(&self, bytes: &[u8]) -> Option<(Micros, Ohlcv)> {
        let fast_path = self.fast_path.as_ref()?;
        match bytes.strip_suffix(&[self.columns.delimiter]).filter(|_| self.ends_with_delimiter) {
            Some(row) => {
                fast_path.read(row, &self.times).filter(|(_, values)| broken_rules(values).is_empty())
            }
            None => fast_path.read(bytes, &self.times),
        }
    }

    /// The general path: reads any row.
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
        let mut values = [UNKNOWN; COUNT];
        for (i, column) in columns.values.iter().enumerate() {
            let Some(column) = *column else { continue };
            values[i] = number::value(&COLUMNS[i], row.get(column), self.decimal_comma)
                .map_err(|e| ("number", at(column, format!("{} {e}", COLUMNS[i].name))))?;
        }
        let values = Ohlcv::from_array(values);
        // If the extra delimiter comes from an unquoted number, the parts of the number break market-data rules.
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

/// Whether a row of a file with `width` columns ends with one extra delimiter.
fn ends_with_delimiter(row: &SplitLine<'_>, width: usize) -> bool {
    row.len() == width + 1 && row.get(width).trim_ascii().is_empty()
}
