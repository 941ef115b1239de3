//! The row counters of an import as commands and pages show them: [`COUNTERS`] without the number of rows.

use super::output::{count, counted};
use super::table::Column;
use crate::counts::{COUNTERS, RowCounts, ShownAs};

/// One counter.
pub(super) struct ShownCounter {
    pub(super) value: fn(&RowCounts) -> i64,
    pub(super) names: ShownAs,
    /// Whether a report lists these rows.
    pub(super) is_finding: bool,
}

impl ShownCounter {
    /// Its column in the table of files.
    pub(super) fn column(&self) -> Column {
        let [heading, short] = self.names.heading;
        match self.names.spare {
            Some(order) => Column::counter(heading, short).spare(order),
            None => Column::number(heading).or(short),
        }
    }
}

/// All counters but the number of rows.
pub(super) fn row_counters(dry_run: bool) -> Vec<ShownCounter> {
    let shown = COUNTERS.iter().filter_map(|c| {
        let names = c.shown_in_dry_run.filter(|_| dry_run).or(c.shown)?;
        Some(ShownCounter { value: c.value, names, is_finding: c.is_finding })
    });
    shown.collect()
}

/// `5 rows = 3 imported + 2 skipped + 0 mismatched + …`; `of` is the text after the number of rows.
pub(super) fn sum(rows: &RowCounts, of: &str, dry_run: bool) -> String {
    let counters = row_counters(dry_run);
    let parts =
        counters.iter().filter_map(|c| Some(format!("{} {}", count((c.value)(rows)), c.names.in_sum?)));
    format!("{}{of} = {}", counted(rows.rows, "row", "rows"), parts.collect::<Vec<_>>().join(" + "))
}
