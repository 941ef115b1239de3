//! Other operations than those that a process has enqueued: its worker takes whatever waits in the queue.

use sqlx::{FromRow, PgPool};

use crate::error::{During, Result};

/// An operation, and how many of its files are meant.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OtherOperation {
    /// Its id.
    pub id: String,
    /// How many.
    pub files: i64,
}

/// Files of other operations that any worker may take now.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn open(pool: &PgPool, own: &[&str]) -> Result<Vec<OtherOperation>> {
    sqlx::query_as(include_str!("sql/open_elsewhere.sql"))
        .bind(own)
        .fetch_all(pool)
        .await
        .during("looking for other operations")
}

/// Files of other operations that workers of this process took since its own operations were enqueued.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn worked(pool: &PgPool, own: &[&str], process: &str) -> Result<Vec<OtherOperation>> {
    sqlx::query_as(include_str!("sql/worked_elsewhere.sql"))
        .bind(own)
        .bind(process)
        .fetch_all(pool)
        .await
        .during("looking for other operations")
}
