//! What the jobs of each kind run, and what they log of their success.

use super::Worker;
use super::claimed::ClaimedTask;
use crate::error::Result;
use crate::import::{self, Imported};
use crate::model::Verdict;
use crate::repository::source_cache::SourceEntry;
use crate::task::{AttemptContext, RowCounts, TaskOptions};
use crate::verify;

/// What an attempt that got to its end has done.
pub(super) enum Done {
    Imported(Box<Imported>),
    Verified(Verdict),
}

impl Worker {
    /// Runs a task from its start to its end, within its limits.
    pub(super) async fn run_alone(&self, claimed: &ClaimedTask, context: &AttemptContext) -> Result<Done> {
        match &claimed.task.options {
            TaskOptions::Import(options) => {
                let attempt = claimed.attempt(context, options);
                let run = async { import::import(attempt).await.map(Done::imported) };
                self.within_limits(claimed, Box::pin(run)).await
            }
            TaskOptions::Verify(options) => {
                let attempt = claimed.attempt(context, options);
                let run = async { verify::verify(attempt).await.map(Done::Verified) };
                self.within_limits(claimed, Box::pin(run)).await
            }
        }
    }
}

impl Done {
    pub(super) fn imported(imported: Imported) -> Self {
        Self::Imported(Box::new(imported))
    }

    /// What the source cache is to keep.
    pub(super) fn source(&self) -> Option<&SourceEntry> {
        match self {
            Self::Imported(imported) => Some(&imported.source),
            Self::Verified(_) => None,
        }
    }

    pub(super) fn log(&self) {
        match self {
            Self::Imported(done) => log_imported(&done.rows),
            Self::Verified(Verdict::Identical) => tracing::info!(verdict = "identical", "verified"),
            Self::Verified(verdict) => tracing::warn!(verdict = verdict.as_str(), "verified"),
        }
    }
}

/// Logs what an import has done.
pub(super) fn log_imported(rows: &RowCounts) {
    let RowCounts { rows, rows_imported, rows_skipped, .. } = rows;
    tracing::info!(rows, imported = rows_imported, skipped = rows_skipped, "imported");
}
