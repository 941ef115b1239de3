//! What runs the jobs that the loops of a worker fetch.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::Delivery;
use crate::error::Result;

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It is done; apalis may acknowledge it.
    Done,
    /// It cannot be begun now: it is given back to the queue and comes again after this time.
    Later(Duration),
}

/// Runs jobs.
pub trait Work: Send + Sync + 'static {
    /// Runs a job. An error means that the claim, or the end of the attempt, could not be recorded; the job
    /// comes again.
    fn run(self: Arc<Self>, worker: String, delivery: Delivery) -> BoxFuture<'static, Result<Handled>>;

    /// Hands back the tasks that a worker of this name still has; none of its jobs runs any more.
    fn abandon(&self, worker: String) -> BoxFuture<'static, Result<()>>;
}
