//! Why no row of a file became a bar: the most frequent reason among its rejected rows, and what to do about it.
//!
//! Invariant: memory does not grow with the rows; one example of each cause is kept.

use jiff::tz::TimeZone;

use super::numbers::Numbers;
use super::times::Times;
use super::{column_flag, columns, flag};
use crate::bar::columns::{COLUMNS, ValueColumn};
use crate::config::CsvConfig;
use crate::finding::RejectedRow;
use crate::source::header::{self, Columns, split};
use crate::source::number;
use crate::source::time::{TimeParser, cut};

/// Rejected rows, grouped by what is wrong with them.
pub struct Causes {
    csv: CsvConfig,
    /// The header's names.
    names: Vec<String>,
    columns: Option<Columns>,
    groups: Vec<CauseGroup>,
}

/// Rows that are rejected for the same rule, in the same column.
struct CauseGroup {
    rule: &'static str,
    /// The index of the value in [`Columns::values`].
    value: Option<usize>,
    rows: u64,
    first: RejectedRow,
    times: Times,
    numbers: Numbers,
}

/// The most frequent reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// How many rows have it.
    pub rows: u64,
    /// The line of the first of them.
    pub line: u64,
    /// What is wrong there.
    pub reason: String,
    /// What to do.
    pub advice: String,
}

impl Causes {
    /// For a file with this header line, if it has one.
    #[must_use]
    pub fn new(header: Option<&[u8]>, csv: &CsvConfig) -> Self {
        let columns = header.and_then(|line| header::resolve(line, csv).ok());
        let names = match (header, &columns) {
            (Some(line), Some(columns)) => split(line, columns.delimiter, csv.quote),
            _ => Vec::new(),
        };
        Self { csv: csv.clone(), names, columns, groups: Vec::new() }
    }

    /// Adds a rejected row.
    pub fn add(&mut self, rejected: &RejectedRow) {
        let (rule, bytes) = (rejected.rule, rejected.row.bytes.as_slice());
        if self.columns.is_none() {
            // Without a header, any row tells how wide the file is.
            self.columns = header::resolve(bytes, &self.csv).ok();
        }
        let Some(columns) = &self.columns else { return };
        let fields = split(bytes, columns.delimiter, self.csv.quote);
        let field = |at: usize| fields.get(at).map_or(&b""[..], |f| f.as_bytes());
        let is_bad = |(column, at): (&ValueColumn, &Option<usize>)| {
            at.is_some_and(|at| number::value(column, field(at), self.csv.decimal_comma).is_err())
        };
        let value =
            if rule == "number" { COLUMNS.iter().zip(&columns.values).position(is_bad) } else { None };
        let group = match self.groups.iter_mut().position(|k| k.rule == rule && k.value == value) {
            Some(at) => &mut self.groups[at],
            None => {
                let (times, numbers) = (Times::default(), Numbers::default());
                self.groups.push(CauseGroup {
                    rule,
                    value,
                    rows: 0,
                    first: rejected.clone(),
                    times,
                    numbers,
                });
                let last = self.groups.len() - 1;
                &mut self.groups[last]
            }
        };
        group.rows += 1;
        match (rule, value) {
            ("time", _) => group.times.add(rejected.row.line, &time_text(columns, field)),
            (_, Some(value)) => group.numbers.add(columns.values[value].map_or(b"", field)),
            _ => {}
        }
    }

    /// The reason of most rows, if any row was rejected.
    #[must_use]
    pub fn likeliest(&self) -> Option<Cause> {
        // The first of those with equally many rows.
        let group = self.groups.iter().rev().max_by_key(|k| k.rows)?;
        let columns = self.columns.as_ref()?;
        let advice = match (group.rule, group.value) {
            ("time", _) => self.about_times(group, columns),
            (_, Some(value)) => self.about_numbers(group, columns, COLUMNS[value].name),
            ("ragged", _) => {
                "every row needs one field for each column: quote fields that hold the delimiter, and give \
                              the header a name for every column"
                    .into()
            }
            ("quality", _) => {
                "give --on-invalid warn to import such bars, or --column if the columns are other ones".into()
            }
            _ => "see the rejected rows: barlift report".into(),
        };
        let (line, reason) = (group.first.row.line, group.first.reason.clone());
        Some(Cause { rows: group.rows, line, reason, advice })
    }

    fn about_times(&self, group: &CauseGroup, columns: &Columns) -> String {
        if group.times.are_of_day() && columns.date.is_none() {
            return self.about_times_of_day(group, columns);
        }
        if self.csv.time_format.is_some() && group.times.need_no_format() {
            return "these times are read without a format: leave out --time-format".into();
        }
        group.times.advice().unwrap_or_else(|| {
            "name the format with --time-format, or another column with --column time=NAME".into()
        })
    }

    /// Advice if the date is in a column of its own.
    fn about_times_of_day(&self, group: &CauseGroup, columns: &Columns) -> String {
        let fields = split(&group.first.row.bytes, columns.delimiter, self.csv.quote);
        let used: Vec<usize> = columns.values.into_iter().flatten().chain([columns.time]).collect();
        let time = fields.get(columns.time).map_or("", |f| f.trim());
        let dates: Vec<(usize, Option<String>)> = (0..fields.len())
            .filter(|at| !used.contains(at))
            .filter_map(|at| Some((at, read_as(&format!("{} {time}", fields[at].trim()))?)))
            .collect();
        let named: Vec<usize> = columns::unused_like("time", &self.names, &used).collect();
        let only = match dates.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|(at, _)| named == [*at]),
        };
        let Some((date, format)) = only else {
            return "the column holds a time of day without a date: name the date's column with --column date=NAME and this \
                    one with --column time=NAME"
                .into();
        };
        let name = |at: usize| self.names.get(at).map_or((at + 1).to_string(), |n| n.trim().to_owned());
        let (date, time) = (name(*date), name(columns.time));
        let mut flags = format!("{} {}", column_flag("date", &date), column_flag("time", &time));
        if let Some(format) = format {
            flags = format!("{flags} {}", flag("time-format", format));
        }
        format!("`{}` holds a time of day and `{}` looks like the date: give {flags}", cut(&time), cut(&date))
    }

    fn about_numbers(&self, group: &CauseGroup, columns: &Columns, value: &str) -> String {
        group.numbers.advice(columns.delimiter, self.csv.decimal_comma).unwrap_or_else(|| {
            format!("if {value} stands in another column, name it with --column {value}=NAME")
        })
    }
}

/// The format that reads a date and a time of day (none inside if no format is needed); none if nothing reads them.
fn read_as(text: &str) -> Option<Option<String>> {
    if TimeParser::new(TimeZone::UTC, None).parse(text.as_bytes()).is_ok() {
        return Some(None);
    }
    let mut times = Times::default();
    times.add(0, text.as_bytes());
    times.format().map(|format| Some(format.to_owned()))
}

/// The text that should be a time.
fn time_text<'a>(columns: &Columns, field: impl Fn(usize) -> &'a [u8]) -> Vec<u8> {
    let time = field(columns.time).trim_ascii();
    match columns.date {
        Some(date) => [field(date).trim_ascii(), b" ", time].concat(),
        None => time.to_vec(),
    }
}
