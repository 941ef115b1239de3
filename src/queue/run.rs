//! The loops of a worker process, one a queue: apalis fetches jobs, the handler runs them.
//!
//! apalis ends its worker at the first database error; here it is started again, under a new name, until it is asked to
//! stop. Invariant: when [`run`] returns, none of its jobs is running, and those it had fetched but not done are free for
//! other workers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{Event, EventListenerExt as _, PollWith, StreamStrategy, WorkerBuilder};
use apalis_postgres::{Config, PostgresStorage};
use futures::FutureExt as _;
use sqlx::PgPool;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::deliver::{Context, deliver};
use super::deregister::deregister;
use super::heartbeat::heartbeat;
use super::listen::listen;
use super::work::Work;
use super::{idle, unknown};
use crate::config::WorkerConfig;
use crate::db::TRUSTED;
use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::OperationKind;

/// Runs jobs until `stop`, whatever the database does meanwhile: those of the kinds that this build knows.
pub async fn run(pool: PgPool, settings: WorkerConfig, work: Arc<dyn Work>, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(settings.concurrency));
    let run = |queue| {
        let queue = Queue { name: queue, slots: Arc::clone(&slots) };
        run_queue(pool.clone(), settings.clone(), queue, Arc::clone(&work), stop.clone())
    };
    futures::future::join_all(OperationKind::queues().into_iter().map(run)).await;
}

/// A queue that a worker fetches from.
#[derive(Clone)]
struct Queue {
    name: &'static str,
    /// One for each job that this process runs at once, of whichever queue.
    slots: Arc<Semaphore>,
}

async fn run_queue(
    pool: PgPool,
    settings: WorkerConfig,
    queue: Queue,
    work: Arc<dyn Work>,
    stop: CancellationToken,
) {
    let mut wait = Duration::from_millis(100);
    while !stop.is_cancelled() {
        let name = worker_name();
        let started = tokio::time::Instant::now();
        let run = run_once(&pool, &settings, (&queue, &name), Arc::clone(&work), &stop);
        // There are rows in apalis.jobs that it panics at.
        let ended = match AssertUnwindSafe(run).catch_unwind().await {
            Ok(ended) => ended,
            Err(_) => Err(Error::Internal("the queue's loop broke".into())),
        };
        // Told before anything is tried that may take its time.
        let _ = ended.as_ref().inspect_err(|e| log_trouble(e));
        let released = match free(&pool, &name, work.as_ref()).await {
            // Broken connections may still be in the pool; after that time each is tested before it is used.
            Err(_) => {
                tokio::time::sleep(2 * TRUSTED).await;
                free(&pool, &name, work.as_ref()).await
            }
            released => released,
        };
        if started.elapsed() > Duration::from_secs(30) {
            wait = Duration::from_millis(100);
        }
        match (ended, released) {
            (Ok(()), Ok(())) => {
                // If the database is gone by now, its lease says so.
                let _ = deregister(&pool, &name).await;
                continue;
            }
            (Ok(()), Err(e)) => log_trouble(&e),
            (Err(_), _) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
        wait = (wait * 2).min(Duration::from_secs(5));
        // The jobs of the old name must not wait for its lease to run out.
        while !stop.is_cancelled() {
            if free(&pool, &name, work.as_ref()).await.is_ok() {
                tracing::info!("the queue answers again; the worker goes on");
                break;
            }
            tokio::time::sleep(wait).await;
        }
    }
}

fn log_trouble(e: &Error) {
    tracing::warn!(
        error = e.chain(),
        "the database or the queue is in trouble; the worker waits and tries again"
    );
}

/// First the tasks, then the jobs: a job that is picked up must find its task free.
async fn free(pool: &PgPool, worker: &str, work: &dyn Work) -> Result<()> {
    work.abandon(worker.to_owned()).await?;
    unknown::kill_unreadable(pool, worker).await?;
    release(pool, worker).await
}

async fn run_once(
    pool: &PgPool,
    settings: &WorkerConfig,
    (queue, name): (&Queue, &str),
    work: Arc<dyn Work>,
    stop: &CancellationToken,
) -> Result<()> {
    let (wake, woken) = mpsc::channel(1);
    let _listener = AbortOnDropHandle::new(tokio::spawn(listen(pool.clone(), settings.poll_interval, wake)));
    // Values, not `Job`s: apalis ends its worker at a payload that it cannot decode.
    let storage: PostgresStorage<serde_json::Value> =
        PostgresStorage::new(pool).with_config(config(settings, queue.name));
    let backend = PollWith::new(storage, StreamStrategy::new(ReceiverStream::new(woken)));
    let running = TaskTracker::new();
    let _idle = AbortOnDropHandle::new(tokio::spawn(idle::give_back(pool.clone(), running.clone())));
    let loop_beats = Arc::new(AtomicBool::new(true));
    let beats = Arc::clone(&loop_beats);
    let worker = WorkerBuilder::new(name)
        .backend(backend)
        .concurrency(settings.concurrency)
        .data(Context {
            name: name.to_owned(),
            slots: Arc::clone(&queue.slots),
            work,
            running: running.clone(),
            pool: pool.clone(),
            look_again: settings.lease,
        })
        .on_event(move |_, event| {
            if let Event::HeartBeat = event {
                beats.store(true, Ordering::Relaxed);
            }
        })
        .build(deliver);
    let stopped = stop.clone().cancelled_owned();
    let signal = async move {
        stopped.await;
        Ok::<(), std::io::Error>(())
    };
    tokio::select! {
        ended = worker.run_until(signal) => ended.map_err(|e| trouble(&e)),
        () = drain(settings, &running, stop) => Ok(()),
        silent = heartbeat(pool, settings, name, &loop_beats, stop) => Err(silent),
    }
}

/// After `stop`: waits for the running jobs, at most `drain_timeout`.
///
/// apalis cannot be waited for: while it shuts down nobody empties its channel of acknowledgements. What is not
/// acknowledged is freed afterwards, and its task is settled already.
async fn drain(settings: &WorkerConfig, running: &TaskTracker, stop: &CancellationToken) {
    stop.cancelled().await;
    running.close();
    if tokio::time::timeout(settings.drain_timeout, running.wait()).await.is_err() {
        tracing::warn!(
            "running tasks did not end within worker.drain_timeout; handing them back as they are"
        );
    }
}

fn trouble(e: &apalis::prelude::WorkerError) -> Error {
    Error::Database { message: format!("the worker lost the queue: {e}"), hint: None, source: None }
}

fn config(settings: &WorkerConfig, queue: &str) -> Config {
    // Dead workers are looked for at each heartbeat: found after `missed` + 1 beats, which is the lease.
    let beats = settings.lease.as_millis().div_ceil(settings.heartbeat.as_millis().max(1));
    let missed = usize::try_from(beats).unwrap_or(usize::MAX).saturating_sub(1).max(1);
    Config::default()
        .queue(queue)
        // One job a fetch: no other worker could run the jobs that this one has fetched and not begun.
        .batch_size(1)
        .heartbeat_interval(settings.heartbeat)
        .missed_heartbeats(missed)
}

/// Unique in time and space, so that nobody mistakes a new worker for a dead one.
fn worker_name() -> String {
    static STARTED: AtomicU32 = AtomicU32::new(1);
    format!("{}{}", process_name(), STARTED.fetch_add(1, Ordering::Relaxed))
}

/// What the names of all workers of this process begin with.
#[must_use]
pub fn process_name() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|h| h.into_string().ok());
    format!("{}-{}-{}.", host.as_deref().unwrap_or("worker"), std::process::id(), crate::instance::id())
}

/// Gives back all jobs that a worker of this name still has.
///
/// With a COMMIT, as all that follows the end of apalis's loop: where that was dropped in the middle of a BEGIN, its
/// connection is in a transaction that sqlx knows nothing of, and what runs there alone is rolled back in the end.
async fn release(pool: &PgPool, worker: &str) -> Result<()> {
    const WHAT: &str = "giving jobs back to the queue";
    let mut tx = transaction::begin(pool).await.during(WHAT)?;
    sqlx::query(include_str!("sql/release.sql")).bind(worker).execute(&mut *tx).await.during(WHAT)?;
    tx.commit().await.during(WHAT)
}
