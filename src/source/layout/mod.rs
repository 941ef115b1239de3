//! Decides how a file is written, once for the whole file, from its first rows.
//!
//! What stands before the header (`head`), the delimiter, which column holds what (`columns`; without a
//! header `unheaded`), how numbers (`numbers`) and times (`times`, `counts`) are written, and which instrument
//! the rows are of (`tickers`).
//!
//! Invariant: every row is held to the [`FileLayout`]; one that does not fit is rejected. What the first rows leave open is
//! refused with the flags that decide, and never decided by a single row.

mod columns;
mod context;
mod counts;
mod date_and_clock;
mod day_order;
mod formats;
mod head;
mod header_width;
mod ignored_columns;
mod longer_steps;
mod lost_digits;
mod nameless_times;
mod names;
mod numbers;
mod price_order;
mod second_header;
mod settled;
mod symbols;
mod table;
mod tickers;
mod time_checks;
mod time_columns;
mod time_notes;
mod times;
mod unheaded;
mod unnamed_volume;
mod volume;
mod zone_names;

use jiff::tz::TimeZone;

use self::context::Context;
pub(super) use self::day_order::Disproof;
pub(super) use self::formats::padded;
use self::head::Head;
pub(super) use self::head::{delimiters, look_like_bars};
pub(super) use self::names::{has_prices, normal as normal_name};
pub(super) use self::symbols::SymbolColumns;
use self::table::Table;
pub(super) use self::tickers::Ticker;
use self::times::{Judgement, Texts, Times};
pub(super) use self::zone_names::zone_in_name;
use super::number::NumberStyle;
use super::proof::Proof;
use super::time::TimeParser;
use crate::bar::Micros;
use crate::bar::columns::{COLUMNS, COUNT, VOLUME};
use crate::config::{CsvConfig, TimeForm};
use crate::finding::RawRow;
use crate::timeframe::DAY;

/// The columns of a file, numbered from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// The column of the date, if date and time of day are separate.
    pub date: Option<usize>,
    /// The time's column.
    pub time: usize,
    /// How many digits a time of day has that is a number in a column of its own.
    pub clock_digits: Option<usize>,
    /// The columns of the values; none for an optional value that the file lacks.
    pub values: [Option<usize>; COUNT],
    /// The columns that tell which symbol a row is of; none in a file of one series.
    pub symbol: Vec<usize>,
    /// How many fields a row has.
    pub width: usize,
    /// The names of the columns that are not read.
    pub ignored: Vec<String>,
    /// The delimiter.
    pub delimiter: u8,
}

impl Columns {
    fn used(&self) -> impl Iterator<Item = usize> {
        let symbol = self.symbol.iter().copied();
        self.date.into_iter().chain([self.time]).chain(self.values.into_iter().flatten()).chain(symbol)
    }
}

/// How a file is written.
#[derive(Debug, Clone)]
pub struct FileLayout {
    /// Which column holds what.
    pub columns: Columns,
    /// The header line; none if the file has none.
    pub header: Option<Vec<u8>>,
    fields: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) numbers: NumberStyle,
    pub(super) times: TimeParser,
    /// Whether every row ends with an extra delimiter.
    pub(super) ends_with_delimiter: bool,
    /// Whether the last field of most rows is not empty.
    pub(super) is_filled: bool,
    /// The length of the timeframe, if it is known.
    pub(super) step: Option<Micros>,
    /// That the rows are not as far apart as the timeframe says, if so.
    pub(crate) odd_step: Option<String>,
    /// What no time of the file may show.
    pub(super) disproof: Option<Disproof>,
    /// Whether the form of times was given.
    pub(super) times_are_given: bool,
    /// Columns that have the same text in every row.
    pub(super) tickers: Vec<Ticker>,
    /// The columns that tell which symbol a row is of, if the file has several.
    pub(super) symbols: Option<SymbolColumns>,
    /// The preset that has set the zone of times without one, since the file proves it.
    pub proof: Option<&'static Proof>,
    /// What was decided that another file may have otherwise, for people.
    pub notes: Vec<String>,
    /// How many of the first rows stand before the data.
    pub(super) before_data: usize,
    quote: Option<u8>,
}

/// The first lines of a file that are not blank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'s> {
    pub(super) rows: &'s [RawRow],
    /// Whether no further rows will be read to decide.
    pub(super) is_last: bool,
    /// Whether the file has no others.
    pub(super) is_whole: bool,
}

/// What is known of a file without opening it.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    /// The zone of times without one; none: UTC.
    pub(super) zone: Option<TimeZone>,
    /// What the file's name says of that zone.
    pub(super) zone_in_name: Option<String>,
    /// The length of the timeframe.
    pub(super) timeframe: Option<Micros>,
    /// Whether bare dates of daily and longer bars are days of the calendar.
    pub(super) dates_in_utc: bool,
    /// The preset that sets the zone if the rows prove it.
    pub(super) proof: Option<&'static Proof>,
    /// Whether it has the bars of several symbols.
    pub(super) by_symbol: bool,
}

/// Why there is no layout.
#[derive(Debug)]
pub(super) enum Undecided {
    /// More rows may decide.
    More,
    /// The line that shows it, and why.
    Refused(Option<u64>, String),
}

impl Undecided {
    fn at(line: u64, reason: impl Into<String>) -> Self {
        Self::Refused(Some(line), reason.into())
    }
}

impl From<String> for Undecided {
    fn from(reason: String) -> Self {
        Self::Refused(None, reason)
    }
}

/// Decides the layout.
pub(super) fn decide(
    sample: Sample<'_>,
    csv: &CsvConfig,
    expected: &Expected,
) -> Result<FileLayout, Undecided> {
    let proof = expected.proof.filter(|proof| proof.is_shown_by(sample.rows));
    let zone = match proof {
        Some(proof) => Some(super::time::zone(&proof.timezone).map_err(|e| e.to_string())?),
        None => expected.zone.clone(),
    };
    let context = Context {
        zone_is_given: zone.is_some(),
        zone_in_name: expected.zone_in_name.clone(),
        zone: zone.unwrap_or(TimeZone::UTC),
        // Those of bars of a day or more are days of the calendar.
        dates_in_utc: expected.dates_in_utc && expected.timeframe.is_some_and(|length| length >= DAY),
        given: csv.time_format.clone(),
        step: expected.timeframe,
        now: jiff::Timestamp::now().as_microsecond(),
        symbols: None,
    };
    let head = head::find(sample.rows, csv)?;
    let layout = if expected.by_symbol {
        by_symbol(&head, sample, csv, context)
    } else {
        by_head(&head, sample, csv, &context)
    };
    match layout {
        Ok(mut layout) => {
            layout.proof = proof;
            layout.notes.extend(proof.map(Proof::note));
            Ok(layout)
        }
        // What is open among the first rows may be decided further down.
        Err(Undecided::Refused(..)) if !sample.is_last => Err(Undecided::More),
        other => other,
    }
}

fn by_head(
    head: &Head,
    sample: Sample<'_>,
    csv: &CsvConfig,
    context: &Context,
) -> Result<FileLayout, Undecided> {
    match head {
        Head::Header(header) => columns::decide(header, sample, csv, context),
        Head::Data { before } => unheaded::decide(sample, *before, csv, context),
    }
}

/// Decides the layout of a file with the bars of several symbols.
fn by_symbol(
    head: &Head,
    sample: Sample<'_>,
    csv: &CsvConfig,
    context: Context,
) -> Result<FileLayout, Undecided> {
    let mut symbols = SymbolColumns::find(head, sample, csv)?;
    let (before, delimiter) = match head {
        Head::Header(header) => (header.before + 1, header.delimiter),
        Head::Data { before } => (*before, head::widest_of(&sample.rows[*before..], csv)),
    };
    let fields = if let Head::Header(header) = head { &header.fields[..] } else { &[] };
    let before = before.min(sample.rows.len());
    symbols.find_kinds(fields, &Table::new(&sample.rows[before..], delimiter, csv.quote));
    let rows = symbols::deciding_rows(&symbols, sample.rows, before, (delimiter, csv.quote));
    let context = Context { symbols: Some(symbols), ..context };
    by_head(head, Sample { rows: &rows, ..sample }, csv, &context)
}

impl FileLayout {
    /// How many lines that are not blank stand before the first row.
    #[must_use]
    pub fn lines_before_data(&self) -> usize {
        self.before_data
    }

    /// Notes that the rows around a line are not as far apart as the timeframe says, as the first rows are.
    pub(super) fn note_odd_step(&mut self, line: u64, odd: &str) {
        let odd = format!("around line {line}, {odd}");
        self.notes.push(odd.clone());
        self.odd_step = Some(odd);
    }

    /// What is odd about the steps between these times, if those of the first rows are not.
    pub(super) fn odd_step_of(&self, times: &[Micros]) -> Option<String> {
        let step = self.step.filter(|_| self.odd_step.is_none())?;
        time_notes::later_odd_step(times, step)
    }

    /// Why an import that refuses other steps does not take the file, if so.
    pub(crate) fn refused_step(&self) -> Option<String> {
        self.odd_step.as_ref().map(|odd| {
            format!("{odd}, as the timeframe is: name the file by the timeframe of its rows, or give --on-step warn")
        })
    }

    /// Whether the rows decided anything: not so for a file of usual names, ISO times and plain numbers.
    #[must_use]
    pub fn is_noteworthy(&self) -> bool {
        !self.notes.is_empty() || *self.times.form() != TimeForm::Iso || self.header.is_none()
    }

    /// The symbol that a column has in every row.
    pub(super) fn symbol(&self) -> Option<String> {
        self.in_every_row(&names::SYMBOLS)
    }

    /// The timeframe that a column has in every row.
    pub(super) fn timeframe(&self) -> Option<String> {
        let timeframe = crate::timeframe::canonical(&self.in_every_row(&names::TIMEFRAMES)?);
        crate::timeframe::length(&timeframe).is_some().then_some(timeframe)
    }

    /// The text of a column under one of these names, if all rows have the same.
    fn in_every_row(&self, wanted: &[&str]) -> Option<String> {
        String::from_utf8(self.ticker_of(wanted)?.value.clone()).ok()
    }

    /// The column under one of these names that has the same text in every row.
    fn ticker_of(&self, wanted: &[&str]) -> Option<&Ticker> {
        let is_wanted = |ticker: &&Ticker| {
            self.names.get(ticker.column).is_some_and(|name| wanted.contains(&name.as_str()))
        };
        self.tickers.iter().find(is_wanted)
    }

    /// A column by its name, or by its number where it has none.
    #[must_use]
    pub fn called(&self, column: usize) -> String {
        called(&self.fields, column)
    }

    /// The layout of a file with this header and usual rows.
    #[cfg(test)]
    pub(super) fn of_header(line: &str, csv: &CsvConfig, zone: TimeZone) -> Self {
        let rows = [RawRow { line: 1, offset: 0, bytes: line.as_bytes().to_vec() }];
        let expected = Expected { zone: Some(zone), dates_in_utc: true, ..Expected::default() };
        decide(Sample { rows: &rows, is_last: true, is_whole: true }, csv, &expected).expect(line)
    }
}

/// Whether a column of this name tells the instrument.
pub(super) fn is_symbol_name(normal: &str) -> bool {
    names::SYMBOLS.contains(&normal) || names::TICKERS.contains(&normal)
}

/// Names of the time's column.
pub(super) fn time_names() -> &'static [&'static str] {
    &names::TIMES
}

pub(super) fn split(line: &[u8], delimiter: u8, quote: Option<u8>) -> Vec<String> {
    super::fields::FieldSplitter::new(delimiter, quote)
        .split(line)
        .map(|f| String::from_utf8_lossy(f.trim_ascii()).into_owned())
        .collect()
}

/// A time that stands alone, in UTC if it names no zone: decided as a file with this time alone would be.
///
/// # Errors
/// Why it is none.
pub fn decided_time(text: &str) -> Result<Micros, String> {
    let context = Context {
        zone: TimeZone::UTC,
        zone_is_given: false,
        zone_in_name: None,
        dates_in_utc: false,
        given: None,
        step: None,
        now: jiff::Timestamp::now().as_microsecond(),
        symbols: None,
    };
    let iso = TimeParser::new(TimeZone::UTC, TimeForm::Iso).parse(text.as_bytes());
    if iso.is_ok() {
        return iso;
    }
    let texts = Texts::new(std::iter::once((1, std::borrow::Cow::Borrowed(text.trim().as_bytes()))));
    match texts.judge(&context) {
        Judgement::Times(Times { instants, .. }) => instants[0].map_or(iso, Ok),
        Judgement::Open(_) => Err(format!(
            "`{}` can be read in several ways: write it as YYYY-MM-DD[ HH:MM[:SS]]",
            super::time::cut(text)
        )),
        _ => iso,
    }
}

/// A column by its name, or by its number where it has none.
fn called(names: &[String], column: usize) -> String {
    match names.get(column).map(|name| super::time::cut(name.trim())) {
        Some(name) if !name.is_empty() => format!("`{name}`"),
        _ => format!("column {}", column + 1),
    }
}

/// Makes sure that no column is used twice.
fn refuse_twice(columns: &Columns) -> Result<(), Undecided> {
    let used: Vec<usize> = columns.used().collect();
    match used.iter().enumerate().find(|(i, column)| used[..*i].contains(column)) {
        Some((_, column)) => {
            Err(format!("column {} is named for two values; see [csv.columns]", column + 1).into())
        }
        None => Ok(()),
    }
}

/// What to say of a file that has no volume.
fn volume_note(columns: &Columns) -> Option<String> {
    columns.values[VOLUME].is_none().then(|| format!("{} is unknown: no column has it", COLUMNS[VOLUME].name))
}

#[cfg(test)]
mod tests;
