//! Retries failed tasks within their operation.
//!
//! Invariant: a retried task has its failures and rescues reset to zero, but keeps its checkpoint, its attempts and their
//! errors. The operation runs again, in the same trace.

use sqlx::PgPool;

use super::{Changed, LockedOperation, Selection, WHAT, begin, ids, job_keys, lock, push, refuse_unknown};
use crate::error::{During, Error, Result};
use crate::model::{JobSequence, OperationId, TaskId, TaskState};
use crate::queue;
use crate::telemetry::new_span_id;

/// Retries failed tasks and those that wait for another attempt; with `cancelled`, also cancelled tasks.
///
/// # Errors
/// [`Error::Usage`] if the selection has no such task.
pub async fn retry(
    pool: &PgPool,
    id: &OperationId,
    selection: &Selection,
    cancelled: bool,
) -> Result<Changed> {
    let mut tx = begin(pool, id).await?;
    refuse_unknown(&mut tx, id, selection).await?;
    let states = [TaskState::Pending, TaskState::Failed, TaskState::Cancelled];
    let states = if cancelled { &states[..] } else { &states[..2] };
    let mut tasks = lock(&mut tx, id, states, selection).await?;
    tasks.retain(|t| t.state != TaskState::Pending || t.failures > 0);
    if tasks.is_empty() {
        return Err(nothing(id, selection, cancelled));
    }
    let pushed: Vec<(TaskId, JobSequence)> = sqlx::query_as(include_str!("sql/retry_tasks.sql"))
        .bind(ids(&tasks))
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    let operation: LockedOperation = sqlx::query_as(include_str!("sql/retry_operation.sql"))
        .bind(&id.0)
        .bind(new_span_id())
        .fetch_one(&mut *tx)
        .await
        .during(WHAT)?;
    if !operation.paused && !operation.waiting {
        queue::withdraw(&mut tx, &job_keys(id, &tasks)).await?;
        push(&mut tx, id, &pushed, &operation).await?;
    }
    tx.commit().await.during(WHAT)?;
    Ok(Changed::new(id, &tasks, operation.paused))
}

fn nothing(id: &OperationId, selection: &Selection, cancelled: bool) -> Error {
    let which = if selection.is_all() { "file" } else { "selected file" };
    let what = if cancelled { "has failed or was cancelled" } else { "has failed" };
    Error::usage(
        format!("no {which} of {id} {what}"),
        format!("`barlift status {id}` shows the state of each; --cancelled also retries cancelled ones"),
    )
}
