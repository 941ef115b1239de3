//! Row counters: how many rows became what.
//!
//! [`COUNTERS`] is the one table of them. The database's statements, JSON, sums, spans, metrics, commands and pages follow
//! it. Another counter is an entry here, the place where it is counted (`import/batch.rs`), and a migration that adds its
//! column to `barlift.tasks` (to the constraint `rows_add_up`, too, if it is a part of all rows), and to
//! `barlift.imported_sources` if it depends on the file alone; a file with NULL there is read once more.

use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

/// A number as columns, JSON and attributes have it; the largest one in place of one that is too large.
pub(crate) fn int(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

/// One row counter.
#[derive(Debug)]
pub struct RowCounter {
    /// Its field of [`RowCounts`], its column and its name in JSON.
    pub name: &'static str,
    /// Reads it.
    pub value: fn(&RowCounts) -> i64,
    value_mut: fn(&mut RowCounts) -> &mut i64,
    /// What its rows are, if `rows` is the sum of it and others. The constraint `rows_add_up` names the same counters.
    pub part: Option<RowPart>,
    /// Whether reports list what it counts.
    pub is_finding: bool,
    /// Whether it depends on the file alone. The source cache keeps it, in a column of `barlift.imported_sources`: a file
    /// that is recognised counts as in the run that read it.
    pub is_of_file: bool,
    /// How commands and pages show it.
    pub shown: Option<ShownAs>,
    /// How they show it in a dry run, if that differs.
    pub shown_in_dry_run: Option<ShownAs>,
    /// Its attributes, if spans have it.
    pub in_spans: Option<InSpans>,
    /// Its `outcome` in the metric `barlift.rows`.
    pub outcome: Option<&'static str>,
}

/// What a part of all rows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RowPart {
    Bars,
    NoBars,
}

/// How commands and pages show a counter.
#[derive(Debug, Clone, Copy)]
pub struct ShownAs {
    /// The heading of its column in the table of files, and a short one.
    pub heading: [&'static str; 2],
    /// When a narrow table leaves the column out: the highest number first. None: it always has it; every other column is
    /// left out, too, if all its numbers are zero.
    pub spare: Option<u8>,
    /// The heading of its column on a page.
    pub title: &'static str,
    /// Its name beside a total.
    pub total: &'static str,
    /// Its name in the sum of rows, if it is part of that.
    pub in_sum: Option<&'static str>,
}

/// A counter's attributes in spans: name and meaning.
#[derive(Debug, Clone, Copy)]
pub struct InSpans {
    /// On the span of an attempt to import.
    pub attempt: [&'static str; 2],
    /// On the span of an operation.
    pub operation: [&'static str; 2],
    /// Whether operations that import nothing have it, too.
    pub of_all_operations: bool,
}

/// The description of the metric `barlift.rows`.
pub(crate) const OUTCOMES_ABOUT: &str =
    "rows by `outcome`: imported, skipped, mismatched, rejected, duplicate";

macro_rules! row_counters {
    ($($(#[$meta:meta])* $name:ident { $($fact:ident: $value:expr,)+ })+) => {
        /// What became of data rows; [`COUNTERS`] says which counters add up to `rows`.
        ///
        /// A verification imports nothing: bars that it did not find wrong count as skipped, those with other values in
        /// the database as mismatched, those that it lacks as missing.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, FromRow)]
        #[serde(default)]
        #[allow(missing_docs)]
        pub struct RowCounts { $($(#[$meta])* pub $name: i64,)+ }

        /// All row counters, in the order in which they are shown.
        pub const COUNTERS: &[RowCounter] = &[$(RowCounter {
            name: stringify!($name),
            value: |rows| rows.$name,
            value_mut: |rows| &mut rows.$name,
            $($fact: $value,)+
        }),+];
    };
}

row_counters! {
    rows {
        part: None,
        is_finding: false,
        is_of_file: true,
        shown: None, // as the sum of the others
        shown_in_dry_run: None,
        in_spans: None,
        outcome: None,
    }
    rows_imported {
        part: Some(RowPart::Bars),
        is_finding: false,
        is_of_file: false,
        shown: Some(ShownAs {
            heading: ["IMPORTED", "NEW"],
            spare: None,
            title: "Imported",
            total: "imported",
            in_sum: Some("imported"),
        }),
        shown_in_dry_run: Some(ShownAs {
            heading: ["NEW", "NEW"],
            spare: None,
            title: "New",
            total: "new",
            in_sum: Some("new (nothing was written)"),
        }),
        in_spans: Some(InSpans {
            attempt: ["csv_import.rows_imported", "new rows, of all attempts so far"],
            operation: ["csv_import.total_rows_imported", "rows imported, of all files"],
            of_all_operations: false,
        }),
        outcome: Some("imported"),
    }
    rows_skipped {
        part: Some(RowPart::Bars),
        is_finding: false,
        is_of_file: false,
        shown: Some(ShownAs {
            heading: ["SKIPPED", "SKIP"],
            spare: Some(5),
            title: "Skipped",
            total: "skipped: in the database already",
            in_sum: Some("skipped"),
        }),
        shown_in_dry_run: None,
        in_spans: Some(InSpans {
            attempt: ["csv_import.rows_skipped", "rows that were there with the same values"],
            operation: ["csv_import.total_rows_skipped", "rows that were there already, of all files"],
            of_all_operations: false,
        }),
        outcome: Some("skipped"),
    }
    rows_mismatched {
        part: Some(RowPart::Bars),
        is_finding: true,
        is_of_file: false,
        shown: Some(ShownAs {
            heading: ["MISMATCHED", "MISM"],
            spare: Some(1),
            title: "Mismatched",
            total: "mismatched",
            in_sum: Some("mismatched"),
        }),
        shown_in_dry_run: None,
        in_spans: Some(InSpans {
            attempt: ["csv_import.warnings", "bars that differ from the database's"],
            operation: ["csv_import.warnings_count", "bars that differ from the database's, of all files"],
            of_all_operations: false,
        }),
        outcome: Some("mismatched"),
    }
    rows_rejected {
        part: Some(RowPart::NoBars),
        is_finding: true,
        is_of_file: true,
        shown: Some(ShownAs {
            heading: ["REJECTED", "REJ"],
            spare: Some(2),
            title: "Rejected",
            total: "rejected",
            in_sum: Some("rejected"),
        }),
        shown_in_dry_run: None,
        in_spans: Some(InSpans {
            attempt: ["csv_import.rows_rejected", "rows that could not become a bar"],
            operation: ["csv_import.rows_rejected", "rows that could not become a bar"],
            of_all_operations: true,
        }),
        outcome: Some("rejected"),
    }
    rows_duplicate {
        part: Some(RowPart::Bars),
        is_finding: false,
        is_of_file: true,
        shown: Some(ShownAs {
            heading: ["DUPLICATE", "DUP"],
            spare: Some(6),
            title: "Duplicate",
            total: "duplicate",
            in_sum: Some("duplicate"),
        }),
        shown_in_dry_run: None,
        in_spans: Some(InSpans {
            attempt: ["csv_import.rows_duplicate", "rows that repeat an earlier one"],
            operation: ["csv_import.rows_duplicate", "rows that repeat an earlier one"],
            of_all_operations: true,
        }),
        outcome: Some("duplicate"),
    }
    quality_issues {
        part: None,
        is_finding: true,
        is_of_file: true,
        shown: Some(ShownAs {
            heading: ["ISSUES", "ISSUES"],
            spare: Some(4),
            title: "Issues",
            total: "quality issues",
            in_sum: None,
        }),
        shown_in_dry_run: None,
        in_spans: Some(InSpans {
            attempt: ["csv_import.quality_issues", "bars that break a market-data rule"],
            operation: ["csv_import.quality_issues", "bars that break a market-data rule"],
            of_all_operations: false,
        }),
        outcome: None,
    }
    /// Only a verification has such.
    #[serde(skip_serializing_if = "is_zero")]
    rows_missing {
        part: Some(RowPart::Bars),
        is_finding: false,
        is_of_file: false,
        shown: None,
        shown_in_dry_run: None,
        in_spans: None,
        outcome: None,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde wants it
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl RowCounts {
    /// Some counters of a row of the database; the others are 0.
    pub(crate) fn read(row: &PgRow, counters: impl Fn(&RowCounter) -> bool) -> sqlx::Result<Self> {
        let mut counts = Self::default();
        for counter in COUNTERS.iter().filter(|c| counters(c)) {
            *(counter.value_mut)(&mut counts) = row.try_get(counter.name)?;
        }
        Ok(counts)
    }

    /// The sum of some counters.
    pub(crate) fn sum(&self, counters: impl Fn(&RowCounter) -> bool) -> i64 {
        COUNTERS.iter().filter(|c| counters(c)).map(|c| (c.value)(self)).sum()
    }

    /// Whether any row became a bar.
    #[must_use]
    pub fn has_bars(&self) -> bool {
        self.sum(|c| c.part == Some(RowPart::Bars)) > 0
    }

    /// What reports list.
    pub(crate) fn findings(&self) -> i64 {
        self.sum(|c| c.is_finding)
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        for counter in COUNTERS {
            *(counter.value_mut)(self) += (counter.value)(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of those counters that have a fact.
    fn names<T>(fact: impl Fn(&RowCounter) -> Option<T>) -> Vec<&'static str> {
        COUNTERS.iter().filter(|c| fact(c).is_some()).map(|c| c.name).collect()
    }

    #[test]
    fn the_constraint_and_the_metric_name_what_the_table_does() {
        let migration = include_str!("../migrations/20261122200000_verification_tasks.sql");
        assert!(migration.contains(&format!("{} = rows)", names(|c| c.part).join(" + "))));
        let outcomes: Vec<_> = COUNTERS.iter().filter_map(|c| c.outcome).collect();
        assert_eq!(format!("rows by `outcome`: {}", outcomes.join(", ")), OUTCOMES_ABOUT);
        let in_sum =
            |c: &RowCounter| c.shown.and_then(|s| s.in_sum).or(c.shown_in_dry_run.and_then(|s| s.in_sum));
        assert!(COUNTERS.iter().all(|c| in_sum(c).is_none() || c.part.is_some()));
    }
}
