//! Files of which no row became a bar.
//!
//! Invariant: such a file fails unless that is allowed; the error names the likeliest cause and what mends
//! it. Rejected rows of earlier attempts count, too.

use std::sync::Arc;

use super::ImportAttempt;
use crate::error::{FileError, Result};
use crate::finding::RejectedRow;
use crate::repository::findings;
use crate::source::advice::{Cause, Causes};
use crate::source::layout::FileLayout;
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

    /// It was decided how the file is written.
    pub(super) fn begin(&mut self, attempt: ImportAttempt<'_>, layout: Option<Arc<FileLayout>>) {
        let options = attempt.options;
        let is_told = !options.allow_empty || options.max_rejects.is_some();
        if is_told && !self.resume.rows.has_bars() {
            self.causes = layout.map(|layout| Causes::new(layout, attempt.options.read.csv.quote));
        }
    }

    /// Rows were rejected; `total` counts all rows up to here.
    pub(super) fn take<'r>(
        &mut self,
        rejected: impl IntoIterator<Item = &'r RejectedRow>,
        total: &RowCounts,
    ) {
        if total.has_bars() {
            self.causes = None;
        }
        if let Some(causes) = &mut self.causes {
            rejected.into_iter().for_each(|row| causes.add(row));
        }
    }

    /// Why no row was a bar so far; none if one was.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.causes.as_ref()?.likeliest()
    }

    /// Fails the file if it has ended without a bar.
    pub(super) async fn refuse(&mut self, attempt: ImportAttempt<'_>, total: &RowCounts) -> Result<()> {
        if total.has_bars() || attempt.options.allow_empty {
            return Ok(());
        }
        if let Some(causes) = self.causes.as_mut().filter(|_| self.resume.checkpoint > 0) {
            let (pool, task) = (&attempt.context.pool, attempt.lease.task_id);
            let earlier = findings::rejected_before(pool, task, self.resume.checkpoint).await?;
            earlier.iter().for_each(|row| causes.add(row));
        }
        let source = &attempt.task.source;
        let Some(cause) = self.cause() else {
            let reason = match total.rows {
                0 => "it has no row (--allow-empty lets such files succeed)".to_owned(),
                rows if attempt.options.dry_run => format!("none of its {rows} rows is a bar"),
                rows => {
                    format!("none of its {rows} rows is a bar; barlift report names what is wrong with them")
                }
            };
            return Err(FileError::permanent(source, None, reason).into());
        };
        let reason = format!("none of its rows is a bar. {}", says(&cause, total));
        Err(FileError::permanent(source, cause.line, reason).into())
    }
}

/// The cause, for people.
pub(super) fn says(cause: &Cause, total: &RowCounts) -> String {
    format!("Most frequent ({} of {}): {}; {}", cause.rows, total.rows, cause.reason, cause.advice)
}
