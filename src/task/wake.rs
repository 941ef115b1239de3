//! Tasks that wait for a series, one after the other.
//!
//! Invariant: whoever lets go of a series does so on the transaction that gives the next one that waits its job. What
//! slips through (a holder that was cancelled and whose worker died, one that somebody had locked just then) is found
//! by [`wake_forgotten`], once a lease.

use sqlx::{PgConnection, PgPool};

use super::Lease;
use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::{SeriesId, TaskId};
use crate::queue::{self, NewJob};

const WHAT: &str = "letting go of the series";

/// The task waits until whoever is at the series lets go of it. The caller has locked both rows.
pub(super) async fn wait(
    tx: &mut PgConnection,
    (task_id, rescues): (TaskId, i32),
    series_id: SeriesId,
) -> Result<()> {
    let query = sqlx::query(include_str!("sql/wait.sql")).bind(task_id).bind(series_id).bind(rescues);
    query.execute(tx).await.during("waiting for the series")?;
    Ok(())
}

/// The task is at the series no more, if it was: the next one that waits gets a job. A task that `ended` is not
/// running; of another one that is looked at first. The caller has locked the task's row.
pub(super) async fn let_go(
    tx: &mut PgConnection,
    series_id: SeriesId,
    task_id: TaskId,
    ended: bool,
) -> Result<()> {
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
pub(super) async fn wake(tx: &mut PgConnection, series_id: SeriesId) -> Result<()> {
    let next: Option<NewJob> = sqlx::query_as(include_str!("sql/wake.sql"))
        .bind(series_id)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    match next {
        Some(job) => queue::push(tx, &[job]).await,
        None => nobody_waits(tx, series_id).await,
    }
}

async fn nobody_waits(tx: &mut PgConnection, series_id: SeriesId) -> Result<()> {
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
    let free: Vec<SeriesId> =
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

async fn wake_one(pool: &PgPool, series_id: SeriesId) -> Result<()> {
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    let still: Option<SeriesId> = sqlx::query_scalar(include_str!("sql/lock_if_free.sql"))
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
