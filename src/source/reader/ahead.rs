//! The first rows of a file, read ahead to decide its layout.
//!
//! Invariant: every row that was read ahead is still given, in its order, and then what ended the reading, if anything
//! did.

use std::collections::VecDeque;

use super::super::later_rows::LaterRows;
use super::super::layout::{self, Expected, FileLayout, Sample, Undecided};
use super::super::read_error::io_error;
use super::super::row_lines::RowLines;
use super::super::wide::WideColumns;
use super::classify::raw;
use super::first::first_line;
use super::line_error;
use crate::config::{AUTO_COLUMN, CsvConfig};
use crate::error::{ErrorClass, FileError};
use crate::finding::RawRow;

/// So many rows, or bytes, mostly decide everything.
const ROWS: usize = 200;
const BYTES: usize = 64 * 1024;

/// So many are read if those leave something open, such as the order of day and month.
const MOST_ROWS: usize = 20_000;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Rows that were read ahead.
#[derive(Default)]
pub(super) struct Ahead {
    pub(super) rows: VecDeque<RawRow>,
    /// Where no row could be read behind them, and why.
    pub(super) broken: Option<(u64, FileError)>,
}

impl Ahead {
    /// Whether another row follows, or an error. Reads one row, unless one is there.
    pub(super) fn has_more(&mut self, lines: &mut RowLines<'_>, path: &str) -> bool {
        while self.rows.is_empty() && self.broken.is_none() {
            let offset = lines.offset();
            match lines.next_row() {
                Ok(Some(line)) => self.rows.push_back(raw(line)),
                Ok(None) => return false,
                Err(e) => self.broken = Some((offset, line_error(path, e))),
            }
        }
        true
    }
}

/// Reads the first rows and decides the layout, with the later ones if the first ones leave something open; none if the file
/// has no line that is not blank.
pub(super) fn decide(
    lines: &mut RowLines<'_>,
    path: &str,
    csv: &CsvConfig,
    expected: &Expected,
    later: Option<&LaterRows>,
) -> Result<Option<(FileLayout, Ahead)>, FileError> {
    let Some(first) = first_line(lines, path)? else { return Ok(None) };
    let (mut rows, mut broken) = (vec![first], None);
    let mut limits = (ROWS, BYTES);
    let layout = loop {
        let ended = read(lines, path, &mut rows, limits, &mut broken)?;
        if expected.by_symbol && !lines.is_wide() {
            make_long(lines, &mut rows, csv);
        }
        let is_last = ended || broken.is_some() || limits.0 == MOST_ROWS;
        let (line, reason) =
            match layout::decide(Sample { rows: &rows, is_last, is_whole: ended }, csv, expected) {
                Ok(layout) => break layout,
                Err(Undecided::More) => {
                    limits = (MOST_ROWS, MOST_BYTES);
                    continue;
                }
                Err(Undecided::Refused(line, reason)) => (line, reason),
            };
        // What broke off the rows may be why they decide nothing.
        if let Some((_, e)) = broken {
            return Err(e);
        }
        let later = later
            .filter(|_| !ended && !lines.is_wide())
            .map(|later| later.numbered(lines.offset()))
            .transpose();
        let later = later.map_err(|e| io_error(path, &e))?.unwrap_or_default();
        match with_later(&rows, &later, csv, expected) {
            Some(layout) => break layout,
            None => return Err(FileError::permanent(path, line, reason)),
        }
    };
    let rows = rows.split_off(layout.before_data).into();
    Ok(Some((layout, Ahead { rows, broken })))
}

/// Reads a wide file as a long one.
fn make_long(lines: &mut RowLines<'_>, rows: &mut Vec<RawRow>, csv: &CsvConfig) {
    let is_given = csv.columns.symbol.as_ref().is_some_and(|key| key != AUTO_COLUMN);
    let Some(wide) = WideColumns::find(rows, csv).filter(|_| !is_given) else { return };
    let data = rows.split_off(wide.before);
    rows.truncate(1);
    rows[0].bytes = wide.header();
    for RawRow { line, offset, bytes } in data {
        let mut long = Vec::new();
        wide.rows(&bytes, &mut long);
        rows.extend(long.into_iter().map(|bytes| RawRow { line, offset, bytes }));
    }
    lines.set_wide(wide);
}

/// Decides with the later rows what the first ones leave open, however many they are.
fn with_later(rows: &[RawRow], later: &[RawRow], csv: &CsvConfig, expected: &Expected) -> Option<FileLayout> {
    // As many as were looked at first: of all of them, the later ones would be a few.
    let rows = [&rows[..rows.len().min(ROWS)], later].concat();
    let sample = Sample { rows: &rows, is_last: true, is_whole: false };
    if later.is_empty() { None } else { layout::decide(sample, csv, expected).ok() }
}

/// Reads rows up to the limits; whether the file has ended.
fn read(
    lines: &mut RowLines<'_>,
    path: &str,
    rows: &mut Vec<RawRow>,
    (most_rows, most_bytes): (usize, usize),
    broken: &mut Option<(u64, FileError)>,
) -> Result<bool, FileError> {
    let mut bytes: usize = rows.iter().map(|row| row.bytes.len()).sum();
    while rows.len() < most_rows && bytes < most_bytes {
        let offset = lines.offset();
        let line = match lines.next_row().map_err(|e| line_error(path, e)) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(true),
            Err(e) if e.class == ErrorClass::Transient => return Err(e),
            Err(e) => {
                *broken = Some((offset, e));
                return Ok(false);
            }
        };
        bytes += line.bytes.len();
        rows.push(raw(line));
    }
    Ok(false)
}
