//! Spans of single rows: for bars that differ and, with `trace.detail = "row"`, for all.
//!
//! Invariant: they are made from what was found for the whole batch; nothing here asks the database again.

use std::time::Duration;

use super::ImportAttempt;
use super::compare::Compared;
use crate::bar::{Bars, format_time};
use crate::finding::Mismatch;
use crate::source::reader::Batch;
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CHECK_EXISTS, COMPARE_VALUES};
use crate::telemetry::phases::milliseconds;

/// Most rows of a batch with `trace.detail = "row"`: its spans, up to two a row, fit into the exporter's queue.
pub(super) const MAX_ROWS: usize = 4_000;

/// Logs how many spans a file of `size` stored bytes will have, with its rows estimated from the first ones. `from` is
/// where the attempt began in the text.
pub(super) fn announce(attempt: ImportAttempt<'_>, first: &Batch, size: u64, from: u64) {
    let bytes = first.end.estimated_text(size).saturating_sub(from);
    let read = first.end.text.saturating_sub(from).max(1);
    let rows = u128::from(first.rows) * u128::from(bytes) / u128::from(read);
    tracing::info!(
        source = attempt.task.source,
        "trace.detail is `row`: about {rows} rows, so between {rows} and {} spans",
        2 * rows
    );
}

/// One `check_exists` span a bar. `took` is the whole batch's look-up; a bar's share of it is what it says.
pub(super) fn checked(attempt: ImportAttempt<'_>, batch: &Batch, existing: &Bars, took: Duration) {
    if !attempt.telemetry.row_detail() {
        return;
    }
    let share = milliseconds(took) / f64::from(u32::try_from(batch.bars.len().max(1)).unwrap_or(u32::MAX));
    for time in &batch.bars.time {
        let span = Span::start(&CHECK_EXISTS);
        span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
            .set(attr::DATA_TIMESTAMP, &format_time(*time))
            .set(attr::ROW_EXISTS, existing.time.binary_search(time).is_ok())
            .set(attr::DB_QUERY_DURATION_MS, share)
            .ok();
    }
}

/// One `compare_values` span for each bar that differs, as far as the budget goes; closely traced, one for
/// each bar that is there.
pub(super) fn compared(attempt: ImportAttempt<'_>, batch: &Batch, existing: &Bars, compared: &Compared<'_>) {
    if !attempt.telemetry.row_detail() {
        for m in &compared.different {
            let Some(span) = attempt.telemetry.mismatch_span(&COMPARE_VALUES) else { return };
            differs(&span, attempt, m);
        }
        return;
    }
    let mut different = compared.different.iter().peekable();
    for time in batch.bars.time.iter().filter(|t| existing.time.binary_search(t).is_ok()) {
        let span = Span::start(&COMPARE_VALUES);
        if let Some(m) = different.next_if(|m| m.time == *time) {
            differs(&span, attempt, m);
            continue;
        }
        span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
            .set(attr::DATA_TIMESTAMP, &format_time(*time))
            .set(attr::VALUES_MATCH, true)
            .ok();
    }
}

fn differs(span: &Span, attempt: ImportAttempt<'_>, m: &Mismatch) {
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol)
        .set(attr::DATA_TIMESTAMP, &format_time(m.time))
        .set(attr::VALUES_MATCH, false)
        .set(attr::CSV_VALUE, &m.csv.to_string())
        .set(attr::DB_VALUE, &m.db.to_string())
        .ok();
}
