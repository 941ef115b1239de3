//! What is in a database, for `barlift db info`.
//!
//! Invariant: it only reads, and works on a database that was never set up.

use serde::Serialize;

use super::Database;
use super::schema::{self, Storage};
use crate::error::{During, Result};

/// What `barlift db info` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    /// Without the password.
    pub(crate) url: String,
    pub(crate) embedded: bool,
    /// Whether a connection pooler is in between.
    pub(crate) pooled: bool,
    pub(crate) server_version: String,
    /// Whether all tables of this version of barlift are there.
    pub(crate) schema_current: bool,
    /// None before set-up.
    pub(crate) storage: Option<Storage>,
    pub(crate) series: i64,
    /// Bars: counted in a small table, estimated from the server's statistics in a large one.
    pub(crate) bars_estimate: i64,
    /// Bytes of the bars with their index.
    pub(crate) bars_bytes: i64,
    pub(crate) operations: i64,
}

/// Reads it; `schema_current` is the result of [`crate::setup::is_current`].
pub(crate) async fn info(database: &Database, schema_current: bool) -> Result<Info> {
    let pool = &database.pool;
    let server_version: String = sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(pool)
        .await
        .during("reading the server's version")?;
    let mut info = Info {
        url: database.shown_url(),
        embedded: database.embedded().is_some(),
        pooled: database.is_pooled(),
        server_version,
        schema_current,
        storage: None,
        series: 0,
        bars_estimate: 0,
        bars_bytes: 0,
        operations: 0,
    };
    if !info.schema_current {
        return Ok(info);
    }
    let what = "reading what is in the database";
    (info.series, info.operations) =
        sqlx::query_as(include_str!("sql/counts.sql")).fetch_one(pool).await.during(what)?;
    let storage = schema::storage(pool).await?;
    let size_query = match &storage {
        Storage::Hypertable { .. } => include_str!("sql/hypertable_size.sql"),
        Storage::Plain { .. } => include_str!("sql/table_size.sql"),
    };
    (info.bars_estimate, info.bars_bytes) = sqlx::query_as(size_query).fetch_one(pool).await.during(what)?;
    info.storage = Some(storage);
    Ok(info)
}
