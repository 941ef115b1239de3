//! What can go wrong, whether another attempt may help, and the exit status.
//!
//! Invariant: an [`Error`]'s text says what is wrong and where; its [`hint`](Error::hint) says what to do. No text
//! contains a password: callers remove it from URLs first. Only `cli` prints errors.

mod class;
mod database;
mod file;

pub use class::ErrorClass;
pub(crate) use database::{NO_MORE_CLIENTS, POOL_IS_SMALL};
pub use file::FileError;

/// Every error of the library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A flag, an argument or a combination of them is wrong.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The configuration cannot be read, or a setting is unknown or out of range.
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
    /// The bars that were asked for do not exist.
    #[error("{message}")]
    NotFound {
        /// What does not exist.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A bar that was to be saved already exists.
    #[error("{message}")]
    AlreadyThere {
        /// Which bar.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A file cannot be read as bars, or a policy refuses it.
    #[error("{0}")]
    File(#[from] FileError),
    /// Another worker has claimed the task since, or it was cancelled; the fence refused a write of this attempt.
    #[error("the task was taken over by another worker or cancelled; nothing more was written")]
    LostLease,
    /// The worker was asked to stop; the task returns to the queue.
    #[error("stopped before the file's end; the task was handed back")]
    Stopped,
    /// Others are at work on the series of the file; the task returns to the queue.
    #[error("{0}")]
    Busy(String),
    /// A bug of barlift, or an operating system that refuses something elementary.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A usage error with a hint.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// A configuration error with a hint.
    pub fn config(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Config { message: message.into(), hint: Some(hint.into()) }
    }

    /// A source error with a hint.
    pub fn source(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Source { message: message.into(), hint: Some(hint.into()) }
    }

    /// A database error that barlift itself found.
    pub fn database(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Database { message: message.into(), hint: Some(hint.into()), source: None }
    }

    /// A database error that occurred while barlift was doing `what`.
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

    /// Whether no connection to the database was available in time.
    #[must_use]
    pub fn is_no_connection(&self) -> bool {
        matches!(self, Self::Database { source: Some(sqlx::Error::PoolTimedOut), .. })
    }

    /// Whether a statement reached the lock timeout.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Database { source: Some(sqlx::Error::Database(e)), .. }
            if e.code().as_deref() == Some("55P03"))
    }

    /// The `error.type` of spans.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "UsageError",
            Self::Config { .. } => "ConfigError",
            // A duplicate key is a database error, as docs/reference.md ("Errors") asks.
            Self::Database { .. } | Self::AlreadyThere { .. } => "DatabaseError",
            Self::Source { .. } => "SourceError",
            Self::NotFound { .. } => "DataNotFoundError",
            Self::File(_) => "DataError",
            Self::LostLease => "LostLease",
            Self::Stopped => "Stopped",
            Self::Busy(_) => "Busy",
            Self::Internal(_) => "InternalError",
        }
    }

    /// The message with all its causes and the hint.
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
            let (part, next) = database::cause(e);
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

/// Adds to a database error what barlift was doing.
pub trait During<T> {
    /// `during("reading the task")` turns `server closed` into `reading the task: server closed`.
    ///
    /// # Errors
    /// The same error, with its message.
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
