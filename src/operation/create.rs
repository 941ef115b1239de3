//! Enqueues an operation with all its tasks and jobs, in one transaction.
//!
//! Invariant: workers see all of it or nothing. The cost per file is constant, since tasks and jobs are inserted by the
//! thousand. A dependent operation gets its jobs when the operation that it depends on ends.

use std::time::Instant;

use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};

use crate::bar::SeriesName;
use crate::counts::int;
use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::{JobSequence, OperationId, OperationKind, TaskId, Traceparent};
use crate::queue::{self, Job, NewJob};
use crate::source::discover::{Source, Unrecognised};

const WHAT: &str = "enqueueing the operation";

/// An operation to enqueue.
#[derive(Debug)]
pub(crate) struct NewOperation {
    pub(crate) id: OperationId,
    pub(crate) kind: OperationKind,
    /// The operation that must end before this one starts.
    pub(crate) depends_on: Option<OperationId>,
    /// When the command began, before it looked for files.
    pub(crate) began: Instant,
    /// Whether this process exports spans.
    pub(crate) traced: bool,
    /// URL of the directory or bucket that holds its files.
    pub(crate) root: String,
    pub(crate) tasks: Vec<NewTask>,
    /// Files that were found and that it does not process, with the reason.
    pub(crate) unrecognised: Vec<Unrecognised>,
    /// [`ImportOptions`](crate::task::ImportOptions) or [`VerifyOptions`](crate::task::VerifyOptions) as JSON.
    pub(crate) options: serde_json::Value,
    /// 0 to 1000; operations with a higher number run first.
    pub(crate) priority: i32,
    /// A task fails after so many transient failures in a row without progress.
    pub(crate) max_attempts: u32,
    /// When it may start; now, if none.
    pub(crate) run_at: Option<jiff::Timestamp>,
    /// Its root span.
    pub(crate) traceparent: Traceparent,
}

impl NewOperation {
    fn first_job(&self, task_id: TaskId, run_at: jiff::Timestamp) -> NewJob {
        NewJob {
            job: Job { kind: self.kind, operation_id: self.id.clone(), task_id, sequence: JobSequence(1) },
            run_at: run_at.to_sqlx(),
            priority: self.priority,
            traceparent: self.traceparent.clone(),
        }
    }
}

/// A task to enqueue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewTask {
    pub(crate) series: SeriesName,
    /// The file, or the first of them; each task of an operation has another.
    pub(crate) source: String,
    /// A verification's further files of the series.
    pub(crate) more_sources: Vec<String>,
    /// Bytes of all files.
    pub(crate) size: u64,
}

/// An import's tasks: one for each file.
pub(crate) fn file_by_file(sources: Vec<Source>) -> Vec<NewTask> {
    sources
        .into_iter()
        .map(|s| NewTask { series: s.series, source: s.path, more_sources: Vec::new(), size: s.size })
        .collect()
}

/// A verification's tasks: one for each series, with its files in the order of their paths.
pub(crate) fn series_by_series(mut sources: Vec<Source>) -> Vec<NewTask> {
    sources.sort_by(|a, b| (&a.series, &a.path).cmp(&(&b.series, &b.path)));
    let mut tasks: Vec<NewTask> = Vec::new();
    for source in sources {
        match tasks.last_mut().filter(|t| t.series == source.series) {
            Some(task) => {
                task.more_sources.push(source.path);
                task.size += source.size;
            }
            None => tasks.extend(file_by_file(vec![source])),
        }
    }
    tasks
}

/// Options as JSON, as `operations.options` stores them.
///
/// # Errors
/// None in practice: all options can be written as JSON.
pub(crate) fn stored<T: serde::Serialize>(options: &T) -> Result<serde_json::Value> {
    serde_json::to_value(options).map_err(|e| Error::Internal(e.to_string()))
}

/// Enqueues operations; a dependent one must come after the one that it depends on.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn enqueue(pool: &PgPool, operations: &[NewOperation]) -> Result<()> {
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    for new in operations {
        insert(&mut tx, new).await?;
    }
    tx.commit().await.during(WHAT)
}

async fn insert(tx: &mut PgConnection, new: &NewOperation) -> Result<()> {
    let id = &new.id;
    let run_at = new.run_at.unwrap_or_else(jiff::Timestamp::now);
    sqlx::query(include_str!("sql/insert_operation.sql"))
        .bind(&id.0)
        .bind(&new.root)
        .bind(&new.options)
        .bind(stored(&new.unrecognised)?)
        .bind(new.priority)
        .bind(i32::try_from(new.max_attempts).unwrap_or(i32::MAX))
        .bind(&new.traceparent)
        .bind(run_at.to_sqlx())
        .bind(new.began.elapsed().as_secs_f64())
        .bind(new.traced)
        .bind(new.kind)
        .bind(new.depends_on.as_ref().map(|f| &f.0))
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    for some in new.tasks.chunks(queue::CHUNK) {
        let tasks = insert_tasks(tx, id, some).await?;
        if new.depends_on.is_some() {
            continue;
        }
        let jobs: Vec<NewJob> = tasks.into_iter().map(|task_id| new.first_job(task_id, run_at)).collect();
        queue::push_traced(tx, &jobs).await?;
    }
    Ok(())
}

async fn insert_tasks(tx: &mut PgConnection, id: &OperationId, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
    let column = |f: fn(&NewTask) -> &str| tasks.iter().map(f).collect::<Vec<_>>();
    let sizes: Vec<i64> = tasks.iter().map(|t| int(t.size)).collect();
    // PostgreSQL has no arrays of arrays of different lengths, so each list is JSON.
    let more = tasks.iter().map(|t| stored(&t.more_sources)).collect::<Result<Vec<_>>>()?;
    sqlx::query_scalar(include_str!("sql/insert_tasks.sql"))
        .bind(&id.0)
        .bind(column(|t| &t.series.symbol))
        .bind(column(|t| &t.series.timeframe))
        .bind(column(|t| &t.source))
        .bind(sizes)
        .bind(more)
        .fetch_all(tx)
        .await
        .during("enqueueing the operation's tasks")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_of_several_files_is_one_task() {
        let source = |path: &str, symbol: &str| Source {
            series: SeriesName { symbol: symbol.into(), timeframe: "1m".into() },
            path: path.into(),
            size: 10,
        };
        let tasks = series_by_series(vec![
            source("2021/A_1m.csv", "A"),
            source("B_1m.csv", "B"),
            source("2020/A_1m.csv", "A"),
        ]);
        assert_eq!(tasks.len(), 2);
        assert_eq!((tasks[0].source.as_str(), tasks[0].size), ("2020/A_1m.csv", 20));
        assert_eq!(tasks[0].more_sources, ["2021/A_1m.csv"]);
        assert_eq!(tasks[1].source, "B_1m.csv");
    }
}
