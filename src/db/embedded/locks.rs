//! The lock files of an embedded server's folder.
//!
//! Invariant: the kernel releases a lock when the process that holds it ends; there is nothing to clean up.

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
pub(super) enum LockMode {
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

/// Waits for the lock, on a thread for blocking calls.
pub(super) async fn wait(path: PathBuf, mode: LockMode) -> Result<Lock> {
    tokio::task::spawn_blocking(move || wait_blocking(&path, mode))
        .await
        .map_err(|e| Error::Internal(e.to_string()))?
}

fn wait_blocking(path: &Path, mode: LockMode) -> Result<Lock> {
    let argument = match mode {
        LockMode::Shared => FlockArg::LockShared,
        LockMode::Exclusive => FlockArg::LockExclusive,
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

/// The exclusive lock; none if any process holds a lock.
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
