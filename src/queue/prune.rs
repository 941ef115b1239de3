//! Removing old jobs and workers from the queue.
//!
//! Invariant: only what ended a day ago is removed; tasks and attempts are in tables of our own.

use sqlx::PgPool;

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
