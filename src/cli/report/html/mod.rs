//! The report as one HTML page, to keep, send, print, or read on a phone.
//!
//! [`import`] and [`verification`] write a page, [`series`] writes one verified series; [`page`], [`plot`] and [`scale`]
//! are the parts. Invariants: the page needs neither a network nor scripts. Its size is bounded; what is left out is
//! counted, with the command that prints it.

mod import;
mod page;
mod plot;
mod scale;
mod series;
mod verification;

pub(super) use import::import;
pub(super) use verification::verification;
