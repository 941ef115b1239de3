//! Finds the members of a zip file that has lost its directory, which stands at the end: by the header before each.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::zip::ZipEntry;
use crate::source::ranges::Ranges;

const HEADER: usize = 30;
const DEFLATE: u16 = 8;
/// The sizes stand behind the member.
const HAS_DESCRIPTOR: u16 = 1 << 3;
const IS_ENCRYPTED: u16 = 1;
const IS_UTF_8: u16 = 1 << 11;

/// The members, the last of which may be cut off.
pub(super) fn entries(mut ranges: Ranges) -> io::Result<Vec<ZipEntry>> {
    let (mut entries, mut at) = (Vec::new(), 0);
    while let Some((entry, next)) = entry(&mut ranges, at)? {
        entries.push(entry);
        let Some(next) = next else { break };
        at = next;
    }
    Ok(entries)
}

/// The member whose header stands at this byte, and where the next one may start; none if it is cut off.
fn entry(ranges: &mut Ranges, start: u64) -> io::Result<Option<(ZipEntry, Option<u64>)>> {
    let mut header = [0; HEADER];
    if !read_at(ranges, start, &mut header)? || !header.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let (name_length, extra_length) = (u16_at(&header, 26), u16_at(&header, 28));
    let mut rest = vec![0; usize::from(name_length) + usize::from(extra_length)];
    if !read_at(ranges, start + HEADER as u64, &mut rest)? {
        return Ok(None);
    }
    let (name, extra) = rest.split_at(usize::from(name_length));
    let (flags, method) = (u16_at(&header, 6), u16_at(&header, 8));
    let data = start + (HEADER + rest.len()) as u64;
    let left = ranges.size().saturating_sub(data);
    let (packed, size) = sizes(&header, extra);
    let has_descriptor = flags & HAS_DESCRIPTOR != 0;
    let found = if !has_descriptor {
        (packed <= left).then(|| (packed, (size, u32_at(&header, 14)), data + packed))
    } else if method == DEFLATE {
        inflate(ranges, data)?
    } else {
        None
    };
    let entry = ZipEntry {
        name: name_of(name, flags),
        header: start,
        packed: found.map_or(left, |(packed, ..)| packed),
        content: found.map(|(_, content, _)| content),
        method,
        is_encrypted: flags & IS_ENCRYPTED != 0,
        has_no_end: has_descriptor && method != DEFLATE,
    };
    Ok(Some((entry, found.map(|(.., next)| next))))
}

/// Without the mark of UTF-8 a name is in the code page of the first PCs; of that only ASCII is read.
fn name_of(name: &[u8], flags: u16) -> String {
    match std::str::from_utf8(name) {
        Ok(name) if flags & IS_UTF_8 != 0 || name.is_ascii() => name.to_owned(),
        _ => name.escape_ascii().to_string(),
    }
}

/// Packed and unpacked size, which stand in the extra field if they are large.
fn sizes(header: &[u8; HEADER], mut extra: &[u8]) -> (u64, u64) {
    let (packed, size) = (u32_at(header, 18), u32_at(header, 22));
    if packed < u32::MAX && size < u32::MAX {
        return (packed.into(), size.into());
    }
    while let [a, b, c, d, fields @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*c, *d])).min(fields.len());
        let (field, next) = fields.split_at(length);
        if let (1, Some((size, rest))) = (u16::from_le_bytes([*a, *b]), field.split_first_chunk())
            && let Some((packed, _)) = rest.split_first_chunk()
        {
            return (u64::from_le_bytes(*packed), u64::from_le_bytes(*size));
        }
        extra = next;
    }
    (packed.into(), size.into())
}

/// Packed bytes, size and checksum, and the end of the descriptor behind them.
type Inflated = (u64, (u64, u32), u64);

/// Decodes a member whose size stands behind it; none if it is cut off.
fn inflate(ranges: &Ranges, data: u64) -> io::Result<Option<Inflated>> {
    let left = ranges.size().saturating_sub(data);
    let bytes = io::BufReader::new(ranges.part(data, left)?);
    let mut decoder = flate2::bufread::DeflateDecoder::new(bytes);
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match io::copy(&mut decoder, &mut io::sink()) {
        Ok(_) => {}
        Err(e) if matches!(e.kind(), InvalidInput | UnexpectedEof | InvalidData) => return Ok(None),
        Err(e) => return Err(e),
    }
    let (packed, size) = (decoder.total_in(), decoder.total_out());
    let mut ranges = ranges.clone();
    let mut descriptor = vec![0; usize::try_from((left - packed).min(28)).unwrap_or(0)];
    read_at(&mut ranges, data + packed, &mut descriptor)?;
    let has_signature = descriptor.starts_with(b"PK\x07\x08");
    let fields = &descriptor[if has_signature { 4 } else { 0 }..];
    let Some((crc, after)) = fields.split_first_chunk() else { return Ok(None) };
    let is_long = after.get(8..16).is_some_and(|bytes| bytes == size.to_le_bytes());
    let length = 4 * u64::from(has_signature) + 4 + if is_long { 16 } else { 8 };
    Ok(Some((packed, (size, u32::from_le_bytes(*crc)), data + packed + length)))
}

/// Whether there are so many bytes.
fn read_at(ranges: &mut Ranges, at: u64, buffer: &mut [u8]) -> io::Result<bool> {
    ranges.seek(SeekFrom::Start(at))?;
    match ranges.read_exact(buffer) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
