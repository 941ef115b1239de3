//! What a worker sees of its surroundings, and shows: metrics, and whether it is alive and ready.
//!
//! [`look`] asks the database, [`watch`] does so every now and then for the metrics, [`http`] answers
//! `/metrics`, `/healthz` and `/readyz`. Invariant: it only reads, and nothing waits for it.

pub mod http;

use std::time::Duration;

use sqlx::{FromRow, PgPool};

use crate::error::{During, Result};
use crate::queue;
use crate::telemetry::metrics::{self, Surroundings};

/// Between looks: often enough for a dashboard, seldom enough for an idle worker.
const INTERVAL: Duration = Duration::from_secs(5);

#[derive(FromRow)]
struct Row {
    waiting: i64,
    scheduled: i64,
    oldest_age_seconds: f64,
    running: i64,
    workers_alive: i64,
    heartbeat_age_seconds: Option<f64>,
}

/// Looks around. A worker that was not heard of within `lease` counts as dead.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn look(pool: &PgPool, lease: Duration) -> Result<Surroundings> {
    const WHAT: &str = "looking at the queue";
    let row: Row = sqlx::query_as(include_str!("sql/surroundings.sql"))
        .bind(queue::QUEUE)
        .bind(lease.as_secs_f64())
        .bind(queue::process_name())
        .fetch_one(pool)
        .await
        .during(WHAT)?;
    let jobs = sqlx::query_as(include_str!("sql/jobs.sql")).fetch_all(pool).await.during(WHAT)?;
    let open = i64::from(pool.size());
    let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX).min(open);
    Ok(Surroundings {
        waiting: row.waiting,
        scheduled: row.scheduled,
        oldest_age_seconds: row.oldest_age_seconds,
        jobs,
        workers_alive: row.workers_alive,
        heartbeat_age_seconds: row.heartbeat_age_seconds,
        running: row.running,
        pool_idle: idle,
        pool_used: open - idle,
        pool_max: i64::from(pool.options().get_max_connections()),
    })
}

/// Feeds the metrics until it is dropped.
pub async fn watch(pool: PgPool, lease: Duration) {
    loop {
        match look(&pool, lease).await {
            Ok(seen) => metrics::get().surroundings(&seen),
            Err(e) => tracing::debug!(error = e.chain(), "the next look will do"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
