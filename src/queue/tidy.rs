//! Keeping the queue small, and saying goodbye.
//!
//! Invariant: only what is done for a day goes; what is known of tasks and attempts is in our own tables.

use sqlx::PgPool;

use super::QUEUE;
use crate::db::transaction;
use crate::error::{During, Result};

/// Removes jobs that are done and workers that are gone, a day later.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn prune(pool: &PgPool) -> Result<()> {
    for query in [include_str!("sql/prune_jobs.sql"), include_str!("sql/prune_workers.sql")] {
        sqlx::query(query).bind(QUEUE).execute(pool).await.during("removing jobs that are done")?;
    }
    Ok(())
}

/// Nobody is to wait for a worker that has ended well.
pub(super) async fn say_goodbye(pool: &PgPool, worker: &str) -> Result<()> {
    const WHAT: &str = "saying goodbye to the queue";
    // With a COMMIT: see `release`.
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    sqlx::query("UPDATE apalis.workers SET last_seen = to_timestamp(0) WHERE id = $1")
        .bind(worker)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    tx.commit().await.during(WHAT)
}
