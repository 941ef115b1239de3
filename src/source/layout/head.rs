//! Finds the header, behind lines that are none: notes, comments, a `sep=;` of spreadsheets.

use super::{Undecided, names, split};
use crate::bar::columns::COLUMNS;
use crate::config::{CsvConfig, Delimiter};
use crate::finding::RawRow;
use crate::source::time::cut;

/// How many lines before the header are looked at.
const MOST_BEFORE: usize = 20;

const DELIMITERS: [u8; 5] = [b',', b';', b'\t', b'|', b' '];

/// How a file begins.
pub(super) enum Head {
    /// With a header.
    Header(Header),
    /// With data, behind some lines.
    Data { before: usize },
}

/// The header of a file.
pub(super) struct Header {
    /// How many lines stand before it.
    pub(super) before: usize,
    /// The line.
    pub(super) row: RawRow,
    /// Its fields.
    pub(super) fields: Vec<String>,
    pub(super) delimiter: u8,
}

/// The delimiters that are tried.
pub(in crate::source) fn delimiters(csv: &CsvConfig, hint: Option<u8>) -> Vec<u8> {
    match (csv.delimiter, hint) {
        (Delimiter::Byte(b), _) | (Delimiter::Auto, Some(b)) => vec![b],
        // With decimal commas a comma cannot be the delimiter.
        (Delimiter::Auto, None) => {
            DELIMITERS.into_iter().filter(|d| *d != b',' || !csv.decimal_comma).collect()
        }
    }
}

/// Finds the header, or the first row of data.
pub(super) fn find(rows: &[RawRow], csv: &CsvConfig) -> Result<Head, Undecided> {
    let hint = rows.first().and_then(|row| separator_line(&row.bytes));
    let first = usize::from(hint.is_some());
    let Some(first_row) = rows.get(first) else {
        return Err("there is no header".to_owned().into());
    };
    if !csv.header {
        return Ok(Head::Data { before: first });
    }
    // Whoever names columns knows the header's.
    let is_mapped = csv.columns.values.iter().any(Option::is_some);
    for (at, row) in rows.iter().enumerate().take(first + MOST_BEFORE).skip(first) {
        let is_data = looks_like_data(row, csv, hint);
        // A column that is named by its number is in a row of data, too.
        if let Some(header) = header(at, row, csv, hint).filter(|_| !is_data) {
            return Ok(Head::Header(header));
        }
        if is_data && is_count(row, csv, hint) {
            // pandas numbers columns that have no names.
            return Ok(Head::Data { before: at + 1 });
        }
        if is_data {
            if at == first || rows[first..at].iter().all(|row| row.bytes.starts_with(b"#")) {
                return Ok(Head::Data { before: at });
            }
            break;
        }
        if is_mapped {
            break;
        }
    }
    // None has all prices: the one with the most of them is meant.
    let (at, row) = rows
        .iter()
        .enumerate()
        .take(first + MOST_BEFORE)
        .skip(first)
        .rev()
        .max_by_key(|(_, row)| prices(row, csv, hint))
        .unwrap_or((first, first_row));
    let delimiter = widest(row, csv, hint);
    Ok(Head::Header(Header {
        before: at,
        row: row.clone(),
        fields: split(&row.bytes, delimiter, csv.quote),
        delimiter,
    }))
}

/// Whether lines look like those of a file of bars: a header names the prices, or a row has a date and four numbers more.
pub(in crate::source) fn look_like_bars(rows: &[RawRow], csv: &CsvConfig) -> bool {
    match find(rows, csv) {
        // One of the prices may have another name.
        Ok(Head::Header(header)) => is_header(&header.fields, csv) || prices(&header.row, csv, None) > 2,
        Ok(Head::Data { before }) => rows.get(before).is_some_and(|row| has_date_and_prices(row, csv)),
        Err(_) => false,
    }
}

fn has_date_and_prices(row: &RawRow, csv: &CsvConfig) -> bool {
    let is_date = |field: &String| field.bytes().filter(u8::is_ascii_digit).count() >= 6;
    delimiters(csv, None).into_iter().any(|delimiter| {
        let fields = split(&row.bytes, delimiter, csv.quote);
        let date = fields.iter().take(3).position(is_date);
        date.is_some_and(|at| fields[at + 1..].iter().filter(|field| is_number(field)).count() >= 4)
    })
}

/// The delimiter that a line such as `sep=;` names.
fn separator_line(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    match value {
        [b] if key.eq_ignore_ascii_case(b"sep=") => Some(*b),
        [] if key.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

/// The header that a line is with one of the delimiters.
fn header(at: usize, row: &RawRow, csv: &CsvConfig, hint: Option<u8>) -> Option<Header> {
    delimiters(csv, hint).into_iter().find_map(|delimiter| {
        let fields = split(&row.bytes, delimiter, csv.quote);
        let is_header = is_header(&fields, csv);
        is_header.then(|| Header { before: at, row: row.clone(), fields, delimiter })
    })
}

fn is_header(fields: &[String], csv: &CsvConfig) -> bool {
    let normal: Vec<String> = fields.iter().map(|field| names::normal(field)).collect();
    let is_there = |(column, set): (&_, &Option<String>)| match set {
        Some(name) => is_named(name, fields, &normal),
        None => !names::of_value(&normal, column).is_empty(),
    };
    let required = COLUMNS.iter().zip(&csv.columns.values).filter(|(column, _)| column.is_required());
    required.into_iter().all(is_there) || names::without_prefix(fields).is_some()
}

/// Whether a column has this name or number.
fn is_named(name: &str, fields: &[String], normal: &[String]) -> bool {
    let wanted = names::normal(name);
    normal.contains(&wanted) || name.parse::<usize>().is_ok_and(|n| (1..=fields.len()).contains(&n))
}

fn prices(row: &RawRow, csv: &CsvConfig, hint: Option<u8>) -> usize {
    let of = |delimiter| {
        let fields = split(&row.bytes, delimiter, csv.quote);
        let normal: Vec<String> = fields.iter().map(|field| names::normal(field)).collect();
        names::count_prices(&normal)
    };
    delimiters(csv, hint).into_iter().map(of).max().unwrap_or(0)
}

/// The delimiter with which a line has the most fields; a blank only if there is no other.
fn widest(row: &RawRow, csv: &CsvConfig, hint: Option<u8>) -> u8 {
    let all = delimiters(csv, hint);
    let width = |delimiter: u8| match delimiter {
        b' ' if all.len() > 1 => 0,
        delimiter => split(&row.bytes, delimiter, csv.quote).len(),
    };
    all.iter().rev().copied().max_by_key(|delimiter| width(*delimiter)).unwrap_or(b',')
}

/// The delimiter with which the first of these rows has the most fields.
pub(super) fn widest_of(rows: &[RawRow], csv: &CsvConfig) -> u8 {
    rows.first().map_or(b',', |row| widest(row, csv, None))
}

/// Whether at least three fields of a line are numbers.
pub(super) fn looks_like_data(row: &RawRow, csv: &CsvConfig, hint: Option<u8>) -> bool {
    delimiters(csv, hint).into_iter().any(|delimiter| {
        split(&row.bytes, delimiter, csv.quote).iter().filter(|field| is_number(field)).count() >= 3
    })
}

fn is_number(field: &str) -> bool {
    let bare = crate::source::number::bare(field);
    bare.bytes().any(|b| b.is_ascii_digit())
        && (bare.parse::<f64>().is_ok()
            || bare.chars().all(|c| c.is_ascii_digit() || ".,'’ \u{a0}\u{202f}".contains(c)))
}

/// Whether a line counts its columns: `0,1,2,3,4,5`.
fn is_count(row: &RawRow, csv: &CsvConfig, hint: Option<u8>) -> bool {
    delimiters(csv, hint).into_iter().any(|delimiter| {
        let fields = split(&row.bytes, delimiter, csv.quote);
        fields.len() > 4 && fields.iter().zip(0..).all(|(field, count)| *field == count.to_string())
    })
}

/// What lines before the header were passed over, for people.
pub(super) fn note(rows: &[RawRow]) -> Option<String> {
    let first = rows.first()?;
    let text = cut(String::from_utf8_lossy(&first.bytes).trim());
    Some(match rows.len() {
        1 => format!("passed over line {} before the header: `{text}`", first.line),
        more => format!("passed over {more} lines before the header, the first one `{text}`"),
    })
}
