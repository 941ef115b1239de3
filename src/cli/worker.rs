//! `barlift worker`.

use std::time::Duration;

use sqlx::PgPool;

use super::args::WorkerArgs;
use super::{Outcome, ready_database, signals};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::task;
use crate::worker::Worker;

/// Works the queue until a signal or, with `--drain`, until nothing is left.
pub(super) async fn run(args: &WorkerArgs, config: &Config) -> Result<Outcome> {
    let stop = signals::stop_token(signals::HANDS_BACK)?;
    let database = ready_database(config).await?;
    tracing::info!(database = database.shown_url(), concurrency = config.worker.concurrency, "working");
    let worker = tokio::spawn(Worker::new(database.pool.clone(), config, stop.clone()).run());
    if args.drain {
        tokio::select! {
            () = drained(&database.pool, config.worker.poll_interval) => stop.cancel(),
            () = stop.cancelled() => {}
        }
    }
    worker.await.map_err(|e| Error::Internal(e.to_string()))?;
    tracing::info!("stopped");
    Ok(Outcome::Well)
}

/// Waits until nothing is left to do now. Without a database that cannot be known, so it goes on asking.
async fn drained(pool: &PgPool, poll_interval: Duration) {
    while !matches!(task::any_open(pool).await, Ok(false)) {
        tokio::time::sleep(poll_interval).await;
    }
}
