//! A file's first line: whether this is text at all.
//!
//! Invariant: what is given out is a line that is not blank and holds neither NUL bytes nor carriage returns.
//! It does not know what stands in the line.

use super::super::encoding::refusal;
use super::super::lines::{LineError, Lines};
use super::line_error;
use crate::error::FileError;
use crate::finding::RawRow;

/// The first line that is not blank, if this is text at all; none if all are.
pub(super) fn first_line(lines: &mut Lines<'_>, path: &str) -> Result<Option<RawRow>, FileError> {
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
    refusal(bytes).or_else(|| match bytes {
        _ if bytes.contains(&b'\r') => {
            Some("the lines end with a carriage return alone: convert them to line feeds")
        }
        _ if bytes.contains(&0) => Some("the file is binary: its first line holds NUL bytes"),
        _ => None,
    })
}
