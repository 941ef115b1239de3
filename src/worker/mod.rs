//! The worker: jobs from the queue in, attempts run and settled.
//!
//! Invariant: whatever an attempt ends with is recorded before its job is acknowledged; if it cannot be
//! recorded, the job comes again and the fence keeps the counters right.
//! It wires `queue`, `task`, `import` and `verify` together and decides nothing about bars. This file has the settings,
//! the sweep and the export of spans; `attempt` runs one attempt (`jobs` has what each kind of task runs), `run_bundle`
//! several small files at once.

mod attempt;
mod bundle;
mod claimed;
mod jobs;
mod run_bundle;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::config::{Config, RetryConfig, WorkerConfig};
use crate::error::Result;
use crate::operation::span_outbox;
use crate::queue::{self, Delivery, Handled, Work};
use crate::task;
use crate::telemetry::{self, Recorder, delivery};

/// How long a worker that stops waits for spans that are due.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// How long the spans of attempts wait for others to be stored and sent together.
const GATHER: Duration = Duration::from_millis(500);

/// Between removals of jobs that are done.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// What a worker needs.
#[derive(Debug, Clone)]
pub struct Worker {
    pool: PgPool,
    /// With no more jobs at once than connections can be had.
    settings: WorkerConfig,
    batch_rows: usize,
    retry: RetryConfig,
    stop: CancellationToken,
    /// None where no spans are exported.
    recorder: Option<Recorder>,
    /// Spans are due that only the database knows of.
    due: Arc<Notify>,
}

impl Worker {
    /// A worker on this database that ends when `stop` says so. With a recorder it writes the root spans of
    /// ended operations.
    #[must_use]
    pub fn new(pool: PgPool, config: &Config, stop: CancellationToken, recorder: Option<Recorder>) -> Self {
        let mut settings = config.worker.clone();
        settings.concurrency = settings.concurrency.min(spare_connections(&pool));
        Self {
            settings,
            pool,
            batch_rows: config.import.batch_rows,
            retry: config.retry.clone(),
            stop,
            recorder,
            due: Arc::default(),
        }
    }

    /// Works until it is stopped.
    pub async fn run(self) {
        let (pool, settings, stop) = (self.pool.clone(), self.settings.clone(), self.stop.clone());
        let worker = Arc::new(self);
        let _sweep = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&worker).sweep()));
        let done = CancellationToken::new();
        let exporter = Arc::clone(&worker).export_spans(done.clone());
        let exporter = AbortOnDropHandle::new(tokio::spawn(exporter));
        queue::run(pool, settings, Arc::clone(&worker) as Arc<dyn Work>, stop).await;
        done.cancel();
        let _ = tokio::time::timeout(LAST_EXPORT, exporter).await;
    }

    /// Exports the spans of attempts and operations: when this worker ends some and, for those whose worker died or whose
    /// export failed, once a lease. After `done` it does what is left and ends.
    async fn export_spans(self: Arc<Self>, done: CancellationToken) {
        let Some(recorder) = &self.recorder else { return };
        loop {
            if done.is_cancelled() {
                let export = span_outbox::export(&self.pool, recorder);
                let ((), rest) = tokio::join!(telemetry::flush_at_the_end(), export);
                log_postponed(rest);
                return;
            }
            log_postponed(span_outbox::export(&self.pool, recorder).await);
            tokio::select! {
                () = self.due.notified() => {}
                () = gather() => {}
                () = done.cancelled() => {}
                () = tokio::time::sleep(self.settings.lease) => {}
            }
        }
    }

    /// Looks for orphaned tasks and operations at the start and once a lease, and keeps the queue small.
    async fn sweep(self: Arc<Self>) {
        let pool = &self.pool;
        let mut pruned: Option<Instant> = None;
        loop {
            log_postponed(task::push_orphaned(pool).await.map(|_| ()));
            log_postponed(task::wake_orphaned(pool).await);
            log_postponed(task::end_orphaned(pool, || self.notify_exporter(true)).await);
            log_postponed(task::begin_missed_dependents(pool).await);
            if pruned.is_none_or(|p| p.elapsed() > PRUNE_EVERY) {
                let done = queue::prune(pool).await.and(span_outbox::drop_old(pool).await);
                pruned = done.is_ok().then(Instant::now);
                log_postponed(done);
            }
            tokio::time::sleep(self.settings.lease).await;
        }
    }

    /// Wakes the exporter if there is something for it.
    fn notify_exporter(&self, due: bool) {
        if due {
            self.due.notify_one();
        }
    }
}

/// Connections beside the one that listens and one for heartbeats and everything else: a file each.
fn spare_connections(pool: &PgPool) -> usize {
    usize::try_from(pool.options().get_max_connections()).unwrap_or(usize::MAX).saturating_sub(2).max(1)
}

/// Waits until an attempt has ended, and some more that may end with it.
async fn gather() {
    delivery::wait().await;
    tokio::time::sleep(GATHER).await;
}

/// What could not be done now is done at the next turn.
fn log_postponed(done: Result<()>) {
    if let Err(e) = done {
        tracing::debug!(error = e.chain(), "failed; tried again at the next turn");
    }
}

impl Work for Worker {
    fn run(self: Arc<Self>, worker: String, delivery: Delivery) -> BoxFuture<'static, Result<Handled>> {
        Box::pin(async move { self.attempt(&worker, &delivery).await })
    }

    fn abandon(&self, worker: String) -> BoxFuture<'static, Result<()>> {
        let pool = self.pool.clone();
        Box::pin(async move { task::hand_back_all(&pool, &worker).await })
    }
}
