//! One attempt: a job's task is claimed, run within its limits, and settled.
//!
//! Invariant: whatever happens to an attempt is recorded once; if that does not work, its task stays as it is and is rescued.

use std::time::Duration;

use super::{Worker, tell_later};
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, ErrorClass, FileError, Result};
use crate::import::{self, Imported};
use crate::model::{AttemptOutcome, Verdict};
use crate::queue::{Delivery, Handled};
use crate::repository::known::Learnt;
use crate::task::{
    self, AttemptContext, Claim, Claimant, ImportOptions, Lease, RowCounts, TaskInfo, TaskOptions,
};
use crate::telemetry::{AttemptTelemetry, JobOutcome, metrics};
use crate::verify;

/// When a job comes again that met a locked row.
const LOCKED_WAIT: Duration = Duration::from_secs(3);

/// A claimed task, and who is told of the attempt at it.
pub(super) struct Claimed {
    pub(super) lease: Lease,
    pub(super) task: TaskInfo,
    pub(super) telemetry: AttemptTelemetry,
}

impl Claimed {
    pub(super) fn new(lease: Lease, task: TaskInfo, worker: &str, delivery: &Delivery) -> Self {
        let telemetry = AttemptTelemetry::start(&task.attempt(&lease, worker, delivery));
        Self { lease, task, telemetry }
    }

    pub(super) fn import<'a>(
        &'a self,
        context: &'a AttemptContext,
        options: &'a ImportOptions,
    ) -> import::Attempt<'a> {
        let Self { lease, task, telemetry } = self;
        import::Attempt { context, lease, task, options, telemetry }
    }

    fn verify<'a>(
        &'a self,
        context: &'a AttemptContext,
        options: &'a task::VerifyOptions,
    ) -> verify::VerifyAttempt<'a> {
        let Self { lease, task, telemetry } = self;
        verify::VerifyAttempt { context, lease, task, options, telemetry }
    }
}

impl Worker {
    pub(super) async fn attempt(&self, worker: &str, delivery: &Delivery) -> Result<Handled> {
        let traces = self.recorder.is_some();
        let lease = self.queue.lease;
        let claimant = Claimant { worker, max_rescues: self.max_rescues, traces, lease };
        let claimed = task::claim(&self.pool, &delivery.job, claimant).await?;
        self.tell_due(claimed.rescued);
        let (lease, task) = match claimed.claim {
            Claim::Started(started) => *started,
            Claim::Parked => {
                metrics::get().parked();
                self.tell_due(true);
                return Ok(Handled::Done);
            }
            Claim::Locked => {
                tracing::info!(
                    operation.id = delivery.job.operation_id.as_str(),
                    task_id = delivery.job.task_id.0,
                    "a row that the task needs is locked (by `data save` of its series, or a command); tried again later"
                );
                return Ok(Handled::Later(LOCKED_WAIT));
            }
            idle @ (Claim::Gone | Claim::Busy) => {
                tracing::debug!(job = ?delivery.job, claim = ?idle, "no attempt");
                return Ok(Handled::Done);
            }
        };
        let claimed = Claimed::new(lease, task, worker, delivery);
        let companions = self.companions(&claimed, claimant).await;
        if companions.is_empty() {
            let run = async { self.settle(&claimed, self.run_one(&claimed).await).await };
            claimed.telemetry.around(run).await?;
        } else {
            self.run_together(worker, claimed, companions).await?;
        }
        Ok(Handled::Done)
    }

    pub(super) fn context(&self, options: &TaskOptions) -> AttemptContext {
        let batch_rows = options.batch_rows().unwrap_or(self.batch_rows);
        AttemptContext { pool: self.pool.clone(), batch_rows, stop: self.stop.clone() }
    }

    async fn run_one(&self, claimed: &Claimed) -> Result<Done> {
        let context = self.context(&claimed.task.options);
        match &claimed.task.options {
            TaskOptions::Import(options) => {
                let import = claimed.import(&context, options);
                let run = async { import::import(import).await.map(Done::imported) };
                self.within_limits(claimed, Box::pin(run)).await
            }
            TaskOptions::Verify(options) => {
                let verify = claimed.verify(&context, options);
                let run = async { verify::verify(verify).await.map(Done::Verified) };
                self.within_limits(claimed, Box::pin(run)).await
            }
        }
    }

    /// An attempt that hangs (a file on a share that went away, a statement behind somebody's lock) ends here, and the
    /// next one goes on at the checkpoint. So does one whose task was cancelled or taken over: it would notice by
    /// itself at its next write, and may never come to that.
    pub(super) async fn within_limits<T>(
        &self,
        attempt: &Claimed,
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
    pub(super) async fn settle(&self, attempt: &Claimed, result: Result<Done>) -> Result<()> {
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
    async fn settled_elsewhere(&self, attempt: &Claimed, result: &Result<Done>) -> Result<()> {
        let outcome = attempt.lease.outcome(&self.pool).await.unwrap_or_default();
        let ours = match (outcome, result) {
            // The answer to a settling together with others got lost: then nobody else had it.
            (Some(AttemptOutcome::Succeeded), Ok(_) | Err(Error::LostLease)) => Some(JobOutcome::Succeeded),
            (Some(AttemptOutcome::Failed), Err(_)) => Some(JobOutcome::Failed),
            (Some(AttemptOutcome::HandedBack), Err(Error::Stopped)) => Some(JobOutcome::HandedBack),
            _ => None,
        };
        match ours {
            Some(outcome) => {
                attempt.telemetry.settled(outcome, result.as_ref().err().filter(|e| !is_stop(e)));
                self.tell_due(true);
            }
            None => {
                tell_lost(outcome);
                tell_later(attempt.lease.let_go(&self.pool).await);
                attempt.telemetry.lost();
            }
        }
        Ok(())
    }

    async fn settle_once(&self, attempt: &Claimed, result: &Result<Done>) -> Result<JobOutcome> {
        let Claimed { lease, telemetry, .. } = attempt;
        let record = telemetry.record();
        match result {
            Ok(done) => {
                let learnt = done.learnt().map(|l| (l, TracedPool::attempt(&self.pool, telemetry)));
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
                Ok(JobOutcome::Succeeded)
            }
            Err(Error::Stopped) => {
                lease.hand_back(&self.pool, &record).await?;
                tracing::info!("handed back");
                Ok(JobOutcome::HandedBack)
            }
            Err(Error::LostLease) => Err(Error::LostLease),
            Err(e) => {
                let settled = lease.fail(&self.pool, e, &self.retry, &record).await?;
                self.tell_due(settled.operation_ended);
                Ok(tell_failed(e, settled.retry_in))
            }
        }
    }
}

/// What an attempt that got to its end has done.
pub(super) enum Done {
    Imported(Box<Imported>),
    Verified(Verdict),
}

impl Done {
    pub(super) fn imported(imported: Imported) -> Self {
        Self::Imported(Box::new(imported))
    }

    fn learnt(&self) -> Option<&Learnt> {
        match self {
            Self::Imported(imported) => Some(&imported.learnt),
            Self::Verified(_) => None,
        }
    }

    fn tell(&self) {
        match self {
            Self::Imported(done) => {
                tell_imported(&done.rows);
            }
            Self::Verified(Verdict::Identical) => tracing::info!(verdict = "identical", "verified"),
            Self::Verified(verdict) => tracing::warn!(verdict = verdict.as_str(), "verified"),
        }
    }
}

/// What an import has come to.
pub(super) fn tell_imported(rows: &RowCounts) {
    let RowCounts { rows, rows_imported, rows_skipped, .. } = rows;
    tracing::info!(rows, imported = rows_imported, skipped = rows_skipped, "imported");
}

/// Why an attempt could not settle its task.
fn tell_lost(outcome: Option<AttemptOutcome>) {
    match outcome {
        Some(AttemptOutcome::Cancelled) => tracing::info!("cancelled; what was not committed is rolled back"),
        Some(AttemptOutcome::HandedBack) => {
            tracing::info!("handed back: the operation is paused, or the worker lost the database");
        }
        _ => tracing::warn!("another worker has this task now, or its operation was deleted"),
    }
}

fn is_stop(e: &Error) -> bool {
    matches!(e, Error::Stopped)
}

/// Why an attempt failed, and when the file is tried again.
pub(super) fn tell_failed(e: &Error, retry_in: Option<Duration>) -> JobOutcome {
    match retry_in {
        Some(wait) => {
            tracing::warn!(error = e.chain(), ?wait, "failed; it is tried again after the wait");
            JobOutcome::Retried
        }
        None => {
            tracing::error!(error = e.chain(), "failed");
            JobOutcome::Failed
        }
    }
}
