//! A file's first line: whether this is text at all.
//!
//! Invariant: what is given out is a line that is not blank and holds neither NUL bytes nor carriage returns.
//! It does not know what stands in the line.

use std::io::Read;

use super::super::lines::{LineError, Lines};
use super::line_error;
use crate::error::FileError;
use crate::finding::RawRow;

/// The first line that is not blank, if this is text at all; none if all are.
pub(super) fn first_line<R: Read>(lines: &mut Lines<R>, path: &str) -> Result<Option<RawRow>, FileError> {
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(None),
            Err(LineError::TooLong(1, max)) => {
                let reason = format!(
                    "the first line is longer than {max} bytes: this is no CSV file of bars \
                     (csv.max_line raises the limit)"
                );
                return Err(FileError::permanent(path, 1, reason));
            }
            Err(e) => return Err(line_error(path, e)),
        };
        if let Some(kind) = foreign(line.bytes) {
            return Err(FileError::permanent(path, line.number, kind));
        }
        if !line.bytes.trim_ascii().is_empty() {
            return Ok(Some(RawRow { line: line.number, offset: line.offset, bytes: line.bytes.to_vec() }));
        }
    }
}

/// What a file is that is no text.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("the file is gzip-compressed: unpack it first"),
        [b'P', b'K', 3, 4, ..] => Some("the file is a zip archive: unpack it first"),
        [b'P', b'A', b'R', b'1', ..] => Some("the file is Parquet, not CSV"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("the file is UTF-16: convert it to UTF-8 first"),
        _ if bytes.contains(&b'\r') => {
            Some("the lines end with a carriage return alone: convert them to line feeds")
        }
        _ if bytes.contains(&0) => Some("the file is binary: its first line holds NUL bytes"),
        _ => None,
    }
}
