//! Reads a source as batches of bars.
//!
//! Invariant: every data row (a line after the header that is not blank) counts once, as a bar, a repeat or a rejected
//! row, so the three add up to [`Batch::rows`]. Bars of a batch are in time order, and no time comes twice among the
//! bars of a file. The caller compares a repeat with the first row of its time, which may be in an earlier batch.

mod classify;
mod fast_path;
mod first;
mod row;

use std::collections::VecDeque;
use std::io::Read;

use serde::{Deserialize, Serialize};

use self::classify::RowClassifier;
use self::first::first_line;
use self::row::RowParser;
use super::encoding::SourceText;
use super::header;
use super::lines::{Line, LineError, Lines};
use super::position::Position;
use super::root::io_error;
use super::stored::StoredBytes;
use super::time::TimeParser;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::config::{CsvConfig, OnInvalid};
use crate::error::FileError;
use crate::finding::{QualityIssue, RawRow, RejectedRow};

/// How to read a source. Stored with the operation, so that all workers read it the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Dialect and columns of the files.
    pub csv: CsvConfig,
    /// The time zone of times without one.
    pub timezone: String,
    /// What to do with bars that break a market-data rule.
    pub on_invalid: OnInvalid,
}

/// Consecutive data rows of one file.
#[derive(Debug, Default)]
pub struct Batch {
    /// New bars, in time order.
    pub bars: Bars,
    /// The line of each bar.
    pub lines: Vec<u64>,
    /// Rows whose time an earlier row of the file has.
    pub repeats: Vec<Repeat>,
    /// Rows that cannot become bars.
    pub rejected: Vec<RejectedRow>,
    /// Bars (among `bars`) that break a market-data rule.
    pub issues: Vec<QualityIssue>,
    /// Data rows in the batch.
    pub rows: u64,
    /// Where the next row starts.
    pub end: Position,
    /// Bytes of raw rows in it; the batch ends once they exceed `MAX_KEPT`.
    pub kept_bytes: usize,
}

/// A batch ends once it has this many bytes of raw rows.
const MAX_KEPT: usize = 8 * 1024 * 1024;

/// A row whose time an earlier row of the file has.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// The time.
    pub time: Micros,
    /// The values of this row.
    pub values: Ohlcv,
    /// The row as it stands in the file, for the report if it contradicts the first one.
    pub row: RawRow,
}

/// Reads one source.
pub struct BarReader<'a> {
    lines: Lines<'a>,
    path: String,
    /// None if the file has no line.
    rows: Option<RowClassifier>,
    ignored_columns: Vec<String>,
    header: Option<Vec<u8>>,
    /// The first rows, read ahead to find the columns of a file without a header and how rows end.
    ahead: VecDeque<RawRow>,
    /// Whether `ahead` was filled.
    has_looked_ahead: bool,
}

impl<'a> BarReader<'a> {
    /// Reads the header and finds the columns. Rows that start before `resume_at` bytes are left out, since an earlier
    /// attempt wrote them; their times still count for repeats.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars.
    pub fn open(
        input: impl Read + Send + 'a,
        path: &str,
        options: &ReadOptions,
        resume_at: u64,
    ) -> Result<Self, FileError> {
        let reader = Self::open_even_empty(input, path, options, resume_at)?;
        if reader.is_empty() { Err(without_line(path, "")) } else { Ok(reader) }
    }

    /// Like [`open`](Self::open), but a file without any line is a file without bars.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars.
    pub fn open_even_empty(
        input: impl Read + Send + 'a,
        path: &str,
        options: &ReadOptions,
        resume_at: u64,
    ) -> Result<Self, FileError> {
        let csv = &options.csv;
        let zone = super::time::zone(&options.timezone)
            .map_err(|e| FileError::permanent(path, None, e.to_string()))?;
        let max_line = usize::try_from(csv.max_line.as_u64()).unwrap_or(usize::MAX);
        let text = SourceText::new(input).map_err(|e| io_error(path, &e))?;
        let mut lines = Lines::new(text, max_line);
        let Some(first) = first_line(&mut lines, path)? else {
            let (path, ahead, ignored_columns) = (path.to_owned(), VecDeque::new(), Vec::new());
            return Ok(Self {
                lines,
                path,
                rows: None,
                ignored_columns,
                header: None,
                ahead,
                has_looked_ahead: true,
            });
        };
        let columns =
            header::resolve(&first.bytes, csv).map_err(|e| FileError::permanent(path, first.line, e))?;
        let (header, first) = if csv.header { (Some(first.bytes), None) } else { (None, Some(first)) };
        let ignored_columns = columns.ignored.clone();
        let parser = RowParser::new(columns, csv, TimeParser::new(zone, csv.time_format.clone()));
        let rows = Some(RowClassifier::new(path, parser, options.on_invalid, resume_at));
        let ahead = first.into_iter().collect();
        Ok(Self {
            lines,
            path: path.to_owned(),
            rows,
            ignored_columns,
            header,
            ahead,
            has_looked_ahead: false,
        })
    }

    /// Whether the file has no line, not even a header.
    pub fn is_empty(&self) -> bool {
        self.rows.is_none()
    }

    /// Reads the first two rows ahead, and decides how rows end.
    fn look_ahead(&mut self) -> Result<(), FileError> {
        while self.ahead.len() < 2 {
            let next = self.lines.next_line();
            let Some(line) = next.map_err(|e| line_error(&self.path, e))? else { break };
            if !line.bytes.trim_ascii().is_empty() {
                let row = RawRow { line: line.number, offset: line.offset, bytes: line.bytes.to_vec() };
                self.ahead.push_back(row);
            }
        }
        if let Some(rows) = &mut self.rows {
            rows.look_at(&self.ahead);
        }
        self.has_looked_ahead = true;
        Ok(())
    }

    /// The next rows, up to `max_rows`; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, a line is too long, or a bar is invalid and `on_invalid` is `fail`.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>, FileError> {
        let mut batch = Batch { bars: Bars::with_capacity(max_rows.min(4096)), ..Batch::default() };
        if !self.has_looked_ahead {
            self.look_ahead()?;
        }
        let Some(rows) = &mut self.rows else { return Ok(None) };
        while batch.rows < max_rows as u64 && batch.kept_bytes < MAX_KEPT {
            if let Some(row) = self.ahead.pop_front() {
                let line = Line { bytes: &row.bytes, number: row.line, offset: row.offset };
                rows.classify(line, &mut batch)?;
                continue;
            }
            let next = self.lines.next_line();
            let Some(line) = next.map_err(|e| line_error(&self.path, e))? else { break };
            if !line.bytes.trim_ascii().is_empty() {
                rows.classify(line, &mut batch)?;
            }
        }
        let end = self.ahead.front().map_or(self.lines.offset(), |row| row.offset);
        batch.end = self.lines.position(end);
        if batch.rows == 0 {
            return Ok(None);
        }
        sort_by_time(&mut batch);
        Ok(Some(batch))
    }

    /// The header line as it stands in the file.
    pub fn header(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    /// The names of the columns that are not read.
    pub fn ignored_columns(&self) -> &[String] {
        &self.ignored_columns
    }

    /// BLAKE3 of the stored bytes read so far; of the whole file after the last batch.
    pub fn content_hash(&mut self) -> [u8; 32] {
        self.lines.hash()
    }

    /// Stored bytes read so far.
    pub fn bytes_read(&mut self) -> u64 {
        self.stored().bytes_read()
    }

    pub(super) fn stored(&mut self) -> &mut StoredBytes<'a> {
        self.lines.stored()
    }
}

fn sort_by_time(batch: &mut Batch) {
    if batch.bars.time.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..batch.bars.len()).collect();
    order.sort_unstable_by_key(|&i| batch.bars.time[i]);
    let mut sorted = Bars::with_capacity(order.len());
    for &i in &order {
        sorted.push(batch.bars.time[i], batch.bars.values(i));
    }
    batch.lines = order.iter().map(|&i| batch.lines[i]).collect();
    batch.bars = sorted;
}

/// The error of a file without any line in an operation.
pub(super) fn empty(path: &str) -> FileError {
    without_line(path, " (--allow-empty lets such files succeed)")
}

fn without_line(path: &str, advice: &str) -> FileError {
    FileError::permanent(path, None, format!("the file is empty: it has no header{advice}"))
}

fn line_error(path: &str, e: LineError) -> FileError {
    match e {
        LineError::Io(e) => io_error(path, &e),
        LineError::TooLong(line, max) => FileError::permanent(
            path,
            line,
            format!("the line is longer than {max} bytes: no bar is (csv.max_line raises the limit)"),
        ),
    }
}

#[cfg(test)]
mod tests;
