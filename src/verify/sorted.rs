//! Files whose rows are not in time order: all rows are sorted on disk, then sent like those of other files.
//!
//! Invariant: rows of one time come together, so each is judged by the first one (by file, then by line): it
//! repeats its values and is a duplicate, or it contradicts them and is a rejected row, whose text is read
//! from the file again at the end. Where two files contradict each other, the database may have the bar of
//! either: the first file's is sent as the bar, the other's values beside it ([`FileBars::others`]).

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use super::files::{FileBars, FileEvent, FileEvents, Files, FilesSummary, MAX_DUPLICATES, MAX_KEPT, PassEnd};
use super::raw;
use super::spool::{MergedRuns, PlacedBar, Spool};
use crate::error::FileError;
use crate::finding::{Place, RawRow, RejectedRow};
use crate::source::reader::{Batch, Repeat};
use crate::source::repeats;
use crate::telemetry::BatchReading;

/// Batches in a sorted run.
const RUN_BATCHES: usize = 2;

/// Reads all files, sorts their rows and sends them.
pub(super) fn send(files: &Files, out: &FileEvents) -> Result<PassEnd, FileError> {
    // Before the sorting, so that the other side's stream is closed meanwhile.
    if out.blocking_send(Ok(FileEvent::Restart)).is_err() {
        return Ok(PassEnd::ReceiverGone);
    }
    let started = Instant::now();
    let mut summary = FilesSummary::default();
    let mut spool = Spool::new().map_err(|e| no_room(files, &e))?;
    let end =
        files.each(files.options.batch_rows * RUN_BATCHES, &mut summary, |file, batch, _, summary| {
            spool.add(&mut entries((0, file), &batch)).map_err(|e| no_room(files, &e))?;
            files.keep_rejected(file, batch.rejected, summary);
            Ok(out.is_closed().then_some(PassEnd::ReceiverGone))
        })?;
    if let Some(end) = end {
        return Ok(end);
    }
    let mut merged = spool.merged().map_err(|e| no_room(files, &e))?;
    let end = Sorted::new(files, summary)
        .send((&mut merged, 0), started.elapsed(), |event| out.blocking_send(Ok(event)).is_ok())?;
    let Some(mut summary) = end else { return Ok(PassEnd::ReceiverGone) };
    // The spool has no text of the rows; those that turned out to be rejected are read again.
    let hashes = summary.hashes.clone();
    files.read_texts(&hashes, summary.rejected_rows.iter_mut().map(|(file, row)| (*file, row)))?;
    Ok(PassEnd::Complete(summary))
}

/// The bars and the repeats of a series' rows in a file.
pub(super) fn entries((series, file): (u32, u32), batch: &Batch) -> Vec<PlacedBar> {
    let bars =
        batch.lines.iter().enumerate().map(|(i, &line)| (line, batch.bars.time[i], batch.bars.values(i)));
    let repeats = batch.repeats.iter().map(|r| (r.row.line, r.time, r.values));
    bars.chain(repeats)
        .map(|(line, time, values)| PlacedBar { series, time, place: Place { file, line }, values })
        .collect()
}

/// Sends the sorted rows of one series.
pub(super) struct Sorted<'a> {
    files: &'a Files,
    summary: FilesSummary,
    /// The first row of the current time.
    first: Option<PlacedBar>,
    /// The file of the previous row.
    file: u32,
    chunk: FileBars,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(files: &'a Files, summary: FilesSummary) -> Self {
        Self { files, summary, first: None, file: 0, chunk: FileBars::default() }
    }

    /// Sends the bars of the series, which come next; none if nobody takes them.
    pub(super) fn send(
        mut self,
        (merged, series): (&mut MergedRuns, u32),
        sorting: Duration,
        send: impl Fn(FileEvent) -> bool,
    ) -> Result<Option<Box<FilesSummary>>, FileError> {
        self.chunk.rows = self.summary.rows;
        let FilesSummary { decoding, read, .. } = self.summary;
        self.chunk.reading = BatchReading { took: sorting, decoding, read };
        let mut start = Instant::now();
        while let Some(entry) = merged.next_of(series).map_err(|e| no_room(self.files, &e))? {
            let first = self.first.filter(|first| first.time == entry.time);
            // Rows of one time stay in one chunk.
            let full = self.chunk.bars.len() + self.chunk.others.len() >= self.files.options.batch_rows;
            if first.is_none() && full {
                self.chunk.reading.took += start.elapsed();
                if !self.flush(&send) {
                    return Ok(None);
                }
                self.chunk.reading.read = read;
                start = Instant::now();
            }
            self.take(first, &entry);
        }
        self.chunk.reading.took += start.elapsed();
        if !self.flush(&send) {
            return Ok(None);
        }
        Ok(Some(Box::new(self.summary)))
    }

    fn take(&mut self, first: Option<PlacedBar>, entry: &PlacedBar) {
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
                if self.summary.duplicates.len() < MAX_DUPLICATES {
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

    fn contradiction(&self, first: &PlacedBar, entry: &PlacedBar) -> RejectedRow {
        let row = RawRow { line: entry.place.line, offset: 0, bytes: Vec::new() };
        let repeat = Repeat { time: entry.time, values: entry.values, row };
        let mut rejected = repeats::contradiction(&repeat, &first.values);
        if first.place.file != entry.place.file {
            let path = self.files.paths.get(first.place.file as usize).map_or("", String::as_str);
            rejected.reason.push_str(&format!(" (the earlier row is line {} of {path})", first.place.line));
        }
        rejected
    }

    /// Whether somebody takes it.
    fn flush(&mut self, send: impl Fn(FileEvent) -> bool) -> bool {
        let mut full = std::mem::take(&mut self.chunk);
        full.bytes = self.summary.bytes;
        send(FileEvent::Bars(Box::new(full)))
    }
}

impl Files {
    /// Reads the text of rejected rows that have none, in one pass over each file that has such rows. `hashes` are those
    /// of the files as they were read before.
    pub(super) fn read_texts<'r>(
        &self,
        hashes: &[[u8; 32]],
        rows: impl Iterator<Item = (u32, &'r mut RejectedRow)>,
    ) -> Result<(), FileError> {
        let max_line = usize::try_from(self.options.read.csv.max_line.as_u64()).unwrap_or(usize::MAX);
        let (mut by_file, mut kept) = (BTreeMap::<u32, Vec<&mut RejectedRow>>::new(), 0);
        for (file, row) in rows {
            kept += row.row.bytes.len();
            if row.row.bytes.is_empty() {
                by_file.entry(file).or_default().push(row);
            }
        }
        let mut room = MAX_KEPT.saturating_sub(kept);
        for (file, rows) in by_file {
            let at = file as usize;
            if let (Some(path), Some(hash)) = (self.paths.get(at), hashes.get(at)) {
                raw::fill(self.open(path)?.lines(max_line)?, path, hash, rows, &mut room)?;
            }
        }
        Ok(())
    }
}

pub(super) fn no_room(files: &Files, e: &io::Error) -> FileError {
    let path = files.paths.first().map_or("", String::as_str);
    let place = std::env::temp_dir();
    FileError::transient(
        path,
        format!("sorting its rows needs room in {}: {e} (TMPDIR names another place)", place.display()),
    )
}
