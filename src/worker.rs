//! The worker: jobs from the queue in, attempts run and settled.
//!
//! Invariant: whatever an attempt ends with is recorded before its job is acknowledged; if it cannot be
//! recorded, the job comes again and the fence keeps the counters right.
//! It wires `queue`, `task` and `import` together and decides nothing about bars.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::error::{Error, ErrorClass, Result};
use crate::import::{self, Attempt, ImportContext};
use crate::operation::root_span;
use crate::queue::{self, Delivery, QueueSettings, Work};
use crate::task::{self, Claim, Claimant, Dead, Lease, RetryPolicy, RowCounts, Settled, TaskInfo};
use crate::telemetry::{AttemptInfo, AttemptTelemetry, DeadAttempt, Outcome, Recorder, TraceOptions};

/// How long a worker that stops waits for root spans to be exported.
const LAST_EXPORT: Duration = Duration::from_millis(1500);

/// What a worker needs.
#[derive(Debug, Clone)]
pub struct Worker {
    pool: PgPool,
    queue: QueueSettings,
    batch_rows: usize,
    retry: RetryPolicy,
    max_rescues: u32,
    stop: CancellationToken,
    /// None where no spans are exported.
    recorder: Option<Recorder>,
    /// An operation has ended: its root span is due.
    ended: Arc<Notify>,
}

impl Worker {
    /// A worker on this database that ends when `stop` says so. With a recorder it writes the root spans of
    /// ended operations.
    #[must_use]
    pub fn new(pool: PgPool, config: &Config, stop: CancellationToken, recorder: Option<Recorder>) -> Self {
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
            recorder,
            ended: Arc::default(),
        }
    }

    /// Works until it is stopped.
    pub async fn run(self) {
        let (pool, settings, stop) = (self.pool.clone(), self.queue.clone(), self.stop.clone());
        let _sweep = AbortOnDropHandle::new(tokio::spawn(sweep(pool.clone(), settings.lease)));
        let worker = Arc::new(self);
        let roots = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&worker).export_roots()));
        queue::run(pool, settings, Arc::clone(&worker) as Arc<dyn Work>, stop).await;
        // It may be exporting just now; what it then leaves is done here.
        worker.ended.notify_one();
        let _ = tokio::time::timeout(LAST_EXPORT, roots).await;
    }

    /// Exports root spans when an operation ends and, for those whose worker died or whose export failed, once
    /// a lease. Ends after the stop.
    async fn export_roots(self: Arc<Self>) {
        let Some(recorder) = &self.recorder else { return };
        let lease = self.queue.lease;
        loop {
            if let Err(e) = root_span::export_due(&self.pool, recorder, lease).await {
                tracing::debug!(error = e.chain(), "the next look will do");
            }
            if self.stop.is_cancelled() {
                return;
            }
            tokio::select! {
                () = self.ended.notified() => {}
                () = tokio::time::sleep(lease) => {}
            }
        }
    }

    async fn attempt(&self, worker: &str, delivery: &Delivery) -> Result<()> {
        let traces = self.recorder.is_some();
        let claimant = Claimant { worker, max_rescues: self.max_rescues, traces };
        let claimed = task::claim(&self.pool, &delivery.job, claimant).await?;
        if let (Some(dead), Some(recorder)) = (claimed.dead, self.recorder.clone()) {
            let dead = dead_attempt(dead, &delivery.job);
            tokio::spawn(async move { recorder.dead_attempt(&dead).await });
        }
        let (lease, info) = match claimed.claim {
            Claim::Started(started) => *started,
            Claim::Parked { operation_ended } => {
                self.tell_ended(operation_ended);
                return Ok(());
            }
            idle @ (Claim::Gone | Claim::Busy) => {
                tracing::debug!(job = ?delivery.job, claim = ?idle, "no attempt");
                return Ok(());
            }
        };
        let telemetry = AttemptTelemetry::start(&attempt_info(&lease, &info, worker, delivery));
        let run = async {
            let context = ImportContext {
                pool: self.pool.clone(),
                batch_rows: self.batch_rows,
                stop: self.stop.clone(),
            };
            let attempt = Attempt { context: &context, lease: &lease, task: &info, telemetry: &telemetry };
            let result = import::import(attempt).await;
            self.settle(attempt, result).await
        };
        telemetry.around(run).await
    }

    /// Records the end, waiting for a database that is away for a moment.
    async fn settle(&self, attempt: Attempt<'_>, result: Result<RowCounts>) -> Result<()> {
        let mut wait = Duration::from_millis(100);
        loop {
            match self.settle_once(attempt, &result).await {
                Err(Error::LostLease) => {
                    tracing::warn!("another worker has this task now");
                    attempt.telemetry.settled(Outcome::Lost, None);
                    return Ok(());
                }
                Err(e) if e.class() == ErrorClass::Transient && wait < Duration::from_secs(5) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Err(e) => return Err(e),
                Ok(outcome) => {
                    attempt.telemetry.settled(outcome, result.as_ref().err().filter(|e| !is_stop(e)));
                    return Ok(());
                }
            }
        }
    }

    async fn settle_once(&self, attempt: Attempt<'_>, result: &Result<RowCounts>) -> Result<Outcome> {
        let Attempt { lease, telemetry, .. } = attempt;
        let timings = telemetry.timings();
        match result {
            Ok(rows) => {
                let settled = lease.succeed(&self.pool, &timings).await?;
                self.tell_ended(settled.operation_ended);
                let RowCounts { rows, rows_imported, rows_skipped, .. } = rows;
                tracing::info!(rows, imported = rows_imported, skipped = rows_skipped, "imported");
                Ok(Outcome::Succeeded)
            }
            Err(Error::Stopped) => {
                lease.hand_back(&self.pool, &timings).await?;
                tracing::info!("handed back");
                Ok(Outcome::HandedBack)
            }
            Err(Error::LostLease) => Err(Error::LostLease),
            Err(e) => {
                let settled = lease.fail(&self.pool, e, &self.retry, &timings).await?;
                self.tell_ended(settled.operation_ended);
                Ok(tell_failed(e, settled))
            }
        }
    }

    fn tell_ended(&self, operation_ended: bool) {
        if operation_ended {
            self.ended.notify_one();
        }
    }
}

fn is_stop(e: &Error) -> bool {
    matches!(e, Error::Stopped)
}

fn tell_failed(e: &Error, settled: Settled) -> Outcome {
    match settled.retry_in {
        Some(wait) => {
            tracing::warn!(error = e.chain(), ?wait, "failed; it is tried again after the wait");
            Outcome::Retried
        }
        None => {
            tracing::error!(error = e.chain(), "failed");
            Outcome::Failed
        }
    }
}

fn attempt_info(lease: &Lease, info: &TaskInfo, worker: &str, delivery: &Delivery) -> AttemptInfo {
    AttemptInfo {
        operation_id: info.operation_id.clone(),
        symbol: info.symbol.clone(),
        timeframe: info.timeframe.clone(),
        source: info.source.clone(),
        task_id: lease.task_id,
        fence: lease.fence,
        attempt: lease.attempt,
        worker: worker.to_owned(),
        queue: queue::QUEUE,
        message_id: queue::message_id(&delivery.job),
        traceparent: delivery.traceparent.as_ref().unwrap_or(&info.traceparent).clone(),
        trace: info.options.trace,
    }
}

fn dead_attempt(dead: Dead, job: &queue::Job) -> DeadAttempt {
    DeadAttempt {
        started_at: dead.started_at.to_jiff(),
        rows: dead.rows,
        phases: dead.phases.0,
        info: AttemptInfo {
            operation_id: dead.operation_id,
            symbol: dead.symbol,
            timeframe: dead.timeframe,
            source: dead.source,
            task_id: dead.task_id,
            fence: dead.fence,
            attempt: dead.attempt,
            worker: dead.worker,
            queue: queue::QUEUE,
            message_id: queue::message_id(job),
            traceparent: dead.traceparent,
            trace: TraceOptions::default(),
        },
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
