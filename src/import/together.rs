//! Small files, written by one COPY, to be settled on its transaction.
//!
//! Invariant: a file goes this way only if it is one batch of bars that nothing is to be said of, and none of them is in the
//! database with other values; everything else is for [`Opened::finish`](super::Opened::finish). All of them are kept,
//! or none: then each is still to be finished by itself, which brings to light what was wrong.

use std::collections::HashMap;
use std::time::Instant;

use super::conflict::Surroundings;
use super::reading::{Reading, Whole};
use super::{Attempt, Reach, batch, compare, conflict, digest_of, learnt};
use crate::bar::{Bars, Micros, format_time};
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::digest::SeriesDigest;
use crate::error::{Error, Result};
use crate::model::SeriesId;
use crate::repository::bars;
use crate::task::{Opening, Progress, RowCounts, Settlement};
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CHECK_EXISTS, INSERT_BATCH};
use crate::telemetry::phases::{Phase, milliseconds};

/// A file that was read and may go along with others.
#[derive(Debug)]
pub struct Small<'r> {
    attempt: Attempt<'r>,
    series_id: SeriesId,
    file: Whole<'r>,
    version: &'r str,
    digest: SeriesDigest,
}

/// What came of writing.
#[derive(Debug)]
pub enum Together<'r> {
    /// The bars are written; the attempts are to be settled like this, on the same transaction.
    Written(Vec<Settlement<'r>>),
    /// These, by their places, have to go by themselves; nothing was written.
    Odd(Vec<usize>),
}

/// What a file brings.
struct Brought {
    new: Bars,
    /// Of the new ones.
    digest: SeriesDigest,
    /// Bars of the series from the file's first to its last, before.
    there: usize,
    rows: RowCounts,
}

impl<'r> Small<'r> {
    /// The file, if it may go along.
    #[must_use]
    pub fn of(reading: &'r Reading<'_>) -> Option<Self> {
        let attempt = reading.attempt;
        // What mended rows bring is kept apart, too.
        let file = reading.whole().filter(|_| attempt.options.mends.is_none())?;
        let series_id = attempt.lease.series_id?;
        let digest = digest_of(file.batch);
        Some(Self { attempt, series_id, file, version: &reading.version.text, digest })
    }

    /// The series it goes into.
    #[must_use]
    pub fn series_id(&self) -> SeriesId {
        self.series_id
    }

    fn range(&self) -> Option<(Micros, Micros)> {
        let time = &self.file.batch.bars.time;
        time.first().copied().zip(time.last().copied())
    }

    /// What it brings to a series that has these bars already; none if any of them has other values.
    fn compare(&self, there: &Bars) -> Result<Option<Brought>> {
        let batch = self.file.batch;
        if !there.is_empty() && !compare::bars(batch, there).different.is_empty() {
            return Ok(None);
        }
        let telemetry = self.attempt.telemetry;
        let compared = telemetry.within(|| batch::compare_values(self.attempt, batch, there))?;
        let digest = if compared.new.len() == batch.bars.len() {
            self.digest
        } else {
            let mut digest = SeriesDigest::default();
            digest.add_bars(&compared.new);
            digest
        };
        let rows = RowCounts {
            rows: i64::try_from(batch.rows).unwrap_or(i64::MAX),
            rows_imported: int(compared.new.len()),
            rows_skipped: i64::try_from(compared.same).unwrap_or(i64::MAX),
            ..RowCounts::default()
        };
        Ok(Some(Brought { new: compared.new, digest, there: there.len(), rows }))
    }

    fn settlement(&self, brought: &Brought) -> Result<Settlement<'r>> {
        let mut reach = Reach::new(true);
        reach.passed(&self.file.batch.bars, Some(brought.there), brought.new.len());
        let learnt = learnt(self.attempt, self.file.hash, (&brought.rows, reach), Some(self.digest))?;
        let opening = Opening {
            version: self.version.to_owned(),
            header: self.file.header.clone(),
            ignored_columns: self.file.ignored_columns.to_vec(),
        };
        let mut record = self.attempt.telemetry.record();
        record.rows = brought.rows;
        let progress = Progress {
            rows: brought.rows,
            checkpoint: self.file.batch.end_offset,
            span: self.range(),
            opening: Some(opening),
            ..Progress::default()
        };
        let lease = self.attempt.lease;
        let digest = brought.digest;
        Ok(Settlement { lease, progress, digest, recognised: None, learnt, record, error: None })
    }
}

/// Writes the files, all of one operation and in the order of their series.
///
/// # Errors
/// [`Error::Database`]: the caller must roll back.
pub async fn write<'r>(
    tx: &mut Transaction,
    seen: TracedPool<'_>,
    files: &[&Small<'r>],
) -> Result<Together<'r>> {
    if files.is_empty() {
        return Ok(Together::Written(Vec::new()));
    }
    let limit = limit(files);
    let there = check_exists(tx, seen, files, limit).await?;
    let none = Bars::default();
    let mut brought = Vec::with_capacity(files.len());
    let mut odd = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let there = there.get(&file.series_id).unwrap_or(&none);
        match file.compare(there)?.filter(|_| there.len() < limit) {
            Some(b) => brought.push(b),
            None => odd.push(i),
        }
    }
    if !odd.is_empty() {
        return Ok(Together::Odd(odd));
    }
    let odd = conflicting(tx, files, &brought).await?;
    if !odd.is_empty() {
        return Ok(Together::Odd(odd));
    }
    insert(tx, seen, files, &brought).await?;
    files.iter().zip(&brought).map(|(f, b)| f.settlement(b)).collect::<Result<_>>().map(Together::Written)
}

/// Files whose bars look like those of their series, moved or scaled, and those whose series have too many bars around
/// them to be looked at here.
async fn conflicting(tx: &mut Transaction, files: &[&Small<'_>], brought: &[Brought]) -> Result<Vec<usize>> {
    const MOST: usize = 2_000;
    let mut looked: Vec<(usize, (Micros, Micros))> = Vec::new();
    for (i, (file, b)) in files.iter().zip(brought).enumerate() {
        if conflict::is_to_look(file.attempt, b.there, b.rows.rows_skipped) {
            looked.extend(conflict::around(file.attempt, &file.file.batch.bars).map(|range| (i, range)));
        }
    }
    let Some((first, _)) = looked.first() else { return Ok(Vec::new()) };
    let attempts: Vec<_> = looked.iter().map(|(i, _)| files[*i].attempt.telemetry).collect();
    let seen = TracedPool::bundle(&files[*first].attempt.context.pool, &attempts);
    let ranges: Vec<_> = looked.iter().map(|(i, range)| (files[*i].series_id, *range)).collect();
    let mut there = bars::existing_together(tx, seen, &ranges, MOST).await?;
    let is_odd = |i: &usize| {
        let Some(bars) = there.remove(&files[*i].series_id) else { return false };
        let file = &files[*i];
        let is_cut = bars.len() == MOST;
        let there = Surroundings { bars, known_until: None };
        is_cut || conflict::find(file.attempt, &file.file.batch.bars, &there).is_some()
    };
    Ok(looked.into_iter().map(|(i, _)| i).filter(is_odd).collect())
}

/// Bars of a series that has far more than a file, in its range.
fn limit(files: &[&Small<'_>]) -> usize {
    files.iter().map(|f| f.file.batch.bars.len()).max().unwrap_or(0) * 2 + 1000
}

/// The bars that are there already, by their series.
async fn check_exists(
    tx: &mut Transaction,
    seen: TracedPool<'_>,
    files: &[&Small<'_>],
    limit: usize,
) -> Result<HashMap<SeriesId, Bars>> {
    let spans = seen.spans(|i| seen.span(i, &CHECK_EXISTS));
    let start = Instant::now();
    let ranges: Vec<_> = files.iter().filter_map(|f| Some((f.series_id, f.range()?))).collect();
    if ranges.len() < files.len() {
        return Err(Error::Internal("files without bars were written together".into()));
    }
    let found = bars::existing_together(tx, seen.below(&spans), &ranges, limit).await;
    let took = start.elapsed();
    seen.add(Phase::CheckExists, took);
    for (f, span) in files.iter().zip(&spans) {
        let (bars, symbol) = (&f.file.batch.bars, &f.attempt.task.symbol);
        span.set(attr::DATA_SYMBOL, symbol)
            .set(attr::DATA_TIMESTAMP, &bars.time.first().map(|t| format_time(*t)).unwrap_or_default())
            .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
            .set(attr::ROWS_CHECKED, int(bars.len()));
        let there = found
            .as_ref()
            .ok()
            .and_then(|found| found.get(&f.series_id))
            .map_or(0, |there| bars.time.iter().filter(|t| there.time.binary_search(t).is_ok()).count());
        span.set(attr::ROW_EXISTS, there > 0).set(attr::ROWS_EXISTING, int(there));
        span.end(&found, symbol);
    }
    found
}

async fn insert(
    tx: &mut Transaction,
    seen: TracedPool<'_>,
    files: &[&Small<'_>],
    brought: &[Brought],
) -> Result<()> {
    let Some(first) = files.first().filter(|_| brought.iter().any(|b| !b.new.is_empty())) else {
        return Ok(());
    };
    let spans = seen.spans(|i| {
        if brought[i].new.is_empty() { Span::none(&INSERT_BATCH) } else { seen.span(i, &INSERT_BATCH) }
    });
    let start = Instant::now();
    let series: Vec<_> = files.iter().zip(brought).map(|(f, b)| (f.series_id, &b.new)).collect();
    let all_new = files.iter().all(|f| f.attempt.lease.series_is_new);
    let how = (first.attempt.lease.layout, all_new);
    let written = bars::insert_together(tx, seen.below(&spans), how, &series).await;
    let took = start.elapsed();
    seen.add(Phase::InsertBatch, took);
    for ((f, span), b) in files.iter().zip(&spans).zip(brought) {
        span.set(attr::DATA_SYMBOL, &f.attempt.task.symbol)
            .set(attr::DB_BATCH_SIZE, int(b.new.len()))
            .set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
        span.end(&written, &f.attempt.task.symbol);
    }
    written
}

fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
