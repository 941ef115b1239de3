//! Files that are not in time order: all rows sorted on disk, then given out like the others.
//!
//! Invariant: rows of one time come together, so each is judged by the first one (by file, then by line): it is the
//! same, or it contradicts it and is a rejected row with its text, fetched from the file again at the end. Of two files
//! that contradict each other, the database may have either's bar; both are given out.

use std::io;
use std::time::{Duration, Instant};

use super::files::{End, Fed, FileBars, Files, MAX_KEPT, NAMED, Out, Summary};
use super::raw;
use super::spool::{Entry, Merged, Spool};
use crate::error::FileError;
use crate::finding::{Place, RawRow, RejectedRow};
use crate::source::reader::{Batch, Repeat};
use crate::source::repeats;

/// Batches in a sorted run.
const RUN: usize = 2;

/// Reads all files, sorts and sends.
pub(super) fn send(files: &Files, out: &Out) -> Result<End, FileError> {
    // Before the sorting, so that nobody waits with the other side open.
    if out.blocking_send(Ok(Fed::Again)).is_err() {
        return Ok(End::NobodyListens);
    }
    let started = Instant::now();
    let mut summary = Summary::default();
    let mut spool = Spool::new().map_err(|e| no_room(files, &e))?;
    let end = files.each(files.options.batch_rows * RUN, &mut summary, |file, batch, _, summary| {
        spool.add(&mut entries(file, &batch)).map_err(|e| no_room(files, &e))?;
        files.keep_rejected(file, batch.rejected, summary);
        Ok(out.is_closed().then_some(End::NobodyListens))
    })?;
    if let Some(end) = end {
        return Ok(end);
    }
    let merged = spool.merged().map_err(|e| no_room(files, &e))?;
    let sorted = Sorted { files, summary, first: None, file: 0, chunk: FileBars::default() };
    sorted.send(merged, started.elapsed(), out)
}

/// Bars and repeats of a batch alike.
fn entries(file: u32, batch: &Batch) -> Vec<Entry> {
    let bars =
        batch.lines.iter().enumerate().map(|(i, &line)| (line, batch.bars.time[i], batch.bars.values(i)));
    let repeats = batch.repeats.iter().map(|r| (r.row.line, r.time, r.values));
    bars.chain(repeats)
        .map(|(line, time, values)| Entry { time, place: Place { file, line }, values })
        .collect()
}

struct Sorted<'a> {
    files: &'a Files,
    summary: Summary,
    /// The first row of the time in work.
    first: Option<Entry>,
    /// The file of the row before.
    file: u32,
    chunk: FileBars,
}

impl Sorted<'_> {
    fn send(mut self, mut merged: Merged, sorting: Duration, out: &Out) -> Result<End, FileError> {
        (self.chunk.rows, self.chunk.took) = (self.summary.rows, sorting);
        let mut start = Instant::now();
        while let Some(entry) = merged.next().map_err(|e| no_room(self.files, &e))? {
            let first = self.first.filter(|first| first.time == entry.time);
            // Never between rows of one time.
            let full = self.chunk.bars.len() + self.chunk.others.len() >= self.files.options.batch_rows;
            if first.is_none() && full {
                self.chunk.took += start.elapsed();
                if self.flush(out).is_err() {
                    return Ok(End::NobodyListens);
                }
                start = Instant::now();
            }
            self.take(first, &entry);
        }
        self.chunk.took += start.elapsed();
        if self.flush(out).is_err() {
            return Ok(End::NobodyListens);
        }
        self.fetch_text()?;
        Ok(End::All(Box::new(self.summary)))
    }

    fn take(&mut self, first: Option<Entry>, entry: &Entry) {
        // Rows of one time come by file and line, and of each file only the first can be its bar.
        let first_of_file = self.file != entry.place.file;
        self.file = entry.place.file;
        match first {
            None => {
                self.first = Some(*entry);
                self.chunk.push(entry);
            }
            Some(first) if first.values == entry.values => {
                self.summary.duplicate += 1;
                if self.summary.duplicates.len() < NAMED {
                    self.summary.duplicates.push(entry.place);
                }
            }
            Some(first) => {
                if first_of_file {
                    self.chunk.others.push((entry.time, entry.values));
                }
                let rejected = self.contradiction(&first, entry);
                self.files.keep_rejected(entry.place.file, vec![rejected], &mut self.summary);
            }
        }
    }

    fn contradiction(&self, first: &Entry, entry: &Entry) -> RejectedRow {
        let row = RawRow { line: entry.place.line, offset: 0, bytes: Vec::new() };
        let repeat = Repeat { time: entry.time, values: entry.values, row };
        let mut rejected = repeats::contradiction(&repeat, &first.values);
        if first.place.file != entry.place.file {
            let path = self.files.paths.get(first.place.file as usize).map_or("", String::as_str);
            rejected.reason.push_str(&format!(" (the earlier row is line {} of {path})", first.place.line));
        }
        rejected
    }

    fn flush(&mut self, out: &Out) -> Result<(), ()> {
        let mut full = std::mem::take(&mut self.chunk);
        full.bytes = self.summary.bytes;
        out.blocking_send(Ok(Fed::Bars(Box::new(full)))).map_err(|_| ())
    }

    /// Sorting keeps no text; rows that turned out to be rejected are read again.
    fn fetch_text(&mut self) -> Result<(), FileError> {
        let files = self.files;
        let max_line = usize::try_from(files.options.read.csv.max_line.as_u64()).unwrap_or(usize::MAX);
        let mut room = MAX_KEPT.saturating_sub(self.summary.kept_bytes);
        for ((file, path), hash) in (0..).zip(&files.paths).zip(&self.summary.hashes) {
            let missing = |(f, row): &&mut (u32, RejectedRow)| *f == file && row.row.bytes.is_empty();
            let rows: Vec<_> =
                self.summary.rejected_rows.iter_mut().filter(missing).map(|(_, row)| row).collect();
            if !rows.is_empty() {
                let source = files.runtime.block_on(files.root.read(path))?;
                raw::fill(source.input, path, max_line, hash, rows, &mut room)?;
            }
        }
        Ok(())
    }
}

fn no_room(files: &Files, e: &io::Error) -> FileError {
    let path = files.paths.first().map_or("", String::as_str);
    let place = std::env::temp_dir();
    FileError::transient(
        path,
        format!(
            "its rows are not in time order, and sorting them needs room in {}: {e} (TMPDIR names another place)",
            place.display()
        ),
    )
}
