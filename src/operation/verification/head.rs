//! A verification as a whole.
//!
//! Invariant: the verdict claims no more than was compared. With an open, failed or cancelled series, or with no series at
//! all, it is not `identical`.

use jiff_sqlx::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row as _};

use crate::bar::SeriesName;
use crate::config::VerifyMode;
use crate::model::{OperationId, OperationKind, OperationState, Traceparent, Verdict};
use crate::operation::shown_state::ShownState;
use crate::source::discover::Unrecognised;

/// A verification without its series.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verification {
    pub(crate) operation_id: OperationId,
    /// `DATA_VERIFICATION`.
    #[serde(rename = "type")]
    pub(crate) kind: OperationKind,
    pub(crate) state: OperationState,
    pub(crate) verdict: Verdict,
    /// What it was asked to do.
    #[serde(flatten)]
    pub(crate) options: StoredOptions,
    /// The directory of the files.
    pub(crate) root: String,
    /// The trace that holds all its spans.
    pub(crate) trace_id: String,
    /// When it was enqueued, UTC.
    pub(crate) created_at: jiff::Timestamp,
    /// When its first task started, UTC.
    pub(crate) started_at: Option<jiff::Timestamp>,
    /// When its last task ended, UTC.
    pub(crate) finished_at: Option<jiff::Timestamp>,
    /// The operation after which it was to start.
    pub(crate) follows: Option<String>,
    /// Sums over its series.
    pub(crate) totals: VerifiedTotals,
    /// CSV files whose names say no series.
    pub(crate) unrecognised: Vec<Unrecognised>,
    /// When it may start, UTC.
    #[serde(skip)]
    pub(crate) run_at: jiff::Timestamp,
    #[serde(skip)]
    pub(crate) paused: bool,
    /// Whether the operation that it follows has not ended yet.
    #[serde(skip)]
    pub(crate) waiting: bool,
}

/// What it was asked to do, as its operation stores it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredOptions {
    /// How closely it looks.
    #[serde(default)]
    pub(crate) mode: VerifyMode,
    /// How many bars of each series a sample has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sample_size: Option<u64>,
    /// The seed that the sample was drawn with; the same seed draws the same bars again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// Whether the database's bars outside the files' range are no differences.
    #[serde(default)]
    pub(crate) within_range: bool,
    /// The files and folders of the root that it looks at, in a few words; none if at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
    /// Series of the database that no file has; they are no differences.
    #[serde(default)]
    pub(crate) unexplained: Vec<SeriesName>,
}

impl StoredOptions {
    /// Without the options of a sample, if none was drawn.
    fn of_mode(self) -> Self {
        match self.mode {
            VerifyMode::Sample => self,
            _ => Self { sample_size: None, seed: None, ..self },
        }
    }
}

/// Sums over the series.
#[derive(Debug, Clone, Default, Serialize, FromRow)]
pub(crate) struct VerifiedTotals {
    /// All series.
    pub(crate) series: i64,
    /// Series that do not differ.
    pub(crate) identical: i64,
    /// Series that differ.
    pub(crate) differing: i64,
    /// Series that could not be compared.
    pub(crate) failed: i64,
    pub(crate) cancelled: i64,
    /// Series that are not compared yet.
    pub(crate) open: i64,
    /// Data rows of the files.
    pub(crate) csv_rows: i64,
    /// Bars of the files.
    pub(crate) csv_bars: i64,
    /// Bars of the database.
    pub(crate) db_bars: i64,
    /// Bars of the files that were compared with the database's.
    pub(crate) compared: i64,
    /// Bars with other values.
    pub(crate) different: i64,
    /// Bars that the database lacks.
    pub(crate) only_in_csv: i64,
    /// Bars that the files lack.
    pub(crate) only_in_db: i64,
    /// Bars of the database outside the files' range, if these are no differences.
    pub(crate) outside: i64,
    /// Rows of the files that are no bars.
    pub(crate) rows_rejected: i64,
    /// Rows of the files that repeat an earlier one.
    pub(crate) rows_duplicate: i64,
}

impl VerifiedTotals {
    fn verdict(&self, settled: bool) -> Verdict {
        match Verdict::of_series(self.series, self.identical, self.differing) {
            Verdict::Identical if !settled => Verdict::Incomplete,
            verdict => verdict,
        }
    }
}

impl Verification {
    /// Its state as `barlift status` shows it, too.
    pub(crate) fn shown_state(&self) -> String {
        ShownState {
            state: self.state,
            verdict: self.finished_at.map(|_| (self.verdict, self.options.mode.as_str())),
            dry_run: false,
            paused: self.paused,
            waits_for: self.follows.as_deref().filter(|_| self.waiting && self.finished_at.is_none()),
            run_at: self.run_at,
        }
        .to_string()
    }

    /// The files that it looks at.
    pub(crate) fn files(&self) -> String {
        match &self.options.part {
            Some(part) => format!("{part} of {}", self.root),
            None => self.root.clone(),
        }
    }

    /// Whether it counts as a failure: something differs or could not be compared.
    pub(crate) fn has_failed(&self) -> bool {
        self.verdict == Verdict::Differs || self.totals.failed > 0
    }
}

impl FromRow<'_, PgRow> for Verification {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let time = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<Timestamp, _>(name)?.to_jiff());
        let optional_time = |name: &str| {
            Ok::<_, sqlx::Error>(row.try_get::<Option<Timestamp>, _>(name)?.map(Timestamp::to_jiff))
        };
        let totals = VerifiedTotals::from_row(row)?;
        let finished_at = optional_time("finished_at")?;
        Ok(Self {
            operation_id: row.try_get("id")?,
            kind: row.try_get("type")?,
            state: row.try_get("state")?,
            verdict: totals.verdict(finished_at.is_some()),
            options: row.try_get::<Json<StoredOptions>, _>("options")?.0.of_mode(),
            root: row.try_get("root")?,
            trace_id: row.try_get::<Traceparent, _>("traceparent")?.trace_id().to_owned(),
            created_at: time("created_at")?,
            started_at: optional_time("started_at")?,
            finished_at,
            follows: row.try_get("follows")?,
            totals,
            unrecognised: row.try_get::<Json<Vec<Unrecognised>>, _>("unrecognised")?.0,
            run_at: time("run_at")?,
            paused: row.try_get("paused")?,
            waiting: row.try_get("waiting")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_compared_is_identical() {
        let totals = |series, identical, differing| VerifiedTotals {
            series,
            identical,
            differing,
            ..VerifiedTotals::default()
        };
        assert_eq!(totals(2, 2, 0).verdict(true), Verdict::Identical);
        assert_eq!(totals(2, 2, 0).verdict(false), Verdict::Incomplete);
        assert_eq!(totals(2, 1, 0).verdict(true), Verdict::Incomplete);
        assert_eq!(totals(0, 0, 0).verdict(true), Verdict::Incomplete);
        assert_eq!(totals(2, 0, 1).verdict(false), Verdict::Differs);
    }
}
