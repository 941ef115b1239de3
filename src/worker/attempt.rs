//! One attempt: a job's task is claimed, run within its limits, and settled.
//!
//! Invariant: the end of an attempt is recorded once; if that does not work, its task stays as it is and is rescued.

use std::time::Duration;

use super::claimed::ClaimedTask;
use super::jobs::Done;
use super::{Worker, log_postponed};
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, ErrorClass, FileError, Result};
use crate::model::AttemptOutcome;
use crate::queue::{Delivery, Handled};
use crate::task::{self, AttemptContext, Claim, Claimant, Lease, TaskOptions};
use crate::telemetry::{JobOutcome, metrics};

/// After how long a job comes again whose claim met a locked row.
const LOCKED_WAIT: Duration = Duration::from_secs(3);

/// After how long a file of several symbols goes on, whose series others have been at work on for a while.
const BUSY_WAIT: Duration = Duration::from_secs(30);

impl Worker {
    pub(super) async fn attempt(&self, worker: &str, delivery: &Delivery) -> Result<Handled> {
        let traces = self.recorder.is_some();
        let claimant =
            Claimant { worker, max_rescues: self.retry.max_rescues, traces, lease: self.settings.lease };
        let claimed = task::claim(&self.pool, &delivery.job, claimant).await?;
        self.notify_exporter(claimed.rescued);
        let (lease, task) = match claimed.claim {
            Claim::Started(started) => *started,
            Claim::Parked => {
                metrics::get().parked();
                self.notify_exporter(true);
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
        let claimed = ClaimedTask::new(lease, task, worker, delivery);
        let further = self.claim_bundle(&claimed, claimant).await;
        self.run_bundle(worker, claimed, further).await?;
        Ok(Handled::Done)
    }

    pub(super) fn context(&self, options: &TaskOptions) -> AttemptContext {
        let batch_rows = options.batch_rows().unwrap_or(self.batch_rows);
        AttemptContext { pool: self.pool.clone(), batch_rows, stop: self.stop.clone() }
    }

    /// An attempt that hangs (a file on a share that went away, a statement behind somebody's lock) ends here, and the
    /// next one goes on at the checkpoint. An attempt whose task was cancelled or taken over ends here, too: it would
    /// notice by itself at its next write, and may never come to that.
    pub(super) async fn within_limits<T>(
        &self,
        attempt: &ClaimedTask,
        run: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let hung = || {
            let limit = humantime::format_duration(self.settings.task_timeout);
            let reason =
                format!("did not end within worker.task_timeout ({limit}); what was committed stays");
            FileError::transient(&attempt.task.source, reason).into()
        };
        self.unless_lost(&[attempt], run, (self.settings.task_timeout, hung)).await
    }

    /// Runs until one of the attempts has lost its task, or the time is up.
    pub(super) async fn unless_lost<T>(
        &self,
        attempts: &[&ClaimedTask],
        run: impl Future<Output = Result<T>>,
        (limit, hung): (Duration, impl FnOnce() -> Error),
    ) -> Result<T> {
        let leases: Vec<&Lease> = attempts.iter().map(|a| &a.lease).collect();
        tokio::select! {
            done = run => done,
            () = task::lost(&self.pool, &leases, self.settings.heartbeat) => Err(Error::LostLease),
            () = tokio::time::sleep(limit) => Err(hung()),
        }
    }

    /// Records the end, waiting for a database that is away for a moment.
    pub(super) async fn settle(&self, attempt: &ClaimedTask, result: Result<Done>) -> Result<()> {
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

    /// Another worker has the task, or this one has settled it and only the answer got lost.
    async fn settled_elsewhere(&self, attempt: &ClaimedTask, result: &Result<Done>) -> Result<()> {
        let outcome = attempt.lease.outcome(&self.pool).await.unwrap_or_default();
        let ours = match (outcome, result) {
            // The answer to the settling of a bundle got lost: then no other worker had it.
            (Some(AttemptOutcome::Succeeded), Ok(_) | Err(Error::LostLease)) => Some(JobOutcome::Succeeded),
            (Some(AttemptOutcome::Failed), Err(_)) => Some(JobOutcome::Failed),
            (Some(AttemptOutcome::HandedBack), Err(Error::Stopped | Error::Busy(_))) => {
                Some(JobOutcome::HandedBack)
            }
            _ => None,
        };
        match ours {
            Some(outcome) => {
                attempt.telemetry.settled(outcome, result.as_ref().err().filter(|e| !is_stop(e)));
                self.notify_exporter(true);
            }
            None => {
                log_lost(outcome);
                log_postponed(attempt.lease.release(&self.pool).await);
                attempt.telemetry.lost();
            }
        }
        Ok(())
    }

    async fn settle_once(&self, attempt: &ClaimedTask, result: &Result<Done>) -> Result<JobOutcome> {
        let ClaimedTask { lease, telemetry, .. } = attempt;
        let record = telemetry.record();
        match result {
            Ok(done) => {
                let source = done.source().map(|s| (s, TracedPool::attempt(&self.pool, telemetry)));
                let settled = match lease.succeed(&self.pool, &record, source).await {
                    // The source cache only saves time; the success does not depend on it.
                    Err(e) if source.is_some() && e.class() == ErrorClass::Permanent => {
                        tracing::warn!(error = e.chain(), "the file is not kept in the source cache");
                        lease.succeed(&self.pool, &record, None).await?
                    }
                    settled => settled?,
                };
                self.notify_exporter(settled.operation_ended);
                done.log();
                Ok(JobOutcome::Succeeded)
            }
            Err(Error::Stopped) => {
                lease.hand_back(&self.pool, &record).await?;
                tracing::info!("handed back");
                Ok(JobOutcome::HandedBack)
            }
            Err(e @ Error::Busy(_)) => {
                lease.postpone(&self.pool, &record, BUSY_WAIT).await?;
                tracing::info!("{e}; handed back, to go on later");
                Ok(JobOutcome::HandedBack)
            }
            Err(Error::LostLease) => Err(Error::LostLease),
            Err(e) => {
                let settled = lease.fail(&self.pool, e, &self.retry, &record).await?;
                self.notify_exporter(settled.operation_ended);
                Ok(log_failed(e, settled.retry_in))
            }
        }
    }
}

/// Why an attempt could not settle its task.
fn log_lost(outcome: Option<AttemptOutcome>) {
    match outcome {
        Some(AttemptOutcome::Cancelled) => tracing::info!("cancelled; what was not committed is rolled back"),
        Some(AttemptOutcome::HandedBack) => {
            tracing::info!("handed back: the operation is paused, or the worker lost the database");
        }
        _ => tracing::warn!("another worker has this task now, or its operation was deleted"),
    }
}

fn is_stop(e: &Error) -> bool {
    matches!(e, Error::Stopped | Error::Busy(_))
}

/// Why an attempt failed, and when the file is tried again.
pub(super) fn log_failed(e: &Error, retry_in: Option<Duration>) -> JobOutcome {
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
