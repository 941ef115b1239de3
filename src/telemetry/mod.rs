//! Tracing and logs: where spans and log lines go, and how a trace crosses processes.
//!
//! Invariant: OpenTelemetry is known here and nowhere else. Without an `OTEL_*` variable that asks for it
//! nothing is exported; a collector that is away costs spans, never the work.

mod context;
mod setup;

use tracing::{Span, field};

use crate::error::{Error, Result};
use crate::operation::status::RowCounts;
use crate::task::TaskInfo;

pub use context::{RootContext, continue_trace};
pub use setup::{LogSettings, Telemetry, start};

/// The consumer span of a job: one attempt to import one source.
#[must_use]
pub fn import_symbol(task: &TaskInfo, attempt: i32, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!(
        "csv_import.import_symbol",
        otel.kind = "consumer",
        otel.status_code = field::Empty,
        otel.status_description = field::Empty,
        operation.id = task.operation_id,
        data.symbol = task.symbol,
        data.timeframe = task.timeframe,
        job.attempt = attempt,
        csv_import.rows_imported = field::Empty,
        csv_import.rows_skipped = field::Empty,
        csv_import.warnings = field::Empty,
        error.r#type = field::Empty,
        error.symbol = field::Empty,
    );
    if let Some(traceparent) = traceparent {
        continue_trace(&span, traceparent);
    }
    span
}

/// Writes an attempt's result on the current span.
pub fn finish_import_symbol(task: &TaskInfo, result: &Result<RowCounts>) {
    let span = Span::current();
    match result {
        Ok(rows) => {
            span.record("csv_import.rows_imported", rows.rows_imported);
            span.record("csv_import.rows_skipped", rows.rows_skipped);
            span.record("csv_import.warnings", rows.rows_mismatched);
            span.record("otel.status_code", "ok");
        }
        // Handed back, not failed.
        Err(Error::Stopped) => {}
        Err(e) => {
            span.record("error.type", e.class().as_str());
            span.record("error.symbol", &task.symbol);
            span.record("otel.status_code", "error");
            span.record("otel.status_description", e.chain());
        }
    }
}
