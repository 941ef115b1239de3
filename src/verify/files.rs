//! The bars of all files of a series in time order, from a thread of their own.
//!
//! Files are read one behind the other, in the order of their paths. As long as their rows are in time order, bars go
//! straight through; at the first row that is not, all begins again, sorted on disk (`spool`). Invariant: each
//! data row is a bar, a rejected row or a duplicate, and each time comes out once: of several rows with one time the
//! first (by file, then by line) is the bar.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::raw;
use super::spool::{Entry, Spool};
use crate::bar::Bars;
use crate::error::FileError;
use crate::finding::{Place, RawRow, RejectedRow};
use crate::source::reader::{BarReader, Batch, ReadOptions, Repeat};
use crate::source::repeats;
use crate::source::root::Root;

/// Chunks read ahead of the one in work.
const AHEAD: usize = 2;
/// Bytes of rejected rows that are kept.
const MAX_KEPT: usize = 16 * 1024 * 1024;
/// Duplicate rows that are named.
const NAMED: usize = 100;
/// Batches in a sorted run.
const RUN: usize = 5;

/// What comes.
#[derive(Debug)]
pub(super) enum Fed {
    /// The first bar follows; whatever came before does not count.
    Begin,
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
    /// Data rows read for them.
    pub(super) rows: u64,
    /// Bytes read so far, of all files.
    pub(super) bytes: u64,
    /// How long that took.
    pub(super) took: Duration,
}

impl FileBars {
    fn push(&mut self, e: &Entry) {
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
    /// BLAKE3 of each file.
    pub(super) hashes: Vec<[u8; 32]>,
    pub(super) bytes: u64,
}

/// How to read.
#[derive(Debug, Clone)]
pub(super) struct FilesOptions {
    pub(super) read: ReadOptions,
    pub(super) batch_rows: usize,
    /// Rejected rows that are kept.
    pub(super) max_kept: usize,
}

type Out = mpsc::Sender<Result<Fed, FileError>>;

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
            Ok(End::OutOfOrder) => files.sorted(&out),
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
enum End {
    All(Box<Summary>),
    OutOfOrder,
    NobodyListens,
}

struct Files {
    root: Root,
    paths: Vec<String>,
    options: FilesOptions,
    runtime: tokio::runtime::Handle,
}

/// Whether to go on.
type Taken = Result<Option<End>, FileError>;

impl Files {
    /// Hands each batch to `take`, until it wants no more.
    fn each(
        &self,
        batch_rows: usize,
        summary: &mut Summary,
        mut take: impl FnMut(u32, Batch, Duration, &mut Summary) -> Taken,
    ) -> Taken {
        for (file, path) in (0..).zip(&self.paths) {
            let source = self.runtime.block_on(self.root.read(path))?;
            let mut reader = BarReader::open(source.input, path, &self.options.read, 0)?;
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
        if out.blocking_send(Ok(Fed::Begin)).is_err() {
            return Ok(End::NobodyListens);
        }
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
            let bars = FileBars { bars: batch.bars, places, rows: batch.rows, bytes, took };
            Ok(out.blocking_send(Ok(Fed::Bars(Box::new(bars)))).err().map(|_| End::NobodyListens))
        })?;
        Ok(end.unwrap_or(End::All(Box::new(summary))))
    }

    /// By way of a sorted file.
    fn sorted(&self, out: &Out) -> Result<End, FileError> {
        let mut summary = Summary::default();
        let mut spool = Spool::new().map_err(|e| self.spool_error(&e))?;
        // Repeats of a row within one file, should they contradict it.
        let mut raw: HashMap<Place, RawRow> = HashMap::new();
        let mut raw_bytes = 0;
        let started = Instant::now();
        let end = self.each(self.options.batch_rows * RUN, &mut summary, |file, batch, _, summary| {
            let lines = batch.lines.iter().map(|&line| Place { file, line });
            let mut entries: Vec<Entry> = lines
                .enumerate()
                .map(|(i, place)| Entry { time: batch.bars.time[i], place, values: batch.bars.values(i) })
                .collect();
            for Repeat { time, values, row } in batch.repeats {
                let place = Place { file, line: row.line };
                entries.push(Entry { time, place, values });
                if raw.len() < self.options.max_kept && raw_bytes < MAX_KEPT {
                    raw_bytes += row.bytes.len();
                    raw.insert(place, row);
                }
            }
            self.keep_rejected(file, batch.rejected, summary);
            spool.add(&mut entries).map_err(|e| self.spool_error(&e))?;
            Ok(out.is_closed().then_some(End::NobodyListens))
        })?;
        if let Some(end) = end {
            return Ok(end);
        }
        self.merge(spool, &mut raw, &mut summary, started, out)
    }

    /// Sends what was sorted, each time once.
    fn merge(
        &self,
        spool: Spool,
        raw: &mut HashMap<Place, RawRow>,
        summary: &mut Summary,
        started: Instant,
        out: &Out,
    ) -> Result<End, FileError> {
        if out.blocking_send(Ok(Fed::Begin)).is_err() {
            return Ok(End::NobodyListens);
        }
        let mut merged = spool.merged().map_err(|e| self.spool_error(&e))?;
        let bytes = summary.bytes;
        let begin = |rows, took| FileBars { rows, took, bytes, ..FileBars::default() };
        let mut chunk = begin(summary.rows, started.elapsed());
        let mut start = Instant::now();
        let mut first: Option<Entry> = None;
        while let Some(entry) = merged.next().map_err(|e| self.spool_error(&e))? {
            match first.filter(|f| f.time == entry.time) {
                Some(f) if f.values == entry.values => {
                    summary.duplicate += 1;
                    if summary.duplicates.len() < NAMED {
                        summary.duplicates.push(entry.place);
                    }
                }
                Some(f) => {
                    let row = self.contradiction(&f, &entry, raw);
                    self.keep_rejected(entry.place.file, vec![row], summary);
                }
                None => {
                    first = Some(entry);
                    chunk.push(&entry);
                }
            }
            if chunk.bars.len() >= self.options.batch_rows {
                let next = begin(0, Duration::ZERO);
                let mut full = std::mem::replace(&mut chunk, next);
                full.took += start.elapsed();
                if out.blocking_send(Ok(Fed::Bars(Box::new(full)))).is_err() {
                    return Ok(End::NobodyListens);
                }
                start = Instant::now();
            }
        }
        let _ = out.blocking_send(Ok(Fed::Bars(Box::new(chunk))));
        self.fill_raw(summary)?;
        Ok(End::All(Box::new(std::mem::take(summary))))
    }

    /// Fetches the text of rejected rows that have none yet.
    fn fill_raw(&self, summary: &mut Summary) -> Result<(), FileError> {
        let max_line = usize::try_from(self.options.read.csv.max_line.as_u64()).unwrap_or(usize::MAX);
        for ((file, path), hash) in (0..).zip(&self.paths).zip(&summary.hashes) {
            let missing = |(f, row): &&mut (u32, RejectedRow)| *f == file && row.row.bytes.is_empty();
            let rows: Vec<_> = summary.rejected_rows.iter_mut().filter(missing).map(|(_, row)| row).collect();
            if !rows.is_empty() {
                let source = self.runtime.block_on(self.root.read(path))?;
                raw::fill(source.input, path, max_line, hash, rows)?;
            }
        }
        Ok(())
    }

    fn contradiction(&self, first: &Entry, entry: &Entry, raw: &mut HashMap<Place, RawRow>) -> RejectedRow {
        let nothing = || RawRow { line: entry.place.line, offset: 0, bytes: Vec::new() };
        let row = raw.remove(&entry.place).unwrap_or_else(nothing);
        let repeat = Repeat { time: entry.time, values: entry.values, row };
        let mut rejected = repeats::contradiction(&repeat, &first.values);
        if first.place.file != entry.place.file {
            let path = self.paths.get(first.place.file as usize).map_or("", String::as_str);
            rejected.reason.push_str(&format!(" (the earlier row is line {} of {path})", first.place.line));
        }
        rejected
    }

    fn keep_rejected(&self, file: u32, rows: Vec<RejectedRow>, summary: &mut Summary) {
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

    fn spool_error(&self, e: &std::io::Error) -> FileError {
        let path = self.paths.first().map_or("", String::as_str);
        let place = std::env::temp_dir();
        FileError::transient(
            path,
            format!(
                "its rows are not in time order, and sorting them needs room in {}: {e} (TMPDIR names another place)",
                place.display()
            ),
        )
    }
}
