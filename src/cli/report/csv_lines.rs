//! Findings as CSV, one line each; reports of imports and of verifications share it.
//!
//! Invariant: all lines of a report have the same columns, and a field that a kind of finding does not have is empty.
//! Values are exact.

use super::destination::Destination;
use crate::bar::columns::{self, COUNT};
use crate::error::Result;
use crate::operation::report::{Rejection, SourceLine};
use crate::operation::verification::difference::ColumnDifference;
use crate::operation::verification::number::{Number, Values};

/// One finding.
#[derive(Debug, Default)]
pub(super) struct CsvLine<'a> {
    pub(super) kind: &'a str,
    pub(super) symbol: &'a str,
    pub(super) timeframe: &'a str,
    pub(super) source: &'a str,
    pub(super) line: Option<i64>,
    pub(super) time: Option<jiff::Timestamp>,
    pub(super) rule: &'a str,
    pub(super) reason: &'a str,
    /// The file's values.
    pub(super) csv: Option<Values>,
    /// The database's values.
    pub(super) db: Option<Values>,
    /// Database − file, of the columns that differ.
    pub(super) columns: &'a [ColumnDifference],
    /// Offset and bytes of a rejected row.
    pub(super) raw: Option<(i64, &'a [u8])>,
}

impl<'a> CsvLine<'a> {
    pub(super) fn at(kind: &'a str, place: &'a SourceLine) -> Self {
        Self {
            kind,
            symbol: &place.symbol,
            timeframe: &place.timeframe,
            source: &place.source,
            line: Some(place.line),
            ..Self::default()
        }
    }

    pub(super) fn rejected(self, rejection: &'a Rejection) -> Self {
        let Rejection { byte_offset, rule, reason, raw } = rejection;
        Self { rule, reason, raw: Some((*byte_offset, raw)), ..self }
    }
}

/// Writes the header and then line by line.
pub(super) struct CsvLines<'a> {
    out: csv::Writer<&'a mut Destination>,
    /// Whether there are columns for database − file.
    with_differences: bool,
}

impl<'a> CsvLines<'a> {
    pub(super) fn begin(out: &'a mut Destination, with_differences: bool) -> Result<Self> {
        let mut lines = Self { out: csv::Writer::from_writer(out), with_differences };
        let place = ["kind", "symbol", "timeframe", "source", "line", "time", "rule", "reason"];
        let mut header: Vec<String> = place.map(str::to_owned).into();
        for side in ["csv", "db"] {
            header.extend(columns::names().map(|name| format!("{side}_{name}")));
        }
        if with_differences {
            header.extend(columns::names().map(|name| format!("{name}_by")));
        }
        header.extend(["byte_offset", "raw"].map(str::to_owned));
        header.iter().try_for_each(|name| lines.field(name))?;
        lines.end_line()?;
        Ok(lines)
    }

    pub(super) fn write(&mut self, line: &CsvLine<'_>) -> Result<()> {
        for text in [line.kind, line.symbol, line.timeframe, line.source] {
            self.field(text)?;
        }
        self.optional(line.line)?;
        self.optional(line.time)?;
        self.field(line.rule)?;
        self.field(line.reason)?;
        for values in [&line.csv, &line.db] {
            let columns: [Option<Number>; COUNT] = match values {
                Some(values) => values.columns().map(Number::known),
                None => [None; COUNT],
            };
            columns.into_iter().try_for_each(|value| self.optional(value))?;
        }
        if self.with_differences {
            for name in columns::names() {
                let column = line.columns.iter().find(|c| c.column == name);
                self.optional(column.and_then(|c| c.by.known()))?;
            }
        }
        let (offset, raw) = line.raw.unzip();
        self.optional(offset)?;
        self.field(raw.unwrap_or_default())?;
        self.end_line()
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.out.flush().map_err(|e| self.out.get_ref().failed(&e))
    }

    fn optional(&mut self, value: Option<impl ToString>) -> Result<()> {
        self.field(value.map(|value| value.to_string()).unwrap_or_default())
    }

    fn field(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.out.write_field(bytes).map_err(|e| self.out.get_ref().failed(&e))
    }

    fn end_line(&mut self) -> Result<()> {
        self.out.write_record(None::<&[u8]>).map_err(|e| self.out.get_ref().failed(&e))
    }
}
