//! A worker that has stopped is marked as gone.

use sqlx::PgPool;

use crate::db::transaction;
use crate::error::{During, Result};

/// Sets the last heartbeat of a worker that has stopped to 1970, so that nothing waits for its lease to run out. `prune`
/// removes the row later.
pub(super) async fn deregister(pool: &PgPool, worker: &str) -> Result<()> {
    const WHAT: &str = "deregistering the worker";
    // With a COMMIT: see `run::release`.
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    sqlx::query("UPDATE apalis.workers SET last_seen = to_timestamp(0) WHERE id = $1")
        .bind(worker)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    tx.commit().await.during(WHAT)
}
