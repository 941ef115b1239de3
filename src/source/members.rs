//! Replaces the archives of a listing by their members.
//!
//! Invariant: for its name a member lies in a folder that is called like the archive without its extension. An archive that
//! holds no source, or is not whole, is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;

use futures::StreamExt as _;

use super::archive::{self, INSIDE, Members};
use super::extension;
use super::listing::{Listed, Listing};
use super::root::{Root, off_the_runtime};
use crate::config::DIRECTORY_FILE;
use crate::error::FileError;

/// Archives of a bucket whose members are listed at a time.
const AT_A_TIME: usize = 16;

/// Replaces each archive by those of its members that are looked at by their names.
pub(super) async fn replace_archives(root: &Root, listing: &mut Listing, looks_at: impl Fn(&str) -> bool) {
    let mut candidates = zip_files(root, listing.files.keys().cloned().collect()).await;
    let is_candidate = |(path, file): &(&String, &Listed)| may_be_archive(path) || file.members.is_some();
    candidates.extend(listing.files.iter().filter(is_candidate).map(|(path, _)| path.clone()));
    let looked = futures::stream::iter(candidates).map(|path| async move {
        let found = archive::members(root, &path).await;
        (path, found)
    });
    let found: BTreeMap<String, Result<Option<Members>, FileError>> =
        looked.buffered(AT_A_TIME).collect().await;
    for (path, found) in found {
        match found {
            Ok(None) if extension::is_archive(&path) => {
                refuse(listing, &path, "is no archive, as its name says".into());
            }
            Ok(None) => refuse_members(listing, &path),
            Err(e) => {
                listing.damaged.insert(path.clone());
                refuse(listing, &path, format!("cannot be read: {}", e.reason));
            }
            Ok(Some(members)) => replace(listing, &path, members, &looks_at),
        }
    }
}

/// A compressed file with the name of a source is one, and no tar.
fn may_be_archive(path: &str) -> bool {
    extension::may_be_archive(path) && !extension::is_source(path)
}

/// Local files that begin as zip files do, whatever they are called. Objects of a bucket would each take a request.
async fn zip_files(root: &Root, paths: Vec<String>) -> BTreeSet<String> {
    let Some(directory) = root.directory().map(std::path::Path::to_owned) else { return BTreeSet::new() };
    let is_zip = move |path: &String| {
        let mut start = [0; 4];
        // What cannot be opened is named when it is read.
        let read = File::open(directory.join(path)).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start == *b"PK\x03\x04"
    };
    off_the_runtime(move || paths.into_iter().filter(is_zip).collect()).await.unwrap_or_default()
}

fn refuse(listing: &mut Listing, path: &str, reason: String) {
    listing.files.remove(path);
    listing.unreadable.insert(path.to_owned(), reason);
}

/// Members were named of a file that has none.
fn refuse_members(listing: &mut Listing, path: &str) {
    let members = listing.files.get(path).and_then(|file| file.members.clone());
    for member in members.into_iter().flatten() {
        listing.files.remove(path);
        listing
            .unreadable
            .insert(format!("{path}{INSIDE}{member}"), format!("lies in no archive: {path} is none"));
    }
}

fn replace(listing: &mut Listing, path: &str, found: Members, looks_at: &impl Fn(&str) -> bool) {
    let Some(archive) = listing.files.remove(path) else { return };
    let is_wanted = |name: &str| match &archive.members {
        Some(wanted) => wanted.contains(name),
        None => looks_at(name.rsplit('/').next().unwrap_or(name)),
    };
    let named = |name: &str| format!("{path}{INSIDE}{name}");
    if found.members.iter().any(|member| member.name.rsplit('/').next() == Some(DIRECTORY_FILE)) {
        let reason = format!(
            "has settings of its own ({DIRECTORY_FILE}), which are not read from an archive: unpack it first"
        );
        listing.unreadable.insert(path.to_owned(), reason);
        return;
    }
    let is_alone = found.members.len() == 1;
    let is_inner = |name: &str| extension::is_archive(name) || extension::is_tar(name);
    for inner in found.members.iter().filter(|member| is_inner(&member.name) && archive.members.is_none()) {
        listing
            .unreadable
            .insert(named(&inner.name), "is an archive in an archive: unpack the outer one first".into());
    }
    let mut sources = 0;
    for member in
        found.members.into_iter().filter(|member| is_wanted(&member.name) && !is_inner(&member.name))
    {
        sources += 1;
        let mut listed = listed(&archive, &member.name, member.size);
        let end = member.name.rfind('.').map_or("", |dot| &member.name[dot..]);
        let archive_inside = format!("{}{end}", extension::without_archive_extension(&archive.inside));
        listed.archive_inside = Some(archive_inside).filter(|_| is_alone);
        // A file may be called so, too.
        if listing.files.insert(named(&member.name), listed).is_some() {
            refuse(
                listing,
                &named(&member.name),
                "is a file, and a member of an archive, too: rename the file".into(),
            );
        }
    }
    for (name, reason) in found.unreadable.into_iter().filter(|(name, _)| is_wanted(name)) {
        sources += 1;
        listing.unreadable.insert(named(&name), reason);
    }
    for name in archive.members.iter().flatten().map(|name| named(name)) {
        if !listing.files.contains_key(&name) && !listing.unreadable.contains_key(&name) {
            listing.unreadable.insert(name, "is not in the archive".into());
        }
    }
    if let Some(reason) = found.cut {
        listing.damaged.insert(path.to_owned());
        listing.unreadable.insert(path.to_owned(), reason);
    } else if sources == 0 && archive.members.is_none() {
        listing
            .unreadable
            .insert(path.to_owned(), format!("is an archive without a {} file", extension::KIND));
    }
}

/// A member, as if the archive were a folder.
fn listed(archive: &Listed, name: &str, size: u64) -> Listed {
    let inside = |path: &str| format!("{}/{name}", extension::without_archive_extension(path));
    Listed {
        size,
        folder: archive.folder.clone(),
        inside: inside(&archive.inside),
        absolute: archive.absolute.as_deref().map(inside),
        is_asked_for: archive.members.is_some(),
        archive_inside: None,
        members: None,
    }
}
