//! Spans that are built from the database's records, because no process has them running: the root of an operation, and
//! attempts whose worker died or that never began.
//!
//! Invariant: they are stored before they are sent, and sent as they are stored.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff_sqlx::Timestamp;
use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use sqlx::FromRow;
use tokio::sync::Mutex;

use super::attempt_info::{AttemptInfo, AttemptSums, JobOutcome, VerifiedCounts};
use super::attribute as attr;
use super::catalogue::{KindSpans, RETRY, SpanSpec};
use super::context::{RootContext, remote};
use super::export::Otlp;
use super::phases::{Phases, milliseconds};
use super::row_counters;
use super::span::{SpanFailure, pairs};
use super::stored::{SCOPE, StoredSpan};
use crate::counts::RowCounts;
use crate::error::{Error, ErrorClass};
use crate::model::{AttemptOutcome, OperationId, OperationKind, OperationState, Traceparent};

/// An operation whose last task has settled.
#[derive(Debug, Clone, Default, FromRow)]
pub(crate) struct EndedOperation {
    pub(crate) id: OperationId,
    /// What it did.
    pub(crate) kind: OperationKind,
    pub(crate) state: OperationState,
    /// The directory's URL.
    pub(crate) root: String,
    /// Its span: the root, or the span of a retry.
    pub(crate) traceparent: Traceparent,
    /// The id of the root span, if this is a retry below it.
    pub(crate) root_span_id: Option<String>,
    /// When its enqueuing began.
    #[sqlx(try_from = "Timestamp")]
    pub(crate) began_at: jiff::Timestamp,
    /// When its first task started.
    #[sqlx(try_from = "Timestamp")]
    pub(crate) started_at: jiff::Timestamp,
    #[sqlx(try_from = "Timestamp")]
    pub(crate) finished_at: jiff::Timestamp,
    /// When the span ends: not before the spans of its attempts.
    #[sqlx(try_from = "Timestamp")]
    pub(crate) ended_at: jiff::Timestamp,
    pub(crate) symbols: i64,
    pub(crate) files: i64,
    pub(crate) failed: i64,
    pub(crate) cancelled: i64,
    #[sqlx(flatten)]
    pub(crate) rows: RowCounts,
    /// Of a verification: series that are the same on both sides, and those that are not.
    pub(crate) identical: i64,
    pub(crate) differing: i64,
}

/// An attempt as the database has recorded it.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RecordedAttempt {
    #[sqlx(flatten)]
    info: AttemptInfo,
    #[sqlx(try_from = "Timestamp")]
    started_at: jiff::Timestamp,
    #[sqlx(try_from = "Timestamp")]
    finished_at: jiff::Timestamp,
    outcome: AttemptOutcome,
    /// Whether the task is tried again, or was.
    again: bool,
    error_class: Option<String>,
    error_message: Option<String>,
    #[sqlx(json)]
    rows: RowCounts,
    #[sqlx(json)]
    phases: Phases,
    #[sqlx(flatten)]
    verified: VerifiedRow,
}

/// All NULL for an import, and for a verification that did not succeed.
#[derive(Debug, Clone, FromRow)]
struct VerifiedRow {
    csv_rows: Option<i64>,
    db_rows: Option<i64>,
    rows_match: Option<bool>,
    passed: Option<bool>,
}

impl VerifiedRow {
    fn counts(&self) -> Option<VerifiedCounts> {
        Some(VerifiedCounts {
            csv_rows: self.csv_rows?,
            db_rows: self.db_rows?,
            rows_match: self.rows_match?,
            passed: self.passed?,
        })
    }
}

impl RecordedAttempt {
    fn outcome(&self) -> JobOutcome {
        match self.outcome {
            AttemptOutcome::Succeeded => JobOutcome::Succeeded,
            AttemptOutcome::HandedBack => JobOutcome::HandedBack,
            AttemptOutcome::Rescued => JobOutcome::Died,
            AttemptOutcome::Cancelled => JobOutcome::Cancelled,
            AttemptOutcome::Failed if self.again => JobOutcome::Retried,
            AttemptOutcome::Failed => JobOutcome::Failed,
        }
    }
}

/// How long an export may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Builds spans from records, and sends stored ones. Clones share the exporter.
#[derive(Debug, Clone)]
pub struct Recorder {
    exporter: Arc<Mutex<Otlp<SpanExporter>>>,
    resource: Resource,
}

impl Recorder {
    pub(super) fn new(exporter: Otlp<SpanExporter>, resource: &Resource) -> Self {
        Self { exporter: Arc::new(Mutex::new(exporter)), resource: resource.clone() }
    }

    /// The root span of an ended operation, or the span of its retry; none if the trace is not sampled.
    pub(crate) fn root(&self, ended: &EndedOperation) -> Option<StoredSpan> {
        let context = remote(&ended.traceparent).filter(SpanContext::is_sampled)?;
        let parent = ended.root_span_id.as_deref().and_then(|id| SpanId::from_hex(id).ok());
        let spec = if parent.is_some() { &RETRY } else { KindSpans::of(ended.kind).root };
        let parent = parent.unwrap_or(SpanId::INVALID);
        let mut span = data(spec, context, parent, ended.began_at, ended.ended_at);
        span.parent_span_is_remote = parent != SpanId::INVALID;
        span.attributes = root_attributes(ended);
        span.status = Status::Ok;
        if ended.failed > 0 {
            let message = format!("{} of {} files failed", ended.failed, ended.files);
            fail(
                &mut span,
                &SpanFailure { kind: "FailedFiles", class: ErrorClass::Permanent, message, symbol: "" },
            );
        }
        Some(StoredSpan::new(&span, &self.resource))
    }

    /// Sends the root span of an operation that could not be enqueued.
    pub(crate) async fn refused(
        &self,
        root: &RootContext,
        (id, kind): (&OperationId, OperationKind),
        began_at: jiff::Timestamp,
        error: &Error,
    ) {
        if !root.context().is_sampled() {
            return;
        }
        let now = jiff::Timestamp::now();
        let mut span = data(KindSpans::of(kind).root, root.context().clone(), SpanId::INVALID, began_at, now);
        span.attributes = root_attributes(&EndedOperation {
            id: id.clone(),
            kind,
            state: OperationState::Failed,
            started_at: began_at,
            finished_at: now,
            ..EndedOperation::default()
        });
        let (kind, class) = (error.kind(), error.class());
        fail(&mut span, &SpanFailure { kind, class, message: error.chain(), symbol: "" });
        // There is no operation with which the span could be stored.
        self.send(&[StoredSpan::new(&span, &self.resource)]).await;
    }

    /// The span of an attempt, under the id that its children name; none if the trace is not sampled.
    pub(crate) fn attempt(&self, attempt: &RecordedAttempt) -> Option<StoredSpan> {
        let info = &attempt.info;
        let root = remote(&info.traceparent).filter(SpanContext::is_sampled)?;
        let state = TraceState::default();
        let context = SpanContext::new(root.trace_id(), info.span_id(), root.trace_flags(), false, state);
        let (start, end) = (attempt.started_at, attempt.finished_at);
        let mut span = data(KindSpans::of(info.kind).attempt, context, root.span_id(), start, end);
        span.parent_span_is_remote = true;
        span.span_kind = SpanKind::Consumer;
        let took = Duration::try_from(end.duration_since(start)).unwrap_or_default();
        let batches = attempt.phases.commit.count;
        let sums = AttemptSums {
            took,
            rows: attempt.rows,
            phases: attempt.phases,
            batches,
            folded: 0,
            verified: attempt.verified.counts().filter(|_| attempt.outcome == AttemptOutcome::Succeeded),
        };
        span.attributes = info.attributes();
        span.attributes.extend(sums.attributes(info.kind, attempt.outcome()));
        span.status = Status::Ok;
        if let Some(kind) = failure_kind(attempt.outcome()) {
            let class = ErrorClass::named(attempt.error_class.as_deref().unwrap_or_default());
            let message = attempt.error_message.clone().unwrap_or_default();
            fail(&mut span, &SpanFailure { kind, class, message, symbol: &info.symbol });
        }
        Some(StoredSpan::new(&span, &self.resource))
    }

    /// Sends stored spans of one resource; false if the exporter did not take them.
    pub(crate) async fn send(&self, spans: &[StoredSpan]) -> bool {
        let Some(first) = spans.first() else { return true };
        let mut exporter = self.exporter.lock().await;
        exporter.set_resource(&first.resource());
        let batch = spans.iter().map(StoredSpan::data).collect();
        matches!(tokio::time::timeout(LIMIT, exporter.export(batch)).await, Ok(Ok(())))
    }
}

fn failure_kind(outcome: JobOutcome) -> Option<&'static str> {
    match outcome {
        JobOutcome::Died => Some("WorkerDied"),
        // The record has the message, not the kind of error.
        JobOutcome::Failed | JobOutcome::Retried => Some("TaskError"),
        JobOutcome::Succeeded | JobOutcome::HandedBack | JobOutcome::Cancelled | JobOutcome::Lost => None,
    }
}

fn root_attributes(ended: &EndedOperation) -> Vec<KeyValue> {
    let took = Duration::try_from(ended.finished_at.duration_since(ended.started_at)).unwrap_or_default();
    let mut out = Vec::new();
    for (attribute, value) in [
        (attr::OPERATION_ID, ended.id.as_str()),
        (attr::OPERATION_TYPE, ended.kind.as_str()),
        (attr::OPERATION_STATE, ended.state.as_str()),
        (attr::DIRECTORY, ended.root.as_str()),
    ] {
        if !value.is_empty() {
            out.extend(pairs(attribute, value));
        }
    }
    out.extend(pairs(attr::DURATION_MS, milliseconds(took)));
    let common = [
        (attr::TOTAL_SYMBOLS, ended.symbols),
        (attr::TOTAL_FILES, ended.files),
        (attr::FAILED_FILES, ended.failed),
        (attr::CANCELLED_FILES, ended.cancelled),
    ];
    let verdicts = [(attr::SERIES_IDENTICAL, ended.identical), (attr::SERIES_DIFFERING, ended.differing)];
    let spec = KindSpans::of(ended.kind).root;
    let verdicts = verdicts.into_iter().filter(|(attribute, _)| spec.has(attribute.name));
    // A retry's span has the counters of all kinds.
    let is_retry = ended.root_span_id.is_some();
    let counters = row_counters::of_operation(&ended.rows);
    let counters = counters.filter(|(attribute, _)| is_retry || spec.has(attribute.name));
    for (attribute, value) in common.into_iter().chain(verdicts).chain(counters) {
        out.extend(pairs(attribute, value));
    }
    out
}

fn fail(span: &mut SpanData, failure: &SpanFailure<'_>) {
    span.attributes.extend(failure.attributes());
    span.status = failure.status();
    span.events.events.push(Event::new("exception", span.end_time, failure.exception(), 0));
}

fn data(
    spec: &SpanSpec,
    span_context: SpanContext,
    parent_span_id: SpanId,
    start: jiff::Timestamp,
    end: jiff::Timestamp,
) -> SpanData {
    SpanData {
        span_context,
        parent_span_id,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: spec.name.into(),
        start_time: SystemTime::from(start),
        // The clocks of two machines may differ.
        end_time: SystemTime::from(end.max(start)),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder(SCOPE).build(),
    }
}
