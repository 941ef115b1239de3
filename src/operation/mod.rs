//! Operations: what a user asked for, split into tasks, and their progress.
//!
//! [`create`] writes an operation, its tasks and their jobs in one transaction; [`status`] reads them back; [`control`]
//! pauses, cancels and retries them; [`report`] and [`verification`] read what was found, [`diagnose`] where the time
//! went; `span_outbox` completes their traces; [`other_operations`] lists what else the queue has.
//! Invariant: an operation is stored with all its tasks or not at all. Nothing here claims a task: `task` and `worker` do.

pub mod control;
pub mod create;
pub mod diagnose;
pub mod other_operations;
pub mod report;
pub(crate) mod span_outbox;
pub mod status;
pub mod verification;
