//! The telemetry of one attempt: its span, the spans below it, the sums of its phases.
//!
//! Invariant: the attempt's span always has the sums; spans below it are created only while the attempt's share of the span
//! budget lasts. An attempt has exactly one span: if another worker writes it, ours is not exported.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::SpanId;
use tracing::Instrument as _;

use super::attempt_info::{AttemptInfo, AttemptSums, JobOutcome, VerifiedCounts};
use super::attribute as attr;
use super::budget::Budget;
use super::catalogue::{KindSpans, SpanSpec};
use super::context::{continue_trace, is_sampled, remote};
use super::delivery;
use super::metrics;
use super::phases::{AttemptRecord, Phase, Phases, Slowest};
use super::span::Span;
use crate::config::TraceDetail;
use crate::counts::RowCounts;
use crate::error::Error;
use crate::model::OperationKind;

/// The telemetry of an attempt that runs.
#[derive(Debug)]
pub struct AttemptTelemetry {
    pub(crate) symbol: String,
    kind: OperationKind,
    id: SpanId,
    /// Whether this process exports its span.
    exported: bool,
    span: Span,
    log: tracing::Span,
    started: Instant,
    detail: TraceDetail,
    state: Mutex<AttemptState>,
}

#[derive(Debug, Default)]
struct AttemptState {
    sums: AttemptSums,
    slowest: Slowest,
    budget: Budget,
    finished: bool,
}

impl AttemptTelemetry {
    /// Begins an attempt's span, as a child of the operation's root.
    #[must_use]
    pub fn start(info: &AttemptInfo) -> Self {
        // At this level, so that every log line that passes the filter has these fields.
        let log = tracing::error_span!(
            "attempt",
            operation.id = info.operation_id.as_str(),
            symbol = info.symbol,
            timeframe = info.timeframe,
            source = info.source,
            attempt = info.attempt,
            trace_id = remote(&info.traceparent).map(|c| c.trace_id().to_string()),
        );
        let span = log.in_scope(|| Span::start(KindSpans::of(info.kind).attempt));
        continue_trace(span.tracing(), &info.traceparent, info.span_id());
        span.extend(info.attributes());
        let budget = Budget::new(info.trace, info.fence);
        let exported = span.is_recorded() && is_sampled(&info.traceparent);
        if exported {
            delivery::started(info.span_id(), (info.task_id, info.fence));
        }
        Self {
            symbol: info.symbol.clone(),
            kind: info.kind,
            id: info.span_id(),
            exported,
            span,
            log,
            started: Instant::now(),
            detail: info.trace.detail,
            state: Mutex::new(AttemptState { budget, ..AttemptState::default() }),
        }
    }

    pub(crate) async fn around<F: Future>(&self, future: F) -> F::Output {
        self.span.around(future).instrument(self.log.clone()).await
    }

    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        self.log.in_scope(|| self.span.within(run))
    }

    /// Whether every row gets spans.
    pub(crate) fn row_detail(&self) -> bool {
        self.detail == TraceDetail::Row
    }

    fn state(&self) -> MutexGuard<'_, AttemptState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch begins. It gets spans if the budget covers all of them.
    pub(crate) fn begin_batch(&self) {
        let mut state = self.state();
        state.sums.batches += 1;
        state.sums.folded += i64::from(!state.budget.begin_batch());
    }

    /// A span below the attempt's, within the budget.
    pub(crate) fn span(&self, spec: &'static SpanSpec) -> Span {
        if self.state().budget.take() { Span::start(spec) } else { Span::none(spec) }
    }

    /// A span for a bar that differs, within the budget.
    pub(crate) fn mismatch_span(&self, spec: &'static SpanSpec) -> Option<Span> {
        self.state().budget.take_mismatch().then(|| Span::start(spec))
    }

    pub(crate) fn add(&self, phase: Phase, took: Duration) {
        self.state().sums.phases.add(phase, took);
        metrics::get().phase(phase, took);
    }

    /// Runs a step of bookkeeping and adds its time.
    pub(crate) async fn bookkeeping<F: Future>(&self, step: F) -> F::Output {
        let start = Instant::now();
        let done = step.await;
        self.add(Phase::Bookkeeping, start.elapsed());
        done
    }

    /// Records a statement, in case it is among the slowest.
    pub(crate) fn statement(&self, took: Duration, operation: &str, statement: &str, rows: i64) {
        self.state().slowest.add(took, operation, statement, rows);
    }

    pub(crate) fn phases(&self) -> Phases {
        self.state().sums.phases
    }

    #[must_use]
    pub(crate) fn record(&self) -> AttemptRecord {
        let state = self.state();
        let (rows, phases) = (state.sums.rows, state.sums.phases);
        AttemptRecord { rows, phases, slowest: state.slowest.clone(), exported: self.exported }
    }

    pub(crate) fn rows(&self) -> RowCounts {
        self.state().sums.rows
    }

    /// Counts rows that this attempt has committed.
    pub(crate) fn committed(&self, added: &RowCounts) {
        self.state().sums.rows.add(added);
        metrics::get().rows(added);
    }

    /// Counts rows of a dry run.
    pub(crate) fn looked_at(&self, added: &RowCounts) {
        self.state().sums.rows.add(added);
    }

    /// The file was recognised by its content.
    pub(crate) fn recognised(&self) {
        self.span.set(attr::RECOGNISED, true);
    }

    pub(crate) fn verified(&self, counts: VerifiedCounts) {
        self.state().sums.verified = Some(counts);
    }

    /// The attempt is settled.
    pub(crate) fn settled(&self, outcome: JobOutcome, error: Option<&Error>) {
        match error {
            Some(e) => self.span.fail(e, &self.symbol),
            None => self.span.ok(),
        }
        self.finish(outcome);
    }

    /// Another worker has the task and writes this attempt's span.
    pub(crate) fn lost(&self) {
        self.settled(JobOutcome::Lost, None);
    }

    fn finish(&self, outcome: JobOutcome) {
        let mut state = self.state();
        state.finished = true;
        if outcome == JobOutcome::Lost {
            delivery::lost(self.id);
        }
        state.sums.took = self.started.elapsed();
        self.span.extend(state.sums.attributes(self.kind, outcome));
        metrics::get().file(outcome);
    }
}

/// An attempt that was not settled was cut off by its worker's stop, a lost database or a panic. Only the database knows
/// how it ended, and the worker that reads it there writes the span.
impl Drop for AttemptTelemetry {
    fn drop(&mut self) {
        if !self.state().finished {
            self.lost();
        }
    }
}
