//! The fast path for rows without anything special, which nearly all rows of nearly all files are.
//!
//! A row is read once from left to right. Invariant: the result is the bar that the general path ([`row`](super::row))
//! reads. For any other row there is no result: the general path then decides whether it is a bar, and if not, why.

use super::super::layout::{FileLayout, Ticker};
use super::super::number;
use super::super::time::TimeParser;
use crate::bar::{Micros, Ohlcv};
use crate::config::CsvConfig;

/// Reads rows of one file.
pub(super) struct FastPath {
    delimiter: u8,
    /// A row with this byte is left to the general path; the delimiter in files without quotes.
    quote: u8,
    roles: Vec<Role>,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Role {
    Time,
    /// Index in the layout's columns of values.
    Value(usize),
    /// Index in the layout's tickers.
    Ticker(usize),
    Ignored,
}

impl FastPath {
    /// None for dialects that only the general path reads: the next delimiter must end a field.
    pub(super) fn new(layout: &FileLayout, csv: &CsvConfig) -> Option<Self> {
        let columns = &layout.columns;
        let delimiter = columns.delimiter;
        let quote = csv.quote.unwrap_or(delimiter);
        let is_plain = matches!(delimiter, b',' | b';' | b'\t' | b'|')
            && (quote == delimiter && csv.quote.is_none() || matches!(quote, b'"' | b'\''));
        if !is_plain || !layout.numbers.is_plain() || columns.date.is_some() {
            return None;
        }
        let role = |at| match columns.values.iter().position(|column| *column == Some(at)) {
            Some(value) => Role::Value(value),
            None if columns.time == at => Role::Time,
            None => match layout.tickers.iter().position(|ticker| ticker.column == at) {
                Some(ticker) => Role::Ticker(ticker),
                None => Role::Ignored,
            },
        };
        Some(Self { delimiter, quote, roles: (0..columns.width).map(role).collect() })
    }

    /// Reads the values of a row into `bar`, and returns its time; none if the general path has to read it. A file without a
    /// column for a value leaves that of `bar` as it is.
    #[inline]
    pub(super) fn read(
        &self,
        row: &[u8],
        times: &TimeParser,
        tickers: &[Ticker],
        bar: &mut Ohlcv,
    ) -> Option<Micros> {
        let mut rest = row;
        let mut time = 0;
        for (i, role) in self.roles.iter().enumerate() {
            if i > 0 {
                let (delimiter, field) = rest.split_first()?;
                rest = (*delimiter == self.delimiter).then_some(field)?;
            }
            let length = match role {
                Role::Time => {
                    let (read, length) = times.parse_prefix(rest)?;
                    time = read;
                    length
                }
                Role::Value(at) => {
                    let (read, length) = number::parse_prefix(rest)?;
                    bar[*at] = read;
                    length
                }
                Role::Ticker(at) => {
                    let length = self.end_of_field(rest);
                    (rest[..length] == *tickers[*at].value).then_some(length)?
                }
                Role::Ignored => self.end_of_field(rest),
            };
            rest = &rest[length..];
        }
        rest.is_empty().then_some(time)
    }

    /// The length of a field that is not read. If it has a quote it ends there, and the row goes to the general path.
    fn end_of_field(&self, rest: &[u8]) -> usize {
        memchr::memchr2(self.delimiter, self.quote, rest).unwrap_or(rest.len())
    }
}
