//! The files of a bundle: small ones, written by one COPY, to be settled on its transaction.
//!
//! `task::claim_bundle` has chosen them by size. Invariant: a file that was read stays eligible only if it is one batch
//! without findings, and none of its bars is in the database with other values; everything else is for
//! [`Opened::finish`](super::Opened::finish). All of the files are written, or none: then each is still to be finished
//! by itself, which shows what was wrong.

use std::collections::HashMap;
use std::time::Instant;

use super::conflict::Surroundings;
use super::reading::{Reading, Whole};
use super::{Attempt, RangeCoverage, batch, compare, conflict, digest_of, source_entry};
use crate::bar::{Bars, Micros};
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::digest::SeriesDigest;
use crate::error::{Error, Result};
use crate::import::compare::Compared;
use crate::model::SeriesId;
use crate::repository::bars;
use crate::task::{End, Opening, Progress, RowCounts, Settlement};
use crate::telemetry::Span;
use crate::telemetry::catalogue::{CHECK_EXISTS, INSERT_BATCH};
use crate::telemetry::phases::Phase;

/// A file that was read and is eligible.
#[derive(Debug)]
pub(crate) struct BundledFile<'r> {
    attempt: Attempt<'r>,
    series_id: SeriesId,
    file: Whole<'r>,
    version: &'r str,
    digest: SeriesDigest,
}

/// The result of [`write`].
#[derive(Debug)]
pub(crate) enum Written<'r> {
    /// The bars are written; the attempts are to be settled like this, on the same transaction.
    All(Vec<Settlement<'r>>),
    /// Nothing was written: the files at these places are not eligible.
    NotEligible(Vec<usize>),
}

/// A file beside the bars that its series has.
struct ComparedFile {
    compared: Compared,
    /// How many bars the series had from the file's first to its last.
    there: usize,
    rows: RowCounts,
}

impl<'r> BundledFile<'r> {
    /// The file, if it is eligible by itself.
    #[must_use]
    pub(crate) fn of(reading: &'r Reading<'_>) -> Option<Self> {
        let attempt = reading.attempt;
        // The bars of mended rows are kept apart, too.
        let file = reading.whole().filter(|_| attempt.options.mends.is_none())?;
        let series_id = attempt.lease.series_id?;
        let digest = digest_of(file.batch);
        Some(Self { attempt, series_id, file, version: &reading.version.text, digest })
    }

    /// The series it goes into.
    #[must_use]
    pub(crate) fn series_id(&self) -> SeriesId {
        self.series_id
    }

    fn range(&self) -> Option<(Micros, Micros)> {
        let time = &self.file.batch.bars.time;
        time.first().copied().zip(time.last().copied())
    }

    /// Compares it with the bars that its series has; none if any of them has other values.
    fn compare(&self, there: &Bars) -> Result<Option<ComparedFile>> {
        let batch = self.file.batch;
        if !there.is_empty() && !compare::bars(batch, there).different.is_empty() {
            return Ok(None);
        }
        let telemetry = self.attempt.telemetry;
        let compared = telemetry.within(|| batch::compare_values(self.attempt, batch, there))?;
        let rows = batch::counts(batch, &compared, 0, 0);
        Ok(Some(ComparedFile { compared, there: there.len(), rows }))
    }

    fn settlement(&self, file: &ComparedFile) -> Result<Settlement<'r>> {
        let (attempt, batch) = (self.attempt, self.file.batch);
        let mut coverage = RangeCoverage::new(true);
        coverage.add(&batch.bars, Some(file.there), file.compared.new.len());
        let source = source_entry(attempt, self.file.hash, (&file.rows, coverage), Some(self.digest))?;
        let opening = Opening {
            version: self.version.to_owned(),
            header: self.file.header.clone(),
            ignored_columns: self.file.ignored_columns.to_vec(),
        };
        let mut record = attempt.telemetry.record();
        record.rows = file.rows;
        let progress = Progress {
            rows: file.rows,
            checkpoint: batch.end,
            span: self.range(),
            opening: Some(opening),
            ..Progress::default()
        };
        Ok(Settlement {
            progress: Some(progress),
            added: batch::added(batch, &self.digest, &file.compared),
            source: Some(source),
            ..Settlement::new(attempt.lease, End::Succeeded, record)
        })
    }
}

/// Writes the files, all of one operation and in the order of their series.
///
/// # Errors
/// [`Error::Database`]: the caller must roll back.
pub(crate) async fn write<'r>(
    tx: &mut Transaction,
    db: TracedPool<'_>,
    files: &[&BundledFile<'r>],
) -> Result<Written<'r>> {
    if files.is_empty() {
        return Ok(Written::All(Vec::new()));
    }
    let limit = limit(files);
    let there = check_exists(tx, db, files, limit).await?;
    let none = Bars::default();
    let mut compared = Vec::with_capacity(files.len());
    let mut not_eligible = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let there = there.get(&file.series_id).unwrap_or(&none);
        match file.compare(there)?.filter(|_| there.len() < limit) {
            Some(file) => compared.push(file),
            None => not_eligible.push(i),
        }
    }
    if not_eligible.is_empty() {
        not_eligible = conflicting(tx, files, &compared).await?;
    }
    if !not_eligible.is_empty() {
        return Ok(Written::NotEligible(not_eligible));
    }
    insert(tx, db, files, &compared).await?;
    files.iter().zip(&compared).map(|(f, c)| f.settlement(c)).collect::<Result<_>>().map(Written::All)
}

/// The places of files whose bars look like those of their series, moved or scaled, and of those whose series have too many
/// bars around them to be compared here.
async fn conflicting(
    tx: &mut Transaction,
    files: &[&BundledFile<'_>],
    compared: &[ComparedFile],
) -> Result<Vec<usize>> {
    const MOST: usize = 2_000;
    let mut looked: Vec<(usize, (Micros, Micros))> = Vec::new();
    for (i, (file, c)) in files.iter().zip(compared).enumerate() {
        if conflict::is_to_look(file.attempt, c.there, c.rows.rows_skipped) {
            looked.extend(conflict::around(file.attempt, &file.file.batch.bars).map(|range| (i, range)));
        }
    }
    let Some((first, _)) = looked.first() else { return Ok(Vec::new()) };
    let attempts: Vec<_> = looked.iter().map(|(i, _)| files[*i].attempt.telemetry).collect();
    let db = TracedPool::bundle(&files[*first].attempt.context.pool, &attempts);
    let ranges: Vec<_> = looked.iter().map(|(i, range)| (files[*i].series_id, *range)).collect();
    let mut there = bars::in_ranges(tx, db, &ranges, MOST).await?;
    let is_conflicting = |i: &usize| {
        let Some(bars) = there.remove(&files[*i].series_id) else { return false };
        let file = &files[*i];
        let is_cut = bars.len() == MOST;
        let there = Surroundings { bars, known_until: None };
        is_cut || conflict::find(file.attempt, &file.file.batch.bars, &there).is_some()
    };
    Ok(looked.into_iter().map(|(i, _)| i).filter(is_conflicting).collect())
}

/// From so many bars on in a file's range, the series has far more than the file.
fn limit(files: &[&BundledFile<'_>]) -> usize {
    files.iter().map(|f| f.file.batch.bars.len()).max().unwrap_or(0) * 2 + 1000
}

/// The bars that are there already, by their series.
async fn check_exists(
    tx: &mut Transaction,
    db: TracedPool<'_>,
    files: &[&BundledFile<'_>],
    limit: usize,
) -> Result<HashMap<SeriesId, Bars>> {
    let ranges: Vec<_> = files.iter().filter_map(|f| Some((f.series_id, f.range()?))).collect();
    if ranges.len() < files.len() {
        return Err(Error::Internal("a bundle has a file without bars".into()));
    }
    let spans = db.spans(|i| db.span(i, &CHECK_EXISTS));
    let start = Instant::now();
    let found = bars::in_ranges(tx, db.below(&spans), &ranges, limit).await;
    let took = start.elapsed();
    db.add(Phase::CheckExists, took);
    let none = Bars::default();
    for (f, span) in files.iter().zip(&spans) {
        let there = found.as_ref().ok().map(|found| found.get(&f.series_id).unwrap_or(&none));
        batch::describe_check(span, f.attempt, &f.file.batch.bars, there, took);
        span.end(&found, &f.attempt.task.symbol);
    }
    found
}

async fn insert(
    tx: &mut Transaction,
    db: TracedPool<'_>,
    files: &[&BundledFile<'_>],
    compared: &[ComparedFile],
) -> Result<()> {
    let new = |i: usize| &compared[i].compared.new;
    let Some(first) = files.first().filter(|_| (0..files.len()).any(|i| !new(i).is_empty())) else {
        return Ok(());
    };
    let spans = db.spans(|i| match new(i).len() {
        0 => Span::none(&INSERT_BATCH),
        _ => db.span(i, &INSERT_BATCH),
    });
    let start = Instant::now();
    let series: Vec<_> = files.iter().enumerate().map(|(i, f)| (f.series_id, new(i))).collect();
    let all_new = files.iter().all(|f| f.attempt.lease.series_is_new);
    let how = (first.attempt.lease.layout, all_new);
    let written = bars::insert(tx, db.below(&spans), how, &series).await;
    let took = start.elapsed();
    db.add(Phase::InsertBatch, took);
    for (i, (f, span)) in files.iter().zip(&spans).enumerate() {
        batch::describe_insert(span, f.attempt, new(i).len(), took);
        span.end(&written, &f.attempt.task.symbol);
    }
    written.map(|_| ())
}
