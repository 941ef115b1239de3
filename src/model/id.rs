//! Ids and the two numbers that keep stale workers out.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::OperationKind;

/// `op_migration_01J…` or `op_verify_01J…`: names an operation everywhere, traces included. The prefix is for people;
/// what an operation does is told by its [`OperationKind`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct OperationId(pub String);

impl OperationId {
    /// A new id, unique and ordered by time.
    #[must_use]
    pub fn generate(kind: OperationKind) -> Self {
        Self(format!("{}{}", kind.id_prefix(), ulid::Ulid::generate()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Declares a number that is stored as an integer column and must not be mixed up with another one.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident($integer:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub $integer);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// `barlift.tasks.id`. Ids may come again in a schema that was made anew; a job names its operation, too.
    TaskId(i64)
}

number! {
    /// `barlift.series.id`.
    SeriesId(i32)
}

number! {
    /// Grows with each claim of a task. A write that names an older one is refused, so that a worker that was only
    /// frozen can change nothing once another one has the task.
    Fence(i32)
}

impl Fence {
    /// The fence of a task's first claim.
    pub const FIRST: Self = Self(1);
}

number! {
    /// Numbers the jobs of a task, from 1 (`tasks.pushes`). Only the latest job may start an attempt; one that was
    /// delivered late or twice starts nothing.
    JobSequence(i32)
}

/// Names a task's job: its idempotency key in the queue, and its id in spans.
#[must_use]
pub fn job_key(operation_id: &OperationId, task_id: TaskId, sequence: JobSequence) -> String {
    format!("{operation_id}:{task_id}:{sequence}")
}
