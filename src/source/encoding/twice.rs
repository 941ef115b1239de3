//! A compression for tests: every byte of the text is stored twice.

use std::io::{self, Read};

use super::{Encoding, StoredBytes, TextDecoder};

const SIGNATURE: &[u8] = b"TWICE";

pub(super) const TWICE: Encoding = Encoding {
    suffix: ".twice",
    signature: SIGNATURE,
    decoder: |stored| Box::new(Decoder { stored, is_behind_signature: false }),
};

struct Decoder<'a> {
    stored: StoredBytes<'a>,
    is_behind_signature: bool,
}

impl<'a> TextDecoder<'a> for Decoder<'a> {
    fn stored(&mut self) -> &mut StoredBytes<'a> {
        &mut self.stored
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_behind_signature {
            self.stored.read_exact(&mut [0; SIGNATURE.len()])?;
            self.is_behind_signature = true;
        }
        let mut pairs = Vec::new();
        self.stored.by_ref().take(2 * buffer.len().min(100) as u64).read_to_end(&mut pairs)?;
        for (byte, pair) in buffer.iter_mut().zip(pairs.chunks(2)) {
            match pair {
                [first, second] if first == second => *byte = *first,
                _ => return Err(io::Error::other("two bytes differ")),
            }
        }
        Ok(pairs.len() / 2)
    }
}

/// The text, compressed.
pub(in crate::source) fn compress(text: &[u8]) -> Vec<u8> {
    SIGNATURE.iter().copied().chain(text.iter().flat_map(|byte| [*byte; 2])).collect()
}
