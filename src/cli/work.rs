//! Runs enqueued operations in this process, or waits for workers to run them, and prints their results.
//!
//! Invariant: the exit status is 1 unless all operations that were waited for ended well (`has_failures`).

use sqlx::PgPool;

use super::enqueue::announce;
use super::outcome::Detail;
use super::signals::Audience;
use super::{Outcome, output, progress, signals, summary};
use crate::config::Config;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::operation::create::NewOperation;
use crate::operation::other_operations::{self, OtherOperation};
use crate::operation::status::{self, OperationStatus};
use crate::queue;
use crate::telemetry::Telemetry;
use crate::worker::Worker;

/// Runs a worker until the operations have ended, and prints their results.
pub(super) async fn here(
    database: &Database,
    operations: &[NewOperation],
    config: &Config,
    telemetry: &Telemetry,
    json: bool,
) -> Result<Outcome> {
    let stop = signals::stop_token(signals::HANDS_BACK, Audience::User, &config.log)?;
    let worker_stop = stop.child_token();
    let own: Vec<_> = operations.iter().map(|new| &new.id).collect();
    if let Some(others) = listed(&other_operations::pending(&database.pool, &own).await?) {
        output::note(&format!("the queue holds {others}; this command works on them, too"));
    }
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
    if let Some(others) =
        listed(&other_operations::worked_on(&database.pool, &own, &queue::process_name()).await?)
    {
        output::note(&format!("this command also worked on {others} (`barlift status OP`)"));
    }
    // Read again, since the worker has returned stopped tasks to the queue by now.
    finish(&read(database, operations).await?, json)
}

/// `4 files of op_…, 1 file of op_…`
fn listed(others: &[OtherOperation]) -> Option<String> {
    let one = |o: &OtherOperation| format!("{} of {}", output::counted(o.files, "file", "files"), o.id);
    let all: Vec<_> = others.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Prints the operations for workers to run; with `wait`, waits for their end and prints their results.
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
    note_if_no_worker(&database.pool, config).await?;
    Ok(Outcome::Well)
}

/// Without a worker, the queue would wait silently.
pub(super) async fn note_if_no_worker(pool: &PgPool, config: &Config) -> Result<()> {
    if queue::heartbeats(pool, config.worker.lease).await?.alive == 0 {
        output::note(
            "no worker is running now; start one with `barlift worker` (with --drain it ends when all is done)",
        );
    }
    Ok(())
}

async fn waiting(
    database: &Database,
    operations: &[NewOperation],
    config: &Config,
    json: bool,
) -> Result<Outcome> {
    operations.iter().for_each(announce);
    note_if_no_worker(&database.pool, config).await?;
    let stop = signals::stop_token(signals::STOPS_WATCHING, Audience::User, &config.log)?;
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

/// Prints the results of operations that were waited for.
pub(super) fn finish(operations: &[OperationStatus], json: bool) -> Result<Outcome> {
    if json {
        print_json(operations)?;
    }
    let mut all = Outcome::Well;
    // For an import and its verification, list only what is noteworthy.
    let detail = if operations.len() > 1 { Detail::Noteworthy } else { Detail::All };
    for (i, status) in operations.iter().enumerate() {
        if !json {
            if i > 0 {
                output::print(|out| writeln!(out))?;
            }
            summary::print(status, detail)?;
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

/// One object: the operation, with the verification that depends on it as a member.
fn print_json(operations: &[OperationStatus]) -> Result<()> {
    let [first, rest @ ..] = operations else { return Ok(()) };
    let mut value = serde_json::to_value(first).map_err(|e| Error::Internal(e.to_string()))?;
    if let [verification] = rest {
        value["verification"] =
            serde_json::to_value(verification).map_err(|e| Error::Internal(e.to_string()))?;
    }
    output::json(&value)
}
