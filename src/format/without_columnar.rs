//! Replaces `columnar` in builds without that feature: every call fails and names the feature.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use super::{BarSink, Chunks, Format, WITHOUT_COLUMNAR};
use crate::bar::SeriesName;

pub(super) fn write<W: Write>(_: Format, _: &SeriesName, _: W) -> io::Result<Box<dyn BarSink<W> + Send>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, WITHOUT_COLUMNAR))
}

pub(super) fn read_file(_: Format, _: BufReader<File>) -> Result<Chunks, String> {
    Err(WITHOUT_COLUMNAR.into())
}

pub(super) fn read_stream(_: impl BufRead + Send + 'static) -> Result<Chunks, String> {
    Err(WITHOUT_COLUMNAR.into())
}
