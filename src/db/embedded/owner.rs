//! The user that runs the server: this user or, for root, which PostgreSQL refuses, `postgres` or `nobody`.
//!
//! Invariant: the data and the socket belong to that user, and no other user may enter their folders.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::{Gid, Uid, User, chown, getegid, geteuid};
use tokio::process::Command;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    uid: Uid,
    gid: Gid,
    /// Whether it is another user than that of this process.
    switch: bool,
}

impl Owner {
    pub(super) fn of_this_process() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { uid: geteuid(), gid: getegid(), switch: false });
        }
        for name in ["postgres", "nobody"] {
            if let Ok(Some(user)) = User::from_name(name) {
                return Ok(Self { uid: user.uid, gid: user.gid, switch: true });
            }
        }
        Err(Error::database(
            "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it",
            "run barlift as an ordinary user, or set DATABASE_URL",
        ))
    }

    /// A command that runs as this user, in a group of its own so that Ctrl-C does not reach it.
    pub(super) fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).process_group(0).stdin(std::process::Stdio::null());
        // The caller's PG* variables are meant for other servers.
        for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        if self.switch {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Makes a folder that only this user may enter, or checks that it is one.
    pub(super) fn private_folder(&self, path: &Path) -> Result<()> {
        match std::fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => {
                if self.switch {
                    chown(path, Some(self.uid), Some(self.gid)).map_err(|e| super::unusable(path, &e))?;
                }
                Ok(())
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => self.check_private(path),
            Err(e) => Err(super::unusable(path, &e)),
        }
    }

    fn check_private(&self, path: &Path) -> Result<()> {
        let found = std::fs::symlink_metadata(path).map_err(|e| super::unusable(path, &e))?;
        if !found.is_dir() || found.uid() != self.uid.as_raw() {
            return Err(super::unusable(path, &"it is not a folder of the user that runs the server"));
        }
        if found.permissions().mode() & 0o077 != 0 {
            return Err(super::unusable(path, &"others may enter it; chmod it to 0700"));
        }
        Ok(())
    }
}

/// Makes the folder that contains everything. This process writes the locks there, and the owner must be able to enter it.
pub(super) fn prepare(directory: &Path, owner: &Owner) -> Result<()> {
    let mode = if owner.switch { 0o711 } else { 0o700 };
    std::fs::DirBuilder::new().recursive(true).mode(mode).create(directory).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            super::unusable(directory, &"it is no folder, or a link to one that is not there")
        }
        _ => super::unusable(directory, &e),
    })
}
