//! What a verification comes to as a whole.
//!
//! Invariant: the verdict says no more than was looked at: nothing open, failed or cancelled is identical, and
//! neither is a verification of nothing.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::bar::SeriesName;
pub use crate::config::VerifyMode as Mode;
use crate::model::{OperationId, OperationKind, OperationState, Verdict};
use crate::operation::status::notes_on_verdict;
use crate::source::discover::Unrecognised;

/// A verification without its series.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Its id.
    pub operation_id: OperationId,
    /// `DATA_VERIFICATION`.
    #[serde(rename = "type")]
    pub kind: OperationKind,
    /// The operation's state.
    pub state: OperationState,
    /// What it comes to.
    pub verdict: Verdict,
    /// What it was asked to do.
    #[serde(flatten)]
    pub options: Options,
    /// Where the files lie.
    pub root: String,
    /// The trace that holds all its spans.
    pub trace_id: String,
    /// When it was enqueued, UTC.
    pub created_at: jiff::Timestamp,
    /// When its first task started, UTC.
    pub started_at: Option<jiff::Timestamp>,
    /// When its last task settled, UTC.
    pub finished_at: Option<jiff::Timestamp>,
    /// The operation that it was to follow.
    pub follows: Option<String>,
    /// Sums over its series.
    pub totals: Totals,
    /// CSV files that were found and not taken.
    pub unrecognised: Vec<Unrecognised>,
}

/// What it was asked to do, as its operation keeps it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Options {
    /// How closely to look.
    #[serde(default)]
    pub mode: Mode,
    /// Bars of each series that a sample takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_size: Option<u64>,
    /// What the sample was drawn with: the same again draws the same bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether bars of the database outside the files' range are no difference.
    #[serde(default)]
    pub within_range: bool,
    /// Series of the database that none of the files is about; no difference.
    #[serde(default)]
    pub unexplained: Vec<SeriesName>,
}

impl Options {
    /// Without what belongs to a sample, where none was drawn.
    pub(super) fn of_mode(self) -> Self {
        if self.mode == Mode::Sample { self } else { Self { sample_size: None, seed: None, ..self } }
    }
}

/// Sums over the series.
#[derive(Debug, Clone, Default, Serialize, FromRow)]
pub struct Totals {
    /// All.
    pub series: i64,
    /// That do not differ.
    pub identical: i64,
    /// That differ.
    pub differing: i64,
    /// That could not be compared.
    pub failed: i64,
    /// That were not to be compared any more.
    pub cancelled: i64,
    /// Still to be compared.
    pub open: i64,
    /// Data rows of the files.
    pub csv_rows: i64,
    /// Bars of the files.
    pub csv_bars: i64,
    /// Bars of the database.
    pub db_bars: i64,
    /// Bars of the files that were compared with the database's.
    pub compared: i64,
    /// Bars with other values.
    pub different: i64,
    /// Bars that the database lacks.
    pub only_in_csv: i64,
    /// Bars that the files lack.
    pub only_in_db: i64,
    /// Bars of the database outside the files' range, where these are no difference.
    pub outside: i64,
    /// Rows of the files that are no bars.
    pub rows_rejected: i64,
    /// Rows of the files that repeat an earlier one.
    pub rows_duplicate: i64,
}

impl Totals {
    pub(super) fn verdict(&self, settled: bool) -> Verdict {
        if self.differing > 0 {
            Verdict::Differs
        } else if settled && self.series > 0 && self.identical == self.series {
            Verdict::Identical
        } else {
            Verdict::Incomplete
        }
    }
}

impl Verification {
    /// Its state for people: the verdict, once it has ended.
    #[must_use]
    pub fn shown_state(&self) -> String {
        if self.finished_at.is_none() {
            return self.state.to_string();
        }
        let notes = notes_on_verdict(Some(self.options.mode.as_str()), self.state);
        let verdict = self.verdict.as_str().to_uppercase();
        if notes.is_empty() { verdict } else { format!("{verdict} ({})", notes.join(", ")) }
    }

    /// Whether it is to be taken for a failure: something differs, or could not be compared.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.verdict == Verdict::Differs || self.totals.failed > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_compared_is_identical() {
        let totals =
            |series, identical, differing| Totals { series, identical, differing, ..Totals::default() };
        assert_eq!(totals(2, 2, 0).verdict(true), Verdict::Identical);
        assert_eq!(totals(2, 2, 0).verdict(false), Verdict::Incomplete);
        assert_eq!(totals(2, 1, 0).verdict(true), Verdict::Incomplete);
        assert_eq!(totals(0, 0, 0).verdict(true), Verdict::Incomplete);
        assert_eq!(totals(2, 0, 1).verdict(false), Verdict::Differs);
    }
}
