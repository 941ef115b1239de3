//! Reads the time and the values of one row.
//!
//! Invariant: the result is a bar of finite values (optional ones may be unknown), or the rule that the row
//! breaks and the reason. Market-data rules are checked only to tell an extra delimiter at the end of a row
//! from a number such as `1,234` without quotes.

use super::super::fields::{FieldSplitter, SplitLine};
use super::super::layout::{FileLayout, padded};
use super::super::number;
use super::super::quality::{broken_rules, is_sound};
use super::super::time::cut;
use super::fast_path::FastPath;
use super::series::SeriesState;
use crate::bar::columns::{COLUMNS, COUNT};
use crate::bar::{Micros, Ohlcv, UNKNOWN};
use crate::config::{CsvConfig, Thousands};

/// A bar before its values are read.
pub(super) const NOTHING: Ohlcv = Ohlcv::from_array([UNKNOWN; COUNT]);

/// Reads rows of one file.
pub(super) struct RowParser {
    layout: FileLayout,
    fields: FieldSplitter,
    fast_path: Option<FastPath>,
    /// Whether the file's first rows decided what the signs in numbers mean; a row that contradicts a flag is a bad row.
    signs_are_decided: bool,
    scratch: Vec<u8>,
}

/// Why a row is no bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowFault {
    /// The rule that it breaks, and how.
    Rejected(&'static str, String),
    /// It shows that other rows are read wrong.
    Fatal(String),
}

impl RowParser {
    pub(super) fn new(layout: FileLayout, csv: &CsvConfig) -> Self {
        Self {
            fast_path: FastPath::new(&layout, csv),
            fields: FieldSplitter::new(layout.columns.delimiter, csv.quote),
            signs_are_decided: csv.thousands == Thousands::Auto,
            layout,
            scratch: Vec::new(),
        }
    }

    /// As if all rows of the file ended with a delimiter.
    #[cfg(test)]
    pub(super) fn ends_with_delimiter(&mut self) {
        self.layout.ends_with_delimiter = true;
    }

    /// Reads the values of a row into `bar`, and returns its time, or why it is no bar. The values are not returned, since
    /// copying them takes longer than reading one (`benches/parts`).
    #[inline]
    pub(super) fn parse(
        &mut self,
        bytes: &[u8],
        series: &mut SeriesState,
        bar: &mut Ohlcv,
    ) -> Result<Micros, RowFault> {
        let time = match self.fast(bytes, bar) {
            Some(time) => time,
            None => self.general(bytes, series, bar)?,
        };
        if let Some(order) = &mut series.order {
            order.add(time);
        }
        Ok(time)
    }

    /// The fast path; none if the general path has to read the row.
    #[inline]
    pub(super) fn fast(&self, bytes: &[u8], bar: &mut Ohlcv) -> Option<Micros> {
        let fast_path = self.fast_path.as_ref()?;
        let FileLayout { columns, times, tickers, .. } = &self.layout;
        *bar = NOTHING;
        match bytes.strip_suffix(&[columns.delimiter]).filter(|_| self.layout.ends_with_delimiter) {
            Some(row) => fast_path.read(row, times, tickers, bar).filter(|_| is_sound(bar)),
            None => fast_path.read(bytes, times, tickers, bar),
        }
    }

    /// Whether a row ends with an empty field where those of the first rows do not: behind a value that was left out, the
    /// others have moved.
    pub(super) fn lacks_last_field(&mut self, bytes: &[u8]) -> bool {
        let last = self.layout.columns.width - 1;
        self.layout.is_filled && self.fields.split(bytes).get(last).trim_ascii().is_empty()
    }

    /// The general path: reads any row.
    #[inline(never)]
    pub(super) fn general(
        &mut self,
        bytes: &[u8],
        series: &mut SeriesState,
        bar: &mut Ohlcv,
    ) -> Result<Micros, RowFault> {
        let row = self.fields.split(bytes);
        let FileLayout { columns, times, numbers, ends_with_delimiter: ends, tickers, .. } = &self.layout;
        let is_longer = row.len() != columns.width;
        if is_longer && !(*ends && ends_with_delimiter(&row, columns.width)) {
            return Err(RowFault::Rejected("ragged", of_other_width(&row, columns.width)));
        }
        let at = |column: usize, reason: String| format!("column {}: {reason}", column + 1);
        let time = match columns.date {
            None => times.parse(row.get(columns.time)),
            Some(date) => {
                let clock = row.get(columns.time).trim_ascii();
                self.scratch.clear();
                self.scratch.extend_from_slice(row.get(date).trim_ascii());
                self.scratch.push(b' ');
                match columns.clock_digits {
                    Some(digits) => self.scratch.extend_from_slice(&padded(clock, digits)),
                    None => self.scratch.extend_from_slice(clock),
                }
                times.parse(&self.scratch)
            }
        };
        let time = match time {
            Ok(time) => time,
            Err(reason) => {
                let text = if columns.date.is_some() { &self.scratch } else { row.get(columns.time) };
                let resolved = series
                    .order
                    .as_ref()
                    .and_then(|order| order.resolve(times.both(text.trim_ascii())?, self.layout.step));
                if let Some(time) = resolved {
                    time
                } else {
                    return Err(no_time(&self.layout, text, bytes, at(columns.time, reason)));
                }
            }
        };
        if let Some(disproof) = self.layout.disproof.as_ref().filter(|_| !self.layout.times_are_given) {
            let text = if columns.date.is_some() { &self.scratch } else { row.get(columns.time) };
            let before = series.general_order.last_if_falling(time);
            if let Some(reason) =
                before.and_then(|before| disproof.change_of_order(text, before, self.layout.step))
            {
                // A single row may be a late one, or mistyped.
                series.swapped_rows += 1;
                return Err(if series.swapped_rows == 1 {
                    RowFault::Rejected("time", at(columns.time, reason))
                } else {
                    RowFault::Fatal(format!("{}; {MEND_ORDER}", at(columns.time, reason)))
                });
            }
            series.general_order.add(time);
        }
        for ticker in tickers {
            let value = row.get(ticker.column).trim_ascii();
            if value.is_empty() {
                return Err(RowFault::Rejected(
                    "ticker",
                    at(ticker.column, format!("{} is empty", ticker.name)),
                ));
            }
            if value != ticker.value {
                return Err(RowFault::Fatal(ticker.other(value)));
            }
        }
        *bar = NOTHING;
        for (i, column) in columns.values.iter().enumerate() {
            let Some(column) = *column else { continue };
            let field = row.get(column);
            bar[i] = number::value(&COLUMNS[i], field, *numbers).map_err(|e| {
                let reason = at(column, format!("{} {e}", COLUMNS[i].name));
                if self.signs_are_decided && number::contradicts(field, *numbers) {
                    let sign = if numbers.decimal_comma { ',' } else { '.' };
                    RowFault::Fatal(format!(
                        "{reason}: its signs separate thousands, but the rows before were read as if they separated \
                         decimals; give --thousands {sign}, and --on-mismatch overwrite if rows before it are written"
                    ))
                } else {
                    RowFault::Rejected("number", reason)
                }
            })?;
        }
        // If the extra delimiter comes from an unquoted number, the parts of the number break market-data rules.
        if is_longer && !broken_rules(bar).is_empty() {
            let reason = format!(
                "has {} fields instead of {}, and is no sound bar without the last one",
                columns.width + 1,
                columns.width
            );
            return Err(RowFault::Rejected("ragged", reason));
        }
        Ok(time)
    }
}

/// What to do about a row with day and month in the other order.
const MEND_ORDER: &str = "give the right --time-format for the whole file, or mend this row. Rows before it may be written; then \
                          give --on-mismatch overwrite as well";

/// Why a row without a time is no bar. If it names columns in another order, the rows below it have that order.
fn no_time(layout: &FileLayout, text: &[u8], bytes: &[u8], reason: String) -> RowFault {
    if layout.disproof.as_ref().is_some_and(|disproof| disproof.is_shown_by(text)) {
        return RowFault::Fatal(format!(
            "{reason}; day and month stand in the other order here: {MEND_ORDER}"
        ));
    }
    if layout.is_all_words(bytes) {
        return RowFault::Fatal(format!(
            "a second header (`{}`), whose names are not those of the first: write a file for each header",
            cut(&String::from_utf8_lossy(bytes))
        ));
    }
    if !layout.is_header(bytes) {
        return RowFault::Rejected("time", reason);
    }
    if layout.is_same_header(bytes) {
        return RowFault::Rejected("header", "repeats the header".into());
    }
    RowFault::Fatal(format!(
        "a second header, with the columns in another order (`{}`): write a file for each order",
        cut(&String::from_utf8_lossy(bytes))
    ))
}

/// Why a row of another width is no bar.
fn of_other_width(row: &SplitLine<'_>, width: usize) -> String {
    let is_digits =
        |field: &[u8]| !field.is_empty() && field.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    match row.len() {
        1 if is_digits(row.get(0).trim_ascii()) => format!(
            "has 1 field instead of {width}: if it is the rest of the row before, a line end cuts that row's last value"
        ),
        1 => format!("has 1 field instead of {width}"),
        fields => format!("has {fields} fields instead of {width}"),
    }
}

/// Whether a row of a file with `width` columns ends with one extra delimiter.
fn ends_with_delimiter(row: &SplitLine<'_>, width: usize) -> bool {
    row.len() == width + 1 && row.get(width).trim_ascii().is_empty()
}
