//! Reads operations back: for `status`, `operations`, and commands that wait for an operation.
//!
//! Invariant: the JSON of these types is what `status --json` promises; names do not change.

mod read;
mod task;

use serde::Serialize;

use super::shown_state::ShownState;
use crate::counts::int;
use crate::model::{OperationId, OperationKind, OperationState, Verdict};
use crate::source::discover::Unrecognised;

pub(crate) use read::{find, is_settled, kind, list, read};
pub use task::TaskError;
pub(crate) use task::{TaskStatus, TaskTotals};

/// One operation with its tasks.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct OperationStatus {
    pub(crate) operation_id: OperationId,
    #[serde(rename = "type")]
    pub(crate) kind: OperationKind,
    pub(crate) state: OperationState,
    pub(crate) trace_id: String,
    /// URL of the directory or bucket that holds its files.
    pub(crate) root: String,
    pub(crate) dry_run: bool,
    /// 0 to 1000; higher ones run first.
    pub(crate) priority: i32,
    pub(crate) created_at: jiff::Timestamp,
    /// It does not start before this time.
    pub(crate) run_at: jiff::Timestamp,
    /// When it was paused; none if it is not paused now.
    pub(crate) paused_at: Option<jiff::Timestamp>,
    /// When its first task started.
    pub(crate) started_at: Option<jiff::Timestamp>,
    /// When its last task ended.
    pub(crate) finished_at: Option<jiff::Timestamp>,
    /// The operation that it depends on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) follows: Option<String>,
    /// Whether it waits for that operation to end.
    #[serde(skip)]
    pub(crate) waiting: bool,
    pub(crate) totals: TaskTotals,
    /// Files that were found and that it does not process, with the reason.
    pub(crate) unrecognised: Vec<Unrecognised>,
    /// Verification: `counts`, `sample` or `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    /// Verification: the files and folders of the root that it looks at, in a few words; none if at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
    /// Verification that has ended: its verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<Verdict>,
    /// Import: what it does with bars that differ from the database's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_mismatch: Option<String>,
    /// Verification: series of the database for which there is no file.
    #[serde(skip)]
    pub(crate) unexplained: i64,
    /// Its tasks, by symbol and timeframe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<TaskStatus>,
}

impl OperationStatus {
    /// Its state as commands show it.
    pub(crate) fn shown_state(&self) -> String {
        ShownState {
            state: self.state,
            verdict: self.verdict.zip(self.mode.as_deref()),
            dry_run: self.dry_run,
            paused: self.paused_at.is_some(),
            waits_for: self.follows.as_deref().filter(|_| self.waiting && !self.is_settled()),
            run_at: self.run_at,
        }
        .to_string()
    }

    /// Bars of the database that differ from an import's files and keep their values (in a dry run: would keep them).
    pub(crate) fn left_different(&self) -> i64 {
        if self.kind.imports() && !self.overwrites() { self.totals.rows.rows_mismatched } else { 0 }
    }

    /// Whether it is an import that overwrites bars that differ.
    pub(crate) fn overwrites(&self) -> bool {
        self.on_mismatch.as_deref() == Some("overwrite")
    }

    /// The number of files that were imported although their shape conflicts with their series.
    pub(crate) fn shape_conflicts(&self) -> i64 {
        int(self.tasks.iter().filter(|t| t.shape_conflict.is_some()).count())
    }

    /// When it starts, if that is later than `now`.
    pub(crate) fn starts_later(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let scheduled = self.state == OperationState::Scheduled && !self.waiting;
        Some(self.run_at).filter(|at| scheduled && *at > now)
    }

    /// Whether tasks failed or were cancelled, or series or bars differ.
    pub(crate) fn has_failures(&self) -> bool {
        let differs = self.totals.differing > 0 || self.left_different() > 0;
        let has_ended_badly = matches!(self.state, OperationState::Failed | OperationState::Cancelled);
        has_ended_badly || differs || self.unrecognised.iter().any(|file| file.is_damaged)
    }

    /// Whether it has ended.
    pub(crate) fn is_settled(&self) -> bool {
        self.finished_at.is_some()
    }
}
