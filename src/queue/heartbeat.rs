//! Heartbeats: others leave a worker's jobs alone as long as its heartbeats arrive.
//!
//! Invariant: a worker whose heartbeats get no answer for a lease ends by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::config::WorkerConfig;
use crate::error::Error;

/// Tells that the worker lives, whatever its jobs do, and also while it drains, when apalis no longer does.
///
/// Ends with an error if the database has not answered for a lease (or for two waits for a connection, if that is
/// longer), or apalis for three times as long: apalis may wait forever for the answer of a server or a network that is
/// gone.
pub(super) async fn heartbeat(
    pool: &PgPool,
    settings: &WorkerConfig,
    name: &str,
    loop_beats: &AtomicBool,
    stop: &CancellationToken,
) -> Error {
    let limit = settings.lease.max(2 * pool.options().get_acquire_timeout());
    // Only what was waited for: a process that was frozen has not asked.
    let (mut silent, mut quiet) = (Duration::ZERO, Duration::ZERO);
    loop {
        let asked = Instant::now();
        let beat = sqlx::query(include_str!("sql/heartbeat.sql")).bind(name).execute(pool);
        match tokio::time::timeout(limit.saturating_sub(silent), beat).await {
            Err(_) | Ok(Err(sqlx::Error::PoolTimedOut)) => silent += asked.elapsed(),
            // An error is an answer, too.
            Ok(_) => silent = Duration::ZERO,
        }
        if silent >= limit {
            return silence("the database", limit);
        }
        quiet = if loop_beats.swap(false, Ordering::Relaxed) {
            Duration::ZERO
        } else {
            quiet + settings.heartbeat
        };
        if quiet > 3 * limit && !stop.is_cancelled() {
            return silence("the queue", quiet);
        }
        tokio::time::sleep(settings.heartbeat).await;
    }
}

fn silence(whose: &str, time: Duration) -> Error {
    let time = humantime::format_duration(Duration::from_secs(time.as_secs()));
    Error::Database { message: format!("{whose} has not answered for {time}"), hint: None, source: None }
}
