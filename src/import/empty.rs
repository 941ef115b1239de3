//! Files of which no row became a bar.
//!
//! Invariant: such a file fails unless that is allowed; a person is told the likeliest cause and what mends it. Rejected
//! rows that earlier attempts have kept count with those of this one.

use super::Attempt;
use crate::error::{FileError, Result};
use crate::finding::RejectedRow;
use crate::repository::findings;
use crate::source::advice::Causes;
use crate::task::{Resume, RowCounts};

/// What is known of a file as long as it has no bar.
pub(super) struct Emptiness {
    causes: Option<Causes>,
    resume: Resume,
}

impl Emptiness {
    pub(super) fn new(resume: Resume) -> Self {
        Self { causes: None, resume }
    }

    /// The header was read.
    pub(super) fn begin(&mut self, attempt: Attempt<'_>, header: Option<&[u8]>) {
        if !has_bars(&self.resume.rows) {
            self.causes = Some(Causes::new(header, &attempt.options.read.csv));
        }
    }

    /// Rows were rejected; `total` counts all rows up to here.
    pub(super) fn take(&mut self, rejected: &[RejectedRow], total: &RowCounts) {
        if has_bars(total) {
            self.causes = None;
        }
        if let Some(causes) = &mut self.causes {
            rejected.iter().for_each(|row| causes.add(row));
        }
    }

    /// Fails the file if it has ended without a bar.
    pub(super) async fn refuse(mut self, attempt: Attempt<'_>, total: &RowCounts) -> Result<()> {
        if has_bars(total) || attempt.options.allow_empty {
            return Ok(());
        }
        if let Some(causes) = self.causes.as_mut().filter(|_| self.resume.checkpoint > 0) {
            let (pool, task) = (&attempt.context.pool, attempt.lease.task_id);
            let earlier = findings::rejected_before(pool, task, self.resume.checkpoint).await?;
            earlier.iter().for_each(|row| causes.add(row));
        }
        let source = &attempt.task.source;
        let Some(cause) = self.causes.and_then(|causes| causes.likeliest()) else {
            let reason = match total.rows {
                0 => "it has no row (--allow-empty lets such files succeed)".to_owned(),
                rows => {
                    format!("none of its {rows} rows is a bar; barlift report names what is wrong with them")
                }
            };
            return Err(FileError::permanent(source, None, reason).into());
        };
        let reason = format!(
            "none of its rows is a bar. Most frequent ({} of {}): {}; {}",
            cause.rows, total.rows, cause.reason, cause.advice
        );
        Err(FileError::permanent(source, cause.line, reason).into())
    }
}

fn has_bars(rows: &RowCounts) -> bool {
    rows.rows_imported + rows.rows_skipped + rows.rows_mismatched + rows.rows_duplicate > 0
}
