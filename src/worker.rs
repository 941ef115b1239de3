//! The worker: jobs from the queue in, attempts run and settled.
//!
//! Invariant: whatever an attempt ends with is recorded before its job is acknowledged; if it cannot be
//! recorded, the job comes again and the fence keeps the counters right.
//! It wires `queue`, `task` and `import` together and decides nothing about bars.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::config::Config;
use crate::error::{Error, ErrorClass, Result};
use crate::import::{self, ImportContext};
use crate::queue::{self, Delivery, QueueSettings, Work};
use crate::task::{self, Claim, Lease, RetryPolicy, RowCounts, TaskInfo};
use crate::telemetry;

/// What a worker needs.
#[derive(Debug, Clone)]
pub struct Worker {
    pool: PgPool,
    queue: QueueSettings,
    batch_rows: usize,
    retry: RetryPolicy,
    max_rescues: u32,
    stop: CancellationToken,
}

impl Worker {
    /// A worker on this database that ends when `stop` says so.
    #[must_use]
    pub fn new(pool: PgPool, config: &Config, stop: CancellationToken) -> Self {
        Self {
            pool,
            queue: QueueSettings {
                concurrency: config.worker.concurrency,
                lease: config.worker.lease,
                heartbeat: config.worker.heartbeat,
                poll_interval: config.worker.poll_interval,
                drain_timeout: config.worker.drain_timeout,
            },
            batch_rows: config.import.batch_rows,
            retry: RetryPolicy {
                initial_backoff: config.retry.initial_backoff,
                max_backoff: config.retry.max_backoff,
            },
            max_rescues: config.retry.max_rescues,
            stop,
        }
    }

    /// Works until it is stopped.
    pub async fn run(self) {
        let (pool, settings, stop) = (self.pool.clone(), self.queue.clone(), self.stop.clone());
        let _sweep = AbortOnDropHandle::new(tokio::spawn(sweep(pool.clone(), settings.lease)));
        queue::run(pool, settings, Arc::new(self), stop).await;
    }

    async fn attempt(&self, worker: &str, delivery: &Delivery) -> Result<()> {
        let claim = task::claim(&self.pool, &delivery.job, worker, self.max_rescues).await?;
        let Claim::Started(started) = claim else {
            tracing::debug!(job = ?delivery.job, ?claim, "no attempt");
            return Ok(());
        };
        let (lease, info) = *started;
        let span = telemetry::import_symbol(&info, lease.attempt, delivery.traceparent.as_deref());
        async {
            let context = ImportContext {
                pool: self.pool.clone(),
                batch_rows: self.batch_rows,
                stop: self.stop.clone(),
            };
            let result = import::import(&context, &lease, &info).await;
            telemetry::finish_import_symbol(&info, &result);
            self.settle(&lease, &info, result).await
        }
        .instrument(span)
        .await
    }

    /// Records the end, waiting for a database that is away for a moment.
    async fn settle(&self, lease: &Lease, info: &TaskInfo, result: Result<RowCounts>) -> Result<()> {
        let mut wait = Duration::from_millis(100);
        loop {
            match self.settle_once(lease, info, &result).await {
                Err(Error::LostLease) => {
                    tracing::warn!(source = info.source, "another worker has this task now");
                    return Ok(());
                }
                Err(e) if e.class() == ErrorClass::Transient && wait < Duration::from_secs(5) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                done => return done,
            }
        }
    }

    async fn settle_once(&self, lease: &Lease, info: &TaskInfo, result: &Result<RowCounts>) -> Result<()> {
        let TaskInfo { source, symbol, timeframe, operation_id, .. } = info;
        match result {
            Ok(rows) => {
                lease.succeed(&self.pool).await?;
                tracing::info!(
                    operation.id = operation_id,
                    symbol,
                    timeframe,
                    source,
                    rows = rows.rows,
                    imported = rows.rows_imported,
                    skipped = rows.rows_skipped,
                    "imported"
                );
            }
            Err(Error::Stopped) => {
                lease.hand_back(&self.pool).await?;
                tracing::info!(operation.id = operation_id, source, "handed back");
            }
            Err(Error::LostLease) => return Err(Error::LostLease),
            Err(e) => match lease.fail(&self.pool, e, &self.retry).await? {
                Some(wait) => tracing::warn!(
                    operation.id = operation_id,
                    source,
                    attempt = lease.attempt,
                    error = e.chain(),
                    ?wait,
                    "failed; it is tried again after the wait"
                ),
                None => tracing::error!(operation.id = operation_id, source, error = e.chain(), "failed"),
            },
        }
        Ok(())
    }
}

/// Looks for forgotten tasks at the start and once a lease.
async fn sweep(pool: PgPool, lease: Duration) {
    loop {
        if let Err(e) = task::push_forgotten(&pool).await {
            tracing::debug!(error = e.chain(), "the next look will do");
        }
        tokio::time::sleep(lease).await;
    }
}

impl Work for Worker {
    fn run(self: Arc<Self>, worker: String, delivery: Delivery) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.attempt(&worker, &delivery).await })
    }

    fn abandon(&self, worker: String) -> BoxFuture<'static, Result<()>> {
        let pool = self.pool.clone();
        Box::pin(async move { task::hand_back_all(&pool, &worker).await })
    }
}
