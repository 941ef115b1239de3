//! Writes and reads the columnar formats.
//!
//! Invariant: `without_columnar` replaces this module in builds without the feature `columnar`, with the same items.

mod arrow;
mod parquet;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use super::{BarSink, Chunks, Format};
use crate::bar::SeriesName;

/// Begins a file of Arrow or Parquet.
pub(super) fn write<W: Write + Send + 'static>(
    format: Format,
    series: &SeriesName,
    out: W,
) -> io::Result<Box<dyn BarSink<W> + Send>> {
    Ok(match format {
        Format::Parquet => Box::new(parquet::ParquetWriter::new(series, out)?),
        _ => Box::new(arrow::ArrowWriter::new(format, series, out)?),
    })
}

/// Reads a file of Arrow or Parquet. The values are not checked.
pub(super) fn read_file(format: Format, file: BufReader<File>) -> Result<Chunks, String> {
    match format {
        Format::Parquet => parquet::read(file.into_inner()),
        _ => arrow::read_file(file),
    }
}

/// Reads an Arrow stream. The values are not checked.
pub(super) fn read_stream(input: impl BufRead + Send + 'static) -> Result<Chunks, String> {
    arrow::read_stream(input)
}

/// The error of a file without a column that bars need.
fn lacks(name: &str) -> String {
    format!("it has no column `{name}`")
}

/// The error of a column whose values bars need.
fn has_nulls(name: &str) -> String {
    format!("`{name}` has nulls")
}
