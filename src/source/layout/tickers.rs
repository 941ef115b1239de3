//! Columns that say which instrument a row is of. A file has the bars of one.

use super::names::{self, normal};
use super::table::Table;
use super::{Undecided, called};
use crate::source::number::is_missing;
use crate::source::time::cut;

/// A column that has the same text in every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Ticker {
    pub(in crate::source) column: usize,
    /// Its name, for messages.
    pub(in crate::source) name: String,
    /// The text.
    pub(in crate::source) value: Vec<u8>,
}

impl Ticker {
    /// The error of a row of another instrument.
    pub(in crate::source) fn other(&self, value: &[u8]) -> String {
        let text = |value: &[u8]| cut(&String::from_utf8_lossy(value));
        format!(
            "the rows are of several instruments: {} is `{}` here and `{}` before; write a file for each of them",
            self.name,
            text(value),
            text(&self.value)
        )
    }
}

/// The columns that name the instrument, if the file has one instrument alone.
pub(super) fn decide(fields: &[String], used: &[usize], table: &Table) -> Result<Vec<Ticker>, Undecided> {
    let mut tickers: Vec<Ticker> = Vec::new();
    for (column, field) in fields.iter().enumerate() {
        if used.contains(&column) || !names::TICKERS.contains(&normal(field).as_str()) {
            continue;
        }
        let mut ticker: Option<Ticker> = None;
        for (line, value) in table.column(column).filter(|(_, value)| !is_missing(value)) {
            match &ticker {
                Some(ticker) if ticker.value != value => {
                    return Err(Undecided::at(line, ticker.other(value)));
                }
                Some(_) => {}
                None => ticker = Some(Ticker { column, name: called(fields, column), value: value.to_vec() }),
            }
        }
        tickers.extend(ticker);
    }
    Ok(tickers)
}
