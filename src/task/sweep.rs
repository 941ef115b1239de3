//! Two looks of the sweep (the others are in `release` and `dependents`): orphaned tasks, which are open and have no
//! job, get a new one, and operations without an open task end.
//!
//! A task can lose its job: when apalis acknowledges one, it checks only id and worker, so after a stall it
//! may mark a later delivery of the same job as done.
//!
//! Invariant: a task that has a live job, and an operation that has an open task, are left alone, so any
//! worker may sweep at any time.

use sqlx::PgPool;

use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::{OperationId, OperationKind};
use crate::queue::{self, NewJob};
use crate::task::end_operation;
use crate::task::release::unless_locked;

const WHAT: &str = "looking for orphaned tasks";

/// Pushes jobs for orphaned tasks; returns how many there were.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn push_orphaned(pool: &PgPool) -> Result<usize> {
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    let jobs: Vec<NewJob> = sqlx::query_as(include_str!("sql/push_orphaned.sql"))
        .bind(OperationKind::queues())
        .bind(OperationKind::known())
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    queue::push(&mut tx, &jobs).await?;
    tx.commit().await.during(WHAT)?;
    if !jobs.is_empty() {
        tracing::warn!(tasks = jobs.len(), "found tasks without a job; each has one again");
    }
    Ok(jobs.len())
}

/// Ends operations that have no open task and were not ended; calls `ended` for each.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn end_orphaned(pool: &PgPool, ended: impl Fn()) -> Result<()> {
    const WHAT: &str = "looking for operations to end";
    let found: Vec<OperationId> =
        sqlx::query_scalar(include_str!("sql/unended.sql")).fetch_all(pool).await.during(WHAT)?;
    for operation in found {
        unless_locked(end_one(pool, &operation, &ended).await)?;
    }
    Ok(())
}

async fn end_one(pool: &PgPool, operation: &OperationId, ended: &impl Fn()) -> Result<()> {
    const WHAT: &str = "ending an operation";
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    let is_ended = end_operation(&mut tx, operation).await?;
    tx.commit().await.during(WHAT)?;
    if is_ended {
        tracing::warn!(
            operation.id = operation.as_str(),
            "all of its tasks were done, but it had not ended; it has now"
        );
        ended();
    }
    Ok(())
}
