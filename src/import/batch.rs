//! A batch of a file: as it was read, and beside the bars that its series has.
//!
//! Invariant: nothing here asks the database. What is counted, and what the task and the series keep, follows from the
//! comparison.

use super::ImportAttempt;
use super::compare::Compared;
use super::range_coverage::RangeCoverage;
use crate::config::OnMismatch;
use crate::counts::int;
use crate::digest::SeriesDigest;
use crate::finding::RejectedRow;
use crate::model::SeriesId;
use crate::repository::existing::Wanted;
use crate::source::reader::{Batch, UTC};
use crate::task::{Opening, Progress, Resume, RowCounts};

/// What one batch leaves for the next one of the same attempt.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    /// Whether it began from the start again.
    anew: bool,
    /// What is to be kept with its first batch.
    pub(super) opening: Option<Opening>,
    /// How many bars the series has in the file's range, up to here.
    pub(super) coverage: RangeCoverage,
    /// Whether no batch had a bar yet.
    pub(super) at_start: bool,
}

impl Cursor {
    /// Where an attempt goes on.
    pub(super) fn new(resume: &Resume) -> Self {
        let coverage = RangeCoverage::new(resume.checkpoint == 0);
        Self { anew: resume.anew, opening: None, coverage, at_start: !resume.rows.has_bars() }
    }
}

/// The series that a batch goes into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'b> {
    pub(super) symbol: &'b str,
    /// None if it is not there and the task does not write.
    pub(super) series_id: Option<SeriesId>,
    /// Whether this attempt made it.
    pub(super) is_new: bool,
}

impl<'b> Target<'b> {
    /// The series that the task has acquired.
    pub(super) fn of(attempt: ImportAttempt<'b>) -> Self {
        let ImportAttempt { lease, task, .. } = attempt;
        Self { symbol: &task.symbol, series_id: lease.series_id, is_new: lease.series_is_new }
    }
}

/// A batch of a file, as it was read.
#[derive(Debug)]
pub(super) struct FileBatch<'b> {
    pub(super) attempt: ImportAttempt<'b>,
    pub(super) target: Target<'b>,
    pub(super) batch: &'b Batch,
    /// Of its bars.
    pub(super) digest: SeriesDigest,
    /// What the batch before it has left.
    pub(super) cursor: Cursor,
}

impl<'b> FileBatch<'b> {
    pub(super) fn new(
        (attempt, target): (ImportAttempt<'b>, Target<'b>),
        batch: &'b Batch,
        cursor: Cursor,
    ) -> Self {
        let mut digest = SeriesDigest::default();
        digest.add_bars(&batch.bars);
        Self { attempt, target, batch, digest, cursor }
    }

    /// The symbol that its findings name: none if the task has no others.
    pub(super) fn finding_symbol(&self) -> &'b str {
        if self.attempt.task.is_several() { self.target.symbol } else { "" }
    }

    /// The zone that times without one were read in, as far as the first batch tells.
    pub(super) fn zone(&self) -> &str {
        let layout = self.cursor.opening.as_ref().and_then(|opening| opening.layout.as_ref());
        let proven = layout.and_then(|layout| layout.timezone.as_deref());
        proven.or(self.attempt.options.read.timezone.as_deref()).unwrap_or(UTC)
    }

    /// What to look for in the series; none if it is not there (a dry run makes none), or the batch has no bars.
    pub(super) fn wanted(&self) -> Option<Wanted<'_>> {
        let (target, times) = (self.target, &self.batch.bars.time);
        let from = self.cursor.coverage.next(*times.first()?);
        Some(Wanted { series_id: target.series_id?, series_is_new: target.is_new, from, times })
    }
}

/// A batch beside the bars that its series has.
#[derive(Debug)]
pub(super) struct ComparedBatch<'b> {
    pub(super) file: &'b FileBatch<'b>,
    pub(super) compared: Compared<'b>,
    /// How many bars were found in its range.
    pub(super) there: usize,
    /// Whether these are all.
    pub(super) is_whole: bool,
    /// What its bars look like beside those of the series.
    pub(super) shape_conflict: Option<String>,
    /// How many repeats have the values of their first row.
    pub(super) duplicates: u64,
    /// The other repeats.
    pub(super) contradictions: Vec<RejectedRow>,
}

impl ComparedBatch<'_> {
    pub(super) fn rows(&self) -> RowCounts {
        let (batch, compared) = (self.file.batch, &self.compared);
        RowCounts {
            rows: int(batch.rows),
            rows_imported: int(compared.new.len()),
            rows_skipped: int(compared.same),
            rows_mismatched: int(compared.different.len()),
            rows_rejected: int(batch.rejected.len() + self.contradictions.len()),
            rows_duplicate: int(self.duplicates),
            quality_issues: int(batch.issues.len()),
            ..RowCounts::default()
        }
    }

    /// Whether there is anything to write, bars or findings.
    pub(super) fn brings_anything(&self) -> bool {
        let rows = self.rows();
        rows.rows_imported + rows.rows_mismatched + rows.rows_rejected + rows.quality_issues > 0
    }

    /// Whether bars of the series are overwritten.
    pub(super) fn overwrites(&self) -> bool {
        self.file.attempt.options.on_mismatch == OnMismatch::Overwrite && !self.compared.different.is_empty()
    }

    /// What it adds to the digest of the series.
    pub(super) fn change(&self) -> SeriesDigest {
        let FileBatch { batch, digest, .. } = self.file;
        let mut change = SeriesDigest::default();
        if self.compared.new.len() == batch.bars.len() {
            change = *digest;
        } else {
            change.add_bars(&self.compared.new);
        }
        for m in self.compared.different.iter().filter(|_| self.overwrites()) {
            change.remove(m.time, m.db);
            change.add(m.time, m.csv);
        }
        change
    }

    /// What the task keeps of it.
    pub(super) fn progress(&self) -> Progress {
        let FileBatch { attempt, batch, cursor, .. } = self.file;
        let rows = self.rows();
        let mut attempt_rows = attempt.telemetry.rows();
        attempt_rows.add(&rows);
        Progress {
            rows,
            checkpoint: batch.end,
            span: batch.bars.time.first().copied().zip(batch.bars.time.last().copied()),
            phases: attempt.telemetry.phases(),
            attempt_rows,
            opening: cursor.opening.clone(),
            anew: cursor.anew,
            shape_conflict: self.shape_conflict.clone(),
            ..Progress::default()
        }
    }

    /// What it leaves for the next one.
    pub(super) fn cursor(&self) -> Cursor {
        let FileBatch { batch, cursor: Cursor { anew, mut coverage, at_start, .. }, .. } = *self.file;
        coverage.add(&batch.bars, self.is_whole.then_some(self.there), self.compared.new.len());
        Cursor { anew, opening: None, coverage, at_start: at_start && batch.bars.is_empty() }
    }
}
