//! Lists the files under a root, by their names alone.
//!
//! Invariant: what cannot be read is named with its reason, and hides nothing else. Links are followed only inside the root.

use futures::TryStreamExt;
use object_store::ObjectMeta;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::root::Root;
use crate::error::{Error, Result};

/// A file or folder that was found but cannot be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrecognised {
    /// The path relative to the root.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What lies under a root.
#[derive(Default)]
pub(super) struct Listing {
    /// Path and size of each file that may be a source.
    pub(super) files: Vec<(String, u64)>,
    /// Directories below the root that have a settings file of their own.
    apart: Vec<String>,
    /// What cannot be read, or must not be.
    pub(super) unreadable: Vec<Unrecognised>,
}

/// Lists the files whose names are looked at.
///
/// # Errors
/// [`Error::Source`] if the root itself cannot be listed.
pub(super) async fn list(root: &Root, lists: impl Fn(&str) -> bool + Send + 'static) -> Result<Listing> {
    match root.directory() {
        Some(directory) => {
            let directory = directory.to_path_buf();
            tokio::task::spawn_blocking(move || walk(&directory, &lists))
                .await
                .map_err(|e| Error::Internal(e.to_string()))?
        }
        None => objects(root, &lists).await,
    }
}

const LEADS_OUT: &str = "is a link that leads out of the source directory; not followed";

/// Lists a directory. Not by `object_store`, which stops at the first entry that it cannot read.
fn walk(directory: &std::path::Path, lists: &impl Fn(&str) -> bool) -> Result<Listing> {
    std::fs::read_dir(directory).map_err(|e| {
        Error::source(
            format!("cannot list the directory {}: {e}", directory.display()),
            "check its permissions",
        )
    })?;
    let mut listing = Listing::default();
    let shown = |p: &std::path::Path| {
        let relative = p.strip_prefix(directory).unwrap_or(p);
        relative.to_string_lossy().into_owned()
    };
    let outside = |e: &walkdir::DirEntry| {
        e.path_is_symlink()
            && e.file_type().is_dir()
            && e.path().canonicalize().is_ok_and(|real| !real.starts_with(directory))
    };
    let mut entries = WalkDir::new(directory).follow_links(true).min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        if let Some(link) = entry.as_ref().ok().filter(|e| outside(e)) {
            let path = shown(link.path());
            listing.unreadable.push(Unrecognised { path, reason: LEADS_OUT.into() });
            entries.skip_current_dir();
            continue;
        }
        match entry {
            Err(e) => {
                let path = e.path().map(shown).unwrap_or_default();
                let reason = walk_reason(&e);
                listing.unreadable.push(Unrecognised { path, reason });
            }
            Ok(entry) if entry.depth() > 1 && entry.file_name() == crate::config::DIRECTORY_FILE => {
                let path = shown(entry.path().parent().unwrap_or(directory));
                listing.apart.push(path);
            }
            Ok(entry) => match source_file(directory, &entry, lists) {
                None => {}
                Some(Ok(file)) => listing.files.push(file),
                Some(Err(reason)) => {
                    let path = shown(entry.path());
                    listing.unreadable.push(Unrecognised { path, reason });
                }
            },
        }
    }
    listing.keep_apart();
    Ok(listing)
}

impl Listing {
    /// Files below a directory with settings of its own are not read without them.
    fn keep_apart(&mut self) {
        for apart in &self.apart {
            let inside = format!("{apart}/");
            let (below, others) = self.files.drain(..).partition(|(path, _)| path.starts_with(&inside));
            self.files = others;
            let below: Vec<(String, u64)> = below;
            self.unreadable.extend(below.into_iter().map(|(path, _)| Unrecognised {
                path,
                reason: format!(
                    "lies in {apart}/, which has settings of its own ({}): give that directory by itself",
                    crate::config::DIRECTORY_FILE
                ),
            }));
        }
    }
}

/// Path and size of a source, or the reason why it cannot be read; none for other entries.
fn source_file(
    directory: &std::path::Path,
    entry: &walkdir::DirEntry,
    lists: &impl Fn(&str) -> bool,
) -> Option<Result<(String, u64), String>> {
    if entry.file_type().is_dir() || !lists(&entry.file_name().to_string_lossy()) {
        return None;
    }
    if !entry.file_type().is_file() {
        return Some(Err("is not a regular file".into()));
    }
    let relative = entry.path().strip_prefix(directory).ok()?;
    let Some(path) = relative.to_str() else {
        return Some(Err("has a name that is not valid UTF-8".into()));
    };
    if path.chars().any(char::is_control) || object_store::path::Path::parse(path).is_err() {
        return Some(Err("has a name with a control character or another that cannot be read".into()));
    }
    match (entry.path().canonicalize(), entry.metadata()) {
        (Ok(real), _) if !real.starts_with(directory) => Some(Err(LEADS_OUT.into())),
        (Ok(_), Ok(meta)) => {
            Some(Ok((path.replace('\\', if cfg!(windows) { "/" } else { "\\" }), meta.len())))
        }
        (Err(e), _) => Some(Err(e.to_string())),
        (_, Err(e)) => Some(Err(e.to_string())),
    }
}

fn walk_reason(e: &walkdir::Error) -> String {
    if e.loop_ancestor().is_some() {
        return "is a link to one of its own folders; not followed".into();
    }
    match e.io_error() {
        Some(io) if io.kind() == std::io::ErrorKind::NotFound => "is a link to nothing".into(),
        Some(io) => format!("cannot be read: {io}"),
        None => "cannot be read".into(),
    }
}

async fn objects(root: &Root, lists: &impl Fn(&str) -> bool) -> Result<Listing> {
    let (store, prefix) = root.store();
    let objects: Vec<ObjectMeta> = store.list(Some(prefix)).try_collect().await.map_err(|e| {
        Error::source(format!("cannot list {}: {e}", root.url()), "check the URL and the credentials")
    })?;
    let depth = prefix.parts().count();
    let mut listing = Listing::default();
    for object in objects {
        let relative: object_store::path::Path = object.location.parts().skip(depth).collect();
        if lists(relative.as_ref()) {
            listing.files.push((relative.to_string(), object.size));
        }
    }
    Ok(listing)
}
