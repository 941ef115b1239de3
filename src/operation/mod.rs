//! Operations: what a user asked for, split into tasks, and how far they are.
//!
//! [`create`] writes an operation, its tasks and their jobs in one transaction; [`status`] reads them back;
//! [`report`] reads what was found. Invariant: an operation is either wholly there or not at all.
//! Running tasks is `task` and `worker`; nothing here claims or settles one.

pub mod create;
pub mod report;
pub mod status;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::{Config, MaxRejects, OnMismatch};
use crate::source::reader::ReadOptions;

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

/// What an import does with what it reads; the same for every worker that runs a part of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOptions {
    /// How to read the files.
    pub read: ReadOptions,
    /// What to do with bars that differ from the database's.
    pub on_mismatch: OnMismatch,
    /// How many rejected rows are too many.
    pub max_rejects: Option<MaxRejects>,
    /// Read and compare, write nothing.
    pub dry_run: bool,
    /// Read files even if their content is known to be there.
    pub force: bool,
}

impl ImportOptions {
    /// The options that the configuration gives.
    #[must_use]
    pub fn from_config(config: &Config, dry_run: bool, force: bool) -> Self {
        Self {
            read: ReadOptions {
                csv: config.csv.clone(),
                timezone: config.import.timezone.clone(),
                on_invalid: config.import.on_invalid,
            },
            on_mismatch: config.import.on_mismatch,
            max_rejects: config.import.max_rejects,
            dry_run,
            force,
        }
    }

    /// Tells apart options under which the same file means something else.
    ///
    /// # Errors
    /// Never in practice: all options can be written as JSON.
    pub fn content_key(&self) -> crate::error::Result<[u8; 32]> {
        let text = serde_json::to_vec(&(&self.read, self.on_mismatch, self.max_rejects))
            .map_err(|e| crate::error::Error::Internal(e.to_string()))?;
        Ok(*blake3::hash(&text).as_bytes())
    }
}
