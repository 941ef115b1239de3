//! Where a report goes: stdout, or a file.
//!
//! Invariant: a file appears, or is replaced, only when all of it is on the disk.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::output;
use crate::error::{Error, Result};

/// An open destination; errors of writing name it.
pub(super) struct Destination {
    name: String,
    out: BufWriter<Box<dyn Write>>,
    replaces: Option<Replacement>,
}

/// A new file beside the one that it is to become; gone again unless it does.
struct Replacement {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // Not there any more when it became the target.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

impl Destination {
    /// Opens a file, or stdout.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::of("stdout".to_owned(), Box::new(output::stdout()), None));
        };
        let name = path.display().to_string();
        // A link stays, and what it points to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        // Neither is a device or a pipe.
        if target.exists() && !target.is_file() {
            let file = File::options().write(true).open(&target).map_err(|e| cannot_write(&name, &e))?;
            return Ok(Self::of(name, Box::new(file), None));
        }
        let temporary = beside(&target);
        let file = File::create_new(&temporary).map_err(|e| cannot_write(&name, &e))?;
        let writer = file.try_clone().map_err(|e| cannot_write(&name, &e))?;
        Ok(Self::of(name, Box::new(writer), Some(Replacement { file, temporary, target })))
    }

    fn of(name: String, out: Box<dyn Write>, replaces: Option<Replacement>) -> Self {
        Self { name, out: BufWriter::new(out), replaces }
    }

    /// Writes what is left, and puts the file in its place.
    pub(super) fn finish(mut self) -> Result<()> {
        let done = self.out.flush().and_then(|()| match &self.replaces {
            Some(r) => r.file.sync_all().and_then(|()| std::fs::rename(&r.temporary, &r.target)),
            None => Ok(()),
        });
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

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}", ulid::Ulid::generate()))
}

fn cannot_write(place: &str, e: &dyn std::fmt::Display) -> Error {
    Error::usage(
        format!("cannot write {place}: {e}"),
        "give a place that you may write to, with room on its disk",
    )
}
