//! What apalis calls with each job that it has fetched.
//!
//! Invariant: a job that could not be run comes again.

use std::sync::Arc;
use std::time::Duration;

use apalis::prelude::{BoxDynError, Data, MetadataStore, TaskId};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::work::{Handled, Work};
use super::{Delivery, TRACEPARENT, unknown};
use crate::error::{During, Error, Result};
use crate::model::Traceparent;

/// What every job of a worker is run with.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) name: String,
    pub(super) slots: Arc<Semaphore>,
    pub(super) work: Arc<dyn Work>,
    pub(super) running: TaskTracker,
    pub(super) pool: PgPool,
    /// When a job that nobody here knows is looked at again.
    pub(super) look_again: Duration,
}

/// Each job runs as a task of its own, so that one that computes does not hold up the others, and one
/// that panics takes nothing with it.
pub(super) async fn deliver(
    payload: serde_json::Value,
    context: Data<Context>,
    metadata: MetadataStore,
    id: TaskId,
) -> Result<(), BoxDynError> {
    let job = match unknown::read(&payload) {
        Ok(job) => job,
        Err(why) => {
            let kind = payload.get("kind").and_then(serde_json::Value::as_str).unwrap_or("unknown");
            tracing::warn!(
                job = %id,
                kind,
                why,
                "a job of another version of barlift; it is left alone for a worker that knows it"
            );
            return Ok(defer(&context, &id, context.look_again).await?);
        }
    };
    // The semaphore is never closed, so this does not fail. It waits only if other queues use all slots.
    let _slot = context.slots.acquire().await?;
    let traceparent = metadata.get(TRACEPARENT).map(|t| Traceparent(t.to_owned()));
    let work =
        Arc::clone(&context.work).run(context.name.clone(), Delivery { job: job.clone(), traceparent });
    let result = match AbortOnDropHandle::new(context.running.spawn(work)).await {
        Ok(result) => result,
        Err(panic) => Err(Error::Internal(panic.to_string())),
    };
    match result {
        Ok(Handled::Done) => Ok(()),
        Ok(Handled::Later(wait)) => Ok(defer(&context, &id, wait).await?),
        Err(e) => {
            tracing::error!(
                operation.id = job.operation_id.as_str(),
                task_id = job.task_id.0,
                error = e.chain(),
                "an attempt could not be claimed or its end not be recorded; the job comes again"
            );
            // apalis would repeat it at once.
            tokio::time::sleep(Duration::from_secs(1)).await;
            Err(e.into())
        }
    }
}

/// Gives a job back to the queue, from where it comes again after `wait`.
async fn defer(context: &Context, id: &TaskId, wait: Duration) -> Result<()> {
    sqlx::query(include_str!("sql/defer.sql"))
        .bind(id.to_string())
        .bind(&context.name)
        .bind(wait.as_secs_f64())
        .execute(&context.pool)
        .await
        .during("deferring a job")?;
    Ok(())
}
