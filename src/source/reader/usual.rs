//! Rows as nearly all files have them, read once from left to right.
//!
//! Invariant: a bar that is read here is the one that [`row`](super::row) reads in the general way. Of any other row
//! nothing is said: whether it is a bar, and why not, is for the general way to say.

use super::super::header::Columns;
use super::super::number;
use super::super::time::TimeParser;
use crate::bar::columns::COUNT;
use crate::bar::{Micros, Ohlcv};
use crate::config::CsvConfig;

/// Reads the usual rows of one file.
pub(super) struct UsualRows {
    delimiter: u8,
    /// What makes a row unusual; the delimiter where nothing is quoted.
    quote: u8,
    roles: Vec<Role>,
}

/// What a field is.
#[derive(Clone, Copy)]
enum Role {
    Time,
    /// By its place in [`Columns::values`].
    Value(usize),
    Ignored,
}

impl UsualRows {
    /// For files of this dialect, unless it has nothing usual: where a field ends must be plain from its bytes alone.
    pub(super) fn new(columns: &Columns, csv: &CsvConfig) -> Option<Self> {
        let delimiter = columns.delimiter;
        let quote = csv.quote.unwrap_or(delimiter);
        let is_plain = matches!(delimiter, b',' | b';' | b'\t' | b'|')
            && (quote == delimiter && csv.quote.is_none() || matches!(quote, b'"' | b'\''));
        if !is_plain || csv.decimal_comma || columns.date.is_some() {
            return None;
        }
        let role = |at| match columns.values.iter().position(|column| *column == at) {
            Some(value) => Role::Value(value),
            None if columns.time == at => Role::Time,
            None => Role::Ignored,
        };
        Some(Self { delimiter, quote, roles: (0..columns.width).map(role).collect() })
    }

    /// Time and values of a row, if it is a usual one.
    pub(super) fn read(&self, row: &[u8], times: &TimeParser) -> Option<(Micros, Ohlcv)> {
        let mut rest = row;
        let mut time = 0;
        let mut values = [0.0; COUNT];
        for (i, role) in self.roles.iter().enumerate() {
            if i > 0 {
                let (delimiter, field) = rest.split_first()?;
                rest = (*delimiter == self.delimiter).then_some(field)?;
            }
            let length = match role {
                Role::Time => {
                    let (read, length) = times.usual(rest)?;
                    time = read;
                    length
                }
                Role::Value(at) => {
                    let (read, length) = number::usual(rest)?;
                    values[*at] = read;
                    length
                }
                Role::Ignored => self.end_of_field(rest),
            };
            rest = &rest[length..];
        }
        rest.is_empty().then_some((time, Ohlcv::from_array(values)))
    }

    /// Where the field that nothing is read from ends, or has a quote: no delimiter stands there then.
    fn end_of_field(&self, rest: &[u8]) -> usize {
        memchr::memchr2(self.delimiter, self.quote, rest).unwrap_or(rest.len())
    }
}
