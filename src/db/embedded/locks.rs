//! The two locks of an embedded server's folder, and the keeper's.
//!
//! Invariant: a lock ends with the process that holds it; there is nothing to clean up.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{Error, Result};

/// A lock that is held until it is dropped.
pub(super) type Lock = Flock<File>;

/// The lock files of one folder.
pub(super) struct LockFiles {
    /// Held while the server is started or stopped.
    pub(super) start: PathBuf,
    /// Held, shared, by every user of the server.
    pub(super) users: PathBuf,
    /// Held by the keeper.
    pub(super) keeper: PathBuf,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Shared,
    Exclusive,
}

pub(super) fn in_directory(directory: &Path) -> LockFiles {
    LockFiles {
        start: directory.join("start.lock"),
        users: directory.join("users.lock"),
        keeper: directory.join("keeper.lock"),
    }
}

/// Waits for the lock, on a thread where that harms nobody.
pub(super) async fn wait(path: PathBuf, kind: Kind) -> Result<Lock> {
    tokio::task::spawn_blocking(move || wait_blocking(&path, kind))
        .await
        .map_err(|e| Error::Internal(e.to_string()))?
}

pub(super) fn wait_blocking(path: &Path, kind: Kind) -> Result<Lock> {
    let argument = match kind {
        Kind::Shared => FlockArg::LockShared,
        Kind::Exclusive => FlockArg::LockExclusive,
    };
    let mut file = open(path)?;
    loop {
        match Flock::lock(file, argument) {
            Ok(lock) => return Ok(lock),
            Err((returned, Errno::EINTR)) => file = returned,
            Err((_, e)) => return Err(super::unusable(path, &e)),
        }
    }
}

/// The exclusive lock, if nobody holds any.
pub(super) fn try_exclusive(path: &Path) -> Result<Option<Lock>> {
    match Flock::lock(open(path)?, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, e)) => Err(super::unusable(path, &e)),
    }
}

fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| super::unusable(path, &e))
}
