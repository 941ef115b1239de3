//! Bringing a database up to date: migrations, the queue's own schema, the hypertable.
//!
//! Invariant: safe to run at any time, from any number of processes at once, on a database of any
//! earlier version; it only adds. With `timescaledb` at hand `bars` becomes a hypertable, without it the
//! table stays plain; [`Storage`] says which.

use serde::Serialize;
use sqlx::migrate::Migrator;
use sqlx::{PgConnection, PgPool};

use super::Database;
use crate::config::DatabaseConfig;
use crate::error::{During, Error, Result};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The advisory lock that lets one process at a time set up ("barlift" in ASCII).
const SETUP_LOCK: i64 = 0x0062_6172_6c69_6674;

/// How `bars` is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Storage {
    /// A TimescaleDB hypertable.
    Hypertable {
        /// The extension's version.
        timescaledb: String,
    },
    /// A plain PostgreSQL table.
    Plain {
        /// Why it is no hypertable.
        reason: String,
    },
}

/// Sets up whatever is missing.
///
/// # Errors
/// [`Error::Database`], with advice when the role lacks a right.
pub async fn setup(database: &Database, config: &DatabaseConfig) -> Result<Storage> {
    let mut lock = database.pool.acquire().await.during("connecting")?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(SETUP_LOCK)
        .execute(&mut *lock)
        .await
        .during("waiting for another set-up to end")?;
    let done = run(&database.pool, config).await;
    // The lock goes with the session, so a failure to unlock just closes the connection.
    let unlocked = sqlx::query("SELECT pg_advisory_unlock($1)").bind(SETUP_LOCK).execute(&mut *lock).await;
    if unlocked.is_err() {
        lock.close_on_drop();
    }
    done
}

/// Sets up only if the database is behind this program; otherwise one query.
///
/// # Errors
/// As [`setup`].
pub async fn ensure(database: &Database, config: &DatabaseConfig) -> Result<()> {
    if !is_current(&database.pool).await? {
        setup(database, config).await?;
    }
    Ok(())
}

/// Whether all migrations of this program have run.
///
/// # Errors
/// [`Error::Database`]
pub async fn is_current(pool: &PgPool) -> Result<bool> {
    let what = "reading the schema's version";
    let there: bool =
        sqlx::query_scalar(include_str!("sql/schema_exists.sql")).fetch_one(pool).await.during(what)?;
    if !there {
        return Ok(false);
    }
    let (ours, queue): (Option<i64>, Option<i64>) =
        sqlx::query_as(include_str!("sql/newest_migrations.sql")).fetch_one(pool).await.during(what)?;
    let newest = |m: &Migrator| m.iter().map(|m| m.version).max();
    if ours < newest(&MIGRATIONS) || queue < newest(&apalis_postgres::PostgresStorage::migrations()) {
        return Ok(false);
    }
    Ok(!hypertable_is_missing(pool).await?)
}

/// Whether a set-up ended before it made the hypertable. Once there are bars, that is `db setup`'s to do.
async fn hypertable_is_missing(pool: &PgPool) -> Result<bool> {
    let mut connection = pool.acquire().await.during("connecting")?;
    if extension_version(&mut connection).await?.is_none() {
        return Ok(false);
    }
    sqlx::query_scalar(include_str!("sql/hypertable_missing.sql"))
        .fetch_one(&mut *connection)
        .await
        .during("looking for the hypertable")
}

async fn run(pool: &PgPool, config: &DatabaseConfig) -> Result<Storage> {
    create_schemas(pool).await?;
    apalis_postgres::PostgresStorage::setup(pool).await.map_err(queue_error)?;
    MIGRATIONS.run(pool).await.map_err(migrate_error)?;
    let mut connection = pool.acquire().await.during("connecting")?;
    hypertable(&mut connection, config).await
}

/// Tried first and alone, since it is what a role without rights fails at.
async fn create_schemas(pool: &PgPool) -> Result<()> {
    for (name, statement) in
        [("barlift", "CREATE SCHEMA IF NOT EXISTS barlift"), ("apalis", "CREATE SCHEMA IF NOT EXISTS apalis")]
    {
        let there: bool = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL")
            .bind(name)
            .fetch_one(pool)
            .await
            .during("looking for the schemas")?;
        // Even IF NOT EXISTS asks for the right to create one.
        if !there {
            sqlx::query(statement)
                .execute(pool)
                .await
                .during("creating the schemas `barlift` and `apalis`")?;
        }
    }
    Ok(())
}

/// Makes `bars` a hypertable where the server can.
async fn hypertable(connection: &mut PgConnection, config: &DatabaseConfig) -> Result<Storage> {
    if extension_version(connection).await?.is_none() {
        if !extension_available(connection).await? {
            return Ok(Storage::Plain { reason: NOT_AVAILABLE.to_owned() });
        }
        // If the server did not preload the library, this costs the connection, which is given up here.
        if let Err(e) =
            sqlx::query("CREATE EXTENSION timescaledb SCHEMA public").execute(&mut *connection).await
        {
            let why = e.as_database_error().map_or_else(|| e.to_string(), |d| d.message().to_owned());
            tracing::warn!(
                error = why,
                "the extension timescaledb cannot be created; bars stay a plain table"
            );
            return Ok(Storage::Plain { reason: format!("timescaledb cannot be created: {why}") });
        }
    }
    sqlx::query(include_str!("sql/create_hypertable.sql"))
        .bind(&config.chunk_interval)
        .execute(&mut *connection)
        .await
        .during("making barlift.bars a hypertable (database.chunk_interval)")?;
    if let Some(after) = &config.compress_after {
        compression(connection, after).await?;
    }
    let version = extension_version(connection).await?;
    Ok(Storage::Hypertable { timescaledb: version.unwrap_or_default() })
}

/// How `bars` is stored now.
///
/// # Errors
/// [`Error::Database`]
pub async fn storage(pool: &PgPool) -> Result<Storage> {
    let mut connection = pool.acquire().await.during("connecting")?;
    let plain = |reason: &str| Ok(Storage::Plain { reason: reason.to_owned() });
    let Some(timescaledb) = extension_version(&mut connection).await? else {
        return match extension_available(&mut connection).await? {
            true => plain("timescaledb is available but not used; `barlift db setup` tries to"),
            false => plain(NOT_AVAILABLE),
        };
    };
    let is_hypertable: bool = sqlx::query_scalar(include_str!("sql/is_hypertable.sql"))
        .fetch_one(&mut *connection)
        .await
        .during("looking for the hypertable")?;
    if is_hypertable {
        Ok(Storage::Hypertable { timescaledb })
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

async fn compression(connection: &mut PgConnection, after: &str) -> Result<()> {
    let what = "setting up compression (database.compress_after)";
    sqlx::query(include_str!("sql/enable_compression.sql")).execute(&mut *connection).await.during(what)?;
    sqlx::query(include_str!("sql/add_compression_policy.sql"))
        .bind(after)
        .execute(&mut *connection)
        .await
        .during(what)?;
    Ok(())
}

fn queue_error(e: apalis_postgres::Error) -> Error {
    match e {
        apalis_postgres::Error::Database(e) => Error::during("setting up the queue's schema `apalis`", e),
        other => Error::database(
            format!("setting up the queue: {other}"),
            "see the README of apalis-postgres on upgrading",
        ),
    }
}

fn migrate_error(e: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError as M;
    const WHAT: &str = "setting up the schema `barlift`";
    match e {
        M::Execute(e) | M::ExecuteMigration(e, _) => Error::during(WHAT, e),
        M::VersionMissing(v) => Error::database(
            format!("the database was set up by a newer barlift (migration {v})"),
            "use that version of barlift, or another database",
        ),
        other => Error::database(format!("{WHAT}: {other}"), "see the message above"),
    }
}
