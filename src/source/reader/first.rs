//! Reads the first line of a file and refuses files that are not text.
//!
//! Invariant: the line is not blank and holds neither NUL bytes nor carriage returns.

use super::super::lines::LineError;
use super::super::row_lines::RowLines;
use super::classify::raw;
use super::line_error;
use crate::error::FileError;
use crate::finding::RawRow;

/// The first line that is not blank; none if all are blank.
pub(super) fn first_line(lines: &mut RowLines<'_>, path: &str) -> Result<Option<RawRow>, FileError> {
    let line = match lines.next_row() {
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
    match not_text(line.bytes) {
        Some(kind) => Err(FileError::permanent(path, line.number, kind)),
        None => Ok(Some(raw(line))),
    }
}

/// First bytes of files that are not text, and why they are not read.
const REFUSED: [(&[u8], &str); 6] = [
    (
        b"PK\x03\x04",
        "the file is a zip archive: its members are imported and verified if it is called .zip; else unpack it",
    ),
    (b"PARE", "the file is encrypted Parquet: write it without encryption"),
    (b"\xd0\xcf\x11\xe0", "the file is an Excel workbook: save it as CSV"),
    (b"FEA1", "the file is Feather in its form of before 2020: write it again with pandas or pyarrow"),
    // It has no mark at its end: one that is cut off looks like a whole one.
    (b"\x02\x21\x4c\x18", "the file is lz4 in its old form (lz4 -l): unpack it first"),
    (b"SQLite format 3\0", "the file is an SQLite database: export the bars as CSV"),
];

/// Why a file that begins with this line is refused, if it is.
fn not_text(bytes: &[u8]) -> Option<&'static str> {
    let refused = REFUSED.iter().find(|(signature, _)| bytes.starts_with(signature));
    refused.map(|(_, reason)| *reason).or_else(|| match bytes {
        _ if bytes.contains(&b'\r') => {
            Some("the lines end with a carriage return alone: convert them to line feeds")
        }
        _ if bytes.get(257..262) == Some(b"ustar") => {
            Some("the file is a tar archive: its members are imported and verified if it is called .tar; else unpack it")
        }
        _ if bytes.contains(&0) => Some("the file is binary: its first line holds NUL bytes"),
        _ => None,
    })
}
