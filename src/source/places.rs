//! The places that a user names: files, folders, globs, or the URL of a bucket.
//!
//! Invariant: each of them was there, and all of them lie below their root. A file is read as if its folder were given
//! without the other files.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use super::archive::INSIDE;
use super::matching::Matching;
use super::root;
use crate::config::DIRECTORY_FILE;
use crate::error::{Error, Result};

/// Places, and the folder or bucket below which they lie.
#[derive(Debug, Clone)]
pub struct Places {
    root: String,
    /// Whole folders first, single files last; none of a bucket.
    all: Vec<Place>,
}

/// A folder, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Without links.
    pub(super) folder: PathBuf,
    /// The folder as it was named.
    named: PathBuf,
    pub(super) part: Part,
}

/// What of a folder is meant.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Everything below it.
    All,
    /// What a glob fits.
    Matching(Matching),
    /// The file of this name.
    File(PathBuf),
    /// This member of the archive of this name.
    Member(PathBuf, String),
}

impl Places {
    /// Finds what was named.
    ///
    /// # Errors
    /// [`Error::Source`] for a place that is not there; [`Error::Usage`] for a bucket beside other places.
    pub fn find(named: &[String]) -> Result<Self> {
        if let Some(url) = named.iter().find_map(|place| bucket(place)) {
            return match named {
                [one] => Ok(Self { root: one.clone(), all: Vec::new() }),
                _ => Err(Error::usage(
                    format!("{} is given beside other places", root::without_password(&url)),
                    "give a bucket by itself; only files and folders of this machine may be several",
                )),
            };
        }
        let all = named.iter().map(|place| Place::find(place)).collect::<Result<Vec<_>>>()?;
        let all = without_inner_folders(all);
        let root = match all.as_slice() {
            [] => return Err(Error::usage("no file or folder is named", "name what to read")),
            [one] => &one.named,
            _ => common_folder(&all),
        };
        let root = root.to_str().ok_or_else(|| {
            Error::source(format!("the path {} is not valid UTF-8", root.display()), "rename the folder")
        })?;
        Ok(Self { root: root.to_owned(), all })
    }

    /// The folder or bucket that holds all of them, for [`Root::open`](root::Root::open).
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn all(&self) -> &[Place] {
        &self.all
    }

    /// What of the root is meant, in a few words; none if all of it is.
    #[must_use]
    pub fn part(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let root = common_folder(&self.all);
        if self.all.is_empty() || whole_folders(&self.all).contains(root) {
            return None;
        }
        let mut shown: Vec<String> = self.all.iter().take(SHOWN).map(|place| place.below(root)).collect();
        if self.all.len() > SHOWN {
            shown.push(format!("{} more", self.all.len() - SHOWN));
        }
        Some(shown.join(", "))
    }

    /// The folder whose settings file, if it has one, says how all files are read.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are files of several folders, and one of them has such a file.
    pub fn settings_folder(&self) -> Result<Option<&Path>> {
        let whole = whole_folders(&self.all);
        let mut folders: BTreeMap<&Path, &Path> = BTreeMap::new();
        for place in &self.all {
            let inner = !matches!(place.part, Part::All);
            if !(inner && place.folder.ancestors().any(|folder| whole.contains(folder))) {
                folders.entry(&place.folder).or_insert(&place.named);
            }
        }
        if folders.len() > 1
            && let Some(own) = folders.values().find(|folder| folder.join(DIRECTORY_FILE).is_file())
        {
            return Err(Error::usage(
                format!(
                    "{} has settings of its own ({DIRECTORY_FILE}), and files elsewhere are given beside it",
                    own.display()
                ),
                "give that directory by itself",
            ));
        }
        let mut folders = folders.into_values();
        let first = folders.next();
        Ok(first.filter(|_| folders.next().is_none()))
    }
}

impl Place {
    fn find(place: &str) -> Result<Self> {
        let path = match root::url(place) {
            Some(url) => root::local_path(&url)?,
            None => PathBuf::from(place),
        };
        let (named, part) = match path.metadata() {
            Ok(found) if found.is_dir() => (path, Part::All),
            Ok(_) => (
                path.parent().map(Path::to_owned).unwrap_or_default(),
                Part::File(path.file_name().map(PathBuf::from).unwrap_or_default()),
            ),
            Err(_) if let Some((archive, member)) = member(&path) => (
                archive.parent().map(Path::to_owned).unwrap_or_default(),
                Part::Member(archive.file_name().map(PathBuf::from).unwrap_or_default(), member),
            ),
            Err(e) if !place.contains(['*', '?', '[']) => return Err(cannot_open(place, &e)),
            Err(_) => {
                let (folder, glob) = Matching::split(place).map_err(|e| {
                    Error::source(
                        format!("there is no {place}, and it is no glob: {}", e.msg),
                        "check the path",
                    )
                })?;
                (folder, Part::Matching(glob))
            }
        };
        let named = if named.as_os_str().is_empty() { PathBuf::from(".") } else { named };
        let folder = named.canonicalize().map_err(|e| cannot_open(place, &e))?;
        Ok(Self { folder, named, part })
    }

    /// What it is, seen from a folder above.
    fn below(&self, root: &Path) -> String {
        let folder = self.folder.strip_prefix(root).unwrap_or(&self.folder);
        match &self.part {
            Part::All => format!("{}/", folder.display()),
            Part::File(name) => folder.join(name).display().to_string(),
            Part::Member(name, member) => format!("{}{INSIDE}{member}", folder.join(name).display()),
            Part::Matching(glob) => folder.join(glob.text()).display().to_string(),
        }
    }
}

fn cannot_open(place: &str, e: &io::Error) -> Error {
    Error::source(format!("cannot open {place}: {e}"), "check the path and its permissions")
}

/// The archive and the member that a path names which is no file itself.
fn member(path: &Path) -> Option<(PathBuf, String)> {
    let path = path.to_str()?;
    let mut splits = path.match_indices(INSIDE).map(|(at, _)| (Path::new(&path[..at]), &path[at + 1..]));
    let (archive, member) = splits.find(|(archive, _)| archive.is_file())?;
    Some((archive.to_owned(), member.to_owned()))
}

fn bucket(place: &str) -> Option<Url> {
    root::url(place).filter(|url| url.scheme() != "file")
}

fn whole_folders(all: &[Place]) -> BTreeSet<PathBuf> {
    all.iter().filter(|place| matches!(place.part, Part::All)).map(|place| place.folder.clone()).collect()
}

/// Leaves out folders of which all is given by another one, and puts the widest places first.
fn without_inner_folders(mut all: Vec<Place>) -> Vec<Place> {
    let whole = whole_folders(&all);
    let mut seen = BTreeSet::new();
    all.retain(|place| {
        let is_inner = || place.folder.ancestors().skip(1).any(|folder| whole.contains(folder));
        !matches!(place.part, Part::All) || !is_inner() && seen.insert(place.folder.clone())
    });
    all.sort_by_key(|place| match place.part {
        Part::All => 0,
        Part::Matching(_) => 1,
        Part::File(_) | Part::Member(..) => 2,
    });
    all
}

/// The nearest folder that holds all of them.
fn common_folder(all: &[Place]) -> &Path {
    let mut folders = all.iter().map(|place| place.folder.as_path());
    let first = folders.next().unwrap_or(Path::new("/"));
    folders.fold(first, |common, folder| {
        common.ancestors().find(|above| folder.starts_with(above)).unwrap_or(common)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(named: &[&str]) -> Result<Places> {
        Places::find(&named.iter().map(|place| (*place).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_root_holds_all_places_and_nothing_needless() -> Result<()> {
        let folder = tempfile::tempdir().map_err(|e| Error::Internal(e.to_string()))?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["a/b", "a/bc"] {
            std::fs::create_dir_all(path(name)).map_err(|e| cannot_open(name, &e))?;
        }
        let names: Vec<String> = (0..7).map(|i| path(&format!("a/b/{i}.csv"))).collect();
        for name in &names {
            std::fs::write(name, "").map_err(|e| cannot_open(name, &e))?;
        }
        let (b, bc, file) = (path("a/b"), path("a/bc"), names[0].as_str());
        for (named, root, part) in [
            (&[file][..], "a/b", Some("0.csv")),
            (&[&b], "a/b", None),
            (&[&b, file, &b], "a/b", None),
            (&[file, &bc], "a", Some("bc/, b/0.csv")),
            (
                &names.iter().map(String::as_str).collect::<Vec<_>>(),
                "a/b",
                Some("0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 2 more"),
            ),
        ] {
            let found = places(named)?;
            let root = Path::new(&path(root)).canonicalize().map_err(|e| cannot_open(root, &e))?;
            assert_eq!(Path::new(found.root()).canonicalize().ok(), Some(root), "{named:?}");
            assert_eq!(found.part().as_deref(), part, "{named:?}");
        }
        assert_eq!(places(&[file, "/"])?.root(), "/");
        assert_eq!(places(&["s3://bucket/x"])?.root(), "s3://bucket/x");
        assert!(places(&[]).is_err());
        Ok(())
    }
}
