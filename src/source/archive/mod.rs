//! Archives of sources: each member is a source with a path of its own, `folder/X.zip!inside/A_1d.csv`.
//!
//! `zip` and `tar` list the members and read one, whatever the archive is called. Invariant: a member is read as if it had
//! been unpacked; its stored bytes are those that the archive has of it. Nothing is written to a disk, and a member's name
//! is never used as a path there. What is not `async` here blocks; call it off the runtime.

mod cache;
mod tar;
mod zip;
mod zip_scan;

use std::io::{self, Read as _};
use std::sync::Arc;

use self::cache::Key;
use self::tar::TarStream;
use self::zip::ZipIndex;
use super::extension;
use super::read_error::io_error;
use super::root::{Opened, Root, Version, off_the_runtime};
use super::text::{Damaged, SourceText};
use crate::error::FileError;

/// Stands between the path of an archive and that of a member inside.
pub(super) const INSIDE: char = '!';

/// A kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
}

/// A member that may be a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    /// Bytes that the archive has of it.
    pub(super) size: u64,
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    /// Members that cannot be read, and why.
    pub(super) unreadable: Vec<(String, String)>,
    /// Why there may be more of them, if the archive is not whole.
    pub(super) cut: Option<String>,
}

impl Members {
    fn add(&mut self, name: String, size: u64, problem: Option<String>) {
        let problem = problem.or_else(|| bad_name(&name).map(str::to_owned));
        match problem {
            // What macOS keeps beside a file.
            _ if name.split('/').any(|part| part == "__MACOSX" || part.starts_with("._")) => {}
            Some(problem) => self.unreadable.push((name, problem)),
            None => self.members.push(Member { name, size }),
        }
    }
}

fn bad_name(name: &str) -> Option<&'static str> {
    let leads_out = name.starts_with('/') || name.split('/').any(|part| matches!(part, ".." | "." | ""));
    if name.chars().any(char::is_control) {
        Some("has a name with a control character")
    } else if leads_out || name.contains('\\') {
        Some("has a name that is no path inside its archive")
    } else {
        None
    }
}

/// The members of the file at `path`; none if it is no archive.
pub(super) async fn members(root: &Root, path: &str) -> Result<Option<Members>, FileError> {
    let kind = kind(root, path).await?;
    let Some(kind) = kind else { return Ok(None) };
    let (root, path) = (root.clone(), path.to_owned());
    let listed = off_the_runtime(move || {
        let mut found = match kind {
            Kind::Zip => zip_index(&root, &path)?.0.members(),
            Kind::Tar => {
                tar::members(&mut TarStream::open(&root, &path)?).map_err(|e| io_error(&path, &e))?
            }
        };
        refuse_doubled(&mut found);
        Ok(Some(found))
    });
    listed.await.map_err(|e| FileError::transient("", e.to_string()))?
}

/// One name for two members would be one source for both.
fn refuse_doubled(found: &mut Members) {
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for member in &found.members {
        *seen.entry(member.name.clone()).or_default() += 1;
    }
    found.members.retain(|member| seen[&member.name] == 1);
    let doubled = seen.into_iter().filter(|(_, times)| *times > 1);
    found.unreadable.extend(doubled.map(|(name, times)| {
        (name, format!("is {times} times in the archive: nobody can tell which is meant"))
    }));
}

async fn kind(root: &Root, path: &str) -> Result<Option<Kind>, FileError> {
    let Opened { mut input, .. } = root.read(path).await?;
    let name = path.to_owned();
    let looked = off_the_runtime(move || {
        let failed = |e: &io::Error| io_error(&name, e);
        let mut start = Vec::new();
        input.by_ref().take(4).read_to_end(&mut start).map_err(|e| failed(&e))?;
        if zip::is_signature(&start) {
            return Ok(Some(Kind::Zip));
        }
        let mut block = Vec::new();
        let decoded = SourceText::new(io::Cursor::new(start).chain(input));
        let read = decoded.and_then(|text| text.take(tar::BLOCK as u64).read_to_end(&mut block));
        match read {
            Ok(_) => Ok(tar::is_header(&block).then_some(Kind::Tar)),
            // A file that is no archive says so itself when it is read.
            Err(e) if Damaged::is(&e) && !extension::is_archive(&name) => Ok(None),
            Err(e) => Err(failed(&e)),
        }
    });
    looked.await.map_err(|e| FileError::transient(path, e.to_string()))?
}

/// Where a path names a member: the archive's path, and the member's name.
pub(super) struct MemberPath {
    pub(super) archive: String,
    pub(super) member: String,
}

impl MemberPath {
    /// What a path names, if it is not a file itself and has the path of a file before a `!`.
    ///
    /// # Errors
    /// A [`FileError`] if nobody can tell whether there are such files.
    pub(super) async fn find(root: &Root, path: &str) -> Result<Option<Self>, FileError> {
        if !path.contains(INSIDE) || root.has(path).await? {
            return Ok(None);
        }
        for (at, _) in path.match_indices(INSIDE) {
            if root.has(&path[..at]).await? {
                return Ok(Some(Self { archive: path[..at].to_owned(), member: path[at + 1..].to_owned() }));
            }
        }
        Ok(None)
    }

    /// Opens the member.
    ///
    /// # Errors
    /// A [`FileError`] that names `path` if it is not there, or the archive cannot be read.
    pub(super) async fn open(&self, root: &Root, path: &str) -> Result<Opened, FileError> {
        let named = |e: FileError| FileError { path: path.to_owned(), ..e };
        let kind = kind(root, &self.archive).await.map_err(named)?;
        let kind = kind
            .ok_or_else(|| FileError::permanent(path, None, "lies in a file that is no archive any more"))?;
        let (root, archive, member) = (root.clone(), self.archive.clone(), self.member.clone());
        let opened = off_the_runtime(move || match kind {
            Kind::Zip => open_zipped(&root, &archive, &member),
            Kind::Tar => tar::open_member(&root, &archive, &member),
        });
        opened.await.map_err(|e| FileError::transient(path, e.to_string()))?.map_err(named)
    }
}

fn open_zipped(root: &Root, archive: &str, member: &str) -> Result<Opened, FileError> {
    let (index, version) = zip_index(root, archive)?;
    let found = index.member(member).ok_or_else(|| gone(archive))?;
    let found = found.map_err(|reason| FileError::permanent(archive, None, reason))?;
    let input = index.read(&found).map_err(|e| io_error(archive, &e))?;
    let version = Version { size: found.packed, text: version.text };
    Ok(Opened { input, version, file: None, unpack: Some(found.unpack()) })
}

fn zip_index(root: &Root, path: &str) -> Result<(Arc<ZipIndex>, Version), FileError> {
    let (ranges, version) = root.ranges(path)?;
    let key = Key::new(root, path, &version);
    if let Some(index) = cache::ZIPS.get(&key) {
        return Ok((index, version));
    }
    let index = Arc::new(ZipIndex::of(ranges).map_err(|e| io_error(path, &e))?);
    cache::ZIPS.put(key, index.clone());
    Ok((index, version))
}

/// Why an archive may have had more members.
fn lost(e: &dyn std::error::Error) -> String {
    format!("is cut off or damaged ({e}): what stood behind its last member is lost")
}

fn gone(path: &str) -> FileError {
    FileError::permanent(path, None, "the member is gone from its archive: it was there when it was listed")
}

#[cfg(test)]
mod tests;
