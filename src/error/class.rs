//! Whether a failed attempt is worth repeating.

use super::{Error, database};
use crate::model::stored;

stored! {
    /// Whether a failed attempt is worth repeating (`tasks.error_class`).
    ErrorClass {
        /// Connection, serialization, timeout, full disk, I/O: retried with backoff.
        Transient = "transient",
        /// An unreadable file, a wrong option, a `fail` policy: not retried.
        Permanent = "permanent",
        /// The task's workers died too often: not retried.
        Poisoned = "poisoned",
    }
}

impl ErrorClass {
    /// The class with this stored name.
    #[must_use]
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "transient" => Self::Transient,
            "poisoned" => Self::Poisoned,
            _ => Self::Permanent,
        }
    }
}

impl From<String> for ErrorClass {
    fn from(name: String) -> Self {
        Self::named(&name)
    }
}

impl Error {
    /// Whether an attempt that ended with this error is worth repeating.
    #[must_use]
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::File(e) => e.class,
            Self::Database { source: Some(e), .. } => database::class(e),
            Self::Database { source: None, .. }
            | Self::Usage { .. }
            | Self::Config { .. }
            | Self::NotFound { .. }
            | Self::AlreadyThere { .. } => ErrorClass::Permanent,
            Self::Source { .. } | Self::LostLease | Self::Stopped | Self::Busy(_) | Self::Internal(_) => {
                ErrorClass::Transient
            }
        }
    }
}
