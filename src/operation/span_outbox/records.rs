//! Spans that are built from the database's records, because no process has them.

use jiff_sqlx::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use super::{AT_ONCE, WHAT, send};
use crate::counts::RowCounts;
use crate::db::template::sql_template;
use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::{AttemptOutcome, Fence, JobSequence, OperationId, OperationKind, TaskId, Traceparent};
use crate::queue;
use crate::telemetry::{
    AttemptInfo, EndedOperation, JobOutcome, Phases, RecordedAttempt, Recorder, StoredSpan, TraceOptions,
    VerifiedCounts,
};

/// Builds and stores all spans that are due.
pub(super) async fn store(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    let attempts = include_str!("sql/claim_attempts.sql");
    store_claimed(pool, attempts, |a: AttemptRow| recorder.attempt(&a.recorded())).await?;
    let operations = sql_template!("sql/claim_operations.sql");
    store_claimed(pool, operations, |o: EndedOperation| recorder.root(&o)).await
}

/// Builds and stores the spans of the rows that `claim` returns, until it returns none.
async fn store_claimed<T>(
    pool: &PgPool,
    claim: &'static str,
    build: impl Fn(T) -> Option<StoredSpan>,
) -> Result<()>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    loop {
        let mut tx = transaction::begin(pool).await.during(WHAT)?;
        let rows: Vec<T> = sqlx::query_as(claim)
            .bind(AT_ONCE)
            .bind(OperationKind::known())
            .fetch_all(&mut *tx)
            .await
            .during(WHAT)?;
        if rows.is_empty() {
            return Ok(());
        }
        let spans: Vec<StoredSpan> = rows.into_iter().filter_map(&build).collect();
        send::store(&mut tx, &spans).await?;
        tx.commit().await.during(WHAT)?;
    }
}

#[derive(FromRow)]
struct AttemptRow {
    kind: OperationKind,
    operation_id: OperationId,
    symbol: String,
    timeframe: String,
    source: String,
    job_sequence: JobSequence,
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
    verified: VerifiedRow,
}

/// All NULL for an import, and for a verification that did not succeed.
#[derive(FromRow)]
struct VerifiedRow {
    csv_rows: Option<i64>,
    db_rows: Option<i64>,
    rows_match: Option<bool>,
    passed: Option<bool>,
}

impl VerifiedRow {
    fn counts(&self) -> Option<VerifiedCounts> {
        Some(VerifiedCounts {
            csv_rows: self.csv_rows?,
            db_rows: self.db_rows?,
            rows_match: self.rows_match?,
            passed: self.passed?,
        })
    }
}

impl AttemptRow {
    fn recorded(self) -> RecordedAttempt {
        RecordedAttempt {
            started_at: self.started_at.to_jiff(),
            finished_at: self.finished_at.to_jiff(),
            outcome: match self.outcome {
                AttemptOutcome::Succeeded => JobOutcome::Succeeded,
                AttemptOutcome::HandedBack => JobOutcome::HandedBack,
                AttemptOutcome::Rescued => JobOutcome::Died,
                AttemptOutcome::Cancelled => JobOutcome::Cancelled,
                AttemptOutcome::Failed if self.again => JobOutcome::Retried,
                AttemptOutcome::Failed => JobOutcome::Failed,
            },
            class: self.error_class.unwrap_or_default(),
            message: self.error_message.unwrap_or_default(),
            rows: self.rows.0,
            phases: self.phases.0,
            verified: self.verified.counts().filter(|_| self.outcome == AttemptOutcome::Succeeded),
            info: AttemptInfo {
                message_id: queue::job_key(&self.operation_id, self.task_id, self.job_sequence),
                operation_id: self.operation_id,
                symbol: self.symbol,
                timeframe: self.timeframe,
                source: self.source,
                task_id: self.task_id,
                fence: self.fence,
                attempt: self.attempt,
                worker: self.worker,
                queue: self.kind.queue(),
                traceparent: self.traceparent,
                trace: TraceOptions::default(),
                kind: self.kind,
            },
        }
    }
}
