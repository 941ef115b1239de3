//! One pass over the files of a series, in the order of their paths.
//!
//! As long as the rows are in time order, bars are sent on as they are read. At the first row that is not,
//! the pass ends and `sorted` begins a new one.
//!
//! Invariant: each data row is a bar, a rejected row or a duplicate, and each time has one bar: of several
//! rows with one time the first (by file, then by line). If another file has other values there, they are
//! sent beside the bar ([`FileBars::others`]).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::spool::PlacedBar;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::error::FileError;
use crate::finding::{Place, RejectedRow};
use crate::source::open::OpenSource;
use crate::source::position::Position;
use crate::source::reader::{Batch, ReadOptions, Repeat};
use crate::source::repeats;
use crate::source::root::Root;
use crate::telemetry::BatchReading;

/// Most bytes of rejected rows that are kept.
pub(super) const MAX_KEPT: usize = 16 * 1024 * 1024;
/// Most duplicate rows that are named.
pub(super) const MAX_DUPLICATES: usize = 100;

/// What the reading thread sends.
#[derive(Debug)]
pub(super) enum FileEvent {
    /// The rows are not in time order: all that was sent before is void, and the first bar follows again.
    Restart,
    /// Bars, later than all before.
    Bars(Box<FileBars>),
    /// All files were read, and none has changed meanwhile.
    End(Box<FilesSummary>),
}

/// Bars in time order.
#[derive(Debug, Default)]
pub(super) struct FileBars {
    pub(super) bars: Bars,
    /// The place of each bar.
    pub(super) places: Vec<Place>,
    /// Other values that later files have at these times: each file's first row, which is a rejected row as
    /// well.
    pub(super) others: Vec<(Micros, Ohlcv)>,
    /// Data rows read for them.
    pub(super) rows: u64,
    /// Stored bytes of all files read so far.
    pub(super) bytes: u64,
    /// What reading took, and how far it came in the last file.
    pub(super) reading: BatchReading,
}

impl FileBars {
    /// Other values that other files have at this time.
    pub(super) fn others_at(&self, time: Micros) -> Vec<Ohlcv> {
        let from = self.others.partition_point(|(t, _)| *t < time);
        self.others[from..].iter().take_while(|(t, _)| *t == time).map(|(_, values)| *values).collect()
    }

    pub(super) fn push(&mut self, e: &PlacedBar) {
        self.bars.push(e.time, e.values);
        self.places.push(e.place);
    }
}

/// What is known of the files, apart from their bars, once all are read.
#[derive(Debug, Default, Clone)]
pub(super) struct FilesSummary {
    /// Data rows.
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) duplicate: u64,
    /// The first rejected rows, each with its file.
    pub(super) rejected_rows: Vec<(u32, RejectedRow)>,
    /// Bytes of those rows.
    pub(super) kept_bytes: usize,
    /// The first duplicates.
    pub(super) duplicates: Vec<Place>,
    /// Bars of mended rows, which count as the files'; they are among `rows`.
    pub(super) mended: u64,
    /// BLAKE3 of each file.
    pub(super) hashes: Vec<[u8; 32]>,
    /// Their stored bytes.
    pub(super) bytes: u64,
    /// How long decoding them took.
    pub(super) decoding: Duration,
    /// How far reading came in the last one.
    pub(super) read: Position,
}

/// How to read the files.
#[derive(Debug, Clone)]
pub(super) struct FilesOptions {
    pub(super) read: ReadOptions,
    /// The timeframe of their bars.
    pub(super) timeframe: String,
    pub(super) batch_rows: usize,
    /// Whether an empty file is allowed.
    pub(super) allow_empty: bool,
    /// Most rejected rows that are kept.
    pub(super) max_kept: usize,
}

pub(super) type FileEvents = mpsc::Sender<Result<FileEvent, FileError>>;

/// How a pass over the files ends.
pub(super) enum PassEnd {
    Complete(Box<FilesSummary>),
    OutOfOrder,
    /// The attempt has ended.
    ReceiverGone,
}

pub(super) struct Files {
    pub(super) root: Root,
    pub(super) paths: Vec<String>,
    pub(super) options: FilesOptions,
    pub(super) runtime: tokio::runtime::Handle,
}

/// How the pass ends with this batch; none if it goes on.
pub(super) type BatchResult = Result<Option<PassEnd>, FileError>;

impl Files {
    /// To be called within the runtime.
    pub(super) fn new(root: Root, paths: Vec<String>, options: FilesOptions) -> Self {
        Self { root, paths, options, runtime: tokio::runtime::Handle::current() }
    }

    /// Hands each batch to `take`, until that returns an end.
    pub(super) fn each(
        &self,
        batch_rows: usize,
        summary: &mut FilesSummary,
        mut take: impl FnMut(u32, Batch, Duration, &mut FilesSummary) -> BatchResult,
    ) -> BatchResult {
        for (file, path) in (0..).zip(&self.paths) {
            let source = self.open(path)?;
            let mut reader =
                source.bars(&self.options.read, &self.options.timeframe, self.options.allow_empty, 0)?;
            let mut start = Instant::now();
            while let Some(batch) = reader.next_batch(batch_rows)? {
                summary.rows += batch.rows;
                summary.decoding += batch.decoding;
                summary.read = batch.end;
                if let Some(end) = take(file, batch, start.elapsed(), summary)? {
                    return Ok(Some(end));
                }
                start = Instant::now();
            }
            let content = reader.finish()?;
            summary.bytes += content.bytes;
            summary.hashes.push(content.hash);
        }
        Ok(None)
    }

    pub(super) fn open(&self, path: &str) -> Result<OpenSource, FileError> {
        self.runtime.block_on(OpenSource::open_checked(&self.root, path))
    }

    /// Sends all bars, if they are in time order.
    pub(super) fn in_order(&self, out: &FileEvents) -> Result<PassEnd, FileError> {
        let mut summary = FilesSummary::default();
        let mut last = None;
        let end = self.each(self.options.batch_rows, &mut summary, |file, batch, took, summary| {
            let times = &batch.bars.time;
            let is_later = times.first().is_none_or(|&t| last.is_none_or(|last| last < t));
            if !is_later || batch.repeats.iter().any(|r| times.binary_search(&r.time).is_err()) {
                return Ok(Some(PassEnd::OutOfOrder));
            }
            last = times.last().copied().or(last);
            let bytes = summary.bytes + batch.end.stored;
            let (same, contradictions) = repeats::repeats(&batch, &HashMap::new());
            self.keep_rejected(file, batch.rejected, summary);
            self.keep_duplicates(file, &batch.repeats, &contradictions, summary);
            summary.duplicate += same;
            self.keep_rejected(file, contradictions, summary);
            let reading = BatchReading { took, decoding: batch.decoding, read: batch.end };
            let places = batch.lines.iter().map(|&line| Place { file, line }).collect();
            let bars =
                FileBars { bars: batch.bars, places, others: Vec::new(), rows: batch.rows, bytes, reading };
            Ok(out.blocking_send(Ok(FileEvent::Bars(Box::new(bars)))).err().map(|_| PassEnd::ReceiverGone))
        })?;
        Ok(end.unwrap_or(PassEnd::Complete(Box::new(summary))))
    }

    pub(super) fn keep_rejected(&self, file: u32, rows: Vec<RejectedRow>, summary: &mut FilesSummary) {
        summary.rejected += rows.len() as u64;
        for row in rows {
            if summary.rejected_rows.len() < self.options.max_kept && summary.kept_bytes < MAX_KEPT {
                summary.kept_bytes += row.row.bytes.len();
                summary.rejected_rows.push((file, row));
            }
        }
    }

    fn keep_duplicates(
        &self,
        file: u32,
        all: &[Repeat],
        contradictions: &[RejectedRow],
        summary: &mut FilesSummary,
    ) {
        // Both are in the file's order.
        let mut contradictions = contradictions.iter().peekable();
        let same = all.iter().filter(|r| contradictions.next_if(|c| c.row.line == r.row.line).is_none());
        let room = MAX_DUPLICATES.saturating_sub(summary.duplicates.len());
        summary.duplicates.extend(same.map(|r| Place { file, line: r.row.line }).take(room));
    }
}
