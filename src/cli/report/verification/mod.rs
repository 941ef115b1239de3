//! The report of a verification as text ([`table`]), CSV ([`csv`]) and JSON ([`json`]).
//!
//! [`words`] has the sentences that the text and the HTML page share. Invariant: series are read in pages and their
//! bars one by one, so memory does not grow with the number of differences.

mod csv;
mod json;
mod table;
pub(super) mod words;

pub(super) use csv::csv;
pub(super) use json::json;
pub(super) use table::table;

/// Series in a page of a query.
pub(super) const PAGE: usize = 200;
