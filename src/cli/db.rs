//! `barlift db`.

use std::io::Write;

use super::args::DbCommand;
use super::{Outcome, output, private_server};
use crate::config::{Config, Layout};
use crate::db::schema::Storage;
use crate::db::{Database, info};
use crate::error::{During as _, Error, Result};
use crate::setup;

pub(super) async fn run(command: &DbCommand, config: &Config) -> Result<Outcome> {
    match command {
        DbCommand::Setup { json, .. } => {
            let database = Database::connect(config).await?;
            setup::setup(&database, &config.database).await?;
            show(&database, *json).await
        }
        DbCommand::Info { json } => show(&Database::connect(config).await?, *json).await,
        DbCommand::Psql { arguments } => psql(&Database::connect(config).await?, arguments).await,
        DbCommand::Stop { force } => private_server::stop(*force, config).await,
        DbCommand::Remove { yes } => private_server::remove(*yes, config).await,
    }
}

async fn show(database: &Database, json: bool) -> Result<Outcome> {
    let mut connection = database.pool.acquire().await.during("connecting")?;
    let current = setup::is_current(&mut connection).await?;
    drop(connection);
    let info = info::info(database, current).await?;
    if json {
        output::json(&info)?;
        return Ok(Outcome::Well);
    }
    output::print(|out| {
        let kind = if info.embedded { " (embedded: run by barlift while it is needed)" } else { "" };
        writeln!(out, "database    {}{kind}", info.url)?;
        if info.pooled {
            writeln!(out, "pooler      a connection pooler (PgBouncer or the like), in session mode")?;
        }
        writeln!(out, "server      PostgreSQL {}", info.server_version)?;
        match &info.storage {
            None => writeln!(out, "schema      not set up: barlift db setup")?,
            Some(storage) => {
                writeln!(out, "schema      up to date")?;
                bars(out, storage)?;
                let bytes = indicatif::HumanBytes(info.bars_bytes.unsigned_abs());
                writeln!(out, "            about {} bars, {bytes}", output::count(info.bars_estimate))?;
                writeln!(out, "series      {}", output::count(info.series))?;
                writeln!(out, "operations  {}", output::count(info.operations))?;
            }
        }
        Ok(())
    })?;
    Ok(Outcome::Well)
}

fn bars(out: &mut dyn Write, storage: &Storage) -> std::io::Result<()> {
    match storage {
        Storage::Plain { reason } => writeln!(out, "bars        plain table ({reason})"),
        Storage::Hypertable { timescaledb, layout, promise, compress_after, compression_error } => {
            writeln!(out, "bars        TimescaleDB {timescaledb} hypertable")?;
            writeln!(out, "storage     {}: {promise}", layout.as_str())?;
            compression(out, *layout, compress_after.as_deref(), compression_error.as_deref())
        }
    }
}

fn compression(
    out: &mut dyn Write,
    layout: Layout,
    after: Option<&str>,
    error: Option<&str>,
) -> std::io::Result<()> {
    match (layout, after) {
        (_, None) => {}
        (Layout::Rowstore, Some(after)) => writeln!(out, "            compressed after {after}")?,
        (Layout::Columnstore, Some(after)) => {
            writeln!(out, "            compressed as it is written; what was not, after {after}")?;
        }
    }
    if let Some(error) = error {
        writeln!(out, "            the last run of the compression policy failed: {error}")?;
        writeln!(
            out,
            "            until that is fixed it compresses nothing (docs/reliability.md, Servers)"
        )?;
    }
    Ok(())
}

async fn psql(database: &Database, arguments: &[String]) -> Result<Outcome> {
    let Some(server) = database.embedded() else {
        return Err(Error::usage(
            "the database is not barlift's private server",
            "run: psql \"$DATABASE_URL\" (psql alone where PGHOST and the like name it)",
        ));
    };
    let status = tokio::process::Command::new(server.psql())
        .env("PGHOST", server.socket())
        .envs([
            ("PGPORT", "5432"),
            ("PGUSER", "barlift"),
            ("PGDATABASE", "barlift"),
            ("PGOPTIONS", "-c TimeZone=UTC"),
        ])
        .args(arguments)
        .status()
        .await
        .map_err(|e| Error::database(format!("psql cannot be run: {e}"), "install PostgreSQL's client"))?;
    Ok(if status.success() { Outcome::Well } else { Outcome::Failures })
}
