//! Batches, compared with their series and written: one of a file, those of several small files at once, or those of a file's
//! symbols.
//!
//! Invariant: all that is written is on the caller's transaction. Of several files, all are written or none.

use sqlx::PgConnection;

use super::batch::{ComparedBatch, FileBatch};
use super::{conflict, insert, look_up};
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, Result};
use crate::source::repeats;

/// Which batches are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    /// All of one task, whatever they are like: its options say what becomes of bars that differ, and of a shape conflict.
    AllOfTask,
    /// Those of eligible files: no bar of them differs, they have no shape conflict, and their series have not too many bars
    /// to tell.
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
    let attempts: Vec<_> = of_tasks(files, |f| f).map(|files| files[0].attempt.telemetry).collect();
    let db = TracedPool::bundle(&first.attempt.context.pool, &attempts);
    let only_eligible = accept == Accept::Eligible;
    if !only_eligible && attempts.len() > 1 {
        return Err(Error::Internal("several files are written though they may not be eligible".into()));
    }
    let existing = look_up::check_exists(tx, db, files, !only_eligible).await?;
    let places = || files.iter().zip(&existing).enumerate();
    let mut not_eligible = Vec::new();
    if only_eligible {
        let is_left = places().filter(|(_, (file, existing))| !look_up::is_eligible(file, existing));
        not_eligible.extend(is_left.map(|(i, _)| i));
    }
    let mut compared = Vec::with_capacity(files.len());
    if not_eligible.is_empty() {
        let mut existing = existing.iter();
        for (i, files) in of_tasks(files, |f| f).enumerate() {
            let there: Vec<_> = existing.by_ref().take(files.len()).collect();
            compared.extend(db.within(i, || look_up::compare_values(files, &there))?);
        }
        let found = conflict::find(tx, &compared, only_eligible).await?;
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
        let db = if db.is_shared() { db.only(i) } else { db };
        let earlier = look_up::first_values(tx, db, batch.file).await?;
        (batch.duplicates, batch.contradictions) = repeats::repeats(batch.file.batch, &earlier);
    }
    if !first.attempt.options.dry_run {
        insert::insert(tx, db, &compared).await?;
    }
    Ok(Ok(compared))
}

/// The batches, task by task.
pub(super) fn of_tasks<'s, 'b: 's, T>(
    batches: &'s [T],
    file: impl Fn(&'s T) -> &'s FileBatch<'b> + Copy + 's,
) -> impl Iterator<Item = &'s [T]> {
    let task = move |batch: &'s T| file(batch).attempt.lease.task_id;
    let mut rest = batches;
    std::iter::from_fn(move || {
        let first = task(rest.first()?);
        let of_task = rest.iter().take_while(|batch| task(batch) == first).count();
        let (group, others) = rest.split_at(of_task);
        rest = others;
        Some(group)
    })
}
