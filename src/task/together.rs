//! The end of attempts whose small files were looked at together.
//!
//! Invariant: as `settle`; counters, checkpoints, records, errors and what was learnt of the files are kept on the
//! transaction that writes the bars, for all of them or for none.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use super::settle::{end_operation, failure};
use super::wake::wake;
use super::{Lease, Progress};
use crate::bar::Micros;
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{During, Error, Result};
use crate::model::{Fence, OperationId, TaskId};
use crate::repository::known::{self, Known, Learnt};
use crate::repository::{content, parameter};
use crate::telemetry::{AttemptRecord, delivery};

const WHAT: &str = "settling tasks";

/// The end of a first attempt that brought its file in one batch, recognised it, or failed for good before that.
#[derive(Debug)]
pub struct Settlement<'a> {
    /// Its hold on the task.
    pub lease: &'a Lease,
    /// What the batch adds.
    pub progress: Progress,
    /// The bars that it brought.
    pub digest: SeriesDigest,
    /// What is known of its content, if the file was not looked at since it is there.
    pub recognised: Option<Known>,
    /// What was learnt of the file.
    pub learnt: Learnt,
    /// What is kept of the attempt.
    pub record: AttemptRecord,
    /// Why it failed.
    pub error: Option<&'a Error>,
}

impl<'a> Settlement<'a> {
    /// The end of an attempt that brought nothing.
    #[must_use]
    pub fn failed(lease: &'a Lease, record: AttemptRecord, error: &'a Error) -> Self {
        Self {
            lease,
            progress: Progress::default(),
            digest: SeriesDigest::default(),
            recognised: None,
            learnt: Learnt::default(),
            record,
            error: Some(error),
        }
    }
}

/// Ends the attempts, all of one operation, on the transaction that has written their bars. Returns whether the
/// operation ended with that.
///
/// # Errors
/// [`Error::LostLease`] if any of them is not its attempt's any more: the caller must roll back. [`Error::Database`]
pub async fn settle_together(
    tx: &mut PgConnection,
    seen: TracedPool<'_>,
    operation: &OperationId,
    files: &[Settlement<'_>],
) -> Result<bool> {
    end(tx, files).await?;
    let changes: Vec<_> =
        files.iter().filter_map(|f| Some((f.lease.series_id?, f.lease.task_id, f.digest))).collect();
    let free = content::written_and_free(tx, &changes).await?;
    if free.len() < files.len() {
        return Err(Error::LostLease);
    }
    for (series_id, waited_for) in free {
        if waited_for {
            wake(tx, series_id).await?;
        }
    }
    let learnt: Vec<_> = files.iter().map(|f| (f.lease.task_id, &f.learnt)).collect();
    known::keep_all(tx, seen, &learnt).await?;
    // Last, since all that end at the same time wait for each other here.
    end_operation(tx, operation).await
}

/// Returns when any of these tasks is no longer its attempt's: cancelled, paused, taken over.
pub async fn any_lost(pool: &PgPool, leases: &[&Lease], look_every: Duration) {
    let tasks: Vec<TaskId> = leases.iter().map(|l| l.task_id).collect();
    let fences: Vec<Fence> = leases.iter().map(|l| l.fence).collect();
    loop {
        tokio::time::sleep(look_every).await;
        let query = sqlx::query_scalar(include_str!("sql/any_lost.sql")).bind(&tasks).bind(&fences);
        // Without an answer nobody knows, and nothing is written either.
        if matches!(query.fetch_one(pool).await, Ok(true)) {
            return;
        }
    }
}

async fn end(tx: &mut PgConnection, files: &[Settlement<'_>]) -> Result<()> {
    let openings: Vec<_> = files.iter().map(|f| f.progress.opening.as_ref()).collect();
    let each = |value: fn(&Settlement<'_>) -> i64| files.iter().map(value).collect::<Vec<_>>();
    let time = |value: fn(&(Micros, Micros)) -> Micros| {
        files.iter().map(|f| f.progress.span.as_ref().map(value).map(parameter)).collect::<Vec<_>>()
    };
    let (classes, messages): (Vec<_>, Vec<_>) = files.iter().map(|f| f.error.map(failure).unzip()).unzip();
    let ended = sqlx::query(include_str!("sql/settle_together.sql"))
        .bind(files.iter().map(|f| f.lease.task_id).collect::<Vec<_>>())
        .bind(files.iter().map(|f| f.lease.fence).collect::<Vec<_>>())
        .bind(each(|f| i64::try_from(f.progress.checkpoint).unwrap_or(i64::MAX)))
        .bind(each(|f| f.progress.rows.rows))
        .bind(each(|f| f.progress.rows.rows_imported))
        .bind(openings.iter().map(|o| o.and_then(|o| o.header.as_deref())).collect::<Vec<_>>())
        .bind(openings.iter().map(|o| Json(o.map_or(&[][..], |o| &o.ignored_columns))).collect::<Vec<_>>())
        .bind(openings.iter().map(|o| o.map(|o| o.version.as_str())).collect::<Vec<_>>())
        .bind(time(|s| s.0))
        .bind(time(|s| s.1))
        .bind(files.iter().map(|f| Json(f.record.phases)).collect::<Vec<_>>())
        .bind(files.iter().map(|f| Json(f.record.slowest.clone())).collect::<Vec<_>>())
        .bind(files.iter().map(|f| Json(f.record.rows)).collect::<Vec<_>>())
        .bind(files.iter().map(|f| f.record.exported).collect::<Vec<_>>())
        .bind(each(|f| f.progress.rows.rows_skipped))
        .bind(files.iter().map(|f| f.recognised.is_some()).collect::<Vec<_>>())
        .bind(delivery::DUE_AFTER.as_secs_f64())
        .bind(each(|f| f.progress.rows.rows_rejected))
        .bind(each(|f| f.progress.rows.rows_duplicate))
        .bind(each(|f| f.progress.rows.quality_issues))
        .bind(files.iter().map(|f| f.recognised.and_then(|r| r.task_id)).collect::<Vec<_>>())
        .bind(classes)
        .bind(messages)
        .execute(tx)
        .await
        .during(WHAT)?;
    if usize::try_from(ended.rows_affected()).is_ok_and(|n| n == files.len()) {
        Ok(())
    } else {
        Err(Error::LostLease)
    }
}
