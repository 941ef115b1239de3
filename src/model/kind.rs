//! What an operation does, and what its jobs are called.

use serde::{Deserialize, Serialize};

/// What an operation does (`operations.type`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "text")]
pub enum OperationKind {
    /// Imports files.
    #[default]
    #[serde(rename = "DATA_MIGRATION")]
    #[sqlx(rename = "DATA_MIGRATION")]
    Import,
    /// Verifies series.
    #[serde(rename = "DATA_VERIFICATION")]
    #[sqlx(rename = "DATA_VERIFICATION")]
    Verify,
}

impl OperationKind {
    /// As the column and spans have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "DATA_MIGRATION",
            Self::Verify => "DATA_VERIFICATION",
        }
    }

    /// The kind of its jobs.
    #[must_use]
    pub fn job(self) -> JobKind {
        match self {
            Self::Import => JobKind::ImportSymbol,
            Self::Verify => JobKind::VerifyData,
        }
    }

    pub(super) fn id_prefix(self) -> &'static str {
        match self {
            Self::Import => "op_migration_",
            Self::Verify => "op_verify_",
        }
    }
}

impl From<OperationKind> for JobKind {
    fn from(kind: OperationKind) -> Self {
        kind.job()
    }
}

/// What a job starts, as its payload has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// The import of a file.
    ImportSymbol,
    /// The verification of a series.
    VerifyData,
}
