//! Importing one source: an attempt from its start to its end.
//!
//! `reading` opens the file, and a feed reads ahead on its own thread. `file` writes it batch after batch, each with its
//! counters and checkpoint in one transaction; `bundle` writes several small files in one. Both do it by `write`, whose
//! steps are `look_up` (which bars are there; [`compare`] decides what is new, the same or different), `conflict` (what
//! the file's first bars look like beside those of the series) and `insert`. `row_spans` are the spans of single rows.
//! `recognise` knows files from the source cache, `empty` refuses a file without bars. `several` does for a file with several
//! symbols what `file` does for others.
//!
//! Invariant: after each commit the task's counters add up to the rows read so far, and an attempt that
//! goes on at the checkpoint counts nothing twice. It does not settle the task; its caller does.

mod batch;
pub(crate) mod bundle;
pub mod compare;
mod conflict;
mod empty;
mod file;
mod insert;
mod look_up;
mod range_coverage;
mod reading;
mod recognise;
mod row_spans;
mod several;
mod shape;
mod write;

use crate::digest::SeriesDigest;
use crate::error::Result;
use crate::repository::source_cache::{ImportEntry, SourceDigest, SourceEntry};
use crate::task::{self, ImportOptions, RowCounts, read_key};
use range_coverage::RangeCoverage;
pub use reading::{Opened, Reading, open};
pub(crate) use recognise::{Hashed, recognise_bundle};

/// An attempt to import a file.
pub type ImportAttempt<'a> = task::Attempt<'a, ImportOptions>;

/// What an import has come to.
#[derive(Debug)]
pub struct Imported {
    /// The task's counters.
    pub rows: RowCounts,
    /// What the source cache is to keep of the file when the task is settled.
    pub source: SourceEntry,
}

/// Imports a task's source.
///
/// # Errors
/// Whatever ends the attempt; its `class` says whether another one may help.
pub async fn import(attempt: ImportAttempt<'_>) -> Result<Imported> {
    if attempt.task.is_several() {
        return several::import(attempt).await;
    }
    open(attempt, false).await?.finish().await
}

impl Opened<'_> {
    /// Imports what was opened.
    ///
    /// # Errors
    /// Whatever ends the attempt; its `class` says whether another one may help.
    pub async fn finish(self) -> Result<Imported> {
        match self {
            Self::Recognised(rows) => Ok(Imported { rows, source: SourceEntry::default() }),
            Self::Reading(reading) => file::finish(*reading).await,
        }
    }
}

/// What the source cache is to keep once all of the file is written. The digest is that of all its bars.
fn source_entry(
    attempt: ImportAttempt<'_>,
    hash: [u8; 32],
    (total, coverage): (&RowCounts, RangeCoverage),
    digest: Option<SeriesDigest>,
) -> Result<SourceEntry> {
    let options = attempt.options;
    let mut entry = SourceEntry { hash, import: import_entry(attempt, total, coverage)?, digest: None };
    if let Some(digest) = digest.filter(|_| !options.dry_run) {
        let digest = SourceDigest { rows: total.rows.unsigned_abs(), digest };
        entry.digest = Some((digest, read_key(&options.read, &attempt.task.source)?));
    }
    Ok(entry)
}

/// The entry that the series has the bars of the file; none if the file has no bars, or the series has other values for
/// some.
fn import_entry(
    attempt: ImportAttempt<'_>,
    total: &RowCounts,
    coverage: RangeCoverage,
) -> Result<Option<ImportEntry>> {
    let ImportAttempt { lease, options, task, .. } = attempt;
    let kept_others =
        total.rows_mismatched > 0 && options.on_mismatch != crate::config::OnMismatch::Overwrite;
    let holds = !options.dry_run && !kept_others && total.has_bars();
    let Some(series_id) = lease.series_id.filter(|_| holds) else {
        return Ok(None);
    };
    Ok(Some(ImportEntry { series_id, options: options.content_key(&task.source)?, bars: coverage.bars() }))
}
