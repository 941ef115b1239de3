//! The queue: jobs pushed into apalis's table, and the loop that hands them to a handler.
//!
//! A job only says "start an attempt at this task". The state of a task, how often it was tried and when it is tried next
//! are kept in `barlift.tasks`. So a job that comes twice, late or never again does no harm, and apalis's own retries are
//! not used (it would repeat a failed job at once).
//!
//! Each kind of job names its queue, and a worker fetches only from the queues of the kinds that it knows.
//!
//! Invariant: jobs are pushed on the caller's transaction, together with the rows they belong to. Only this module uses
//! apalis.

mod bundle;
mod deliver;
mod deregister;
mod heartbeat;
mod idle;
mod listen;
mod prune;
mod run;
mod setup;
mod unknown;
mod work;

use std::collections::HashMap;
use std::time::Duration;

use apalis::prelude::TaskBuilder;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool};

use crate::counts::int;
use crate::error::{During, Error, Result};
use crate::model::{JobSequence, OperationId, OperationKind, TaskId, Traceparent, job_key, job_name};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{KindSpans, SpanSpec};
use crate::telemetry::{MESSAGING_SYSTEM, Span};

pub use bundle::{done, give_back, lock_waiting, take};
pub use prune::prune;
pub use run::{process_name, run};
pub use setup::{is_current, setup};
pub use work::{Handled, Work};

/// The most tasks or jobs that one statement inserts.
pub(crate) const CHUNK: usize = 2_000;

/// The key of the W3C trace context in a job's metadata.
const TRACEPARENT: &str = "traceparent";

/// One entry of the queue: start an attempt of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct Job {
    /// What the task does; a worker that does not know the kind leaves the job to others.
    #[serde(with = "job_name")]
    pub kind: OperationKind,
    /// The task's operation.
    pub operation_id: OperationId,
    /// The task.
    pub task_id: TaskId,
    /// Which of the task's jobs it is; only the latest may start an attempt.
    #[serde(rename = "push")]
    #[sqlx(rename = "pushes")]
    pub sequence: JobSequence,
}

/// A job as it was delivered, with the trace that it was enqueued in.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The job.
    pub job: Job,
    /// The trace it was enqueued in, if it says so.
    pub traceparent: Option<Traceparent>,
}

/// A job to be pushed.
#[derive(Debug, Clone, FromRow)]
pub struct NewJob {
    /// The job.
    #[sqlx(flatten)]
    pub job: Job,
    /// Not before this.
    pub run_at: jiff_sqlx::Timestamp,
    /// Higher ones first.
    pub priority: i32,
    /// The trace it belongs to.
    pub traceparent: Traceparent,
}

/// Adds jobs on the caller's connection; they are there when its transaction commits.
///
/// # Errors
/// [`Error::Database`]
pub async fn push(connection: &mut PgConnection, jobs: &[NewJob]) -> Result<()> {
    for queue in OperationKind::queues() {
        let jobs = jobs.iter().filter(|job| job.job.kind.queue() == queue);
        let tasks = jobs.map(entry).collect::<Result<Vec<_>>>()?;
        if tasks.is_empty() {
            continue;
        }
        apalis_postgres::queries::push_tasks(&mut *connection, queue, tasks).await.map_err(|e| match e {
            apalis_postgres::Error::Database(e) => Error::from(e),
            other => Error::Internal(format!("pushing jobs: {other}")),
        })?;
    }
    Ok(())
}

/// [`push`] in chunks, each with a producer span, for jobs of one operation that are new. A job that only gives a
/// waiting task its turn has none: that may happen any number of times.
///
/// # Errors
/// [`Error::Database`]
pub async fn push_traced(connection: &mut PgConnection, jobs: &[NewJob]) -> Result<()> {
    push_in_spans(connection, jobs, Span::start_within).await
}

/// [`push_traced`] for another operation than the one in work: its span is a child of that operation's root.
///
/// # Errors
/// [`Error::Database`]
pub async fn push_below(connection: &mut PgConnection, jobs: &[NewJob]) -> Result<()> {
    push_in_spans(connection, jobs, Span::start_below).await
}

async fn push_in_spans(
    connection: &mut PgConnection,
    jobs: &[NewJob],
    start: fn(&'static SpanSpec, &Traceparent) -> Span,
) -> Result<()> {
    for some in jobs.chunks(CHUNK) {
        let Job { kind, operation_id, .. } = &some[0].job;
        let span = start(KindSpans::of(*kind).push, &some[0].traceparent);
        span.set(attr::MESSAGING_SYSTEM, MESSAGING_SYSTEM)
            .set(attr::MESSAGING_DESTINATION, kind.queue())
            .set(attr::MESSAGING_OPERATION, "push")
            .set(attr::MESSAGING_OPERATION_TYPE, "send")
            .set(attr::MESSAGING_BATCH, int(some.len()))
            .set(attr::OPERATION_ID, operation_id.as_str());
        let pushed = span.around(push(connection, some)).await;
        span.end(&pushed, "");
        pushed?;
    }
    Ok(())
}

/// The job's idempotency key.
fn idempotency_key(job: &Job) -> String {
    job_key(&job.operation_id, job.task_id, job.sequence)
}

fn entry(new: &NewJob) -> Result<apalis_postgres::PgTask> {
    let internal = |e: serde_json::Error| Error::Internal(e.to_string());
    let mut payload = serde_json::to_value(&new.job).map_err(internal)?;
    payload[unknown::VERSION_KEY] = unknown::VERSION.into();
    let payload = serde_json::to_vec(&payload).map_err(internal)?;
    let metadata = HashMap::from([(TRACEPARENT.to_owned(), new.traceparent.to_string())]);
    Ok(TaskBuilder::new(payload)
        .with_metadata(apalis::prelude::MetadataStore::from_map(metadata))
        .run_at_timestamp(u64::try_from(new.run_at.to_jiff().as_second()).unwrap_or(0))
        .priority(usize::try_from(new.priority).unwrap_or(0))
        // Attempts are counted in barlift.tasks.
        .max_attempts(i32::MAX as usize)
        .idempotency_key(idempotency_key(&new.job))
        .build())
}

/// Which workers have sent heartbeats.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Heartbeats {
    /// Processes whose workers count as alive.
    pub alive: i64,
    /// Seconds since the last heartbeat of this process's workers; none before their first.
    pub own_age: Option<f64>,
}

/// Looks who was heard of; a heartbeat counts for `lease`.
///
/// # Errors
/// [`Error::Database`]
pub async fn heartbeats(pool: &PgPool, lease: Duration) -> Result<Heartbeats> {
    sqlx::query_as(include_str!("sql/heartbeats.sql"))
        .bind(OperationKind::queues())
        .bind(lease.as_secs_f64())
        .bind(process_name())
        .fetch_one(pool)
        .await
        .during("looking for workers")
}

/// Takes jobs out of the queue that no worker has; a job that a worker has is out of date by now and starts nothing.
///
/// # Errors
/// [`Error::Database`]
pub async fn withdraw(connection: &mut PgConnection, keys: &[String]) -> Result<()> {
    sqlx::query(include_str!("sql/withdraw.sql"))
        .bind(OperationKind::queues())
        .bind(keys)
        .execute(connection)
        .await
        .during("taking jobs out of the queue")?;
    Ok(())
}

/// Moves jobs that wait to another place in the queue.
///
/// # Errors
/// [`Error::Database`]
pub async fn set_priority(connection: &mut PgConnection, keys: &[String], priority: i32) -> Result<()> {
    sqlx::query(include_str!("sql/set_priority.sql"))
        .bind(OperationKind::queues())
        .bind(keys)
        .bind(priority)
        .execute(connection)
        .await
        .during("changing the priority of jobs")?;
    Ok(())
}
