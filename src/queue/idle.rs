//! An idle worker gives its connections back, so that others find one free.
//!
//! It keeps the connection that listens for jobs, and a second one, which polls for due jobs and sends heartbeats. On a
//! small server it keeps only the first, and connects anew for each poll and heartbeat.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio_util::task::TaskTracker;

/// How long a worker has had no job when it counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(5);

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Closes connections that nobody uses while no job is `running`. Never ends.
pub(super) async fn give_back(pool: PgPool, running: TaskTracker) {
    let mut kept = None;
    let mut worked: Option<Instant> = None;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !running.is_empty() {
            worked = Some(Instant::now());
        }
        if worked.is_some_and(|worked| worked.elapsed() < IDLE_AFTER) {
            continue;
        }
        if kept.is_none() {
            kept = has_few_slots(&pool).await.map(|few| usize::from(!few));
        }
        let unused = pool.num_idle().saturating_sub(kept.unwrap_or(1));
        for connection in std::iter::from_fn(|| pool.try_acquire()).take(unused) {
            // One that cannot be closed well is gone as well.
            let _ = connection.close().await;
        }
    }
}

/// None if that cannot be asked now.
async fn has_few_slots(pool: &PgPool) -> Option<bool> {
    sqlx::query_scalar(include_str!("sql/few_slots.sql")).fetch_one(pool).await.ok()
}
