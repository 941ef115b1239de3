//! A verification's report as text: for people ([`table`]), line by line ([`csv`]), as an object ([`json`]).
//!
//! [`words`] says in sentences what the page says too. Invariant: series are read page by page and their bars
//! one by one, so memory does not grow with what differs.

mod csv;
mod json;
mod table;
pub(super) mod words;

pub(super) use csv::csv;
pub(super) use json::json;
pub(super) use table::table;

/// Series read at once.
pub(super) const PAGE: usize = 200;
