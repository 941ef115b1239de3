//! Operations that wait for the end of another one.
//!
//! Invariant: they begin on the transaction that ends it, once; if all of its tasks were cancelled, they are cancelled,
//! too.

use sqlx::{PgConnection, PgPool};

use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::{OperationId, OperationKind};
use crate::queue::{self, NewJob};
use crate::task::release::unless_locked;
use crate::task::settle::lock_operation;

const WHAT: &str = "beginning dependent operations";

/// The operation was cancelled as a whole: so is whatever waits for it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn cancel_dependents(tx: &mut PgConnection, operation: &OperationId) -> Result<()> {
    sqlx::query(include_str!("sql/lock_dependents.sql"))
        .bind(operation)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    let query = sqlx::query(include_str!("sql/cancel_dependents.sql")).bind(operation);
    query.execute(tx).await.during(WHAT)?;
    Ok(())
}

/// Begins what waits for an operation that has ended, should whoever ended it (a worker of an older release) not
/// have known of it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn begin_missed_dependents(pool: &PgPool) -> Result<()> {
    let ended: Vec<OperationId> =
        sqlx::query_scalar(include_str!("sql/missed_dependents.sql")).fetch_all(pool).await.during(WHAT)?;
    for operation in ended {
        unless_locked(begin_missed(pool, &operation).await)?;
    }
    Ok(())
}

async fn begin_missed(pool: &PgPool, operation: &OperationId) -> Result<()> {
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    // Unless somebody has retried it meanwhile.
    if lock_operation(&mut tx, operation).await? {
        begin_dependents(&mut tx, operation).await?;
    }
    tx.commit().await.during(WHAT)
}

/// The operation has ended on this transaction: its dependents begin, or are cancelled if all of its tasks were.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn begin_dependents(tx: &mut PgConnection, operation: &OperationId) -> Result<()> {
    const DONE: &str =
        "SELECT EXISTS (SELECT FROM barlift.tasks WHERE operation_id = $1 AND state <> 'cancelled')";
    let done: bool = sqlx::query_scalar(DONE).bind(operation).fetch_one(&mut *tx).await.during(WHAT)?;
    if !done {
        return cancel_dependents(tx, operation).await;
    }
    let begun: Vec<OperationId> = sqlx::query_scalar(include_str!("sql/begin_dependents.sql"))
        .bind(operation)
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    if begun.is_empty() {
        return Ok(());
    }
    let jobs: Vec<NewJob> = sqlx::query_as(include_str!("sql/first_jobs.sql"))
        .bind(begun)
        .bind(OperationKind::known())
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    // In each dependent's own trace, whichever operation ends here.
    for same_operation in jobs.chunk_by(|a, b| a.job.operation_id == b.job.operation_id) {
        queue::push_below(tx, same_operation).await?;
    }
    Ok(())
}
