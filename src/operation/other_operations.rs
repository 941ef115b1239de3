//! Operations that this process did not enqueue, but whose tasks its worker may run: all workers share one queue.

use sqlx::{FromRow, PgPool};

use crate::error::{During, Result};
use crate::model::OperationId;

const WHAT: &str = "looking for other operations";

/// Another operation, and a number of its files.
#[derive(Debug, FromRow)]
pub(crate) struct OtherOperation {
    pub(crate) id: OperationId,
    pub(crate) files: i64,
}

/// Other operations with files that any worker may claim now.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn pending(pool: &PgPool, own: &[&OperationId]) -> Result<Vec<OtherOperation>> {
    let query = sqlx::query_as(include_str!("sql/other_pending.sql")).bind(own);
    query.fetch_all(pool).await.during(WHAT)
}

/// Other operations of which this process has claimed files since it enqueued its own operations.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn worked_on(
    pool: &PgPool,
    own: &[&OperationId],
    process: &str,
) -> Result<Vec<OtherOperation>> {
    let query = sqlx::query_as(include_str!("sql/other_worked_on.sql")).bind(own).bind(process);
    query.fetch_all(pool).await.during(WHAT)
}
