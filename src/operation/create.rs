//! Enqueueing: an operation with all its tasks and jobs, in one transaction.
//!
//! Invariant: workers see either everything or nothing. Cost per file is constant: tasks and jobs go in
//! by the thousand. An operation that follows another one gets its jobs when that one ends.

use std::time::Instant;

use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};

use crate::bar::SeriesName;
use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::{JobSequence, OperationId, OperationKind, TaskId, Traceparent};
use crate::queue::{self, Job, NewJob};
use crate::source::discover::{Source, Unrecognised};

/// Tasks and jobs in one statement.
pub const CHUNK: usize = 2_000;

const WHAT: &str = "enqueueing the operation";

/// An operation to be enqueued.
#[derive(Debug)]
pub struct NewOperation {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// The one whose end it waits for.
    pub follows: Option<OperationId>,
    /// When enqueuing began, before the files were looked for.
    pub began: Instant,
    /// Whether this process exports spans.
    pub traced: bool,
    /// Where the sources lie.
    pub root: String,
    /// Its tasks.
    pub tasks: Vec<NewTask>,
    /// Files that were found and not taken.
    pub unrecognised: Vec<Unrecognised>,
    /// What to do with them: [`ImportOptions`](crate::task::ImportOptions) or
    /// [`VerifyOptions`](crate::task::VerifyOptions) as JSON.
    pub options: serde_json::Value,
    /// 0 to 1000; higher ones run first.
    pub priority: i32,
    /// Tries of each task.
    pub max_attempts: u32,
    /// Not before this; now, if none.
    pub run_at: Option<jiff::Timestamp>,
    /// The root span, as a W3C traceparent.
    pub traceparent: Traceparent,
}

impl NewOperation {
    fn first_job(&self, task_id: TaskId, run_at: jiff::Timestamp) -> NewJob {
        NewJob {
            job: Job {
                kind: self.kind.job(),
                operation_id: self.id.clone(),
                task_id,
                sequence: JobSequence(1),
            },
            run_at: run_at.to_sqlx(),
            priority: self.priority,
            traceparent: self.traceparent.clone(),
        }
    }
}

/// A task to be enqueued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What it is about.
    pub series: SeriesName,
    /// Its file.
    pub source: String,
    /// Further files of the series.
    pub more_sources: Vec<String>,
    /// Bytes of all of them.
    pub size: u64,
}

/// A task a file, for an import.
#[must_use]
pub fn file_by_file(sources: Vec<Source>) -> Vec<NewTask> {
    sources
        .into_iter()
        .map(|s| NewTask { series: s.series, source: s.path, more_sources: Vec::new(), size: s.size })
        .collect()
}

/// A task a series, for a verification. Its files come in the order of their paths.
#[must_use]
pub fn series_by_series(mut sources: Vec<Source>) -> Vec<NewTask> {
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

/// Options as they are stored.
///
/// # Errors
/// Never in practice: all options can be written as JSON.
pub fn stored<T: serde::Serialize>(options: &T) -> Result<serde_json::Value> {
    serde_json::to_value(options).map_err(|e| Error::Internal(e.to_string()))
}

/// Enqueues operations; one that follows another comes behind it.
///
/// # Errors
/// [`Error::Database`]
pub async fn enqueue(pool: &PgPool, operations: &[NewOperation]) -> Result<()> {
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
        .bind(new.follows.as_ref().map(|f| &f.0))
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    for some in new.tasks.chunks(CHUNK) {
        let tasks = insert_tasks(tx, id, some).await?;
        if new.follows.is_some() {
            continue;
        }
        let jobs: Vec<NewJob> = tasks.into_iter().map(|task_id| new.first_job(task_id, run_at)).collect();
        queue::push_traced(tx, &jobs).await?;
    }
    Ok(())
}

async fn insert_tasks(tx: &mut PgConnection, id: &OperationId, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
    let column = |f: fn(&NewTask) -> &str| tasks.iter().map(f).collect::<Vec<_>>();
    let sizes: Vec<i64> = tasks.iter().map(|t| i64::try_from(t.size).unwrap_or(i64::MAX)).collect();
    // An array of arrays would have to be a rectangle.
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
