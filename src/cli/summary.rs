//! The summary of an operation, printed when it has ended and by `barlift status`.

use super::outcome::{self, Detail};
use super::{output, verification};
use crate::error::Result;
use crate::operation::status::OperationStatus;

/// Prints the verdict of an operation that comes to one; of others the tasks, their errors and the sums.
pub(super) fn print(status: &OperationStatus, detail: Detail) -> Result<()> {
    output::print(|out| {
        if status.kind.has_verdict() {
            verification::show(out, status, detail)
        } else {
            outcome::show(out, status, detail)
        }
    })
}
