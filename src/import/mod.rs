//! Importing one source: an attempt from its start to its end.
//!
//! A feed reads ahead on its own thread; here each batch is compared with the database and written, with
//! its findings, counters and checkpoint, in one transaction (`batch`). `compare` decides what is new,
//! the same or different; `rows` are the spans of single rows.
//!
//! Invariant: after each commit the task's counters add up to the rows read so far, and an attempt that
//! goes on at the checkpoint counts nothing twice. It does not settle the task; its caller does.

mod batch;
pub(crate) mod bundle;
pub mod compare;
mod conflict;
mod empty;
mod range_coverage;
mod reading;
mod recognise;
mod rows;
mod shape;

use crate::digest::SeriesDigest;
use crate::error::{During, Error, FileError, Result};
use crate::repository::source_cache::{ImportEntry, SourceDigest, SourceEntry};
use crate::source::feed::FeedEvent;
use crate::source::reader::Batch;
use crate::task::{self, ImportOptions, Opening, RowCounts, read_key};
use batch::Cursor;
use empty::Emptiness;
use range_coverage::RangeCoverage;
pub use reading::{Opened, Reading, open};
pub(crate) use recognise::{Hashed, recognise_bundle};

/// An attempt to import a file.
pub type Attempt<'a> = task::Attempt<'a, ImportOptions>;

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
pub async fn import(attempt: Attempt<'_>) -> Result<Imported> {
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
            Self::Reading(reading) => finish(*reading).await,
        }
    }
}

async fn finish(mut reading: Reading<'_>) -> Result<Imported> {
    let attempt = reading.attempt;
    let Attempt { context, telemetry, .. } = attempt;
    let (resume, version) = (reading.resume, reading.version.clone());
    let mut total = resume.rows;
    let mut digest = SeriesDigest::default();
    let mut cursor = Cursor {
        anew: resume.anew,
        opening: None,
        coverage: reading.coverage(),
        at_start: !resume.rows.has_bars(),
    };
    let mut emptiness = Emptiness::new(resume);
    while let Some(fed) = reading.next().await? {
        match fed {
            FeedEvent::Start { header, ignored_columns } => {
                emptiness.begin(attempt, header.as_deref());
                cursor.opening = Some(Opening { version: version.text.clone(), header, ignored_columns });
            }
            FeedEvent::Batch { batch, .. } => {
                if context.stop.is_cancelled() {
                    return Err(Error::Stopped);
                }
                if telemetry.row_detail() && total.rows == resume.rows.rows {
                    rows::announce(attempt, &batch, version.size, resume.checkpoint);
                }
                let bars = digest_of(&batch);
                digest.merge(&bars);
                let added = batch::run(attempt, &batch, &bars, &mut cursor).await?;
                if telemetry.row_detail() {
                    crate::telemetry::flush().await;
                }
                total.add(&added);
                emptiness.take(&batch.rejected, &total);
                // After the batch is kept, so that its rejected rows can be looked at.
                check_rejects(attempt, &total, &emptiness, false)?;
            }
            FeedEvent::End { content_hash } => {
                if let Some(opening) = &cursor.opening {
                    telemetry.kept(open_alone(attempt, opening)).await?;
                }
                emptiness.refuse(attempt, &total).await?;
                check_rejects(attempt, &total, &emptiness, true)?;
                // What earlier attempts read is not in it.
                let digest = (resume.checkpoint == 0).then_some(digest);
                let source = source_entry(attempt, content_hash, (&total, cursor.coverage), digest)?;
                return Ok(Imported { rows: total, source });
            }
        }
    }
    Err(Error::Internal("the reader ended without saying how".into()))
}

fn digest_of(batch: &Batch) -> SeriesDigest {
    let mut digest = SeriesDigest::default();
    digest.add_bars(&batch.bars);
    digest
}

/// What the source cache is to keep once all of the file is written. The digest is that of all its bars.
fn source_entry(
    attempt: Attempt<'_>,
    hash: [u8; 32],
    (total, coverage): (&RowCounts, RangeCoverage),
    digest: Option<SeriesDigest>,
) -> Result<SourceEntry> {
    let options = attempt.options;
    let mut entry = SourceEntry { hash, import: import_entry(attempt, total, coverage)?, digest: None };
    if let Some(digest) = digest.filter(|_| !options.dry_run) {
        let digest = SourceDigest { rows: total.rows.unsigned_abs(), digest };
        entry.digest = Some((digest, read_key(&options.read)?));
    }
    Ok(entry)
}

/// A file without rows has no batch to keep its header with.
async fn open_alone(attempt: Attempt<'_>, opening: &Opening) -> Result<()> {
    let mut connection = attempt.context.pool.acquire().await.during("keeping the file's header")?;
    attempt.lease.open(&mut connection, opening).await
}

/// Fails a task with too many rejected rows.
fn check_rejects(attempt: Attempt<'_>, total: &RowCounts, emptiness: &Emptiness, at_end: bool) -> Result<()> {
    let Some(limit) = attempt.options.max_rejects else { return Ok(()) };
    let (rejected, rows) = (total.rows_rejected.unsigned_abs(), total.rows.unsigned_abs());
    if !limit.exceeded(rejected, rows, at_end) {
        return Ok(());
    }
    let mut reason = format!("{rejected} of {rows} rows rejected, more than --max-rejects {limit}");
    let cause = emptiness.cause();
    if let Some(cause) = &cause {
        reason = format!("{reason}. {}", empty::says(cause, total));
    }
    Err(FileError::permanent(&attempt.task.source, cause.map(|cause| cause.line), reason).into())
}

/// The entry that the series has the bars of the file; none if the file has no bars, or the series has other values for some.
fn import_entry(
    attempt: Attempt<'_>,
    total: &RowCounts,
    coverage: RangeCoverage,
) -> Result<Option<ImportEntry>> {
    let Attempt { lease, options, .. } = attempt;
    let kept_others =
        total.rows_mismatched > 0 && options.on_mismatch != crate::config::OnMismatch::Overwrite;
    let holds = !options.dry_run && !kept_others && total.has_bars();
    let Some(series_id) = lease.series_id.filter(|_| holds) else {
        return Ok(None);
    };
    Ok(Some(ImportEntry { series_id, options: options.content_key()?, bars: coverage.bars() }))
}
