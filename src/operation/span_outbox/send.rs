//! Storing spans, and sending what is stored.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use super::{AT_ONCE, WHAT};
use crate::error::{During, Error, Result};
use crate::model::{Fence, TaskId};
use crate::telemetry::{Recorder, StoredSpan, delivery};

/// How long a claim on stored spans lasts: longer than any export, so that no other worker sends them meanwhile.
const CLAIM: Duration = Duration::from_secs(30);

/// Stores spans on the transaction that has claimed their records.
pub(super) async fn store(tx: &mut PgConnection, spans: &[StoredSpan]) -> Result<()> {
    let spans = spans.iter().map(encoded).collect::<Result<Vec<_>>>()?;
    sqlx::query(include_str!("sql/store.sql")).bind(spans).execute(tx).await.during(WHAT)?;
    Ok(())
}

/// Stores the spans of attempts that have ended in this process. After an error the next call stores them.
pub(super) async fn store_ended(pool: &PgPool) -> Result<()> {
    let ended = delivery::take();
    if ended.is_empty() {
        return Ok(());
    }
    let spans = ended.iter().map(|(_, span)| encoded(span)).collect::<Result<Vec<_>>>()?;
    let (tasks, fences): (Vec<TaskId>, Vec<Fence>) = ended.iter().map(|(key, _)| *key).unzip();
    let query = sqlx::query(include_str!("sql/store_ended.sql")).bind(tasks).bind(fences).bind(spans);
    let stored = query.execute(pool).await;
    if stored.is_err() {
        delivery::put_back(ended);
    }
    stored.during(WHAT).map(|_| ())
}

/// Sends what is due, until nothing is due or the exporter does not take it; the next call tries that again.
pub(super) async fn send(pool: &PgPool, recorder: &Recorder) -> Result<()> {
    loop {
        let mut claimed: Vec<(i64, Vec<u8>)> = sqlx::query_as(include_str!("sql/claim_stored.sql"))
            .bind(CLAIM.as_secs_f64())
            .bind(AT_ONCE)
            .fetch_all(pool)
            .await
            .during(WHAT)?;
        if claimed.is_empty() {
            return Ok(());
        }
        claimed.sort_unstable_by_key(|(id, _)| *id);
        // A span that only a newer build can read is left to that build.
        let readable: Vec<(i64, StoredSpan)> =
            claimed.iter().filter_map(|(id, span)| Some((*id, serde_json::from_slice(span).ok()?))).collect();
        let mut all_taken = true;
        // A request has one resource, and each process that stored spans has its own.
        for same in readable.chunk_by(|a, b| a.1.has_resource_of(&b.1)) {
            all_taken &= send_request(pool, recorder, same).await?;
        }
        if !all_taken {
            return Ok(());
        }
    }
}

/// Sends spans of one resource and ends the claim on them; false if the exporter did not take them.
async fn send_request(pool: &PgPool, recorder: &Recorder, claimed: &[(i64, StoredSpan)]) -> Result<bool> {
    let (ids, spans): (Vec<i64>, Vec<StoredSpan>) = claimed.iter().cloned().unzip();
    let taken = recorder.send(&spans).await;
    let end_claim = if taken { include_str!("sql/delete.sql") } else { include_str!("sql/release.sql") };
    sqlx::query(end_claim).bind(ids).execute(pool).await.during(WHAT)?;
    Ok(taken)
}

/// Gives up spans that no collector has taken for a day.
pub(crate) async fn drop_old(pool: &PgPool) -> Result<()> {
    sqlx::query(include_str!("sql/drop_old.sql")).execute(pool).await.during(WHAT).map(|_| ())
}

fn encoded(span: &StoredSpan) -> Result<Vec<u8>> {
    serde_json::to_vec(span).map_err(|e| Error::Internal(format!("a span cannot be stored: {e}")))
}
