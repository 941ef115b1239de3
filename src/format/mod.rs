//! Bars in the file formats of other tools: CSV, JSON lines, Arrow IPC, Parquet.
//!
//! [`BarWriter`] writes chunks of bars, [`BarFile`] reads a file as an import would.
//! Invariant: values are read back bit by bit and times to the microsecond. Memory is bounded by a chunk (a row group
//! for Parquet), however long the series is. Nothing here knows the database or the command line. Arrow and Parquet
//! come with the feature `columnar`, which is on by default.
//!
//! | format | time | values | what is not finite | what is unknown |
//! | --- | --- | --- | --- | --- |
//! | CSV | RFC 3339 in UTC | shortest text that gives the same float64 | `NaN`, `inf`, `-inf`, which an import rejects | an empty field |
//! | JSON lines | RFC 3339 in UTC | the same | `null`, for JSON has no such numbers | no key |
//! | Arrow IPC | `Timestamp(Microsecond, "UTC")` | `Float64` | as it is | null |
//! | Parquet | `TIMESTAMP(MICROS, true)` | `DOUBLE` | as it is | null |
//!
//! barlift itself only writes finite values to the database; another program may write others. Arrow and Parquet files
//! have symbol and timeframe in their metadata (keys `symbol` and `timeframe`); the other formats do not have them.

#[cfg(feature = "columnar")]
mod columnar;
#[cfg(not(feature = "columnar"))]
#[path = "without_columnar.rs"]
mod columnar;
mod read;
mod text;

use std::io::{self, Write};
use std::path::Path;

pub use read::BarFile;

use crate::bar::{Bars, SeriesName};
use crate::source::WITHOUT_COLUMNAR;

/// What every format calls the time; the values follow it by their names.
const TIME: &str = "time";

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A header, then a line for each bar; barlift can import it.
    Csv,
    /// An object on a line for each bar.
    JsonLines,
    /// The IPC streaming format of Arrow: `.arrows`.
    ArrowStream,
    /// The IPC file format of Arrow: `.arrow`.
    ArrowFile,
    /// Parquet, compressed with Snappy.
    Parquet,
}

impl Format {
    /// The format that a file's extension names.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "csv" => Self::Csv,
            "jsonl" | "ndjson" => Self::JsonLines,
            "arrows" => Self::ArrowStream,
            "arrow" | "feather" | "ipc" => Self::ArrowFile,
            "parquet" | "pq" => Self::Parquet,
            _ => return None,
        })
    }

    /// Why this build cannot read or write it, if it cannot.
    #[must_use]
    pub fn missing(self) -> Option<&'static str> {
        (self.is_binary() && !cfg!(feature = "columnar")).then_some(WITHOUT_COLUMNAR)
    }

    /// Whether it is not text.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::ArrowStream | Self::ArrowFile | Self::Parquet)
    }
}

/// Writes a file of one format to a `W`.
trait BarSink<W> {
    fn write(&mut self, bars: &Bars) -> io::Result<()>;

    /// Ends the file, without flushing it.
    fn finish(self: Box<Self>) -> io::Result<W>;
}

/// Writes the bars of one series.
pub struct BarWriter<W>(Box<dyn BarSink<W> + Send>);

impl<W: Write + Send + 'static> BarWriter<W> {
    /// Begins a file. `out` should be buffered.
    ///
    /// # Errors
    /// Those of `out`; of the kind `Unsupported` if this build lacks the [format](Format::missing).
    pub fn new(format: Format, series: &SeriesName, out: W) -> io::Result<Self> {
        Ok(Self(match format {
            Format::Csv | Format::JsonLines => Box::new(text::TextWriter::new(format, out)?),
            _ => columnar::write(format, series, out)?,
        }))
    }

    /// Writes the next bars.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&mut self, bars: &Bars) -> io::Result<()> {
        self.0.write(bars)
    }

    /// Ends the file and flushes it; without this the file is not complete.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<W> {
        let mut out = self.0.finish()?;
        out.flush()?;
        Ok(out)
    }
}

#[cfg(test)]
#[cfg(feature = "columnar")]
mod tests;
