//! Doing enqueued operations here, or waiting for the workers that do them, and reporting how they ended.
//!
//! Invariant: an operation that was waited for decides the exit status; of several, each does.

use super::enqueue::announce;
use super::{Outcome, outcome, output, progress, signals};
use crate::backend::Database;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::operation::create::NewOperation;
use crate::operation::status::{self, OperationStatus};
use crate::queue;
use crate::telemetry::Telemetry;
use crate::worker::Worker;

/// Works until they are done, and reports.
pub(super) async fn here(
    database: &Database,
    operations: &[NewOperation],
    config: &Config,
    telemetry: &Telemetry,
    json: bool,
) -> Result<Outcome> {
    let stop = signals::stop_token(signals::HANDS_BACK)?;
    let worker_stop = stop.child_token();
    let worker = Worker::new(database.pool.clone(), config, worker_stop.clone(), telemetry.recorder());
    let worker = tokio::spawn(worker.run());
    let mut watched = Ok(());
    for new in operations {
        announce(new);
        watched = progress::watch(&database.pool, &new.id, &stop).await.map(|_| ());
        if watched.is_err() || stop.is_cancelled() {
            break;
        }
    }
    worker_stop.cancel();
    worker.await.map_err(|e| Error::Internal(e.to_string()))?;
    watched?;
    // Read again: what was stopped has been handed back by now.
    finish(&read(database, operations).await?, json)
}

/// Waits until workers have done them if that is wanted, and reports.
pub(super) async fn by_workers(
    database: &Database,
    operations: &[NewOperation],
    config: &Config,
    wait: bool,
    json: bool,
) -> Result<Outcome> {
    if wait {
        return waiting(database, operations, config, json).await;
    }
    if json {
        print_json(&read(database, operations).await?)?;
    } else {
        output::print(|out| operations.iter().try_for_each(|new| writeln!(out, "{}", new.id)))?;
        operations.iter().for_each(announce);
    }
    Ok(Outcome::Well)
}

async fn waiting(
    database: &Database,
    operations: &[NewOperation],
    config: &Config,
    json: bool,
) -> Result<Outcome> {
    operations.iter().for_each(announce);
    if queue::heartbeats(&database.pool, config.worker.lease).await?.alive == 0 {
        output::note("no worker is running now; start one with `barlift worker`");
    }
    let stop = signals::stop_token(signals::STOPS_WATCHING)?;
    let mut done = Vec::new();
    for new in operations {
        done.push(progress::watch(&database.pool, &new.id, &stop).await?);
    }
    finish(&done, json)
}

async fn read(database: &Database, operations: &[NewOperation]) -> Result<Vec<OperationStatus>> {
    let mut found = Vec::new();
    for new in operations {
        found.push(status::read(&database.pool, &new.id, true).await?);
    }
    Ok(found)
}

/// Prints how operations that were waited for have ended.
pub(super) fn finish(operations: &[OperationStatus], json: bool) -> Result<Outcome> {
    if json {
        print_json(operations)?;
    }
    let mut all = Outcome::Well;
    for (i, status) in operations.iter().enumerate() {
        if !json {
            if i > 0 {
                output::print(|out| writeln!(out))?;
            }
            outcome::operation(status)?;
        }
        if !status.is_settled() {
            output::note(&format!(
                "{} is not done yet: workers go on with it (`barlift worker --drain` is one), `barlift status {}` shows how \
                 far it is",
                status.operation_id, status.operation_id
            ));
        }
        if status.has_failures() || !status.is_settled() {
            all = Outcome::Failures;
        }
    }
    Ok(all)
}

/// One object: the operation and, in it, the verification that follows.
fn print_json(operations: &[OperationStatus]) -> Result<()> {
    let [first, rest @ ..] = operations else { return Ok(()) };
    let mut value = serde_json::to_value(first).map_err(|e| Error::Internal(e.to_string()))?;
    if let [verification] = rest {
        value["verification"] =
            serde_json::to_value(verification).map_err(|e| Error::Internal(e.to_string()))?;
    }
    output::json(&value)
}
