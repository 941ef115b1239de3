//! The summary of an operation, printed when it has ended and by `barlift status`.

use super::outcome::{self, Detail};
use super::{output, verification};
use crate::error::Result;
use crate::operation::status::OperationStatus;

/// Prints the tasks, their errors and the sums of an import, or the verdict of a verification.
pub(super) fn print(status: &OperationStatus, detail: Detail) -> Result<()> {
    output::print(|out| {
        if status.is_verification() {
            verification::show(out, status, detail)
        } else {
            outcome::show(out, status, detail)
        }
    })
}
