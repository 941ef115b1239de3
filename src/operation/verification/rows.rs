//! What the queries of [`snapshot`](super::snapshot) give, and the types of the report made of it.
//!
//! Invariant: a row and its query have the same columns; nothing is left out or made up in between.

use std::collections::HashMap;

use jiff_sqlx::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;

use super::difference::{Column, Difference, DifferenceKind, Rejected};
use super::head::{Options, Totals, Verification};
use super::range::{Range, RangeKind};
use super::series::{CsvSide, DbSide, Duplicate, Series};
use super::snapshot::Mark;
use crate::bar::Ohlcv;
use crate::error::ErrorClass;
use crate::model::{OperationId, OperationKind, OperationState, TaskId, TaskState, Traceparent, Verdict};
use crate::operation::status::TaskError;
use crate::source::discover::Unrecognised;

#[derive(FromRow)]
pub(super) struct HeadRow {
    id: OperationId,
    r#type: OperationKind,
    state: OperationState,
    traceparent: Traceparent,
    root: String,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    follows: Option<String>,
    options: Json<Options>,
    unrecognised: Json<Vec<Unrecognised>>,
    #[sqlx(flatten)]
    totals: Totals,
}

impl From<HeadRow> for Verification {
    fn from(r: HeadRow) -> Self {
        Self {
            verdict: r.totals.verdict(r.finished_at.is_some()),
            operation_id: r.id,
            kind: r.r#type,
            state: r.state,
            options: r.options.0.of_mode(),
            root: r.root,
            trace_id: r.traceparent.trace_id().to_owned(),
            created_at: r.created_at.to_jiff(),
            started_at: r.started_at.map(Timestamp::to_jiff),
            finished_at: r.finished_at.map(Timestamp::to_jiff),
            follows: r.follows,
            totals: r.totals,
            unrecognised: r.unrecognised.0,
        }
    }
}

#[derive(FromRow)]
pub(super) struct SeriesRow {
    pub(super) task_id: TaskId,
    symbol: String,
    timeframe: String,
    sources: Vec<String>,
    state: TaskState,
    verdict: Option<Verdict>,
    rows: i64,
    rows_rejected: i64,
    rows_duplicate: i64,
    error_class: Option<String>,
    error_message: Option<String>,
    csv_bars: Option<i64>,
    csv_first: Option<Timestamp>,
    csv_last: Option<Timestamp>,
    csv_hash: Option<String>,
    db_bars: Option<i64>,
    db_first: Option<Timestamp>,
    db_last: Option<Timestamp>,
    db_hash: Option<String>,
    compared: i64,
    identical: i64,
    different: i64,
    only_in_csv: i64,
    only_in_db: i64,
    outside: i64,
    by_hash: bool,
    untouched: Option<bool>,
    duplicates: Json<Vec<Duplicate>>,
    ranges_left_out: i64,
    kept: i64,
}

impl SeriesRow {
    /// The series; its ranges are taken out of these.
    pub(super) fn with(self, ranges: &mut HashMap<TaskId, Vec<Range>>) -> Series {
        let class = ErrorClass::named(self.error_class.as_deref().unwrap_or_default());
        Series {
            task_id: self.task_id,
            symbol: self.symbol,
            timeframe: self.timeframe,
            sources: self.sources,
            state: self.state,
            verdict: self.verdict.unwrap_or(Verdict::Incomplete),
            csv: CsvSide {
                rows: self.rows,
                bars: self.csv_bars,
                first: self.csv_first.map(Timestamp::to_jiff),
                last: self.csv_last.map(Timestamp::to_jiff),
                rejected: self.rows_rejected,
                duplicate: self.rows_duplicate,
                hash: self.csv_hash,
            },
            db: DbSide {
                bars: self.db_bars,
                first: self.db_first.map(Timestamp::to_jiff),
                last: self.db_last.map(Timestamp::to_jiff),
                hash: self.db_hash,
            },
            compared: self.compared,
            identical: self.identical,
            different: self.different,
            only_in_csv: self.only_in_csv,
            only_in_db: self.only_in_db,
            outside: self.outside,
            by_hash: self.by_hash,
            untouched: self.untouched,
            duplicates: self.duplicates.0,
            ranges: ranges.remove(&self.task_id).unwrap_or_default(),
            ranges_left_out: self.ranges_left_out,
            differences_left_out: self.different + self.only_in_csv + self.only_in_db - self.kept,
            error: self.error_message.map(|message| TaskError { class, message }),
        }
    }
}

#[derive(FromRow)]
pub(super) struct RangeRow {
    pub(super) task_id: TaskId,
    kind: RangeKind,
    first_time: Timestamp,
    last_time: Timestamp,
    bars: i64,
    identical: i64,
    price_ratio: Option<f64>,
    volume_ratio: Option<f64>,
    shifted_by_seconds: Option<f64>,
}

impl From<RangeRow> for Range {
    fn from(r: RangeRow) -> Self {
        Self {
            kind: r.kind,
            first: r.first_time.to_jiff(),
            last: r.last_time.to_jiff(),
            bars: r.bars,
            identical: r.identical,
            price_ratio: r.price_ratio,
            volume_ratio: r.volume_ratio,
            shifted_by_seconds: r.shifted_by_seconds,
        }
    }
}

#[derive(FromRow)]
pub(super) struct DifferenceRow {
    kind: DifferenceKind,
    time: Timestamp,
    source: Option<String>,
    line: Option<i64>,
    csv_open: Option<f64>,
    csv_high: Option<f64>,
    csv_low: Option<f64>,
    csv_close: Option<f64>,
    csv_volume: Option<f64>,
    db_open: Option<f64>,
    db_high: Option<f64>,
    db_low: Option<f64>,
    db_close: Option<f64>,
    db_volume: Option<f64>,
}

impl From<DifferenceRow> for Difference {
    fn from(r: DifferenceRow) -> Self {
        let csv = ohlcv(r.csv_open, r.csv_high, r.csv_low, r.csv_close, r.csv_volume).map(Into::into);
        let db = ohlcv(r.db_open, r.db_high, r.db_low, r.db_close, r.db_volume).map(Into::into);
        let columns = csv.as_ref().zip(db.as_ref()).map(|(csv, db)| Column::differing(csv, db));
        Self {
            kind: r.kind,
            time: r.time.to_jiff(),
            source: r.source,
            line: r.line,
            csv,
            db,
            columns: columns.unwrap_or_default(),
        }
    }
}

fn ohlcv(
    open: Option<f64>,
    high: Option<f64>,
    low: Option<f64>,
    close: Option<f64>,
    volume: Option<f64>,
) -> Option<Ohlcv> {
    Some(Ohlcv { open: open?, high: high?, low: low?, close: close?, volume: volume? })
}

#[derive(FromRow)]
pub(super) struct RejectedRow {
    source: String,
    line: i64,
    byte_offset: i64,
    rule: String,
    reason: String,
    raw: Vec<u8>,
}

impl From<RejectedRow> for Rejected {
    fn from(r: RejectedRow) -> Self {
        Self {
            source: r.source,
            line: r.line,
            byte_offset: r.byte_offset,
            rule: r.rule,
            reason: r.reason,
            raw: String::from_utf8_lossy(&r.raw).into_owned(),
            bytes: r.raw,
        }
    }
}

#[derive(FromRow)]
pub(super) struct MarkRow {
    kind: DifferenceKind,
    bin: i32,
    bars: i64,
    first_time: Timestamp,
    last_time: Timestamp,
}

impl From<MarkRow> for Mark {
    fn from(r: MarkRow) -> Self {
        Self {
            kind: r.kind,
            bin: r.bin,
            bars: r.bars,
            first: r.first_time.to_jiff(),
            last: r.last_time.to_jiff(),
        }
    }
}
