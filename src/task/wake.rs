//! Tasks that wait for a series, one after the other.
//!
//! Invariant: whoever lets go of a series does so on the transaction that gives the next one that waits its job. What
//! slips through (a holder that was cancelled and whose worker died) is found by the sweep.

use sqlx::{FromRow, PgConnection, PgPool};

use super::Lease;
use crate::error::{During, Result};
use crate::queue::{self, Job, Push};

const WHAT: &str = "waking what waits for the series";

#[derive(FromRow)]
struct Next {
    operation_id: String,
    id: i64,
    pushes: i32,
    priority: i32,
    traceparent: String,
}

/// Nobody is at the series any more: the next one that waits for it gets a job.
pub(super) async fn wake(tx: &mut PgConnection, series_id: i32) -> Result<()> {
    let next: Option<Next> = sqlx::query_as(include_str!("sql/wake.sql"))
        .bind(series_id)
        .fetch_optional(&mut *tx)
        .await
        .during(WHAT)?;
    let Some(Next { operation_id, id, pushes, priority, traceparent }) = next else { return Ok(()) };
    let job = Job::new(&operation_id, id, pushes);
    let run_at = jiff::Timestamp::now();
    queue::push(tx, &[Push { job, run_at, priority, traceparent: &traceparent }]).await
}

impl Lease {
    /// The task is not this attempt's any more. If nobody else has it either, the series is free.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn let_go(&self, pool: &PgPool) -> Result<()> {
        let Some(series_id) = self.series_id else { return Ok(()) };
        let mut tx = pool.begin().await.during(WHAT)?;
        let free = sqlx::query(include_str!("sql/let_go.sql"))
            .bind(series_id)
            .bind(self.task_id)
            .execute(&mut *tx)
            .await
            .during(WHAT)?;
        if free.rows_affected() > 0 {
            wake(&mut tx, series_id).await?;
        }
        tx.commit().await.during(WHAT)
    }
}
