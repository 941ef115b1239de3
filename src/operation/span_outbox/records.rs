//! Spans that are built from the database's records, because no process has them.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};

use super::{AT_ONCE, WHAT, send};
use crate::db::template::sql_template;
use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::OperationKind;
use crate::telemetry::{EndedOperation, RecordedAttempt, Recorder, StoredSpan};

/// Builds and stores all spans that are due.
pub(super) async fn store(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    let attempts = include_str!("sql/claim_attempts.sql");
    store_claimed(pool, attempts, |a: RecordedAttempt| recorder.attempt(&a)).await?;
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
