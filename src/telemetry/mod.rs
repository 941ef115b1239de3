//! Traces, metrics and logs: what is recorded of the work, and how it is exported.
//!
//! | file | what it does |
//! | --- | --- |
//! | `attribute`, `row_counters` | the names and types of all span attributes |
//! | [`catalogue`] | all spans with their attributes (docs/spans.md) |
//! | `context` | the trace context that an operation and its jobs carry from process to process |
//! | `span` | a running span |
//! | `attempt`, `attempt_info` | the span of an attempt and the spans below it, within a `budget` |
//! | `load` | the span of reading an attempt's files |
//! | `phases` | where an attempt's time goes |
//! | `record` | spans that are built from the database's records |
//! | `delivery` | the spans of ended attempts, until the database has them |
//! | `stored` | a span as the database keeps it |
//! | [`metrics`] | all metrics (docs/metrics.md) and their instruments |
//! | `export`, `log`, `setup` | exporters, log lines, and starting all of it |
//!
//! Invariant: no other module knows OpenTelemetry. Nothing is exported unless an `OTEL_*` variable asks for it. A collector
//! that is away costs spans, never the work.

mod attempt;
mod attempt_info;
pub(crate) mod attribute;
mod budget;
pub mod catalogue;
mod context;
pub(crate) mod delivery;
mod export;
mod load;
mod log;
pub mod metrics;
pub(crate) mod phases;
mod record;
mod row_counters;
mod setup;
mod span;
mod stored;

pub use attempt::AttemptTelemetry;
pub use attempt_info::{AttemptInfo, JobOutcome, VerifiedCounts};
pub use budget::TraceOptions;
pub(crate) use context::{RootContext, new_span_id};
pub(crate) use load::{BatchReading, LoadSpan};
pub use phases::{AttemptRecord, Phase, Phases, SlowStatement, Slowest, Timing};
pub use record::Recorder;
pub(crate) use record::{EndedOperation, RecordedAttempt};
pub(crate) use setup::{Settings, Telemetry, flush, flush_at_the_end, start};
pub use span::Span;
pub(crate) use span::run_within;
pub(crate) use stored::StoredSpan;

/// The value of `messaging.system`.
pub(crate) const MESSAGING_SYSTEM: &str = "apalis";
