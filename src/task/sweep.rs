//! Open tasks that no job speaks for any more get a new one.
//!
//! apalis acknowledges a job by its id and its worker's name alone, so after a stall of the database a job
//! may be taken for done that is not. Invariant: a task that has a live job is left alone, so this may run at
//! any time and anywhere.

use sqlx::{FromRow, PgPool};

use crate::error::{During, Result};
use crate::queue::{self, Job, Push};

const WHAT: &str = "looking for forgotten tasks";

#[derive(FromRow)]
struct Forgotten {
    operation_id: String,
    id: i64,
    pushes: i32,
    priority: i32,
    traceparent: String,
    run_at: jiff_sqlx::Timestamp,
}

/// Pushes jobs for forgotten tasks; returns how many there were.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn push_forgotten(pool: &PgPool) -> Result<usize> {
    let mut tx = pool.begin().await.during(WHAT)?;
    let forgotten: Vec<Forgotten> = sqlx::query_as(include_str!("sql/push_forgotten.sql"))
        .bind(queue::QUEUE)
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    let jobs: Vec<Push<'_>> = forgotten
        .iter()
        .map(|f| Push {
            job: Job::new(&f.operation_id, f.id, f.pushes),
            run_at: f.run_at.to_jiff(),
            priority: f.priority,
            traceparent: &f.traceparent,
        })
        .collect();
    queue::push(&mut tx, &jobs).await?;
    tx.commit().await.during(WHAT)?;
    if !jobs.is_empty() {
        tracing::warn!(tasks = jobs.len(), "found tasks that no job spoke for; they are queued again");
    }
    Ok(jobs.len())
}
