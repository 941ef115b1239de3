//! The bytes of a source as they are stored: counted and hashed while they are read.
//!
//! Invariant: the hash and the count cover exactly the bytes that were read, whatever they decode to. A handle is cloned
//! so that a decoder can read the bytes while its owner asks for the hash.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const BUFFER: usize = 256 * 1024;

/// Reads stored bytes.
#[derive(Clone)]
pub(super) struct StoredBytes<'a>(Arc<Mutex<Inner<'a>>>);

struct Inner<'a> {
    input: Box<dyn Read + Send + 'a>,
    hasher: blake3::Hasher,
    bytes_read: u64,
    has_failed: bool,
}

impl<'a> StoredBytes<'a> {
    pub(super) fn new(input: Box<dyn Read + Send + 'a>) -> Self {
        let hasher = blake3::Hasher::new();
        Self(Arc::new(Mutex::new(Inner { input, hasher, bytes_read: 0, has_failed: false })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner<'a>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is left, so that the hash covers it.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        while self.read(&mut buffer)? > 0 {}
        Ok(())
    }

    /// BLAKE3 of the bytes read so far.
    pub(super) fn hash(&self) -> [u8; 32] {
        *self.inner().hasher.finalize().as_bytes()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.inner().bytes_read
    }

    /// Whether the last read failed.
    pub(super) fn has_failed(&self) -> bool {
        self.inner().has_failed
    }
}

impl Read for StoredBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.inner();
        // A decoder that is interrupted may lose its place.
        let read = loop {
            match inner.input.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        inner.has_failed = read.is_err();
        let n = read?;
        inner.hasher.update(&buffer[..n]);
        inner.bytes_read += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_covers_what_was_read_and_what_was_drained() {
        for data in [&b""[..], b"short", b"longer than the buffer"] {
            for first in [0, 1, 3, 10] {
                let mut stored = StoredBytes::new(Box::new(data));
                let mut buffer = vec![0; first];
                let n = stored.clone().read(&mut buffer).expect("reads");
                assert_eq!(buffer[..n], data[..n]);
                assert_eq!(
                    (stored.bytes_read(), stored.hash()),
                    (n as u64, *blake3::hash(&data[..n]).as_bytes())
                );
                stored.drain().expect("reads");
                assert_eq!(stored.bytes_read(), data.len() as u64);
                assert_eq!(stored.hash(), *blake3::hash(data).as_bytes());
            }
        }
    }
}
