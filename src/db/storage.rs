//! Rowstore or columnstore: which one `bars` has, and which one it gets.
//!
//! Invariant: only an empty table changes its storage; bars are never converted. A columnstore has no unique index, since
//! TimescaleDB compresses during COPY only without one. It always has a policy that compresses the rows that were written
//! uncompressed. `repository::columnstore` explains how barlift keeps bars unique there.

use sqlx::PgConnection;

use super::transaction;
use crate::config::{DatabaseConfig, Layout};
use crate::error::{During, Error, Result};

/// When a columnstore compresses uncompressed rows, by default: most late bars of the last days come before that.
const COMPRESS_AFTER: &str = "7 days";

const WHAT: &str = "settling how bars are stored (database.storage)";

/// The storage that `bars` has.
pub(crate) async fn layout(connection: &mut PgConnection) -> Result<Layout> {
    let unique: bool = sqlx::query_scalar(include_str!("sql/has_unique_index.sql"))
        .fetch_one(connection)
        .await
        .during("looking how bars are stored")?;
    Ok(if unique { Layout::Rowstore } else { Layout::Columnstore })
}

/// What keeps a bar from being there twice.
pub(super) fn promise(layout: Layout) -> &'static str {
    match layout {
        Layout::Rowstore => "unique by its primary key",
        Layout::Columnstore => {
            "unique by barlift's own check (no unique index); what other writers double, `barlift verify` finds"
        }
    }
}

/// Refuses a storage that this table cannot get: a columnstore if the server has none, or another storage if there are
/// bars.
pub(super) async fn refuse_impossible(connection: &mut PgConnection, asked: Option<Layout>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    if asked == layout(connection).await? {
        return Ok(());
    }
    if asked == Layout::Columnstore {
        refuse_unable(connection).await?;
    }
    refuse_bars(connection, asked).await
}

async fn refuse_bars(connection: &mut PgConnection, asked: Layout) -> Result<()> {
    let empty: bool = sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM barlift.bars)")
        .fetch_one(connection)
        .await
        .during(WHAT)?;
    if empty {
        return Ok(());
    }
    Err(Error::config(
        format!(
            "database.storage is {}, but there are bars already, stored otherwise; they are not converted",
            asked.as_str()
        ),
        "leave database.storage (--storage) out to go on as it is, or set up another database and import into that",
    ))
}

async fn refuse_unable(connection: &mut PgConnection) -> Result<()> {
    let (known, licensed): (bool, bool) = sqlx::query_as(include_str!("sql/direct_compress.sql"))
        .fetch_one(connection)
        .await
        .during("asking what timescaledb can do")?;
    if !known {
        return Err(no_columnstore(
            "this timescaledb is too old to compress what COPY brings",
            "update it (2.21 has it, 2.26 is what barlift is tested with), or use database.storage = \"rowstore\"",
        ));
    }
    if !licensed {
        return Err(no_columnstore(
            "this server runs timescaledb under its Apache license, without compression",
            "set timescaledb.license = 'timescale' in postgresql.conf, or use database.storage = \"rowstore\"",
        ));
    }
    Ok(())
}

/// Refuses `database.compress_after` if the server's license excludes compression.
pub(super) async fn refuse_unlicensed(connection: &mut PgConnection, after: Option<&str>) -> Result<()> {
    let Some(after) = after else { return Ok(()) };
    let (_, licensed): (bool, bool) = sqlx::query_as(include_str!("sql/direct_compress.sql"))
        .fetch_one(connection)
        .await
        .during("asking what timescaledb can do")?;
    if licensed { Ok(()) } else { Err(unlicensed(after)) }
}

fn unlicensed(after: &str) -> Error {
    Error::config(
        format!(
            "database.compress_after is \"{after}\", but this server runs timescaledb under its Apache license, without \
             compression"
        ),
        "set timescaledb.license = 'timescale' in postgresql.conf and restart the server, or leave database.compress_after out",
    )
}

/// The error for a columnstore on a server without TimescaleDB.
pub(super) fn needs_timescaledb(why: &str) -> Error {
    no_columnstore(
        why,
        "install TimescaleDB and name it in shared_preload_libraries, or use database.storage = \"rowstore\"",
    )
}

fn no_columnstore(why: &str, hint: &str) -> Error {
    Error::config(format!("database.storage is columnstore, but {why}"), hint)
}

/// Gives the hypertable the storage that the configuration asks for, and its compression policy.
pub(super) async fn settle(connection: &mut PgConnection, config: &DatabaseConfig) -> Result<Layout> {
    let mut now = layout(connection).await?;
    if let Some(asked) = config.storage.filter(|asked| *asked != now) {
        switch(connection, asked).await?;
        now = asked;
    }
    let after = config.compress_after.as_deref().or((now == Layout::Columnstore).then_some(COMPRESS_AFTER));
    if let Some(after) = after {
        // A columnstore lacks only the policy. A policy that is there is replaced only if the configuration names another.
        let (enable, replace) = (now == Layout::Rowstore, config.compress_after.is_some());
        compression(connection, after, enable, replace).await?;
    }
    Ok(now)
}

async fn switch(connection: &mut PgConnection, to: Layout) -> Result<()> {
    let mut tx = transaction::begin_on(connection).await.during(WHAT)?;
    // From here on nobody writes bars, and all committed ones are visible.
    sqlx::query("LOCK TABLE barlift.bars IN ACCESS EXCLUSIVE MODE").execute(&mut *tx).await.during(WHAT)?;
    refuse_bars(&mut tx, to).await?;
    let statements = match to {
        Layout::Columnstore => include_str!("sql/to_columnstore.sql"),
        Layout::Rowstore => include_str!("sql/to_rowstore.sql"),
    };
    sqlx::raw_sql(statements).execute(&mut *tx).await.during(WHAT)?;
    tx.commit().await.during(WHAT)
}

async fn compression(connection: &mut PgConnection, after: &str, enable: bool, replace: bool) -> Result<()> {
    const WHAT: &str = "setting up compression (database.compress_after)";
    let mut tx = transaction::begin_on(connection).await.during(WHAT)?;
    if enable {
        sqlx::query(include_str!("sql/enable_compression.sql")).execute(&mut *tx).await.during(WHAT)?;
    }
    if replace {
        let query = sqlx::query(include_str!("sql/remove_other_policy.sql")).bind(after);
        query.execute(&mut *tx).await.during(WHAT)?;
    }
    let query = sqlx::query(include_str!("sql/add_compression_policy.sql")).bind(after);
    query.execute(&mut *tx).await.during(WHAT)?;
    tx.commit().await.during(WHAT)
}

/// After how long chunks are compressed, if they are.
pub(super) async fn compressed_after(connection: &mut PgConnection) -> Result<Option<String>> {
    sqlx::query_scalar(include_str!("sql/compressed_after.sql"))
        .fetch_optional(connection)
        .await
        .during("looking for a compression policy")
}

/// Why the last run of the compression policy failed, if it did: chunks then stay as they are, and nothing else tells.
pub(super) async fn compression_error(connection: &mut PgConnection) -> Result<Option<String>> {
    sqlx::query_scalar(include_str!("sql/policy_failure.sql"))
        .fetch_optional(connection)
        .await
        .during("looking how the compression policy ran")
}
