//! What an import found: failed files, mismatches, rejected rows, quality issues.

mod csv;
mod json;
mod table;

pub(super) use csv::csv;
pub(super) use json::json;
pub(super) use table::table;
