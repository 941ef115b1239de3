//! The spans of attempts and operations on their way to the collector, by way of `barlift.span_outbox`.
//!
//! 1. A span is stored: that of an attempt which ended in this process ([`send::store_ended`]), or one that only the
//!    database's records can tell ([`records`]): the root of an ended operation, and attempts whose worker died or was cut off.
//! 2. Stored spans are sent, and deleted when the exporter has taken them ([`send`]).
//!
//! Invariant: a span is stored once, on the transaction that clears its `span_due_at` or `root_span_due_at`, and sent only
//! from there. So a span arrives at least once, whoever dies, and all its copies are equal.

mod records;
mod send;

use sqlx::PgPool;

use crate::error::Result;
use crate::telemetry::Recorder;

pub(crate) use send::drop_old;

const WHAT: &str = "storing and sending spans";

/// How many spans are built, or sent, at once: in one request far below the four megabytes that collectors take.
const AT_ONCE: i64 = 200;

/// Stores all spans that are due and sends what is stored.
///
/// # Errors
/// [`crate::error::Error::Database`]; the next call does the rest.
pub(crate) async fn export(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    send::store_ended(pool).await?;
    // A row that this build cannot read, of a newer one, must not keep the others from being sent.
    let stored = records::store(pool, recorder).await;
    send::send(pool, recorder).await?;
    stored
}
