//! Traces, metrics and logs: what is told of the work, and where it goes.
//!
//! [`attribute`] and [`catalogue`] name everything that spans say; [`span`] is a running one; [`attempt`] is
//! what one attempt tells, within its `budget` of spans; [`load`] what reading its file does; [`phases`] sums its time up; [`context`] carries a trace through jobs and processes;
//! [`record`] builds spans that nobody has running, [`delivery`] keeps those of attempts until the database has them, [`stored`]
//! is one as it is kept there; [`metrics`] names and
//! counts; `export`, `log` and `setup` send it on its way.
//!
//! Invariant: OpenTelemetry is known here and nowhere else. Without an `OTEL_*` variable that asks for it
//! nothing is exported; a collector that is away costs spans, never the work.

pub mod attempt;
mod attempt_info;
pub(crate) mod attribute;
mod budget;
pub mod catalogue;
pub mod context;
pub mod delivery;
mod export;
pub mod load;
mod log;
pub mod metrics;
pub mod phases;
pub mod record;
mod row_counters;
mod setup;
pub mod span;
pub mod stored;

pub use attempt::AttemptTelemetry;
pub use attempt_info::{AttemptInfo, JobOutcome, VerifiedCounts};
pub use budget::TraceOptions;
pub use context::{RootContext, new_span_id};
pub use load::LoadSpan;
pub use phases::{AttemptRecord, Phase, Phases, SlowStatement, Slowest};
pub use record::{EndedOperation, RecordedAttempt, Recorder};
pub use setup::{Settings, Telemetry, flush, flush_at_the_end, start};
pub use span::Span;
pub use stored::StoredSpan;

/// What `messaging.system` says.
pub const MESSAGING_SYSTEM: &str = "apalis";
