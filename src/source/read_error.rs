//! Errors of reading, as those of a file: which of them another attempt may get over.

use std::io;

use super::text::{Damaged, TooLong};
use crate::error::FileError;

/// The error of a failed read: permanent if the file is gone or forbidden, otherwise transient.
pub(crate) fn io_error(path: &str, e: &io::Error) -> FileError {
    match e.kind() {
        io::ErrorKind::NotFound => {
            FileError::permanent(path, None, "the file is gone: it was there when it was listed")
        }
        io::ErrorKind::PermissionDenied => FileError::permanent(
            path,
            None,
            "permission denied: let the user that runs the worker read the file",
        ),
        io::ErrorKind::IsADirectory => FileError::permanent(path, None, "is a directory"),
        io::ErrorKind::Unsupported => FileError::permanent(path, None, e.to_string()),
        _ if e.get_ref().is_some_and(|cause| cause.is::<Damaged>() || cause.is::<TooLong>()) => {
            FileError::permanent(path, None, e.to_string())
        }
        _ => FileError::transient(path, format!("reading failed: {e}")),
    }
}

pub(super) fn store_error(path: &str, e: &object_store::Error) -> FileError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(e);
    while let Some(c) = cause {
        if let Some(io) = c.downcast_ref::<io::Error>() {
            return io_error(path, io);
        }
        cause = c.source();
    }
    match e {
        object_store::Error::NotFound { .. } => {
            FileError::permanent(path, None, "the file is gone: it was there when it was listed")
        }
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            let reason = format!("the bucket refuses to give it ({e}): give the worker its credentials");
            FileError::permanent(path, None, reason)
        }
        _ => FileError::transient(path, format!("reading failed: {e}")),
    }
}
