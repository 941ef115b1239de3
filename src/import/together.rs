//! Small files of new series, written by one COPY and settled with it.
//!
//! Invariant: a file goes this way only if it is one batch of bars that nothing is to be said of, and nothing of it is in
//! the database; everything else is for [`Opened::finish`]. All of them are kept, or none: then each is still to be
//! finished by itself, which brings to light what was wrong.

use std::time::Instant;

use super::reading::{Reading, Whole};
use super::{Attempt, Reach, digest_of, learnt};
use crate::backend::shared::Shared;
use crate::backend::transaction::Transaction;
use crate::bar::format_time;
use crate::config::Layout;
use crate::digest::SeriesDigest;
use crate::error::{Error, Result};
use crate::repository::bars;
use crate::task::{Opening, Progress, RowCounts, Success, succeed_together};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CHECK_EXISTS, INSERT_BATCH};
use crate::telemetry::metrics;
use crate::telemetry::phases::{Phase, milliseconds};

/// A file that was read and may go along with others.
#[derive(Debug)]
pub struct Small<'r> {
    attempt: Attempt<'r>,
    series_id: i32,
    file: Whole<'r>,
    version: &'r str,
    digest: SeriesDigest,
}

/// What was written, still to be committed.
#[derive(Debug)]
pub struct Written {
    /// The transaction.
    pub tx: Transaction,
    /// What each file brought.
    pub rows: Vec<RowCounts>,
    /// Whether the operation ends with it.
    pub operation_ended: bool,
}

impl<'r> Small<'r> {
    /// The file, if it may go along.
    #[must_use]
    pub fn of(reading: &'r Reading<'_>) -> Option<Self> {
        let attempt = reading.attempt;
        let file = reading.whole()?;
        let series_id = attempt.lease.series_id.filter(|_| attempt.lease.series_is_new)?;
        let digest = digest_of(file.batch);
        Some(Self { attempt, series_id, file, version: &reading.version.text, digest })
    }

    /// The series it goes into.
    #[must_use]
    pub fn series_id(&self) -> i32 {
        self.series_id
    }

    fn rows(&self) -> RowCounts {
        let rows = i64::try_from(self.file.batch.rows).unwrap_or(i64::MAX);
        RowCounts { rows, rows_imported: rows, ..RowCounts::default() }
    }

    fn success(&self) -> Result<Success<'r>> {
        let bars = &self.file.batch.bars;
        let rows = self.rows();
        let mut reach = Reach::new(true);
        reach.passed(bars, Some(0), bars.len());
        let learnt = learnt(self.attempt, self.file.hash, (&rows, reach), Some(self.digest))?;
        let opening = Opening {
            version: self.version.to_owned(),
            header: self.file.header.clone(),
            ignored_columns: self.file.ignored_columns.to_vec(),
        };
        let mut record = self.attempt.telemetry.record();
        record.rows = rows;
        let progress = Progress {
            rows,
            checkpoint: self.file.batch.end_offset,
            span: bars.time.first().copied().zip(bars.time.last().copied()),
            opening: Some(opening),
            ..Progress::default()
        };
        let lease = self.attempt.lease;
        Ok(Success { lease, progress, digest: self.digest, recognised: false, learnt, record })
    }
}

/// Writes the files, all of one operation and in the order of their series, and settles their tasks; none if any of the series has bars already.
///
/// # Errors
/// [`Error::Database`], [`Error::LostLease`]: nothing is written then.
pub async fn write(seen: Shared<'_>, files: &[Small<'_>]) -> Result<Option<Written>> {
    let Some(first) = files.first() else { return Ok(None) };
    let start = Instant::now();
    files.iter().for_each(|f| f.attempt.telemetry.begin_batch());
    let mut tx = seen.begin("beginning a batch").await?;
    if check_exists(&mut tx, seen, files).await? {
        return Ok(None);
    }
    insert(&mut tx, seen, files, first.attempt.lease.layout).await?;
    let settling = Instant::now();
    let successes = files.iter().map(Small::success).collect::<Result<Vec<_>>>()?;
    let operation = &first.attempt.task.operation_id;
    let operation_ended = succeed_together(&mut tx, seen, operation, &successes).await?;
    seen.add(Phase::Bookkeeping, settling.elapsed());
    files.iter().for_each(|_| metrics::get().batch(seen.part(start.elapsed())));
    Ok(Some(Written { tx, rows: files.iter().map(Small::rows).collect(), operation_ended }))
}

/// Whether any bar is there already: then somebody else writes, and every file is looked at by itself.
async fn check_exists(tx: &mut Transaction, seen: Shared<'_>, files: &[Small<'_>]) -> Result<bool> {
    let spans = seen.spans(|_, a| a.span(&CHECK_EXISTS));
    let start = Instant::now();
    let series: Vec<i32> = files.iter().map(|f| f.series_id).collect();
    let times = || {
        files.iter().flat_map(|f| [f.file.batch.bars.time.first(), f.file.batch.bars.time.last()]).flatten()
    };
    let (Some(&first), Some(&last)) = (times().min(), times().max()) else {
        return Err(Error::Internal("files without bars were written together".into()));
    };
    let there = bars::any(tx, seen.within(&spans), &series, (first, last)).await;
    let took = start.elapsed();
    seen.add(Phase::CheckExists, took);
    for (f, span) in files.iter().zip(&spans) {
        let bars = &f.file.batch.bars;
        span.set(attr::DATA_SYMBOL, &f.attempt.task.symbol)
            .set(attr::DATA_TIMESTAMP, &bars.time.first().map(|t| format_time(*t)).unwrap_or_default())
            .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
            .set(attr::ROW_EXISTS, matches!(there, Ok(true)))
            .set(attr::ROWS_CHECKED, int(bars.len()));
        span.end(&there, &f.attempt.task.symbol);
    }
    there
}

async fn insert(tx: &mut Transaction, seen: Shared<'_>, files: &[Small<'_>], layout: Layout) -> Result<()> {
    let spans = seen.spans(|_, a| a.span(&INSERT_BATCH));
    let start = Instant::now();
    let series: Vec<_> = files.iter().map(|f| (f.series_id, &f.file.batch.bars)).collect();
    let written = bars::insert_together(tx, seen.within(&spans), layout, &series).await;
    let took = start.elapsed();
    seen.add(Phase::InsertBatch, took);
    for (f, span) in files.iter().zip(&spans) {
        span.set(attr::DATA_SYMBOL, &f.attempt.task.symbol)
            .set(attr::DB_BATCH_SIZE, int(f.file.batch.bars.len()))
            .set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
        span.end(&written, &f.attempt.task.symbol);
    }
    written
}

fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
