//! Columns that say which instrument a row is of. A file has the bars of one.

use super::names::{self, normal};
use super::table::Table;
use super::{Columns, FileLayout, Undecided, called};
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
            "the rows are of several instruments: {} is `{}` here and `{}` before; give --symbol-column {} to import each \
             into a series of its own",
            self.name,
            text(value),
            text(&self.value),
            flag_value(&self.name)
        )
    }
}

/// A column's name as the value of a flag.
pub(super) fn flag_value(name: &str) -> String {
    let bare = name.strip_prefix("column ").unwrap_or(name).trim_matches('`');
    let is_plain = bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    if is_plain { bare.to_owned() } else { format!("'{bare}'") }
}

/// The unused columns of text in a file without a header: what else would tell instruments apart?
pub(super) fn unnamed(width: usize, columns: &Columns, table: &Table) -> Result<Vec<Ticker>, Undecided> {
    let used: Vec<usize> = columns.used().collect();
    let mut tickers = Vec::new();
    for column in (0..width).filter(|column| !used.contains(column)) {
        if has_word(column, table) {
            tickers.extend(constant(&[], column, table)?);
        }
    }
    Ok(tickers)
}

/// Whether most of a column's texts are words, or all others are codes of digits: 000001 is a ticker beside MSFT.
pub(super) fn has_word(column: usize, table: &Table) -> bool {
    let is_word = |text: &&[u8]| {
        std::str::from_utf8(text).is_ok_and(|text| text.chars().next().is_some_and(char::is_alphabetic))
    };
    let is_code = |text: &&[u8]| text.len() > 2 && text.iter().all(u8::is_ascii_digit);
    let texts = || table.column(column).map(|(_, text)| text).filter(|text| !is_missing(text));
    let (all, words) = (texts().count(), texts().filter(is_word).count());
    words * 2 > all || words > 0 && texts().all(|text| is_word(&text) || is_code(&text))
}

/// Whether a column's first text is no number.
fn has_text(column: usize, table: &Table) -> bool {
    let mut texts = table.column(column).map(|(_, text)| text).filter(|text| !text.is_empty());
    texts.next().is_some_and(|text| std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_err()))
}

/// The text of a column, which must be the same in all rows; none if there is no text.
fn constant(fields: &[String], column: usize, table: &Table) -> Result<Option<Ticker>, Undecided> {
    let mut ticker: Option<Ticker> = None;
    // NA is a ticker, too.
    for (line, value) in table.column(column).filter(|(_, value)| !value.is_empty()) {
        match &ticker {
            Some(ticker) if ticker.value != value => return Err(Undecided::at(line, ticker.other(value))),
            Some(_) => {}
            None => ticker = Some(Ticker { column, name: called(fields, column), value: value.to_vec() }),
        }
    }
    Ok(ticker)
}

impl FileLayout {
    /// Whether a column may tell the symbol of each row.
    pub(in crate::source) fn may_be_several(&self) -> bool {
        !self.tickers.is_empty()
    }

    /// The notes on a file of this symbol.
    #[must_use]
    pub fn notes_of(&self, symbol: &str) -> Vec<String> {
        self.notes.iter().cloned().chain(self.other_symbol(symbol)).collect()
    }

    /// What to say if a column names another symbol than the file's name. `BTC/USDT`, `X:BTCUSDT` and `BTCUSDT` are the same.
    fn other_symbol(&self, symbol: &str) -> Option<String> {
        let letters = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let ticker = self.ticker_of(&names::SYMBOLS)?;
        let named = String::from_utf8_lossy(&ticker.value);
        let (a, b) = (letters(symbol), letters(&named));
        (!a.contains(&b) && !b.contains(&a))
            .then(|| format!("{} is `{}` in every row, but the series is {symbol}", ticker.name, cut(&named)))
    }
}

/// The columns that name the instrument, if the file has one instrument alone.
pub(super) fn decide(fields: &[String], used: &[usize], table: &Table) -> Result<Vec<Ticker>, Undecided> {
    let mut tickers: Vec<Ticker> = Vec::new();
    for (column, field) in fields.iter().enumerate() {
        if !used.contains(&column) && tells_apart(column, &normal(field), table) {
            tickers.extend(constant(fields, column, table)?);
        }
    }
    Ok(tickers)
}

/// Whether a column of this name tells instruments apart, or kinds of bars.
pub(super) fn tells_apart(column: usize, name: &str, table: &Table) -> bool {
    let is_named = names::KINDS.contains(&name) || names::is_about_instrument(name);
    names::TICKERS.contains(&name) || is_named && has_text(column, table)
}
