//! The layout of a file with a header.
//!
//! Names in any case and order are recognised ([`names`]); `[csv.columns]` maps anything else, by name or by number.
//! Invariant: each required value and the time have exactly one column (the time may have two: date and time of day), or
//! the error names what is missing and what the header has.

use super::context::Context;
use super::head::Header;
use super::names::{self, TIMES, normal};
use super::table::Table;
use super::time_columns;
use super::{
    Columns, FileLayout, Sample, Undecided, called, head, header_width, ignored_columns, lost_digits,
    numbers, price_order, refuse_twice, split, tickers, time_notes, volume, volume_note, zone_names,
};
use crate::bar::columns::{CLOSE, COLUMNS, COUNT, VOLUME};
use crate::config::{ColumnsConfig, CsvConfig, NO_COLUMN};
use crate::finding::RawRow;
use crate::source::advice::flags_for_missing;
use crate::source::number::NumberStyle;
use crate::source::time::cut;

/// How many columns a message names.
const SHOWN: usize = 20;

/// Decides the layout of a file with this header.
pub(super) fn decide(
    header: &Header,
    sample: Sample<'_>,
    csv: &CsvConfig,
    context: &Context,
) -> Result<FileLayout, Undecided> {
    let line = header.row.line;
    let at_header = |reason: String| Undecided::at(line, reason);
    let placed = |e: Undecided| match e {
        Undecided::Refused(None, reason) => at_header(reason),
        other => other,
    };
    let mut fields = header.fields.clone();
    let mut before_data = header.before + 1;
    if let Some((column, lines)) = second_header(&fields, &sample.rows[before_data..], header.delimiter, csv)?
    {
        fields[0] = column;
        before_data += lines;
    }
    // A header that comes again tells nothing of the rows.
    let rows = || sample.rows[before_data..].iter().filter(|row| row.bytes != header.row.bytes);
    let table = Table::new(rows(), header.delimiter, csv.quote);
    let mut notes: Vec<String> = head::note(&sample.rows[..header.before]).into_iter().collect();
    notes.extend(header_width::fit(&mut fields, &table, context).map_err(at_header)?);
    let written =
        if fields == header.fields { header.row.bytes.clone() } else { joined(&fields, header.delimiter) };
    let ragged = table.ragged(fields.len());
    let is_ragged = |row: &&RawRow| ragged.binary_search(&row.line).is_ok();
    let table = match ragged.as_slice() {
        [] => table,
        _ => Table::new(rows().filter(|row| !is_ragged(row)), header.delimiter, csv.quote),
    };
    let (mut columns, names) = values(&fields, &table, csv).map_err(at_header)?;
    columns.delimiter = header.delimiter;
    columns.width = fields.len();
    columns.symbol = context.symbols.as_ref().map(|symbols| symbols.columns.clone()).unwrap_or_default();
    let found = time_columns::find(&fields, &names, &table, csv, context, &columns).map_err(placed)?;
    (columns.date, columns.time, columns.clock_digits) = (found.date, found.column, found.clock_digits);
    let used: Vec<usize> = columns.used().collect();
    let symbols = context.symbols.clone();
    let tickers = match &symbols {
        Some(_) => Vec::new(),
        None => tickers::decide(&fields, &used, &table)?,
    };
    notes.extend(found.note.clone());
    let says_utc = found.date.into_iter().chain([found.column]).any(|at| zone_names::says_utc(&names[at]));
    let odd_step = time_notes::odd_step(&found.times, context);
    let footers = rows().filter(is_ragged).filter(|row| is_about_time(row, header.delimiter));
    let others = sample.rows[..header.before].iter().chain(footers);
    time_notes::refuse_zones(&table, &found, others, context)?;
    ignored_columns::refuse(&fields, &used, &table, &found, context).map_err(placed)?;
    notes.extend(time_notes::all(&table, &found, context, odd_step.as_ref(), (says_utc, sample.is_whole)));
    price_order::refuse_adjusted_close(&names, &fields, &columns, &table).map_err(at_header)?;
    notes.extend(close_note(&names, &fields, &columns, &table));
    let ticker = tickers.first().map(|ticker| ticker.value.as_slice());
    notes.extend(find_volume(&mut columns, &names, &fields, &table, ticker, csv).map_err(placed)?);
    notes.extend(volume_note(&columns));
    notes.extend(columns.values[VOLUME].and_then(|volume| volume::unit_note(&fields[volume])));
    refuse_billionths(&names, &table, &columns, csv).map_err(at_header)?;
    let numbers = numbers::decide(&table, &columns.values, csv, sample.is_last)?;
    // Whoever names the close has looked at the prices.
    let is_named = csv.columns.values[CLOSE].is_some();
    let is_adjusted = columns.values[CLOSE].is_some_and(|close| names[close].starts_with("adj"));
    if !is_named && !is_adjusted {
        price_order::refuse_exchanged(&columns.values, numbers, &table, &fields).map_err(placed)?;
    }
    notes.extend(lost_digits::note(&table, &columns.values, numbers));
    notes.extend(numbers_note(numbers));
    refuse_twice(&columns)?;
    let used: Vec<usize> = columns.used().collect();
    let ignored = (0..fields.len()).filter(|at| !used.contains(at));
    columns.ignored = ignored.map(|at| called(&fields, at).trim_matches('`').to_owned()).collect();
    Ok(FileLayout {
        ends_with_delimiter: table.ends_with_delimiter(columns.width),
        is_filled: table.is_filled(columns.width - 1),
        header: Some(written),
        names: fields.iter().map(|field| normal(field)).collect(),
        fields,
        numbers,
        times: context.parser(&found.times),
        step: context.step,
        odd_step,
        disproof: found.times.disproof(),
        times_are_given: context.given.is_some(),
        tickers,
        symbols: symbols.map(|symbols| {
            let used: Vec<usize> = columns.used().collect();
            symbols.without_used(&used)
        }),
        proof: None,
        notes,
        before_data,
        quote: csv.quote,
        columns,
    })
}

/// Finds the volume, unless it is named; returns what to say of it.
fn find_volume(
    columns: &mut Columns,
    names: &[String],
    fields: &[String],
    table: &Table,
    ticker: Option<&[u8]>,
    csv: &CsvConfig,
) -> Result<Option<String>, Undecided> {
    let set = csv.columns.values[VOLUME].as_deref();
    if set.is_some_and(|set| set != NO_COLUMN) {
        return Ok(None);
    }
    let used: Vec<usize> = columns.used().collect();
    match volume::find(names, fields, &used, table, ticker) {
        Ok(found) => {
            columns.values[VOLUME] = found.column;
            Ok(found.note)
        }
        Err(_) if set.is_some() => Ok(None),
        Err(e) => Err(e),
    }
}

/// Databento writes prices as whole numbers of 10^-9, unless it is asked for pretty ones.
fn refuse_billionths(
    names: &[String],
    table: &Table,
    columns: &Columns,
    csv: &CsvConfig,
) -> Result<(), String> {
    let is_databento = names.iter().any(|name| matches!(name.as_str(), "publisher_id" | "rtype"));
    if is_databento && csv.price_decimals.is_none() && numbers::prices_are_whole(table, &columns.values, 1e7)
    {
        return Err("the prices are whole numbers of a billionth: give --price-decimals 9".to_owned());
    }
    Ok(())
}

/// Whether a line among the rows is a note on their times. A time of day would be that of the file itself.
fn is_about_time(row: &RawRow, delimiter: u8) -> bool {
    let text = String::from_utf8_lossy(&row.bytes).to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    let has_clock =
        text.as_bytes().windows(3).any(|b| b[1] == b':' && b[0].is_ascii_digit() && b[2].is_ascii_digit());
    !row.bytes.contains(&delimiter)
        && !has_clock
        && words.any(|word| matches!(word, "time" | "times" | "zone" | "timezone" | "zeitzone" | "tz"))
}

/// yfinance writes three header lines: the values, `Ticker` with the ticker in each column, and the name of the time's
/// column alone. Returns that name, and how many lines follow the first.
fn second_header(
    fields: &[String],
    rows: &[RawRow],
    delimiter: u8,
    csv: &CsvConfig,
) -> Result<Option<(String, usize)>, Undecided> {
    let [first, second, ..] = rows else { return Ok(None) };
    let tickers = split(&first.bytes, delimiter, csv.quote);
    let time = split(&second.bytes, delimiter, csv.quote);
    let is_such = tickers.first().is_some_and(|name| normal(name) == "ticker")
        && time.first().is_some_and(|name| TIMES.contains(&normal(name).as_str()))
        && time[1..].iter().all(String::is_empty)
        && tickers.len() == fields.len();
    if !is_such {
        return Ok(None);
    }
    match tickers[1..].iter().find(|ticker| **ticker != tickers[1]) {
        Some(other) => Err(Undecided::at(
            first.line,
            format!(
                "the columns are of several instruments, `{}` and `{}`: write a file for each of them",
                cut(&tickers[1]),
                cut(other)
            ),
        )),
        None => Ok(Some((time[0].clone(), 2))),
    }
}

/// A header line with these names.
fn joined(fields: &[String], delimiter: u8) -> Vec<u8> {
    let quoted = |field: &String| {
        let is_plain = !field.bytes().any(|b| b == delimiter || b == b'"');
        if is_plain { field.clone() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
    };
    let all: Vec<String> = fields.iter().map(quoted).collect();
    all.join(&char::from(delimiter).to_string()).into_bytes()
}

/// The columns of the required values, and of the volume if it is named; and the names by which they were found.
fn values(fields: &[String], table: &Table, csv: &CsvConfig) -> Result<(Columns, Vec<String>), String> {
    let map = &csv.columns;
    let mut names: Vec<String> = fields.iter().map(|f| normal(f)).collect();
    if !names::has_prices(&names)
        && let Some(bare) = names::without_prefix(fields)
    {
        names = bare;
    }
    let mapped_by_hand = *map != ColumnsConfig::default();
    if let Some(twice) = names::repeated(&names).filter(|_| !mapped_by_hand) {
        let twice = cut(twice);
        return Err(format!(
            "the header has `{twice}` twice; name the columns by number in [csv.columns] or with --column"
        ));
    }
    let mut values = [None; COUNT];
    for ((value, column), key) in values.iter_mut().zip(&COLUMNS).zip(&map.values) {
        *value = match key.as_deref().filter(|key| *key != NO_COLUMN) {
            Some(key) => Some(named(key, fields, &names)?),
            None if column.is_required() => names::of_value(&names, column).first().copied(),
            None => None,
        };
    }
    let required = || COLUMNS.iter().zip(values).filter(|(column, _)| column.is_required());
    let missing: Vec<&str> =
        required().filter(|(_, at)| at.is_none()).map(|(column, _)| column.name).collect();
    if missing.is_empty() {
        return Ok((Columns { values, ..Columns::default() }, names));
    }
    Err(lacking(&missing, fields, &names, values, table, csv))
}

/// Which of two columns for the same price was taken, and what is odd about it.
fn close_note(names: &[String], fields: &[String], columns: &Columns, table: &Table) -> Option<String> {
    let close = columns.values[CLOSE]?;
    let name = names.get(close)?;
    (name != "close" && name != "c").then(|| {
        let is_scaled = name.starts_with("adj") && !price_order::are_mostly_within(columns, close, table);
        let scale = if is_scaled { ", which has another scale than open, high and low" } else { "" };
        format!("close from {}{scale}", called(fields, close))
    })
}

fn numbers_note(style: NumberStyle) -> Option<String> {
    let decimal = if style.decimal_comma { "a decimal comma" } else { "a decimal point" };
    match style.thousands {
        None if style.decimal_comma => Some(format!("numbers have {decimal}")),
        None => None,
        Some(sign) => Some(format!("numbers have {decimal} and `{sign}` between thousands")),
    }
}

/// The column with this name or, if there is none, with this number (from 1).
pub(super) fn named(key: &str, fields: &[String], names: &[String]) -> Result<usize, String> {
    let wanted = normal(key);
    if let Some(at) = names.iter().position(|n| *n == wanted) {
        return Ok(at);
    }
    match key.parse() {
        Ok(n) => within(n, fields.len()),
        Err(_) => Err(format!("there is no column `{key}`; the header has: {}", listed(fields))),
    }
}

pub(super) fn within(number: usize, width: usize) -> Result<usize, String> {
    if (1..=width).contains(&number) {
        Ok(number - 1)
    } else {
        Err(format!("there is no column {number}: the first line has {width} fields"))
    }
}

fn lacking(
    missing: &[&str],
    fields: &[String],
    names: &[String],
    values: [Option<usize>; COUNT],
    table: &Table,
    csv: &CsvConfig,
) -> String {
    let known_time =
        TIMES[..TIMES.len() - 2].iter().find_map(|time| names.iter().position(|name| name == time));
    let unnamed = names.first().filter(|name| name.is_empty() && table.len() > 0).map(|_| 0);
    let time = csv.columns.time.as_ref().map(|_| usize::MAX).or(known_time).or(unnamed);
    let mut missing = missing.to_vec();
    if time.is_none() {
        missing.insert(0, "time");
    }
    let used: Vec<usize> = values.into_iter().flatten().chain(time).collect();
    let (lacks, has) = (missing.join(", "), listed(fields));
    let flags = flags_for_missing(&missing, fields, &used);
    let what_to_do = if flags.is_empty() {
        "name the columns in [csv.columns] or with --column".to_owned()
    } else {
        format!("give {flags} if those are the columns (or name them in [csv.columns])")
    };
    format!("the header lacks a column for {lacks}; it has: {has}; {what_to_do}")
}

/// The first columns of a header; a file may have thousands.
pub(super) fn listed(fields: &[String]) -> String {
    let shown: Vec<String> = fields.iter().take(SHOWN).map(|f| format!("`{}`", cut(f.trim()))).collect();
    let more = match fields.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" … and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

impl Columns {
    pub(super) fn used_values(&self) -> impl Iterator<Item = usize> {
        self.values.into_iter().flatten()
    }
}
