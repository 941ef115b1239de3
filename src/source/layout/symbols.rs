//! The columns that tell which symbol each row of a multi-symbol file is of.

use std::collections::HashMap;

use super::columns::{listed, named, within};
use super::head::{Head, delimiters};
use super::names::{self, normal};
use super::table::Table;
use super::tickers::{flag_value, has_word};
use super::{Sample, Undecided, called, split};
use crate::config::{AUTO_COLUMN, CsvConfig};
use crate::finding::RawRow;
use crate::source::fields::FieldSplitter;
use crate::source::time::cut;

/// What stands between the texts of several columns in a key.
const KEY_SEPARATOR: u8 = 0x1f;

/// From so many rows on, those of one symbol decide how the file is written.
const ENOUGH: usize = 20;

/// The columns that tell which symbol a row is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::source) struct SymbolColumns {
    /// Mostly one. Of several, the symbol is their texts with dots in between.
    pub(in crate::source) columns: Vec<usize>,
    /// Their names, for messages.
    pub(in crate::source) name: String,
    /// Other columns that tell series apart: all rows of a symbol must have the same text.
    pub(in crate::source) kinds: Vec<usize>,
}

impl SymbolColumns {
    /// The columns that were given; else the one whose name says so.
    pub(super) fn find(head: &Head, sample: Sample<'_>, csv: &CsvConfig) -> Result<Self, Undecided> {
        let given = csv.columns.symbol.as_deref().filter(|key| *key != AUTO_COLUMN);
        let (fields, columns) = match head {
            Head::Header(header) => {
                let names: Vec<String> = header.fields.iter().map(|field| normal(field)).collect();
                let columns = match given {
                    Some(keys) => keys
                        .split(',')
                        .map(|key| named(key.trim(), &header.fields, &names))
                        .collect::<Result<_, _>>(),
                    None => of_names(&names).map(|at| vec![at]).ok_or_else(|| none(&header.fields)),
                };
                (&header.fields[..], columns.map_err(|reason| Undecided::at(header.row.line, reason))?)
            }
            Head::Data { before } => (&[][..], of_data(&sample.rows[*before..], given, csv)?),
        };
        let names: Vec<String> = columns.iter().map(|at| called(fields, *at)).collect();
        Ok(Self { columns, name: names.join(" and "), kinds: Vec::new() })
    }

    /// Finds the other columns that may tell series apart: by their names, or where there are none, all of words.
    pub(super) fn find_kinds(&mut self, fields: &[String], table: &Table) {
        // These may change while the series stays the same.
        const DESCRIPTIONS: [&str; 10] = [
            "name",
            "company",
            "security",
            "stock",
            "isin",
            "wkn",
            "figi",
            "cusip",
            "instrument_name",
            "permno",
        ];
        let tells = |at: &usize| match fields.get(*at).map(|field| normal(field)) {
            Some(name) => {
                !DESCRIPTIONS.contains(&name.as_str()) && super::tickers::tells_apart(*at, &name, table)
            }
            None => has_word(*at, table),
        };
        let width = if fields.is_empty() { table.widest() } else { fields.len() };
        self.kinds = (0..width).filter(|at| !self.columns.contains(at)).filter(tells).collect();
    }

    /// Leaves out columns that are read.
    pub(super) fn without_used(mut self, used: &[usize]) -> Self {
        self.kinds.retain(|at| !used.contains(at));
        self
    }

    /// The symbol of a line, put together in `key`; none if the first of the columns is empty.
    pub(in crate::source) fn key<'k>(
        &self,
        line: &[u8],
        (delimiter, quote): (u8, Option<u8>),
        fields: &mut FieldSplitter,
        key: &'k mut Vec<u8>,
    ) -> Option<&'k [u8]> {
        key.clear();
        if let [column] = self.columns[..]
            && let Some(text) = plain_field(line, column, delimiter, quote)
        {
            key.extend_from_slice(text);
        } else {
            let row = fields.split(line);
            for (i, column) in self.columns.iter().enumerate() {
                let text = row.get(*column).trim_ascii();
                // Futures have no strike.
                if text.is_empty() && i == 0 {
                    return None;
                }
                if i > 0 {
                    key.push(KEY_SEPARATOR);
                }
                key.extend_from_slice(text);
            }
        }
        (!key.is_empty()).then_some(key.as_slice())
    }

    /// The symbol of a key.
    pub(in crate::source) fn symbol(key: &str) -> String {
        let texts: Vec<&str> = key.split(char::from(KEY_SEPARATOR)).filter(|text| !text.is_empty()).collect();
        texts.join(".")
    }

    /// The error of a row of another kind than the other rows of its symbol.
    pub(in crate::source) fn other_kind(
        &self,
        (symbol, kind): (&str, &str),
        value: &[u8],
        before: &[u8],
    ) -> String {
        let text = |value: &[u8]| cut(&String::from_utf8_lossy(value));
        let names: Vec<String> = self.name.split(" and ").chain([kind]).map(flag_value).collect();
        format!(
            "the rows of {symbol} are of several series: {kind} is `{}` here and `{}` before; give --symbol-column {} to tell \
             them apart",
            text(value),
            text(before),
            names.join(",")
        )
    }
}

/// A field without blanks around it, if no quote stands before its end.
fn plain_field(line: &[u8], column: usize, delimiter: u8, quote: Option<u8>) -> Option<&[u8]> {
    let mut ends = memchr::memchr_iter(delimiter, line);
    let start = match column {
        0 => 0,
        column => ends.nth(column - 1)? + 1,
    };
    let end = ends.next().unwrap_or(line.len());
    let is_plain = quote.is_none_or(|quote| memchr::memchr(quote, &line[..end]).is_none());
    is_plain.then(|| line[start..end].trim_ascii())
}

/// The column that has the name of one with symbols.
fn of_names(names: &[String]) -> Option<usize> {
    // Beside a symbol they tell kinds of it apart.
    const KINDS: [&str; 2] = ["series", "strike"];
    let known = names::SYMBOLS.into_iter().chain(names::TICKERS).filter(|name| !KINDS.contains(name));
    let by_name = known.into_iter().find_map(|wanted| names.iter().position(|name| name == wanted));
    by_name.or_else(|| names.iter().position(|name| names::is_about_instrument(name)))
}

/// The column of words among rows without a header, or the given ones.
fn of_data(rows: &[RawRow], given: Option<&str>, csv: &CsvConfig) -> Result<Vec<usize>, Undecided> {
    let Some(first) = rows.first() else { return Err("there is no data".to_owned().into()) };
    let split_by = |delimiter: u8| split(&first.bytes, delimiter, csv.quote);
    let fields = delimiters(csv, None).into_iter().map(split_by).max_by_key(Vec::len).unwrap_or_default();
    let number = |key: &str| match key.trim().parse() {
        Ok(n) => within(n, fields.len()),
        Err(_) => Err(format!("a file without a header has no column `{key}`: give its number")),
    };
    let columns = match given {
        Some(keys) => keys.split(',').map(number).collect::<Result<Vec<_>, _>>(),
        None => {
            let is_word = |field: &String| field.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
            let words = fields.iter().position(is_word).map(|at| vec![at]);
            words.ok_or_else(|| {
                "no column has words: give --symbol-column with the number of the symbol's".to_owned()
            })
        }
    };
    columns.map_err(|reason| Undecided::at(first.line, reason))
}

fn none(fields: &[String]) -> String {
    let has = if fields.is_empty() { String::new() } else { format!("; the header has: {}", listed(fields)) };
    format!("no column tells the symbol of a row: give --symbol-column{has}")
}

/// Of the rows of a sample those that decide how the file is written, behind the `before` first ones: those of the symbol
/// that has most, if they are enough. Else all, and if each symbol's rows stand together, the first ones of all symbols
/// before the second ones, so that times go on.
pub(super) fn deciding_rows(
    columns: &SymbolColumns,
    rows: &[RawRow],
    before: usize,
    dialect: (u8, Option<u8>),
) -> Vec<RawRow> {
    let (head, data) = rows.split_at(before.min(rows.len()));
    let (mut fields, mut key) = (FieldSplitter::new(dialect.0, dialect.1), Vec::new());
    let mut counts: HashMap<Vec<u8>, usize> = HashMap::new();
    let (mut last, mut changes) = (Vec::new(), 0);
    let mut placed = Vec::with_capacity(data.len());
    for row in data {
        let symbol = columns.key(&row.bytes, dialect, &mut fields, &mut key).unwrap_or_default().to_vec();
        let count = counts.entry(symbol.clone()).or_default();
        placed.push((*count, symbol.clone(), row));
        *count += 1;
        changes += usize::from(symbol != last);
        last = symbol;
    }
    let most = placed.iter().map(|(_, symbol, _)| symbol).max_by_key(|symbol| counts[*symbol]).cloned();
    match most {
        Some(most) if counts[&most] >= ENOUGH => placed.retain(|(_, symbol, _)| *symbol == most),
        _ if changes <= counts.len() + counts.len() / 4 => placed.sort_by_key(|(count, ..)| *count),
        _ => {}
    }
    head.iter().chain(placed.into_iter().map(|(_, _, row)| row)).cloned().collect()
}
