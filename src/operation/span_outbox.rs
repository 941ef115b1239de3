//! The spans of attempts and operations on their way to the collector.
//!
//! Invariant: what is sent was stored before, and is deleted when an exporter has taken it. So a span arrives at least once,
//! whoever dies, and all its copies are equal.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use crate::error::{During, Error, Result};
use crate::model::{Fence, TaskId};
use crate::telemetry::{Recorder, StoredSpan, delivery};

const WHAT: &str = "sending stored spans";

/// How long a claim lasts: longer than any export, so that nobody sends a span a second time meanwhile.
const CLAIM: Duration = Duration::from_secs(30);

/// How many spans are sent in one request: far below the four megabytes that collectors take.
const AT_ONCE: i64 = 200;

/// Stores spans on the transaction that ends their being due.
///
/// # Errors
/// [`Error::Database`]
pub(super) async fn store(tx: &mut PgConnection, spans: &[StoredSpan]) -> Result<()> {
    let spans = spans.iter().map(encoded).collect::<Result<Vec<_>>>()?;
    sqlx::query(include_str!("sql/store_spans.sql")).bind(spans).execute(tx).await.during(WHAT)?;
    Ok(())
}

/// Stores the spans of attempts that have ended in this process.
///
/// # Errors
/// [`Error::Database`]; the next call stores them.
pub(super) async fn store_ended(pool: &PgPool) -> Result<()> {
    let ended = delivery::take();
    if ended.is_empty() {
        return Ok(());
    }
    let spans = ended.iter().map(|(_, span)| encoded(span)).collect::<Result<Vec<_>>>()?;
    let (tasks, fences): (Vec<TaskId>, Vec<Fence>) = ended.iter().map(|(key, _)| *key).unzip();
    let query = sqlx::query(include_str!("sql/store_attempt_spans.sql")).bind(tasks).bind(fences).bind(spans);
    let stored = query.execute(pool).await;
    if stored.is_err() {
        delivery::put_back(ended);
    }
    stored.during(WHAT).map(|_| ())
}

/// Sends what is due, until nothing is or the exporter does not take it; that is tried at the next call.
///
/// # Errors
/// [`Error::Database`]
pub(super) async fn send(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    loop {
        let mut claimed: Vec<(i64, Vec<u8>)> = sqlx::query_as(include_str!("sql/claim_spans.sql"))
            .bind(CLAIM.as_secs_f64())
            .bind(AT_ONCE)
            .fetch_all(pool)
            .await
            .during(WHAT)?;
        if claimed.is_empty() {
            return Ok(());
        }
        claimed.sort_unstable_by_key(|(id, _)| *id);
        // A newer build may have stored one that only it can read; it is left to that.
        let readable: Vec<(i64, StoredSpan)> =
            claimed.iter().filter_map(|(id, span)| Some((*id, serde_json::from_slice(span).ok()?))).collect();
        let mut all_taken = true;
        // Each process that stored some has a resource of its own. If those of one are not taken, others may be.
        for same in readable.chunk_by(|a, b| a.1.has_resource_of(&b.1)) {
            all_taken &= send_request(pool, recorder, same).await?;
        }
        if !all_taken {
            return Ok(());
        }
    }
}

/// Sends spans of one resource, and ends the claim on them; false if the exporter did not take them.
async fn send_request(pool: &PgPool, recorder: &Recorder, claimed: &[(i64, StoredSpan)]) -> Result<bool> {
    let (ids, spans): (Vec<i64>, Vec<StoredSpan>) = claimed.iter().cloned().unzip();
    let taken = recorder.send(&spans).await;
    let told =
        if taken { include_str!("sql/delete_spans.sql") } else { include_str!("sql/release_spans.sql") };
    sqlx::query(told).bind(ids).execute(pool).await.during(WHAT)?;
    Ok(taken)
}

/// Gives up spans that no collector has taken for a day.
///
/// # Errors
/// [`Error::Database`]
pub async fn drop_old(pool: &PgPool) -> Result<()> {
    sqlx::query(include_str!("sql/drop_old_spans.sql")).execute(pool).await.during(WHAT).map(|_| ())
}

fn encoded(span: &StoredSpan) -> Result<Vec<u8>> {
    serde_json::to_vec(span).map_err(|e| Error::Internal(format!("a span cannot be stored: {e}")))
}
