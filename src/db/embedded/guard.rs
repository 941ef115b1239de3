//! Starts the server again if it dies while somebody uses it.
//!
//! Invariant: it acts only while its process holds the shared lock of a user, so it never wakes a server that the
//! last user has just stopped, nor one that was stopped by hand.

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio_util::task::AbortOnDropHandle;

use super::owner::Owner;
use super::server::{SOCKET, Server};
use super::{STOPPED, locks};
use crate::error::Result;

/// Between looks.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after the server until dropped.
pub(super) fn watch(directory: PathBuf, socket: PathBuf) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            match UnixStream::connect(socket.join(SOCKET)).await {
                Ok(_) => continue,
                // There, and too busy to answer.
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

/// Whether it had to be started.
async fn revive(directory: &std::path::Path, socket: &std::path::Path) -> Result<bool> {
    let owner = Owner::of_this_process()?;
    let _starting = locks::wait(locks::in_directory(directory).start, locks::Kind::Exclusive).await?;
    if directory.join(STOPPED).exists() {
        return Ok(false);
    }
    let server = Server::new(directory, socket, &owner);
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
