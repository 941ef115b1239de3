//! The place of the sources: a local directory or a bucket.
//!
//! Invariant: a path is relative and has no `..`, and a local file is read only if it is under the root after all links
//! are followed. That is checked before the file is opened and, on Linux, afterwards. The root of several places is their
//! nearest common folder; that no link leads out of one of the places is checked when they are listed.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use url::Url;

use super::archive::INSIDE;
use super::bucket_place::{BucketPart, BucketPlace};
use super::ranges::Ranges;
use super::read_error::{io_error, store_error};
use super::text::Unpack;
use super::{extension, fetch};
use crate::error::{Error, FileError, Result};

/// A directory or a bucket with sources.
#[derive(Debug, Clone)]
pub struct Root {
    /// As operations store it: a URL.
    place: String,
    store: Arc<dyn ObjectStore>,
    prefix: ObjectPath,
    directory: Option<PathBuf>,
    part: Option<BucketPart>,
}

/// Identifies a state of a source: it changes when the source changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Bytes.
    pub size: u64,
    /// Size, modification time and, where the store has one, etag, as one text.
    pub text: String,
}

/// A source that was opened.
pub(super) struct Opened {
    /// Its stored bytes.
    pub(super) input: Box<dyn Read + Send>,
    /// What it was when it was opened.
    pub(super) version: Version,
    /// The same file, if it is a local one.
    pub(super) file: Option<Arc<File>>,
    /// How an archive stores it, if it is a member of one.
    pub(super) unpack: Option<Unpack>,
}

impl Root {
    /// Opens a directory by its path, or any place by its URL (`s3://bucket/bars`, `file:///data`).
    ///
    /// # Errors
    /// [`Error::Source`] if it is not there or not a directory; [`Error::Usage`] for an unknown scheme.
    pub async fn open(place: &str) -> Result<Self> {
        let owned = place.to_owned();
        match url(place) {
            Some(url) if url.scheme() == "file" => {
                off_the_runtime(move || Self::from_directory(&local_path(&url)?)).await?
            }
            Some(_) => Self::from_bucket(place).await,
            None => off_the_runtime(move || Self::from_directory(std::path::Path::new(&owned))).await?,
        }
    }

    fn from_directory(path: &std::path::Path) -> Result<Self> {
        let shown = path.display();
        let directory = path.canonicalize().map_err(|e| {
            Error::source(
                format!("cannot open the directory {shown}: {e}"),
                "check the path and its permissions",
            )
        })?;
        if !directory.is_dir() {
            return Err(Error::source(
                format!("{shown} is not a directory"),
                format!(
                    "give the directory that holds the {} files; --symbols and --timeframes pick from it",
                    extension::KIND
                ),
            ));
        }
        let internal = |_| Error::Internal(format!("no URL for {shown}"));
        let store = object_store::local::LocalFileSystem::new_with_prefix(&directory)
            .map_err(|e| Error::source(format!("cannot open {shown}: {e}"), "check the path"))?;
        Ok(Self {
            place: Url::from_directory_path(&directory).map_err(internal)?.to_string(),
            store: Arc::new(store),
            prefix: ObjectPath::default(),
            directory: Some(directory),
            part: None,
        })
    }

    async fn from_bucket(place: &str) -> Result<Self> {
        let place = BucketPlace::parse(place)?;
        let (folder, part) = place.find().await?;
        let (url, prefix) = place.folder(&folder)?;
        Ok(Self { place: url, store: place.store, prefix, directory: None, part })
    }

    /// What of a bucket is meant.
    pub(super) fn bucket_part(&self) -> Option<&BucketPart> {
        self.part.as_ref()
    }

    /// What of a bucket is meant, in a few words; none if all of the folder is.
    #[must_use]
    pub fn part(&self) -> Option<String> {
        self.part.as_ref().map(|part| match part {
            BucketPart::Object(name, None) => name.clone(),
            BucketPart::Object(name, Some(member)) => format!("{name}{INSIDE}{member}"),
            BucketPart::Matching(glob) => glob.text().to_owned(),
        })
    }

    /// The root as operations store it.
    #[must_use]
    pub fn url(&self) -> String {
        Url::parse(&self.place).map_or_else(
            |_| self.place.clone(),
            |url| if url.password().is_some() { without_password(&url) } else { self.place.clone() },
        )
    }

    /// The local directory, if it is one.
    #[must_use]
    pub fn directory(&self) -> Option<&std::path::Path> {
        self.directory.as_deref()
    }

    pub(super) fn store(&self) -> (&Arc<dyn ObjectStore>, &ObjectPath) {
        (&self.store, &self.prefix)
    }

    /// The version of the source now.
    ///
    /// # Errors
    /// A [`FileError`] if it cannot be read.
    pub async fn version(&self, path: &str) -> Result<Version, FileError> {
        let location = self.location(path)?;
        self.refuse_outside(path).await?;
        let meta = self.store.head(&location).await.map_err(|e| store_error(path, &e))?;
        Ok(Version::of(&meta))
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// A [`FileError`] if nobody can tell.
    pub(super) async fn has(&self, path: &str) -> Result<bool, FileError> {
        let Ok(location) = self.location(path) else { return Ok(false) };
        if let Some(directory) = &self.directory {
            let place = directory.join(path);
            let looked = off_the_runtime(move || place.metadata()).await;
            return match looked.map_err(|e| FileError::transient(path, e.to_string()))? {
                Ok(found) => Ok(found.is_file()),
                Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                    Ok(false)
                }
                Err(e) => Err(io_error(path, &e)),
            };
        }
        match self.store.head(&location).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(store_error(path, &e)),
        }
    }

    /// Opens a source.
    ///
    /// # Errors
    /// A [`FileError`] if it cannot be opened, or is outside the root.
    pub(super) async fn read(&self, path: &str) -> Result<Opened, FileError> {
        let location = self.location(path)?;
        self.refuse_outside(path).await?;
        let found = self.store.get(&location).await.map_err(|e| store_error(path, &e))?;
        let version = Version::of(&found.meta);
        Ok(match found.payload {
            GetResultPayload::File(file, _) => {
                self.refuse_swapped(path, &file)?;
                let file = Arc::new(file);
                Opened { input: Box::new(file.clone()), version, file: Some(file), unpack: None }
            }
            GetResultPayload::Stream(_) => {
                let input = fetch::start(found.into_stream());
                Opened { input: Box::new(input), version, file: None, unpack: None }
            }
        })
    }

    /// Opens a source to be read from any byte on. It blocks.
    ///
    /// # Errors
    /// A [`FileError`] if it cannot be opened, or is outside the root.
    pub(super) fn ranges(&self, path: &str) -> Result<(Ranges, Version), FileError> {
        let runtime = Handle::current();
        if self.directory.is_none() {
            let version = runtime.block_on(self.version(path))?;
            return Ok((Ranges::of_object(self.clone(), path, version.clone()), version));
        }
        let Opened { version, file, .. } = runtime.block_on(self.read(path))?;
        let file = file.ok_or_else(|| FileError::permanent(path, None, "is no local file"))?;
        Ok((Ranges::of_file(file, version.size), version))
    }

    /// Reads some bytes of an object that still is what it was.
    pub(super) async fn read_part(
        &self,
        path: &str,
        version: &Version,
        range: Range<u64>,
    ) -> io::Result<Box<dyn Read + Send>> {
        let location = self.location(path).map_err(io::Error::other)?;
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        let found = self.store.get_opts(&location, options).await?;
        if Version::of(&found.meta) != *version {
            return Err(io::Error::other("it changed while it was read"));
        }
        Ok(Box::new(fetch::start(found.into_stream())))
    }

    fn location(&self, path: &str) -> Result<ObjectPath, FileError> {
        let bad = || FileError::permanent(path, None, "the path is not one that can be read");
        // `parse` would ignore the slash.
        if path.starts_with('/') {
            return Err(bad());
        }
        let relative = ObjectPath::parse(path).map_err(|_| bad())?;
        Ok(self.prefix.parts().chain(relative.parts()).collect())
    }

    async fn refuse_outside(&self, path: &str) -> Result<(), FileError> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let joined = directory.join(path);
        let looked = off_the_runtime(move || {
            let real = joined.canonicalize()?;
            let is_file = real.metadata()?.is_file();
            Ok::<_, io::Error>((real, is_file))
        });
        let looked = looked.await.map_err(|e| FileError::transient(path, e.to_string()))?;
        let (real, is_file) = looked.map_err(|e| io_error(path, &e))?;
        // Opening a pipe would wait for its other end.
        if !is_file {
            return Err(FileError::permanent(path, None, "is not a regular file any more"));
        }
        if real.starts_with(directory) {
            return Ok(());
        }
        Err(outside(path))
    }

    /// The file may have been replaced by a link after it was checked. Linux tells the path of an open file.
    fn refuse_swapped(&self, path: &str, file: &File) -> Result<(), FileError> {
        let opened = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
        match (&self.directory, opened) {
            (Some(directory), Ok(opened)) if !opened.starts_with(directory) => Err(outside(path)),
            _ => Ok(()),
        }
    }
}

fn outside(path: &str) -> FileError {
    FileError::permanent(path, None, "is a link that leads out of the source directory; not followed")
}

impl Version {
    fn of(meta: &ObjectMeta) -> Self {
        let etag = meta.e_tag.as_deref().unwrap_or("");
        let modified = meta.last_modified.timestamp_micros();
        Self { size: meta.size, text: format!("{} {modified} {etag}", meta.size) }
    }
}

/// A network share that is gone may block for long; that must not be a thread of the runtime, which sends heartbeats.
pub(super) async fn off_the_runtime<T: Send + 'static>(
    look: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(look).await.map_err(|e| Error::Internal(e.to_string()))
}

/// The place as a URL, if it is one.
pub(super) fn url(place: &str) -> Option<Url> {
    // One letter is a Windows drive, not a scheme.
    Url::parse(place).ok().filter(|url| url.scheme().len() > 1 && place.contains("://"))
}

/// The path that a `file` URL names.
pub(super) fn local_path(url: &Url) -> Result<PathBuf> {
    url.to_file_path().map_err(|()| {
        Error::usage(format!("{url} names no local directory"), "write it as file:///absolute/path")
    })
}

/// How a user can name a source again: by its path, or in a bucket by the root that holds it.
pub(crate) fn path_to_name(root: &str, path: &str) -> String {
    match url(root).and_then(|url| local_path(&url).ok()) {
        Some(directory) => directory.join(path).display().to_string(),
        None => root.to_owned(),
    }
}

pub(super) fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // Fails for schemes that cannot have a password.
    let _ = url.set_password(None);
    url.to_string()
}
