//! How many rows became what.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// What became of data rows. `imported + skipped + mismatched + rejected + duplicate + missing = rows`.
///
/// A verification imports nothing: bars that it did not find wrong count as skipped, those with other values in the
/// database as mismatched, those that it lacks as missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, FromRow)]
#[serde(default)]
#[allow(missing_docs)]
pub struct RowCounts {
    pub rows: i64,
    pub rows_imported: i64,
    pub rows_skipped: i64,
    pub rows_mismatched: i64,
    pub rows_rejected: i64,
    pub rows_duplicate: i64,
    pub quality_issues: i64,
    /// Only a verification has such.
    #[serde(skip_serializing_if = "is_zero")]
    pub rows_missing: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde wants it
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl RowCounts {
    /// Whether any row became a bar.
    #[must_use]
    pub fn has_bars(&self) -> bool {
        self.rows_imported + self.rows_skipped + self.rows_mismatched + self.rows_duplicate > 0
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.rows_imported += other.rows_imported;
        self.rows_skipped += other.rows_skipped;
        self.rows_mismatched += other.rows_mismatched;
        self.rows_rejected += other.rows_rejected;
        self.rows_duplicate += other.rows_duplicate;
        self.quality_issues += other.quality_issues;
        self.rows_missing += other.rows_missing;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter that one of these statements leaves out would be lost, and nothing would say so.
    #[test]
    fn every_counter_is_stored_reset_and_read() {
        let one = RowCounts { rows_missing: 1, ..RowCounts::default() };
        let json = serde_json::to_value(one).expect("JSON");
        let names: Vec<_> = json.as_object().expect("an object").keys().collect();
        assert_eq!(names.len(), 8);
        for name in names {
            let stored = include_str!("task/sql/record.sql");
            assert!(stored.contains(&format!(" {name} = t.{name} + coalesce(n.{name}, 0)")), "{name}");
            assert!(include_str!("task/sql/reset_counters.sql").contains(&format!(" {name} = 0")), "{name}");
            for read in [include_str!("task/sql/counters.sql"), include_str!("operation/sql/tasks.sql")] {
                let is_name = |word: &str| word.rsplit('.').next() == Some(name);
                assert!(read.split([' ', ',', '\n', '(', ')']).any(is_name), "{name}: {read}");
            }
        }
    }
}
