//! Batches of files, compared with their series and written: one of a file, or those of several small files at once.
//!
//! Invariant: all that is written is on the caller's transaction. Of several files, all are written or none.

use sqlx::PgConnection;

use super::batch::{ComparedBatch, FileBatch};
use super::{conflict, insert, look_up};
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, Result};
use crate::source::repeats;

/// Which files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    /// A single one, whatever it is like: its options say what becomes of bars that differ, and of a shape conflict. Of
    /// several files, what is there may be read in part, so that bars that are there would count as new.
    One,
    /// Eligible ones: no bar of them differs, they have no shape conflict, and their series have not too many bars to tell.
    Eligible,
}

/// Nothing was written: the files at these places are not eligible.
#[derive(Debug)]
pub(crate) struct NotEligible(pub(crate) Vec<usize>);

/// Compares batches with what their series have and, unless it is a dry run, writes what they bring. They are of one
/// operation, and in the order of their series.
///
/// # Errors
/// Whatever ends an attempt: the caller must roll back.
pub(super) async fn write<'b>(
    tx: &mut PgConnection,
    files: &[&'b FileBatch<'b>],
    accept: Accept,
) -> Result<Result<Vec<ComparedBatch<'b>>, NotEligible>> {
    let Some(first) = files.first() else { return Ok(Ok(Vec::new())) };
    let attempts: Vec<_> = files.iter().map(|f| f.attempt.telemetry).collect();
    let db = TracedPool::bundle(&first.attempt.context.pool, &attempts);
    let only_eligible = accept == Accept::Eligible;
    if !only_eligible && files.len() > 1 {
        return Err(Error::Internal("several files are written though they may not be eligible".into()));
    }
    let (mut compared, mut not_eligible) = (Vec::with_capacity(files.len()), Vec::new());
    for (i, existing) in look_up::check_exists(tx, db, files).await?.into_iter().enumerate() {
        if only_eligible && !look_up::is_eligible(files[i], &existing) {
            not_eligible.push(i);
        } else {
            compared.push(db.within(i, || look_up::compare_values(files[i], &existing))?);
        }
    }
    if not_eligible.is_empty() {
        let found = conflict::find(tx, &compared).await?;
        if only_eligible {
            not_eligible = found.iter().map(|(i, _)| *i).collect();
        } else {
            conflict::refuse_or_tell(tx, &mut compared, found).await?;
        }
    }
    if !not_eligible.is_empty() {
        return Ok(Err(NotEligible(not_eligible)));
    }
    for (i, batch) in compared.iter_mut().enumerate() {
        let earlier = look_up::first_values(tx, db.only(i), batch.file).await?;
        (batch.duplicates, batch.contradictions) = repeats::repeats(batch.file.batch, &earlier);
    }
    if !first.attempt.options.dry_run {
        insert::insert(tx, db, &compared).await?;
    }
    Ok(Ok(compared))
}
