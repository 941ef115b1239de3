//! The span of reading a file: the reference's `data.repository.load (CSV)` below `csv_import.import_symbol`.
//!
//! Invariant: one an attempt, from the first look into the file to its end; the reader itself knows nothing
//! of it.

use std::time::Duration;

use crate::bar::{Micros, format_time};
use crate::error::FileError;
use crate::source::reader::Batch;
use crate::task::TaskInfo;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::REPOSITORY_LOAD;
use crate::telemetry::phases::{Phase, milliseconds};
use crate::telemetry::{AttemptTelemetry, Span};

pub(super) struct LoadSpan<'a> {
    telemetry: &'a AttemptTelemetry,
    span: Span,
    rows: u64,
    took: Duration,
    range: Option<(Micros, Micros)>,
    failed: bool,
}

impl<'a> LoadSpan<'a> {
    pub(super) fn start(task: &TaskInfo, telemetry: &'a AttemptTelemetry) -> Self {
        let span = telemetry.span(&REPOSITORY_LOAD);
        span.set(attr::DATA_SYMBOL, &task.symbol)
            .set(attr::DATA_TIMEFRAME, &task.timeframe)
            .set(attr::DATA_BACKEND, "csv")
            .set(attr::SOURCE, &task.source);
        Self { telemetry, span, rows: 0, took: Duration::ZERO, range: None, failed: false }
    }

    pub(super) fn batch(&mut self, batch: &Batch, took: Duration) {
        self.telemetry.add(Phase::Read, took);
        self.took += took;
        self.rows += batch.rows;
        if let (Some(&first), Some(&last)) = (batch.bars.time.first(), batch.bars.time.last()) {
            let (start, end) = self.range.unwrap_or((first, last));
            self.range = Some((start.min(first), end.max(last)));
        }
    }

    pub(super) fn fail(&mut self, e: &FileError) {
        self.failed = true;
        self.span.fail_with(e, &self.telemetry.symbol);
    }
}

/// Whatever ends the attempt ends the reading.
impl Drop for LoadSpan<'_> {
    fn drop(&mut self) {
        let range = self.range.map(|(start, end)| (format_time(start), format_time(end)));
        let (start, end) = range.unwrap_or_default();
        self.span
            .set(attr::DATA_ROWS_LOADED, i64::try_from(self.rows).unwrap_or(i64::MAX))
            .set(attr::DB_QUERY_DURATION_MS, milliseconds(self.took))
            .set(attr::DATA_START_DATE, &start)
            .set(attr::DATA_END_DATE, &end);
        if !self.failed {
            self.span.ok();
        }
    }
}
