//! What an import does; stored with its operation, so that every worker does the same.

use serde::{Deserialize, Serialize};

use crate::config::{Config, MaxRejects, OnMismatch};
use crate::error::{Error, Result};
use crate::source::reader::ReadOptions;
use crate::telemetry::TraceOptions;

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
    /// How closely it is traced. Operations of earlier versions say nothing of it.
    #[serde(default)]
    pub trace: TraceOptions,
}

impl ImportOptions {
    /// The options that the configuration gives.
    #[must_use]
    pub fn from_config(config: &Config, dry_run: bool, force: bool, trace: TraceOptions) -> Self {
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
            trace,
        }
    }

    /// Tells apart options under which the same file means something else.
    ///
    /// # Errors
    /// Never in practice: all options can be written as JSON.
    pub fn content_key(&self) -> Result<[u8; 32]> {
        let text = serde_json::to_vec(&(&self.read, self.on_mismatch, self.max_rejects))
            .map_err(|e| Error::Internal(e.to_string()))?;
        Ok(*blake3::hash(&text).as_bytes())
    }
}
