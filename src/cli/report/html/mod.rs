//! The report as one page: to be kept, sent, printed, read on a phone.
//!
//! [`verification`] and [`import`] say what stands on it, [`series`] shows one verified series; [`page`] and
//! [`plot`] are what they are built of. Invariants: the page needs nothing else, neither a network nor scripts;
//! its size is bounded, and what is left out is counted with how to get it.

mod import;
mod page;
mod plot;
mod scale;
mod series;
mod verification;

pub(super) use import::import;
pub(super) use verification::verification;
