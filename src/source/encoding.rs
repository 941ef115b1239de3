//! How the text of a source may be stored: the one list of signatures, names and decoders.
//!
//! Another compression is one entry in [`ENCODINGS`]. Discovery, the reader and the progress follow this list. Invariant:
//! the first bytes of a source tell how it is decoded, whatever it is called.

mod utf16;

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::bufread::GzDecoder;
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

/// The most memory that a decoder may take for what it looks back at: in KiB, and as a power of two. `xz -9` and
/// `zstd --ultra` take so much.
const MOST_MEMORY_KIB: u32 = 160 * 1024;
const MOST_WINDOW_LOG: u32 = 27;

const LZ4: &[u8] = b"\x04\x22\x4d\x18";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

const ENCODINGS: &[Encoding] = &[
    Encoding { name: "gzip", suffix: Some(".gz"), signature: b"\x1f\x8b", decoder: Stream(gzip) },
    Encoding { name: "zstd", suffix: Some(".zst"), signature: ZSTD, decoder: Stream(zstd) },
    Encoding { name: "xz", suffix: Some(".xz"), signature: b"\xfd7zXZ\0", decoder: Stream(xz) },
    Encoding { name: "bzip2", suffix: Some(".bz2"), signature: b"BZh", decoder: Stream(bzip2) },
    Encoding { name: "lz4", suffix: Some(".lz4"), signature: LZ4, decoder: Stream(lz4) },
    utf16::LITTLE_ENDIAN,
    utf16::BIG_ENDIAN,
    Encoding { name: "Parquet", suffix: None, signature: b"PAR1", decoder: Columns(columnar::parquet) },
    Encoding { name: "Arrow", suffix: None, signature: b"ARROW1", decoder: Columns(columnar::arrow_file) },
    // Each message of a stream begins so; no text does.
    Encoding { name: "Arrow", suffix: None, signature: &[0xff; 4], decoder: Columns(columnar::arrow_stream) },
];

/// The encoding of bytes that begin like this; none for plain text.
pub(super) fn of(start: &[u8]) -> Option<&'static Encoding> {
    // A frame to be skipped, as parallel zstd puts it first.
    const SKIPPED: &Encoding =
        &Encoding { name: "zstd or lz4", suffix: None, signature: b"", decoder: Stream(behind_skipped) };
    if is_skipped(start) {
        return Some(SKIPPED);
    }
    ENCODINGS.iter().find(|encoding| start.starts_with(encoding.signature))
}

/// What the names of compressed files end in.
pub(super) fn suffixes() -> impl Iterator<Item = &'static str> {
    ENCODINGS.iter().filter_map(|encoding| encoding.suffix)
}

fn is_skipped(start: &[u8]) -> bool {
    matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Both zstd and lz4 have such frames: what comes behind them tells which it is.
fn behind_skipped(mut bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    loop {
        let mut start = Vec::with_capacity(START);
        bytes.by_ref().take(START as u64).read_to_end(&mut start)?;
        let [.., a, b, c, d] = start.as_slice() else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        if !is_skipped(&start) {
            let is_lz4 = start.starts_with(LZ4);
            let bytes: Bytes<'_> = Box::new(io::Cursor::new(start).chain(bytes));
            return if is_lz4 { lz4(bytes) } else { zstd(bytes) };
        }
        let length = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
        if start.len() < START || io::copy(&mut bytes.by_ref().take(length), &mut io::sink())? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn buffered(bytes: Bytes<'_>) -> BufReader<Bytes<'_>> {
    BufReader::with_capacity(CHUNK, bytes)
}

// Each of them reads files that were written one behind the other into one, as `cat` and parallel compressors do.

fn gzip(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(Gzip(Some(GzDecoder::new(buffered(bytes))))))
}

/// All members of a gzip file, and the zeros behind them with which tapes and disks fill a block up.
struct Gzip<'a>(Option<GzDecoder<BufReader<Bytes<'a>>>>);

impl Read for Gzip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let n = member.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            match member.get_mut().fill_buf()?.first() {
                None => self.0 = None,
                Some(0) => return only_zeros(member.get_mut()).map(|()| 0),
                Some(_) => self.0 = self.0.take().map(|member| GzDecoder::new(member.into_inner())),
            }
        }
        Ok(0)
    }
}

fn only_zeros(mut rest: impl io::BufRead) -> io::Result<()> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.iter().any(|b| *b != 0) {
            return Err(io::Error::other("something stands behind its end"));
        }
        match bytes.len() {
            0 => return Ok(()),
            n => rest.consume(n),
        }
    }
}

pub(super) fn zstd(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    let mut decoder = ::zstd::Decoder::with_buffer(buffered(bytes))?;
    decoder.window_log_max(MOST_WINDOW_LOG)?;
    Ok(Box::new(decoder))
}

pub(super) fn xz(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(buffered(bytes), true, MOST_MEMORY_KIB)))
}

pub(super) fn bzip2(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    Ok(Box::new(::bzip2::bufread::MultiBzDecoder::new(buffered(bytes))))
}

fn lz4(bytes: Bytes<'_>) -> io::Result<Bytes<'_>> {
    let watched = Watched { bytes: buffered(bytes), was_read_behind: false };
    Ok(Box::new(Lz4 { frames: FrameDecoder::new(watched), has_ended: false }))
}

/// All frames of an lz4 file. The decoder ends with each of them, and also where a frame is cut off between two blocks.
struct Lz4<'a> {
    frames: FrameDecoder<Watched<'a>>,
    has_ended: bool,
}

/// Notes whether somebody has read behind the end.
struct Watched<'a> {
    bytes: BufReader<Bytes<'a>>,
    was_read_behind: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.was_read_behind |= n == 0 && !buffer.is_empty();
        Ok(n)
    }
}

impl Read for Lz4<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.has_ended {
            let n = self.frames.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            // A frame has a mark at its end.
            let watched = self.frames.get_mut();
            if watched.was_read_behind {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.has_ended = watched.bytes.fill_buf()?.is_empty();
        }
        Ok(0)
    }
}

#[cfg(test)]
pub(super) mod tests;
