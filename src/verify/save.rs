//! Stores the findings and the verdict of a verification in one transaction.
//!
//! Invariant: fenced, so a worker that has lost the task stores nothing.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Findings, VerifyAttempt, mended, store};
use crate::counts::int;
use crate::error::Result;
use crate::finding::RejectedRow;
use crate::model::{SeriesId, TaskId};
use crate::repository::content::{self, Stamp};
use crate::repository::findings;
use crate::repository::source_cache::{self, SourceDigest};
use crate::source::position::Position;
use crate::task::{Progress, RowCounts, read_key};

/// Most rows of one statement.
const CHUNK: usize = 10_000;

/// Stores the findings. `stamp` is the series' content before its bars were read.
pub(super) async fn save(attempt: VerifyAttempt<'_>, found: &Findings, stamp: Option<&Stamp>) -> Result<()> {
    let VerifyAttempt { lease, options, telemetry, .. } = attempt;
    let database = attempt.database();
    let mut tx = database.begin(KEEPING).await?;
    let progress = Progress {
        rows: rows(found),
        checkpoint: Position::end_of(found.files.bytes),
        span: found.csv.first.zip(found.csv.last),
        phases: telemetry.phases(),
        attempt_rows: rows(found),
        verdict: Some(found.verdict().as_str()),
        ..Progress::default()
    };
    lease.advance(&mut tx, &progress).await?;
    findings(&mut tx, attempt, (lease.task_id, lease.series_id), (found, stamp)).await?;
    let only_the_file = found.files.mended == 0;
    if let (Some((csv, _)), [hash], true) = (&found.contents, found.files.hashes.as_slice(), only_the_file) {
        let known = SourceDigest { rows: found.files.rows, digest: *csv };
        source_cache::keep_digests(
            &mut tx,
            &[(*hash, read_key(&options.read, &attempt.task.source)?, known)],
        )
        .await?;
    }
    database.commit(tx, KEEPING).await
}

pub(super) const KEEPING: &str = "keeping the verification";

/// Stores what was found of a series with its task.
pub(super) async fn findings(
    tx: &mut PgConnection,
    attempt: VerifyAttempt<'_>,
    (task, series): (TaskId, Option<SeriesId>),
    (found, stamp): (&Findings, Option<&Stamp>),
) -> Result<()> {
    let (database, mut files) = (attempt.database(), attempt.paths());
    files.push(mended::NAME.to_owned());
    let mut untouched = None;
    if let (Some((csv, db)), Some(series), Some(stamp)) = (&found.contents, series, stamp) {
        untouched = content::found(&mut *tx, series, db, stamp, csv == db).await?;
    }
    store::verification(&mut *tx, database, task, (found, untouched), &files).await?;
    for (i, some) in found.listed.chunks(CHUNK).enumerate() {
        store::differences(&mut *tx, database, task, (i * CHUNK + 1, some), &files).await?;
    }
    store::ranges(&mut *tx, database, task, &found.classification.ranges).await?;
    for (file, rejected) in by_file(&found.files.rejected_rows) {
        for some in rejected.chunks(CHUNK) {
            let some: Vec<_> = some.iter().map(|row| ("", *row)).collect();
            findings::keep_rejected(&mut *tx, database, (task, file), &some).await?;
        }
    }
    Ok(())
}

/// The task's row counters: bars that are the same count as skipped.
pub(super) fn rows(found: &Findings) -> RowCounts {
    let f = &found.files;
    RowCounts {
        rows: int(f.rows),
        rows_skipped: int(found.csv.bars - found.different - found.only_in_csv),
        rows_mismatched: int(found.different),
        rows_rejected: int(f.rejected),
        rows_duplicate: int(f.duplicate),
        rows_missing: int(found.only_in_csv),
        ..RowCounts::default()
    }
}

pub(super) fn by_file(rejected: &[(u32, RejectedRow)]) -> BTreeMap<i32, Vec<&RejectedRow>> {
    let mut files: BTreeMap<i32, Vec<&RejectedRow>> = BTreeMap::new();
    for (file, row) in rejected {
        files.entry(i32::try_from(*file).unwrap_or(i32::MAX)).or_default().push(row);
    }
    files
}
