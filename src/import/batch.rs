//! One batch, one transaction.
//!
//! Invariant: bars, findings, counters and checkpoint commit together. If a foreign writer writes one of
//! the bars between the comparison and the write, that is a conflict, and the batch is compared again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::compare::{self, Compared};
use super::range_coverage::RangeCoverage;
use super::{Attempt, conflict, rows};
use crate::bar::{Bars, Micros, Ohlcv, format_time};
use crate::config::OnMismatch;
use crate::digest::SeriesDigest;
use crate::error::{Error, FileError, Result};
use crate::finding::RejectedRow;
use crate::repository::bars::{self, Existing};
use crate::repository::{content, findings, mended, source_cache};
use crate::source::reader::Batch;
use crate::source::repeats;
use crate::task::{Opening, Progress, RowCounts};
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CHECK_EXISTS, COMPARE_VALUES, INSERT_BATCH};
use crate::telemetry::metrics;
use crate::telemetry::phases::{Phase, milliseconds};

/// How often a batch is redone because of foreign writers before the attempt gives up.
const MAX_CONFLICTS: u32 = 10;

/// How far an attempt is in its file.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Whether it began from the start again.
    pub(super) anew: bool,
    /// What is to be kept with its first batch.
    pub(super) opening: Option<Opening>,
    /// How far the series was looked at.
    pub(super) coverage: RangeCoverage,
    /// Whether no batch had a bar yet.
    pub(super) at_start: bool,
}

/// Compares and writes a batch whose bars have this digest; returns what it adds to the counters.
pub(super) async fn run(
    attempt: Attempt<'_>,
    batch: &Batch,
    digest: &SeriesDigest,
    cursor: &mut Cursor,
) -> Result<RowCounts> {
    let mut conflicts = 0;
    loop {
        match once(attempt, batch, digest, cursor).await {
            Err(e) if bars::is_passing(&e) && conflicts < MAX_CONFLICTS => {
                conflicts += 1;
                tracing::info!(
                    source = attempt.task.source,
                    conflicts,
                    "another writer was in the way; looking at the batch afresh"
                );
            }
            done => return done,
        }
    }
}

async fn once(
    attempt: Attempt<'_>,
    batch: &Batch,
    digest: &SeriesDigest,
    cursor: &mut Cursor,
) -> Result<RowCounts> {
    let Attempt { lease, telemetry, .. } = attempt;
    let start = Instant::now();
    telemetry.begin_batch();
    let database = attempt.database();
    let mut tx = database.begin("beginning a batch").await?;
    let existing = check_exists(&mut tx, attempt, batch, cursor.coverage).await?;
    let compared = compare_values(attempt, batch, &existing.bars)?;
    let mut conflict = None;
    if cursor.at_start {
        conflict = conflict::look(&mut tx, attempt, batch, (existing.bars.len(), compared.same)).await?;
    }
    let earlier = first_values(&mut tx, attempt, batch).await?;
    let (duplicates, contradictions) = repeats::repeats(batch, &earlier);
    let added = counts(batch, &compared, duplicates, contradictions.len());
    if !attempt.options.dry_run {
        insert_batch(&mut tx, attempt, batch, &compared, &contradictions).await?;
    }
    let span = batch.bars.time.first().copied().zip(batch.bars.time.last().copied());
    let mut attempt_rows = telemetry.rows();
    attempt_rows.add(&added);
    let (checkpoint, phases) = (batch.end, telemetry.phases());
    let (anew, opening) = (cursor.anew, cursor.opening.clone());
    let progress = Progress {
        rows: added,
        checkpoint,
        span,
        phases,
        attempt_rows,
        opening,
        anew,
        shape_conflict: conflict,
        ..Progress::default()
    };
    // The task before its series: docs/architecture.md, "Lock order".
    lease.advance(&mut tx, &progress).await?;
    if !attempt.options.dry_run {
        change_series(&mut tx, attempt, batch, digest, &compared).await?;
    }
    database.commit(tx, "committing a batch").await?;
    cursor.opening = None;
    cursor.at_start &= batch.bars.is_empty();
    cursor.coverage.add(&batch.bars, existing.whole.then_some(existing.bars.len()), compared.new.len());
    metrics::get().batch(start.elapsed());
    if attempt.options.dry_run {
        telemetry.looked_at(&added);
    } else {
        telemetry.committed(&added);
    }
    Ok(added)
}

/// The bars that are there already.
async fn check_exists(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
    coverage: RangeCoverage,
) -> Result<Existing> {
    let Attempt { lease, task, telemetry, .. } = attempt;
    let Some((series_id, &first)) = lease.series_id.zip(batch.bars.time.first()) else {
        return Ok(Existing::default());
    };
    let series = (series_id, lease.series_is_new);
    let span = telemetry.span(&CHECK_EXISTS);
    let start = Instant::now();
    let found = span
        .around(bars::existing(tx, attempt.database(), series, coverage.next(first), &batch.bars.time))
        .await;
    let took = start.elapsed();
    telemetry.add(Phase::CheckExists, took);
    let existing = found.as_ref().ok().map(|found| &found.bars);
    describe_check(&span, attempt, &batch.bars, existing, took);
    if let Some(existing) = existing.filter(|_| span.is_recorded()) {
        span.within(|| rows::checked(attempt, batch, existing, took));
    }
    span.end(&found, &task.symbol);
    found
}

/// Sets what was looked for, and what was found unless the query failed.
pub(super) fn describe_check(
    span: &Span,
    attempt: Attempt<'_>,
    bars: &Bars,
    existing: Option<&Bars>,
    took: Duration,
) {
    if !span.is_recorded() {
        return;
    }
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
        .set(attr::DATA_TIMESTAMP, &first_time(bars))
        .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
        .set(attr::ROWS_CHECKED, int(bars.len()));
    match existing {
        Some(existing) => {
            let there = bars.time.iter().filter(|t| existing.time.binary_search(t).is_ok()).count();
            span.set(attr::ROW_EXISTS, there > 0).set(attr::ROWS_EXISTING, int(there))
        }
        None => span.set(attr::ROW_EXISTS, false),
    };
}

/// What is new, the same, different.
pub(super) fn compare_values(attempt: Attempt<'_>, batch: &Batch, existing: &Bars) -> Result<Compared> {
    let Attempt { task, telemetry, .. } = attempt;
    if existing.is_empty() {
        return Ok(compare::bars(batch, existing));
    }
    let span = telemetry.span(&COMPARE_VALUES);
    let start = Instant::now();
    let compared = compare::bars(batch, existing);
    telemetry.add(Phase::CompareValues, start.elapsed());
    let different = compared.different.len();
    let there = different + usize::try_from(compared.same).unwrap_or(usize::MAX);
    if span.is_recorded() {
        span.set(attr::DATA_SYMBOL, &task.symbol)
            .set(attr::DATA_TIMESTAMP, &first_time(&batch.bars))
            .set(attr::VALUES_MATCH, different == 0)
            .set(attr::ROWS_COMPARED, int(there))
            .set(attr::ROWS_DIFFERENT, int(different));
        span.within(|| rows::compared(attempt, batch, existing, &compared));
        span.ok();
    }
    refuse_mismatch(attempt, &compared)?;
    Ok(compared)
}

/// Writes what the batch brings, if it brings anything.
async fn insert_batch(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
    compared: &Compared,
    contradictions: &[RejectedRow],
) -> Result<()> {
    let Attempt { task, telemetry, .. } = attempt;
    let findings =
        compared.different.len() + batch.rejected.len() + contradictions.len() + batch.issues.len();
    if compared.new.is_empty() && findings == 0 {
        return Ok(());
    }
    let span = telemetry.span(&INSERT_BATCH);
    let start = Instant::now();
    let written = span.around(write(tx, attempt, batch, compared, contradictions)).await;
    let took = start.elapsed();
    telemetry.add(Phase::InsertBatch, took);
    describe_insert(&span, attempt, compared.new.len(), took);
    span.end(&written, &task.symbol);
    written
}

/// Sets how many bars were to be written, and how long that took.
pub(super) fn describe_insert(span: &Span, attempt: Attempt<'_>, bars: usize, took: Duration) {
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
        .set(attr::DB_BATCH_SIZE, int(bars))
        .set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
}

/// Updates the digest of the series, and deletes its entries in the source cache if bars were overwritten.
async fn change_series(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
    digest: &SeriesDigest,
    compared: &Compared,
) -> Result<()> {
    let Some(series) = attempt.lease.series_id else { return Ok(()) };
    let mut change = added(batch, digest, compared);
    let overwritten = attempt.options.on_mismatch == OnMismatch::Overwrite && !compared.different.is_empty();
    if overwritten {
        for m in &compared.different {
            change.remove(m.time, m.db);
            change.add(m.time, m.csv);
        }
    }
    if change.sum != 0 {
        content::changed(tx, series, &change).await?;
    }
    if overwritten { source_cache::forget(tx, series).await } else { Ok(()) }
}

/// The digest of the new bars of a batch, given that of all of them.
pub(super) fn added(batch: &Batch, digest: &SeriesDigest, compared: &Compared) -> SeriesDigest {
    if compared.new.len() == batch.bars.len() {
        return *digest;
    }
    let mut added = SeriesDigest::default();
    added.add_bars(&compared.new);
    added
}

fn first_time(bars: &Bars) -> String {
    bars.time.first().map(|t| format_time(*t)).unwrap_or_default()
}

pub(super) fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn write(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
    compared: &Compared,
    contradictions: &[RejectedRow],
) -> Result<()> {
    let Attempt { lease, .. } = attempt;
    let database = attempt.database();
    let series_id =
        lease.series_id.ok_or_else(|| Error::Internal("a task that writes has no series".into()))?;
    let how = (lease.layout, lease.series_is_new);
    bars::insert(tx, database, how, &[(series_id, &compared.new)]).await?;
    let overwrite = attempt.options.on_mismatch == OnMismatch::Overwrite;
    if overwrite && !compared.different.is_empty() {
        let mut ours = Bars::with_capacity(compared.different.len());
        for m in &compared.different {
            ours.push(m.time, m.csv);
        }
        bars::overwrite(tx, database, series_id, &ours).await?;
    }
    if attempt.options.mends.is_some() {
        let left: Vec<Micros> = compared.different.iter().filter(|_| !overwrite).map(|m| m.time).collect();
        mended::keep(tx, series_id, lease.task_id, &without(&batch.bars, &left)).await?;
    }
    findings::keep_mismatches(tx, database, lease.task_id, &compared.different, overwrite).await?;
    findings::keep_rejected(tx, database, (lease.task_id, 0), &batch.rejected).await?;
    findings::keep_rejected(tx, database, (lease.task_id, 0), contradictions).await?;
    findings::keep_issues(tx, database, lease.task_id, &batch.issues).await
}

/// The bars at other times than these.
fn without(bars: &Bars, times: &[Micros]) -> Bars {
    let mut rest = Bars::with_capacity(bars.len());
    for (i, time) in bars.time.iter().enumerate().filter(|(_, time)| times.binary_search(time).is_err()) {
        rest.push(*time, bars.values(i));
    }
    rest
}

/// The first row's values for each repeated time of an earlier batch: what is in the database, unless
/// that differed from the file already then.
async fn first_values(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
) -> Result<HashMap<Micros, Ohlcv>> {
    let (lease, database) = (attempt.lease, attempt.database());
    let times: Vec<Micros> =
        batch.repeats.iter().map(|r| r.time).filter(|t| batch.bars.time.binary_search(t).is_err()).collect();
    let Some(series_id) = lease.series_id.filter(|_| !times.is_empty()) else { return Ok(HashMap::new()) };
    let there = bars::at(tx, database, series_id, &times).await?;
    let mut values: HashMap<_, _> = (0..there.len()).map(|i| (there.time[i], there.values(i))).collect();
    values.extend(findings::mismatched_at(tx, database, lease.task_id, &times).await?);
    Ok(values)
}

fn refuse_mismatch(attempt: Attempt<'_>, compared: &Compared) -> Result<()> {
    let Some(m) = compared.different.first().filter(|_| attempt.options.on_mismatch == OnMismatch::Fail)
    else {
        return Ok(());
    };
    let reason = format!(
        "the bar of {} differs from the database's: file {}, database {}; --on-mismatch is fail",
        format_time(m.time),
        m.csv,
        m.db
    );
    Err(FileError::permanent(&attempt.task.source, m.line, reason).into())
}

pub(super) fn counts(
    batch: &Batch,
    compared: &Compared,
    duplicates: u64,
    contradictions: usize,
) -> RowCounts {
    let n = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let u = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    RowCounts {
        rows: u(batch.rows),
        rows_imported: n(compared.new.len()),
        rows_skipped: u(compared.same),
        rows_mismatched: n(compared.different.len()),
        rows_rejected: n(batch.rejected.len() + contradictions),
        rows_duplicate: u(duplicates),
        quality_issues: n(batch.issues.len()),
        rows_missing: 0,
    }
}
