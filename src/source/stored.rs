//! The bytes of a source as they are stored: counted and hashed while they are read.
//!
//! Invariant: the hash and the count cover exactly the bytes that were given out, whatever they decode to.

use std::io::{self, Read};

/// As many first bytes as it takes to tell what a file is.
const START: usize = 8;
const BUFFER: usize = 256 * 1024;

/// Reads stored bytes.
pub(super) struct StoredBytes<'a> {
    input: Box<dyn Read + Send + 'a>,
    /// First bytes that were looked at and are still to be given out.
    start: Vec<u8>,
    hasher: blake3::Hasher,
    bytes_read: u64,
    has_failed: bool,
}

impl<'a> StoredBytes<'a> {
    pub(super) fn new(input: Box<dyn Read + Send + 'a>) -> Self {
        Self { input, start: Vec::new(), hasher: blake3::Hasher::new(), bytes_read: 0, has_failed: false }
    }

    /// The first bytes, before anything is read; fewer than [`START`] only of a shorter file.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        self.input.by_ref().take(START as u64).read_to_end(&mut self.start)?;
        Ok(&self.start)
    }

    /// Reads what is left, so that the hash covers it.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// BLAKE3 of the bytes read so far.
    pub(super) fn hash(&self) -> [u8; 32] {
        *self.hasher.finalize().as_bytes()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Whether the last read failed.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }
}

impl Read for StoredBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let peeked = self.start.len().min(buffer.len());
        let (first, rest) = buffer.split_at_mut(peeked);
        // Before anything changes: what fails may be tried again.
        let read = if rest.is_empty() { Ok(0) } else { self.input.read(rest) };
        self.has_failed = read.is_err();
        let read = read?;
        first.copy_from_slice(&self.start[..peeked]);
        self.start.drain(..peeked);
        let n = peeked + read;
        self.hasher.update(&buffer[..n]);
        self.bytes_read += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_covers_what_was_peeked_at_and_what_was_drained() {
        for data in [&b""[..], b"short", b"longer than the start"] {
            for first in [0, 1, 3, 10] {
                let mut stored = StoredBytes::new(Box::new(data));
                assert_eq!(stored.peek().expect("reads"), &data[..data.len().min(START)]);
                let mut buffer = vec![0; first];
                let n = stored.read(&mut buffer).expect("reads");
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
