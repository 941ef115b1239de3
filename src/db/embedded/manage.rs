//! Stopping the private server by hand, and removing it with all its data.
//!
//! Invariant: only files that barlift has made are removed, and none while a process uses the server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::locks::{self, Lock, LockFiles, LockMode};
use super::owner::Owner;
use super::server::{self, ServerProcess};
use super::{STOPPED, unusable};
use crate::error::{Error, Result};

/// All files in the folder of a private server; the lock files last, so that no process starts a server in between.
const CONTENT: [&str; 9] =
    ["data", "run", "stub", "postgresql", "pg_ctl.log", STOPPED, "users.lock", "keeper.lock", "start.lock"];

/// How often and how long to wait for the lock that the keeper may hold for a moment.
const TRIES: u32 = 20;
const WAIT: Duration = Duration::from_millis(50);

/// The folder of a private server that has been created, whether it runs or not.
#[derive(Debug)]
pub(crate) struct PrivateServer {
    directory: PathBuf,
}

impl PrivateServer {
    /// The server in `directory` (by default in the user's data folder), if there is one.
    pub(crate) fn find(directory: Option<&Path>) -> Result<Option<Self>> {
        let directory = super::directory(directory)?;
        if !directory.join("data").join("PG_VERSION").exists() {
            return Ok(None);
        }
        let directory = directory.canonicalize().map_err(|e| unusable(&directory, &e))?;
        Ok(Some(Self { directory }))
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The size of all its files in bytes.
    pub(crate) fn size(&self) -> u64 {
        let files = walkdir::WalkDir::new(&self.directory).into_iter().flatten();
        files.filter_map(|f| f.metadata().ok()).filter(fs::Metadata::is_file).map(|m| m.len()).sum()
    }

    /// Stops it; false if it does not run. With `force` also while it is in use; then it stays stopped until a new command
    /// starts it.
    pub(crate) async fn stop(&self, force: bool) -> Result<bool> {
        let files = locks::in_directory(&self.directory);
        let _starting = locks::wait(files.start.clone(), LockMode::Exclusive).await?;
        let alone = alone(&files).await?;
        if alone.is_none() && !force {
            return Err(self.in_use("barlift db stop --force stops it under them"));
        }
        self.stop_server(alone.is_none()).await
    }

    /// Removes it with all its data. Other files in its folder stay; true if there were none, so that the folder is gone.
    pub(crate) async fn remove(self) -> Result<bool> {
        let files = locks::in_directory(&self.directory);
        let _starting = locks::wait(files.start.clone(), LockMode::Exclusive).await?;
        let Some(_alone) = alone(&files).await? else {
            return Err(self.in_use("then run barlift db remove again"));
        };
        self.stop_server(false).await?;
        let socket = server::socket_directory(&self.directory, &Owner::of_this_process()?)?;
        let unfinished = server::unfinished(&self.directory);
        let content = CONTENT.map(|name| self.directory.join(name));
        for path in [socket].into_iter().chain(unfinished).chain(content) {
            remove_path(&path).map_err(|e| {
                Error::database(
                    format!("cannot remove {}: {e}", path.display()),
                    "remove it by hand, as the user it belongs to",
                )
            })?;
        }
        Ok(fs::remove_dir(&self.directory).is_ok())
    }

    /// The caller holds `start.lock`.
    async fn stop_server(&self, in_use: bool) -> Result<bool> {
        let owner = Owner::of_this_process()?;
        let socket = server::socket_directory(&self.directory, &owner)?;
        let server = ServerProcess::new(&self.directory, &socket, &owner);
        if !server.is_running().await? {
            return Ok(false);
        }
        if in_use {
            // Otherwise the guards of the processes that use it would start it again at once.
            let path = self.directory.join(STOPPED);
            fs::write(&path, "").map_err(|e| unusable(&path, &e))?;
        }
        server.stop().await?;
        Ok(true)
    }

    fn in_use(&self, more: &str) -> Error {
        Error::usage(
            format!("the private server in {} is in use by other barlift commands", self.directory.display()),
            format!("end them (workers: Ctrl-C or SIGTERM); {more}"),
        )
    }
}

/// The exclusive lock on `users.lock`; none if a process uses the server.
async fn alone(files: &LockFiles) -> Result<Option<Lock>> {
    for _ in 0..TRIES {
        if let Some(lock) = locks::try_exclusive(&files.users)? {
            return Ok(Some(lock));
        }
        tokio::time::sleep(WAIT).await;
    }
    Ok(None)
}

fn remove_path(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
