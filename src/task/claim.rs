//! A worker claims the task of a job that it was handed, if the job may start an attempt.
//!
//! Invariant: only the latest job of a task may start an attempt, and only one task of a series runs at a
//! time. Dry runs are an exception: they do not acquire the series. So are verifications of a series that is
//! not there, and tasks of several series, which lock those that they write (`repository::several`). Rows are locked as docs/architecture.md says ("Lock order").

use std::time::Duration;

use sqlx::{FromRow, PgConnection, PgPool};

use super::start::{Access, Startable, start};
use super::{Lease, TaskInfo, TaskOptions, release};
use crate::bar::SeriesName;
use crate::db::transaction;
use crate::error::{During, Error, ErrorClass, Result};
use crate::model::{
    Fence, JobSequence, OperationId, OperationKind, SeriesId, TaskId, TaskState, Traceparent,
};
use crate::queue::Job;

/// The worker that claims.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    /// The worker's name.
    pub worker: &'a str,
    /// How often a task may kill its worker.
    pub max_rescues: u32,
    /// Whether the worker exports spans.
    pub traces: bool,
    /// After how long without a heartbeat a worker counts as dead.
    pub lease: Duration,
}

/// A claim, and what it has found.
#[derive(Debug)]
pub struct Claimed {
    /// What the worker is to do now.
    pub claim: Claim,
    /// Whether the attempt before was never ended by its worker; its span is due now.
    pub rescued: bool,
}

/// What the worker is to do now.
#[derive(Debug)]
pub enum Claim {
    /// An attempt begins.
    Started(Box<(Lease, TaskInfo)>),
    /// The task has ended, is paused, is not there any more, or has a later job: nothing to do.
    Gone,
    /// Another task has acquired the series; whoever releases it gives this task a job.
    Busy,
    /// Somebody keeps a row locked (`data save` its series): the job comes again later.
    Locked,
    /// Its workers died too often, or this build cannot read its options: it failed without an attempt.
    Parked,
}

const WHAT: &str = "claiming a task";

/// Tries of a claim to make or find the series of its task, while others make and delete it.
const MAX_TRIES: usize = 10;

/// Claims the task that a job names.
///
/// # Errors
/// [`crate::error::Error::Database`]; then nothing has changed.
pub async fn claim(pool: &PgPool, job: &Job, claimant: Claimant<'_>) -> Result<Claimed> {
    match try_claim(pool, job, claimant).await {
        Err(e) if e.is_lock_timeout() => Ok(Claimed { claim: Claim::Locked, rescued: false }),
        claimed => claimed,
    }
}

async fn try_claim(pool: &PgPool, job: &Job, claimant: Claimant<'_>) -> Result<Claimed> {
    let Job { operation_id, task_id, sequence, .. } = job;
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    let row: Option<TaskRow> = sqlx::query_as(include_str!("sql/lock_task.sql"))
        .bind(task_id)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    let Some(mut row) =
        row.filter(|r| r.operation_id == *operation_id && r.pushes == *sequence && r.may_start())
    else {
        return Ok(Claimed { claim: Claim::Gone, rescued: false });
    };
    let rescued = row.state == TaskState::Running;
    if rescued {
        rescue(&mut tx, &mut row, claimant.lease).await?;
    }
    let claim = match decide(&mut tx, &row, claimant).await? {
        Decision::Claim(claim) => claim,
        Decision::Park(class, why) => {
            super::settle::park(&mut tx, *task_id, (class, &why), claimant.worker).await?;
            tx.commit().await.during(WHAT)?;
            row.log(rescued, Some(&why));
            return Ok(Claimed { claim: Claim::Parked, rescued });
        }
    };
    tx.commit().await.during(WHAT)?;
    row.log(rescued, None);
    Ok(Claimed { claim, rescued })
}

enum Decision {
    Claim(Claim),
    /// It is not tried any more, and why.
    Park(ErrorClass, String),
}

/// Decides what becomes of a task that the job may start; the transaction commits whatever is decided.
async fn decide(tx: &mut PgConnection, row: &TaskRow, claimant: Claimant<'_>) -> Result<Decision> {
    if u32::try_from(row.rescues).unwrap_or(0) > claimant.max_rescues {
        let message = format!(
            "its worker died {} times while at work on it (retry.max_rescues); not tried again",
            row.rescues
        );
        return Ok(Decision::Park(ErrorClass::Poisoned, message));
    }
    let options = match TaskOptions::read(row.kind, row.options.clone()) {
        Ok(options) => options,
        Err(e) => {
            let message =
                format!("the operation was enqueued by another version of barlift: {e}; enqueue it again");
            return Ok(Decision::Park(ErrorClass::Permanent, message));
        }
    };
    if row.symbol == SeriesName::SEVERAL {
        let task = Startable { id: row.id, symbol: &row.symbol, timeframe: &row.timeframe, series_id: None };
        let lease = start(tx, &[task], Access::None, claimant).await?.pop();
        let lease = lease.ok_or_else(|| Error::Internal("a task of several series did not start".into()))?;
        return Ok(Decision::Claim(Claim::Started(Box::new((lease, row.info(options))))));
    }
    for _ in 0..MAX_TRIES {
        let series_id = find_series(tx, row, &options).await?;
        let task = Startable { id: row.id, symbol: &row.symbol, timeframe: &row.timeframe, series_id };
        if let Some(lease) = start(tx, &[task], Access::of(&options), claimant).await?.pop() {
            return Ok(Decision::Claim(Claim::Started(Box::new((lease, row.info(options))))));
        }
        if let Some(series_id) = series_id {
            // Whoever releases the series pushes the task's next job. The attempt does not count.
            release::wait(tx, row.id, series_id).await?;
            return Ok(Decision::Claim(Claim::Busy));
        }
        // Another transaction has made the series meanwhile.
    }
    Err(Error::Internal(format!("the series {} {} comes and goes", row.symbol, row.timeframe)))
}

/// Ends the attempt of a worker that is gone.
async fn rescue(tx: &mut PgConnection, row: &mut TaskRow, lease: Duration) -> Result<()> {
    row.rescues += 1;
    sqlx::query(include_str!("sql/rescued.sql"))
        .bind(row.id)
        .bind(row.fence)
        .bind(lease.as_secs_f64())
        .execute(tx)
        .await
        .during(WHAT)?;
    Ok(())
}

/// The task's series, if it is there. If the task acquires it, its row stays locked to the transaction's end.
async fn find_series(
    tx: &mut PgConnection,
    row: &TaskRow,
    options: &TaskOptions,
) -> Result<Option<SeriesId>> {
    let query =
        if options.acquires() { include_str!("sql/lock_series.sql") } else { include_str!("sql/series.sql") };
    sqlx::query_scalar(query).bind(&row.symbol).bind(&row.timeframe).fetch_optional(tx).await.during(WHAT)
}

#[derive(FromRow)]
struct TaskRow {
    id: TaskId,
    operation_id: OperationId,
    symbol: String,
    timeframe: String,
    source: String,
    source_bytes: i64,
    more_sources: Vec<String>,
    kind: OperationKind,
    state: TaskState,
    pushes: JobSequence,
    fence: Fence,
    rescues: i32,
    root: String,
    options: serde_json::Value,
    traceparent: Traceparent,
    paused: bool,
}

impl TaskRow {
    /// A paused operation gets new jobs when it is resumed.
    fn may_start(&self) -> bool {
        !self.paused && !self.state.is_terminal()
    }

    /// Logs what a claim has found, once it has committed.
    fn log(&self, rescued: bool, parked: Option<&str>) {
        let Self { operation_id, symbol, timeframe, traceparent, source, rescues, .. } = self;
        let trace_id = traceparent.trace_id();
        if rescued {
            tracing::warn!(
                operation.id = operation_id.as_str(),
                symbol,
                timeframe,
                trace_id,
                source,
                rescues,
                "the worker of an attempt died or could not record its end; this worker takes the file over"
            );
        }
        if let Some(error) = parked {
            tracing::error!(
                operation.id = operation_id.as_str(),
                symbol,
                timeframe,
                trace_id,
                source,
                error,
                "failed"
            );
        }
    }

    fn info(&self, options: TaskOptions) -> TaskInfo {
        TaskInfo {
            operation_id: self.operation_id.clone(),
            root: self.root.clone(),
            source: self.source.clone(),
            source_bytes: self.source_bytes,
            symbol: self.symbol.clone(),
            timeframe: self.timeframe.clone(),
            more_sources: self.more_sources.clone(),
            options,
            traceparent: self.traceparent.clone(),
        }
    }
}
