//! Writes what batches bring: bars, and findings about rows.

use sqlx::PgConnection;

use super::batch::{ComparedBatch, FileBatch};
use crate::bar::{Bars, Micros};
use crate::counts::int;
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, Result};
use crate::model::SeriesId;
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
    let spans = db.spans(|i| match files[i].brings_anything() {
        true => db.span(i, &INSERT_BATCH),
        false => Span::none(&INSERT_BATCH),
    });
    let (written, took) = run_within(&spans, write(tx, db.below(&spans), files)).await;
    db.add(Phase::InsertBatch, took);
    for (ComparedBatch { file, compared, .. }, span) in files.iter().zip(&spans) {
        let symbol = &file.attempt.task.symbol;
        span.set(attr::DATA_SYMBOL, symbol)
            .set(attr::DB_BATCH_SIZE, int(compared.new.len()))
            .set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
        span.end(&written, symbol);
    }
    written
}

async fn write(tx: &mut PgConnection, db: TracedPool<'_>, files: &[ComparedBatch<'_>]) -> Result<()> {
    let leases = || files.iter().map(|f| f.file.attempt.lease);
    let Some(layout) = leases().map(|lease| lease.layout).next() else { return Ok(()) };
    let all_new = leases().all(|lease| lease.series_is_new);
    let series = leases().map(|lease| lease.series_id).collect::<Option<Vec<_>>>();
    let series = series.ok_or_else(|| Error::Internal("a task that writes has no series".into()))?;
    let new: Vec<_> = series.iter().copied().zip(files.iter().map(|f| &f.compared.new)).collect();
    bars::insert(tx, db, (layout, all_new), &new).await?;
    for (i, (file, series_id)) in files.iter().zip(series).enumerate() {
        write_further(tx, db.only(i), file, series_id).await?;
    }
    Ok(())
}

/// Writes what is kept of a batch beside its new bars.
async fn write_further(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    written: &ComparedBatch<'_>,
    series_id: SeriesId,
) -> Result<()> {
    let ComparedBatch { file: FileBatch { attempt, batch, .. }, compared, contradictions, .. } = written;
    let (task_id, different, overwrites) = (attempt.lease.task_id, &compared.different, written.overwrites());
    if overwrites {
        let mut ours = Bars::with_capacity(different.len());
        for m in different {
            ours.push(m.time, m.csv);
        }
        bars::overwrite(tx, db, series_id, &ours).await?;
    }
    if attempt.options.mends.is_some() {
        let left: Vec<Micros> = different.iter().filter(|_| !overwrites).map(|m| m.time).collect();
        mended::keep(tx, series_id, task_id, &without(&batch.bars, &left)).await?;
    }
    findings::keep_mismatches(tx, db, task_id, different, overwrites).await?;
    findings::keep_rejected(tx, db, (task_id, 0), &batch.rejected).await?;
    findings::keep_rejected(tx, db, (task_id, 0), contradictions).await?;
    findings::keep_issues(tx, db, task_id, &batch.issues).await
}

/// The bars at other times than these.
fn without(bars: &Bars, times: &[Micros]) -> Bars {
    let mut rest = Bars::with_capacity(bars.len());
    for (i, time) in bars.time.iter().enumerate().filter(|(_, time)| times.binary_search(time).is_err()) {
        rest.push(*time, bars.values(i));
    }
    rest
}
