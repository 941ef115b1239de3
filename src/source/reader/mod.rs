//! Reads a source as batches of bars.
//!
//! Invariant: every data row (a line after the header that is not blank) counts once, as a bar, a repeat or a rejected
//! row, so the three add up to [`Batch::rows`]. Bars of a batch are in time order, and no time comes twice among the
//! bars of a file. The caller compares a repeat with the first row of its time, which may be in an earlier batch.

mod ahead;
mod classify;
mod fast_path;
mod first;
mod later;
mod neighbours;
mod order;
mod row;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::ahead::Ahead;
use self::classify::RowClassifier;
use self::neighbours::Neighbours;
use self::row::RowParser;
use super::columnar;
use super::later_rows::LaterRows;
use super::layout::{self, Expected, FileLayout};
use super::lines::{Line, LineError, Lines};
use super::position::Position;
use super::proof::Proof;
use super::read_error::io_error;
use super::stored::StoredBytes;
use super::text::SourceText;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::config::{Ambiguous, Config, CsvConfig, Dates, OnInvalid};
use crate::error::{ErrorClass, FileError};
use crate::finding::{QualityIssue, RawRow, RejectedRow};

/// How to read a source. Stored with the operation, so that all workers read it the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Dialect and columns of the files.
    pub csv: CsvConfig,
    /// The time zone of times without one; none: UTC, or that of the preset which a file proves. Operations of earlier
    /// versions always name one.
    pub timezone: Option<String>,
    /// What to do with bars that break a market-data rule.
    pub on_invalid: OnInvalid,
    /// What bare dates are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dates: Dates,
    /// Which instant a local time is that came twice.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ambiguous: Ambiguous,
}

impl ReadOptions {
    /// As the configuration says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            csv: config.csv.clone(),
            timezone: config.import.timezone.clone(),
            on_invalid: config.import.on_invalid,
            dates: config.import.dates,
            ambiguous: config.import.ambiguous,
        }
    }
}

/// Whether an option need not be stored.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The zone of times that name none, if nothing tells another one.
pub(crate) const UTC: &str = "UTC";

impl ReadOptions {
    /// The preset that sets the zone of this file's times if its first rows prove it.
    fn proof(&self, path: &str) -> Option<&'static Proof> {
        if self.timezone.is_some() { None } else { Proof::by_name(path) }
    }

    /// The zone of this file's times, if its name alone decides it.
    pub(crate) fn zone_by_name(&self, path: &str) -> Option<&str> {
        if self.proof(path).is_some() { None } else { Some(self.timezone.as_deref().unwrap_or(UTC)) }
    }

    /// What decides how this file's bytes are read, to be hashed: for most files the same as earlier versions hashed.
    pub(crate) fn to_be_hashed(&self, path: &str) -> Self {
        self.hashed_by(self.proof(path))
    }

    fn hashed_by(&self, proof: Option<&Proof>) -> Self {
        let timezone = self.timezone.clone().unwrap_or_else(|| UTC.to_owned());
        Self { timezone: Some(proof.map_or(timezone, Proof::rule)), ..self.clone() }
    }

    /// The zones that files may be read in, each with what is [hashed](Self::to_be_hashed) of such files.
    pub(crate) fn zones(&self) -> Vec<(String, Self)> {
        let usual = self.hashed_by(None);
        let zone = self.timezone.clone().unwrap_or_else(|| UTC.to_owned());
        let proofs = if self.timezone.is_some() { &[] } else { Proof::all() };
        let proven = proofs.iter().map(|proof| (proof.timezone.clone(), self.hashed_by(Some(proof))));
        std::iter::once((zone, usual)).chain(proven).collect()
    }
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
    /// Bars that break a market-data rule, by line: of `bars`, or of the rows before them.
    pub issues: Vec<QualityIssue>,
    /// Data rows in the batch.
    pub rows: u64,
    /// Where the next row starts.
    pub end: Position,
    /// How long compressed bytes were decoded for it, with the reading of what was decoded.
    pub decoding: Duration,
    /// Bytes of raw rows in it; the batch ends once they exceed `MAX_KEPT`.
    pub kept_bytes: usize,
}

impl Batch {
    fn reject(&mut self, row: RawRow, rule: &'static str, reason: String) {
        self.kept_bytes += row.bytes.len();
        self.rejected.push(RejectedRow { row, rule, reason });
    }

    /// Adds what was found about bars that break no rule by themselves.
    fn report(&mut self, found: Vec<QualityIssue>) {
        self.issues.extend(found);
        self.issues.sort_by_key(|issue| issue.line);
    }
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

/// A source, as messages and the reader know it.
#[derive(Debug, Clone, Copy)]
pub struct SourceName<'p> {
    /// Its path.
    pub path: &'p str,
    /// The timeframe of its bars, if it is known: times must fit it.
    pub timeframe: Option<&'p str>,
}

/// Reads one source.
pub struct BarReader<'a> {
    lines: Lines<'a>,
    path: String,
    /// None if the file has no line.
    rows: Option<RowClassifier>,
    layout: Option<Arc<FileLayout>>,
    ahead: Ahead,
    neighbours: Neighbours,
    /// How long decoding took for the batches so far; what decided the layout counts for the first one.
    decoded: Duration,
}

impl<'a> BarReader<'a> {
    /// Reads the first rows and decides how the file is written. Rows that start before `resume_at` bytes are left out,
    /// since an earlier attempt wrote them; their times still count for repeats.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars.
    pub fn open(
        input: impl Read + Send + 'a,
        path: &str,
        options: &ReadOptions,
        resume_at: u64,
    ) -> Result<Self, FileError> {
        let name = SourceName { path, timeframe: None };
        let reader = Self::open_even_empty(input, name, options, resume_at)?;
        if reader.is_empty() { Err(without_line(path, "")) } else { Ok(reader) }
    }

    /// Like [`open`](Self::open), but a file without any line is a file without bars.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars.
    pub fn open_even_empty(
        input: impl Read + Send + 'a,
        source: SourceName<'_>,
        options: &ReadOptions,
        resume_at: u64,
    ) -> Result<Self, FileError> {
        let text = SourceText::new(input).map_err(|e| io_error(source.path, &e))?;
        Self::open_with(text, source, options, resume_at, None)
    }

    /// Like [`open_even_empty`](Self::open_even_empty), for a text that is decoded already.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars.
    pub(crate) fn of_text(
        text: SourceText<'a>,
        source: SourceName<'_>,
        options: &ReadOptions,
    ) -> Result<Self, FileError> {
        Self::open_with(text, source, options, 0, None)
    }

    /// Like [`open_even_empty`](Self::open_even_empty), for a file of which some later rows were read. If they show that the
    /// file is not written as its first rows are, it is refused.
    pub(super) fn open_with(
        text: SourceText<'a>,
        SourceName { path, timeframe }: SourceName<'_>,
        options: &ReadOptions,
        resume_at: u64,
        later: Option<&LaterRows>,
    ) -> Result<Self, FileError> {
        let columnar = text.columnar().cloned();
        let csv = match columnar {
            Some(_) => &options.csv.of_columns(columnar::DELIMITER),
            None => &options.csv,
        };
        let zone = options.timezone.as_deref().map(super::time::zone).transpose();
        let zone = zone.map_err(|e| FileError::permanent(path, None, e.to_string()))?;
        let max_line = usize::try_from(csv.max_line.as_u64()).unwrap_or(usize::MAX);
        let text = text.limited(csv);
        let timeframe = timeframe.and_then(crate::timeframe::length);
        let dates_in_utc = options.dates == Dates::Utc;
        let zone_in_name = layout::zone_in_name(path);
        let expected = Expected { zone, zone_in_name, timeframe, dates_in_utc, proof: options.proof(path) };
        // What stands in compressed bytes is no text.
        let later = later.filter(|_| text.is_plain());
        let mut lines = Lines::new(text, max_line);
        let (mut layout, ahead) = ahead::decide(&mut lines, path, csv, &expected, later)?.unzip();
        let parser = |layout: &FileLayout| RowParser::new(layout.clone(), csv, options.ambiguous);
        if let (Some(layout), Some(later)) = (&mut layout, later) {
            later::hold(layout, later, lines.offset(), path, parser)?;
        }
        let is_odd = layout.as_ref().is_some_and(|layout| layout.odd_step.is_some());
        let neighbours = Neighbours::new(layout.as_ref().and_then(|layout| layout.step), is_odd);
        let rows = layout
            .as_ref()
            .map(|layout| RowClassifier::new(path, parser(layout), options.on_invalid, resume_at, columnar));
        let (layout, ahead) = (layout.map(Arc::new), ahead.unwrap_or_default());
        Ok(Self { lines, path: path.to_owned(), rows, layout, ahead, neighbours, decoded: Duration::ZERO })
    }

    /// Whether the file has no line, not even a header.
    pub fn is_empty(&self) -> bool {
        self.rows.is_none()
    }

    /// The next rows, up to `max_rows`; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, a line is too long, or a bar is invalid and `on_invalid` is `fail`.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>, FileError> {
        let mut batch = Batch { bars: Bars::with_capacity(max_rows.min(4096)), ..Batch::default() };
        let Some(rows) = &mut self.rows else { return Ok(None) };
        while batch.rows < max_rows as u64 && batch.kept_bytes < MAX_KEPT {
            if let Some(row) = self.ahead.rows.pop_front() {
                let line = Line { bytes: &row.bytes, number: row.line, offset: row.offset };
                rows.classify(line, &mut batch)?;
                continue;
            }
            if let Some((_, e)) = &self.ahead.broken {
                // What comes before it is given first.
                if batch.rows == 0 {
                    return Err(e.clone());
                }
                break;
            }
            let offset = self.lines.offset();
            let line = match self.lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(e) => {
                    self.ahead.broken = Some((offset, line_error(&self.path, e)));
                    continue;
                }
            };
            if !line.bytes.trim_ascii().is_empty() {
                rows.classify(line, &mut batch)?;
            }
        }
        let broken_at = || self.ahead.broken.as_ref().map_or(self.lines.offset(), |(offset, _)| *offset);
        let end = self.ahead.rows.front().map_or_else(broken_at, |row| row.offset);
        batch.end = self.lines.position(end);
        batch.decoding = self.lines.decoding() - self.decoded;
        self.decoded += batch.decoding;
        if batch.rows == 0 {
            return Ok(None);
        }
        let has_ended = !self.ahead.has_more(&mut self.lines, &self.path);
        batch.report(self.neighbours.find(&batch, has_ended));
        sort_by_time(&mut batch);
        Ok(Some(batch))
    }

    /// How the file is written; none if it has no line.
    pub fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout.as_ref()
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
        LineError::Io(line, e) => {
            let e = io_error(path, &e);
            // Where a file is damaged is worth knowing; where a connection was lost is not.
            FileError { line: Some(line).filter(|_| e.class == ErrorClass::Permanent), ..e }
        }
        LineError::TooLong(line, max) => FileError::permanent(
            path,
            line,
            format!("the line is longer than {max} bytes: no bar is (csv.max_line raises the limit)"),
        ),
    }
}

#[cfg(test)]
mod tests;
