//! `barlift worker`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::args::WorkerArgs;
use super::signals::Audience;
use super::{Outcome, ready_database, signals};
use crate::config::{Config, WorkerConfig};
use crate::db::{self, Database};
use crate::error::{Error, ErrorClass, Result};
use crate::monitor::http::{self, Endpoint};
use crate::queue::process_name;
use crate::telemetry::Telemetry;
use crate::worker::Worker;
use crate::{monitor, task};

/// Runs tasks until a signal or, with `--drain`, until the queue is empty.
pub(super) async fn run(args: &WorkerArgs, config: &Config, telemetry: &Telemetry) -> Result<Outcome> {
    let stop = signals::stop_token(signals::HANDS_BACK, Audience::Log, &config.log)?;
    let endpoint = Arc::new(Endpoint::new(telemetry.registry(), config.worker.lease, stop.clone()));
    let _http = match config.worker.http {
        Some(address) => Some(http::serve(address, Arc::clone(&endpoint)).await?),
        None => None,
    };
    let Some(database) = connect(config, &stop).await? else { return Ok(Outcome::Well) };
    database.require_connections()?;
    database.require_utf8()?;
    endpoint.connected(database.pool.clone());
    let _watch = telemetry.has_metrics().then(|| {
        AbortOnDropHandle::new(tokio::spawn(monitor::watch(database.pool.clone(), config.worker.lease)))
    });
    tracing::info!(database = database.shown_url(), concurrency = config.worker.concurrency, "working");
    let worker = Worker::new(database.pool.clone(), config, stop.clone(), telemetry.recorder());
    let worker = tokio::spawn(worker.run());
    if args.drain {
        tokio::select! {
            () = drained(&database.pool, &config.worker) => stop.cancel(),
            () = stop.cancelled() => {}
        }
    }
    worker.await.map_err(|e| Error::Internal(e.to_string()))?;
    tracing::info!("stopped");
    Ok(Outcome::Well)
}

/// Connects, waiting for a database that is just starting. `None` if the worker is stopped meanwhile.
async fn connect(config: &Config, stop: &CancellationToken) -> Result<Option<Database>> {
    let deadline = Instant::now() + db::connect_timeout(config)?;
    let mut logged = false;
    loop {
        let connected = tokio::select! {
            connected = ready_database(config) => connected,
            () = stop.cancelled() => return Ok(None),
        };
        match connected {
            Err(e) if e.class() == ErrorClass::Transient && Instant::now() < deadline => {
                if !logged {
                    tracing::warn!(error = e.chain(), "waiting for the database");
                    logged = true;
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            done => return done.map(Some),
        }
    }
}

/// Waits until no task is open. It keeps asking while the database is away.
async fn drained(pool: &PgPool, config: &WorkerConfig) {
    let mut logged = false;
    while !matches!(task::any_open(pool).await, Ok(false)) {
        tokio::time::sleep(config.poll_interval).await;
        if !logged && matches!(task::only_elsewhere(pool, &process_name(), config.lease).await, Ok(true)) {
            tracing::info!(
                lease = %humantime::format_duration(config.lease),
                "the remaining tasks belong to workers that send no heartbeat; they are claimed when the lease expires"
            );
            logged = true;
        }
    }
}
