//! How closely an operation is traced, and how many spans each of its attempts may create.
//!
//! Invariant: an attempt always has its own span; below it, a batch has all of its spans or none.

use serde::{Deserialize, Serialize};

use crate::config::TraceDetail;
use crate::model::Fence;

/// How closely an operation is traced; stored with the operation, so that every worker does the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceOptions {
    /// One span for each batch, or one for each row.
    pub detail: TraceDetail,
    /// How many spans an attempt may create, its own included.
    pub spans_per_task: u32,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { detail: TraceDetail::Batch, spans_per_task: 1 }
    }
}

impl TraceOptions {
    /// Divides the budget of an operation among its tasks.
    pub(crate) fn share(detail: TraceDetail, max_spans: u32, tasks: usize, pushes: usize) -> Self {
        // The root, the discovery, and a span for each push of jobs.
        let others = u32::try_from(pushes).unwrap_or(u32::MAX).saturating_add(2);
        let tasks = u32::try_from(tasks).unwrap_or(u32::MAX).max(1);
        Self { detail, spans_per_task: (max_spans.saturating_sub(others) / tasks).max(1) }
    }
}

/// The most spans that a batch has: connection, look-up with two queries, comparison, two look-ups of repeats,
/// write with COPY, overwriting and four kinds of findings, COMMIT.
const SPANS_OF_A_BATCH: u32 = 15;
/// How many mismatched bars of an attempt get a span.
const MISMATCH_SPANS: u32 = 100;

/// How many spans an attempt may still create.
#[derive(Debug, Default)]
pub(super) struct Budget {
    left: u32,
    mismatches: u32,
    folding: bool,
}

impl Budget {
    /// The budget of the attempt with this fence. Each retry gets half of the one before, so that all retries together
    /// get no more than the first attempt.
    pub(super) fn new(options: TraceOptions, fence: Fence) -> Self {
        let retries = u32::try_from(fence.0 - 1).unwrap_or(0);
        let spans = options.spans_per_task.checked_shr(retries).unwrap_or(0).max(1);
        Self { left: spans - 1, ..Self::default() }
    }

    /// Begins a batch; false if the budget does not cover its spans.
    pub(super) fn begin_batch(&mut self) -> bool {
        self.folding = self.left < SPANS_OF_A_BATCH;
        !self.folding
    }

    /// Takes a span out of the budget; false if none is left.
    pub(super) fn take(&mut self) -> bool {
        let room = !self.folding && self.left > 0;
        self.left -= u32::from(room);
        room
    }

    /// Takes a span for a bar that differs; false if that would leave too few for a batch, or too many bars had one.
    pub(super) fn take_mismatch(&mut self) -> bool {
        let room = !self.folding && self.left > SPANS_OF_A_BATCH && self.mismatches < MISMATCH_SPANS;
        self.left -= u32::from(room);
        self.mismatches += u32::from(room);
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_shared_out() {
        let share =
            |max, tasks, pushes| TraceOptions::share(TraceDetail::Batch, max, tasks, pushes).spans_per_task;
        assert_eq!(share(10_000, 13, 1), 769);
        assert_eq!(share(10_000, 10_000, 5), 1, "every task has its own span");
        assert_eq!(share(1, 4, 1), 1);
    }
}
