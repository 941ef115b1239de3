//! The bars of all files of a series in time order, from a thread of their own.
//!
//! Files are read one behind the other, in the order of their paths. As long as their rows are in time order, bars go
//! straight through; at the first row that is not, all begins again, sorted on disk (`sorted`). Invariant: each
//! data row is a bar, a rejected row or a duplicate, and each time comes out once: of several rows with one time the
//! first (by file, then by line) is the bar.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::sorted;
use super::spool::Entry;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::error::FileError;
use crate::finding::{Place, RejectedRow};
use crate::source::reader::{self, BarReader, Batch, ReadOptions, Repeat};
use crate::source::repeats;
use crate::source::root::Root;

/// Chunks read ahead of the one in work.
const AHEAD: usize = 2;
/// Bytes of rejected rows that are kept.
pub(super) const MAX_KEPT: usize = 16 * 1024 * 1024;
/// Duplicate rows that are named.
pub(super) const NAMED: usize = 100;
/// What comes.
#[derive(Debug)]
pub(super) enum Fed {
    /// Not in time order: the first bar follows again, and whatever came before does not count.
    Again,
    /// Bars, behind all before.
    Bars(Box<FileBars>),
    /// All files were read, and are what they were at their start.
    End(Box<Summary>),
}

/// Bars in time order.
#[derive(Debug, Default)]
pub(super) struct FileBars {
    pub(super) bars: Bars,
    /// Where each stands.
    pub(super) places: Vec<Place>,
    /// Bars that other files have at times of these, with other values.
    pub(super) others: Vec<(Micros, Ohlcv)>,
    /// Data rows read for them.
    pub(super) rows: u64,
    /// Bytes read so far, of all files.
    pub(super) bytes: u64,
    /// How long that took.
    pub(super) took: Duration,
}

impl FileBars {
    /// What other files have at this time.
    pub(super) fn others_at(&self, time: Micros) -> Vec<Ohlcv> {
        let from = self.others.partition_point(|(t, _)| *t < time);
        self.others[from..].iter().take_while(|(t, _)| *t == time).map(|(_, values)| *values).collect()
    }

    pub(super) fn push(&mut self, e: &Entry) {
        self.bars.push(e.time, e.values);
        self.places.push(e.place);
    }
}

/// What the files had that are no bars, and what they were.
#[derive(Debug, Default, Clone)]
pub(super) struct Summary {
    /// Data rows.
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) duplicate: u64,
    /// Rejected rows, as many as are kept, each with its file.
    pub(super) rejected_rows: Vec<(u32, RejectedRow)>,
    /// Bytes of those.
    pub(super) kept_bytes: usize,
    /// The first duplicates.
    pub(super) duplicates: Vec<Place>,
    /// Bars of mended rows, which count as the files'; they are among `rows`.
    pub(super) mended: u64,
    /// BLAKE3 of each file.
    pub(super) hashes: Vec<[u8; 32]>,
    pub(super) bytes: u64,
}

/// How to read.
#[derive(Debug, Clone)]
pub(super) struct FilesOptions {
    pub(super) read: ReadOptions,
    pub(super) batch_rows: usize,
    /// Whether a file without any line is one without bars.
    pub(super) allow_empty: bool,
    /// Rejected rows that are kept.
    pub(super) max_kept: usize,
}

pub(super) type Out = mpsc::Sender<Result<Fed, FileError>>;

/// Starts reading.
pub(super) fn start(
    root: Root,
    paths: Vec<String>,
    options: FilesOptions,
) -> mpsc::Receiver<Result<Fed, FileError>> {
    let (out, receiver) = mpsc::channel(AHEAD);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let files = Files { root, paths, options, runtime };
        let end = match files.in_order(&out) {
            Ok(End::OutOfOrder) => sorted::send(&files, &out),
            other => other,
        };
        // The receiver may be gone already; then nobody wants to know.
        let _ = match end {
            Ok(End::All(summary)) => out.blocking_send(Ok(Fed::End(summary))),
            Ok(End::OutOfOrder | End::NobodyListens) => Ok(()),
            Err(e) => out.blocking_send(Err(e)),
        };
    });
    receiver
}

/// How a pass over the files ends.
pub(super) enum End {
    All(Box<Summary>),
    OutOfOrder,
    NobodyListens,
}

pub(super) struct Files {
    pub(super) root: Root,
    pub(super) paths: Vec<String>,
    pub(super) options: FilesOptions,
    pub(super) runtime: tokio::runtime::Handle,
}

/// Whether to go on.
pub(super) type Taken = Result<Option<End>, FileError>;

impl Files {
    /// Hands each batch to `take`, until it wants no more.
    pub(super) fn each(
        &self,
        batch_rows: usize,
        summary: &mut Summary,
        mut take: impl FnMut(u32, Batch, Duration, &mut Summary) -> Taken,
    ) -> Taken {
        for (file, path) in (0..).zip(&self.paths) {
            let source = self.runtime.block_on(self.root.read(path))?;
            let mut reader = BarReader::open_even_empty(source.input, path, &self.options.read, 0)?;
            if reader.is_empty() && !self.options.allow_empty {
                return Err(reader::empty(path));
            }
            let mut start = Instant::now();
            while let Some(batch) = reader.next_batch(batch_rows)? {
                summary.rows += batch.rows;
                if let Some(end) = take(file, batch, start.elapsed(), summary)? {
                    return Ok(Some(end));
                }
                start = Instant::now();
            }
            let now = self.runtime.block_on(self.root.version(path))?;
            if reader.bytes_read() != source.version.size || now != source.version {
                return Err(FileError::transient(path, "the file changed while it was read"));
            }
            summary.bytes += reader.bytes_read();
            summary.hashes.push(reader.content_hash());
        }
        Ok(None)
    }

    /// Straight through.
    fn in_order(&self, out: &Out) -> Result<End, FileError> {
        let mut summary = Summary::default();
        let mut last = None;
        let end = self.each(self.options.batch_rows, &mut summary, |file, batch, took, summary| {
            let times = &batch.bars.time;
            let behind = times.first().is_none_or(|&t| last.is_none_or(|last| last < t));
            if !behind || batch.repeats.iter().any(|r| times.binary_search(&r.time).is_err()) {
                return Ok(Some(End::OutOfOrder));
            }
            last = times.last().copied().or(last);
            let bytes = summary.bytes + batch.end_offset;
            let (same, contradictions) = repeats::repeats(&batch, &HashMap::new());
            self.keep_rejected(file, batch.rejected, summary);
            self.keep_duplicates(file, &batch.repeats, &contradictions, summary);
            summary.duplicate += same;
            self.keep_rejected(file, contradictions, summary);
            let places = batch.lines.iter().map(|&line| Place { file, line }).collect();
            let bars =
                FileBars { bars: batch.bars, places, others: Vec::new(), rows: batch.rows, bytes, took };
            Ok(out.blocking_send(Ok(Fed::Bars(Box::new(bars)))).err().map(|_| End::NobodyListens))
        })?;
        Ok(end.unwrap_or(End::All(Box::new(summary))))
    }

    pub(super) fn keep_rejected(&self, file: u32, rows: Vec<RejectedRow>, summary: &mut Summary) {
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
        summary: &mut Summary,
    ) {
        // Both are in the file's order.
        let mut contradictions = contradictions.iter().peekable();
        let same = all.iter().filter(|r| contradictions.next_if(|c| c.row.line == r.row.line).is_none());
        let room = NAMED.saturating_sub(summary.duplicates.len());
        summary.duplicates.extend(same.map(|r| Place { file, line: r.row.line }).take(room));
    }
}
