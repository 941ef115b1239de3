//! A task that this worker has claimed.

use crate::import;
use crate::queue::Delivery;
use crate::task::{AttemptContext, ImportOptions, Lease, TaskInfo, VerifyOptions};
use crate::telemetry::AttemptTelemetry;
use crate::verify::VerifyAttempt;

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

    pub(super) fn import<'a>(
        &'a self,
        context: &'a AttemptContext,
        options: &'a ImportOptions,
    ) -> import::Attempt<'a> {
        let Self { lease, task, telemetry } = self;
        import::Attempt { context, lease, task, options, telemetry }
    }

    pub(super) fn verify<'a>(
        &'a self,
        context: &'a AttemptContext,
        options: &'a VerifyOptions,
    ) -> VerifyAttempt<'a> {
        let Self { lease, task, telemetry } = self;
        VerifyAttempt { context, lease, task, options, telemetry }
    }
}
