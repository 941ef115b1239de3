//! Reads a source from any byte on: a local file, or an object of a bucket by ranges.
//!
//! Invariant: all bytes are those of the version that was opened; an object that has changed is an error.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::root::{Root, Version};

/// Bytes that are fetched at a time.
const WINDOW: usize = 256 * 1024;

/// A source that is read from any byte on.
#[derive(Clone)]
pub(super) struct Ranges {
    from: From,
    size: u64,
    at: u64,
    /// What was fetched last, and where that stands.
    window: Vec<u8>,
    window_at: u64,
}

#[derive(Clone)]
enum From {
    File(Arc<File>),
    Object(Arc<Object>),
}

struct Object {
    root: Root,
    path: String,
    version: Version,
    runtime: Handle,
}

impl Object {
    fn part(&self, range: Range<u64>) -> io::Result<Box<dyn Read + Send>> {
        self.runtime.block_on(self.root.read_part(&self.path, &self.version, range))
    }
}

impl Ranges {
    pub(super) fn of_file(file: Arc<File>, size: u64) -> Self {
        Self::new(From::File(file), size)
    }

    pub(super) fn of_object(root: Root, path: &str, version: Version) -> Self {
        let size = version.size;
        let object = Object { root, path: path.to_owned(), version, runtime: Handle::current() };
        Self::new(From::Object(Arc::new(object)), size)
    }

    fn new(from: From, size: u64) -> Self {
        Self { from, size, at: 0, window: Vec::new(), window_at: 0 }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The same source from this byte on.
    pub(super) fn at(&self, at: u64) -> Self {
        Self { at, ..Self::new(self.from.clone(), self.size) }
    }

    /// Fills the buffer from this byte on, unless a local file ends first; returns how much it read.
    pub(super) fn read_at(&self, buffer: &mut [u8], start: u64) -> io::Result<usize> {
        match &self.from {
            From::File(file) => read_at(file, buffer, start),
            From::Object(_) => {
                self.part(start, buffer.len() as u64)?.read_exact(buffer).map(|()| buffer.len())
            }
        }
    }

    /// These bytes, one after the other.
    pub(super) fn part(&self, start: u64, length: u64) -> io::Result<Box<dyn Read + Send>> {
        let end = start.saturating_add(length).min(self.size);
        Ok(match &self.from {
            _ if start >= end => Box::new(io::empty()),
            From::File(_) => Box::new(self.at(start).take(length)),
            From::Object(object) => object.part(start..end)?,
        })
    }

    fn fetch(&mut self) -> io::Result<()> {
        let end = self.size.min(self.at + WINDOW as u64);
        let mut window = std::mem::take(&mut self.window);
        match &self.from {
            From::File(file) => {
                window.resize(usize::try_from(end - self.at).unwrap_or(WINDOW), 0);
                let read = read_at(file, &mut window, self.at)?;
                window.truncate(read);
            }
            From::Object(object) => {
                window.clear();
                object.part(self.at..end)?.read_to_end(&mut window)?;
            }
        }
        (self.window, self.window_at) = (window, self.at);
        Ok(())
    }
}

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let is_there = (self.window_at..self.window_at + self.window.len() as u64).contains(&self.at);
        if !is_there {
            self.fetch()?;
        }
        let skipped = usize::try_from(self.at - self.window_at).unwrap_or(usize::MAX);
        let read = self.window.get(skipped..).unwrap_or_default().read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Ranges {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Fills the buffer from this byte of the file, unless that ends first; returns how much it read.
pub(super) fn read_at(file: &File, buffer: &mut [u8], start: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], start + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
