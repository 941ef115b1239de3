//! What a verification came to for one series.
//!
//! Invariant: counts of a series whose task has not succeeded are 0, and what is not known is null.

use serde::{Deserialize, Serialize};

use super::range::Range;
use crate::model::{TaskId, TaskState, Verdict};
use crate::operation::status::TaskError;

/// One series.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    /// The task's key in the database.
    #[serde(skip)]
    pub task_id: TaskId,
    /// Its symbol.
    pub symbol: String,
    /// Its timeframe.
    pub timeframe: String,
    /// Its files, relative to the operation's root.
    pub sources: Vec<String>,
    /// The task's state.
    pub state: TaskState,
    /// Whether it differs; [`Verdict::Incomplete`] until its task has succeeded.
    pub verdict: Verdict,
    /// The files' side.
    pub csv: CsvSide,
    /// The database's side.
    pub db: DbSide,
    /// Bars of the files that were compared with the database's.
    pub compared: i64,
    /// Of these, how many are the same.
    pub identical: i64,
    /// How many have other values.
    pub different: i64,
    /// How many the database lacks.
    pub only_in_csv: i64,
    /// Bars that the files lack.
    pub only_in_db: i64,
    /// Bars of the database before the files' first and behind their last, where these are no difference.
    pub outside: i64,
    /// Whether the files were known by their bytes, and only hashes were compared.
    pub by_hash: bool,
    /// Whether the database's bars are those that barlift left there, where that is known.
    pub untouched: Option<bool>,
    /// Rows that repeat an earlier one, the first of them.
    pub duplicates: Vec<Duplicate>,
    /// What kind of difference lies where; covers all bars but those left out.
    pub ranges: Vec<Range>,
    /// Ranges that were too many to be kept.
    pub ranges_left_out: i64,
    /// Differing bars that were too many to be kept.
    pub differences_left_out: i64,
    /// Why the task failed, or its last attempt.
    pub error: Option<TaskError>,
}

/// What the files have.
#[derive(Debug, Clone, Serialize)]
pub struct CsvSide {
    /// Data rows.
    pub rows: i64,
    /// Bars, each time once.
    pub bars: Option<i64>,
    /// Time of the first bar, UTC.
    pub first: Option<jiff::Timestamp>,
    /// Time of the last bar, UTC.
    pub last: Option<jiff::Timestamp>,
    /// Rows that are no bars.
    pub rejected: i64,
    /// Rows that repeat an earlier one.
    pub duplicate: i64,
    /// The content of its bars, hexadecimal, where all were read.
    pub hash: Option<String>,
}

/// What the database has.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // as in CsvSide
pub struct DbSide {
    pub bars: Option<i64>,
    pub first: Option<jiff::Timestamp>,
    pub last: Option<jiff::Timestamp>,
    pub hash: Option<String>,
}

/// A row that repeats an earlier one with the same values.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Duplicate {
    pub source: String,
    pub line: i64,
}

impl Series {
    /// Bars that differ in whatever way.
    #[must_use]
    pub fn differing(&self) -> i64 {
        self.different + self.only_in_csv + self.only_in_db
    }

    /// Whether there is more to say of it than that it is identical.
    #[must_use]
    pub fn is_noteworthy(&self) -> bool {
        self.verdict != Verdict::Identical || self.csv.rejected + self.csv.duplicate > 0
    }

    /// From the first to the last bar, whichever side has it.
    #[must_use]
    pub fn span(&self) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
        let ranges = self.ranges.iter().flat_map(|r| [r.first, r.last]);
        let sides = [self.csv.first, self.csv.last, self.db.first, self.db.last].into_iter().flatten();
        let times: Vec<_> = ranges.chain(sides).collect();
        times.iter().min().copied().zip(times.iter().max().copied())
    }
}
