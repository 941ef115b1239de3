//! The members of a zip file, found by its directory, or by looking through the file if that is lost.

use std::collections::HashMap;
use std::io::{self, Read};

use zip::{CompressionMethod, ZipArchive};

use super::{Members, lost, zip_scan};
use crate::source::encoding::{self, Bytes};
use crate::source::ranges::Ranges;
use crate::source::text::{Damaged, Unpack};

/// Whether a file that begins like this is a zip file, perhaps an empty one.
pub(super) fn is_signature(start: &[u8]) -> bool {
    matches!(start, b"PK\x03\x04" | b"PK\x05\x06")
}

/// The members of a zip file.
pub(super) struct ZipIndex {
    ranges: Ranges,
    entries: Vec<ZipEntry>,
    by_name: HashMap<String, usize>,
    cut: Option<String>,
}

/// A member.
#[derive(Debug, Clone)]
pub(super) struct ZipEntry {
    pub(super) name: String,
    /// Where its local header starts.
    pub(super) header: u64,
    /// Bytes that the archive has of it.
    pub(super) packed: u64,
    /// Its bytes and their CRC-32; none if the archive is cut off in it.
    pub(super) content: Option<(u64, u32)>,
    pub(super) method: u16,
    pub(super) is_encrypted: bool,
    /// Whether only the directory, which is lost, tells where it ends.
    pub(super) has_no_end: bool,
}

impl ZipIndex {
    pub(super) fn of(ranges: Ranges) -> io::Result<Self> {
        let (entries, cut) = match ZipArchive::new(ranges.clone()) {
            // The crate keeps one of them.
            Ok(archive) if archive.has_duplicate_names() => (zip_scan::entries(ranges.clone())?, None),
            Ok(archive) => (of_directory(&archive)?, None),
            Err(zip::result::ZipError::Io(e)) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(e),
            Err(e) => (zip_scan::entries(ranges.clone())?, Some(lost(&e))),
        };
        let by_name = entries.iter().zip(0..).map(|(entry, at)| (entry.name.clone(), at)).collect();
        Ok(Self { ranges, entries, by_name, cut })
    }

    pub(super) fn members(&self) -> Members {
        let mut found = Members { cut: self.cut.clone(), ..Members::default() };
        for entry in self.entries.iter().filter(|entry| !entry.name.ends_with('/')) {
            found.add(entry.name.clone(), entry.packed, entry.problem());
        }
        found
    }

    /// The member of this name, or why it cannot be read.
    pub(super) fn member(&self, name: &str) -> Option<Result<ZipEntry, String>> {
        let entry = &self.entries[*self.by_name.get(name)?];
        Some(entry.problem().map_or_else(|| Ok(entry.clone()), Err))
    }

    /// Its bytes, as they are stored.
    pub(super) fn read(&self, entry: &ZipEntry) -> io::Result<Box<dyn Read + Send>> {
        const HEADER: usize = 30;
        let mut header = [0; HEADER];
        let read = self.ranges.read_at(&mut header, entry.header)?;
        let length = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let start = entry.header.saturating_add(HEADER as u64 + length(26) + length(28));
        let end = start.saturating_add(entry.packed);
        if read < HEADER || !header.starts_with(b"PK\x03\x04") || end > self.ranges.size() {
            return Err(Damaged::archive(&io::Error::other("its directory points to something else")));
        }
        self.ranges.part(start, entry.packed)
    }
}

fn of_directory(archive: &ZipArchive<Ranges>) -> io::Result<Vec<ZipEntry>> {
    let entry = |at| -> io::Result<ZipEntry> {
        let data = archive.by_index_data(at)?;
        Ok(ZipEntry {
            name: data.name()?.into_owned(),
            header: data.header_start(),
            packed: data.compressed_size(),
            content: Some((data.size(), data.crc32())),
            method: number(data.compression()),
            is_encrypted: data.encrypted(),
            has_no_end: false,
        })
    };
    (0..archive.len()).map(entry).collect()
}

impl ZipEntry {
    /// Why it cannot be read, if it cannot.
    fn problem(&self) -> Option<String> {
        if self.is_encrypted {
            return Some("is encrypted: unpack the archive with its password first".into());
        }
        if self.has_no_end {
            return Some("stands in an archive without a directory, and its end is not known".into());
        }
        let problem = "is compressed in a way that is not read: unpack the archive first";
        self.decoder().is_none().then(|| problem.to_owned())
    }

    fn decoder(&self) -> Option<Decoder> {
        DECODERS.iter().find(|(method, ..)| *method == self.method).map(|(.., decoder)| *decoder)
    }

    /// Decodes the member, and checks that all of it is there.
    pub(super) fn unpack(&self) -> Unpack {
        let decoder = self.decoder();
        let content = self.content;
        Box::new(move |bytes| {
            let decoder = decoder.ok_or(io::ErrorKind::Unsupported)?;
            let (inner, hasher) = (decoder(bytes)?, crc32fast::Hasher::new());
            Ok(Box::new(Checked { inner, content, hasher, read: 0 }))
        })
    }
}

type Decoder = for<'a> fn(Bytes<'a>) -> io::Result<Bytes<'a>>;

/// By the numbers that zip files have for them.
const DECODERS: [(u16, CompressionMethod, Decoder); 5] = [
    (0, CompressionMethod::STORE, |bytes| Ok(bytes)),
    (8, CompressionMethod::DEFLATE, |bytes| Ok(Box::new(flate2::read::DeflateDecoder::new(bytes)))),
    (12, CompressionMethod::BZIP2, encoding::bzip2),
    (93, CompressionMethod::ZSTD, encoding::zstd),
    (95, CompressionMethod::XZ, encoding::xz),
];

/// A member whose length and checksum are compared at its end.
struct Checked<'a> {
    inner: Bytes<'a>,
    content: Option<(u64, u32)>,
    hasher: crc32fast::Hasher,
    read: u64,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        self.read += n as u64;
        if n == 0 && !buffer.is_empty() {
            match self.content {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some((size, _)) if self.read < size => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some((size, crc)) if self.read > size || self.hasher.clone().finalize() != crc => {
                    return Err(io::Error::other("its checksum is another one than the archive says"));
                }
                _ => {}
            }
        }
        Ok(n)
    }
}

/// The number of a method; of one that nothing here reads, any other.
fn number(method: CompressionMethod) -> u16 {
    DECODERS.iter().find(|(_, known, _)| *known == method).map_or(u16::MAX, |(number, ..)| *number)
}
