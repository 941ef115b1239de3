//! One batch, one transaction.
//!
//! Invariant: bars, findings, counters and checkpoint commit together. A foreign writer that slips a bar
//! in between the look and the write is a conflict, and the batch is looked at afresh.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::compare::{self, Compared};
use super::{Attempt, check_rejects};
use crate::bar::{Bars, Micros, Ohlcv, format_time};
use crate::config::OnMismatch;
use crate::error::{During, Error, FileError, Result};
use crate::finding::RejectedRow;
use crate::repository::{bars, findings, known};
use crate::source::reader::Batch;
use crate::task::{Lease, Progress, RowCounts, TaskInfo};

/// How often a batch is redone because of foreign writers before the attempt gives up.
const MAX_CONFLICTS: u32 = 10;

/// Compares and writes a batch; returns what it adds to the counters.
pub(super) async fn run(attempt: Attempt<'_>, batch: &Batch, so_far: &RowCounts) -> Result<RowCounts> {
    let mut conflicts = 0;
    loop {
        match once(attempt, batch, so_far).await {
            Err(e) if bars::is_conflict(&e) && conflicts < MAX_CONFLICTS => {
                conflicts += 1;
                tracing::info!(
                    source = attempt.task.source,
                    conflicts,
                    "another writer was faster; looking at the batch afresh"
                );
            }
            done => return done,
        }
    }
}

async fn once(attempt: Attempt<'_>, batch: &Batch, so_far: &RowCounts) -> Result<RowCounts> {
    let Attempt { context, lease, task } = attempt;
    let mut tx = context.pool.begin().await.during("beginning a batch")?;
    let existing = match lease.series_id {
        Some(id) => bars::existing(&mut tx, id, &batch.bars.time).await?,
        None => Bars::default(),
    };
    let compared = compare::bars(batch, &existing);
    refuse_mismatch(task, &compared)?;
    let earlier = first_values(&mut tx, lease, batch).await?;
    let (duplicates, contradictions) = compare::repeats(batch, &earlier);
    let added = counts(batch, &compared, duplicates, contradictions.len());
    let mut total = *so_far;
    total.add(&added);
    check_rejects(task, &total, false)?;
    if !task.options.dry_run {
        write(&mut tx, attempt, batch, &compared, &contradictions).await?;
    }
    let span = batch.bars.time.first().copied().zip(batch.bars.time.last().copied());
    let progress = Progress { rows: added, checkpoint: batch.end_offset, span };
    lease.advance(&mut tx, &progress).await?;
    tx.commit().await.during("committing a batch")?;
    Ok(added)
}

async fn write(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
    compared: &Compared,
    contradictions: &[RejectedRow],
) -> Result<()> {
    let Attempt { lease, task, .. } = attempt;
    let series_id =
        lease.series_id.ok_or_else(|| Error::Internal("a task that writes has no series".into()))?;
    bars::insert(tx, series_id, &compared.new).await?;
    let overwrite = task.options.on_mismatch == OnMismatch::Overwrite;
    if overwrite && !compared.different.is_empty() {
        let mut ours = Bars::with_capacity(compared.different.len());
        for m in &compared.different {
            ours.push(m.time, m.csv);
        }
        bars::overwrite(tx, series_id, &ours).await?;
        known::forget(tx, series_id).await?;
    }
    findings::keep_mismatches(tx, lease.task_id, &compared.different, overwrite).await?;
    findings::keep_rejected(tx, lease.task_id, &batch.rejected).await?;
    findings::keep_rejected(tx, lease.task_id, contradictions).await?;
    findings::keep_issues(tx, lease.task_id, &batch.issues).await
}

/// The first row's values for each repeated time of an earlier batch: what is in the database, unless
/// that differed from the file already then.
async fn first_values(tx: &mut PgConnection, lease: &Lease, batch: &Batch) -> Result<HashMap<Micros, Ohlcv>> {
    let times: Vec<Micros> =
        batch.repeats.iter().map(|r| r.time).filter(|t| batch.bars.time.binary_search(t).is_err()).collect();
    let Some(series_id) = lease.series_id.filter(|_| !times.is_empty()) else { return Ok(HashMap::new()) };
    let there = bars::at(tx, series_id, &times).await?;
    let mut values: HashMap<_, _> = (0..there.len()).map(|i| (there.time[i], there.values(i))).collect();
    values.extend(findings::mismatched_at(tx, lease.task_id, &times).await?);
    Ok(values)
}

fn refuse_mismatch(task: &TaskInfo, compared: &Compared) -> Result<()> {
    let Some(m) = compared.different.first().filter(|_| task.options.on_mismatch == OnMismatch::Fail) else {
        return Ok(());
    };
    let reason = format!(
        "the bar of {} differs from the database's: file {}, database {}; --on-mismatch is fail",
        format_time(m.time),
        m.csv,
        m.db
    );
    Err(FileError::permanent(&task.source, m.line, reason).into())
}

fn counts(batch: &Batch, compared: &Compared, duplicates: u64, contradictions: usize) -> RowCounts {
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
    }
}
