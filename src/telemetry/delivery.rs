//! Which attempts' spans the exporter has taken.
//!
//! Spans wait some seconds for their export, and a worker that is killed takes those that wait with it. So an
//! attempt's span is owed in the database from its settling on, and no longer owed when the exporter has taken
//! it. Invariant: only what an exporter took is reported here.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::SpanId;
use tokio::sync::Notify;

/// A task's id and the attempt's fence.
pub type AttemptKey = (i64, i32);

#[derive(Default)]
struct Ledger {
    waiting: HashMap<SpanId, AttemptKey>,
    taken: Vec<AttemptKey>,
}

static LEDGER: LazyLock<Mutex<Ledger>> = LazyLock::new(Mutex::default);
static TAKEN: Notify = Notify::const_new();

fn ledger() -> MutexGuard<'static, Ledger> {
    LEDGER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This span is about to end and to wait for its export.
pub(super) fn expect(span: SpanId, attempt: AttemptKey) {
    ledger().waiting.insert(span, attempt);
}

/// The exporter took these spans.
pub(super) fn taken(spans: &[SpanId]) {
    let mut ledger = ledger();
    let keys: Vec<AttemptKey> = spans.iter().filter_map(|s| ledger.waiting.remove(s)).collect();
    if !keys.is_empty() {
        ledger.taken.extend(keys);
        TAKEN.notify_one();
    }
}

/// The exporter did not take these, and does not try again.
pub(super) fn refused(spans: &[SpanId]) {
    let mut ledger = ledger();
    for span in spans {
        ledger.waiting.remove(span);
    }
}

/// What was taken since the last call.
#[must_use]
pub fn take() -> Vec<AttemptKey> {
    std::mem::take(&mut ledger().taken)
}

/// Waits until something was taken.
pub async fn wait() {
    TAKEN.notified().await;
}
