//! Operations: what a user asked for, split into tasks, and how far they are.
//!
//! [`create`] writes an operation, its tasks and their jobs in one transaction; [`status`] reads them back;
//! [`control`] pauses, cancels and retries them; [`report`] reads what was found, [`diagnose`] where the time went;
//! [`verification`] reads what a verification came to, `span_outbox` stores and sends the spans that complete their traces,
//! [`others`] tells what else a worker of this process does.
//! Invariant: an operation is either wholly there or not at all.
//! Running tasks is `task` and `worker`; nothing here claims one.

pub mod control;
pub mod create;
pub mod diagnose;
pub mod others;
pub mod report;
pub(crate) mod span_outbox;
pub mod status;
pub mod verification;
