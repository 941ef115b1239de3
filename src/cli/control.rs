//! `barlift retry`, `cancel`, `pause`, `resume` and `priority`.

use std::time::Duration;

use super::args::{CancelArgs, PauseArgs, PriorityArgs, RetryArgs};
use super::signals::Told;
use super::work::finish;
use super::{Outcome, output, progress, ready_database, signals, when, work};
use crate::config::Config;
use crate::db::Database;
use crate::error::{ErrorClass, Result};
use crate::model::OperationId;
use crate::operation::control::{self, Changed, Selection};
use crate::operation::span_outbox;
use crate::operation::status::{self, OperationStatus};
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
    if args.wait {
        output::note(&text);
    } else {
        tell(&changed, args.json, &text)?;
    }
    if !changed.paused {
        work::tell_if_no_worker(&database.pool, config).await?;
    }
    let operation = status::read(&database.pool, &id, true).await?;
    if let Some(at) = operation.starts_later(jiff::Timestamp::now()) {
        output::note(&format!("{id} is scheduled: it starts {}", when::shown(at)));
    }
    tell_of_flags(&operation, &args.selection.selection());
    if !args.wait {
        return Ok(Outcome::Well);
    }
    let stop = signals::stop_token(signals::STOPS_WATCHING, Told::User, &config.log)?;
    finish(&[progress::watch(&database.pool, &id, &stop).await?], args.json)
}

/// A file that the flags do not fit fails again at each retry.
fn tell_of_flags(operation: &OperationStatus, selection: &Selection) {
    let id = &operation.operation_id;
    let refused = operation.tasks.iter().filter(|t| {
        let permanent = t.error.as_ref().is_some_and(|e| e.class == ErrorClass::Permanent);
        permanent && !operation.is_verification() && selection.has(&t.symbol, &t.timeframe)
    });
    let refused = refused.filter(|t| !t.state.is_terminal()).count();
    if refused > 0 {
        let root = operation.root.strip_prefix("file://").unwrap_or(&operation.root);
        output::note(&format!(
            "a retry reads files with the flags that {id} was given; if {} better with others: \
             barlift import {} --column … (or --timezone, --time-format …)",
            if refused == 1 { "this one reads" } else { "these read" },
            output::visible(root)
        ));
    }
}

/// Cancels it, or some files of it.
pub(super) async fn cancel(args: &CancelArgs, config: &Config, telemetry: &Telemetry) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::cancel(&database.pool, &id, &args.selection.selection()).await?;
    if let Some(recorder) = telemetry.recorder() {
        // There may be no worker that completes the trace. A collector that hangs must not keep the user.
        let told = span_outbox::export(&database.pool, &recorder);
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
