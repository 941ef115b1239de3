//! Reads the bars of a file in any of these formats.
//!
//! Invariant: a row that is not a bar, or a time that comes twice, is an error that names the line, so that a file is
//! saved whole or not at all.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use super::{Chunks, Format, columnar};
use crate::bar::{Bars, Micros, format_time};
use crate::error::{Error, FileError, Result};
use crate::source::proof::Proof;
use crate::source::reader::{BarReader, Batch, ReadOptions, SourceName};

/// Rows of a CSV file in a chunk.
const CHUNK: usize = 8_192;

/// Reads the bars of one file, chunk by chunk.
pub struct BarFile {
    path: String,
    reader: FormatReader,
    /// The last time so far, for formats whose times have to be in order.
    last: Option<Micros>,
    issues: u64,
}

enum FormatReader {
    Csv(Box<BarReader<'static>>),
    Columnar(Chunks),
}

impl BarFile {
    /// Opens a file with bars of this timeframe. Its first bytes tell whether it is Parquet or Arrow; anything else is read as CSV.
    ///
    /// # Errors
    /// [`Error::Source`] if it cannot be opened, [`Error::File`] if it is not a file of bars.
    pub fn open(path: &Path, timeframe: &str, options: &ReadOptions) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| unreadable(&name, &e))?;
        let mut input = BufReader::with_capacity(CHUNK * 16, file);
        let start = input.fill_buf().map_err(|e| unreadable(&name, &e))?;
        let format = match start {
            [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Format::ArrowFile,
            _ => return Self::read(Box::new(input), name, timeframe, options),
        };
        let reader = columnar::read_file(format, input).map_err(|e| FileError::permanent(&name, None, e))?;
        let reader = FormatReader::Columnar(reader);
        Ok(Self { path: name, reader, last: None, issues: 0 })
    }

    /// Reads a stream: CSV or an Arrow stream; the other formats have to be files. Errors mention `name`.
    ///
    /// # Errors
    /// [`Error::Source`] if nothing can be read, [`Error::File`] if it is not a file of bars.
    pub fn read(
        input: Box<dyn Read + Send>,
        name: String,
        timeframe: &str,
        options: &ReadOptions,
    ) -> Result<Self> {
        let mut input = BufReader::new(input);
        let start = input.fill_buf().map_err(|e| unreadable(&name, &e))?;
        // Messages of an Arrow stream begin with these bytes; no text does.
        let reader = if start.starts_with(&[0xff; 4]) {
            let reader = columnar::read_stream(input).map_err(|e| FileError::permanent(&name, None, e))?;
            FormatReader::Columnar(reader)
        } else if start.starts_with(b"PAR1") || start.starts_with(b"ARROW1") {
            let reason =
                "Parquet and Arrow files are read from their end: give the file's name instead of a pipe";
            return Err(FileError::permanent(&name, None, reason).into());
        } else {
            let source = SourceName { path: &name, timeframe: Some(timeframe) };
            let reader = BarReader::open_even_empty(input, source, options, 0)?;
            if reader.is_empty() {
                return Err(FileError::permanent(&name, None, "the file is empty: it has no header").into());
            }
            FormatReader::Csv(Box::new(reader))
        };
        Ok(Self { path: name, reader, last: None, issues: 0 })
    }

    /// The next bars, in time order; none at the end.
    ///
    /// # Errors
    /// [`Error::File`] for a row that is not a bar, or a time that comes twice.
    pub fn next_chunk(&mut self) -> Result<Option<Bars>> {
        let next = match &mut self.reader {
            FormatReader::Csv(reader) => {
                let Some(batch) = reader.next_batch(CHUNK)? else { return Ok(None) };
                if let Some(e) = first_fault(&self.path, &batch) {
                    return Err(e.into());
                }
                self.issues += batch.issues.len() as u64;
                return Ok(Some(batch.bars));
            }
            FormatReader::Columnar(chunks) => chunks.next().transpose(),
        };
        let next = next.and_then(|bars| self.in_order(bars));
        next.map_err(|e| FileError::permanent(&self.path, None, e).into())
    }

    /// Checks that the bars are valid, and later than those before.
    fn in_order(&mut self, bars: Option<Bars>) -> Result<Option<Bars>, String> {
        let Some(bars) = bars else { return Ok(None) };
        let early = bars.time.first().filter(|first| self.last.is_some_and(|last| last >= **first));
        if let Some(fault) = bars.fault() {
            return Err(fault);
        }
        if let Some(time) = early {
            return Err(format!("the bar of {} comes behind a later one", format_time(*time)));
        }
        self.last = bars.time.last().copied().or(self.last);
        Ok(Some(bars))
    }

    /// The preset that has set the zone of its times, if the file proves one.
    #[must_use]
    pub fn proof(&self) -> Option<&'static Proof> {
        match &self.reader {
            FormatReader::Csv(reader) => reader.layout()?.proof,
            FormatReader::Columnar(_) => None,
        }
    }

    /// Bars so far that break a market-data rule; only those of CSV are checked.
    #[must_use]
    pub fn issues(&self) -> u64 {
        self.issues
    }
}

/// The error of the first row that cannot be saved, if there is one.
fn first_fault(path: &str, batch: &Batch) -> Option<FileError> {
    let rejected = batch.rejected.iter().map(|r| (r.row.line, r.reason.clone()));
    let repeats = batch
        .repeats
        .iter()
        .map(|r| (r.row.line, format!("the time {} stands in the file before", format_time(r.time))));
    let faults = rejected.chain(repeats);
    faults.min_by_key(|(line, _)| *line).map(|(line, reason)| FileError::permanent(path, line, reason))
}

fn unreadable(name: &str, e: &std::io::Error) -> Error {
    Error::source(format!("cannot read {name}: {e}"), "check the file's name and that you may read it")
}
