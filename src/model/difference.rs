//! How the bars of files and database differ, as verifications store it.

use super::state::stored;

stored! {
    /// How one bar differs (`differences.kind`).
    DifferenceKind {
        /// Both sides have a bar of this time, with different values.
        Different = "different",
        /// The database has no bar of this time.
        OnlyInCsv = "only_in_csv",
        /// The files have no bar of this time.
        OnlyInDb = "only_in_db",
    }
}

stored! {
    /// What the bars of a range have in common (`difference_ranges.kind`).
    RangeKind {
        /// They are the same on both sides.
        Identical = "identical",
        /// The database has none of them.
        OnlyInCsv = "only_in_csv",
        /// The files have none of them.
        OnlyInDb = "only_in_db",
        /// Both sides have them, and their values follow no rule.
        Revised = "revised",
        /// The database's values are the file's times a constant.
        Ratio = "ratio",
        /// The database has the file's bars at other times.
        Shifted = "shifted",
    }
}
