//! What this process knows of the archives that it read last, so that it need not read all of one for each member.
//!
//! Invariant: an entry is of one version of an archive, and there are at most [`MOST`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::tar::TarStream;
use super::zip::ZipIndex;
use crate::source::root::{Root, Version};

/// As many archives as a worker reads at a time, mostly.
const MOST: usize = 4;

/// An archive as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    root: String,
    path: String,
    version: String,
}

impl Key {
    pub(super) fn new(root: &Root, path: &str, version: &Version) -> Self {
        Self { root: root.url(), path: path.to_owned(), version: version.text.clone() }
    }
}

/// The last entries, the newest first.
pub(super) struct Cache<T>(Mutex<VecDeque<(Key, T)>>);

/// The directories of zip files.
pub(super) static ZIPS: Cache<Arc<ZipIndex>> = Cache(Mutex::new(VecDeque::new()));

/// Tars that were read up to the end of some member; each goes to whoever asks first.
pub(super) static TARS: Cache<TarStream> = Cache(Mutex::new(VecDeque::new()));

impl<T> Cache<T> {
    pub(super) fn put(&self, key: Key, value: T) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_front((key, value));
        entries.truncate(MOST);
    }

    /// Takes an entry that fits out of the cache.
    pub(super) fn take(&self, key: &Key, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().position(|(other, value)| other == key && fits(value))?;
        entries.remove(at).map(|(_, value)| value)
    }
}

impl<T: Clone> Cache<T> {
    pub(super) fn get(&self, key: &Key) -> Option<T> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    }
}
