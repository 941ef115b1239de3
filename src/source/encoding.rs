//! How the text of a source may be stored: the one list of signatures, names and decoders.
//!
//! Another compression is one entry in [`ENCODINGS`]. Discovery, the reader and the progress follow this list. Invariant:
//! the first bytes of a source tell how it is decoded, whatever it is called.

mod utf16;

use std::io::{self, BufRead as _, BufReader, Read};

use lz4_flex::frame::FrameDecoder;

use self::Decoder::{Columns, Stream};
use super::columnar;

/// Bytes that are decoded, or text.
pub(super) type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// A way to store the text of a source.
pub(super) struct Encoding {
    /// What it is called in messages.
    pub(super) name: &'static str,
    /// What the names of such files end in, if anything.
    suffix: Option<&'static str>,
    /// The first bytes of such files.
    signature: &'static [u8],
    pub(super) decoder: Decoder,
}

/// What makes text, or bytes that are decoded again.
#[derive(Clone, Copy)]
pub(super) enum Decoder {
    Stream(for<'a> fn(Bytes<'a>) -> io::Result<Bytes<'a>>),
    Columns(columnar::Decoder),
}

/// As many first bytes as it takes to tell what a file is.
pub(super) const START: usize = 8;

/// Stored bytes that are handed to a decoder at a time.
const CHUNK: usize = 64 * 1024;

/// The most memory that a decoder may take for what it looks back at, in KiB: as much as `xz -9` and `zstd --ultra`.
const MOST_MEMORY_KIB: u32 = 160 * 1024;

const ENCODINGS: &[Encoding] = &[
    Encoding { name: "gzip", suffix: Some(".gz"), signature: b"\x1f\x8b", decoder: Stream(gzip) },
    Encoding { name: "zstd", suffix: Some(".zst"), signature: b"\x28\xb5\x2f\xfd", decoder: Stream(zstd) },
    Encoding { name: "xz", suffix: Some(".xz"), signature: b"\xfd7zXZ\0", decoder: Stream(xz) },
    Encoding { name: "bzip2", suffix: Some(".bz2"), signature: b"BZh", decoder: Stream(bzip2) },
    Encoding { name: "lz4", suffix: Some(".lz4"), signature: b"\x04\x22\x4d\x18", decoder: Stream(lz4) },
    // Its form of before 2013, as `lz4 -l` still writes it.
    Encoding { name: "lz4", suffix: None, signature: b"\x02\x21\x4c\x18", decoder: Stream(lz4) },
    utf16::LITTLE_ENDIAN,
    utf16::BIG_ENDIAN,
    Encoding { name: "Parquet", suffix: None, signature: b"PAR1", decoder: Columns(columnar::parquet) },
    Encoding { name: "Arrow", suffix: None, signature: b"ARROW1", decoder: Columns(columnar::arrow_file) },
    // Each message of a stream begins so; no text does.
    Encoding { name: "Arrow", suffix: None, signature: &[0xff; 4], decoder: Columns(columnar::arrow_stream) },
];

/// The encoding of bytes that begin like this; none for plain text.
pub(super) fn of(start: &[u8]) -> Option<&'static Encoding> {
    ENCODINGS.iter().find(|encoding| start.starts_with(encoding.signature))
}

/// What the names of compressed files end in.
pub(super) fn suffixes() -> impl Iterator<Item = &'static str> {
    ENCODINGS.iter().filter_map(|encoding| encoding.suffix)
}

fn buffered(bytes: Bytes<'_>) -> BufReader<Bytes<'_>> {
    BufReader::with_capacity(CHUNK, bytes)
}

// Each of them reads files that were written one behind the other into one, as `cat` and parallel compressors do.

fn gzip(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(flate2::bufread::MultiGzDecoder::new(buffered(bytes))))
}

pub(super) fn zstd(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(::zstd::Decoder::with_buffer(buffered(bytes))?))
}

pub(super) fn xz(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(buffered(bytes), true, MOST_MEMORY_KIB)))
}

pub(super) fn bzip2(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(::bzip2::bufread::MultiBzDecoder::new(buffered(bytes))))
}

fn lz4(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(Lz4(FrameDecoder::new(buffered(bytes)))))
}

/// All frames of an lz4 file; the decoder ends with each, as if the file did.
struct Lz4<'a>(FrameDecoder<BufReader<Bytes<'a>>>);

impl Read for Lz4<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.0.read(buffer)?;
            if n > 0 || buffer.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(n);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
