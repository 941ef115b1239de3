//! Starts the server again if it dies while it is used.
//!
//! Invariant: it acts only while its process holds the shared lock on `users.lock`, so it never starts a server that was
//! stopped because nobody used it, nor one that was stopped by hand.

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio_util::task::AbortOnDropHandle;

use super::owner::Owner;
use super::server::{SOCKET, ServerProcess};
use super::{STOPPED, locks};
use crate::error::Result;

const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Checks the server until dropped.
pub(super) fn watch(directory: PathBuf, socket: PathBuf) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            tokio::time::sleep(CHECK_EVERY).await;
            match UnixStream::connect(socket.join(SOCKET)).await {
                Ok(_) => continue,
                // It runs and is too busy to accept.
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(_) => {}
            }
            match revive(&directory, &socket).await {
                Ok(true) => tracing::warn!("the embedded PostgreSQL was gone; it runs again"),
                Ok(false) => {}
                Err(e) => tracing::warn!(error = e.chain(), "the embedded PostgreSQL is gone; trying again"),
            }
        }
    }))
}

/// Starts the server if it does not run; returns whether it did.
async fn revive(directory: &std::path::Path, socket: &std::path::Path) -> Result<bool> {
    let owner = Owner::of_this_process()?;
    let _starting = locks::wait(locks::in_directory(directory).start, locks::LockMode::Exclusive).await?;
    if directory.join(STOPPED).exists() {
        return Ok(false);
    }
    let server = ServerProcess::new(directory, socket, &owner);
    if server.is_running().await? {
        return Ok(false);
    }
    server.start().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_stopped_by_hand_stays_down() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(STOPPED), "").expect("written");
        assert!(!revive(folder.path(), &folder.path().join("run")).await.expect("looked"));
        assert!(!folder.path().join("data").exists(), "it made a server");
    }
}
