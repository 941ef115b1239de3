//! Parquet and Arrow files as text: a header with the columns' names, then a line for each row, as CSV.
//!
//! So one set of rules holds for all sources: which column is what, zones and units of times, market-data rules, reports.
//! `parquet` and `arrow` read the values of columns ([`column`]), `value_text` writes them. Invariant: a
//! number is read back bit by bit, an instant has its zone, a local time has none (midnights alone are days), and a line
//! break in a text is a blank.
//! Memory is bounded by some rows of each column (a record batch for Arrow). Row `n` of the file is line `n + 1`.
//! `without_columnar` replaces this module in builds without the feature `columnar`.

mod arrow;
mod column;
mod parquet;
mod parquet_types;
mod value_text;

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::arrow::io_error as arrow_error;
use self::column::{Column, write_row};
pub(crate) use self::parquet::io_error as parquet_error;
use self::value_text::write_text;
use super::encoding::Bytes;
use super::ranges::Ranges;

/// What separates the fields of the text.
pub(super) const DELIMITER: u8 = b',';

/// The text is made in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// What the reader of a columnar file tells beside the text.
#[derive(Debug, Default)]
pub(super) struct ColumnarState {
    /// Stored bytes that the rows so far stand in.
    stored: AtomicU64,
    /// The rows before each row group, or record batch, so far.
    groups: Mutex<Vec<u64>>,
}

impl ColumnarState {
    /// Stored bytes that the rows so far stand in; 0 if they are counted where they are read.
    pub(super) fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    fn has_read(&self, stored: u64) {
        self.stored.fetch_max(stored, Ordering::Relaxed);
    }

    fn begin_group(&self, rows_before: u64) {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).push(rows_before);
    }

    /// Where the row of a line stands, in words.
    pub(super) fn place(&self, line: u64) -> Option<String> {
        // The first line has the names.
        let row = line.checked_sub(2)?;
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let group = groups.partition_point(|before| *before <= row).checked_sub(1)?;
        Some(format!("row group {}, row {}", group + 1, row - groups[group] + 1))
    }
}

/// Makes the text of a columnar file, which is also given as it is if it is a local one.
pub(super) type Decoder =
    for<'a> fn(Bytes<'a>, Option<Arc<File>>, Arc<ColumnarState>) -> io::Result<Bytes<'a>>;

/// The rows of a columnar file, some at a time.
trait Chunks: Send {
    /// The columns' names.
    fn names(&self) -> Vec<String>;

    /// The next rows: as many columns as there are names, all of one length; none at the end.
    fn next(&mut self, state: &ColumnarState) -> io::Result<Option<Vec<Column>>>;
}

/// A columnar file as text.
struct ColumnarText<'a> {
    chunks: Box<dyn Chunks + 'a>,
    state: Arc<ColumnarState>,
    columns: Vec<Column>,
    /// Which columns hold midnights alone, as far as the first rows tell: pandas has no days, and writes them so.
    days: Option<Vec<bool>>,
    /// The next of the rows.
    row: usize,
    text: Vec<u8>,
    given: usize,
}

impl<'a> ColumnarText<'a> {
    fn new(chunks: Box<dyn Chunks + 'a>, state: Arc<ColumnarState>) -> Self {
        let mut text = Vec::new();
        for (i, name) in chunks.names().iter().enumerate() {
            if i > 0 {
                text.push(DELIMITER);
            }
            write_text(name.as_bytes(), &mut text);
        }
        text.push(b'\n');
        Self { chunks, state, columns: Vec::new(), days: None, row: 0, text, given: 0 }
    }

    /// Makes more text; whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.given = 0;
        while self.columns.first().is_none_or(|column| self.row == column.len()) {
            let Some(columns) = self.chunks.next(&self.state)? else { return Ok(false) };
            let Some(first) = columns.first() else { return Ok(false) };
            // A batch without a row tells nothing.
            if first.len() == 0 {
                continue;
            }
            let days = self.days.get_or_insert_with(|| columns.iter().map(Column::has_days).collect());
            let of_days =
                |(column, is_day): (Column, &bool)| if *is_day { column.into_days() } else { column };
            self.columns = columns.into_iter().zip(days.iter()).map(of_days).collect();
            self.row = 0;
        }
        let rows = self.columns.first().map_or(0, Column::len);
        while self.row < rows && self.text.len() < PIECE {
            write_row(&self.columns, self.row, &mut self.text);
            self.row += 1;
        }
        Ok(true)
    }
}

impl Read for ColumnarText<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let read = (&self.text[self.given..]).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

/// The text of a Parquet file.
pub(super) fn parquet<'a>(
    bytes: Bytes<'a>,
    local: Option<Arc<File>>,
    state: Arc<ColumnarState>,
) -> io::Result<Bytes<'a>> {
    let chunks = parquet::ParquetChunks::open(ranges(bytes, local)?)?;
    Ok(Box::new(ColumnarText::new(Box::new(chunks), state)))
}

/// The text of an Arrow file.
pub(super) fn arrow_file<'a>(
    bytes: Bytes<'a>,
    local: Option<Arc<File>>,
    state: Arc<ColumnarState>,
) -> io::Result<Bytes<'a>> {
    let chunks = arrow::ArrowFile::open(ranges(bytes, local)?)?;
    Ok(Box::new(ColumnarText::new(Box::new(chunks), state)))
}

/// The text of an Arrow stream.
pub(super) fn arrow_stream<'a>(
    bytes: Bytes<'a>,
    _: Option<Arc<File>>,
    state: Arc<ColumnarState>,
) -> io::Result<Bytes<'a>> {
    let chunks = arrow::ArrowStream::open(bytes)?;
    Ok(Box::new(ColumnarText::new(Box::new(chunks), state)))
}

/// There is no room for a file that has to be on a disk to be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot write a temporary file (TMPDIR says where): {0}")]
pub(super) struct NoRoom(io::Error);

/// A file that is read from its end. If it is no local file, it is first written to a temporary one.
fn ranges(bytes: Bytes<'_>, local: Option<Arc<File>>) -> io::Result<Ranges> {
    let file = match local {
        Some(file) => file,
        None => Arc::new(spooled(bytes)?),
    };
    let size = file.metadata()?.len();
    Ok(Ranges::of_file(file, size))
}

fn spooled(mut bytes: Bytes<'_>) -> io::Result<File> {
    let no_room = |e| io::Error::other(NoRoom(e));
    let mut file = tempfile::tempfile().map_err(no_room)?;
    let mut buffer = vec![0; PIECE];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(n) => file.write_all(&buffer[..n]).map_err(no_room)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests;
