//! What can go wrong, whether it is worth another try, and what the process exits with.
//!
//! Invariant: an [`Error`]'s text says what and where; its [`hint`](Error::hint) says what to do.
//! No text here ever holds a password: URLs come in without one.
//! It does not print anything; `cli` does that, once, with the causes.

mod database;

pub(crate) use database::{NO_MORE_CLIENTS, POOL_IS_SMALL, stands_behind_a_pooler};

use serde::{Deserialize, Serialize};

/// Everything the library reports to its caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A flag, argument or combination of them makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do, if there is something to say.
        hint: Option<String>,
    },
    /// The configuration cannot be read or says something impossible.
    #[error("configuration: {message}")]
    Config {
        /// What is wrong, and where.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The database cannot be reached or refuses what barlift needs.
    #[error("{message}")]
    Database {
        /// What barlift was doing.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// What the server or the network said.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The source directory or object store cannot be reached.
    #[error("{message}")]
    Source {
        /// What is wrong, and with which path.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// There are no such bars.
    #[error("{message}")]
    NotFound {
        /// What is not there.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A bar that was to be saved is there already.
    #[error("{message}")]
    AlreadyThere {
        /// Which one.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// One file cannot be read as bars, by the file's own fault or by a policy.
    #[error("{0}")]
    File(#[from] FileError),
    /// The attempt was fenced off: another worker has the task now, or it was cancelled.
    #[error("the task was taken over by another worker or cancelled; nothing more was written")]
    LostLease,
    /// The worker was asked to stop; the task goes back to the queue.
    #[error("stopped before the file's end; the task was handed back")]
    Stopped,
    /// A thread of barlift itself broke.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

/// Why one file could not be imported.
#[derive(Debug, thiserror::Error)]
#[error("{path}{}: {reason}", place(*.line))]
pub struct FileError {
    /// The file, relative to the source directory.
    pub path: String,
    /// Line number, from 1, where known.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub reason: String,
    /// Whether another try may do better.
    pub class: ErrorClass,
}

fn place(line: Option<u64>) -> String {
    line.map(|l| format!(", line {l}")).unwrap_or_default()
}

impl FileError {
    /// A fault that stays until somebody mends the file or the options.
    pub fn permanent(path: &str, line: impl Into<Option<u64>>, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: line.into(), reason: reason.into(), class: ErrorClass::Permanent }
    }

    /// A fault that may be gone at the next try.
    pub fn transient(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, reason: reason.into(), class: ErrorClass::Transient }
    }
}

/// Whether a failed attempt is worth repeating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// Connection, serialization, timeout, disk full, I/O: tried again with backoff.
    Transient,
    /// An unreadable file, a bad option, a fail policy: not tried again.
    Permanent,
    /// The task has killed its worker too often: not tried again.
    Poisoned,
}

impl ErrorClass {
    /// The class that the database knows under this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "transient" => Self::Transient,
            "poisoned" => Self::Poisoned,
            _ => Self::Permanent,
        }
    }

    /// The name used in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Poisoned => "poisoned",
        }
    }
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A usage error with advice.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// A configuration error with advice.
    pub fn config(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Config { message: message.into(), hint: Some(hint.into()) }
    }

    /// A source error with advice.
    pub fn source(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Source { message: message.into(), hint: Some(hint.into()) }
    }

    /// A database error without a cause of its own.
    pub fn database(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Database { message: message.into(), hint: Some(hint.into()), source: None }
    }

    /// What the database said while barlift was doing `what`.
    pub fn during(what: &str, e: sqlx::Error) -> Self {
        Self::Database {
            message: what.to_owned(),
            hint: database::hint(&e).map(str::to_owned),
            source: Some(e),
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Usage { hint, .. }
            | Self::Config { hint, .. }
            | Self::Database { hint, .. }
            | Self::Source { hint, .. }
            | Self::NotFound { hint, .. }
            | Self::AlreadyThere { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// The process's exit status for this error: 2 usage or configuration, 3 database or source
    /// unreachable, 4 internal, 1 anything else. docs/cli.md has the table.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Config { .. } => 2,
            Self::Database { .. } | Self::Source { .. } => 3,
            Self::Internal(_) => 4,
            _ => 1,
        }
    }

    /// Whether an attempt that ended with this error is worth repeating.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::File(e) => e.class,
            Self::Database { source: Some(e), .. } => database::class(e),
            Self::Database { source: None, .. }
            | Self::Usage { .. }
            | Self::Config { .. }
            | Self::NotFound { .. }
            | Self::AlreadyThere { .. } => ErrorClass::Permanent,
            Self::Source { .. } | Self::LostLease | Self::Stopped | Self::Internal(_) => {
                ErrorClass::Transient
            }
        }
    }

    /// Whether no connection to the database was to be had.
    #[must_use]
    pub fn is_no_connection(&self) -> bool {
        matches!(self, Self::Database { source: Some(sqlx::Error::PoolTimedOut), .. })
    }

    /// Whether a statement waited for a lock for as long as it may.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Database { source: Some(sqlx::Error::Database(e)), .. }
            if e.code().as_deref() == Some("55P03"))
    }

    /// The kind's name, as spans give it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "UsageError",
            Self::Config { .. } => "ConfigError",
            // The reference counts a duplicate key among the database's errors.
            Self::Database { .. } | Self::AlreadyThere { .. } => "DatabaseError",
            Self::Source { .. } => "SourceError",
            Self::NotFound { .. } => "DataNotFoundError",
            Self::File(_) => "DataError",
            Self::LostLease => "LostLease",
            Self::Stopped => "Stopped",
            Self::Internal(_) => "InternalError",
        }
    }

    /// The message with all its causes and what to do, for a task that failed with it.
    #[must_use]
    pub fn with_advice(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{}; {hint}", self.chain()),
            None => self.chain(),
        }
    }

    /// The message with all its causes, on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(e) = cause {
            let (part, next) = database::said(e);
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = next;
        }
        text
    }
}

impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        Self::during("database", e)
    }
}

/// Gives a database error the name of what barlift was doing.
pub trait During<T> {
    /// `during("reading the task")` turns `server closed` into `reading the task: server closed`.
    fn during(self, what: &str) -> Result<T>;
}

impl<T> During<T> for std::result::Result<T, sqlx::Error> {
    fn during(self, what: &str) -> Result<T> {
        self.map_err(|e| Error::during(what, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_error_names_its_place() {
        let e = FileError::permanent("A_1h.csv", 7, "no close");
        assert_eq!(e.to_string(), "A_1h.csv, line 7: no close");
    }

    #[test]
    fn a_lost_connection_is_worth_another_try() {
        assert_eq!(Error::from(sqlx::Error::PoolTimedOut).class(), ErrorClass::Transient);
        assert_eq!(Error::from(sqlx::Error::RowNotFound).class(), ErrorClass::Permanent);
    }

    #[test]
    fn exit_statuses_follow_the_contract() {
        assert_eq!(Error::usage("x", "y").exit_status(), 2);
        assert_eq!(Error::source("x", "y").exit_status(), 3);
        assert_eq!(Error::LostLease.exit_status(), 1);
        assert_eq!(Error::Internal("x".into()).exit_status(), 4);
    }
}
