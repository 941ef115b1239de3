//! The release of series, and the tasks that wait for one, one after the other.
//!
//! Invariant: whoever releases a series gives the next task that waits for it a job, on the same transaction. What slips
//! through (a task that was cancelled and whose worker died, a waiting task that somebody had locked just then) is found by
//! [`wake_orphaned`], once a lease.

use sqlx::{PgConnection, PgPool};

use super::Lease;
use crate::db::transaction;
use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::model::{OperationKind, SeriesId, TaskId};
use crate::queue::{self, NewJob};

const WHAT: &str = "releasing series";

/// A series that its task releases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    pub(super) series_id: SeriesId,
    pub(super) task_id: TaskId,
    /// The bars that were added to it on this transaction.
    pub(super) added: SeriesDigest,
}

/// The task waits until its series is released. The caller has locked both rows.
pub(super) async fn wait(tx: &mut PgConnection, task_id: TaskId, series_id: SeriesId) -> Result<()> {
    let query = sqlx::query(include_str!("sql/wait.sql")).bind(task_id).bind(series_id);
    query.execute(tx).await.during("waiting for the series")?;
    Ok(())
}

/// Releases series that their tasks have acquired; the next task that waits for each gets a job. The caller has locked the
/// tasks' rows. Unless it knows that `none_runs`, tasks that run keep their series. Returns which series were released.
pub(super) async fn release(
    tx: &mut PgConnection,
    releases: &[Release],
    none_runs: bool,
) -> Result<Vec<SeriesId>> {
    if releases.is_empty() {
        return Ok(Vec::new());
    }
    let released: Vec<(SeriesId, bool)> = sqlx::query_as(include_str!("sql/release.sql"))
        .bind(releases.iter().map(|r| r.series_id).collect::<Vec<_>>())
        .bind(releases.iter().map(|r| r.task_id).collect::<Vec<_>>())
        // As text: PostgreSQL's integers are too small.
        .bind(releases.iter().map(|r| r.added.sum.to_string()).collect::<Vec<_>>())
        .bind(none_runs)
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    for (series_id, waited_for) in &released {
        if *waited_for {
            push_next_waiting(tx, *series_id).await?;
        }
    }
    Ok(released.into_iter().map(|r| r.0).collect())
}

/// Gives the next task that waits for the series a job. The caller has locked the series' row.
async fn push_next_waiting(tx: &mut PgConnection, series_id: SeriesId) -> Result<()> {
    let next: Option<NewJob> = sqlx::query_as(include_str!("sql/next_waiting.sql"))
        .bind(series_id)
        .bind(OperationKind::known())
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    match next {
        Some(job) => queue::push(tx, &[job]).await,
        None => not_waited_for(tx, series_id).await,
    }
}

async fn not_waited_for(tx: &mut PgConnection, series_id: SeriesId) -> Result<()> {
    sqlx::query("UPDATE barlift.series SET waited_for = false WHERE id = $1")
        .bind(series_id)
        .execute(tx)
        .await
        .during(WHAT)?;
    Ok(())
}

/// Gives one task a job of each series that tasks wait for and no running task has acquired.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn wake_orphaned(pool: &PgPool) -> Result<()> {
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
        push_next_waiting(&mut tx, series_id).await?;
    }
    tx.commit().await.during(WHAT)
}

impl Lease {
    /// Releases the series of an attempt that has lost its task, unless another attempt at the task runs.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn release(&self, pool: &PgPool) -> Result<()> {
        let Some(series_id) = self.series_id else { return Ok(()) };
        // What cannot be locked now is found by the sweep.
        let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
        // First, and by a statement of its own: if the task is claimed anew right now, this waits and then sees it.
        sqlx::query("SELECT FROM barlift.tasks WHERE id = $1 FOR NO KEY UPDATE")
            .bind(self.task_id)
            .execute(&mut *tx)
            .await
            .during(WHAT)?;
        release(&mut tx, &[self.release_of(series_id)], false).await?;
        tx.commit().await.during(WHAT)
    }

    /// The release of a series that nothing was added to.
    fn release_of(&self, series_id: SeriesId) -> Release {
        Release { series_id, task_id: self.task_id, added: SeriesDigest::default() }
    }
}
