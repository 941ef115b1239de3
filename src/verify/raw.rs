//! Fetches the text of rejected rows whose line numbers are known.
//!
//! `sorted` needs it for rows that turn out to be rejected after the sort, which has no text. Invariant: a file that has
//! changed since its bars were read is an error.

use std::collections::HashMap;

use crate::error::FileError;
use crate::finding::RejectedRow;
use crate::source::lines::{LineError, Lines};
use crate::source::open;
use crate::source::read_error::io_error;

/// Reads a file again and fills in its rows' offsets and, as long as there is `room`, bytes. `hash` is the file's earlier
/// hash.
pub(super) fn fill(
    mut lines: Lines<'_>,
    path: &str,
    hash: &[u8; 32],
    rows: Vec<&mut RejectedRow>,
    room: &mut usize,
) -> Result<(), FileError> {
    // A line of a wide file may be rejected for several symbols.
    let mut wanted: HashMap<u64, Vec<&mut RejectedRow>> = HashMap::new();
    rows.into_iter().for_each(|row| wanted.entry(row.row.line).or_default().push(row));
    let changed = || open::changed(path);
    while let Some(line) = lines.next_line().map_err(|e| match e {
        LineError::Io(_, e) => io_error(path, &e),
        LineError::TooLong(..) => changed(),
    })? {
        for rejected in wanted.remove(&line.number).unwrap_or_default() {
            rejected.row.offset = line.offset;
            if line.bytes.len() <= *room {
                *room -= line.bytes.len();
                rejected.row.bytes = line.bytes.to_vec();
            }
        }
    }
    if *hash == lines.hash() && wanted.is_empty() { Ok(()) } else { Err(changed()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RawRow;
    use crate::source::text::SourceText;

    #[test]
    fn rows_get_their_text_of_the_same_file_alone() {
        let text = b"h\r\none\r\ntwo\n";
        let row = |line| RejectedRow {
            row: RawRow { line, offset: 0, bytes: Vec::new() },
            rule: "duplicate",
            reason: String::new(),
        };
        let lines = |text: &'static [u8]| Lines::new(SourceText::new(text).expect("opens"), 100);
        let (mut a, mut b) = (row(3), row(2));
        let hash = *blake3::hash(text).as_bytes();
        fill(lines(text), "f", &hash, vec![&mut a, &mut b], &mut 6).expect("filled");
        assert_eq!((a.row.bytes.as_slice(), a.row.offset), (&b"two"[..], 8));
        assert_eq!((b.row.bytes.as_slice(), b.row.offset), (&b"one"[..], 3));
        fill(lines(b"other"), "f", &hash, vec![&mut a], &mut 6).expect_err("another file");
        fill(lines(text), "f", &hash, vec![&mut row(4)], &mut 6).expect_err("no such line");
    }
}
