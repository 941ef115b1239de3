//! Row counters ([`RowCounts`]) in spans and metrics.
//!
//! Invariant: a new counter is added here, and in no other file of this module.

use super::attribute::{AnyAttribute, Attribute, Int, attributes};
use crate::counts::RowCounts;

attributes! {
    ROWS_IMPORTED: Int = "csv_import.rows_imported", "new rows, of all attempts so far";
    ROWS_SKIPPED: Int = "csv_import.rows_skipped", "rows that were there with the same values";
    WARNINGS: Int = "csv_import.warnings", "bars that differ from the database's";
    ROWS_REJECTED: Int = "csv_import.rows_rejected", "rows that could not become a bar";
    ROWS_DUPLICATE: Int = "csv_import.rows_duplicate", "rows that repeat an earlier one";
    QUALITY_ISSUES: Int = "csv_import.quality_issues", "bars that break a market-data rule";
    TOTAL_ROWS_IMPORTED: Int = "csv_import.total_rows_imported", "rows imported, of all files";
    TOTAL_ROWS_SKIPPED: Int = "csv_import.total_rows_skipped", "rows that were there already, of all files";
    WARNINGS_COUNT: Int = "csv_import.warnings_count", "bars that differ from the database's, of all files";
}

/// The description of the metric `barlift.rows`.
pub(super) const ROWS_ABOUT: &str = "rows by `outcome`: imported, skipped, mismatched, rejected, duplicate";

/// One counter.
struct RowCounter {
    value: fn(&RowCounts) -> i64,
    /// On the span of an attempt to import.
    attempt: Attribute<Int>,
    /// On the span of an operation.
    operation: Attribute<Int>,
    /// Its `outcome` in the metric `barlift.rows`.
    outcome: Option<&'static str>,
}

macro_rules! row_counters {
    ($counters:ident, $of_attempts:ident, $of_operations:ident:
        $($field:ident: $attempt:ident, $operation:ident, $outcome:expr;)+) => {
        const $counters: &[RowCounter] = &[$(RowCounter {
            value: |rows| rows.$field,
            attempt: $attempt,
            operation: $operation,
            outcome: $outcome,
        }),+];
        pub(super) const $of_attempts: &[AnyAttribute] = &[$($attempt.any()),+];
        pub(super) const $of_operations: &[AnyAttribute] = &[$($operation.any()),+];
    };
}

// Of imports alone.
row_counters! { IMPORT_COUNTERS, OF_IMPORT_ATTEMPTS, OF_IMPORTS:
    rows_imported: ROWS_IMPORTED, TOTAL_ROWS_IMPORTED, Some("imported");
    rows_skipped: ROWS_SKIPPED, TOTAL_ROWS_SKIPPED, Some("skipped");
    rows_mismatched: WARNINGS, WARNINGS_COUNT, Some("mismatched");
    quality_issues: QUALITY_ISSUES, QUALITY_ISSUES, None;
}

// The spans of verifications have these, too.
row_counters! { COMMON_COUNTERS, COMMON_OF_ATTEMPTS, COMMON_OF_OPERATIONS:
    rows_rejected: ROWS_REJECTED, ROWS_REJECTED, Some("rejected");
    rows_duplicate: ROWS_DUPLICATE, ROWS_DUPLICATE, Some("duplicate");
}

/// The counters on the span of an attempt to import.
pub(super) fn of_attempt(rows: &RowCounts) -> impl Iterator<Item = (Attribute<Int>, i64)> {
    IMPORT_COUNTERS.iter().chain(COMMON_COUNTERS).map(|c| (c.attempt, (c.value)(rows)))
}

/// The counters on the span of an operation.
pub(super) fn of_operation(rows: &RowCounts, imports: bool) -> impl Iterator<Item = (Attribute<Int>, i64)> {
    let own = if imports { IMPORT_COUNTERS } else { &[] };
    own.iter().chain(COMMON_COUNTERS).map(|c| (c.operation, (c.value)(rows)))
}

/// The outcomes of the metric `barlift.rows`.
pub(super) fn outcomes(rows: &RowCounts) -> impl Iterator<Item = (&'static str, i64)> {
    let counters = IMPORT_COUNTERS.iter().chain(COMMON_COUNTERS);
    counters.filter_map(|c| Some((c.outcome?, (c.value)(rows))))
}
