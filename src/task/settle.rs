//! The end of an attempt: the task succeeded, failed, is tried again, or goes back to the queue.
//!
//! Invariant: the attempt's record, the task's state, the next job and the operation's end commit
//! together. The settling that leaves no open task ends the operation, exactly once, because it locks the
//! operation's row first.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use super::wake::let_go;
use super::{Lease, follow};
use crate::backend::observed::Observed;
use crate::error::{During, Error, ErrorClass, Result};
use crate::queue::{self, Job, Push};
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
        learnt: Option<(&Learnt, Observed<'_>)>,
    ) -> Result<Settled> {
        let mut tx = pool.begin().await.during(WHAT)?;
        let end = End { state: "succeeded", outcome: "succeeded", error: None };
        let operation = self.end(&mut tx, &end, record).await?;
        if let Some((learnt, seen)) = learnt {
            learnt.keep(&mut tx, seen, self.task_id).await?;
        }
        // Last, since all that end at the same time wait for each other here.
        let operation_ended = end_operation(&mut tx, &operation).await?;
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
        let mut tx = pool.begin().await.during(WHAT)?;
        // That no connection was free is not the file's fault.
        let counted = i32::from(!error.is_no_connection());
        let (failures, max_attempts) = self.count_failure(&mut tx, counted).await?;
        let again = error.class() == ErrorClass::Transient && failures < max_attempts;
        let state = if again { "pending" } else { "failed" };
        let end = End { state, outcome: "failed", error: Some((error.class(), error.with_advice())) };
        let operation = self.end(&mut tx, &end, record).await?;
        let operation_ended = !again && end_operation(&mut tx, &operation).await?;
        let mut retry_in = None;
        if again {
            let backoff = policy.wait(u32::try_from(failures.max(1)).unwrap_or(u32::MAX));
            self.push_next(&mut tx, backoff).await?;
            retry_in = Some(backoff);
        }
        tx.commit().await.during(WHAT)?;
        Ok(Settled { retry_in, operation_ended })
    }

    /// The worker stops: the task goes back to the queue, and this attempt does not count.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]: nothing has changed then.
    pub async fn hand_back(&self, pool: &PgPool, record: &AttemptRecord) -> Result<()> {
        let mut tx = pool.begin().await.during(WHAT)?;
        let end = End { state: "pending", outcome: "handed_back", error: None };
        self.end(&mut tx, &end, record).await?;
        sqlx::query("UPDATE barlift.tasks SET attempts = attempts - 1 WHERE id = $1")
            .bind(self.task_id)
            .execute(&mut *tx)
            .await
            .during(WHAT)?;
        self.push_next(&mut tx, Duration::ZERO).await?;
        tx.commit().await.during(WHAT)
    }

    /// How the attempt has ended: for one that lost its hold, or the answer to its settling.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn outcome(&self, pool: &PgPool) -> Result<Option<String>> {
        let outcome: Option<Option<String>> = sqlx::query_scalar(include_str!("sql/outcome.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .fetch_optional(pool)
            .await
            .during(WHAT)?;
        Ok(outcome.flatten())
    }

    async fn count_failure(&self, tx: &mut PgConnection, by: i32) -> Result<(i32, i32)> {
        let counted: Option<(i32, i32)> = sqlx::query_as(include_str!("sql/count_failure.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(by)
            .fetch_optional(tx)
            .await
            .during(WHAT)?;
        counted.ok_or(Error::LostLease)
    }

    /// The attempt is over and the series free; returns the operation.
    async fn end(&self, tx: &mut PgConnection, end: &End, record: &AttemptRecord) -> Result<String> {
        let (class, message) = match &end.error {
            Some((class, message)) => (Some(class.as_str()), Some(printable(message))),
            None => (None, None),
        };
        let operation: Option<String> = sqlx::query_scalar(include_str!("sql/end_attempt.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(end.state)
            .bind(end.outcome)
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
        let operation = operation.ok_or(Error::LostLease)?;
        if let Some(series_id) = self.series_id {
            let_go(tx, series_id, self.task_id, true).await?;
        }
        Ok(operation)
    }

    async fn push_next(&self, tx: &mut PgConnection, wait: Duration) -> Result<()> {
        let (operation_id, push, priority, traceparent): (String, i32, i32, String) =
            sqlx::query_as(include_str!("sql/next_push.sql"))
                .bind(self.task_id)
                .fetch_one(&mut *tx)
                .await
                .during(WHAT)?;
        let run_at = jiff::Timestamp::now() + jiff::SignedDuration::try_from(wait).unwrap_or_default();
        let job = Job::new(&operation_id, self.task_id, push);
        queue::push_traced(tx, &[Push { job, run_at, priority, traceparent: &traceparent }]).await
    }
}

struct End {
    state: &'static str,
    outcome: &'static str,
    error: Option<(ErrorClass, String)>,
}

/// PostgreSQL's text holds everything but NUL.
fn printable(text: &str) -> String {
    text.replace('\0', "\\0")
}

/// Fails a task without an attempt. The caller has locked its row.
pub(super) async fn park(
    tx: &mut PgConnection,
    task_id: i64,
    rescues: i32,
    (class, message): (ErrorClass, &str),
    worker: &str,
) -> Result<()> {
    let (operation, series_id): (String, Option<i32>) = sqlx::query_as(include_str!("sql/park.sql"))
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

/// Ends the operation if nothing of it is open; whether it did. The caller has locked the tasks that it changed.
///
/// # Errors
/// [`Error::Database`]
pub async fn end_operation(tx: &mut PgConnection, operation: &str) -> Result<bool> {
    sqlx::query("SELECT FROM barlift.operations WHERE id = $1 FOR UPDATE")
        .bind(operation)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    let ended = sqlx::query(include_str!("sql/end_operation.sql"))
        .bind(operation)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    follow(tx, operation).await?;
    Ok(true)
}

/// Hands back every task that a worker of this name still runs: it lost the database, or was told to
/// stop and did not make it in time.
///
/// # Errors
/// [`Error::Database`]
pub async fn hand_back_all(pool: &PgPool, worker: &str) -> Result<()> {
    // With a COMMIT: whoever ends may leave connections in a transaction that sqlx knows nothing of.
    let mut tx = pool.begin().await.during(WHAT)?;
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
