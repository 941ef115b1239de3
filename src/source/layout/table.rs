//! The fields of a file's first rows.

use super::formats::{self, Clock};
use crate::finding::RawRow;
use crate::source::fields::FieldSplitter;

/// Rows, split into fields without their quotes and the blanks around them.
pub(super) struct Table {
    delimiter: u8,
    data: Vec<u8>,
    /// Start and end of each field in `data`.
    fields: Vec<(usize, usize)>,
    /// Line and first field of each row.
    rows: Vec<(u64, usize)>,
}

impl Table {
    pub(super) fn new<'r>(
        rows: impl IntoIterator<Item = &'r RawRow>,
        delimiter: u8,
        quote: Option<u8>,
    ) -> Self {
        let mut table = Self { delimiter, data: Vec::new(), fields: Vec::new(), rows: Vec::new() };
        let mut splitter = FieldSplitter::new(delimiter, quote);
        for row in rows {
            table.rows.push((row.line, table.fields.len()));
            let split = splitter.split(&row.bytes);
            for i in 0..split.len() {
                let start = table.data.len();
                table.data.extend_from_slice(split.get(i).trim_ascii());
                table.fields.push((start, table.data.len()));
            }
        }
        table
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn width(&self, row: usize) -> usize {
        let end = self.rows.get(row + 1).map_or(self.fields.len(), |next| next.1);
        end - self.rows[row].1
    }

    /// The most fields that a row has.
    pub(super) fn widest(&self) -> usize {
        (0..self.len()).map(|row| self.width(row)).max().unwrap_or(0)
    }

    pub(super) fn line(&self, row: usize) -> u64 {
        self.rows[row].0
    }

    /// A field; empty where the row has none.
    pub(super) fn field(&self, row: usize, column: usize) -> &[u8] {
        if column >= self.width(row) {
            return b"";
        }
        let (start, end) = self.fields[self.rows[row].1 + column];
        &self.data[start..end]
    }

    /// Whether two rows have the same fields.
    pub(super) fn is_same(&self, a: usize, b: usize) -> bool {
        self.width(a) == self.width(b)
            && (0..self.width(a)).all(|column| self.field(a, column) == self.field(b, column))
    }

    /// A column's fields with their lines.
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = (u64, &[u8])> + Clone {
        (0..self.len()).map(move |row| (self.line(row), self.field(row, column)))
    }

    /// How a column's times of day are written, if it has nothing else.
    pub(super) fn clock(&self, column: usize) -> Option<Clock> {
        formats::clock(self.column(column).map(|(_, text)| text))
    }

    /// The lines of the rows that do not have this many fields, if most do. They are no bars, and show nothing.
    pub(super) fn ragged(&self, width: usize) -> Vec<u64> {
        let is_ragged = |row: &usize| {
            let extra = self.width(*row) == width + 1 && self.field(*row, width).is_empty();
            self.width(*row) != width && !extra
        };
        let ragged: Vec<u64> = (0..self.len()).filter(is_ragged).map(|row| self.line(row)).collect();
        if ragged.len() * 2 < self.len() { ragged } else { Vec::new() }
    }

    /// Whether there are rows, and all of them have this many fields.
    pub(super) fn is_everywhere(&self, width: usize) -> bool {
        self.len() > 0 && (0..self.len()).all(|row| self.width(row) == width)
    }

    /// Whether most rows have something in a column.
    pub(super) fn is_filled(&self, column: usize) -> bool {
        let empty = self.column(column).filter(|(_, text)| text.is_empty()).count();
        self.len() > 0 && empty * 3 <= self.len()
    }

    /// Whether the first two rows end with one delimiter more than `width` fields need. In a single row it may come from an
    /// unquoted number (`1,234`) before an empty last field.
    pub(super) fn ends_with_delimiter(&self, width: usize) -> bool {
        let ends = |row| self.width(row) == width + 1 && self.field(row, width).is_empty();
        self.len() > 1 && (0..2).all(ends)
    }
}
