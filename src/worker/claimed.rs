//! A task that this worker has claimed.

use crate::queue::Delivery;
use crate::task::{Attempt, AttemptContext, Lease, TaskInfo};
use crate::telemetry::AttemptTelemetry;

/// A claimed task, and the telemetry of the attempt at it.
pub(super) struct ClaimedTask {
    pub(super) lease: Lease,
    pub(super) task: TaskInfo,
    pub(super) telemetry: AttemptTelemetry,
}

impl ClaimedTask {
    pub(super) fn new(lease: Lease, task: TaskInfo, worker: &str, delivery: &Delivery) -> Self {
        let telemetry = AttemptTelemetry::start(&task.attempt(&lease, worker, delivery));
        Self { lease, task, telemetry }
    }

    pub(super) fn attempt<'a, O>(&'a self, context: &'a AttemptContext, options: &'a O) -> Attempt<'a, O> {
        let Self { lease, task, telemetry } = self;
        Attempt { context, lease, task, options, telemetry }
    }
}
