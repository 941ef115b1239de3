//! The queue's own schema, as apalis-postgres makes it.

use apalis_postgres::PostgresStorage;
use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, SqlSafeStr as _};

use crate::db::schema::migrate_error;
use crate::error::{During, Error, Result};

const WHAT: &str = "reading the queue's version";

/// Runs apalis's migrations; the schema `apalis` must be there.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn setup(pool: &PgPool) -> Result<()> {
    match migrations().run(pool).await {
        Ok(()) => Ok(()),
        Err(e) => Err(advise(pool, migrate_error("apalis", e)).await),
    }
}

/// Statements that ask for rights and are not needed: the schema is there, and what once came from pgcrypto or
/// was put into `public` is in the schema without either by the time all migrations have run.
const NEEDLESS: [&str; 3] = [
    "CREATE SCHEMA IF NOT EXISTS apalis;",
    "CREATE EXTENSION IF NOT EXISTS pgcrypto;",
    "DROP FUNCTION IF EXISTS public.generate_ulid();",
];

/// apalis's migrations with its own checksums, less what a role that only owns the schema may not do.
fn migrations() -> Migrator {
    let theirs = PostgresStorage::migrations();
    let ours = theirs.iter().map(|m| {
        let sql = NEEDLESS.iter().fold(m.sql.as_str().to_owned(), |sql, needless| sql.replace(needless, ""));
        Migration { sql: AssertSqlSafe(sql).into_sql_str(), ..m.clone() }
    });
    let mut migrator = Migrator::with_migrations(ours.collect());
    migrator.dangerous_set_table_name("apalis._sqlx_migrations");
    migrator
}

/// A role that may not create the extension can do without the right to: it may be there already.
async fn advise(pool: &PgPool, e: Error) -> Error {
    match e {
        // If that cannot be asked, the first error says enough.
        Error::Database { message, source: Some(source), .. }
            if is_refusal(&source) && !has_hstore(pool).await.unwrap_or(true) =>
        {
            Error::Database { message, hint: Some(EXTENSION_MISSING.to_owned()), source: Some(source) }
        }
        other => other,
    }
}

const EXTENSION_MISSING: &str = "let an administrator run CREATE EXTENSION hstore SCHEMA apalis; in this database, or \
                                 grant the role CREATE on the database";

async fn has_hstore(pool: &PgPool) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'hstore')")
        .fetch_one(pool)
        .await
        .during("looking for the extension hstore")
}

/// SQLSTATE 42501: insufficient privilege.
fn is_refusal(e: &sqlx::Error) -> bool {
    e.as_database_error().is_some_and(|d| d.code().as_deref() == Some("42501"))
}

/// Whether all of apalis's migrations have run.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn is_current(connection: &mut PgConnection) -> Result<bool> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('apalis._sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .during(WHAT)?;
    if !there {
        return Ok(false);
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM apalis._sqlx_migrations")
        .fetch_one(connection)
        .await
        .during(WHAT)?;
    Ok(newest >= PostgresStorage::migrations().iter().map(|m| m.version).max())
}
