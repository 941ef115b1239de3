//! The row counters of an import as commands and pages show them.
//!
//! Invariant: a new counter is added here, and in no other file of `cli`.

use super::output::{count, counted};
use super::table::Column;
use crate::counts::RowCounts;

/// One counter.
pub(super) struct ShownCounter {
    pub(super) value: fn(&RowCounts) -> i64,
    /// Its column in the table of files.
    pub(super) column: Column,
    /// Its column on a page.
    pub(super) title: &'static str,
    /// Its name beside a total.
    pub(super) name: &'static str,
    /// Its name in the sum of rows, if it is part of the sum.
    pub(super) part: Option<&'static str>,
    /// Whether a report lists these rows.
    pub(super) is_finding: bool,
}

/// All counters but the number of rows.
pub(super) fn row_counters(dry_run: bool) -> [ShownCounter; 6] {
    let imported = ShownCounter {
        value: |r| r.rows_imported,
        column: Column::number("IMPORTED").or("NEW"),
        title: "Imported",
        name: "imported",
        part: Some("imported"),
        is_finding: false,
    };
    let new = ShownCounter {
        column: Column::number("NEW"),
        title: "New",
        name: "new",
        part: Some("new (nothing was written)"),
        ..imported
    };
    [
        if dry_run { new } else { imported },
        ShownCounter {
            value: |r| r.rows_skipped,
            column: Column::counter("SKIPPED", "SKIP").spare(5),
            title: "Skipped",
            name: "skipped: in the database already",
            part: Some("skipped"),
            is_finding: false,
        },
        ShownCounter {
            value: |r| r.rows_mismatched,
            column: Column::counter("MISMATCHED", "MISM").spare(1),
            title: "Mismatched",
            name: "mismatched",
            part: Some("mismatched"),
            is_finding: true,
        },
        ShownCounter {
            value: |r| r.rows_rejected,
            column: Column::counter("REJECTED", "REJ").spare(2),
            title: "Rejected",
            name: "rejected",
            part: Some("rejected"),
            is_finding: true,
        },
        ShownCounter {
            value: |r| r.rows_duplicate,
            column: Column::counter("DUPLICATE", "DUP").spare(6),
            title: "Duplicate",
            name: "duplicate",
            part: Some("duplicate"),
            is_finding: false,
        },
        ShownCounter {
            value: |r| r.quality_issues,
            column: Column::counter("ISSUES", "ISSUES").spare(4),
            title: "Issues",
            name: "quality issues",
            part: None,
            is_finding: true,
        },
    ]
}

/// Rows and bars that a report lists.
pub(super) fn findings(rows: &RowCounts) -> i64 {
    row_counters(false).iter().filter(|c| c.is_finding).map(|c| (c.value)(rows)).sum()
}

/// `5 rows = 3 imported + 2 skipped + 0 mismatched + …`; `of` is the text after the number of rows.
pub(super) fn sum(rows: &RowCounts, of: &str, dry_run: bool) -> String {
    let counters = row_counters(dry_run);
    let parts = counters.iter().filter_map(|c| Some(format!("{} {}", count((c.value)(rows)), c.part?)));
    format!("{}{of} = {}", counted(rows.rows, "row", "rows"), parts.collect::<Vec<_>>().join(" + "))
}
