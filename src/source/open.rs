//! The one way to read a source: opened, decoded and hashed; whoever reads its bars also learns whether it changed
//! meanwhile.
//!
//! Invariant: [`SourceReader::finish`] gives a content hash only if all bytes were read and the file is still what it
//! was when it was opened. What is not `async` here blocks; call it off the runtime.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::archive::MemberPath;
use super::checksum;
use super::later_rows::LaterRows;
use super::layout::{self, FileLayout};
use super::lines::{LineError, Lines};
use super::read_error::io_error;
use super::reader::{self, BarReader, ReadOptions, Reader, Reading, SourceName, SymbolReader};
use super::root::{Opened, Root, Version};
use super::stored::StoredBytes;
use super::text::{Input, SourceText};
use crate::config::CsvConfig;
use crate::error::{Error, ErrorClass, FileError, Result};
use crate::finding::RawRow;

/// A source opened for reading.
pub struct OpenSource {
    file: OpenFile,
    input: Input<'static>,
}

/// The file, and its version when it was opened.
struct OpenFile {
    root: Root,
    path: String,
    /// The file itself, or the archive that holds it.
    stored_in: String,
    version: Version,
    runtime: Handle,
}

impl OpenFile {
    /// What is wrong with a file that is being written may be right soon.
    fn or_changed(&self, e: FileError) -> FileError {
        let is_same = || {
            self.runtime
                .block_on(self.root.version(&self.stored_in))
                .is_ok_and(|now| now.text == self.version.text)
        };
        if e.class == ErrorClass::Permanent && !is_same() { changed(&self.path) } else { e }
    }
}

/// What a source holds.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// BLAKE3 of the stored bytes.
    pub hash: [u8; 32],
    /// Stored bytes.
    pub bytes: u64,
}

impl OpenSource {
    /// Opens the source at `path` under `root`.
    ///
    /// # Errors
    /// A [`FileError`] if it cannot be opened, or lies outside the root.
    pub async fn open(root: &Root, path: &str) -> Result<Self, FileError> {
        let member = MemberPath::find(root, path).await?;
        let Opened { input: bytes, version, file, unpack } = match &member {
            Some(member) => member.open(root, path).await?,
            None => root.read(path).await?,
        };
        let stored_in = member.map_or_else(|| path.to_owned(), |member| member.archive);
        let (root, path, runtime) = (root.clone(), path.to_owned(), Handle::current());
        let input = Input { bytes, file, unpack };
        Ok(Self { file: OpenFile { root, path, stored_in, version, runtime }, input })
    }

    /// Opens the source at `path` under `root`, if it has the checksum that stands beside it.
    ///
    /// # Errors
    /// A [`FileError`] if it has another one, or cannot be opened.
    pub async fn open_checked(root: &Root, path: &str) -> Result<Self, FileError> {
        let source = Self::open(root, path).await?;
        checksum::check(root, &source.file.stored_in)
            .await
            .map_err(|e| FileError { path: path.to_owned(), ..e })?;
        Ok(source)
    }

    /// What it looked like when it was opened.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.file.version
    }

    /// Reads and hashes all of it, on a thread of its own.
    ///
    /// # Errors
    /// A [`FileError`] when reading fails.
    pub async fn hash(self) -> Result<Content> {
        let hash = move || {
            let mut stored = StoredBytes::new(self.input.bytes);
            stored.drain().map_err(|e| io_error(&self.file.path, &e))?;
            Ok(Content { hash: stored.hash(), bytes: self.file.version.size })
        };
        tokio::task::spawn_blocking(hash).await.map_err(|e| Error::Internal(e.to_string()))?
    }

    /// Its text.
    ///
    /// # Errors
    /// A [`FileError`] when reading fails.
    pub fn text(self) -> Result<SourceText<'static>, FileError> {
        SourceText::of(self.input).map_err(|e| io_error(&self.file.path, &e))
    }

    /// Its lines, none longer than `max_line` bytes.
    ///
    /// # Errors
    /// A [`FileError`] when reading fails.
    pub fn lines(self, max_line: usize) -> Result<Lines<'static>, FileError> {
        Ok(Lines::new(self.text()?, max_line))
    }

    /// Whether its first lines look like those of a file of bars, readable or not. What cannot be decoded may be one.
    pub(super) fn looks_like_bars(self, csv: &CsvConfig) -> bool {
        const LINES: usize = 30;
        const LONGEST: usize = 4096;
        let Ok(mut lines) = self.lines(LONGEST) else { return true };
        let mut rows = Vec::new();
        while rows.len() < LINES {
            match lines.next_line() {
                Ok(Some(line)) => {
                    rows.push(RawRow { line: line.number, offset: line.offset, bytes: line.bytes.to_vec() });
                }
                Err(LineError::Io(..)) if rows.is_empty() => return true,
                Ok(None) | Err(_) => break,
            }
        }
        rows.retain(|row| !row.bytes.trim_ascii().is_empty());
        layout::look_like_bars(&rows, csv)
    }

    /// Its bars, of this timeframe. Rows that start before `resume_at` (in bytes of its text) are left out: an earlier
    /// attempt wrote them. With `allow_empty` a file without any line has no bars; otherwise it is an error.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars.
    pub fn bars(
        self,
        options: &ReadOptions,
        timeframe: &str,
        allow_empty: bool,
        resume_at: u64,
    ) -> Result<SourceReader<BarReader<'static>>, FileError> {
        self.read(BarReader::open_with, (options, timeframe), allow_empty, resume_at)
    }

    /// The same of a source with the bars of several symbols.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars, or nothing tells the symbol of a row.
    pub fn bars_by_symbol(
        self,
        options: &ReadOptions,
        timeframe: &str,
        allow_empty: bool,
        resume_at: u64,
    ) -> Result<SourceReader<SymbolReader<'static>>, FileError> {
        self.read(SymbolReader::open_with, (options, timeframe), allow_empty, resume_at)
    }

    fn read<R: Reader>(
        self,
        open: impl FnOnce(SourceText<'static>, Reading<'_>) -> Result<R, FileError>,
        (options, timeframe): (&ReadOptions, &str),
        allow_empty: bool,
        resume_at: u64,
    ) -> Result<SourceReader<R>, FileError> {
        let path = &self.file.path;
        let source = SourceName { path, timeframe: Some(timeframe) };
        let later = self.input.file.as_ref().map(|file| LaterRows::read(file, self.file.version.size));
        let later = later.transpose().map_err(|e| io_error(path, &e))?.flatten();
        let mut text = SourceText::of(self.input).map_err(|e| self.file.or_changed(io_error(path, &e)))?;
        let stored = text.stored().clone();
        let reading = Reading { source, options, resume_at, later: later.as_ref() };
        let reader = open(text, reading).map_err(|e| self.file.or_changed(e))?;
        if reader.layout().is_none() && !allow_empty {
            return Err(reader::empty(path));
        }
        Ok(SourceReader { file: self.file, stored, reader })
    }
}

/// Reads the bars of one source: with a [`BarReader`] those of one series, with a [`SymbolReader`] those of several.
pub struct SourceReader<R> {
    file: OpenFile,
    stored: StoredBytes<'static>,
    reader: R,
}

impl SourceReader<SymbolReader<'static>> {
    /// Whether the rows so far, or some later rows, are of several symbols.
    #[must_use]
    pub fn has_several(&self) -> bool {
        self.reader.has_several()
    }

    /// With a first batch of so many rows a symbol.
    #[must_use]
    pub fn with_rows_of_each(self, rows_of_each: usize) -> Self {
        Self { reader: self.reader.with_rows_of_each(rows_of_each), ..self }
    }
}

impl<R: Reader> SourceReader<R> {
    /// The next rows, up to `max_rows`, or more if they are of many symbols; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, a line is too long, or a bar is invalid and `on_invalid` is `fail`.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<R::Batch>, FileError> {
        self.reader.next_batch(max_rows).map_err(|e| self.file.or_changed(e))
    }

    /// How the file is written; none if it has no line.
    #[must_use]
    pub fn layout(&self) -> Option<Arc<FileLayout>> {
        self.reader.layout().cloned()
    }

    /// To be called after the last batch.
    ///
    /// # Errors
    /// A transient [`FileError`] if the file changed while it was read.
    pub fn finish(self) -> Result<Content, FileError> {
        let OpenFile { root, path, stored_in, version, runtime } = self.file;
        let mut stored = self.stored;
        // A decoder may end before its input does.
        if stored.bytes_read() < version.size {
            stored.drain().map_err(|e| io_error(&path, &e))?;
        }
        let content = Content { hash: stored.hash(), bytes: stored.bytes_read() };
        if content.bytes != version.size || runtime.block_on(root.version(&stored_in))?.text != version.text {
            return Err(changed(&path));
        }
        Ok(content)
    }
}

/// The error of a file that changed while it was read.
pub(crate) fn changed(path: &str) -> FileError {
    FileError::transient(path, "the file changed while it was read; it will be read again from its start")
}
