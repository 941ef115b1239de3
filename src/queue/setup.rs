//! The queue's own schema, as apalis-postgres makes it.

use apalis_postgres::PostgresStorage;
use sqlx::PgPool;

use crate::backend::schema::migrate_error;
use crate::error::{During, Result};

const WHAT: &str = "reading the queue's version";

/// Runs apalis's migrations; the schema `apalis` must be there.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn setup(pool: &PgPool) -> Result<()> {
    PostgresStorage::migrations().run(pool).await.map_err(|e| migrate_error("apalis", e))
}

/// Whether all of them have run.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn is_current(pool: &PgPool) -> Result<bool> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('apalis._sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await
        .during(WHAT)?;
    if !there {
        return Ok(false);
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM apalis._sqlx_migrations")
        .fetch_one(pool)
        .await
        .during(WHAT)?;
    Ok(newest >= PostgresStorage::migrations().iter().map(|m| m.version).max())
}
