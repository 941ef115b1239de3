//! The end of an attempt: the task succeeded, failed, is tried again, or goes back to the queue.
//!
//! Invariant: the attempt's record, the task's state, the next job and the operation's end commit
//! together. The settling that leaves no open task ends the operation, exactly once, because it locks the
//! operation's row first. Rows are locked as docs/architecture.md says ("Lock order").

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgPool};

use super::wake::let_go;
use super::{Lease, begin_dependents};
use crate::db::traced_pool::TracedPool;
use crate::db::transaction;
use crate::error::{During, Error, ErrorClass, Result};
use crate::model::{AttemptOutcome, OperationId, SeriesId, TaskId};
use crate::queue::{self, NewJob};
use crate::repository::known::Learnt;
use crate::telemetry::{AttemptRecord, delivery};

const WHAT: &str = "settling a task";

/// When a failed attempt is tried again.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The longest first wait.
    pub initial_backoff: Duration,
    /// The longest wait of all.
    pub max_backoff: Duration,
}

impl RetryPolicy {
    /// A random wait before the try after `failures` failures (from 1): exponential with full jitter.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
        let longest = self.initial_backoff.saturating_mul(doubled).min(self.max_backoff);
        longest.mul_f64(rand::random::<f64>())
    }
}

/// What follows the end of an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// The wait before the next attempt, if there is one.
    pub retry_in: Option<Duration>,
    /// Whether it was the operation's last open task.
    pub operation_ended: bool,
}

impl Lease {
    /// The task is done; what was learnt of its file is kept with that.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn succeed(
        &self,
        pool: &PgPool,
        record: &AttemptRecord,
        learnt: Option<(&Learnt, TracedPool<'_>)>,
    ) -> Result<Settled> {
        let mut tx = transaction::begin(pool).await.during(WHAT)?;
        let ended = self.end(&mut tx, &End::of(AttemptOutcome::Succeeded), record).await?;
        if let Some((learnt, seen)) = learnt {
            learnt.keep(&mut tx, seen, self.task_id).await?;
        }
        // Last, since all that end at the same time wait for each other here.
        let operation_ended = end_operation(&mut tx, &ended.operation_id).await?;
        tx.commit().await.during(WHAT)?;
        Ok(Settled { retry_in: None, operation_ended })
    }

    /// The attempt failed: another one follows if the error may pass and tries are left.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn fail(
        &self,
        pool: &PgPool,
        error: &Error,
        policy: &RetryPolicy,
        record: &AttemptRecord,
    ) -> Result<Settled> {
        let mut tx = transaction::begin(pool).await.during(WHAT)?;
        let end = End {
            // That no connection was free is not the file's fault.
            failures: i32::from(!error.is_no_connection()),
            may_pass: error.class() == ErrorClass::Transient,
            error: Some(failure(error)),
            ..End::of(AttemptOutcome::Failed)
        };
        let ended = self.end(&mut tx, &end, record).await?;
        let mut settled = Settled { retry_in: None, operation_ended: false };
        if ended.again {
            let backoff = policy.wait(u32::try_from(ended.failures.max(1)).unwrap_or(u32::MAX));
            self.push_next(&mut tx, backoff).await?;
            settled.retry_in = Some(backoff);
        } else {
            settled.operation_ended = end_operation(&mut tx, &ended.operation_id).await?;
        }
        tx.commit().await.during(WHAT)?;
        Ok(settled)
    }

    /// The worker stops: the task goes back to the queue, and this attempt does not count.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn hand_back(&self, pool: &PgPool, record: &AttemptRecord) -> Result<()> {
        let mut tx = transaction::begin(pool).await.during(WHAT)?;
        self.end(&mut tx, &End::of(AttemptOutcome::HandedBack), record).await?;
        self.push_next(&mut tx, Duration::ZERO).await?;
        tx.commit().await.during(WHAT)
    }

    /// How the attempt has ended: for one that lost its hold, or the answer to its settling.
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

    /// Ends the attempt and frees the series.
    async fn end(&self, tx: &mut PgConnection, end: &End, record: &AttemptRecord) -> Result<Ended> {
        let (class, message) = end.error.as_ref().map(|(class, message)| (*class, message)).unzip();
        let ended: Option<Ended> = sqlx::query_as(include_str!("sql/end_attempt.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(end.outcome)
            .bind(end.failures)
            .bind(end.may_pass)
            .bind(class)
            .bind(message)
            .bind(Json(&record.phases))
            .bind(Json(&record.slowest))
            .bind(Json(&record.rows))
            .bind(record.exported)
            .bind(delivery::DUE_AFTER.as_secs_f64())
            .fetch_optional(&mut *tx)
            .await
            .during(WHAT)?;
        let ended = ended.ok_or(Error::LostLease)?;
        if let Some(series_id) = self.series_id {
            let_go(tx, series_id, self.task_id, true).await?;
        }
        Ok(ended)
    }

    /// Gives the task, which is pending again, its next job.
    async fn push_next(&self, tx: &mut PgConnection, wait: Duration) -> Result<()> {
        let job: NewJob = sqlx::query_as(include_str!("sql/next_job.sql"))
            .bind(self.task_id)
            .bind(wait.as_secs_f64())
            .fetch_one(&mut *tx)
            .await
            .during(WHAT)?;
        queue::push_traced(tx, &[job]).await
    }
}

/// How an attempt ends.
struct End {
    /// What its record says.
    outcome: AttemptOutcome,
    /// Failures that count for the task.
    failures: i32,
    /// Whether another try may help.
    may_pass: bool,
    error: Option<(&'static str, String)>,
}

impl End {
    fn of(outcome: AttemptOutcome) -> Self {
        Self { outcome, failures: 0, may_pass: false, error: None }
    }
}

/// What follows an attempt that has ended.
#[derive(FromRow)]
struct Ended {
    operation_id: OperationId,
    /// Whether the task is pending again, and needs a job.
    again: bool,
    failures: i32,
}

/// What is kept of an error: its class and its message.
pub(super) fn failure(error: &Error) -> (&'static str, String) {
    (error.class().as_str(), printable(&error.with_advice()))
}

/// PostgreSQL's text holds everything but NUL.
fn printable(text: &str) -> String {
    text.replace('\0', "\\0")
}

/// Fails a task without an attempt. The caller has locked its row.
pub(super) async fn park(
    tx: &mut PgConnection,
    task_id: TaskId,
    rescues: i32,
    (class, message): (ErrorClass, &str),
    worker: &str,
) -> Result<()> {
    let (operation, series_id): (OperationId, Option<SeriesId>) =
        sqlx::query_as(include_str!("sql/park.sql"))
            .bind(task_id)
            .bind(rescues)
            .bind(printable(message))
            .bind(class.as_str())
            .bind(worker)
            .fetch_one(&mut *tx)
            .await
            .during(WHAT)?;
    if let Some(series_id) = series_id {
        let_go(tx, series_id, task_id, true).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_random_below_a_growing_bound() {
        let policy =
            RetryPolicy { initial_backoff: Duration::from_secs(1), max_backoff: Duration::from_secs(5) };
        for (failures, bound) in [(1, 1), (2, 2), (3, 4), (4, 5), (40, 5)] {
            let waits: Vec<_> = (0..200).map(|_| policy.wait(failures)).collect();
            let bound = Duration::from_secs(bound);
            assert!(waits.iter().all(|w| *w <= bound));
            assert!(waits.iter().any(|w| *w > bound / 2) && waits.iter().any(|w| *w < bound / 2));
        }
    }
}
