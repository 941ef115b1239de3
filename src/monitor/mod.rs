//! What a worker shows of itself and of the queue: metrics, and whether it is alive and ready.
//!
//! [`watch`] asks the database every now and then for the metrics, [`http`] answers `/metrics`, `/healthz` and
//! `/readyz`. Invariant: it only reads, and nothing waits for it.

pub mod http;

use std::time::{Duration, Instant};

use sqlx::{FromRow, PgPool};

use crate::counts::int;
use crate::error::{During, Result};
use crate::model::OperationKind;
use crate::queue;
use crate::telemetry::metrics::{self, Connections, QueueOverview};

/// Between looks: often enough for a dashboard, seldom enough for an idle worker.
const INTERVAL: Duration = Duration::from_secs(5);
/// A look must cost the database no more than a twentieth of its time, however many jobs there are.
const SHARE: u32 = 20;

#[derive(FromRow)]
struct QueueRow {
    waiting: i64,
    scheduled: i64,
    oldest_age_seconds: f64,
    running: i64,
}

/// Looks around. A worker that was not heard of within `lease` counts as dead.
async fn look(pool: &PgPool, lease: Duration) -> Result<QueueOverview> {
    const WHAT: &str = "looking at the queue";
    let row: QueueRow = sqlx::query_as(include_str!("sql/queue.sql"))
        .bind(OperationKind::queues())
        .bind(queue::process_name())
        .fetch_one(pool)
        .await
        .during(WHAT)?;
    let jobs = sqlx::query_as(include_str!("sql/jobs.sql")).fetch_all(pool).await.during(WHAT)?;
    let heartbeats = queue::heartbeats(pool, lease).await?;
    Ok(QueueOverview {
        waiting: row.waiting,
        scheduled: row.scheduled,
        oldest_age_seconds: row.oldest_age_seconds,
        jobs,
        workers_alive: heartbeats.alive,
        heartbeat_age_seconds: heartbeats.own_age,
        running: row.running,
    })
}

fn connections(pool: &PgPool) -> Connections {
    let open = i64::from(pool.size());
    let idle = int(pool.num_idle()).min(open);
    Connections { idle, used: open - idle, max: i64::from(pool.options().get_max_connections()) }
}

/// Feeds the metrics until it is dropped.
pub async fn watch(pool: PgPool, lease: Duration) {
    let mut last_heartbeat = None;
    loop {
        let start = Instant::now();
        let look = tokio::time::timeout(INTERVAL, look(&pool, lease)).await;
        let look =
            look.map_err(|_| "no answer in time".to_owned()).and_then(|look| look.map_err(|e| e.chain()));
        metrics::get().connections(&connections(&pool));
        match look {
            Ok(queue) => {
                last_heartbeat = queue.heartbeat_age_seconds.map(|age| (start, age));
                metrics::get().queue(&queue);
            }
            Err(error) => {
                tracing::debug!(error, "the queue could not be queried; tried again at the next turn");
                // The last heartbeat grows older while the database cannot be asked.
                let age = last_heartbeat.map(|(at, age): (Instant, f64)| age + at.elapsed().as_secs_f64());
                metrics::get().database_is_away(age);
            }
        }
        tokio::time::sleep(INTERVAL.max(start.elapsed() * SHARE)).await;
    }
}
