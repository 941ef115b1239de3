//! Lists the files of places, by their names alone.
//!
//! Invariant: what cannot be read is named with its reason, and hides nothing else. A file of several places is listed
//! once. Links are followed only inside the folder that was named.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStoreExt as _};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::archive::INSIDE;
use super::bucket_place::BucketPart;
use super::places::{Part, Place, Places};
use super::reader::is_default;
use super::root::Root;
use crate::config::DIRECTORY_FILE;
use crate::error::{Error, Result};

/// A file or folder that was found but cannot be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrecognised {
    /// The path relative to the root.
    pub path: String,
    /// Why.
    pub reason: String,
    /// Whether it is an archive of which a part is lost, so that something is missing whatever else succeeds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_damaged: bool,
}

/// A file that may be a source.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) size: u64,
    /// The name of the folder that was given.
    pub(super) folder: String,
    /// The path below that folder.
    pub(super) inside: String,
    /// The absolute path, if only a part of the folder was given.
    pub(super) absolute: Option<String>,
    /// Whether it was named or fits a glob itself, so that it is a source or is told not to be.
    pub(super) is_asked_for: bool,
    /// What its path would be if it were called like the archive of which it is the only member.
    pub(super) archive_inside: Option<String>,
    /// The members that are meant, if it is an archive and not all are.
    pub(super) members: Option<BTreeSet<String>>,
}

/// What lies under a root.
#[derive(Default)]
pub(super) struct Listing {
    /// Each file that may be a source, by its path.
    pub(super) files: BTreeMap<String, Listed>,
    /// Files that were named themselves.
    pub(super) named: BTreeSet<String>,
    /// Directories below the given ones that have a settings file of their own.
    apart: Vec<String>,
    /// What cannot be read, or must not be, and why.
    pub(super) unreadable: BTreeMap<String, String>,
    /// Archives among those of which a part is lost.
    pub(super) damaged: BTreeSet<String>,
}

/// Lists the files that were named or whose names are looked at.
///
/// # Errors
/// [`Error::Source`] if a place itself cannot be listed, or a glob fits nothing.
pub(super) async fn list(
    root: &Root,
    places: &Places,
    lists: impl Fn(&str) -> bool + Send + 'static,
) -> Result<Listing> {
    let Some(directory) = root.directory() else { return objects(root, &lists).await };
    let (directory, places) = (directory.to_path_buf(), places.clone());
    let walk = move || {
        let mut listing = Listing::default();
        for place in places.all() {
            listing.add(&Lister { root: &directory, place, lists: &lists })?;
        }
        listing.keep_apart();
        Ok(listing)
    };
    tokio::task::spawn_blocking(walk).await.map_err(|e| Error::Internal(e.to_string()))?
}

const LEADS_OUT: &str = "is a link that leads out of the source directory; not followed";

impl Listing {
    fn add(&mut self, lister: &Lister<'_>) -> Result<()> {
        let folder = &lister.place.folder;
        match &lister.place.part {
            Part::File(name) => {
                let path = folder.join(name);
                self.named.insert(lister.shown(&path));
                self.file(lister, &path);
            }
            Part::Member(name, member) => {
                let path = folder.join(name);
                self.named.insert(format!("{}{INSIDE}{member}", lister.shown(&path)));
                self.file(lister, &path);
            }
            Part::All => _ = self.walk(lister)?,
            Part::Matching(glob) => {
                if self.walk(lister)? == 0 {
                    return Err(Error::source(
                        format!("nothing fits {}", folder.join(glob.text()).display()),
                        "check it: * and ? stand for anything but /, ** for any number of folders",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Lists a directory, and returns how many entries it found. Not by `object_store`, which stops at the first one that
    /// it cannot read.
    fn walk(&mut self, lister: &Lister<'_>) -> Result<usize> {
        let folder = lister.place.folder.as_path();
        std::fs::read_dir(folder).map_err(|e| {
            Error::source(
                format!("cannot list the directory {}: {e}", folder.display()),
                "check its permissions",
            )
        })?;
        let mut found = 0;
        let mut entries = WalkDir::new(folder).follow_links(true).min_depth(1).into_iter();
        while let Some(entry) = entries.next() {
            found += usize::from(match entry {
                Err(e) => {
                    let path = e.path().unwrap_or(folder);
                    lister.enters(path) && self.refuse(lister, path, walk_reason(&e))
                }
                Ok(entry) if entry.file_type().is_dir() => {
                    let is_meant = lister.enters(entry.path());
                    let leads_out = entry.path_is_symlink()
                        && entry.path().canonicalize().is_ok_and(|real| !real.starts_with(folder));
                    if !is_meant || leads_out {
                        entries.skip_current_dir();
                    }
                    is_meant && leads_out && self.refuse(lister, entry.path(), LEADS_OUT.into())
                }
                Ok(entry) if entry.file_name() == DIRECTORY_FILE => {
                    let directory = entry.path().parent().filter(|_| entry.depth() > 1);
                    self.apart.extend(directory.map(|directory| lister.shown(directory)));
                    false
                }
                Ok(entry) => self.file(lister, entry.path()),
            });
        }
        Ok(found)
    }

    /// Adds a file if it is looked at.
    fn file(&mut self, lister: &Lister<'_>, path: &Path) -> bool {
        let Some(is_asked_for) = lister.looks_at(path) else { return false };
        match lister.source_file(path) {
            Ok((relative, size)) => {
                let new = lister.listed(path, size);
                let (wanted, listed) = match self.files.entry(relative) {
                    Entry::Vacant(entry) => (new.members.clone(), entry.insert(new)),
                    Entry::Occupied(entry) => {
                        let listed = entry.into_mut();
                        (listed.members.take().zip(new.members).map(|(all, more)| &all | &more), listed)
                    }
                };
                listed.members = wanted;
                listed.is_asked_for |= is_asked_for;
                true
            }
            Err(reason) => self.refuse(lister, path, reason),
        }
    }

    fn refuse(&mut self, lister: &Lister<'_>, path: &Path, reason: String) -> bool {
        let path = lister.shown(path);
        // A link may lead out of one folder that was given, and not of another one.
        if !self.files.contains_key(&path) {
            self.unreadable.insert(path, reason);
        }
        true
    }

    /// Files below a directory with settings of its own are not read without them.
    fn keep_apart(&mut self) {
        for apart in &self.apart {
            let inside = format!("{apart}/");
            let below: Vec<String> = self
                .files
                .range(inside.clone()..)
                .map(|(path, _)| path.clone())
                .take_while(|path| path.starts_with(&inside))
                .collect();
            for path in below {
                self.files.remove(&path);
                self.unreadable.insert(path, format!(
                    "lies in {apart}/, which has settings of its own ({DIRECTORY_FILE}): give that directory by itself"
                ));
            }
        }
    }
}

/// How the files of a place are listed.
struct Lister<'a> {
    root: &'a Path,
    place: &'a Place,
    /// Whether to look at a file of this name, where a whole folder was given.
    lists: &'a dyn Fn(&str) -> bool,
}

impl Lister<'_> {
    /// The path below the folder that was given.
    fn inside<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.place.folder).unwrap_or(path)
    }

    /// The path below the root.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Whether to look into a folder.
    fn enters(&self, folder: &Path) -> bool {
        match &self.place.part {
            Part::Matching(glob) => glob.leads_into(self.inside(folder)),
            _ => true,
        }
    }

    /// Whether a file is looked at, and then, whether it is asked for itself.
    fn looks_at(&self, path: &Path) -> Option<bool> {
        let name = path.file_name().unwrap_or_default();
        let is_listed = || (self.lists)(&name.to_string_lossy()).then_some(false);
        match &self.place.part {
            _ if name == DIRECTORY_FILE => None,
            Part::File(_) | Part::Member(..) => Some(true),
            Part::All => is_listed(),
            Part::Matching(glob) if glob.is(self.inside(path)) => Some(true),
            Part::Matching(glob) if glob.is_around(self.inside(path)) => is_listed(),
            Part::Matching(_) => None,
        }
    }

    /// Path and size of a source, or the reason why it cannot be read.
    fn source_file(&self, path: &Path) -> Result<(String, u64), String> {
        let meta = path.metadata().map_err(|e| e.to_string())?;
        if !meta.is_file() {
            return Err("is not a regular file".into());
        }
        let relative = path.strip_prefix(self.root).map_err(|e| e.to_string())?;
        let relative = relative.to_str().ok_or("has a name that is not valid UTF-8")?;
        if relative.chars().any(char::is_control) || object_store::path::Path::parse(relative).is_err() {
            return Err("has a name with a control character or another that cannot be read".into());
        }
        let real = path.canonicalize().map_err(|e| e.to_string())?;
        if !real.starts_with(&self.place.folder) {
            return Err(match self.place.part {
                Part::File(_) | Part::Member(..) => {
                    format!("is a link that leads out of its folder: give {} itself", real.display())
                }
                _ => LEADS_OUT.into(),
            });
        }
        Ok((relative.replace('\\', if cfg!(windows) { "/" } else { "\\" }), meta.len()))
    }

    fn listed(&self, path: &Path, size: u64) -> Listed {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let is_part = !matches!(self.place.part, Part::All);
        Listed {
            size,
            folder: self.place.folder.file_name().map(Path::new).map(text).unwrap_or_default(),
            inside: text(self.inside(path)),
            absolute: is_part.then(|| text(path)),
            is_asked_for: false,
            archive_inside: None,
            members: match &self.place.part {
                Part::Member(_, member) => Some(BTreeSet::from([member.clone()])),
                _ => None,
            },
        }
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

/// Lists a bucket.
async fn objects(root: &Root, lists: &impl Fn(&str) -> bool) -> Result<Listing> {
    let (store, prefix) = root.store();
    let failed = |e: object_store::Error| {
        let hint = match e {
            // Plain web servers answer no other request than for a file.
            _ if root.url().starts_with("http") => {
                "name one file of a web server: it lists only what WebDAV serves"
            }
            _ => "check the URL and the credentials (AWS_…, GOOGLE_… and AZURE_… variables, or ~/.aws)",
        };
        Error::source(format!("cannot list {}: {e}", root.url()), hint)
    };
    let objects: Vec<ObjectMeta> = match root.bucket_part() {
        Some(BucketPart::Object(name, _)) => {
            let name = object_store::path::Path::parse(name).map_err(|e| failed(e.into()))?;
            let location = prefix.parts().chain(name.parts()).collect();
            vec![store.head(&location).await.map_err(failed)?]
        }
        _ => store.list(Some(prefix)).try_collect().await.map_err(failed)?,
    };
    let depth = prefix.parts().count();
    let url = root.url();
    let folder = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut listing = Listing::default();
    for object in objects {
        let relative: object_store::path::Path = object.location.parts().skip(depth).collect();
        let path = relative.to_string();
        if path.rsplit('/').next() == Some(DIRECTORY_FILE) {
            listing.apart.push(path.trim_end_matches(DIRECTORY_FILE).trim_end_matches('/').to_owned());
            continue;
        }
        let is_asked_for = match root.bucket_part() {
            None if lists(&path) => false,
            Some(BucketPart::Object(_, None)) => {
                listing.named.insert(path.clone());
                true
            }
            Some(BucketPart::Object(_, Some(member))) => {
                listing.named.insert(format!("{path}{INSIDE}{member}"));
                true
            }
            Some(BucketPart::Matching(glob)) if glob.is(Path::new(&path)) => true,
            Some(BucketPart::Matching(glob)) if glob.is_around(Path::new(&path)) && lists(&path) => false,
            _ => continue,
        };
        let members = match root.bucket_part() {
            Some(BucketPart::Object(_, Some(member))) => Some(BTreeSet::from([member.clone()])),
            _ => None,
        };
        let listed = Listed {
            size: object.size,
            folder: folder.to_owned(),
            inside: path.clone(),
            absolute: None,
            is_asked_for,
            archive_inside: None,
            members,
        };
        listing.files.insert(path, listed);
    }
    // Unread, they would be read in another zone, say.
    if listing.apart.iter().any(String::is_empty) {
        return Err(Error::source(
            format!("{url} has settings of its own ({DIRECTORY_FILE}), which are not read from a bucket"),
            "give them as flags or as a preset, and remove that object",
        ));
    }
    listing.keep_apart();
    Ok(listing)
}
