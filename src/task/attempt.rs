//! What an attempt runs with.

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Lease, TaskInfo};
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, Result};
use crate::telemetry::AttemptTelemetry;

/// What an attempt needs from its worker.
#[derive(Debug, Clone)]
pub struct AttemptContext {
    /// The database.
    pub pool: PgPool,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Asks the attempt to end at its next batch.
    pub stop: CancellationToken,
}

/// An attempt at a task with options of this type.
#[derive(Debug)]
pub struct Attempt<'a, O> {
    /// What it runs with.
    pub context: &'a AttemptContext,
    /// Its lease of the task.
    pub lease: &'a Lease,
    /// What it is about.
    pub task: &'a TaskInfo,
    /// What to do.
    pub options: &'a O,
    /// Its spans and sums.
    pub telemetry: &'a AttemptTelemetry,
}

// Derived, they would ask the same of the options.
impl<O> Copy for Attempt<'_, O> {}
impl<O> Clone for Attempt<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'a, O> Attempt<'a, O> {
    /// The database, with every statement traced.
    pub(crate) fn database(&self) -> TracedPool<'a> {
        TracedPool::attempt(&self.context.pool, self.telemetry)
    }

    /// Fails if the worker was asked to stop.
    pub(crate) fn refuse_stopped(&self) -> Result<()> {
        if self.context.stop.is_cancelled() { Err(Error::Stopped) } else { Ok(()) }
    }
}
