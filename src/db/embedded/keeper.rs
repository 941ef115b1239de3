//! The keeper: a small process that stops the server when no process uses it any more.
//!
//! A process that uses the server may be killed, and then cannot stop it. The keeper waits for the exclusive lock on
//! `users.lock`, which it gets when no process holds a shared one.
//!
//! Invariant: a folder has at most one keeper. It stops the server only under `start.lock`, and releases its own lock
//! before that one, so the next process that starts the server also starts a keeper.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::locks::{self, LockMode};
use super::owner::Owner;
use super::server::{self, ServerProcess};
use crate::error::Result;

/// Whether this program is barlift, whatever its file is called, and so can run [`keep`].
static IS_BARLIFT: AtomicBool = AtomicBool::new(false);

/// The program says that it runs [`keep`] for the arguments that [`directory`] recognises.
pub(crate) fn this_program_can_keep() {
    IS_BARLIFT.store(true, Ordering::Relaxed);
}

/// The first argument of a keeper process.
const ARGUMENT: &str = "embedded-keeper";

/// The server's folder, if these are a keeper's arguments.
pub(crate) fn directory(arguments: &[OsString]) -> Option<&Path> {
    match arguments {
        [_, first, directory] if first == ARGUMENT => Some(Path::new(directory)),
        _ => None,
    }
}

/// Starts a keeper unless there is one.
pub(super) fn ensure(directory: &Path) {
    match locks::try_exclusive(&locks::in_directory(directory).keeper) {
        // The new keeper takes the lock that is released here.
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

/// The running program: at its path, or through the kernel if an upgrade has replaced or removed that file.
fn running(path: PathBuf) -> PathBuf {
    use std::os::unix::fs::MetadataExt as _;
    let kernel = Path::new("/proc/self/exe");
    let file = |p: &Path| std::fs::metadata(p).map(|m| (m.dev(), m.ino())).ok();
    match file(kernel) {
        Some(mine) if file(&path) != Some(mine) => kernel.to_path_buf(),
        _ => path,
    }
}

/// Waits until no process uses the server in `directory`, and stops it.
pub(crate) async fn keep(directory: &Path) -> Result<()> {
    let files = locks::in_directory(directory);
    let Some(keeper) = locks::try_exclusive(&files.keeper)? else { return Ok(()) };
    loop {
        drop(locks::wait(files.users.clone(), LockMode::Exclusive).await?);
        let starting = locks::wait(files.start.clone(), LockMode::Exclusive).await?;
        // Another process may have begun to use it in between.
        if let Some(alone) = locks::try_exclusive(&files.users)? {
            let stopped = stop(directory).await;
            drop(alone);
            drop(keeper);
            drop(starting);
            return stopped;
        }
    }
}

/// Stops the server, also one that is still starting because the process that started it was killed.
async fn stop(directory: &Path) -> Result<()> {
    // Where the server was removed, no files are made.
    if !directory.join("data").join("PG_VERSION").exists() {
        return Ok(());
    }
    let owner = Owner::of_this_process()?;
    let socket = server::socket_directory(directory, &owner)?;
    let server = ServerProcess::new(directory, &socket, &owner);
    if !server.is_running().await? {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if !server.is_running().await? {
            return Ok(());
        }
    }
    server.stop().await
}
