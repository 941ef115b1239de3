//! Removing old jobs and workers from the queue.
//!
//! Invariant: only what ended a day ago is removed; tasks and attempts are in tables of our own.

use sqlx::PgPool;

use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::OperationKind;

/// Removes jobs that are done and workers that are gone, a day later.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn prune(pool: &PgPool) -> Result<()> {
    for query in [include_str!("sql/prune_jobs.sql"), include_str!("sql/prune_workers.sql")] {
        sqlx::query(query)
            .bind(OperationKind::queues())
            .execute(pool)
            .await
            .during("removing jobs that are done")?;
    }
    Ok(())
}

/// Marks a worker that has ended as gone, so that nothing waits for its lease to run out.
pub(super) async fn deregister(pool: &PgPool, worker: &str) -> Result<()> {
    const WHAT: &str = "deregistering the worker";
    // With a COMMIT: see `release`.
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    sqlx::query("UPDATE apalis.workers SET last_seen = to_timestamp(0) WHERE id = $1")
        .bind(worker)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    tx.commit().await.during(WHAT)
}
