//! Finds the sources under a root.
//!
//! Invariant: every file that has a source's name (`encoding`) is either a source or named among the
//! [`unrecognised`](Discovery::unrecognised); nothing is passed over silently. One unreadable entry
//! does not hide the others. Only names and sizes are read, no contents.

use futures::TryStreamExt;
use object_store::ObjectMeta;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::encoding;
use super::pattern::Pattern;
use super::root::Root;
use crate::bar::SeriesName;
use crate::error::{Error, Result};

/// A file with bars of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The series, from the file's name.
    pub series: SeriesName,
    /// The path relative to the root, with `/` between folders.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// A file or folder that was found but cannot be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrecognised {
    /// The path relative to the root.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What was found under a root.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The sources, ordered by symbol, timeframe and path.
    pub sources: Vec<Source>,
    /// The other files that have a source's name, and what could not be looked into.
    pub unrecognised: Vec<Unrecognised>,
    /// How many sources the filter left out.
    pub filtered: usize,
}

/// Which series to take; an empty list takes all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Symbols, exactly as the files spell them.
    pub symbols: Vec<String>,
    /// Timeframes, exactly as the files spell them.
    pub timeframes: Vec<String>,
}

impl Filter {
    fn takes(&self, name: &SeriesName) -> bool {
        let among = |list: &[String], item: &String| list.is_empty() || list.contains(item);
        among(&self.symbols, &name.symbol) && among(&self.timeframes, &name.timeframe)
    }
}

/// Lists the sources under `root`.
///
/// # Errors
/// [`Error::Source`] if the root itself cannot be listed.
pub async fn discover(root: &Root, pattern: &Pattern, filter: &Filter) -> Result<Discovery> {
    let listing = match root.directory() {
        Some(directory) => {
            let directory = directory.to_path_buf();
            tokio::task::spawn_blocking(move || walk(&directory))
                .await
                .map_err(|e| Error::Internal(e.to_string()))??
        }
        None => list(root).await?,
    };
    let mut discovery = Discovery { unrecognised: listing.unreadable, ..Discovery::default() };
    for (path, size) in listing.files {
        match pattern.name(encoding::plain_path(&path)) {
            Ok(series) if filter.takes(&series) => {
                discovery.sources.push(Source { series, path, size });
            }
            Ok(_) => discovery.filtered += 1,
            Err(reason) => discovery.unrecognised.push(Unrecognised { path, reason }),
        }
    }
    discovery.sources.sort_by(|a, b| (&a.series, &a.path).cmp(&(&b.series, &b.path)));
    discovery.unrecognised.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(discovery)
}

#[derive(Default)]
struct Listing {
    files: Vec<(String, u64)>,
    unreadable: Vec<Unrecognised>,
}

const LEADS_OUT: &str = "is a link that leads out of the source directory; not followed";

/// Lists a directory. Not by `object_store`, which stops at the first entry that it cannot read.
fn walk(directory: &std::path::Path) -> Result<Listing> {
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
            Ok(entry) => match source_file(directory, &entry) {
                None => {}
                Some(Ok(file)) => listing.files.push(file),
                Some(Err(reason)) => {
                    let path = shown(entry.path());
                    listing.unreadable.push(Unrecognised { path, reason });
                }
            },
        }
    }
    Ok(listing)
}

/// Path and size of a source, or the reason why it cannot be read; none for other entries.
fn source_file(
    directory: &std::path::Path,
    entry: &walkdir::DirEntry,
) -> Option<Result<(String, u64), String>> {
    if entry.file_type().is_dir() || !encoding::is_source(&entry.file_name().to_string_lossy()) {
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

async fn list(root: &Root) -> Result<Listing> {
    let (store, prefix) = root.store();
    let objects: Vec<ObjectMeta> = store.list(Some(prefix)).try_collect().await.map_err(|e| {
        Error::source(format!("cannot list {}: {e}", root.url()), "check the URL and the credentials")
    })?;
    let depth = prefix.parts().count();
    let mut listing = Listing::default();
    for object in objects {
        let relative: object_store::path::Path = object.location.parts().skip(depth).collect();
        if encoding::is_source(relative.as_ref()) {
            listing.files.push((relative.to_string(), object.size));
        }
    }
    Ok(listing)
}
