//! `barlift retry`, `cancel`, `pause`, `resume` and `priority`.

use std::time::Duration;

use super::args::{CancelArgs, PauseArgs, PriorityArgs, RetryArgs};
use super::work::finish;
use super::{Outcome, output, progress, ready_database, signals};
use crate::backend::Database;
use crate::config::Config;
use crate::error::Result;
use crate::operation::control::{self, Changed};
use crate::operation::status;
use crate::operation::{OperationId, due_spans};
use crate::queue;
use crate::telemetry::Telemetry;

/// Retries what failed.
pub(super) async fn retry(args: &RetryArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::retry(&database.pool, &id, &args.selection.selection(), args.cancelled).await?;
    let text = if changed.paused {
        let files = files(changed.tasks);
        format!("{files} of {id} to be tried again; it is paused, and `barlift resume {id}` lets it go on")
    } else {
        format!("{} of {id} queued again", files(changed.tasks))
    };
    if !args.wait {
        return tell(&changed, args.json, &text);
    }
    output::note(&text);
    if queue::heartbeats(&database.pool, config.worker.lease).await?.alive == 0 {
        output::note("no worker is running now; start one with `barlift worker`");
    }
    let stop = signals::stop_token(signals::STOPS_WATCHING)?;
    finish(&[progress::watch(&database.pool, &id, &stop).await?], args.json)
}

/// Cancels it, or some files of it.
pub(super) async fn cancel(args: &CancelArgs, config: &Config, telemetry: &Telemetry) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::cancel(&database.pool, &id, &args.selection.selection()).await?;
    if let Some(recorder) = telemetry.recorder() {
        // There may be no worker that completes the trace. A collector that hangs must not keep the user.
        let told = due_spans::export(&database.pool, &recorder);
        let _ = tokio::time::timeout(Duration::from_millis(1500), told).await;
    }
    let text = format!("{} of {id} cancelled{}", files(changed.tasks), stopped(&changed));
    tell(&changed, args.json, &text)
}

/// Pauses it.
pub(super) async fn pause(args: &PauseArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::pause(&database.pool, &id).await?;
    let text = format!(
        "{id} paused, {} to go{}; `barlift resume {id}` lets it go on",
        files(changed.tasks),
        stopped(&changed)
    );
    tell(&changed, args.json, &text)
}

/// Lets it go on.
pub(super) async fn resume(args: &PauseArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::resume(&database.pool, &id).await?;
    tell(&changed, args.json, &format!("{id} goes on, {} to go", files(changed.tasks)))
}

/// Changes its priority.
pub(super) async fn priority(args: &PriorityArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::prioritize(&database.pool, &id, args.priority).await?;
    let text = format!("{id} has priority {} now, {} to go", args.priority, files(changed.tasks));
    tell(&changed, args.json, &text)
}

async fn open(operation: &str, config: &Config) -> Result<(Database, OperationId)> {
    let database = ready_database(config).await?;
    let id = status::find(&database.pool, operation).await?;
    Ok((database, id))
}

fn files(n: usize) -> String {
    output::counted(i64::try_from(n).unwrap_or(i64::MAX), "file", "files")
}

fn stopped(changed: &Changed) -> String {
    match changed.running {
        0 => String::new(),
        n => format!(" ({n} of them running; what was not committed is rolled back)"),
    }
}

fn tell(changed: &Changed, json: bool, text: &str) -> Result<Outcome> {
    if json {
        output::json(changed)?;
    } else {
        output::print(|out| writeln!(out, "{text}"))?;
    }
    Ok(Outcome::Well)
}
