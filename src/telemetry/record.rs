//! Spans that are written from the database's records, when nobody can have them running: the root of an
//! operation, and the attempt of a worker that died.
//!
//! Invariant: they go straight to an exporter, whose answer tells the caller whether it took them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::Mutex;

use super::attempt::{AttemptInfo, Sums};
use super::attribute as attr;
use super::catalogue::{IMPORT_ALL, IMPORT_SYMBOL, SpanSpec, VERIFY_ALL};
use super::context::remote;
use super::export::Spans;
use super::phases::{Phases, milliseconds};
use super::span::{Failure, pairs};
use crate::counts::RowCounts;
use crate::error::ErrorClass;

/// An operation whose last task has settled.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct EndedOperation {
    pub id: String,
    /// `DATA_MIGRATION` or `DATA_VERIFICATION`.
    pub kind: String,
    pub state: String,
    /// The directory's URL.
    pub root: String,
    /// The root span, as a W3C traceparent.
    pub traceparent: String,
    /// When its enqueuing began.
    pub began_at: jiff::Timestamp,
    /// When its first task started.
    pub started_at: jiff::Timestamp,
    pub finished_at: jiff::Timestamp,
    pub symbols: i64,
    pub files: i64,
    pub failed: i64,
    pub rows: RowCounts,
}

/// An attempt that ended without a word.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct DeadAttempt {
    pub info: AttemptInfo,
    pub started_at: jiff::Timestamp,
    pub rows: RowCounts,
    pub phases: Phases,
}

/// How long an export of one span may take.
const LIMIT: Duration = Duration::from_secs(10);

/// An exporter for single spans. Clones share it.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Mutex<Spans>>);

impl Recorder {
    pub(super) fn new(mut exporter: Spans, resource: &Resource) -> Self {
        exporter.set_resource(resource);
        Self(Arc::new(Mutex::new(exporter)))
    }

    /// Exports the root span of an ended operation; false if the exporter did not take it.
    pub async fn root(&self, ended: &EndedOperation) -> bool {
        let Some(root) = remote(&ended.traceparent) else { return true };
        let spec = if ended.kind == "DATA_VERIFICATION" { &VERIFY_ALL } else { &IMPORT_ALL };
        let mut span = data(spec, root, SpanId::INVALID, ended.began_at, ended.finished_at);
        span.attributes = root_attributes(ended);
        span.status = Status::Ok;
        if ended.failed > 0 {
            let message = format!("{} of {} files failed", ended.failed, ended.files);
            fail(
                &mut span,
                &Failure { kind: "FailedFiles", class: ErrorClass::Permanent, message, symbol: "" },
            );
        }
        self.export(span).await
    }

    /// Exports the span of an attempt whose worker died, under the id that its children name.
    pub async fn dead_attempt(&self, dead: &DeadAttempt) -> bool {
        let info = &dead.info;
        let Some(root) = remote(&info.traceparent).filter(SpanContext::is_sampled) else { return true };
        let state = TraceState::default();
        let context = SpanContext::new(root.trace_id(), info.span_id(), root.trace_flags(), false, state);
        let now = jiff::Timestamp::now();
        let mut span = data(&IMPORT_SYMBOL, context, root.span_id(), dead.started_at, now);
        span.parent_span_is_remote = true;
        span.span_kind = SpanKind::Consumer;
        let took = Duration::try_from(now.duration_since(dead.started_at)).unwrap_or_default();
        let batches = dead.phases.commit.count;
        let sums = Sums { took, rows: dead.rows, phases: dead.phases, batches, folded: 0 };
        span.attributes = info.attributes();
        span.attributes.extend(sums.attributes("died"));
        let message = format!("the worker {} died, or lost its lease, during this attempt", info.worker);
        let class = ErrorClass::Transient;
        fail(&mut span, &Failure { kind: "WorkerDied", class, message, symbol: &info.symbol });
        self.export(span).await
    }

    async fn export(&self, span: SpanData) -> bool {
        let exporter = self.0.lock().await;
        matches!(tokio::time::timeout(LIMIT, exporter.export(vec![span])).await, Ok(Ok(())))
    }
}

fn root_attributes(ended: &EndedOperation) -> Vec<KeyValue> {
    let took = Duration::try_from(ended.finished_at.duration_since(ended.started_at)).unwrap_or_default();
    let rows = &ended.rows;
    let mut out = Vec::new();
    for (attribute, value) in [
        (attr::OPERATION_ID, &ended.id),
        (attr::OPERATION_TYPE, &ended.kind),
        (attr::OPERATION_STATE, &ended.state),
        (attr::DIRECTORY, &ended.root),
    ] {
        out.extend(pairs(attribute, value));
    }
    out.extend(pairs(attr::DURATION_MS, milliseconds(took)));
    for (attribute, value) in [
        (attr::TOTAL_SYMBOLS, ended.symbols),
        (attr::TOTAL_FILES, ended.files),
        (attr::FAILED_FILES, ended.failed),
        (attr::TOTAL_ROWS_IMPORTED, rows.rows_imported),
        (attr::TOTAL_ROWS_SKIPPED, rows.rows_skipped),
        (attr::WARNINGS_COUNT, rows.rows_mismatched),
        (attr::ROWS_REJECTED, rows.rows_rejected),
        (attr::ROWS_DUPLICATE, rows.rows_duplicate),
        (attr::QUALITY_ISSUES, rows.quality_issues),
    ] {
        out.extend(pairs(attribute, value));
    }
    out
}

fn fail(span: &mut SpanData, failure: &Failure<'_>) {
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
        end_time: SystemTime::from(end),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("barlift").build(),
    }
}
