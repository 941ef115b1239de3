//! The end of an attempt: the task succeeded, failed, is tried again, or goes back to the queue.
//!
//! Invariant: the attempt's record, the task's state, the next job and the operation's end commit
//! together. The settling that leaves no open task ends the operation, exactly once, because it locks the
//! operation's row first. Rows are locked as docs/architecture.md says ("Lock order").

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use super::record::{Change, End, printable, record};
use super::release::{Release, release};
use super::{Lease, Progress, begin_dependents};
use crate::config::RetryConfig;
use crate::db::traced_pool::TracedPool;
use crate::db::transaction;
use crate::digest::SeriesDigest;
use crate::error::{During, Error, ErrorClass, Result};
use crate::model::{AttemptOutcome, OperationId, SeriesId, TaskId};
use crate::queue::{self, NewJob};
use crate::repository::source_cache::{self, SourceEntry};
use crate::telemetry::AttemptRecord;

const WHAT: &str = "settling a task";

/// What follows the end of attempts.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// The wait before the next attempt, if one of the tasks is tried again. None of a bundle is.
    pub retry_in: Option<Duration>,
    /// Whether no task of the operation is open any more.
    pub operation_ended: bool,
}

/// The end of an attempt.
#[derive(Debug)]
pub(crate) struct Settlement<'a> {
    pub(crate) lease: &'a Lease,
    pub(crate) end: End<'a>,
    pub(crate) record: AttemptRecord,
    /// What it has done since its last batch, if its bars are written on the same transaction.
    pub(crate) progress: Option<Progress>,
    /// The bars that were added on the same transaction.
    pub(crate) added: SeriesDigest,
    /// What the source cache is to keep.
    pub(crate) source: Option<SourceEntry>,
}

impl<'a> Settlement<'a> {
    /// The end of an attempt that writes nothing else on the same transaction.
    #[must_use]
    pub(crate) fn new(lease: &'a Lease, end: End<'a>, record: AttemptRecord) -> Self {
        Self { lease, end, record, progress: None, added: SeriesDigest::default(), source: None }
    }

    fn change(&self) -> Change<'_> {
        let Self { lease, end, record, progress, .. } = self;
        Change { lease, progress: progress.as_ref(), end: Some((*end, record)) }
    }
}

/// Ends attempts, all of one operation. If bars are written with it, it is on their transaction.
///
/// # Errors
/// [`Error::LostLease`] if any of the tasks is another attempt's: the caller must roll back. [`Error::Database`]
pub(crate) async fn settle(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    settlements: &[Settlement<'_>],
) -> Result<Settled> {
    let mut settled = Settled { retry_in: None, operation_ended: false };
    let changes: Vec<_> = settlements.iter().map(Settlement::change).collect();
    let recorded = Box::pin(record(tx, &changes)).await?;
    release_all(tx, settlements).await?;
    for task in recorded.iter().filter(|r| r.again) {
        let end = settlements.iter().find(|s| s.lease.task_id == task.task_id).map(|s| s.end);
        let wait = end.and_then(|end| end.backoff(task.failures));
        push_next(tx, task.task_id, wait.unwrap_or_default()).await?;
        settled.retry_in = wait.or(settled.retry_in);
    }
    let sources: Vec<_> = settlements.iter().map(|s| (s.lease.task_id, s.source.as_ref())).collect();
    source_cache::keep(tx, db, &sources).await?;
    if let Some(ended) = recorded.iter().find(|r| !r.again) {
        // Last, since all that end at the same time wait for each other here.
        settled.operation_ended = end_operation(tx, &ended.operation_id).await?;
    }
    Ok(settled)
}

/// Releases the series of these attempts, also where the task is tried again: its next attempt acquires it anew. One that has written bars must have its series until now.
async fn release_all(tx: &mut PgConnection, settlements: &[Settlement<'_>]) -> Result<()> {
    let releases = settlements.iter().filter_map(|s| {
        let (series_id, task_id, added) = (s.lease.series_id?, s.lease.task_id, s.added);
        Some(Release { series_id, task_id, added })
    });
    let released = release(tx, &releases.collect::<Vec<_>>(), true).await?;
    let is_released = |s: &Settlement<'_>| s.lease.series_id.is_some_and(|id| released.contains(&id));
    let lost = settlements.iter().any(|s| s.progress.is_some() && !is_released(s));
    if lost { Err(Error::LostLease) } else { Ok(()) }
}

/// Gives the task, which is pending again, its next job.
async fn push_next(tx: &mut PgConnection, task_id: TaskId, wait: Duration) -> Result<()> {
    let job: NewJob = sqlx::query_as(include_str!("sql/next_job.sql"))
        .bind(task_id)
        .bind(wait.as_secs_f64())
        .fetch_one(&mut *tx)
        .await
        .during(WHAT)?;
    queue::push_traced(tx, &[job]).await
}

impl Lease {
    /// The task is done; what the source cache is to keep of its file is kept with that.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn succeed(
        &self,
        pool: &PgPool,
        record: &AttemptRecord,
        source: Option<(&SourceEntry, TracedPool<'_>)>,
    ) -> Result<Settled> {
        let (source, db) = source.unzip();
        let settlement = Settlement::new(self, End::Succeeded, record.clone());
        let settlement = Settlement { source: source.cloned(), ..settlement };
        settle_one(pool, db.unwrap_or(TracedPool::call(pool)), settlement).await
    }

    /// The attempt failed: another one follows if the error may pass and tries are left.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn fail(
        &self,
        pool: &PgPool,
        error: &Error,
        policy: &RetryConfig,
        record: &AttemptRecord,
    ) -> Result<Settled> {
        let settlement = Settlement::new(self, End::Failed(error, policy), record.clone());
        settle_one(pool, TracedPool::call(pool), settlement).await
    }

    /// The worker stops: the task goes back to the queue, and this attempt does not count.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn hand_back(&self, pool: &PgPool, record: &AttemptRecord) -> Result<()> {
        let settlement = Settlement::new(self, End::HandedBack, record.clone());
        settle_one(pool, TracedPool::call(pool), settlement).await.map(|_| ())
    }

    /// The task cannot go on now: it comes again after this wait, and this attempt does not count.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn postpone(&self, pool: &PgPool, record: &AttemptRecord, wait: Duration) -> Result<()> {
        let settlement = Settlement::new(self, End::Postponed(wait), record.clone());
        settle_one(pool, TracedPool::call(pool), settlement).await.map(|_| ())
    }

    /// How the attempt has ended, for one that has lost its lease or the answer to its settling.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn outcome(&self, pool: &PgPool) -> Result<Option<AttemptOutcome>> {
        let outcome: Option<Option<AttemptOutcome>> = sqlx::query_scalar(include_str!("sql/outcome.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .fetch_optional(pool)
            .await
            .during(WHAT)?;
        Ok(outcome.flatten())
    }
}

async fn settle_one(pool: &PgPool, db: TracedPool<'_>, settlement: Settlement<'_>) -> Result<Settled> {
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    let settled = settle(&mut tx, db, &[settlement]).await?;
    tx.commit().await.during(WHAT)?;
    Ok(settled)
}

/// Fails a task without an attempt. The caller has locked its row.
pub(super) async fn park(
    tx: &mut PgConnection,
    task_id: TaskId,
    (class, message): (ErrorClass, &str),
    worker: &str,
) -> Result<()> {
    let (operation, series_id): (OperationId, Option<SeriesId>) =
        sqlx::query_as(include_str!("sql/park.sql"))
            .bind(task_id)
            .bind(class.as_str())
            .bind(printable(message))
            .bind(worker)
            .fetch_one(&mut *tx)
            .await
            .during(WHAT)?;
    if let Some(series_id) = series_id {
        let added = SeriesDigest::default();
        release(tx, &[Release { series_id, task_id, added }], true).await?;
    }
    end_operation(tx, &operation).await?;
    Ok(())
}

/// Ends the operation if it has no open task; returns whether it did. The caller has locked the tasks that it changed.
///
/// # Errors
/// [`Error::Database`]
pub async fn end_operation(tx: &mut PgConnection, operation: &OperationId) -> Result<bool> {
    // By a statement of its own: the next one has a newer snapshot, and sees the tasks of whoever had the row before.
    if lock_operation(tx, operation).await? {
        return Ok(false);
    }
    let ended = sqlx::query(include_str!("sql/end_operation.sql"))
        .bind(operation)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    begin_dependents(tx, operation).await?;
    Ok(true)
}

/// Locks the operation's row; returns whether it has ended, or is not there.
pub(super) async fn lock_operation(tx: &mut PgConnection, operation: &OperationId) -> Result<bool> {
    let ended: Option<bool> = sqlx::query_scalar(include_str!("sql/lock_operation.sql"))
        .bind(operation)
        .fetch_optional(tx)
        .await
        .during(WHAT)?;
    Ok(ended.unwrap_or(true))
}

/// Hands back every task that a worker of this name still runs: it lost the database, or was told to
/// stop and did not make it in time.
///
/// # Errors
/// [`Error::Database`]
pub async fn hand_back_all(pool: &PgPool, worker: &str) -> Result<()> {
    // With a COMMIT: whoever ends may leave connections in a transaction that sqlx knows nothing of.
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    sqlx::query(include_str!("sql/hand_back_all.sql")).bind(worker).execute(&mut *tx).await.during(WHAT)?;
    tx.commit().await.during(WHAT)
}
