//! Enqueueing: an operation with all its tasks and jobs, in one transaction.
//!
//! Invariant: workers see either everything or nothing. Cost per file is constant: tasks and jobs go in
//! by the thousand.

use std::time::Instant;

use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};

use super::OperationId;
use crate::error::{During, Error, Result};
use crate::queue::{self, Job, Push};
use crate::source::discover::{Source, Unrecognised};
use crate::task::ImportOptions;

/// Tasks and jobs in one statement.
pub const CHUNK: usize = 2_000;

/// An import to be enqueued.
#[derive(Debug)]
pub struct NewImport {
    /// Its id.
    pub id: OperationId,
    /// When enqueuing began, before the files were looked for.
    pub began: Instant,
    /// Whether this process exports spans.
    pub traced: bool,
    /// Where the sources lie.
    pub root: String,
    /// The sources, one task each.
    pub sources: Vec<Source>,
    /// Files that were found and not taken.
    pub unrecognised: Vec<Unrecognised>,
    /// What to do with them.
    pub options: ImportOptions,
    /// 0 to 1000; higher ones run first.
    pub priority: i32,
    /// Tries of each task.
    pub max_attempts: u32,
    /// Not before this; now, if none.
    pub run_at: Option<jiff::Timestamp>,
    /// The root span, as a W3C traceparent.
    pub traceparent: String,
}

/// Enqueues an import.
///
/// # Errors
/// [`Error::Database`]
pub async fn import(pool: &PgPool, new: &NewImport) -> Result<()> {
    let id = &new.id;
    let run_at = new.run_at.unwrap_or_else(jiff::Timestamp::now);
    let mut tx = pool.begin().await.during("enqueueing the import")?;
    sqlx::query(include_str!("sql/insert_operation.sql"))
        .bind(&id.0)
        .bind(&new.root)
        .bind(json(&new.options)?)
        .bind(json(&new.unrecognised)?)
        .bind(new.priority)
        .bind(i32::try_from(new.max_attempts).unwrap_or(i32::MAX))
        .bind(&new.traceparent)
        .bind(run_at.to_sqlx())
        .bind(new.began.elapsed().as_secs_f64())
        .bind(new.traced)
        .execute(&mut *tx)
        .await
        .during("enqueueing the import")?;
    for sources in new.sources.chunks(CHUNK) {
        let tasks = insert_tasks(&mut tx, id, sources).await?;
        let jobs: Vec<Push<'_>> = tasks
            .into_iter()
            .map(|task_id| Push {
                job: Job::ImportSymbol { operation_id: id.0.clone(), task_id, push: 1 },
                run_at,
                priority: new.priority,
                traceparent: &new.traceparent,
            })
            .collect();
        queue::push_traced(&mut tx, &jobs).await?;
    }
    tx.commit().await.during("enqueueing the import")
}

async fn insert_tasks(tx: &mut PgConnection, id: &OperationId, sources: &[Source]) -> Result<Vec<i64>> {
    let column = |f: fn(&Source) -> &str| sources.iter().map(f).collect::<Vec<_>>();
    let sizes: Vec<i64> = sources.iter().map(|s| i64::try_from(s.size).unwrap_or(i64::MAX)).collect();
    sqlx::query_scalar(include_str!("sql/insert_tasks.sql"))
        .bind(&id.0)
        .bind(column(|s| &s.series.symbol))
        .bind(column(|s| &s.series.timeframe))
        .bind(column(|s| &s.path))
        .bind(sizes)
        .fetch_all(tx)
        .await
        .during("enqueueing the import's files")
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|e| Error::Internal(e.to_string()))
}
