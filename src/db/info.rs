//! What is in a database, for `barlift db info`.
//!
//! Invariant: reads only, and works on a database that was never set up.

use serde::Serialize;

use super::Database;
use super::schema::{self, Storage};
use crate::error::{During, Result};

/// What `barlift db info` shows.
#[derive(Debug, Serialize)]
pub struct Info {
    /// Where the database is, without the password.
    pub url: String,
    /// Whether barlift runs the server itself.
    pub embedded: bool,
    /// Whether a connection pooler stands in between.
    pub pooled: bool,
    /// The server's version.
    pub server_version: String,
    /// Whether all tables of this version of barlift are there.
    pub schema_current: bool,
    /// How bars are stored; none before set-up.
    pub storage: Option<Storage>,
    /// Series.
    pub series: i64,
    /// Bars: counted in a small table, estimated from the server's statistics in a large one.
    pub bars_estimate: i64,
    /// Bytes of the bars with their index.
    pub bars_bytes: i64,
    /// Operations so far.
    pub operations: i64,
}

/// Looks around; `schema_current` is what [`crate::setup::is_current`] says.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn info(database: &Database, schema_current: bool) -> Result<Info> {
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
    let what = "reading what is there";
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
