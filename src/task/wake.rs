//! Tasks that wait for a series, one after the other.
//!
//! Invariant: whoever lets go of a series does so on the transaction that gives the next one that waits its job. What
//! slips through (a holder that was cancelled and whose worker died, one that somebody had locked just then) is found
//! by [`wake_forgotten`], once a lease.

use sqlx::{FromRow, PgConnection, PgPool};

use super::Lease;
use crate::backend::transaction;
use crate::error::{During, Result};
use crate::queue::{self, Job, Push};

const WHAT: &str = "letting go of the series";

#[derive(FromRow)]
struct Next {
    operation_id: String,
    id: i64,
    pushes: i32,
    priority: i32,
    traceparent: String,
}

/// The task waits until whoever is at the series lets go of it. The caller has locked both rows.
pub(super) async fn wait(
    tx: &mut PgConnection,
    (task_id, rescues): (i64, i32),
    series_id: i32,
) -> Result<()> {
    let query = sqlx::query(include_str!("sql/wait.sql")).bind(task_id).bind(series_id).bind(rescues);
    query.execute(tx).await.during("waiting for the series")?;
    Ok(())
}

/// The task is at the series no more, if it was: the next one that waits gets a job. A task that `ended` is not
/// running; of another one that is looked at first. The caller has locked the task's row.
pub(super) async fn let_go(tx: &mut PgConnection, series_id: i32, task_id: i64, ended: bool) -> Result<()> {
    let waited_for: Option<bool> = sqlx::query_scalar(include_str!("sql/let_go.sql"))
        .bind(series_id)
        .bind(task_id)
        .bind(ended)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    if waited_for == Some(true) { wake(tx, series_id).await } else { Ok(()) }
}

/// The next one that waits for the series gets a job. The caller has locked its row.
pub(super) async fn wake(tx: &mut PgConnection, series_id: i32) -> Result<()> {
    let next: Option<Next> = sqlx::query_as(include_str!("sql/wake.sql"))
        .bind(series_id)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    let Some(Next { operation_id, id, pushes, priority, traceparent }) = next else {
        return nobody_waits(tx, series_id).await;
    };
    let job = Job::new(&operation_id, id, pushes);
    let run_at = jiff::Timestamp::now();
    queue::push(tx, &[Push { job, run_at, priority, traceparent: &traceparent }]).await
}

async fn nobody_waits(tx: &mut PgConnection, series_id: i32) -> Result<()> {
    sqlx::query("UPDATE barlift.series SET waited_for = false WHERE id = $1")
        .bind(series_id)
        .execute(tx)
        .await
        .during(WHAT)?;
    Ok(())
}

/// Wakes one task of each series that some wait for and nobody is at.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn wake_forgotten(pool: &PgPool) -> Result<()> {
    let free: Vec<i32> =
        sqlx::query_scalar(include_str!("sql/waited_for_and_free.sql")).fetch_all(pool).await.during(WHAT)?;
    for series_id in free {
        unless_locked(wake_one(pool, series_id).await)?;
    }
    Ok(())
}

/// A row that somebody keeps locked is left to the next sweep, and does not hold up the others.
pub(super) fn unless_locked(done: Result<()>) -> Result<()> {
    done.or_else(|e| if e.is_lock_timeout() { Ok(()) } else { Err(e) })
}

async fn wake_one(pool: &PgPool, series_id: i32) -> Result<()> {
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    let still: Option<i32> = sqlx::query_scalar(include_str!("sql/lock_if_free.sql"))
        .bind(series_id)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    if still.is_some() {
        wake(&mut tx, series_id).await?;
    }
    tx.commit().await.during(WHAT)
}

impl Lease {
    /// The task is not this attempt's any more. If nobody else has it either, the series is free.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn let_go(&self, pool: &PgPool) -> Result<()> {
        let Some(series_id) = self.series_id else { return Ok(()) };
        // What cannot be had now is found by the sweep.
        let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
        // First, and by a statement of its own: whoever starts the task anew right now is waited for, and seen.
        sqlx::query("SELECT FROM barlift.tasks WHERE id = $1 FOR NO KEY UPDATE")
            .bind(self.task_id)
            .execute(&mut *tx)
            .await
            .during(WHAT)?;
        let_go(&mut tx, series_id, self.task_id, false).await?;
        tx.commit().await.during(WHAT)
    }
}
