//! Commands on operations while workers run: pause and resume, cancel, change the priority, retry.
//!
//! Invariant: each has taken effect when it returns, whatever workers do. A running task gets a new fence, so that its
//! worker rolls the current batch back and writes nothing more; a new job sequence makes older jobs stale. Commands on
//! one operation run one after the other, and lock rows in the order of docs/architecture.md ("Lock order").

mod retry;

use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgPool, Postgres, Transaction};

use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::{
    AttemptOutcome, JobSequence, OperationId, OperationKind, TaskId, TaskState, Traceparent, job_key,
};
use crate::queue::{self, Job, NewJob};
use crate::task;

pub use retry::retry;

const WHAT: &str = "changing the operation";

const OPEN: [TaskState; 2] = [TaskState::Pending, TaskState::Running];

/// Which of an operation's tasks; an empty list means all.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Selection {
    pub symbols: Vec<String>,
    pub timeframes: Vec<String>,
}

impl Selection {
    pub(crate) fn is_all(&self) -> bool {
        self.symbols.is_empty() && self.timeframes.is_empty()
    }

    pub(crate) fn includes(&self, symbol: &str, timeframe: &str) -> bool {
        let among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        among(&self.symbols, symbol) && among(&self.timeframes, timeframe)
    }
}

/// What a command has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub(crate) operation_id: OperationId,
    /// The number of changed tasks.
    pub tasks: usize,
    /// How many of them were running.
    pub running: usize,
    /// Whether the operation is paused now.
    pub paused: bool,
}

impl Changed {
    fn new(id: &OperationId, tasks: &[LockedTask], paused: bool) -> Self {
        let running = tasks.iter().filter(|t| t.state == TaskState::Running).count();
        Self { operation_id: id.clone(), tasks: tasks.len(), running, paused }
    }
}

/// Pauses an operation: none of its tasks runs until [`resume`]. Running tasks stop after their last committed batch,
/// without using up an attempt.
///
/// # Errors
/// [`Error::Usage`] if the operation has ended.
pub async fn pause(pool: &PgPool, id: &OperationId) -> Result<Changed> {
    let mut tx = begin(pool, id).await?;
    let tasks = lock(&mut tx, id, &OPEN, &Selection::default()).await?;
    refuse_ended(&mut tx, id, "paused").await?;
    stop(&mut tx, id, &tasks, TaskState::Pending, AttemptOutcome::HandedBack).await?;
    set_paused(&mut tx, id, true).await?;
    tx.commit().await.during(WHAT)?;
    Ok(Changed::new(id, &tasks, true))
}

/// Resumes a paused operation. Tasks that waited to be retried run at once.
///
/// # Errors
/// [`Error::Usage`] if it is not paused.
pub async fn resume(pool: &PgPool, id: &OperationId) -> Result<Changed> {
    let mut tx = begin(pool, id).await?;
    let tasks = lock(&mut tx, id, &[TaskState::Pending], &Selection::default()).await?;
    let operation = refuse_ended(&mut tx, id, "resumed").await?;
    if !operation.paused {
        return Err(Error::usage(format!("{id} is not paused"), "`barlift status` shows its progress"));
    }
    set_paused(&mut tx, id, false).await?;
    if !operation.waiting {
        queue::withdraw(&mut tx, &job_keys(id, &tasks)).await?;
        let pushed: Vec<(TaskId, JobSequence)> = sqlx::query_as(include_str!("sql/push_again.sql"))
            .bind(ids(&tasks))
            .fetch_all(&mut *tx)
            .await
            .during(WHAT)?;
        push(&mut tx, id, &pushed, &operation).await?;
    }
    tx.commit().await.during(WHAT)?;
    Ok(Changed::new(id, &tasks, false))
}

/// Cancels the selected open tasks; their workers write nothing more. Committed bars stay.
///
/// # Errors
/// [`Error::Usage`] if the operation has ended, or has no task of a selected symbol or timeframe.
pub async fn cancel(pool: &PgPool, id: &OperationId, selection: &Selection) -> Result<Changed> {
    let mut tx = begin(pool, id).await?;
    refuse_unknown(&mut tx, id, selection).await?;
    let tasks = lock(&mut tx, id, &OPEN, selection).await?;
    let operation = refuse_ended(&mut tx, id, "cancelled").await?;
    if tasks.is_empty() {
        return Err(Error::usage(
            format!("no selected file of {id} is open"),
            format!("`barlift status {id}` shows the state of each"),
        ));
    }
    stop(&mut tx, id, &tasks, TaskState::Cancelled, AttemptOutcome::Cancelled).await?;
    let ended = if selection.is_all() {
        let query = sqlx::query(include_str!("sql/cancel_operation.sql")).bind(&id.0);
        query.execute(&mut *tx).await.during(WHAT)?;
        task::cancel_dependents(&mut tx, id).await?;
        true
    } else {
        task::end_operation(&mut tx, id).await?
    };
    tx.commit().await.during(WHAT)?;
    Ok(Changed::new(id, &tasks, operation.paused && !ended))
}

/// Changes the priority of an operation, and of its jobs in the queue.
///
/// # Errors
/// [`Error::Usage`] if it has ended.
pub async fn prioritize(pool: &PgPool, id: &OperationId, priority: i32) -> Result<Changed> {
    let mut tx = begin(pool, id).await?;
    let tasks = lock(&mut tx, id, &OPEN, &Selection::default()).await?;
    let operation = refuse_ended(&mut tx, id, "given another priority").await?;
    sqlx::query("UPDATE barlift.operations SET priority = $2 WHERE id = $1")
        .bind(&id.0)
        .bind(priority)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    queue::set_priority(&mut tx, &job_keys(id, &tasks), priority).await?;
    tx.commit().await.during(WHAT)?;
    Ok(Changed::new(id, &tasks, operation.paused))
}

/// Begins a command once other commands on the same operation have ended. Otherwise it could miss tasks that another one
/// is just reopening.
async fn begin(pool: &PgPool, id: &OperationId) -> Result<Transaction<'static, Postgres>> {
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(&id.0)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    Ok(tx)
}

/// A task whose row is locked.
#[derive(FromRow)]
struct LockedTask {
    id: TaskId,
    state: TaskState,
    pushes: JobSequence,
    failures: i32,
}

/// An operation whose row is locked.
#[derive(FromRow)]
struct LockedOperation {
    kind: OperationKind,
    traceparent: Traceparent,
    priority: i32,
    run_at: jiff_sqlx::Timestamp,
    paused: bool,
    /// It depends on another operation, and gets its jobs when that one ends.
    waiting: bool,
}

async fn lock(
    tx: &mut PgConnection,
    id: &OperationId,
    states: &[TaskState],
    selection: &Selection,
) -> Result<Vec<LockedTask>> {
    sqlx::query_as(include_str!("sql/lock_tasks.sql"))
        .bind(&id.0)
        .bind(states)
        .bind(&selection.symbols)
        .bind(&selection.timeframes)
        .fetch_all(tx)
        .await
        .during(WHAT)
}

/// A misspelt symbol or timeframe must be an error and not an empty selection.
async fn refuse_unknown(tx: &mut PgConnection, id: &OperationId, selection: &Selection) -> Result<()> {
    let unknown: Vec<String> = sqlx::query_scalar(include_str!("sql/unknown.sql"))
        .bind(&id.0)
        .bind(&selection.symbols)
        .bind(&selection.timeframes)
        .fetch_all(tx)
        .await
        .during(WHAT)?;
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::usage(
        format!("{id} has no file of {}", unknown.join(", ")),
        "symbols and timeframes are compared exactly; `barlift status` lists them",
    ))
}

/// Locks the operation, unless it has ended.
async fn refuse_ended(tx: &mut PgConnection, id: &OperationId, what: &str) -> Result<LockedOperation> {
    const QUERY: &str = "SELECT type AS kind, traceparent, priority, greatest(run_at, now()) AS run_at,
                                paused_at IS NOT NULL AS paused, waiting
                         FROM barlift.operations WHERE id = $1 AND finished_at IS NULL FOR NO KEY UPDATE";
    let open: Option<LockedOperation> =
        sqlx::query_as(QUERY).bind(&id.0).fetch_optional(tx).await.during(WHAT)?;
    open.ok_or_else(|| {
        Error::usage(
            format!("{id} has ended and cannot be {what}"),
            format!(
                "`barlift status {id}` shows how it ended, `barlift retry {id}` tries failed files again"
            ),
        )
    })
}

/// Stops tasks: takes them from their workers and their jobs from the queue.
async fn stop(
    tx: &mut PgConnection,
    id: &OperationId,
    tasks: &[LockedTask],
    state: TaskState,
    outcome: AttemptOutcome,
) -> Result<()> {
    sqlx::query(include_str!("sql/stop_tasks.sql"))
        .bind(ids(tasks))
        .bind(state)
        .bind(outcome)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    queue::withdraw(tx, &job_keys(id, tasks)).await
}

async fn set_paused(tx: &mut PgConnection, id: &OperationId, paused: bool) -> Result<()> {
    let query = sqlx::query(include_str!("sql/set_paused.sql")).bind(&id.0).bind(paused);
    query.execute(tx).await.during(WHAT)?;
    Ok(())
}

/// Pushes new jobs of tasks.
async fn push(
    tx: &mut PgConnection,
    id: &OperationId,
    pushed: &[(TaskId, JobSequence)],
    operation: &LockedOperation,
) -> Result<()> {
    for some in pushed.chunks(queue::CHUNK) {
        let jobs: Vec<NewJob> = some
            .iter()
            .map(|&(task_id, sequence)| NewJob {
                job: Job { kind: operation.kind, operation_id: id.clone(), task_id, sequence },
                run_at: operation.run_at,
                priority: operation.priority,
                traceparent: operation.traceparent.clone(),
            })
            .collect();
        queue::push_traced(tx, &jobs).await?;
    }
    Ok(())
}

fn ids(tasks: &[LockedTask]) -> Vec<TaskId> {
    tasks.iter().map(|t| t.id).collect()
}

/// The keys of the tasks' latest jobs.
fn job_keys(id: &OperationId, tasks: &[LockedTask]) -> Vec<String> {
    tasks.iter().map(|t| job_key(id, t.id, t.pushes)).collect()
}
