//! Splits a file into numbered lines of limited length.
//!
//! A row is always one line, so a stray quote spoils one row and not the rest of the file.
//! Invariant: at most `max_line` bytes and one buffer are in memory, whatever the file is. A leading UTF-8 byte order
//! mark is dropped; `\n` and `\r\n` both end a line.

use std::io::{self, Read as _};
use std::ops::Range;
use std::time::Duration;

use super::position::Position;
use super::stored::StoredBytes;
use super::text::SourceText;

const BUFFER: usize = 256 * 1024;

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The line's bytes.
    pub bytes: &'a [u8],
    /// Its number, from 1.
    pub number: u64,
    /// Where it starts in the text.
    pub offset: u64,
}

/// Why the next line cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Reading failed in this line.
    #[error("{1}")]
    Io(u64, io::Error),
    /// The line is longer than the limit.
    #[error("line {0} is longer than {1} bytes")]
    TooLong(u64, usize),
}

/// Reads lines of a source.
pub struct Lines<'a> {
    input: SourceText<'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    number: u64,
    max_line: usize,
    at_end: bool,
}

impl<'a> Lines<'a> {
    /// Lines of `input`, none longer than `max_line` bytes.
    pub fn new(input: SourceText<'a>, max_line: usize) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            offset: 0,
            number: 0,
            max_line,
            at_end: false,
        }
    }

    /// The next line; none at the end of the file.
    ///
    /// # Errors
    /// [`LineError`]
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, LineError> {
        let next = self.advance()?;
        Ok(next.map(|next| self.line(&next)))
    }

    /// The next line that is not blank; none at the end of the file.
    ///
    /// # Errors
    /// [`LineError`]
    pub fn next_row(&mut self) -> Result<Option<Line<'_>>, LineError> {
        loop {
            match self.advance()? {
                Some(next) if self.line(&next).bytes.trim_ascii().is_empty() => {}
                Some(next) => return Ok(Some(self.line(&next))),
                None => return Ok(None),
            }
        }
    }

    /// Moves behind the next line; returns where it lies in the buffer, and its offset.
    fn advance(&mut self) -> Result<Option<(Range<usize>, u64)>, LineError> {
        let length = match self.find_end()? {
            Some(length) => length,
            None if self.start == self.end => return Ok(None),
            None => self.end - self.start,
        };
        let (mut from, to, offset) = (self.start, self.start + length, self.offset);
        // The last line may have no line end.
        let consumed = (length + 1).min(self.end - self.start);
        self.start += consumed;
        self.offset += consumed as u64;
        self.number += 1;
        if self.number == 1 && self.buffer[from..to].starts_with(b"\xef\xbb\xbf") {
            from += 3;
        }
        let to = to - usize::from(self.buffer[from..to].ends_with(b"\r"));
        if to - from > self.max_line {
            return Err(LineError::TooLong(self.number, self.max_line));
        }
        Ok(Some((from..to, offset)))
    }

    fn line(&self, (bytes, offset): &(Range<usize>, u64)) -> Line<'_> {
        Line { bytes: &self.buffer[bytes.clone()], number: self.number, offset: *offset }
    }

    /// The distance to the next `\n`, reading more until there is one; none at the end of the file.
    fn find_end(&mut self) -> Result<Option<usize>, LineError> {
        let mut searched = 0;
        loop {
            let buffered = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &buffered[searched..]) {
                return Ok(Some(searched + at));
            }
            searched = buffered.len();
            if searched > self.max_line + 4 {
                return Err(LineError::TooLong(self.number + 1, self.max_line));
            }
            if self.at_end || !self.fill().map_err(|e| LineError::Io(self.number + 1, e))? {
                return Ok(None);
            }
        }
    }

    /// Reads more into the buffer; whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let n = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += n;
        self.at_end = n == 0;
        Ok(n > 0)
    }

    /// The position of this byte of the text, at which a line that was read starts or ends.
    pub(super) fn position(&mut self, text: u64) -> Position {
        self.input.position(text)
    }

    /// How long decoding took so far.
    pub(super) fn decoding(&self) -> Duration {
        self.input.decoding()
    }

    /// Where the next line starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// BLAKE3 of the stored bytes read so far; of the whole file once its end was reached.
    pub fn hash(&mut self) -> [u8; 32] {
        self.stored().hash()
    }

    pub(super) fn stored(&mut self) -> &mut StoredBytes<'a> {
        self.input.stored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(data: &[u8], max: usize) -> Result<Vec<(Vec<u8>, u64, u64)>, LineError> {
        let mut lines = Lines::new(SourceText::new(data).expect("reads"), max);
        let mut out = Vec::new();
        while let Some(l) = lines.next_line()? {
            out.push((l.bytes.to_vec(), l.number, l.offset));
        }
        assert_eq!(lines.hash(), *blake3::hash(data).as_bytes());
        Ok(out)
    }

    #[test]
    fn line_ends_marks_and_places() {
        let got = all(b"\xef\xbb\xbfa,b\r\n1\n\nlast", 100).expect("fine");
        assert_eq!(
            got,
            [
                (b"a,b".to_vec(), 1, 0),
                (b"1".to_vec(), 2, 8),
                (b"".to_vec(), 3, 10),
                (b"last".to_vec(), 4, 11)
            ]
        );
        assert!(all(b"", 100).expect("fine").is_empty());
    }

    #[test]
    fn a_long_line_is_refused_without_being_held() {
        let endless = io::repeat(b'x');
        let mut lines = Lines::new(SourceText::new(endless).expect("reads"), 1000);
        assert!(matches!(lines.next_line(), Err(LineError::TooLong(1, 1000))));
        assert!(lines.stored().bytes_read() <= 2 * BUFFER as u64);
        assert!(matches!(all(b"short\nmuch longer\n", 6), Err(LineError::TooLong(2, 6))));
    }

    #[test]
    fn lines_across_buffers_stay_whole() {
        let data = "0123456789\n".repeat(60_000);
        let got = all(data.as_bytes(), 64).expect("fine");
        assert_eq!(got.len(), 60_000);
        assert!(got.iter().all(|(b, ..)| b == b"0123456789"));
    }
}
