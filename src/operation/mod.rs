//! Operations: what a user asked for, split into tasks, and how far they are.
//!
//! [`create`] writes an operation, its tasks and their jobs in one transaction; [`status`] reads them back;
//! [`control`] pauses, cancels and retries them; [`report`] reads what was found, [`diagnose`] where the time went;
//! [`verification`] reads what a verification came to, [`due_spans`] completes their traces, [`span_outbox`] sends what
//! completes them, [`others`] tells what else a worker of this process does.
//! Invariant: an operation is either wholly there or not at all.
//! Running tasks is `task` and `worker`; nothing here claims one.

pub mod control;
pub mod create;
pub mod diagnose;
pub mod due_spans;
pub mod others;
pub mod report;
pub mod span_outbox;
pub mod status;
pub mod verification;

use std::fmt;

use serde::{Deserialize, Serialize};

/// `op_migration_01J…` or `op_verify_01J…`: names an operation everywhere, traces included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub String);

impl OperationId {
    /// A new one for an import.
    #[must_use]
    pub fn migration() -> Self {
        Self(format!("op_migration_{}", ulid::Ulid::generate()))
    }

    /// A new one for a verification.
    #[must_use]
    pub fn verification() -> Self {
        Self(format!("op_verify_{}", ulid::Ulid::generate()))
    }

    /// `DATA_MIGRATION` or `DATA_VERIFICATION`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.is_verification() { "DATA_VERIFICATION" } else { "DATA_MIGRATION" }
    }

    /// Whether it is a verification.
    #[must_use]
    pub fn is_verification(&self) -> bool {
        self.0.starts_with("op_verify_")
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
