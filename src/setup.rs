//! Sets a database up, our schema and the queue's, or finds that it is: one process at a time.
//!
//! Invariant: safe to run at any time and from any number of processes at once.

use sqlx::{PgConnection, PgPool};

use crate::config::DatabaseConfig;
use crate::db::Database;
use crate::db::schema::{self, Storage};
use crate::error::{During, Result};
use crate::queue;
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::SCHEMA;

/// The advisory lock that lets one process at a time set up ("barlift" in ASCII).
const SETUP_LOCK: i64 = 0x0062_6172_6c69_6674;

/// Sets up whatever is missing.
///
/// # Errors
/// [`crate::error::Error::Database`], with advice when the role lacks a right or the database is not in UTF8.
pub async fn setup(database: &Database, config: &DatabaseConfig) -> Result<Storage> {
    database.require_utf8()?;
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

/// Sets up only if the database is behind this program.
///
/// # Errors
/// As [`setup`].
pub async fn ensure(database: &mut Database, config: &DatabaseConfig) -> Result<()> {
    if !is_ready(&database.pool, config).await? {
        setup(database, config).await?;
        // A session that looked for names at the moment when another process made the schemas may go on not
        // finding what is in them.
        database.reconnect().await;
    }
    Ok(())
}

/// On one connection: each that is opened costs the server some 10 ms.
async fn is_ready(pool: &PgPool, config: &DatabaseConfig) -> Result<bool> {
    let mut connection = pool.acquire().await.during("connecting")?;
    Ok(is_current(&mut connection).await? && !schema::other_storage(&mut connection, config.storage).await?)
}

/// Whether nothing is left to set up.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn is_current(connection: &mut PgConnection) -> Result<bool> {
    Ok(schema::is_current(connection).await? && queue::is_current(connection).await?)
}

/// Whether series and bars are there, of whatever version of barlift.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn is_there(pool: &PgPool) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT to_regclass('barlift.series') IS NOT NULL AND to_regclass('barlift.bars') IS NOT NULL",
    )
    .fetch_one(pool)
    .await
    .during("looking for bars")
}

async fn run(pool: &PgPool, config: &DatabaseConfig) -> Result<Storage> {
    step(pool, "CREATE SCHEMA", "schemas barlift, apalis", create_schemas(pool)).await?;
    step(pool, "MIGRATE", "schema apalis: the queue's tables", queue::setup(pool)).await?;
    let tables = "schema barlift: series, bars, operations, tasks, attempts, findings";
    step(pool, "MIGRATE", tables, schema::setup(pool)).await?;
    step(pool, "CREATE HYPERTABLE", "barlift.bars", schema::hypertable(pool, config)).await
}

/// One step of the set-up, as a span.
async fn step<T>(
    pool: &PgPool,
    operation: &str,
    objects: &str,
    run: impl Future<Output = Result<T>>,
) -> Result<T> {
    let span = Span::start(&SCHEMA);
    span.set(attr::DB_SYSTEM, "postgresql")
        .set(attr::DB_NAME, pool.connect_options().get_database().unwrap_or("postgres"))
        .set(attr::DB_OPERATION, operation)
        .set(attr::DB_OBJECTS, objects);
    let done = span.around(run).await;
    span.end(&done, "");
    done
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
