//! The report of an import: failed files, shape conflicts, mismatches, rejected rows and quality issues.

mod csv;
mod json;
mod table;

pub(super) use csv::csv;
pub(super) use json::json;
pub(super) use table::table;
