//! The worker: jobs from the queue in, attempts run and settled.
//!
//! Invariant: whatever an attempt ends with is recorded before its job is acknowledged; if it cannot be
//! recorded, the job comes again and the fence keeps the counters right.
//! It wires `queue`, `task`, `import` and `verify` together and decides nothing about bars.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::backend::observed::Observed;
use crate::config::Config;
use crate::error::{Error, ErrorClass, FileError, Result};
use crate::import::{self, Imported};
use crate::operation::due_spans;
use crate::queue::{self, Delivery, QueueSettings, Work};
use crate::repository::known::Learnt;
use crate::task::{
    self, AttemptContext, Claim, Claimant, Lease, RetryPolicy, RowCounts, Settled, TaskInfo, TaskOptions,
};
use crate::telemetry::{self, AttemptTelemetry, Outcome, Recorder, delivery, metrics};
use crate::verify::{self, Verdict};

/// How long a worker that stops waits for spans that are due.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// Between removals of jobs that are done.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// What a worker needs.
#[derive(Debug, Clone)]
pub struct Worker {
    pool: PgPool,
    queue: QueueSettings,
    batch_rows: usize,
    retry: RetryPolicy,
    max_rescues: u32,
    task_timeout: Duration,
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
        Self {
            queue: QueueSettings {
                concurrency: config.worker.concurrency.min(spare_connections(&pool)),
                lease: config.worker.lease,
                heartbeat: config.worker.heartbeat,
                poll_interval: config.worker.poll_interval,
                drain_timeout: config.worker.drain_timeout,
            },
            pool,
            batch_rows: config.import.batch_rows,
            retry: RetryPolicy {
                initial_backoff: config.retry.initial_backoff,
                max_backoff: config.retry.max_backoff,
            },
            max_rescues: config.retry.max_rescues,
            task_timeout: config.worker.task_timeout,
            stop,
            recorder,
            due: Arc::default(),
        }
    }

    /// Works until it is stopped.
    pub async fn run(self) {
        let (pool, settings, stop) = (self.pool.clone(), self.queue.clone(), self.stop.clone());
        let _sweep = AbortOnDropHandle::new(tokio::spawn(sweep(pool.clone(), settings.lease)));
        let worker = Arc::new(self);
        let done = CancellationToken::new();
        let exporter = Arc::clone(&worker).export_due_spans(done.clone());
        let exporter = AbortOnDropHandle::new(tokio::spawn(exporter));
        queue::run(pool, settings, Arc::clone(&worker) as Arc<dyn Work>, stop).await;
        done.cancel();
        let _ = tokio::time::timeout(LAST_EXPORT, exporter).await;
    }

    /// Exports spans that only the database knows of: when this worker makes some due and, for those whose worker
    /// died or whose export failed, once a lease. After `done` it does what is left and ends.
    async fn export_due_spans(self: Arc<Self>, done: CancellationToken) {
        let Some(recorder) = &self.recorder else { return };
        loop {
            if done.is_cancelled() {
                // So that nobody has to write from the records what waits here.
                let ((), rest) = tokio::join!(telemetry::flush_at_the_end(), self.export_now(recorder));
                tell_later(rest.and(due_spans::note_taken(&self.pool).await));
                return;
            }
            tell_later(self.export_now(recorder).await);
            tokio::select! {
                () = self.due.notified() => {}
                () = delivery::wait() => {}
                () = done.cancelled() => {}
                () = tokio::time::sleep(self.queue.lease) => {}
            }
        }
    }

    async fn export_now(&self, recorder: &Recorder) -> Result<()> {
        due_spans::note_taken(&self.pool).await?;
        due_spans::export(&self.pool, recorder).await
    }

    async fn attempt(&self, worker: &str, delivery: &Delivery) -> Result<()> {
        let traces = self.recorder.is_some();
        let lease = self.queue.lease;
        let claimant = Claimant { worker, max_rescues: self.max_rescues, traces, lease };
        let claimed = task::claim(&self.pool, &delivery.job, claimant).await?;
        self.tell_due(claimed.rescued);
        let (lease, info) = match claimed.claim {
            Claim::Started(started) => *started,
            Claim::Parked => {
                metrics::get().parked();
                self.tell_due(true);
                return Ok(());
            }
            idle @ (Claim::Gone | Claim::Busy) => {
                tracing::debug!(job = ?delivery.job, claim = ?idle, "no attempt");
                return Ok(());
            }
        };
        let telemetry = AttemptTelemetry::start(&info.attempt(&lease, worker, delivery));
        let attempt = Attempt { lease: &lease, task: &info, telemetry: &telemetry };
        let run = async {
            let (pool, stop) = (self.pool.clone(), self.stop.clone());
            let context = AttemptContext { pool, batch_rows: self.batch_rows, stop };
            let result = match &info.options {
                TaskOptions::Import(options) => {
                    let Attempt { lease, task, telemetry } = attempt;
                    let import = import::Attempt { context: &context, lease, task, options, telemetry };
                    let run =
                        async { import::import(import).await.map(|done| Done::Imported(Box::new(done))) };
                    self.within_limits(attempt, Box::pin(run)).await
                }
                TaskOptions::Verify(options) => {
                    let Attempt { lease, task, telemetry } = attempt;
                    let verify = verify::Attempt { context: &context, lease, task, options, telemetry };
                    let run = async { verify::verify(verify).await.map(Done::Verified) };
                    self.within_limits(attempt, Box::pin(run)).await
                }
            };
            self.settle(attempt, result).await
        };
        telemetry.around(run).await
    }

    /// An attempt that hangs (a file on a share that went away, a statement behind somebody's lock) ends here, and the
    /// next one goes on at the checkpoint. So does one whose task was cancelled or taken over: it would notice by
    /// itself at its next write, and may never come to that.
    async fn within_limits<T>(
        &self,
        attempt: Attempt<'_>,
        run: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            done = run => done,
            () = attempt.lease.lost(&self.pool, self.queue.heartbeat) => Err(Error::LostLease),
            () = tokio::time::sleep(self.task_timeout) => {
                let limit = humantime::format_duration(self.task_timeout);
                let reason = format!("did not end within worker.task_timeout ({limit}); what was committed stays");
                Err(FileError::transient(&attempt.task.source, reason).into())
            }
        }
    }

    /// Records the end, waiting for a database that is away for a moment.
    async fn settle(&self, attempt: Attempt<'_>, result: Result<Done>) -> Result<()> {
        let mut wait = Duration::from_millis(100);
        loop {
            match self.settle_once(attempt, &result).await {
                Err(Error::LostLease) => return self.settled_elsewhere(attempt, &result).await,
                Err(e) if e.class() == ErrorClass::Transient && wait < Duration::from_secs(5) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Err(e) => {
                    // The task stays as it is and is rescued.
                    attempt.telemetry.lost();
                    return Err(e);
                }
                Ok(outcome) => {
                    attempt.telemetry.settled(outcome, result.as_ref().err().filter(|e| !is_stop(e)));
                    return Ok(());
                }
            }
        }
    }

    /// Another worker has the task, or it was ours to settle and only the answer got lost.
    async fn settled_elsewhere(&self, attempt: Attempt<'_>, result: &Result<Done>) -> Result<()> {
        let outcome = attempt.lease.outcome(&self.pool).await.unwrap_or_default();
        let ours = match (outcome.as_deref(), result) {
            (Some("succeeded"), Ok(_)) => Some(Outcome::Succeeded),
            (Some("failed"), Err(_)) => Some(Outcome::Failed),
            (Some("handed_back"), Err(Error::Stopped)) => Some(Outcome::HandedBack),
            _ => None,
        };
        match ours {
            Some(outcome) => {
                attempt.telemetry.settled(outcome, result.as_ref().err().filter(|e| !is_stop(e)));
                self.tell_due(true);
            }
            None => {
                tell_lost(outcome.as_deref());
                tell_later(attempt.lease.let_go(&self.pool).await);
                attempt.telemetry.lost();
            }
        }
        Ok(())
    }

    async fn settle_once(&self, attempt: Attempt<'_>, result: &Result<Done>) -> Result<Outcome> {
        let Attempt { lease, telemetry, .. } = attempt;
        let record = telemetry.record();
        match result {
            Ok(done) => {
                let learnt = done.learnt().map(|l| (l, Observed::attempt(&self.pool, telemetry)));
                let settled = match lease.succeed(&self.pool, &record, learnt).await {
                    // What was learnt only saves time; the success does not depend on it.
                    Err(e) if learnt.is_some() && e.class() == ErrorClass::Permanent => {
                        tracing::warn!(error = e.chain(), "what was learnt of the file is not kept");
                        lease.succeed(&self.pool, &record, None).await?
                    }
                    settled => settled?,
                };
                self.tell_due(settled.operation_ended);
                done.tell();
                Ok(Outcome::Succeeded)
            }
            Err(Error::Stopped) => {
                lease.hand_back(&self.pool, &record).await?;
                tracing::info!("handed back");
                Ok(Outcome::HandedBack)
            }
            Err(Error::LostLease) => Err(Error::LostLease),
            Err(e) => {
                let settled = lease.fail(&self.pool, e, &self.retry, &record).await?;
                self.tell_due(settled.operation_ended);
                Ok(tell_failed(e, settled))
            }
        }
    }

    /// Wakes the exporter if there is something for it.
    fn tell_due(&self, due: bool) {
        if due {
            self.due.notify_one();
        }
    }
}

/// One attempt: its hold on the task, what it is about, and who is told.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    lease: &'a Lease,
    task: &'a TaskInfo,
    telemetry: &'a AttemptTelemetry,
}

/// What an attempt that got to its end has done.
enum Done {
    Imported(Box<Imported>),
    Verified(Verdict),
}

impl Done {
    fn learnt(&self) -> Option<&Learnt> {
        match self {
            Self::Imported(imported) => Some(&imported.learnt),
            Self::Verified(_) => None,
        }
    }

    fn tell(&self) {
        match self {
            Self::Imported(done) => {
                let RowCounts { rows, rows_imported, rows_skipped, .. } = done.rows;
                tracing::info!(rows, imported = rows_imported, skipped = rows_skipped, "imported");
            }
            Self::Verified(Verdict::Identical) => tracing::info!(verdict = "identical", "verified"),
            Self::Verified(Verdict::Differs) => tracing::warn!(verdict = "differs", "verified"),
        }
    }
}

/// Connections beside the one that listens and one for heartbeats and everything else: a file each.
fn spare_connections(pool: &PgPool) -> usize {
    usize::try_from(pool.options().get_max_connections()).unwrap_or(usize::MAX).saturating_sub(2).max(1)
}

/// What could not be done now is done at the next turn.
fn tell_later(done: Result<()>) {
    if let Err(e) = done {
        tracing::debug!(error = e.chain(), "the next look will do");
    }
}

/// Why an attempt could not settle its task.
fn tell_lost(outcome: Option<&str>) {
    match outcome {
        Some("cancelled") => tracing::info!("cancelled; what was not committed is rolled back"),
        Some("handed_back") => {
            tracing::info!("handed back: the operation is paused, or the worker lost the database");
        }
        _ => tracing::warn!("another worker has this task now, or its operation was deleted"),
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

/// Looks for forgotten tasks at the start and once a lease, and keeps the queue small.
async fn sweep(pool: PgPool, lease: Duration) {
    let mut pruned: Option<Instant> = None;
    loop {
        tell_later(task::push_forgotten(&pool).await.map(|_| ()));
        tell_later(task::wake_forgotten(&pool).await);
        tell_later(task::follow_forgotten(&pool).await);
        if pruned.is_none_or(|p| p.elapsed() > PRUNE_EVERY) {
            let done = queue::prune(&pool).await;
            pruned = done.is_ok().then(Instant::now);
            tell_later(done);
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
