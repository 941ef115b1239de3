//! What one attempt to import a source tells: its span, the spans below it, the sums of its phases.
//!
//! Invariant: the job span always carries the sums; spans below it are made only while the attempt's share of
//! the span budget lasts, a batch's all or none of them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanId;
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use super::attribute as attr;
use super::catalogue::{IMPORT_SYMBOL, SpanSpec};
use super::context::{attempt_span_id, continue_trace, remote};
use super::phases::{Phase, Phases, Slowest, milliseconds};
use super::span::{Span, pairs};
use super::{MESSAGING_SYSTEM, metrics};
use crate::config::TraceDetail;
use crate::counts::RowCounts;
use crate::error::Error;

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

/// The most spans that one batch makes; what is left of the budget must suffice for it.
const SPANS_OF_A_BATCH: u32 = 12;
/// Mismatched bars that get a span, of one attempt.
const MISMATCH_SPANS: u32 = 100;

/// Who attempts what.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AttemptInfo {
    pub operation_id: String,
    pub symbol: String,
    pub timeframe: String,
    /// Path of the file, relative to the operation's directory.
    pub source: String,
    pub task_id: i64,
    pub fence: i32,
    /// Which try it is, from 1.
    pub attempt: i32,
    pub worker: String,
    pub queue: &'static str,
    /// What the queue calls the job.
    pub message_id: String,
    /// The root span, as a W3C traceparent.
    pub traceparent: String,
    pub trace: TraceOptions,
}

impl AttemptInfo {
    /// The id of the attempt's span, which its rescuer can find again.
    pub(super) fn span_id(&self) -> SpanId {
        attempt_span_id(&self.operation_id, self.task_id, self.fence)
    }

    /// What the attempt's span says whatever happens.
    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        let mut out = Vec::with_capacity(12);
        out.extend(pairs(attr::OPERATION_ID, &self.operation_id));
        out.extend(pairs(attr::DATA_SYMBOL, &self.symbol));
        out.extend(pairs(attr::DATA_TIMEFRAME, &self.timeframe));
        out.extend(pairs(attr::SOURCE, &self.source));
        out.extend(pairs(attr::JOB_ATTEMPT, i64::from(self.attempt)));
        out.extend(pairs(attr::JOB_WORKER, &self.worker));
        out.extend(pairs(attr::MESSAGING_SYSTEM, MESSAGING_SYSTEM));
        out.extend(pairs(attr::MESSAGING_DESTINATION, self.queue));
        out.extend(pairs(attr::MESSAGING_OPERATION, "process"));
        out.extend(pairs(attr::MESSAGING_OPERATION_TYPE, "process"));
        out.extend(pairs(attr::MESSAGING_MESSAGE_ID, &self.message_id));
        out
    }
}

/// How far an attempt came, for its span.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) took: Duration,
    pub(super) rows: RowCounts,
    pub(super) phases: Phases,
    pub(super) batches: i64,
    pub(super) folded: i64,
}

impl Sums {
    pub(super) fn attributes(&self, outcome: &str) -> Vec<KeyValue> {
        let (p, rows) = (&self.phases, &self.rows);
        let mut out = pairs(attr::JOB_OUTCOME, outcome);
        out.extend(pairs(attr::DURATION_MS, milliseconds(self.took)));
        for (attribute, value) in [
            (attr::ROWS_IMPORTED, rows.rows_imported),
            (attr::ROWS_SKIPPED, rows.rows_skipped),
            (attr::WARNINGS, rows.rows_mismatched),
            (attr::ROWS_REJECTED, rows.rows_rejected),
            (attr::ROWS_DUPLICATE, rows.rows_duplicate),
            (attr::QUALITY_ISSUES, rows.quality_issues),
            (attr::BATCHES, self.batches),
            (attr::BATCHES_FOLDED, self.folded),
        ] {
            out.extend(pairs(attribute, value));
        }
        for (timing, ms, count) in [
            (&p.read, attr::READ_MS, attr::READ_COUNT),
            (&p.connection_wait, attr::CONNECTION_WAIT_MS, attr::CONNECTION_WAIT_COUNT),
            (&p.check_exists, attr::CHECK_EXISTS_MS, attr::CHECK_EXISTS_COUNT),
            (&p.compare_values, attr::COMPARE_VALUES_MS, attr::COMPARE_VALUES_COUNT),
            (&p.insert_batch, attr::INSERT_BATCH_MS, attr::INSERT_BATCH_COUNT),
            (&p.commit, attr::COMMIT_MS, attr::COMMIT_COUNT),
        ] {
            out.extend(pairs(ms, timing.ms));
            out.extend(pairs(count, timing.count));
        }
        out
    }
}

/// One attempt.
#[derive(Debug)]
pub struct AttemptTelemetry {
    /// The symbol it is about.
    pub symbol: String,
    span: Span,
    log: tracing::Span,
    started: Instant,
    detail: TraceDetail,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sums: Sums,
    slowest: Slowest,
    budget: u32,
    mismatches: u32,
    folding: bool,
    finished: bool,
}

/// How an attempt ended, for its span and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Succeeded,
    Failed,
    Retried,
    HandedBack,
    /// Another worker has the task: that one writes this attempt's span.
    Lost,
}

impl Outcome {
    /// Its name in attributes and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::HandedBack => "handed_back",
            Self::Lost => LOST,
        }
    }
}

/// A span with this `job.outcome` is not exported.
pub(super) const LOST: &str = "lost";

impl AttemptTelemetry {
    /// Begins an attempt's span, as a child of the operation's root.
    #[must_use]
    pub fn start(info: &AttemptInfo) -> Self {
        let log = tracing::info_span!(
            "attempt",
            operation.id = info.operation_id,
            symbol = info.symbol,
            timeframe = info.timeframe,
            source = info.source,
            attempt = info.attempt,
            trace_id = remote(&info.traceparent).map(|c| c.trace_id().to_string()),
        );
        let span = log.in_scope(|| Span::start(&IMPORT_SYMBOL));
        continue_trace(&span, &info.traceparent, info.span_id());
        span.extend(info.attributes());
        // Each retry has half the room, so that all of them together have no more than the first.
        let retries = u32::try_from(info.fence - 1).unwrap_or(0);
        let budget = info.trace.spans_per_task.checked_shr(retries).unwrap_or(0).max(1) - 1;
        Self {
            symbol: info.symbol.clone(),
            span,
            log,
            started: Instant::now(),
            detail: info.trace.detail,
            state: Mutex::new(State { budget, ..State::default() }),
        }
    }

    /// Runs the attempt within its span.
    pub async fn around<F: Future>(&self, future: F) -> F::Output {
        self.span.around(future).instrument(self.log.clone()).await
    }

    /// Whether every row gets spans.
    #[must_use]
    pub fn row_detail(&self) -> bool {
        self.detail == TraceDetail::Row
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch begins: it has spans of its own if the budget has room for all of them.
    pub fn begin_batch(&self) {
        let mut state = self.state();
        state.sums.batches += 1;
        state.folding = state.budget < SPANS_OF_A_BATCH;
        if state.folding {
            state.sums.folded += 1;
        }
    }

    /// A span below the attempt's, if there is room.
    #[must_use]
    pub fn span(&self, spec: &'static SpanSpec) -> Span {
        let mut state = self.state();
        if state.folding || state.budget == 0 {
            return Span::none(spec);
        }
        state.budget -= 1;
        Span::start(spec)
    }

    /// A span for a bar that differs, if there is room and not too many had one.
    #[must_use]
    pub fn mismatch_span(&self, spec: &'static SpanSpec) -> Option<Span> {
        let mut state = self.state();
        if state.folding || state.budget <= SPANS_OF_A_BATCH || state.mismatches >= MISMATCH_SPANS {
            return None;
        }
        state.budget -= 1;
        state.mismatches += 1;
        Some(Span::start(spec))
    }

    /// Adds to a phase's sum.
    pub fn add(&self, phase: Phase, took: Duration) {
        self.state().sums.phases.add(phase, took);
        metrics::get().phase(phase, took);
    }

    /// Notes a statement, in case it is among the slowest.
    pub fn statement(&self, took: Duration, operation: &str, statement: &str, rows: i64) {
        self.state().slowest.add(took, operation, statement, rows);
    }

    /// The sums so far.
    #[must_use]
    pub fn timings(&self) -> (Phases, Slowest) {
        let state = self.state();
        (state.sums.phases, state.slowest.clone())
    }

    /// What the task's rows became so far.
    pub fn rows(&self, rows: &RowCounts) {
        self.state().sums.rows = *rows;
    }

    /// The file was recognised by its content.
    pub fn recognised(&self) {
        self.span.set(attr::RECOGNISED, true);
    }

    /// The attempt is settled.
    pub fn settled(&self, outcome: Outcome, error: Option<&Error>) {
        match error {
            Some(e) => self.span.fail(e, &self.symbol),
            None => self.span.ok(),
        }
        self.finish(outcome);
    }

    fn finish(&self, outcome: Outcome) {
        let mut state = self.state();
        state.finished = true;
        state.sums.took = self.started.elapsed();
        self.span.extend(state.sums.attributes(outcome.as_str()));
        metrics::get().file(outcome);
    }
}

/// An attempt that ends without being settled was cut off by its worker's stop, and its task handed back.
impl Drop for AttemptTelemetry {
    fn drop(&mut self) {
        if !self.state().finished {
            self.finish(Outcome::HandedBack);
        }
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
