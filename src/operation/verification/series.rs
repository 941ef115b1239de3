//! What a verification found in one series.
//!
//! Invariant: the counts of a series whose task has not succeeded are 0, and what is unknown is null.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::range::DifferenceRange;
use crate::model::{OptionalTime, TaskId, TaskState, Verdict};
use crate::operation::status::TaskError;

/// A series and its files.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct VerifiedSeries {
    #[serde(skip)]
    pub(crate) task_id: TaskId,
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    /// Paths of its files, relative to the operation's root.
    pub(crate) sources: Vec<String>,
    /// The task's state.
    pub(crate) state: TaskState,
    /// [`Verdict::Incomplete`] until the task has succeeded.
    pub(crate) verdict: Verdict,
    #[sqlx(flatten)]
    pub(crate) csv: CsvSide,
    #[sqlx(flatten)]
    pub(crate) db: DbSide,
    /// Bars of the files that were compared with the database's.
    pub(crate) compared: i64,
    /// Compared bars that are the same.
    pub(crate) identical: i64,
    /// Compared bars with other values.
    pub(crate) different: i64,
    /// Compared bars that the database lacks.
    pub(crate) only_in_csv: i64,
    /// Bars that the files lack.
    pub(crate) only_in_db: i64,
    /// Bars of the database before the files' first and after their last, if these are no differences.
    pub(crate) outside: i64,
    /// Whether the files were known by their content, so that only the hashes of both sides were compared.
    pub(crate) by_hash: bool,
    /// Whether the database's bars are those that barlift wrote, if that is known.
    pub(crate) untouched: Option<bool>,
    /// The first rows that repeat an earlier one.
    #[sqlx(json)]
    pub(crate) duplicates: Vec<DuplicateRow>,
    /// How the bars differ, by ranges of time; they cover all bars but those left out.
    #[sqlx(skip)]
    pub(crate) ranges: Vec<DifferenceRange>,
    /// Ranges that were not stored, because there were too many.
    pub(crate) ranges_left_out: i64,
    /// Differing bars that were not stored, because there were too many.
    pub(crate) differences_left_out: i64,
    /// Why the task failed, or why its last attempt did.
    #[sqlx(json(nullable))]
    pub(crate) error: Option<TaskError>,
}

/// What the files have.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct CsvSide {
    /// Data rows.
    pub(crate) rows: i64,
    /// Bars, each time once.
    #[sqlx(rename = "csv_bars")]
    pub(crate) bars: Option<i64>,
    /// Time of the first bar, UTC.
    #[sqlx(rename = "csv_first", try_from = "OptionalTime")]
    pub(crate) first: Option<jiff::Timestamp>,
    /// Time of the last bar, UTC.
    #[sqlx(rename = "csv_last", try_from = "OptionalTime")]
    pub(crate) last: Option<jiff::Timestamp>,
    /// Rows that are no bars.
    #[sqlx(rename = "rows_rejected")]
    pub(crate) rejected: i64,
    /// Rows that repeat an earlier one.
    #[sqlx(rename = "rows_duplicate")]
    pub(crate) duplicate: i64,
    /// The hash of their bars, hexadecimal, if all were read.
    #[sqlx(rename = "csv_hash")]
    pub(crate) hash: Option<String>,
}

/// What the database has; the fields are those of [`CsvSide`].
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct DbSide {
    #[sqlx(rename = "db_bars")]
    pub(crate) bars: Option<i64>,
    #[sqlx(rename = "db_first", try_from = "OptionalTime")]
    pub(crate) first: Option<jiff::Timestamp>,
    #[sqlx(rename = "db_last", try_from = "OptionalTime")]
    pub(crate) last: Option<jiff::Timestamp>,
    #[sqlx(rename = "db_hash")]
    pub(crate) hash: Option<String>,
}

/// A row that repeats an earlier one with the same values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DuplicateRow {
    pub(crate) source: String,
    pub(crate) line: i64,
}

impl VerifiedSeries {
    /// Bars that differ in any way.
    pub(crate) fn differing(&self) -> i64 {
        self.different + self.only_in_csv + self.only_in_db
    }

    /// Whether a report says more of it than that it is identical.
    pub(crate) fn is_noteworthy(&self) -> bool {
        self.verdict != Verdict::Identical || self.csv.rejected + self.csv.duplicate > 0
    }

    /// From the first to the last bar, whichever side has it.
    pub(crate) fn span(&self) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
        let ranges = self.ranges.iter().flat_map(|r| [r.first, r.last]);
        let sides = [self.csv.first, self.csv.last, self.db.first, self.db.last].into_iter().flatten();
        let times: Vec<_> = ranges.chain(sides).collect();
        times.iter().min().copied().zip(times.iter().max().copied())
    }
}
