//! The life of a task: claimed by a worker, advanced batch by batch, settled.
//!
//! A [`Lease`] is what a worker has while it runs an attempt. Everything it writes about the task names the attempt's
//! fence, and a write with an older fence is refused: a worker that was only frozen, and wakes up after another one has
//! claimed the task, can commit nothing.
//!
//! Several small files may be claimed (`claim_bundle`) and settled (`settle`) at a time.
//!
//! Invariant: a task is in exactly one state, every attempt is recorded with how it ended, and what comes next (the next
//! job, the operation's end) is committed together with the end of the attempt.

mod advance;
mod attempt;
mod bundle;
mod claim;
mod dependents;
mod options;
mod progress;
mod record;
mod release;
mod retry;
mod settle;
mod start;
mod sweep;

use std::time::Duration;

use sqlx::PgPool;

use crate::bar::SeriesName;
use crate::config::Layout;
use crate::error::{During, Result};
use crate::model::{Fence, OperationId, SeriesId, TaskId, Traceparent};
use crate::queue::Delivery;
use crate::telemetry::AttemptInfo;

pub use crate::counts::RowCounts;
pub use advance::lost;
pub use attempt::{Attempt, AttemptContext};
pub(crate) use bundle::{Member, claim_bundle};
pub use claim::{Claim, Claimant, Claimed, claim};
pub use dependents::{begin_dependents, begin_missed_dependents, cancel_dependents};
pub use options::*;
pub use progress::{LayoutRecord, Opening, Progress, Resume};
pub(crate) use record::End;
pub use release::wake_orphaned;
pub use settle::{Settled, end_operation, hand_back_all};
pub(crate) use settle::{Settlement, settle};
pub use sweep::{end_orphaned, push_orphaned};

/// What a worker has while it runs an attempt at a task.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The task.
    pub task_id: TaskId,
    /// The attempt's fence.
    pub fence: Fence,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// The series; none if it is not there and the task does not write.
    pub series_id: Option<SeriesId>,
    /// Whether this attempt made the series.
    pub series_is_new: bool,
    /// How the bars are stored.
    pub layout: Layout,
}

/// What a task is about.
#[derive(Debug, Clone)]
pub struct TaskInfo {
    /// Its operation.
    pub operation_id: OperationId,
    /// Where its source lies.
    pub root: String,
    /// The source, relative to that.
    pub source: String,
    /// Its size when it was enqueued.
    pub source_bytes: i64,
    /// The series' symbol.
    pub symbol: String,
    /// The series' timeframe.
    pub timeframe: String,
    /// Further files of the series, after that one.
    pub more_sources: Vec<String>,
    /// What to do.
    pub options: TaskOptions,
    /// The operation's root span, as a W3C traceparent.
    pub traceparent: Traceparent,
}

impl TaskInfo {
    /// Whether its source has the bars of several symbols.
    #[must_use]
    pub fn is_several(&self) -> bool {
        self.symbol == SeriesName::SEVERAL
    }

    /// What the span of an attempt at it says. The span belongs to the trace that the job was enqueued in.
    #[must_use]
    pub fn attempt(&self, lease: &Lease, worker: &str, delivery: &Delivery) -> AttemptInfo {
        AttemptInfo {
            operation_id: self.operation_id.clone(),
            symbol: self.symbol.clone(),
            timeframe: self.timeframe.clone(),
            source: self.source.clone(),
            task_id: lease.task_id,
            fence: lease.fence,
            attempt: lease.attempt,
            worker: worker.to_owned(),
            sequence: delivery.job.sequence,
            traceparent: delivery.traceparent.as_ref().unwrap_or(&self.traceparent).clone(),
            trace: self.options.trace(),
            kind: self.options.kind(),
        }
    }
}

/// Whether any task is open that is due or waits for a retry, or an operation without open tasks has not ended. What is
/// scheduled for later, paused, or waits for another operation does not count.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn any_open(pool: &PgPool) -> Result<bool> {
    sqlx::query_scalar(include_str!("sql/any_open.sql"))
        .fetch_one(pool)
        .await
        .during("looking for open tasks")
}

/// Whether all that is due is with workers that have sent no heartbeat for 0.7 of a lease: nothing of it is this process's,
/// and nothing waits.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn only_elsewhere(pool: &PgPool, process: &str, lease: Duration) -> Result<bool> {
    sqlx::query_scalar(include_str!("sql/only_elsewhere.sql"))
        .bind(process)
        .bind(lease.as_secs_f64())
        .fetch_one(pool)
        .await
        .during("looking for open tasks")
}
