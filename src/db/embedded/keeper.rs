//! The keeper: a small process that stops the server when its last user is gone.
//!
//! A user can end in any way, SIGKILL included, and then cannot stop anything itself. The keeper waits
//! for the exclusive lock on `users.lock`, which comes when nobody holds a shared one any more.
//! Invariant: at most one keeper a folder; it stops the server only under `start.lock`, and lets go of
//! its own lock before that one, so whoever starts a server next also starts a keeper.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::locks::{self, Kind};
use super::owner::Owner;
use super::server::{self, Server};
use crate::error::Result;

/// Whether this program is barlift, whatever its file is called, and so can run as a keeper.
static IS_BARLIFT: AtomicBool = AtomicBool::new(false);

/// To be called by a program that runs [`keep`] when [`directory`] says so.
pub fn this_program_can_keep() {
    IS_BARLIFT.store(true, Ordering::Relaxed);
}

/// The first argument of a keeper process.
const ARGUMENT: &str = "embedded-keeper";

/// The folder to keep, if these are a keeper's arguments.
#[must_use]
pub fn directory(arguments: &[OsString]) -> Option<&Path> {
    match arguments {
        [_, first, directory] if first == ARGUMENT => Some(Path::new(directory)),
        _ => None,
    }
}

/// Starts a keeper unless there is one.
pub(super) fn ensure(directory: &Path) {
    match locks::try_exclusive(&locks::in_directory(directory).keeper) {
        // The new keeper takes the lock that is let go of here.
        Ok(Some(lock)) => drop(lock),
        _ => return,
    }
    let Some(program) = executable() else {
        tracing::warn!("no barlift executable found: the embedded PostgreSQL will stay running");
        return;
    };
    use std::os::unix::process::CommandExt as _;
    let started = Command::new(&program)
        .arg(ARGUMENT)
        .arg(directory)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(e) = started {
        tracing::warn!(error = %e, "the embedded PostgreSQL will stay running");
    }
}

/// This program if it is barlift, else the `barlift` beside a program that uses the library.
fn executable() -> Option<PathBuf> {
    let me = std::env::current_exe().ok()?;
    if IS_BARLIFT.load(Ordering::Relaxed) {
        return Some(running(me));
    }
    me.ancestors().skip(1).take(2).map(|d| d.join("barlift")).find(|p| p.is_file())
}

/// The program that runs: at its path, or through the kernel if another file, or none, is there by now (an upgrade).
fn running(path: PathBuf) -> PathBuf {
    use std::os::unix::fs::MetadataExt as _;
    let kernel = Path::new("/proc/self/exe");
    let file = |p: &Path| std::fs::metadata(p).map(|m| (m.dev(), m.ino())).ok();
    match file(kernel) {
        Some(mine) if file(&path) != Some(mine) => kernel.to_path_buf(),
        _ => path,
    }
}

/// Waits until the server in `directory` has no user, and stops it.
///
/// # Errors
/// When a lock file cannot be used, or the server does not stop.
pub async fn keep(directory: &Path) -> Result<()> {
    let files = locks::in_directory(directory);
    let Some(keeper) = locks::try_exclusive(&files.keeper)? else { return Ok(()) };
    loop {
        drop(locks::wait(files.users.clone(), Kind::Exclusive).await?);
        let starting = locks::wait(files.start.clone(), Kind::Exclusive).await?;
        // Somebody may have come in between.
        if let Some(alone) = locks::try_exclusive(&files.users)? {
            let stopped = stop(directory).await;
            drop(alone);
            drop(keeper);
            drop(starting);
            return stopped;
        }
    }
}

/// A user that was killed while it started the server may have left one that is only coming up.
async fn stop(directory: &Path) -> Result<()> {
    // Nothing is made anew where the server was removed.
    if !directory.join("data").join("PG_VERSION").exists() {
        return Ok(());
    }
    let owner = Owner::of_this_process()?;
    let socket = server::socket_directory(directory, &owner)?;
    let server = Server::new(directory, &socket, &owner);
    if !server.is_running().await? {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if !server.is_running().await? {
            return Ok(());
        }
    }
    server.stop().await
}
