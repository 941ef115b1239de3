//! The tasks of an operation, as `status` shows them.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::counts::RowCounts;
use crate::error::ErrorClass;
use crate::model::{TaskState, Verdict};

/// Sums over an operation's tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromRow)]
pub(crate) struct TaskTotals {
    pub(crate) tasks: i64,
    pub(crate) pending: i64,
    pub(crate) running: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
    pub(crate) cancelled: i64,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) rows: RowCounts,
    /// Bytes of all sources.
    pub(crate) bytes: i64,
    /// Bytes read and committed so far.
    pub(crate) bytes_done: i64,
    /// Verification: series that are the same on both sides.
    pub(crate) identical: i64,
    /// Verification: series that differ.
    pub(crate) differing: i64,
}

impl TaskTotals {
    /// The verdict of a verification with these sums.
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of_series(self.tasks, self.identical, self.differing)
    }

    /// The number of tasks in each state but `succeeded`, in the order in which texts list them.
    pub(crate) fn not_succeeded(&self) -> [(i64, TaskState); 4] {
        [
            (self.failed, TaskState::Failed),
            (self.running, TaskState::Running),
            (self.pending, TaskState::Pending),
            (self.cancelled, TaskState::Cancelled),
        ]
    }
}

/// One task.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct TaskStatus {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    /// Path relative to the operation's root.
    pub(crate) source: String,
    pub(crate) state: TaskState,
    pub(crate) attempts: i32,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) rows: RowCounts,
    /// From the start of its first attempt to its end, or until now.
    pub(crate) duration_ms: Option<i64>,
    /// Whether the source cache had its content, so that it was not read again.
    pub(crate) recognised: bool,
    /// The result of a series' verification, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[sqlx(json(nullable))]
    pub(crate) verification: Option<TaskVerification>,
    /// Columns of the file that barlift did not read.
    pub(crate) ignored_columns: Vec<String>,
    /// What its rows decided of how it is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[sqlx(json)]
    pub(crate) notes: Vec<String>,
    /// How its bars conflict with those of the series, if they were imported all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shape_conflict: Option<String>,
    #[sqlx(json(nullable))]
    pub(crate) error: Option<TaskError>,
}

/// The result of a series' verification; `barlift report` has more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TaskVerification {
    pub(crate) verdict: Verdict,
    pub(crate) csv_bars: i64,
    pub(crate) db_bars: i64,
    /// Bars of the files that were compared with the database.
    pub(crate) compared: i64,
    pub(crate) identical: i64,
    pub(crate) different: i64,
    pub(crate) only_in_csv: i64,
    pub(crate) only_in_db: i64,
    /// Bars of the database outside of the files' range, where `verify.within_range` ignores them.
    pub(crate) outside: i64,
    /// Bars of mended rows, which count as the files'.
    pub(crate) mended: i64,
    /// Whether only digests were compared, since the source cache had the content of the files.
    pub(crate) by_hash: bool,
}

/// Why a task failed, or why its last attempt did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskError {
    pub(crate) class: ErrorClass,
    pub(crate) message: String,
}
