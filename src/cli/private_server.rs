//! `barlift db stop` and `barlift db remove`, for the private server that barlift runs if no database is configured.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::{Outcome, output};
use crate::config::Config;
use crate::db::embedded::PrivateServer;
use crate::db::{self, Database};
use crate::error::{Error, Result};
use crate::repository::data::DataRepository;
use crate::setup;

pub(super) async fn stop(force: bool, config: &Config) -> Result<Outcome> {
    let Some(server) = find(config, "stops")? else { return Ok(Outcome::Well) };
    let directory = server.directory().display();
    if server.stop(force).await? {
        output::print(|out| writeln!(out, "stopped the private server in {directory}"))?;
        output::note("the next command that needs it starts it again");
    } else {
        output::note(&format!("the private server in {directory} is not running"));
    }
    Ok(Outcome::Well)
}

/// Deletes the server with all bars, once the user has confirmed.
pub(super) async fn remove(yes: bool, config: &Config) -> Result<Outcome> {
    let Some(server) = find(config, "removes")? else { return Ok(Outcome::Well) };
    let directory = server.directory().display().to_string();
    let size = indicatif::HumanBytes(server.size());
    let content = match content(config).await {
        Ok(content) => content,
        Err(e) => format!("its content cannot be read: {}", e.chain()),
    };
    output::note(&format!("the private server in {directory} ({size}): {content}"));
    if !yes && !confirmed()? {
        output::note("nothing was removed");
        return Ok(Outcome::Failures);
    }
    let directory_removed = server.remove().await?;
    output::print(|out| writeln!(out, "removed the private server in {directory}"))?;
    if !directory_removed {
        output::note("the folder stays: it holds files that are not barlift's");
    }
    Ok(Outcome::Well)
}

fn find(config: &Config, verb: &str) -> Result<Option<PrivateServer>> {
    if db::is_named(config)? {
        return Err(Error::usage(
            format!(
                "a database is named (DATABASE_URL, database.url or PGHOST and the like), and barlift {verb} its \
                 private server alone"
            ),
            "unset it to mean the private server",
        ));
    }
    let found = PrivateServer::find(config.database.embedded_dir.as_deref())?;
    if found.is_none() {
        output::note("there is no private server (database.embedded_dir says where one would be)");
    }
    Ok(found)
}

async fn content(config: &Config) -> Result<String> {
    let database = Database::connect(config).await?;
    if !setup::is_there(&database.pool).await? {
        return Ok("no bars".to_owned());
    }
    let series = DataRepository::new(database.pool.clone()).list_series(None).await?;
    let bars: u64 = series.iter().map(|s| s.bars).sum();
    let named = output::counted(series.len(), "series", "series");
    database.pool.close().await;
    Ok(format!("{named} with {} and all operations", output::counted(bars, "bar", "bars")))
}

/// Asks for confirmation on the terminal.
fn confirmed() -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Error::usage(
            "cannot ask for confirmation, since stdin is not a terminal",
            "give --yes to remove the server",
        ));
    }
    let _ = write!(io::stderr(), "Remove all of it, for good? [y/N] ");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
