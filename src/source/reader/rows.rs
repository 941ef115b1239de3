//! The rows of a file in their order: those that were read ahead, then the others.
//!
//! Invariant: an error comes once all rows before it were given.

use std::time::Duration;

use super::super::lines::Line;
use super::super::position::Position;
use super::super::row_lines::RowLines;
use super::super::stored::StoredBytes;
use super::ahead::Ahead;
use super::line_error;
use crate::error::FileError;

/// The rows of one file.
pub(super) struct FileRows<'a> {
    lines: RowLines<'a>,
    path: String,
    ahead: Ahead,
    /// How long decoding took for the batches so far; what decided the layout counts for the first one.
    decoded: Duration,
}

impl<'a> FileRows<'a> {
    pub(super) fn new(lines: RowLines<'a>, path: &str, ahead: Ahead) -> Self {
        Self { lines, path: path.to_owned(), ahead, decoded: Duration::ZERO }
    }

    /// Gives the next row that is not blank to `take`; false if there is none. `is_first`: no row was given since the last
    /// batch, so that an error is due.
    #[inline]
    pub(super) fn next(
        &mut self,
        is_first: bool,
        take: impl FnOnce(Line<'_>) -> Result<(), FileError>,
    ) -> Result<bool, FileError> {
        if let Some(row) = self.ahead.rows.pop_front() {
            take(Line { bytes: &row.bytes, number: row.line, offset: row.offset })?;
            return Ok(true);
        }
        while self.ahead.broken.is_none() {
            let offset = self.lines.offset();
            match self.lines.next_row() {
                Ok(Some(line)) => {
                    take(line)?;
                    return Ok(true);
                }
                Ok(None) => return Ok(false),
                Err(e) => self.ahead.broken = Some((offset, line_error(&self.path, e))),
            }
        }
        match &self.ahead.broken {
            Some((_, e)) if is_first => Err(e.clone()),
            _ => Ok(false),
        }
    }

    /// Where the line of the next row starts.
    pub(super) fn offset(&self) -> u64 {
        let broken_at = || self.ahead.broken.as_ref().map_or(self.lines.offset(), |(offset, _)| *offset);
        self.ahead.rows.front().map_or_else(broken_at, |row| row.offset)
    }

    /// The same, also in stored bytes.
    pub(super) fn position(&mut self) -> Position {
        let offset = self.offset();
        self.lines.position(offset)
    }

    /// How long decoding took since this was asked last.
    pub(super) fn take_decoding(&mut self) -> Duration {
        let decoding = self.lines.decoding() - self.decoded;
        self.decoded += decoding;
        decoding
    }

    /// Whether neither a row follows nor an error. Reads one row, unless one is there.
    pub(super) fn has_ended(&mut self) -> bool {
        !self.ahead.has_more(&mut self.lines, &self.path)
    }

    pub(super) fn hash(&mut self) -> [u8; 32] {
        self.lines.hash()
    }

    pub(super) fn stored(&mut self) -> &mut StoredBytes<'a> {
        self.lines.stored()
    }
}
