//! One writer and one reader for the columnar formats.
//!
//! Invariant: `without_columnar` replaces this module in builds without the feature `columnar`, with the same items.

mod arrow;
mod parquet;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use super::Format;
use crate::bar::{Bars, SeriesName};

/// Writes Arrow or Parquet.
pub(super) enum ColumnarWriter<W: Write + Send> {
    Arrow(arrow::ArrowWriter<W>),
    Parquet(Box<parquet::ParquetWriter<W>>),
}

impl<W: Write + Send> ColumnarWriter<W> {
    pub(super) fn new(format: Format, series: &SeriesName, out: W) -> io::Result<Self> {
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(parquet::ParquetWriter::new(series, out)?)),
            _ => Self::Arrow(arrow::ArrowWriter::new(format, series, out)?),
        })
    }

    pub(super) fn write(&mut self, bars: &Bars) -> io::Result<()> {
        match self {
            Self::Arrow(w) => w.write(bars),
            Self::Parquet(w) => w.write(bars),
        }
    }

    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Arrow(w) => w.finish(),
            Self::Parquet(w) => w.finish(),
        }
    }
}

/// The error of a file without a column that bars need.
fn lacks(name: &str) -> String {
    format!("it has no column `{name}`")
}

/// The error of a column whose values bars need.
fn has_nulls(name: &str) -> String {
    format!("`{name}` has nulls")
}

/// Reads Arrow or Parquet. The values are not checked.
pub(super) enum ColumnarReader {
    Arrow(arrow::ArrowReader),
    Parquet(Box<parquet::ParquetReader>),
}

impl ColumnarReader {
    pub(super) fn file(format: Format, file: BufReader<File>) -> Result<Self, String> {
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(parquet::ParquetReader::new(file.into_inner())?)),
            _ => Self::Arrow(arrow::ArrowReader::file(file)?),
        })
    }

    /// An Arrow stream.
    pub(super) fn stream(input: impl BufRead + Send + 'static) -> Result<Self, String> {
        arrow::ArrowReader::stream(input).map(Self::Arrow)
    }

    pub(super) fn next(&mut self) -> Result<Option<Bars>, String> {
        match self {
            Self::Arrow(r) => r.next(),
            Self::Parquet(r) => r.next(),
        }
    }
}
