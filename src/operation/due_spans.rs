//! Spans that are built from the database's records: the root of an operation once its last task has settled, and attempts
//! that never began, were cut off, or whose worker died before it had stored their spans.
//!
//! Invariant: a span is stored in the transaction that ends its being due, so it is built once and its content is final.

use jiff_sqlx::Timestamp;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use super::span_outbox;
use crate::counts::RowCounts;
use crate::error::{During, Result};
use crate::model::{
    AttemptOutcome, Fence, JobSequence, OperationId, OperationKind, OperationState, TaskId, Traceparent,
};
use crate::queue;
use crate::telemetry::{
    AttemptInfo, EndedOperation, Outcome, Phases, RecordedAttempt, Recorder, StoredSpan, TraceOptions,
    VerifiedCounts,
};

const WHAT: &str = "writing spans that are due";

/// How many spans are built in one transaction.
const AT_ONCE: i64 = 200;

/// Stores all spans that are due and sends what is stored.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn export(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    span_outbox::store_ended(pool).await?;
    let attempts = include_str!("sql/claim_attempt_spans.sql");
    store(pool, attempts, |a: Attempt| recorder.attempt(&a.recorded())).await?;
    let roots = include_str!("sql/claim_root_spans.sql");
    store(pool, roots, |r: Root| recorder.root(&r.ended())).await?;
    span_outbox::send(pool, recorder).await
}

/// Builds and stores the spans of the rows that `claim` ends being due, until it finds none.
async fn store<T>(pool: &PgPool, claim: &'static str, build: impl Fn(T) -> Option<StoredSpan>) -> Result<()>
where
    T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    loop {
        let mut tx = pool.begin().await.during(WHAT)?;
        let rows: Vec<T> = sqlx::query_as(claim).bind(AT_ONCE).fetch_all(&mut *tx).await.during(WHAT)?;
        if rows.is_empty() {
            return Ok(());
        }
        let spans: Vec<StoredSpan> = rows.into_iter().filter_map(&build).collect();
        span_outbox::store(&mut tx, &spans).await?;
        tx.commit().await.during(WHAT)?;
    }
}

#[derive(FromRow)]
struct Root {
    id: OperationId,
    r#type: OperationKind,
    state: OperationState,
    root: String,
    traceparent: Traceparent,
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
    kind: OperationKind,
    operation_id: OperationId,
    symbol: String,
    timeframe: String,
    source: String,
    push: JobSequence,
    traceparent: Traceparent,
    task_id: TaskId,
    fence: Fence,
    attempt: i32,
    again: bool,
    worker: String,
    started_at: Timestamp,
    finished_at: Timestamp,
    outcome: AttemptOutcome,
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
        RecordedAttempt {
            started_at: self.started_at.to_jiff(),
            finished_at: self.finished_at.to_jiff(),
            outcome: match self.outcome {
                AttemptOutcome::Succeeded => Outcome::Succeeded,
                AttemptOutcome::HandedBack => Outcome::HandedBack,
                AttemptOutcome::Rescued => Outcome::Died,
                AttemptOutcome::Cancelled => Outcome::Cancelled,
                AttemptOutcome::Failed if self.again => Outcome::Retried,
                AttemptOutcome::Failed => Outcome::Failed,
            },
            class: self.error_class.unwrap_or_default(),
            message: self.error_message.unwrap_or_default(),
            rows: self.rows.0,
            phases: self.phases.0,
            verified: self.verified.counts().filter(|_| self.outcome == AttemptOutcome::Succeeded),
            info: AttemptInfo {
                message_id: queue::job_key(&self.operation_id, self.task_id, self.push),
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
                kind: self.kind,
            },
        }
    }
}
