//! Replaces `columnar` in builds without that feature: every call fails and names the feature.

use std::io::{self, Write};

use super::{BarSink, Format, WITHOUT_COLUMNAR};
use crate::bar::SeriesName;

pub(super) fn write<W: Write>(_: Format, _: &SeriesName, _: W) -> io::Result<Box<dyn BarSink<W> + Send>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, WITHOUT_COLUMNAR))
}
