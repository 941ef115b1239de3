//! What a URL of a bucket or a web server names: a folder, an object, a member of an archive, or what a glob fits.
//!
//! Invariant: a key of a bucket is taken as it is written, and one that exists is no glob. The path of a web server is an
//! encoded one.

use std::sync::Arc;

use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use url::Url;

use super::archive::INSIDE;
use super::bucket;
use super::matching::Matching;
use super::root::without_password;
use crate::error::{Error, Result};

/// What of a bucket was named, if not all of a folder.
#[derive(Debug, Clone)]
pub(super) enum BucketPart {
    /// The object of this name, or a member of it.
    Object(String, Option<String>),
    /// What a glob fits.
    Matching(Matching),
}

/// A URL, and the store that it leads to.
pub(super) struct BucketPlace {
    place: String,
    url: Url,
    /// The path in the store.
    key: String,
    pub(super) store: Arc<dyn ObjectStore>,
}

impl BucketPlace {
    pub(super) fn parse(place: &str) -> Result<Self> {
        let url = Url::parse(place)
            .map_err(|e| Error::usage(format!("{place} is no URL: {e}"), "write it as s3://bucket/folder"))?;
        if url.query().is_some() && is_http(&url) {
            return Err(Error::usage(
                format!("{} has a query behind its path", without_password(&url)),
                "signed URLs are not read: give the credentials of the bucket, or fetch the file first",
            ));
        }
        let (store, path) = bucket::open(&url)?;
        let key = if is_http(&url) { decoded(&url, &path) } else { literal(place) };
        Ok(Self { place: place.to_owned(), url, key, store })
    }

    /// Asks the store what is there: the folder, and what of it is meant.
    pub(super) async fn find(&self) -> Result<(String, Option<BucketPart>)> {
        let key = self.key.as_str();
        if key.is_empty() || key.ends_with('/') {
            return Ok((key.to_owned(), None));
        }
        let ends = std::iter::once(key.len()).chain(key.match_indices(INSIDE).map(|(at, _)| at));
        for end in ends {
            if self.has(&key[..end]).await? {
                let (folder, name) = key[..end].rsplit_once('/').unwrap_or(("", &key[..end]));
                let member = key.get(end + 1..).map(str::to_owned);
                return Ok((folder.to_owned(), Some(BucketPart::Object(name.to_owned(), member))));
            }
        }
        let Some(first) = key.find(['*', '?', '[']) else { return Ok((key.to_owned(), None)) };
        let folder = key[..first].rfind('/').map_or(0, |slash| slash + 1);
        let glob = Matching::new(&key[folder..])
            .map_err(|e| Error::usage(format!("{} is no glob: {}", self.place, e.msg), "correct it"))?;
        Ok((key[..folder].to_owned(), Some(BucketPart::Matching(glob))))
    }

    /// Whether there is such an object. What cannot be told, listing the folder will tell.
    async fn has(&self, key: &str) -> Result<bool> {
        match self.store.head(&self.path(key)?).await {
            Ok(_) => Ok(true),
            // A web server has no folders to be listed.
            Err(object_store::Error::NotFound { .. }) if is_http(&self.url) && !self.key.contains(INSIDE) => {
                Err(Error::source(format!("there is no {}", without_password(&self.url)), "check the URL"))
            }
            Err(_) => Ok(false),
        }
    }

    /// The URL of a folder, with a slash at its end, and its path in the store.
    pub(super) fn folder(&self, folder: &str) -> Result<(String, ObjectPath)> {
        let prefix = self.path(folder.trim_matches('/'))?;
        let mut url = if is_http(&self.url) {
            let mut url = self.url.clone();
            url.set_path(folder);
            url.to_string()
        } else {
            format!("{}{folder}", self.place.strip_suffix(&self.key).unwrap_or(&self.place))
        };
        if !url.ends_with('/') {
            url.push('/');
        }
        Ok((url, prefix))
    }

    fn path(&self, key: &str) -> Result<ObjectPath> {
        ObjectPath::parse(key)
            .map_err(|e| Error::usage(format!("{} has no usable path: {e}", self.place), "correct it"))
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// What stands behind the name of the bucket.
fn literal(place: &str) -> String {
    let behind = place.split_once("://").map_or("", |(_, behind)| behind);
    behind.split_once('/').map_or("", |(_, key)| key).to_owned()
}

/// The path as the store has taken it from the URL, which may name a bucket before it.
fn decoded(url: &Url, path: &ObjectPath) -> String {
    let key = percent_encoding::percent_decode_str(path.as_ref()).decode_utf8_lossy();
    let slash = if !key.is_empty() && url.path().ends_with('/') { "/" } else { "" };
    format!("{key}{slash}")
}
