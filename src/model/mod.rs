//! The nouns of the database: ids, kinds, states, and the trace context of an operation.
//!
//! Each type is stored as the column it is named after, and nothing here depends on another module.

mod difference;
mod id;
mod kind;
mod state;
mod time;
mod traceparent;

pub use difference::{DifferenceKind, RangeKind};
pub use id::{Fence, JobSequence, OperationId, SeriesId, TaskId, job_key};
pub use kind::OperationKind;
pub(crate) use kind::{TYPES_ABOUT, job_name};
pub(crate) use state::stored;
pub use state::{AttemptOutcome, OperationState, TaskState, Verdict};
pub use time::OptionalTime;
pub use traceparent::Traceparent;
