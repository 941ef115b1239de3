//! Rows of the middle and the end of a long local file, read before the rows between them.
//!
//! They show what a file's first rows do not: a header that comes again in another order, or another order of day and month.
//! Invariant: each row is a whole line of the file. Its number is known only after [`LaterRows::numbered`].

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::ranges::read_at;
use crate::finding::RawRow;

/// So many bytes are read of each window.
const BYTES: usize = 8 * 1024;

/// Of shorter files the first rows show enough.
const SHORTEST: u64 = 8 * BYTES as u64;

/// Where windows begin, as quarters of the file; the last one is its end.
const QUARTERS: [u64; 3] = [1, 2, 3];

/// The rows of one window.
pub(super) type Window = Vec<RawRow>;

/// Rows from several windows on a file.
#[derive(Debug)]
pub(super) struct LaterRows {
    file: Arc<File>,
    windows: Vec<Window>,
}

impl LaterRows {
    /// Reads them; none of a short file.
    pub(super) fn read(file: &Arc<File>, size: u64) -> io::Result<Option<Self>> {
        if size < SHORTEST {
            return Ok(None);
        }
        let starts = QUARTERS.iter().map(|quarter| size / 4 * quarter).chain([size - BYTES as u64]);
        let windows = starts.map(|start| rows_at(file, start)).collect::<io::Result<_>>()?;
        Ok(Some(Self { file: file.clone(), windows }))
    }

    /// The windows that have rows behind this byte, without line numbers.
    pub(super) fn behind(&self, offset: u64) -> impl Iterator<Item = &Window> {
        self.windows.iter().filter(move |window| window.first().is_some_and(|row| row.offset >= offset))
    }

    /// The number of the line that starts at this byte.
    pub(super) fn line_at(&self, offset: u64) -> io::Result<u64> {
        self.count_lines(0, offset).map(|before| before + 1)
    }

    /// All rows behind this byte, which is where a line starts, with their line numbers. Reads the file up to them.
    pub(super) fn numbered(&self, offset: u64) -> io::Result<Vec<RawRow>> {
        let (mut line, mut at) = (1, 0);
        let mut rows: Vec<RawRow> = self.behind(offset).flatten().cloned().collect();
        for row in &mut rows {
            line += self.count_lines(at, row.offset)?;
            (row.line, at) = (line, row.offset);
        }
        Ok(rows)
    }

    fn count_lines(&self, from: u64, to: u64) -> io::Result<u64> {
        const BUFFER: usize = 256 * 1024;
        let mut buffer = vec![0; BUFFER.min(usize::try_from(to - from).unwrap_or(BUFFER))];
        let (mut at, mut lines) = (from, 0);
        while at < to {
            let wanted = buffer.len().min(usize::try_from(to - at).unwrap_or(BUFFER));
            let read = read_at(&self.file, &mut buffer[..wanted], at)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
            at += read as u64;
        }
        Ok(lines)
    }
}

/// The whole lines from the first one that starts behind this byte.
fn rows_at(file: &File, start: u64) -> io::Result<Window> {
    let mut buffer = vec![0; BYTES];
    let filled = read_at(file, &mut buffer, start)?;
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &buffer[..filled]).collect();
    let lines = ends.windows(2).map(|pair| pair[0] + 1..pair[1]);
    let row = |line: std::ops::Range<usize>| {
        let bytes = &buffer[line.clone()];
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        RawRow { line: 0, offset: start + line.start as u64, bytes: bytes.to_vec() }
    };
    Ok(lines.map(row).filter(|row| !row.bytes.trim_ascii().is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file_of(text: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        Arc::new(file)
    }

    #[test]
    fn rows_are_whole_lines_and_know_their_numbers() {
        let text: String = (1..=40_000).map(|n| format!("row {n},1,2,3\r\n")).collect();
        let file = file_of(text.as_bytes());
        let later = LaterRows::read(&file, text.len() as u64).expect("read").expect("long enough");
        let rows = later.numbered(0).expect("read");
        assert!(rows.len() > 1_000, "{}", rows.len());
        for row in &rows {
            assert_eq!(row.bytes, format!("row {},1,2,3", row.line).as_bytes());
            assert_eq!(later.line_at(row.offset).expect("read"), row.line);
        }
        assert_eq!(rows.last().expect("rows").line, 40_000);
        assert!(later.behind(rows[0].offset + 1).all(|window| window[0].offset > rows[0].offset));
    }

    #[test]
    fn a_short_file_has_none() {
        let text = "1,2,3\n".repeat(10_000);
        assert!(LaterRows::read(&file_of(text.as_bytes()), text.len() as u64).expect("read").is_none());
    }

    #[test]
    fn one_line_without_an_end_is_no_row() {
        let text = vec![b'x'; 400_000];
        let later = LaterRows::read(&file_of(&text), 400_000).expect("read").expect("long enough");
        assert_eq!(later.behind(0).count(), 0);
    }
}
