//! Writes what batches bring: bars, and findings about rows.

use sqlx::PgConnection;

use super::ImportAttempt;
use super::batch::{ComparedBatch, FileBatch};
use super::write::of_tasks;
use crate::bar::{Bars, Micros};
use crate::counts::int;
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, Result};
use crate::repository::{bars, findings, mended};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::INSERT_BATCH;
use crate::telemetry::phases::{Phase, milliseconds};
use crate::telemetry::{Span, run_within};

/// Writes batches that are in the order of their series: their bars by one COPY.
pub(super) async fn insert(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    files: &[ComparedBatch<'_>],
) -> Result<()> {
    if !files.iter().any(ComparedBatch::brings_anything) {
        return Ok(());
    }
    let tasks: Vec<_> = of_tasks(files, |f| f.file).collect();
    let spans = db.spans(|i| match tasks[i].iter().any(ComparedBatch::brings_anything) {
        true => db.span(i, &INSERT_BATCH),
        false => Span::none(&INSERT_BATCH),
    });
    let (written, took) = run_within(&spans, write(tx, db.below(&spans), files)).await;
    db.add(Phase::InsertBatch, took);
    for (files, span) in tasks.iter().zip(&spans) {
        let symbol = &files[0].file.attempt.task.symbol;
        let new: usize = files.iter().map(|file| file.compared.new.len()).sum();
        span.set(attr::DATA_SYMBOL, symbol)
            .set(attr::DB_BATCH_SIZE, int(new))
            .set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
        span.end(&written, symbol);
    }
    written
}

async fn write(tx: &mut PgConnection, db: TracedPool<'_>, files: &[ComparedBatch<'_>]) -> Result<()> {
    let Some(layout) = files.first().map(|f| f.file.attempt.lease.layout) else { return Ok(()) };
    // A part of a batch may have rejected rows alone, and then perhaps no series.
    let with_bars = || files.iter().filter(|f| !f.file.batch.bars.is_empty());
    let all_new = with_bars().all(|f| f.file.target.is_new);
    let new =
        with_bars().map(|f| Some((f.file.target.series_id?, &*f.compared.new))).collect::<Option<Vec<_>>>();
    let new = new.ok_or_else(|| Error::Internal("a task that writes has no series".into()))?;
    bars::insert(tx, db, (layout, all_new), &new).await?;
    for (i, files) in of_tasks(files, |f| f.file).enumerate() {
        write_further(tx, db.only(i), files).await?;
    }
    Ok(())
}

/// Writes what is kept of a task's batches beside their new bars.
async fn write_further(tx: &mut PgConnection, db: TracedPool<'_>, files: &[ComparedBatch<'_>]) -> Result<()> {
    let ImportAttempt { lease, options, .. } = files[0].file.attempt;
    let task_id = lease.task_id;
    for written in files {
        let ComparedBatch { file: FileBatch { target, batch, .. }, compared, .. } = written;
        let Some(series_id) = target.series_id else { continue };
        let (different, overwrites) = (&compared.different, written.overwrites());
        if overwrites {
            let mut ours = Bars::with_capacity(different.len());
            for m in different {
                ours.push(m.time, m.csv);
            }
            bars::overwrite(tx, db, series_id, &ours).await?;
        }
        if options.mends.is_some() {
            let left: Vec<Micros> = different.iter().filter(|_| !overwrites).map(|m| m.time).collect();
            mended::keep(tx, series_id, task_id, &without(&batch.bars, &left)).await?;
        }
    }
    let overwrites = files.iter().any(ComparedBatch::overwrites);
    findings::keep_mismatches(tx, db, task_id, &found(files, |f| &f.compared.different), overwrites).await?;
    let task = (task_id, 0);
    findings::keep_rejected(tx, db, task, &found(files, |f| &f.file.batch.rejected)).await?;
    findings::keep_rejected(tx, db, task, &found(files, |f| &f.contradictions)).await?;
    findings::keep_issues(tx, db, task_id, &found(files, |f| &f.file.batch.issues)).await
}

/// Findings of batches, with their symbols.
fn found<'f, T>(
    files: &'f [ComparedBatch<'f>],
    of: impl Fn(&'f ComparedBatch<'f>) -> &'f Vec<T>,
) -> Vec<(&'f str, &'f T)> {
    files.iter().flat_map(|file| of(file).iter().map(|found| (file.file.finding_symbol(), found))).collect()
}

/// The bars at other times than these.
fn without(bars: &Bars, times: &[Micros]) -> Bars {
    let mut rest = Bars::with_capacity(bars.len());
    for (i, time) in bars.time.iter().enumerate().filter(|(_, time)| times.binary_search(time).is_err()) {
        rest.push(*time, bars.values(i));
    }
    rest
}
