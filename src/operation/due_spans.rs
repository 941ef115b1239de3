//! Spans that are written from the database's records: the root of an operation once its last task has
//! settled, and attempts whose worker died before its exporter had taken their spans, or that never began.
//!
//! Invariant: such a span stays due until an exporter has taken it, whichever worker that is and however often
//! one dies in between; a claim keeps two workers from writing it at once.

use std::time::Duration;

use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use crate::counts::RowCounts;
use crate::error::{During, Result};
use crate::queue::{self, Job, JobKind};
use crate::telemetry::{
    AttemptInfo, AttemptKind, EndedOperation, Outcome, Phases, RecordedAttempt, Recorder, TraceOptions,
    VerifiedCounts, delivery,
};

const WHAT: &str = "writing spans that are due";

/// How long a claim lasts: longer than any export, so that nobody writes a span a second time meanwhile.
const CLAIM: Duration = Duration::from_secs(30);

/// Exports all spans that are due, attempts and then roots, each until one is not taken; that one is tried at the
/// next call.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn export(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    // What the batches have taken meanwhile is noted at every turn: a long backlog must not let it fall due.
    while let Some(attempt) = claim::<Attempt>(pool, include_str!("sql/claim_attempt_span.sql")).await? {
        note_taken(pool).await?;
        let (task_id, fence) = (attempt.task_id, attempt.fence);
        let taken = recorder.attempt(&attempt.recorded()).await;
        sqlx::query(include_str!("sql/attempt_span_tried.sql"))
            .bind(task_id)
            .bind(fence)
            .bind(taken)
            .execute(pool)
            .await
            .during(WHAT)?;
        if !taken {
            break;
        }
    }
    while let Some(root) = claim::<Root>(pool, include_str!("sql/claim_root_span.sql")).await? {
        note_taken(pool).await?;
        let ended = root.ended();
        let taken = recorder.root(&ended).await;
        sqlx::query(include_str!("sql/root_span_tried.sql"))
            .bind(&ended.id)
            .bind(&ended.traceparent)
            .bind(ended.finished_at.to_sqlx())
            .bind(taken)
            .execute(pool)
            .await
            .during(WHAT)?;
        if !taken {
            break;
        }
    }
    Ok(())
}

/// Notes which attempts' spans the exporter has taken.
///
/// # Errors
/// [`crate::error::Error::Database`]; the next call notes them.
pub async fn note_taken(pool: &PgPool) -> Result<()> {
    let taken = delivery::take();
    if taken.is_empty() {
        return Ok(());
    }
    let (tasks, fences): (Vec<i64>, Vec<i32>) = taken.iter().copied().unzip();
    let noted = sqlx::query(include_str!("sql/note_taken.sql")).bind(tasks).bind(fences).execute(pool).await;
    if noted.is_err() {
        delivery::put_back(taken);
    }
    noted.during(WHAT).map(|_| ())
}

async fn claim<T>(pool: &PgPool, query: &'static str) -> Result<Option<T>>
where
    T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(query).bind(CLAIM.as_secs_f64()).fetch_optional(pool).await.during(WHAT)
}

#[derive(FromRow)]
struct Root {
    id: String,
    r#type: String,
    state: String,
    root: String,
    traceparent: String,
    root_span_id: Option<String>,
    began_at: Timestamp,
    started_at: Timestamp,
    finished_at: Timestamp,
    ended_at: Timestamp,
    symbols: i64,
    files: i64,
    failed: i64,
    cancelled: i64,
    #[sqlx(flatten)]
    rows: RowCounts,
    identical: i64,
    differing: i64,
}

impl Root {
    fn ended(self) -> EndedOperation {
        EndedOperation {
            id: self.id,
            kind: self.r#type,
            state: self.state,
            root: self.root,
            traceparent: self.traceparent,
            root_span_id: self.root_span_id,
            began_at: self.began_at.to_jiff(),
            started_at: self.started_at.to_jiff(),
            finished_at: self.finished_at.to_jiff(),
            ended_at: self.ended_at.to_jiff(),
            symbols: self.symbols,
            files: self.files,
            failed: self.failed,
            cancelled: self.cancelled,
            rows: self.rows,
            identical: self.identical,
            differing: self.differing,
        }
    }
}

#[derive(FromRow)]
struct Attempt {
    operation_id: String,
    symbol: String,
    timeframe: String,
    source: String,
    push: i32,
    traceparent: String,
    task_id: i64,
    fence: i32,
    attempt: i32,
    again: bool,
    worker: String,
    started_at: Timestamp,
    finished_at: Timestamp,
    outcome: String,
    error_class: Option<String>,
    error_message: Option<String>,
    rows: Json<RowCounts>,
    phases: Json<Phases>,
    #[sqlx(flatten)]
    verified: Verified,
}

/// Nothing, for an import.
#[derive(FromRow)]
struct Verified {
    csv_rows: Option<i64>,
    db_rows: Option<i64>,
    rows_match: Option<bool>,
    passed: Option<bool>,
}

impl Verified {
    fn counts(&self) -> Option<VerifiedCounts> {
        Some(VerifiedCounts {
            csv_rows: self.csv_rows?,
            db_rows: self.db_rows?,
            rows_match: self.rows_match?,
            passed: self.passed?,
        })
    }
}

impl Attempt {
    fn recorded(self) -> RecordedAttempt {
        let job = Job::new(&self.operation_id, self.task_id, self.push);
        RecordedAttempt {
            started_at: self.started_at.to_jiff(),
            finished_at: self.finished_at.to_jiff(),
            outcome: match self.outcome.as_str() {
                "succeeded" => Outcome::Succeeded,
                "handed_back" => Outcome::HandedBack,
                "rescued" => Outcome::Died,
                "cancelled" => Outcome::Cancelled,
                _ if self.again => Outcome::Retried,
                _ => Outcome::Failed,
            },
            class: self.error_class.unwrap_or_default(),
            message: self.error_message.unwrap_or_default(),
            rows: self.rows.0,
            phases: self.phases.0,
            verified: self.verified.counts().filter(|_| self.outcome == "succeeded"),
            info: AttemptInfo {
                message_id: queue::message_id(&job),
                operation_id: self.operation_id,
                symbol: self.symbol,
                timeframe: self.timeframe,
                source: self.source,
                task_id: self.task_id,
                fence: self.fence,
                attempt: self.attempt,
                worker: self.worker,
                queue: queue::QUEUE,
                traceparent: self.traceparent,
                trace: TraceOptions::default(),
                kind: match job.kind {
                    JobKind::ImportSymbol => AttemptKind::Import,
                    JobKind::VerifyData => AttemptKind::Verify,
                },
            },
        }
    }
}
