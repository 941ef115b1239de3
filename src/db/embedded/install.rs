//! Finding a PostgreSQL installation, or downloading one.
//!
//! The order of the search: `pg_config` on the PATH, `postgres` on the PATH, the folders of Debian, Red Hat and Homebrew
//! (the newest version first), an installation that was downloaded before.
//!
//! Invariant: a server only opens data of its own major version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};

/// A PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    /// The folder of `postgres`, `initdb` and `pg_ctl`.
    pub(super) bin: PathBuf,
    pub(super) major: String,
}

/// The folder of downloaded installations, beside the data.
const DOWNLOADED: &str = "postgresql";

const HOMES: [&str; 5] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
];

/// An installation with the major version of the data in `data`; any, if there is no data yet.
pub(super) fn find(data: &Path) -> Result<Installation> {
    let wanted = std::fs::read_to_string(data.join("PG_VERSION")).ok().map(|v| v.trim().to_owned());
    let mut found = Vec::new();
    for bin in candidates(data) {
        if let Some(installation) = examine(&bin) {
            if wanted.as_ref().is_none_or(|w| *w == installation.major) {
                return Ok(installation);
            }
            found.push(installation.major);
        }
    }
    match wanted {
        Some(wanted) if !found.is_empty() => Err(Error::database(
            format!(
                "the embedded database in {} needs PostgreSQL {wanted}; this machine has {}",
                data.display(),
                found.join(", ")
            ),
            format!("install PostgreSQL {wanted}, or set DATABASE_URL"),
        )),
        _ => Err(none_found("")),
    }
}

/// Downloads an installation into `directory`.
pub(super) async fn download(directory: &Path) -> Result<Installation> {
    let home = directory.join(DOWNLOADED);
    // This is only to install: with a data folder that looks initialised, the crate does nothing else.
    let stub = directory.join("stub");
    let written =
        std::fs::create_dir_all(&stub).and_then(|()| std::fs::write(stub.join("postgresql.conf"), ""));
    written.map_err(|e| super::unusable(&stub, &e))?;
    let settings = postgresql_embedded::SettingsBuilder::new()
        .installation_dir(&home)
        .data_dir(&stub)
        .temporary(false)
        .build();
    let mut postgresql = postgresql_embedded::PostgreSQL::new(settings);
    tracing::warn!("no PostgreSQL on this machine; downloading one");
    postgresql.setup().await.map_err(|e| none_found(&format!("; downloading one failed: {e}")))?;
    examine(&postgresql.settings().binary_dir())
        .ok_or_else(|| none_found("; the downloaded one does not run"))
}

fn none_found(more: &str) -> Error {
    Error::database(
        format!("no PostgreSQL was found on this machine{more}"),
        "install one (Debian: apt-get install postgresql), or set DATABASE_URL to a database of your own",
    )
}

fn candidates(data: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    if let Ok(answer) = Command::new("pg_config").arg("--bindir").output() {
        out.push(PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    out.extend(std::env::split_paths(&path).filter(|d| d.join("initdb").exists()));
    for home in HOMES {
        out.extend(expand(home));
    }
    // Downloaded earlier: postgresql/18.1.0/bin beside the data.
    let downloaded = data.parent().map(|d| d.join(DOWNLOADED)).and_then(|d| std::fs::read_dir(d).ok());
    out.extend(downloaded.into_iter().flatten().flatten().map(|e| e.path().join("bin")));
    out
}

/// The folders that match `prefix*suffix`, the highest version first.
fn expand(home: &str) -> Vec<PathBuf> {
    let Some((before, after)) = home.split_once('*') else { return vec![home.into()] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|e| {
            let name = e.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.parse().ok()?;
            Some((version, PathBuf::from(format!("{parent}/{name}{after}"))))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, path)| path).collect()
}

fn examine(bin: &Path) -> Option<Installation> {
    if !["postgres", "initdb", "pg_ctl"].iter().all(|tool| bin.join(tool).is_file()) {
        return None;
    }
    let answer = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let version = text.split_whitespace().nth(2)?;
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    (!major.is_empty()).then(|| Installation { bin: bin.to_path_buf(), major })
}
