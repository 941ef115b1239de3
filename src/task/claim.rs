//! A job arrives: may it start an attempt?
//!
//! Invariant: of all jobs of a task only the last pushed one may; of all tasks of a series only one runs.
//! Rows are locked as docs/architecture.md says ("Lock order").

use std::time::Duration;

use sqlx::{FromRow, PgConnection, PgPool};

use super::{Lease, TaskInfo, TaskOptions, wake};
use crate::config::Layout;
use crate::db::transaction;
use crate::error::{During, ErrorClass, Result};
use crate::model::{
    Fence, JobSequence, OperationId, OperationKind, SeriesId, TaskId, TaskState, Traceparent,
};
use crate::queue::Job;

/// Who claims, and how.
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

/// What came of a job.
#[derive(Debug)]
pub struct Claimed {
    /// What the worker is to do now.
    pub claim: Claim,
    /// Whether the attempt before had ended without a word; its span is due now.
    pub rescued: bool,
}

/// What the worker is to do now.
#[derive(Debug)]
pub enum Claim {
    /// An attempt begins.
    Started(Box<(Lease, TaskInfo)>),
    /// The task is settled, or a later job speaks for it: nothing to do.
    Gone,
    /// Another task is at the series now; whoever lets go of it sees to this one.
    Busy,
    /// Somebody has kept a row locked for too long (`data save` its series): the job comes again later.
    Locked,
    /// It has killed its workers too often, or cannot be understood: it failed without an attempt.
    Parked,
}

const WHAT: &str = "claiming a task";

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
    let row: Option<Row> = sqlx::query_as(include_str!("sql/lock_task.sql"))
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
    let about = row.about();
    let claim = match decide(&mut tx, row, claimant).await? {
        Decision::Claim(claim) => claim,
        Decision::Park(class, why) => {
            super::settle::park(&mut tx, *task_id, about.rescues, (class, &why), claimant.worker).await?;
            tx.commit().await.during(WHAT)?;
            about.tell(rescued, Some(&why));
            return Ok(Claimed { claim: Claim::Parked, rescued });
        }
    };
    tx.commit().await.during(WHAT)?;
    about.tell(rescued, None);
    Ok(Claimed { claim, rescued })
}

enum Decision {
    Claim(Claim),
    /// It is not to be tried any more, and why.
    Park(ErrorClass, String),
}

/// The task is ours to have; the transaction commits whatever is decided.
async fn decide(tx: &mut PgConnection, row: Row, claimant: Claimant<'_>) -> Result<Decision> {
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
    let Series { id: series_id, ours, is_new } = series(tx, &row, &options).await?;
    if let Some(series_id) = series_id.filter(|_| !ours) {
        // Whoever lets go of the series pushes the task's next job. No attempt is burnt.
        wake::wait(tx, (row.id, row.rescues), series_id).await?;
        return Ok(Decision::Claim(Claim::Busy));
    }
    let (fence, attempt, unique): (Fence, i32, bool) = sqlx::query_as(include_str!("sql/start.sql"))
        .bind(row.id)
        .bind(claimant.worker)
        .bind(row.rescues)
        .bind(series_id)
        .bind(claimant.traces)
        .fetch_one(&mut *tx)
        .await
        .during(WHAT)?;
    let layout = if unique { Layout::Rowstore } else { Layout::Columnstore };
    let lease = Lease { task_id: row.id, fence, attempt, series_id, series_is_new: is_new, layout };
    Ok(Decision::Claim(Claim::Started(Box::new((lease, row.info(options))))))
}

/// Ends the attempt that never ended itself.
async fn rescue(tx: &mut PgConnection, row: &mut Row, lease: Duration) -> Result<()> {
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

/// What log lines say of a claimed task. They are written once the claim has committed.
struct About {
    operation_id: OperationId,
    symbol: String,
    timeframe: String,
    trace_id: String,
    source: String,
    rescues: i32,
}

impl About {
    fn tell(&self, rescued: bool, parked: Option<&str>) {
        let Self { operation_id, symbol, timeframe, trace_id, source, rescues } = self;
        if rescued {
            tracing::warn!(
                operation.id = operation_id.as_str(),
                symbol,
                timeframe,
                trace_id,
                source,
                rescues,
                "an attempt ended without a word (its worker died, or lost the database); taking over"
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
}

/// A task's series, and whether the task may be at it.
struct Series {
    id: Option<SeriesId>,
    ours: bool,
    is_new: bool,
}

/// The task's series, made if bars are to be written, and held by the task if nobody else is at it. Its row stays
/// locked to the transaction's end.
async fn series(tx: &mut PgConnection, row: &Row, options: &TaskOptions) -> Result<Series> {
    if options.writes() {
        let made: Option<SeriesId> = sqlx::query_scalar(include_str!("sql/insert_series.sql"))
            .bind(&row.symbol)
            .bind(&row.timeframe)
            .bind(row.id)
            .fetch_optional(&mut *tx)
            .await
            .during(WHAT)?;
        if made.is_some() {
            return Ok(Series { id: made, ours: true, is_new: true });
        }
    }
    let query =
        if options.holds() { include_str!("sql/lock_series.sql") } else { include_str!("sql/series.sql") };
    let id: Option<SeriesId> = sqlx::query_scalar(query)
        .bind(&row.symbol)
        .bind(&row.timeframe)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    let ours = match id.filter(|_| options.holds()) {
        Some(id) => hold(tx, id, row.id).await?,
        None => true,
    };
    Ok(Series { id, ours, is_new: false })
}

/// Holds the series for this task; false if another running task has it. The caller has locked its row.
async fn hold(tx: &mut PgConnection, series_id: SeriesId, task_id: TaskId) -> Result<bool> {
    let held = sqlx::query(include_str!("sql/hold_series.sql"))
        .bind(series_id)
        .bind(task_id)
        .execute(tx)
        .await
        .during(WHAT)?;
    Ok(held.rows_affected() == 1)
}

#[derive(FromRow)]
struct Row {
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

impl Row {
    /// A paused operation gets new jobs when it is resumed.
    fn may_start(&self) -> bool {
        !self.paused && !self.state.is_terminal()
    }

    fn about(&self) -> About {
        About {
            operation_id: self.operation_id.clone(),
            symbol: self.symbol.clone(),
            timeframe: self.timeframe.clone(),
            trace_id: self.traceparent.trace_id().to_owned(),
            source: self.source.clone(),
            rescues: self.rescues,
        }
    }

    fn info(self, options: TaskOptions) -> TaskInfo {
        TaskInfo {
            operation_id: self.operation_id,
            root: self.root,
            source: self.source,
            source_bytes: self.source_bytes,
            symbol: self.symbol,
            timeframe: self.timeframe,
            more_sources: self.more_sources,
            options,
            traceparent: self.traceparent,
        }
    }
}
