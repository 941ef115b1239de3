//! The report of a verification: whether the database equals the files, and where it does not.
//!
//! [`head`] is what it comes to as a whole, [`series`] one series, [`difference`] one bar of it, and
//! [`snapshot`] reads all of them. Invariants: the JSON of these types is
//! the contract of `report --format json`, names do not change; whatever one report says is of one moment, and
//! memory stays bounded however much differs. Comparing is not done here, nothing is written.

pub mod difference;
pub mod head;
pub mod number;
pub mod range;
mod rows;
pub mod series;
pub mod snapshot;

pub use difference::{Column, Difference, DifferenceKind, Rejected};
pub use head::{Mode, Totals, Verification};
pub use number::Number;
pub use range::{Range, RangeKind};
pub use series::{Duplicate, Series};
pub use snapshot::{Mark, Order, Snapshot};
