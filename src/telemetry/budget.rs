//! How closely an operation is traced, and how many spans each of its attempts may make.
//!
//! Invariant: an attempt always has its own span; below it, a batch has all of its spans or none.

use serde::{Deserialize, Serialize};

use crate::config::TraceDetail;
use crate::model::Fence;

/// How closely an operation is traced; stored with it, so that every worker does the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceOptions {
    /// One span a batch or one a row.
    pub detail: TraceDetail,
    /// Spans that one attempt may make, its own included.
    pub spans_per_task: u32,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { detail: TraceDetail::Batch, spans_per_task: 1 }
    }
}

impl TraceOptions {
    /// Shares the budget of an operation out over its tasks.
    #[must_use]
    pub fn share(detail: TraceDetail, max_spans: u32, tasks: usize, pushes: usize) -> Self {
        // The root and the discovery; every push is a span too.
        let others = u32::try_from(pushes).unwrap_or(u32::MAX).saturating_add(2);
        let tasks = u32::try_from(tasks).unwrap_or(u32::MAX).max(1);
        Self { detail, spans_per_task: (max_spans.saturating_sub(others) / tasks).max(1) }
    }
}

/// The most spans that one batch makes: connection, look-up with two queries, comparison, two look-ups of repeats,
/// write with COPY, overwriting and four kinds of findings, COMMIT.
const SPANS_OF_A_BATCH: u32 = 15;
/// Mismatched bars that get a span, of one attempt.
const MISMATCH_SPANS: u32 = 100;

/// What is left for one attempt.
#[derive(Debug, Default)]
pub(super) struct Budget {
    left: u32,
    mismatches: u32,
    folding: bool,
}

impl Budget {
    /// For the attempt with this fence. Each retry has half the room, so that all of them together have no
    /// more than the first.
    pub(super) fn new(options: TraceOptions, fence: Fence) -> Self {
        let retries = u32::try_from(fence.0 - 1).unwrap_or(0);
        let spans = options.spans_per_task.checked_shr(retries).unwrap_or(0).max(1);
        Self { left: spans - 1, ..Self::default() }
    }

    /// A batch begins; false if there is no room for its spans.
    pub(super) fn begin_batch(&mut self) -> bool {
        self.folding = self.left < SPANS_OF_A_BATCH;
        !self.folding
    }

    /// Takes one span, if there is room.
    pub(super) fn take(&mut self) -> bool {
        let room = !self.folding && self.left > 0;
        self.left -= u32::from(room);
        room
    }

    /// Takes one for a bar that differs, unless the batch or its kind have had theirs.
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
