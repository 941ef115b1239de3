//! Tracing and logs: where spans and log lines go, and how a trace crosses processes.
//!
//! Invariant: OpenTelemetry is known here and nowhere else. Without an `OTEL_*` variable that asks for it
//! nothing is exported; a collector that is away costs spans, never the work.

mod context;
mod setup;

use tracing::{Span, field};

use crate::error::{Error, Result};
use crate::task::RowCounts;
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

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::error::FileError;
    use crate::task::ImportOptions;

    fn task() -> TaskInfo {
        let config = crate::config::load(None, &[]).expect("defaults");
        TaskInfo {
            operation_id: "op_migration_1".into(),
            root: "file:///".into(),
            source: "AAPL_1h.csv".into(),
            symbol: "AAPL".into(),
            timeframe: "1h".into(),
            options: ImportOptions::from_config(&config, false, false),
        }
    }

    #[test]
    fn an_attempt_continues_the_trace_it_was_enqueued_from() {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("barlift")));
        let root = RootContext::new().traceparent();
        tracing::subscriber::with_default(subscriber, || {
            for result in [
                Ok(RowCounts { rows_imported: 7, ..RowCounts::default() }),
                Err(FileError::permanent("AAPL_1h.csv", 3, "no").into()),
            ] {
                import_symbol(&task(), 2, Some(&root)).in_scope(|| finish_import_symbol(&task(), &result));
            }
        });
        let spans = exporter.get_finished_spans().expect("spans");
        assert_eq!(spans.len(), 2);
        for span in &spans {
            assert_eq!(span.name, "csv_import.import_symbol");
            assert_eq!(span.span_kind, SpanKind::Consumer);
            let parent = format!("00-{}-{}-01", span.span_context.trace_id(), span.parent_span_id);
            assert_eq!(parent, root);
            let has = |key: &str, value: &str| {
                span.attributes.iter().any(|a| a.key.as_str() == key && a.value.as_str() == value)
            };
            assert!(
                has("data.symbol", "AAPL")
                    && has("operation.id", "op_migration_1")
                    && has("job.attempt", "2")
            );
        }
        assert_eq!(spans[0].status, Status::Ok);
        assert!(spans[0].attributes.iter().any(|a| a.key.as_str() == "csv_import.rows_imported"));
        assert!(matches!(&spans[1].status, Status::Error { description } if description.contains("line 3")));
    }
}
