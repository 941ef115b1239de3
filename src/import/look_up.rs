//! Which bars of batches their series have, and with which values.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::batch::{ComparedBatch, FileBatch};
use super::compare::{self, Compared};
use super::row_spans;
use super::write::of_tasks;
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
    complete: bool,
) -> Result<Vec<Existing>> {
    // A batch may have no bars, and a dry run no series. Of several files all have both: others are not eligible.
    let (places, wanted): (Vec<_>, Vec<_>) =
        files.iter().enumerate().filter_map(|(i, file)| Some((i, file.wanted()?))).unzip();
    let mut existing: Vec<_> = files.iter().map(|_| Existing::default()).collect();
    if wanted.is_empty() {
        return Ok(existing);
    }
    let spans = db.spans(|i| db.span(i, &CHECK_EXISTS));
    let (found, took) = run_within(&spans, existing::find(tx, db.below(&spans), &wanted, complete)).await;
    db.add(Phase::CheckExists, took);
    let mut there = found.as_ref().ok().map(|found| found.iter().map(|existing| &existing.bars));
    for (files, span) in of_tasks(files, |f| f).zip(&spans) {
        let with_bars = files.iter().filter(|file| file.wanted().is_some()).copied();
        let with_bars: Vec<_> =
            with_bars.map(|file| (file, there.as_mut().and_then(Iterator::next))).collect();
        describe_check(span, &with_bars, took);
        span.end(&found, &files[0].attempt.task.symbol);
    }
    for (place, found) in places.into_iter().zip(found?) {
        existing[place] = found;
    }
    Ok(existing)
}

/// Sets what was looked for, and what was found unless the query failed.
fn describe_check(span: &Span, files: &[(&FileBatch<'_>, Option<&Bars>)], took: Duration) {
    let Some((FileBatch { attempt, batch, .. }, first)) = files.first().filter(|_| span.is_recorded()) else {
        return;
    };
    let checked: usize = files.iter().map(|(file, _)| file.batch.bars.len()).sum();
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
        .set(attr::DATA_TIMESTAMP, &first_time(&batch.bars))
        .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
        .set(attr::ROWS_CHECKED, int(checked));
    let Some(existing) = first else {
        span.set(attr::ROW_EXISTS, false);
        return;
    };
    let there = |(file, existing): &(&FileBatch<'_>, Option<&Bars>)| {
        let is_there = |t: &&Micros| existing.is_some_and(|bars| bars.time.binary_search(t).is_ok());
        file.batch.bars.time.iter().filter(is_there).count()
    };
    let there: usize = files.iter().map(there).sum();
    span.set(attr::ROW_EXISTS, there > 0).set(attr::ROWS_EXISTING, int(there));
    if !attempt.task.is_several() {
        span.within(|| row_spans::checked(*attempt, batch, existing, took));
    }
}

/// Whether all of the file's range was read, and none of its bars differs.
pub(super) fn is_eligible(file: &FileBatch<'_>, existing: &Existing) -> bool {
    let there = &existing.bars;
    existing.whole && (there.is_empty() || compare::bars(file.batch, there).different.is_empty())
}

/// What is new, the same, different, of batches of one task.
pub(super) fn compare_values<'b>(
    files: &[&'b FileBatch<'b>],
    existing: &[&Existing],
) -> Result<Vec<ComparedBatch<'b>>> {
    let pairs = || files.iter().copied().zip(existing.iter().copied());
    let compared: Vec<Compared<'b>> = match pairs().all(|(_, existing)| existing.bars.is_empty()) {
        true => pairs().map(|(file, existing)| compare::bars(file.batch, &existing.bars)).collect(),
        false => compare_traced(files, existing)?,
    };
    let batch =
        |((file, existing), compared): ((&'b FileBatch<'b>, &Existing), Compared<'b>)| ComparedBatch {
            file,
            compared,
            there: existing.bars.len(),
            is_whole: existing.whole,
            shape_conflict: None,
            duplicates: 0,
            contradictions: Vec::new(),
        };
    Ok(pairs().zip(compared).map(batch).collect())
}

fn compare_traced<'b>(files: &[&'b FileBatch<'b>], existing: &[&Existing]) -> Result<Vec<Compared<'b>>> {
    let FileBatch { attempt, batch, .. } = *files[0];
    let span = attempt.telemetry.span(&COMPARE_VALUES);
    let start = Instant::now();
    let pairs = files.iter().zip(existing);
    let all: Vec<Compared<'b>> = pairs.map(|(file, there)| compare::bars(file.batch, &there.bars)).collect();
    attempt.telemetry.add(Phase::CompareValues, start.elapsed());
    let different: usize = all.iter().map(|compared| compared.different.len()).sum();
    let same: u64 = all.iter().map(|compared| compared.same).sum();
    if span.is_recorded() {
        span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
            .set(attr::DATA_TIMESTAMP, &first_time(&batch.bars))
            .set(attr::VALUES_MATCH, different == 0)
            .set(attr::ROWS_COMPARED, int(same).saturating_add(int(different)))
            .set(attr::ROWS_DIFFERENT, int(different));
        if !attempt.task.is_several() {
            span.within(|| row_spans::compared(attempt, batch, &existing[0].bars, &all[0]));
        }
        span.ok();
    }
    files.iter().zip(&all).try_for_each(|(file, compared)| refuse_mismatch(file, compared))?;
    Ok(all)
}

fn refuse_mismatch(file: &FileBatch<'_>, compared: &Compared<'_>) -> Result<()> {
    let FileBatch { attempt, target, .. } = file;
    let Some(m) = compared.different.first().filter(|_| attempt.options.on_mismatch == OnMismatch::Fail)
    else {
        return Ok(());
    };
    let of = if attempt.task.is_several() { format!("{}'s ", target.symbol) } else { String::new() };
    let reason = format!(
        "{}bar of {} differs from the database's: file {}, database {}; --on-mismatch is fail",
        if of.is_empty() { "the ".to_owned() } else { of },
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
    let FileBatch { attempt, target, batch, .. } = file;
    let times: Vec<Micros> =
        batch.repeats.iter().map(|r| r.time).filter(|t| batch.bars.time.binary_search(t).is_err()).collect();
    let Some(series_id) = target.series_id.filter(|_| !times.is_empty()) else {
        return Ok(HashMap::new());
    };
    let there = bars::at(tx, db, series_id, &times).await?;
    let mut values: HashMap<_, _> = (0..there.len()).map(|i| (there.time[i], there.values(i))).collect();
    values.extend(
        findings::mismatched_at(tx, db, (attempt.lease.task_id, file.finding_symbol()), &times).await?,
    );
    Ok(values)
}

fn first_time(bars: &Bars) -> String {
    bars.time.first().map(|t| format_time(*t)).unwrap_or_default()
}
