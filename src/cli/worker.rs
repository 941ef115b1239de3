//! `barlift worker`.

use super::args::WorkerArgs;
use super::{Outcome, ready_database, signals};
use crate::config::Config;
use crate::error::Result;
use crate::worker::{self, Worker};

/// Works the queue until a signal or, with `--drain`, until nothing is left.
pub(super) async fn run(args: &WorkerArgs, config: &Config) -> Result<Outcome> {
    let stop = signals::stop_token()?;
    let database = ready_database(config).await?;
    tracing::info!(database = database.shown_url(), concurrency = config.worker.concurrency, "working");
    let mut drained = Ok(());
    if args.drain {
        let worker = tokio::spawn(Worker::new(database.pool.clone(), config, stop.clone()).run());
        tokio::select! {
            done = worker::drained(&database.pool, config.worker.poll_interval) => drained = done,
            () = stop.cancelled() => {}
        }
        stop.cancel();
        worker.await.map_err(|e| crate::error::Error::Internal(e.to_string()))?;
    } else {
        Worker::new(database.pool.clone(), config, stop).run().await;
    }
    tracing::info!("stopped");
    drained.map(|()| Outcome::Well)
}
