//! Operations: what a user asked for, split into tasks, and their progress.
//!
//! [`create`] writes an operation, its tasks and their jobs in one transaction; [`status`] reads them back; [`control`]
//! pauses, cancels and retries them; `report` and `verification` read what was found, `diagnose` where the time
//! went; `shown_state` words an operation's state, `span_outbox` completes the traces, [`other_operations`] lists what
//! else the queue has.
//! Invariant: an operation is stored with all its tasks or not at all. Nothing here claims a task: `task` and `worker` do.

pub mod control;
pub mod create;
pub(crate) mod diagnose;
pub mod other_operations;
pub(crate) mod report;
mod shown_state;
pub(crate) mod span_outbox;
pub mod status;
pub(crate) mod verification;
