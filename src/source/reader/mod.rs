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
mod options;
mod order;
mod row;
mod rows;
mod series;
mod split;
mod splitter;

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use self::classify::RowClassifier;
pub use self::options::ReadOptions;
pub(crate) use self::options::{UTC, is_default};
use self::row::RowParser;
use self::rows::FileRows;
use self::series::SeriesState;
pub use self::split::{Part, SplitBatch, SymbolReader};
use super::columnar::{self, ColumnarState};
use super::later_rows::LaterRows;
use super::layout::{self, Expected, FileLayout};
use super::lines::{LineError, Lines};
use super::position::Position;
use super::read_error::io_error;
use super::row_lines::RowLines;
use super::text::SourceText;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::config::{CsvConfig, Dates};
use crate::error::{ErrorClass, FileError};
use crate::finding::{QualityIssue, RawRow, RejectedRow};

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

/// Reads a source batch by batch.
pub trait Reader: Sized {
    /// What a batch is.
    type Batch: Send + 'static;

    /// The next rows; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, or a row shows that the file cannot be read like this.
    fn next_batch(&mut self, max_rows: usize) -> Result<Option<Self::Batch>, FileError>;

    /// How the file is written; none if it has no line.
    fn layout(&self) -> Option<&Arc<FileLayout>>;
}

/// A file whose first rows were read to decide how it is written.
struct OpenFile<'a> {
    rows: FileRows<'a>,
    /// None if the file has no line.
    layout: Option<FileLayout>,
    csv: CsvConfig,
    columnar: Option<Arc<ColumnarState>>,
    /// The symbols of some later rows, if it has several.
    later_symbols: HashSet<Vec<u8>>,
}

/// What is read, and how.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    pub(super) source: SourceName<'r>,
    pub(super) options: &'r ReadOptions,
    /// Rows that start before this byte of the text are left out.
    pub(super) resume_at: u64,
    /// Some later rows of the file. If they show that the file is not written as its first rows are, it is refused.
    pub(super) later: Option<&'r LaterRows>,
}

impl<'a> OpenFile<'a> {
    /// Reads the first rows. `by_symbol`: the file has rows of several symbols.
    fn new(text: SourceText<'a>, reading: Reading<'_>, by_symbol: bool) -> Result<Self, FileError> {
        let Reading { source: SourceName { path, timeframe }, options, later, .. } = reading;
        let columnar = text.columnar().cloned();
        let csv = match columnar {
            Some(_) => options.csv.of_columns(columnar::DELIMITER),
            None => options.csv.clone(),
        };
        let zone = options.timezone.as_deref().map(super::time::zone).transpose();
        let zone = zone.map_err(|e| FileError::permanent(path, None, e.to_string()))?;
        let max_line = usize::try_from(csv.max_line.as_u64()).unwrap_or(usize::MAX);
        let text = text.limited(&csv);
        let timeframe = timeframe.and_then(crate::timeframe::length);
        let dates_in_utc = options.dates == Dates::Utc;
        let zone_in_name = layout::zone_in_name(path);
        let proof = options.proof(path);
        let expected = Expected { zone, zone_in_name, timeframe, dates_in_utc, proof, by_symbol };
        // What stands in compressed bytes is no text.
        let later = later.filter(|_| text.is_plain());
        let mut lines = RowLines::new(Lines::new(text, max_line));
        let mut later_symbols = HashSet::new();
        let (mut layout, ahead) = ahead::decide(&mut lines, path, &csv, &expected, later)?.unzip();
        if let (Some(layout), Some(later)) = (&mut layout, later.filter(|_| !lines.is_wide())) {
            later_symbols = later::hold(layout, later, lines.offset(), path, (&csv, options.ambiguous))?;
        }
        let rows = FileRows::new(lines, path, ahead.unwrap_or_default());
        Ok(Self { rows, layout, csv, columnar, later_symbols })
    }

    /// Classifies rows that are written like this.
    fn classifier(&self, layout: &FileLayout, reading: Reading<'_>) -> RowClassifier {
        let Reading { source, options, resume_at, .. } = reading;
        let parser = RowParser::new(layout.clone(), &self.csv);
        RowClassifier::new(source.path, parser, options.on_invalid, resume_at, self.columnar.clone())
    }
}

/// Reads a source of one series.
pub struct BarReader<'a> {
    rows: FileRows<'a>,
    /// None if the file has no line.
    classifier: Option<(RowClassifier, SeriesState)>,
    layout: Option<Arc<FileLayout>>,
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
        Self::open_with(text, Reading { source, options, resume_at, later: None })
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
        Self::open_with(text, Reading { source, options, resume_at: 0, later: None })
    }

    /// Like [`open_even_empty`](Self::open_even_empty).
    pub(super) fn open_with(text: SourceText<'a>, reading: Reading<'_>) -> Result<Self, FileError> {
        let file = OpenFile::new(text, reading, false)?;
        let state = |layout: &FileLayout| SeriesState::new(layout, reading.options.ambiguous);
        let classifier = file.layout.as_ref().map(|layout| (file.classifier(layout, reading), state(layout)));
        Ok(Self { rows: file.rows, classifier, layout: file.layout.map(Arc::new) })
    }

    /// Whether the file has no line, not even a header.
    pub fn is_empty(&self) -> bool {
        self.classifier.is_none()
    }

    /// The next rows, up to `max_rows`; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, a line is too long, or a bar is invalid and `on_invalid` is `fail`.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>, FileError> {
        let mut batch = Batch { bars: Bars::with_capacity(max_rows.min(4096)), ..Batch::default() };
        let Some((classifier, series)) = &mut self.classifier else { return Ok(None) };
        while batch.rows < max_rows as u64 && batch.kept_bytes < MAX_KEPT {
            let is_first = batch.rows == 0;
            if !self.rows.next(is_first, |line| classifier.classify(line, series, &mut batch))? {
                break;
            }
        }
        batch.end = self.rows.position();
        batch.decoding = self.rows.take_decoding();
        if batch.rows == 0 {
            return Ok(None);
        }
        finish(&mut batch, series, self.rows.has_ended());
        Ok(Some(batch))
    }

    /// How the file is written; none if it has no line.
    pub fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout.as_ref()
    }

    /// BLAKE3 of the stored bytes read so far; of the whole file after the last batch.
    pub fn content_hash(&mut self) -> [u8; 32] {
        self.rows.hash()
    }

    /// Stored bytes read so far.
    pub fn bytes_read(&mut self) -> u64 {
        self.rows.stored().bytes_read()
    }
}

impl Reader for BarReader<'_> {
    type Batch = Batch;

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>, FileError> {
        self.next_batch(max_rows)
    }

    fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout()
    }
}

/// Compares the rows of a batch with those around them, and brings them in the order of time.
fn finish(batch: &mut Batch, series: &mut SeriesState, is_last: bool) {
    batch.report(series.neighbours.find(batch, is_last));
    sort_by_time(batch);
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
