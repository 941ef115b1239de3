//! The destination of a report: stdout, or a file that appears when it is complete.

use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::Path;

use crate::cli::new_file::NewFile;
use crate::cli::output;
use crate::error::{Error, Result};

/// An open destination; its errors name it.
pub(super) struct Destination {
    name: String,
    out: BufWriter<Sink>,
}

enum Sink {
    Stdout(Box<dyn Write>),
    File(NewFile),
}

impl Destination {
    /// Opens the file, or stdout without a path.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let (name, sink) = match path {
            Some(path) => (path.display().to_string(), Sink::File(NewFile::create(path)?)),
            None => ("stdout".to_owned(), Sink::Stdout(Box::new(output::stdout()))),
        };
        Ok(Self { name, out: BufWriter::new(sink) })
    }

    /// Flushes the output, and gives the file its name.
    pub(super) fn finish(self) -> Result<()> {
        let done = match self.out.into_inner().map_err(IntoInnerError::into_error) {
            Ok(Sink::Stdout(mut stdout)) => stdout.flush(),
            Ok(Sink::File(file)) => file.commit(),
            Err(e) => Err(e),
        };
        done.map_err(|e| cannot_write(&self.name, &e))
    }

    /// The error of a write that failed.
    pub(super) fn failed(&self, e: &dyn std::fmt::Display) -> Error {
        cannot_write(&self.name, e)
    }

    /// Writes a piece of text.
    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(|e| cannot_write(&self.name, &e))
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(file) => file.flush(),
        }
    }
}

fn cannot_write(place: &str, e: &dyn std::fmt::Display) -> Error {
    Error::usage(
        format!("cannot write {place}: {e}"),
        "name a file in a directory that you can write to, on a disk that is not full",
    )
}
