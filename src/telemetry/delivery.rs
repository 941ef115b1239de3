//! Which attempts' spans the exporter has taken.
//!
//! Spans wait some seconds for their export, and a worker that is killed takes those that wait with it. So an
//! attempt's span is owed in the database from its settling on, and no longer owed when the exporter has taken
//! it. Invariant: only what an exporter took is reported here.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::SpanId;
use tokio::sync::Notify;

/// A task's id and the attempt's fence.
pub type AttemptKey = (i64, i32);

/// A span that has waited for this long is left to whoever writes it from the database. It is owed there from
/// [`DUE_AFTER`] on, so that an export which has begun by then is over.
const TOO_LATE: Duration = Duration::from_secs(40);
/// When an attempt's span falls due after its settling.
pub const DUE_AFTER: Duration = Duration::from_secs(60);
/// What was dropped on its way is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);

#[derive(Default)]
struct Ledger {
    waiting: HashMap<SpanId, (AttemptKey, Instant)>,
    taken: Vec<AttemptKey>,
}

static LEDGER: LazyLock<Mutex<Ledger>> = LazyLock::new(Mutex::default);
static TAKEN: Notify = Notify::const_new();

fn ledger() -> MutexGuard<'static, Ledger> {
    LEDGER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This span was settled just now and is about to wait for its export.
pub(super) fn expect(span: SpanId, attempt: AttemptKey) {
    ledger().waiting.insert(span, (attempt, Instant::now()));
}

/// Whether it has waited so long that somebody else writes it.
pub(super) fn is_too_late(span: SpanId) -> bool {
    ledger().waiting.get(&span).is_some_and(|(_, since)| since.elapsed() > TOO_LATE)
}

/// The exporter took these spans.
pub(super) fn taken(spans: &[SpanId]) {
    let mut ledger = ledger();
    let keys: Vec<AttemptKey> =
        spans.iter().filter_map(|s| ledger.waiting.remove(s)).map(|(key, _)| key).collect();
    if !keys.is_empty() {
        ledger.taken.extend(keys);
        TAKEN.notify_one();
    }
}

/// What was taken since the last call.
#[must_use]
pub fn take() -> Vec<AttemptKey> {
    let mut ledger = ledger();
    ledger.waiting.retain(|_, (_, since)| since.elapsed() < FORGOTTEN);
    std::mem::take(&mut ledger.taken)
}

/// It could not be noted; the next [`take`] gives it again.
pub fn put_back(keys: Vec<AttemptKey>) {
    ledger().taken.extend(keys);
}

/// Waits until something was taken.
pub async fn wait() {
    TAKEN.notified().await;
}
