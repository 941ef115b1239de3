//! Reads the bars of a file, as an import would.
//!
//! Invariant: a row that is not a bar, or a time that comes twice, is an error that names the line, so that a file is
//! saved whole or not at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::bar::{Bars, format_time};
use crate::error::{Error, FileError, Result};
use crate::source::proof::Proof;
use crate::source::reader::{BarReader, Batch, ReadOptions, SourceName};
use crate::source::text::SourceText;

/// Rows in a chunk.
const CHUNK: usize = 8_192;

/// Reads the bars of one file, chunk by chunk.
pub struct BarFile {
    path: String,
    reader: BarReader<'static>,
    issues: u64,
}

impl BarFile {
    /// Opens a file with bars of this timeframe. Its first bytes tell how it is stored.
    ///
    /// # Errors
    /// [`Error::Source`] if it cannot be opened, [`Error::File`] if it is not a file of bars.
    pub fn open(path: &Path, timeframe: &str, options: &ReadOptions) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| unreadable(&name, &e))?;
        Self::of(SourceText::of_file(file), name, timeframe, options)
    }

    /// Reads a stream in any of these formats. Errors mention `name`.
    ///
    /// # Errors
    /// [`Error::Source`] if nothing can be read, [`Error::File`] if it is not a file of bars.
    pub fn read(
        input: Box<dyn Read + Send>,
        name: String,
        timeframe: &str,
        options: &ReadOptions,
    ) -> Result<Self> {
        Self::of(SourceText::new(input), name, timeframe, options)
    }

    fn of(
        text: io::Result<SourceText<'static>>,
        path: String,
        timeframe: &str,
        options: &ReadOptions,
    ) -> Result<Self> {
        let text = text.map_err(|e| crate::source::read_error::io_error(&path, &e))?;
        let source = SourceName { path: &path, timeframe: Some(timeframe) };
        let reader = BarReader::of_text(text, source, options)?;
        if reader.is_empty() {
            return Err(FileError::permanent(&path, None, "the file is empty: it has no header").into());
        }
        Ok(Self { path, reader, issues: 0 })
    }

    /// The next bars, in time order within a chunk; none at the end.
    ///
    /// # Errors
    /// [`Error::File`] for a row that is not a bar, or a time that comes twice.
    pub fn next_chunk(&mut self) -> Result<Option<Bars>> {
        let Some(batch) = self.reader.next_batch(CHUNK)? else { return Ok(None) };
        if let Some(e) = first_fault(&self.path, &batch) {
            return Err(e.into());
        }
        self.issues += batch.issues.len() as u64;
        Ok(Some(batch.bars))
    }

    /// The preset that has set the zone of its times, if the file proves one.
    #[must_use]
    pub fn proof(&self) -> Option<&'static Proof> {
        self.reader.layout()?.proof
    }

    /// Bars so far that break a market-data rule.
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

fn unreadable(name: &str, e: &io::Error) -> Error {
    Error::source(format!("cannot read {name}: {e}"), "check the file's name and that you may read it")
}
