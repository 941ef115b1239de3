//! Our own schema: migrations, and the hypertable where the server has TimescaleDB.
//!
//! Invariant: safe to run at any time on a database of any earlier version; migrations leave what is stored as it is.
//! [`Storage`] says whether `bars` is a hypertable or a plain table.

use serde::Serialize;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{PgConnection, PgPool};

use super::storage;
use crate::config::{DatabaseConfig, Layout};
use crate::error::{During, Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How `bars` is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Storage {
    /// A TimescaleDB hypertable.
    Hypertable {
        /// The extension's version.
        timescaledb: String,
        /// Rowstore or columnstore.
        layout: Layout,
        /// What keeps a bar from being there twice.
        promise: &'static str,
        /// After how long chunks are compressed; in a columnstore, only rows that were not compressed when they were
        /// written.
        compress_after: Option<String>,
        /// The error of that compression's last run, if it failed.
        compression_error: Option<String>,
    },
    /// A plain PostgreSQL table.
    Plain {
        /// Why it is no hypertable.
        reason: String,
    },
}

/// Runs our migrations.
pub(crate) async fn setup(pool: &PgPool) -> Result<()> {
    MIGRATIONS.run(pool).await.map_err(|e| migrate_error("barlift", e))
}

/// Whether [`setup`] has nothing left to do.
pub(crate) async fn is_current(connection: &mut PgConnection) -> Result<bool> {
    let what = "reading the schema's version";
    let there: bool = sqlx::query_scalar("SELECT to_regclass('barlift._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .during(what)?;
    if !there {
        return Ok(false);
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM barlift._sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .during(what)?;
    Ok(newest >= MIGRATIONS.iter().map(|m| m.version).max() && !hypertable_is_missing(connection).await?)
}

/// Whether a set-up was cut off before it made the hypertable. Once there are bars, only `db setup` makes it.
async fn hypertable_is_missing(connection: &mut PgConnection) -> Result<bool> {
    if extension_version(connection).await?.is_none() {
        return Ok(false);
    }
    sqlx::query_scalar(include_str!("sql/hypertable_missing.sql"))
        .fetch_one(connection)
        .await
        .during("looking for the hypertable")
}

/// Whether the configuration asks for another storage than `bars` has.
pub(crate) async fn other_storage(connection: &mut PgConnection, asked: Option<Layout>) -> Result<bool> {
    let Some(asked) = asked else { return Ok(false) };
    Ok(storage::layout(connection).await? != asked)
}

/// Makes `bars` a hypertable if the server has TimescaleDB, with the storage that the configuration asks for.
pub(crate) async fn hypertable(pool: &PgPool, config: &DatabaseConfig) -> Result<Storage> {
    let mut connection = pool.acquire().await.during("connecting")?;
    let connection = &mut *connection;
    if extension_version(connection).await?.is_none() {
        if !extension_available(connection).await? {
            return plain(NOT_AVAILABLE.to_owned(), config);
        }
        // If the server has not preloaded the library, this ends the connection, which is not used any more then.
        if let Err(e) =
            sqlx::query("CREATE EXTENSION timescaledb SCHEMA public").execute(&mut *connection).await
        {
            let why = e.as_database_error().map_or_else(|| e.to_string(), |d| d.message().to_owned());
            tracing::warn!(
                error = why,
                "the extension timescaledb cannot be created; bars stay a plain table"
            );
            return plain(format!("timescaledb cannot be created: {why}"), config);
        }
    }
    storage::refuse_impossible(connection, config.storage).await?;
    storage::refuse_unlicensed(connection, config.compress_after.as_deref()).await?;
    sqlx::query(include_str!("sql/create_hypertable.sql"))
        .bind(&config.chunk_interval)
        .execute(&mut *connection)
        .await
        .during("making barlift.bars a hypertable (database.chunk_interval)")?;
    let layout = storage::settle(connection, config).await?;
    hypertable_storage(connection, layout).await
}

async fn hypertable_storage(connection: &mut PgConnection, layout: Layout) -> Result<Storage> {
    let timescaledb = extension_version(connection).await?.unwrap_or_default();
    let compress_after = storage::compressed_after(connection).await?;
    let compression_error = storage::compression_error(connection).await?;
    let promise = storage::promise(layout);
    Ok(Storage::Hypertable { timescaledb, layout, promise, compress_after, compression_error })
}

/// A plain table, unless the configuration asks for a columnstore.
fn plain(reason: String, config: &DatabaseConfig) -> Result<Storage> {
    if config.compress_after.is_some() {
        tracing::warn!(reason, "bars stay a plain table, so database.compress_after does nothing");
    }
    match config.storage {
        Some(Layout::Columnstore) => Err(storage::needs_timescaledb(&reason)),
        _ => Ok(Storage::Plain { reason }),
    }
}

/// How `bars` is stored now.
pub(crate) async fn storage(pool: &PgPool) -> Result<Storage> {
    let mut connection = pool.acquire().await.during("connecting")?;
    let plain = |reason: &str| Ok(Storage::Plain { reason: reason.to_owned() });
    if extension_version(&mut connection).await?.is_none() {
        return match extension_available(&mut connection).await? {
            true => plain("timescaledb is available but not used; `barlift db setup` tries to"),
            false => plain(NOT_AVAILABLE),
        };
    }
    let is_hypertable: bool = sqlx::query_scalar(include_str!("sql/is_hypertable.sql"))
        .fetch_one(&mut *connection)
        .await
        .during("looking for the hypertable")?;
    if is_hypertable {
        let layout = storage::layout(&mut connection).await?;
        hypertable_storage(&mut connection, layout).await
    } else {
        plain("timescaledb came after the set-up; `barlift db setup` makes it a hypertable")
    }
}

const NOT_AVAILABLE: &str = "the server does not have the extension timescaledb";

async fn extension_available(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')")
        .fetch_one(connection)
        .await
        .during("looking for timescaledb")
}

async fn extension_version(connection: &mut PgConnection) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        .fetch_optional(connection)
        .await
        .during("reading timescaledb's version")
}

/// The error of a migration.
pub(crate) fn migrate_error(schema: &str, e: MigrateError) -> Error {
    let what = format!("setting up the schema `{schema}`");
    match e {
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => Error::during(&what, e),
        MigrateError::VersionMissing(v) => Error::database(
            format!("the database was set up by a newer barlift (migration {v} of `{schema}`)"),
            "use that version of barlift, or another database",
        ),
        other => Error::database(format!("{what}: {other}"), "see the message above"),
    }
}
