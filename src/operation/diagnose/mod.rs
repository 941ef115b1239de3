//! Why an operation is slow, where its data is bad, what the database did: the three workflows of docs/reference.md,
//! answered from the database's own records.
//!
//! [`diagnose`] reads the records, `sums` adds them up, `advice` says what to do. Invariant: it needs no trace store, works
//! on an operation in any state, and writes nothing.

mod advice;
mod sums;

use std::time::Duration;

use futures::TryStreamExt as _;
use jiff_sqlx::Timestamp;
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use super::status::{self, OperationStatus};
use crate::counts::{RowCounts, int};
use crate::db::template::sql_template;
use crate::error::{During, Error, Result};
use crate::model::{AttemptOutcome, OperationId, OperationState, TaskId};
use crate::queue;
use crate::telemetry::{Phase, Phases, SlowStatement, Slowest};

/// The diagnosis of an operation. Durations are in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Diagnosis {
    pub(crate) operation_id: OperationId,
    pub(crate) state: OperationState,
    pub(crate) paused: bool,
    /// The trace that holds all its spans.
    pub(crate) trace_id: String,
    /// That trace in the Jaeger UI (`trace.ui_url`).
    pub(crate) trace_url: String,
    /// Whether it is sampled and some process exported spans of it.
    pub(crate) traced: bool,
    /// The only symbol that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) symbol: Option<String>,
    /// From the time it was due to its first task's start, or until now.
    pub(crate) waited_ms: f64,
    /// Until it is due; 0 if it is due.
    pub(crate) due_in_ms: f64,
    /// All workers that are alive now.
    pub(crate) workers_alive: i64,
    /// From its first task's start to its end, or until now; none before it has started.
    pub(crate) duration_ms: Option<f64>,
    pub(crate) files: i64,
    pub(crate) rows: RowCounts,
    /// Rows per second of `duration_ms` or, with a symbol, of `busy_ms`.
    pub(crate) rows_per_second: Option<f64>,
    /// Files with more than one attempt.
    pub(crate) files_repeated: i64,
    pub(crate) attempts: i64,
    /// Sum of the attempts' durations; divided by `duration_ms`, it is how many ran at once.
    pub(crate) busy_ms: f64,
    /// The phases of that time, the longest first.
    pub(crate) phases: Vec<PhaseShare>,
    /// The part of `busy_ms` outside of phases: opening files, waiting for the reader, claiming and settling tasks.
    pub(crate) other_ms: f64,
    /// The files that took longest.
    pub(crate) slowest_files: Vec<FileTimes>,
    pub(crate) quality: Quality,
    /// The statements that took longest.
    pub(crate) slowest_statements: Vec<FileStatement>,
    pub(crate) pool: PoolWaits,
    /// Files that failed, or whose last attempt failed.
    pub(crate) failures: Vec<FileFailure>,
    /// With a symbol, each of its attempts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempt_list: Vec<AttemptTimes>,
    pub(crate) advice: Vec<Advice>,
}

/// One phase of all attempts together.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PhaseShare {
    pub(crate) phase: Phase,
    pub(crate) ms: f64,
    /// Part of `busy_ms`, 0 to 1. Reading runs beside the other phases, so the sum may be more than 1.
    pub(crate) share: f64,
    pub(crate) count: i64,
    pub(crate) mean_ms: f64,
    pub(crate) max_ms: f64,
}

/// One file's times.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FileTimes {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    pub(crate) source: String,
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) rows: i64,
    /// Sum over its attempts.
    pub(crate) duration_ms: f64,
    /// The phase that took longest.
    pub(crate) slowest_phase: Option<Phase>,
    pub(crate) phases: Phases,
}

/// What is wrong with the data.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Quality {
    /// How often each rule was broken, the most often first.
    pub(crate) rules: Vec<BrokenRule>,
    /// Files with mismatches, rejected rows or quality issues, the most of them first.
    pub(crate) files: Vec<FileQuality>,
}

/// A rule that rows or bars broke.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct BrokenRule {
    /// `rejected` or `quality issue`.
    pub(crate) kind: String,
    pub(crate) rule: String,
    pub(crate) rows: i64,
}

/// One file's bad rows.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FileQuality {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    pub(crate) source: String,
    #[serde(flatten)]
    pub(crate) rows: RowCounts,
}

/// A slow statement, and the file of its attempt.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FileStatement {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    #[serde(flatten)]
    pub(crate) statement: SlowStatement,
}

/// Waiting for connections of the pool.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct PoolWaits {
    pub(crate) waits: i64,
    pub(crate) ms: f64,
    pub(crate) mean_ms: f64,
    pub(crate) max_ms: f64,
}

/// A file that failed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FileFailure {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    pub(crate) source: String,
    pub(crate) state: String,
    pub(crate) class: String,
    pub(crate) message: String,
}

/// One attempt.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AttemptTimes {
    pub(crate) source: String,
    pub(crate) attempt: i32,
    pub(crate) worker: String,
    pub(crate) started_at: jiff::Timestamp,
    pub(crate) duration_ms: f64,
    /// `running`, `succeeded`, `failed`, `rescued` or `handed_back`.
    pub(crate) outcome: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) phases: Phases,
}

/// A finding and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Advice {
    pub(crate) finding: String,
    /// What to do (docs/reference.md, "Workflows").
    pub(crate) action: String,
}

#[derive(FromRow)]
struct DiagnosisRow {
    task_id: TaskId,
    symbol: String,
    timeframe: String,
    source: String,
    state: String,
    #[sqlx(flatten)]
    rows: RowCounts,
    error_class: Option<String>,
    error_message: Option<String>,
    attempt: Option<i32>,
    worker: Option<String>,
    started_at: Option<Timestamp>,
    outcome: Option<AttemptOutcome>,
    attempt_error: Option<String>,
    phases: Option<Json<Phases>>,
    slowest: Option<Json<Slowest>>,
    attempt_ms: Option<f64>,
}

/// What to diagnose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Only this symbol, if there is one.
    pub(crate) symbol: Option<&'a str>,
    /// Most entries of each list.
    pub(crate) limit: usize,
    /// Address of the Jaeger UI.
    pub(crate) ui_url: &'a str,
    /// How long a worker is alive after a heartbeat.
    pub(crate) lease: Duration,
}

/// Diagnoses an operation.
pub(crate) async fn diagnose(pool: &PgPool, id: &OperationId, scope: Scope<'_>) -> Result<Diagnosis> {
    const WHAT: &str = "reading the attempts";
    let operation = status::read(pool, id, false).await?;
    let mut sums = sums::DiagnosisSums::default();
    let mut rows = sqlx::query_as::<_, DiagnosisRow>(sql_template!("../sql/attempts.sql"))
        .bind(&id.0)
        .bind(scope.symbol)
        .fetch(pool);
    while let Some(row) = rows.try_next().await.during(WHAT)? {
        sums.add(row);
    }
    drop(rows);
    if let Some(symbol) = scope.symbol.filter(|_| sums.files.is_empty()) {
        return Err(Error::usage(
            format!("there is no symbol `{symbol}` in {id}"),
            format!("`barlift status {id}` lists them"),
        ));
    }
    let rules: Vec<BrokenRule> = sqlx::query_as(include_str!("../sql/rules.sql"))
        .bind(&id.0)
        .bind(scope.symbol)
        .fetch_all(pool)
        .await
        .during("reading the broken rules")?;
    let mut diagnosis = put_together(&operation, sums, rules, scope);
    diagnosis.traced = sqlx::query_scalar(include_str!("../sql/traced.sql"))
        .bind(&id.0)
        .fetch_one(pool)
        .await
        .during("reading the operation")?;
    diagnosis.workers_alive = queue::heartbeats(pool, scope.lease).await?.alive;
    diagnosis.advice = advice::advice(&diagnosis);
    Ok(diagnosis)
}

fn put_together(
    operation: &OperationStatus,
    sums: sums::DiagnosisSums,
    rules: Vec<BrokenRule>,
    scope: Scope<'_>,
) -> Diagnosis {
    let now = jiff::Timestamp::now();
    let ms =
        |from: jiff::Timestamp, to: jiff::Timestamp| to.duration_since(from).as_secs_f64().max(0.0) * 1000.0;
    let due = operation.run_at.max(operation.created_at);
    let duration_ms = operation.started_at.map(|start| ms(start, operation.finished_at.unwrap_or(now)));
    #[allow(clippy::cast_precision_loss)]
    let per_second = |duration: f64| sums.rows.rows as f64 * 1000.0 / duration;
    let worked_ms = if scope.symbol.is_some() { Some(sums.busy_ms) } else { duration_ms };
    let limit = scope.limit;
    Diagnosis {
        operation_id: operation.operation_id.clone(),
        state: operation.state,
        paused: operation.paused_at.is_some(),
        trace_id: operation.trace_id.clone(),
        trace_url: format!("{}/trace/{}", scope.ui_url.trim_end_matches('/'), operation.trace_id),
        traced: false,
        symbol: scope.symbol.map(str::to_owned),
        waited_ms: ms(due, operation.started_at.unwrap_or(now)),
        due_in_ms: ms(now, due),
        workers_alive: 0,
        files_repeated: sums.files_repeated(),
        duration_ms,
        files: int(sums.files.len()),
        rows: sums.rows,
        rows_per_second: worked_ms.filter(|d| *d > 0.0).map(per_second),
        attempts: sums.attempts,
        busy_ms: sums.busy_ms,
        phases: sums.phases(),
        other_ms: sums.other_ms(),
        quality: Quality { rules, files: sums.bad_files(limit) },
        slowest_statements: sums.slowest_statements(limit),
        pool: sums.pool(),
        failures: sums.failures.clone(),
        attempt_list: if scope.symbol.is_some() { sums.attempt_list.clone() } else { Vec::new() },
        slowest_files: sums.slowest_files(limit),
        advice: Vec::new(),
    }
}
