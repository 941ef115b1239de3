//! One file, batch after batch: each is compared and written in a transaction of its own.
//!
//! Invariant: bars, findings, counters and checkpoint commit together. If a foreign writer writes one of
//! the bars between the comparison and the write, that is a conflict, and the batch is compared again.

use std::time::Instant;

use sqlx::PgConnection;

use super::batch::{ComparedBatch, Cursor, FileBatch, Target};
use super::empty::{self, Emptiness};
use super::reading::Reading;
use super::write::{Accept, write};
use super::{ImportAttempt, Imported, row_spans, source_entry};
use crate::digest::SeriesDigest;
use crate::error::{During, Error, FileError, Result};
use crate::repository::{bars, content, source_cache};
use crate::source::feed::FeedEvent;
use crate::task::{Opening, RowCounts};
use crate::telemetry::metrics;

/// How often a batch is redone because of foreign writers before the attempt gives up.
pub(super) const MAX_REPEATS: u32 = 10;

/// Imports the file, from where its reading begins to its end.
pub(super) async fn finish(mut reading: Reading<'_>) -> Result<Imported> {
    let attempt = reading.attempt;
    let telemetry = attempt.telemetry;
    let resume = reading.resume;
    let mut total = resume.rows;
    let mut digest = SeriesDigest::default();
    let mut cursor = Cursor::new(&resume);
    let mut emptiness = Emptiness::new(resume);
    while let Some(fed) = reading.next().await? {
        match fed {
            FeedEvent::Start { layout } => {
                cursor.opening = Some(reading.opening(layout.as_deref()));
                emptiness.begin(attempt, layout);
            }
            FeedEvent::Batch { batch, .. } => {
                attempt.refuse_stopped()?;
                if telemetry.row_detail() && total.rows == resume.rows.rows {
                    row_spans::announce(attempt, &batch, reading.version.size, resume.checkpoint);
                }
                let file = FileBatch::new((attempt, Target::of(attempt)), &batch, cursor);
                digest.merge(&file.digest);
                let added;
                (added, cursor) = commit(&file).await?;
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
                    telemetry.bookkeeping(open_alone(attempt, opening)).await?;
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

/// Commits a batch; returns what it adds to the counters, and how far the attempt is then.
async fn commit(file: &FileBatch<'_>) -> Result<(RowCounts, Cursor)> {
    let mut repeats = 0;
    loop {
        match commit_once(file).await {
            Err(e) if bars::is_other_writer(&e) && repeats < MAX_REPEATS => {
                repeats += 1;
                tracing::info!(
                    source = file.attempt.task.source,
                    repeats,
                    "another writer was in the way; looking at the batch afresh"
                );
            }
            done => return done,
        }
    }
}

async fn commit_once(file: &FileBatch<'_>) -> Result<(RowCounts, Cursor)> {
    let ImportAttempt { lease, options, telemetry, .. } = file.attempt;
    let start = Instant::now();
    telemetry.begin_batch();
    let database = file.attempt.database();
    let mut tx = database.begin("beginning a batch").await?;
    let written = write(&mut tx, &[file], Accept::AllOfTask).await?.ok().and_then(|mut all| all.pop());
    let written = written.ok_or_else(|| Error::Internal("a batch was left out".into()))?;
    let progress = written.progress();
    // The task before its series: docs/architecture.md, "Lock order".
    lease.advance(&mut tx, &progress).await?;
    if !options.dry_run {
        change_series(&mut tx, &written).await?;
    }
    database.commit(tx, "committing a batch").await?;
    metrics::get().batch(start.elapsed());
    if options.dry_run {
        telemetry.looked_at(&progress.rows);
    } else {
        telemetry.committed(&progress.rows);
    }
    Ok((progress.rows, written.cursor()))
}

/// Updates the digest of the series, and deletes its entries in the source cache if bars were overwritten.
async fn change_series(tx: &mut PgConnection, written: &ComparedBatch<'_>) -> Result<()> {
    let Some(series) = written.file.target.series_id else { return Ok(()) };
    let change = written.change();
    if change.sum != 0 {
        content::changed(tx, series, &change).await?;
    }
    if written.overwrites() { source_cache::forget(tx, series).await } else { Ok(()) }
}

/// A file without rows has no batch to keep its header with.
pub(super) async fn open_alone(attempt: ImportAttempt<'_>, opening: &Opening) -> Result<()> {
    let mut connection = attempt.context.pool.acquire().await.during("keeping the file's header")?;
    attempt.lease.open(&mut connection, opening).await
}

/// Fails a task with too many rejected rows.
pub(super) fn check_rejects(
    attempt: ImportAttempt<'_>,
    total: &RowCounts,
    emptiness: &Emptiness,
    at_end: bool,
) -> Result<()> {
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
