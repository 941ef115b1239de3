//! The rows of a file: its lines that are not blank; of a wide file several rows a line.
//!
//! Invariant: all rows of a line have its number and its offset.

use std::collections::VecDeque;
use std::time::Duration;

use super::lines::{Line, LineError, Lines};
use super::position::Position;
use super::stored::StoredBytes;
use super::wide::WideColumns;
use crate::finding::RawRow;

/// Reads the rows of a source.
pub(super) struct RowLines<'a> {
    lines: Lines<'a>,
    wide: Option<WideColumns>,
    /// The other rows of the line that was read last.
    waiting: VecDeque<Vec<u8>>,
    /// That line's number and offset, and the row that was given last.
    last: RawRow,
}

impl<'a> RowLines<'a> {
    pub(super) fn new(lines: Lines<'a>) -> Self {
        let last = RawRow { line: 0, offset: 0, bytes: Vec::new() };
        Self { lines, wide: None, waiting: VecDeque::new(), last }
    }

    /// From here on, each line is several rows.
    pub(super) fn set_wide(&mut self, wide: WideColumns) {
        self.wide = Some(wide);
    }

    pub(super) fn is_wide(&self) -> bool {
        self.wide.is_some()
    }

    /// The next row; none at the end of the file.
    #[inline]
    pub(super) fn next_row(&mut self) -> Result<Option<Line<'_>>, LineError> {
        match self.wide {
            None => self.lines.next_row(),
            Some(_) => self.next_of_wide(),
        }
    }

    fn next_of_wide(&mut self) -> Result<Option<Line<'_>>, LineError> {
        while self.waiting.is_empty() {
            let Some(line) = self.lines.next_row()? else { return Ok(None) };
            (self.last.line, self.last.offset) = (line.number, line.offset);
            if let Some(wide) = &self.wide {
                wide.rows(line.bytes, &mut self.waiting);
            }
        }
        self.last.bytes = self.waiting.pop_front().unwrap_or_default();
        let RawRow { line, offset, bytes } = &self.last;
        Ok(Some(Line { bytes, number: *line, offset: *offset }))
    }

    /// Where the line of the next row starts.
    pub(super) fn offset(&self) -> u64 {
        if self.waiting.is_empty() { self.lines.offset() } else { self.last.offset }
    }

    pub(super) fn position(&mut self, offset: u64) -> Position {
        self.lines.position(offset)
    }

    pub(super) fn decoding(&self) -> Duration {
        self.lines.decoding()
    }

    pub(super) fn hash(&mut self) -> [u8; 32] {
        self.lines.hash()
    }

    pub(super) fn stored(&mut self) -> &mut StoredBytes<'a> {
        self.lines.stored()
    }
}
