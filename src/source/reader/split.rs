//! Reads a source with the bars of several symbols, in batches that are split by symbol (`splitter`).
//!
//! Invariant: each row counts once, in the part of its symbol, or among the rejected rows that have no symbol. All rows
//! before the end of a batch are in this batch or an earlier one. The rows of a symbol are read as those of a file that
//! has nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::super::layout::FileLayout;
use super::super::lines::Line;
use super::super::position::Position;
use super::super::text::SourceText;
use super::classify::raw;
use super::rows::FileRows;
use super::splitter::Splitter;
use super::{Batch, MAX_KEPT, OpenFile, Reader, Reading};
use crate::bar::Micros;
use crate::error::FileError;
use crate::finding::RejectedRow;

/// A batch goes on until it has so many rows a symbol: a few rows of each are dear to look up and to write
/// (`benches/peers`, scenario `several`).
const ROWS_OF_EACH: usize = 80;

/// The first batch is smaller, and each has twice as many as the one before, so that the writing begins soon.
const FIRST_ROWS_OF_EACH: usize = 20;

/// Or until it has so many rows, however many symbols there are.
const MOST_ROWS: u64 = 1_000_000;

/// Or until so many rows of symbols that are not wanted were passed over: whoever reads may be told to stop.
const MOST_LEFT_OUT: u64 = 200_000;

/// The rows of one symbol among those of a batch.
#[derive(Debug)]
pub struct Part {
    /// The symbol.
    pub symbol: Arc<str>,
    /// Which symbol of the file it is, by its first row: from 0.
    pub place: usize,
    /// Its rows.
    pub batch: Batch,
}

/// Consecutive rows of a file with several symbols.
#[derive(Debug, Default)]
pub struct SplitBatch {
    /// The symbols that have rows in it, in the order of their first rows in the file.
    pub parts: Vec<Part>,
    /// Rows that have no symbol.
    pub rejected: Vec<RejectedRow>,
    /// Data rows in the batch.
    pub rows: u64,
    /// Where the next row starts.
    pub end: Position,
    /// How long compressed bytes were decoded for it, with the reading of what was decoded.
    pub decoding: Duration,
    /// Bytes of raw rows in it.
    pub(super) kept_bytes: usize,
    /// Rows of symbols that are not wanted, which were passed over.
    pub(super) left_out: u64,
}

/// Reads a source with the bars of several symbols.
pub struct SymbolReader<'a> {
    rows: FileRows<'a>,
    /// None if the file has no line.
    splitter: Option<Splitter>,
    layout: Option<Arc<FileLayout>>,
    /// Rows a symbol in the next batch.
    rows_of_each: usize,
    /// Whether the rows at the end were compared with those around them.
    has_finished: bool,
}

impl<'a> SymbolReader<'a> {
    /// Reads the first rows and decides how the file is written.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars, or nothing tells the symbol of a row.
    pub(in crate::source) fn open_with(
        text: SourceText<'a>,
        reading: Reading<'_>,
    ) -> Result<Self, FileError> {
        let mut file = OpenFile::new(text, reading, true)?;
        let layout = file.layout.take().map(Arc::new);
        let splitter = layout.as_ref().map(|layout| Splitter::new(&file, layout, reading));
        Ok(Self { rows: file.rows, splitter, layout, rows_of_each: FIRST_ROWS_OF_EACH, has_finished: false })
    }

    /// Whether the file has no line, not even a header.
    pub fn is_empty(&self) -> bool {
        self.splitter.is_none()
    }

    /// Whether the rows so far, or some later rows, are of several symbols.
    pub fn has_several(&self) -> bool {
        self.splitter.as_ref().is_some_and(Splitter::has_several)
    }

    /// With a first batch of so many rows a symbol.
    #[must_use]
    pub fn with_rows_of_each(self, rows_of_each: usize) -> Self {
        Self { rows_of_each, ..self }
    }

    /// The next rows: as many as are asked for, or more if they are of many symbols; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, a line is too long, a bar is invalid and `on_invalid` is `fail`, or a symbol has
    /// rows of several series.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<SplitBatch>, FileError> {
        let Some(splitter) = &mut self.splitter else { return Ok(None) };
        let mut batch = SplitBatch::default();
        let mut last = u64::MAX;
        while batch.is_open(max_rows, self.rows_of_each) || self.rows.offset() == last {
            let is_first = batch.is_empty();
            let next = self.rows.next(is_first, |line| {
                last = line.offset;
                splitter.take(line, &mut batch)
            })?;
            if !next {
                break;
            }
        }
        self.rows_of_each = (self.rows_of_each * 2).min(ROWS_OF_EACH);
        batch.end = self.rows.position();
        batch.decoding = self.rows.take_decoding();
        let has_ended = self.rows.has_ended();
        if !self.has_finished {
            splitter.finish(&mut batch, has_ended);
            self.has_finished = has_ended;
        }
        let is_nothing = batch.is_empty() && batch.parts.is_empty();
        Ok((!is_nothing).then_some(batch))
    }

    /// How the file is written; none if it has no line.
    pub fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout.as_ref()
    }
}

impl Reader for SymbolReader<'_> {
    type Batch = SplitBatch;

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<SplitBatch>, FileError> {
        self.next_batch(max_rows)
    }

    fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout()
    }
}

impl SplitBatch {
    /// The first and the last time of its bars.
    #[must_use]
    pub fn range(&self) -> Option<(Micros, Micros)> {
        let ranges = self.parts.iter().filter_map(|part| part.batch.bars.range());
        ranges.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
    }

    fn is_open(&self, max_rows: usize, rows_of_each: usize) -> bool {
        let wanted = max_rows.max(self.parts.len() * rows_of_each) as u64;
        self.rows < wanted.min(MOST_ROWS.max(max_rows as u64))
            && self.kept_bytes < MAX_KEPT
            && self.left_out < MOST_LEFT_OUT
    }

    /// Whether no row was read for it.
    fn is_empty(&self) -> bool {
        self.rows + self.left_out == 0
    }

    /// Adds a row that has no symbol.
    pub(super) fn reject(&mut self, line: Line<'_>, rule: &'static str, reason: String) {
        self.rows += 1;
        self.kept_bytes += line.bytes.len();
        self.rejected.push(RejectedRow { row: raw(line), rule, reason });
    }
}
