//! `barlift retry`, `cancel`, `pause`, `resume` and `priority`.

use std::time::Duration;

use super::args::{CancelArgs, PriorityArgs, RetryArgs, TargetArgs};
use super::output::files;
use super::signals::Audience;
use super::work::finish;
use super::{Outcome, output, progress, ready_database, signals, when, work};
use crate::config::Config;
use crate::db::Database;
use crate::error::{ErrorClass, Result};
use crate::model::OperationId;
use crate::operation::control::{self, Changed, Selection};
use crate::operation::span_outbox;
use crate::operation::status::{self, OperationStatus};
use crate::source::root;
use crate::telemetry::Telemetry;

pub(super) async fn retry(args: &RetryArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.target.operation, config).await?;
    let changed = control::retry(&database.pool, &id, &args.selection.selection(), args.cancelled).await?;
    let text = if changed.paused {
        let files = files(changed.tasks);
        format!("{files} of {id} will be retried; it is paused, and `barlift resume {id}` continues it")
    } else {
        format!("{} of {id} queued again", files(changed.tasks))
    };
    if args.wait {
        output::note(&text);
    } else {
        show(&changed, args.target.json, &text)?;
    }
    if !changed.paused {
        work::note_if_no_worker(&database.pool, config).await?;
    }
    let operation = status::read(&database.pool, &id, true).await?;
    if let Some(at) = operation.starts_later(jiff::Timestamp::now()) {
        output::note(&format!("{id} is scheduled: it starts {}", when::shown(at)));
    }
    note_on_flags(&operation, &args.selection.selection());
    if !args.wait {
        return Ok(Outcome::Well);
    }
    let stop = signals::stop_token(signals::STOPS_WATCHING, Audience::User, &config.log)?;
    finish(&[progress::watch(&database.pool, &id, &stop).await?], args.target.json)
}

/// A retry uses the operation's flags, so a file that they do not fit fails again.
fn note_on_flags(operation: &OperationStatus, selection: &Selection) {
    const SHOWN: usize = 3;
    let id = &operation.operation_id;
    let refused = operation.tasks.iter().filter(|t| {
        let permanent = t.error.as_ref().is_some_and(|e| e.class == ErrorClass::Permanent);
        permanent && operation.kind.imports() && selection.includes(&t.symbol, &t.timeframe)
    });
    let refused: Vec<&str> = refused.filter(|t| !t.state.is_terminal()).map(|t| t.source.as_str()).collect();
    if refused.is_empty() {
        return;
    }
    let mut named: Vec<String> =
        refused.iter().take(SHOWN).map(|path| root::path_to_name(&operation.root, path)).collect();
    // All files of a bucket have its URL.
    named.dedup();
    output::note(&format!(
        "a retry reads files with the flags that {id} was given; to read {} with other flags: \
         barlift import {}{} --column … (or --timezone, --time-format …)",
        if refused.len() == 1 { "this one" } else { "these" },
        output::visible(&named.join(" ")),
        if refused.len() > SHOWN { " …" } else { "" },
    ));
}

pub(super) async fn cancel(args: &CancelArgs, config: &Config, telemetry: &Telemetry) -> Result<Outcome> {
    let (database, id) = open(&args.target.operation, config).await?;
    let changed = control::cancel(&database.pool, &id, &args.selection.selection()).await?;
    if let Some(recorder) = telemetry.recorder() {
        // Perhaps no worker runs that would complete the trace. A collector that hangs must not delay the command.
        let exported = span_outbox::export(&database.pool, &recorder);
        let _ = tokio::time::timeout(Duration::from_millis(1500), exported).await;
    }
    let text = format!("{} of {id} cancelled{}", files(changed.tasks), stopped(&changed));
    show(&changed, args.target.json, &text)
}

pub(super) async fn pause(args: &TargetArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::pause(&database.pool, &id).await?;
    let text = format!(
        "{id} paused, {} to go{}; `barlift resume {id}` continues it",
        files(changed.tasks),
        stopped(&changed)
    );
    show(&changed, args.json, &text)
}

pub(super) async fn resume(args: &TargetArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.operation, config).await?;
    let changed = control::resume(&database.pool, &id).await?;
    show(&changed, args.json, &format!("{id} resumed, {} to go", files(changed.tasks)))
}

pub(super) async fn priority(args: &PriorityArgs, config: &Config) -> Result<Outcome> {
    let (database, id) = open(&args.target.operation, config).await?;
    let changed = control::prioritize(&database.pool, &id, args.priority).await?;
    let text = format!("{id} has priority {} now, {} to go", args.priority, files(changed.tasks));
    show(&changed, args.target.json, &text)
}

async fn open(operation: &str, config: &Config) -> Result<(Database, OperationId)> {
    let database = ready_database(config).await?;
    let id = status::find(&database.pool, operation).await?;
    Ok((database, id))
}

fn stopped(changed: &Changed) -> String {
    match changed.running {
        0 => String::new(),
        n => format!(" ({n} of them running; what was not committed is rolled back)"),
    }
}

fn show(changed: &Changed, json: bool, text: &str) -> Result<Outcome> {
    if json {
        output::json(changed)?;
    } else {
        output::print(|out| writeln!(out, "{text}"))?;
    }
    Ok(Outcome::Well)
}
