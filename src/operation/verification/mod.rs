//! The report of a verification: whether the database equals the files, and where it does not.
//!
//! [`head`] is the verification as a whole, [`series`] one series, [`range`] a range of its bars, [`difference`] one bar;
//! [`snapshot`] reads them. Invariants: the JSON of these types is the contract of `report --format json`, so names do not
//! change. One report is of one moment, and memory stays bounded however much differs. Nothing is compared or written
//! here.

pub(crate) mod difference;
pub(crate) mod head;
pub(crate) mod number;
pub(crate) mod range;
pub(crate) mod series;
pub(crate) mod snapshot;

pub(crate) use difference::DifferingBar;
pub(crate) use head::Verification;
pub(crate) use number::Number;
pub(crate) use range::DifferenceRange;
pub(crate) use series::VerifiedSeries;
pub(crate) use snapshot::{DifferenceBin, Order, Snapshot};
