//! Files with the bars of several symbols: all rows are sorted on disk by series and time, then sent series by series.
//!
//! Invariant: what is sent of a series is what [`files`](super::files) sends of a file that has nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::files::{FileEvent, Files, FilesOptions, FilesSummary, MAX_KEPT};
use super::sorted::{Sorted, entries, no_room};
use super::spool::Spool;
use crate::bar::Micros;
use crate::error::FileError;
use crate::finding::RejectedRow;
use crate::source::reader::SplitBatch;
use crate::source::root::Root;
use crate::telemetry::BatchReading;

/// Rows in a sorted run, if there are so many.
const RUN_ROWS: usize = 200_000;

/// What the reading thread sends.
#[derive(Debug)]
pub(super) enum SeveralEvent {
    /// Rows were read.
    Read {
        rows: u64,
        /// The first and the last time of their bars.
        range: Option<(Micros, Micros)>,
        /// Stored bytes of all files read so far.
        bytes: u64,
        reading: BatchReading,
    },
    /// The bars of this symbol follow, and their end.
    Series(Arc<str>),
    /// Of that series.
    File(FileEvent),
    /// All series were sent; what is known of rows that are of none.
    End(Box<FilesSummary>),
}

pub(super) type SeveralEvents = mpsc::Receiver<Result<SeveralEvent, FileError>>;

/// Reads the files in a thread of their own.
pub(super) fn spawn(root: Root, paths: Vec<String>, options: FilesOptions) -> SeveralEvents {
    /// A series has at least three events.
    const AHEAD: usize = 12;
    let (out, receiver) = mpsc::channel(AHEAD);
    let files = Files::new(root, paths, options);
    tokio::task::spawn_blocking(move || {
        // If the attempt has ended, nobody needs the error.
        _ = send(&files, &out).or_else(|e| out.blocking_send(Err(e)));
    });
    receiver
}

type Out = mpsc::Sender<Result<SeveralEvent, FileError>>;

/// What is known of the rows of the files' series.
#[derive(Default)]
struct Read {
    places: HashMap<Arc<str>, u32>,
    series: Vec<(Arc<str>, FilesSummary)>,
    /// Of all files, and of the rows that have no symbol.
    all: FilesSummary,
    /// Bytes of rejected rows that are kept.
    kept_bytes: usize,
}

/// Reads all files, sorts their rows and sends them.
fn send(files: &Files, out: &Out) -> Result<(), FileError> {
    let is_sent = |event| out.blocking_send(Ok(event)).is_ok();
    let started = Instant::now();
    let (mut read, mut spool) = (Read::default(), Spool::new().map_err(|e| no_room(files, &e))?);
    for (file, path) in (0..).zip(&files.paths) {
        if !read_file((file, path), files, (&mut read, &mut spool), is_sent)? {
            return Ok(());
        }
    }
    let mut merged = spool.merged().map_err(|e| no_room(files, &e))?;
    let mut sorting = started.elapsed();
    let mut is_sorted = vec![false; read.series.len()];
    while let Some(place) = merged.series() {
        let Some((symbol, summary)) = read.series.get_mut(place as usize) else { break };
        is_sorted[place as usize] = true;
        let summary = std::mem::take(summary);
        if !is_sent(SeveralEvent::Series(symbol.clone())) {
            return Ok(());
        }
        let send = |event| is_sent(SeveralEvent::File(event));
        let end = Sorted::new(files, summary).send((&mut merged, place), sorting, send)?;
        let Some(summary) = end else { return Ok(()) };
        if !is_sent(SeveralEvent::File(FileEvent::End(summary))) {
            return Ok(());
        }
        sorting = std::time::Duration::ZERO;
    }
    // Those that have no bar.
    for (symbol, summary) in
        read.series.into_iter().zip(is_sorted).filter(|(_, is_sorted)| !is_sorted).map(|(series, _)| series)
    {
        let end = SeveralEvent::File(FileEvent::End(Box::new(summary)));
        if !is_sent(SeveralEvent::Series(symbol)) || !is_sent(end) {
            return Ok(());
        }
    }
    _ = is_sent(SeveralEvent::End(Box::new(read.all)));
    Ok(())
}

/// Reads a file into the spool; whether anybody waits for it.
fn read_file(
    (file, path): (u32, &str),
    files: &Files,
    (read, spool): (&mut Read, &mut Spool),
    is_sent: impl Fn(SeveralEvent) -> bool,
) -> Result<bool, FileError> {
    let FilesOptions { read: options, timeframe, allow_empty, batch_rows, .. } = &files.options;
    let mut reader = files.open(path)?.bars_by_symbol(options, timeframe, *allow_empty, 0)?;
    let mut start = Instant::now();
    while let Some(batch) = reader.next_batch((*batch_rows).max(RUN_ROWS))? {
        let reading = BatchReading { took: start.elapsed(), decoding: batch.decoding, read: batch.end };
        let (rows, range) = (batch.rows, batch.range());
        read.all.read = batch.end;
        read.all.decoding += batch.decoding;
        let bytes = read.all.bytes + batch.end.stored;
        read.take(file, batch, (files, spool))?;
        if !is_sent(SeveralEvent::Read { rows, range, bytes, reading }) {
            return Ok(false);
        }
        start = Instant::now();
    }
    let content = reader.finish()?;
    read.all.bytes += content.bytes;
    read.all.hashes.push(content.hash);
    Ok(true)
}

impl Read {
    fn take(
        &mut self,
        file: u32,
        batch: SplitBatch,
        (files, spool): (&Files, &mut Spool),
    ) -> Result<(), FileError> {
        let mut all = Vec::new();
        let without = batch.rejected.len() as u64;
        self.all.rows += without;
        self.keep_rejected((file, batch.rejected), files, None);
        for part in batch.parts {
            let place = *self.places.entry(part.symbol.clone()).or_insert_with(|| {
                self.series.push((part.symbol, FilesSummary::default()));
                u32::try_from(self.series.len() - 1).unwrap_or(u32::MAX)
            });
            all.extend(entries((place, file), &part.batch));
            self.series[place as usize].1.rows += part.batch.rows;
            self.keep_rejected((file, part.batch.rejected), files, Some(place));
        }
        spool.add(&mut all).map_err(|e| no_room(files, &e))
    }

    /// Counts rejected rows, and keeps them as long as there is room for those of all series.
    fn keep_rejected(&mut self, (file, rows): (u32, Vec<RejectedRow>), files: &Files, place: Option<u32>) {
        let summary = match place {
            Some(place) => &mut self.series[place as usize].1,
            None => &mut self.all,
        };
        if self.kept_bytes >= MAX_KEPT {
            summary.rejected += rows.len() as u64;
            return;
        }
        let before = summary.kept_bytes;
        files.keep_rejected(file, rows, summary);
        self.kept_bytes += summary.kept_bytes - before;
    }
}
