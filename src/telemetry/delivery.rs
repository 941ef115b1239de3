//! The spans of attempts that ended in this process, until the database has them.
//!
//! They are not exported with the others: a worker stores them in `barlift.span_outbox` first and sends them from there.
//! From its settling on, an attempt's record says that its span is owed. If the worker dies before it has stored the span,
//! another one builds it from the record, [`DUE_AFTER`] the settling. Storing it ends the debt, so a span is stored once.
//!
//! Invariant: every span of an [`AttemptTelemetry`](super::AttemptTelemetry) goes this way, of whatever kind the attempt
//! is, for it is found by its id, which is noted when the attempt starts.

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
pub type AttemptKey = (TaskId, Fence);

/// When an attempt's span falls due after its settling: much later than its own worker stores it.
pub const DUE_AFTER: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Ledger {
    /// Attempts whose span has not ended, or none where another worker writes it.
    open: HashMap<SpanId, Option<AttemptKey>>,
    ended: Vec<(AttemptKey, StoredSpan)>,
}

static LEDGER: LazyLock<Mutex<Ledger>> = LazyLock::new(Mutex::default);
static ENDED: Notify = Notify::const_new();

fn ledger() -> MutexGuard<'static, Ledger> {
    LEDGER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An attempt starts; this is its span.
pub(super) fn started(span: SpanId, attempt: AttemptKey) {
    ledger().open.insert(span, Some(attempt));
}

/// The attempt lost its task: whoever has it now writes the span, so ours is dropped.
pub(super) fn lost(span: SpanId) {
    if let Some(attempt) = ledger().open.get_mut(&span) {
        *attempt = None;
    }
}

/// Spans of attempts that have ended since the last call.
#[must_use]
pub fn take() -> Vec<(AttemptKey, StoredSpan)> {
    std::mem::take(&mut ledger().ended)
}

/// They could not be stored; the next [`take`] gives them again.
pub fn put_back(spans: Vec<(AttemptKey, StoredSpan)>) {
    ledger().ended.extend(spans);
}

/// Waits until an attempt's span has ended.
pub async fn wait() {
    ENDED.notified().await;
}

/// Keeps the spans of attempts apart from those that are exported in batches.
#[derive(Debug)]
pub(super) struct AttemptsApart {
    others: BatchSpanProcessor,
    resource: Resource,
}

impl AttemptsApart {
    pub(super) fn new(others: BatchSpanProcessor) -> Self {
        Self { others, resource: Resource::builder_empty().build() }
    }
}

impl SpanProcessor for AttemptsApart {
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
