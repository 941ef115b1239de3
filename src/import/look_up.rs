//! Which bars of batches their series have, and with which values.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::batch::{ComparedBatch, FileBatch};
use super::compare::{self, Compared};
use super::{ImportAttempt, row_spans};
use crate::bar::{Bars, Micros, Ohlcv, format_time};
use crate::config::OnMismatch;
use crate::counts::int;
use crate::db::traced_pool::TracedPool;
use crate::error::{FileError, Result};
use crate::repository::existing::{self, Existing};
use crate::repository::{bars, findings};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CHECK_EXISTS, COMPARE_VALUES};
use crate::telemetry::phases::{Phase, milliseconds};
use crate::telemetry::{Span, run_within};

/// The bars that are there already.
pub(super) async fn check_exists(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    files: &[&FileBatch<'_>],
) -> Result<Vec<Existing>> {
    let wanted: Vec<_> = files.iter().filter_map(|f| f.wanted()).collect();
    if wanted.len() < files.len() {
        // A file without bars, or a dry run without a series, comes alone. Several would not be eligible.
        return Ok(files.iter().map(|_| Existing::default()).collect());
    }
    let spans = db.spans(|i| db.span(i, &CHECK_EXISTS));
    let (found, took) = run_within(&spans, existing::find(tx, db.below(&spans), &wanted)).await;
    db.add(Phase::CheckExists, took);
    for (i, (file, span)) in files.iter().zip(&spans).enumerate() {
        describe_check(span, file, found.as_ref().ok().map(|found| &found[i].bars), took);
        span.end(&found, &file.attempt.task.symbol);
    }
    found
}

/// Sets what was looked for, and what was found unless the query failed.
fn describe_check(span: &Span, file: &FileBatch<'_>, existing: Option<&Bars>, took: Duration) {
    if !span.is_recorded() {
        return;
    }
    let FileBatch { attempt, batch, .. } = file;
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
        .set(attr::DATA_TIMESTAMP, &first_time(&batch.bars))
        .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
        .set(attr::ROWS_CHECKED, int(batch.bars.len()));
    let Some(existing) = existing else {
        span.set(attr::ROW_EXISTS, false);
        return;
    };
    let there = batch.bars.time.iter().filter(|t| existing.time.binary_search(t).is_ok()).count();
    span.set(attr::ROW_EXISTS, there > 0).set(attr::ROWS_EXISTING, int(there));
    span.within(|| row_spans::checked(*attempt, batch, existing, took));
}

/// Whether all of the file's range was read, and none of its bars differs.
pub(super) fn is_eligible(file: &FileBatch<'_>, existing: &Existing) -> bool {
    let there = &existing.bars;
    existing.whole && (there.is_empty() || compare::bars(file.batch, there).different.is_empty())
}

/// What is new, the same, different.
pub(super) fn compare_values<'b>(file: &'b FileBatch<'b>, existing: &Existing) -> Result<ComparedBatch<'b>> {
    let compared = match existing.bars.is_empty() {
        true => compare::bars(file.batch, &existing.bars),
        false => compare_traced(file, &existing.bars)?,
    };
    Ok(ComparedBatch {
        file,
        compared,
        there: existing.bars.len(),
        is_whole: existing.whole,
        shape_conflict: None,
        duplicates: 0,
        contradictions: Vec::new(),
    })
}

fn compare_traced(file: &FileBatch<'_>, existing: &Bars) -> Result<Compared> {
    let FileBatch { attempt, batch, .. } = *file;
    let span = attempt.telemetry.span(&COMPARE_VALUES);
    let start = Instant::now();
    let compared = compare::bars(batch, existing);
    attempt.telemetry.add(Phase::CompareValues, start.elapsed());
    let different = compared.different.len();
    let there = different + usize::try_from(compared.same).unwrap_or(usize::MAX);
    if span.is_recorded() {
        span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
            .set(attr::DATA_TIMESTAMP, &first_time(&batch.bars))
            .set(attr::VALUES_MATCH, different == 0)
            .set(attr::ROWS_COMPARED, int(there))
            .set(attr::ROWS_DIFFERENT, int(different));
        span.within(|| row_spans::compared(attempt, batch, existing, &compared));
        span.ok();
    }
    refuse_mismatch(attempt, &compared)?;
    Ok(compared)
}

fn refuse_mismatch(attempt: ImportAttempt<'_>, compared: &Compared) -> Result<()> {
    let Some(m) = compared.different.first().filter(|_| attempt.options.on_mismatch == OnMismatch::Fail)
    else {
        return Ok(());
    };
    let reason = format!(
        "the bar of {} differs from the database's: file {}, database {}; --on-mismatch is fail",
        format_time(m.time),
        m.csv,
        m.db
    );
    Err(FileError::permanent(&attempt.task.source, m.line, reason).into())
}

/// The first row's values for each repeated time of an earlier batch: what is in the database, unless
/// that differed from the file already then.
pub(super) async fn first_values(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    file: &FileBatch<'_>,
) -> Result<HashMap<Micros, Ohlcv>> {
    let FileBatch { attempt, batch, .. } = file;
    let times: Vec<Micros> =
        batch.repeats.iter().map(|r| r.time).filter(|t| batch.bars.time.binary_search(t).is_err()).collect();
    let Some(series_id) = attempt.lease.series_id.filter(|_| !times.is_empty()) else {
        return Ok(HashMap::new());
    };
    let there = bars::at(tx, db, series_id, &times).await?;
    let mut values: HashMap<_, _> = (0..there.len()).map(|i| (there.time[i], there.values(i))).collect();
    values.extend(findings::mismatched_at(tx, db, attempt.lease.task_id, &times).await?);
    Ok(values)
}

fn first_time(bars: &Bars) -> String {
    bars.time.first().map(|t| format_time(*t)).unwrap_or_default()
}
