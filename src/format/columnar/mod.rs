//! Writes the columnar formats.
//!
//! Invariant: `without_columnar` replaces this module in builds without the feature `columnar`, with the same items.

mod arrow;
mod parquet;

use std::io::{self, Write};

use super::{BarSink, Format};
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
