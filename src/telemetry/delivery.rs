//! The spans of attempts that ended in this process, until the database has them.
//!
//! They are not exported with the other spans: a worker stores them in `barlift.span_outbox` first and sends them from
//! there (`operation::span_outbox`). Settling sets the attempt's `span_due_at` to [`DUE_AFTER`] later. If the worker dies
//! before it has stored the span, another worker then builds it from the attempt's record. Storing a span clears
//! `span_due_at`, so it is stored once.
//!
//! Invariant: the span of every [`AttemptTelemetry`](super::AttemptTelemetry) goes this way. It is recognised by its id,
//! which is noted when the attempt starts.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanProcessor};
use tokio::sync::Notify;

use super::stored::StoredSpan;
use crate::model::{Fence, TaskId};

/// A task's id and the attempt's fence.
pub(crate) type AttemptKey = (TaskId, Fence);

/// When other workers may build an attempt's span, counted from its settling: long after its own worker has stored it.
pub(crate) const DUE_AFTER: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Ledger {
    /// Spans that have not ended, with their attempts; none where another worker writes the span.
    open: HashMap<SpanId, Option<AttemptKey>>,
    ended: Vec<(AttemptKey, StoredSpan)>,
}

static LEDGER: LazyLock<Mutex<Ledger>> = LazyLock::new(Mutex::default);
static ENDED: Notify = Notify::const_new();

fn ledger() -> MutexGuard<'static, Ledger> {
    LEDGER.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn started(span: SpanId, attempt: AttemptKey) {
    ledger().open.insert(span, Some(attempt));
}

/// The attempt has lost its task, and another worker writes its span; ours is dropped.
pub(super) fn lost(span: SpanId) {
    if let Some(attempt) = ledger().open.get_mut(&span) {
        *attempt = None;
    }
}

/// The spans of attempts that have ended since the last call.
#[must_use]
pub(crate) fn take() -> Vec<(AttemptKey, StoredSpan)> {
    std::mem::take(&mut ledger().ended)
}

/// Takes back spans that could not be stored; the next [`take`] returns them again.
pub(crate) fn put_back(spans: Vec<(AttemptKey, StoredSpan)>) {
    ledger().ended.extend(spans);
}

/// Waits until an attempt's span has ended.
pub(crate) async fn wait() {
    ENDED.notified().await;
}

/// Keeps the spans of attempts for [`take`], and exports all others in batches.
#[derive(Debug)]
pub(super) struct AttemptSpanProcessor {
    others: BatchSpanProcessor,
    resource: Resource,
}

impl AttemptSpanProcessor {
    pub(super) fn new(others: BatchSpanProcessor) -> Self {
        Self { others, resource: Resource::builder_empty().build() }
    }
}

impl SpanProcessor for AttemptSpanProcessor {
    fn on_start(&self, span: &mut opentelemetry_sdk::trace::Span, context: &opentelemetry::Context) {
        self.others.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        let Some(attempt) = ledger().open.remove(&span.span_context.span_id()) else {
            return self.others.on_end(span);
        };
        if let Some(key) = attempt {
            let span = StoredSpan::new(&span, &self.resource);
            ledger().ended.push((key, span));
            ENDED.notify_one();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.others.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.others.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.clone();
        self.others.set_resource(resource);
    }
}
