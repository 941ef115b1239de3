//! Operations: what a user asked for, split into tasks, and how far they are.
//!
//! [`create`] writes an operation, its tasks and their jobs in one transaction; [`status`] reads them back;
//! [`control`] pauses, cancels and retries them; [`report`] reads what was found, [`diagnose`] where the time went;
//! [`due_spans`] completes their traces.
//! Invariant: an operation is either wholly there or not at all.
//! Running tasks is `task` and `worker`; nothing here claims one.

pub mod control;
pub mod create;
pub mod diagnose;
pub mod due_spans;
pub mod report;
pub mod status;

use std::fmt;

use serde::{Deserialize, Serialize};

/// `op_migration_01J…`: names an operation everywhere, traces included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub String);

impl OperationId {
    /// A new one for an import.
    #[must_use]
    pub fn migration() -> Self {
        Self(format!("op_migration_{}", ulid::Ulid::generate()))
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
