//! The root span of an operation, written once its last task has settled.
//!
//! Invariant: it stays due until an exporter has taken it, whichever worker that is and however often one
//! dies in between; a claim keeps two workers from writing it at once.

use std::time::Duration;

use jiff_sqlx::Timestamp;
use sqlx::{FromRow, PgPool};

use crate::counts::RowCounts;
use crate::error::{During, Result};
use crate::telemetry::{EndedOperation, Recorder};

const WHAT: &str = "writing an operation's root span";

#[derive(FromRow)]
struct Row {
    id: String,
    r#type: String,
    state: String,
    root: String,
    traceparent: String,
    began_at: Timestamp,
    started_at: Timestamp,
    finished_at: Timestamp,
    symbols: i64,
    files: i64,
    failed: i64,
    #[sqlx(flatten)]
    rows: RowCounts,
}

/// Exports all root spans that are due, until one is not taken. That one is due again after `claim`.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn export_due(pool: &PgPool, recorder: &Recorder, claim: Duration) -> Result<()> {
    while let Some(ended) = claim_one(pool, claim).await? {
        if !recorder.root(&ended).await {
            break;
        }
        sqlx::query("UPDATE barlift.operations SET root_span_emitted_at = now() WHERE id = $1")
            .bind(&ended.id)
            .execute(pool)
            .await
            .during(WHAT)?;
    }
    Ok(())
}

async fn claim_one(pool: &PgPool, claim: Duration) -> Result<Option<EndedOperation>> {
    let row: Option<Row> = sqlx::query_as(include_str!("sql/claim_root_span.sql"))
        .bind(claim.as_secs_f64())
        .fetch_optional(pool)
        .await
        .during(WHAT)?;
    Ok(row.map(EndedOperation::from))
}

impl From<Row> for EndedOperation {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            kind: r.r#type,
            state: r.state,
            root: r.root,
            traceparent: r.traceparent,
            began_at: r.began_at.to_jiff(),
            started_at: r.started_at.to_jiff(),
            finished_at: r.finished_at.to_jiff(),
            symbols: r.symbols,
            files: r.files,
            failed: r.failed,
            rows: r.rows,
        }
    }
}
