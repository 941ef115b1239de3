//! Replaces `columnar` in builds without that feature: every call fails and names the feature.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::marker::PhantomData;

use super::{Format, WITHOUT_COLUMNAR};
use crate::bar::{Bars, SeriesName};

/// Cannot be made.
pub(super) struct ColumnarWriter<W>(Infallible, PhantomData<W>);

impl<W: Write + Send> ColumnarWriter<W> {
    pub(super) fn new(_: Format, _: &SeriesName, _: W) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, WITHOUT_COLUMNAR))
    }

    pub(super) fn write(&mut self, _: &Bars) -> io::Result<()> {
        match self.0 {}
    }

    pub(super) fn finish(self) -> io::Result<W> {
        match self.0 {}
    }
}

/// Cannot be made.
pub(super) struct ColumnarReader(Infallible);

impl ColumnarReader {
    pub(super) fn file(_: Format, _: BufReader<File>) -> Result<Self, String> {
        Err(WITHOUT_COLUMNAR.into())
    }

    pub(super) fn stream(_: impl BufRead + Send + 'static) -> Result<Self, String> {
        Err(WITHOUT_COLUMNAR.into())
    }

    pub(super) fn next(&mut self) -> Result<Option<Bars>, String> {
        match self.0 {}
    }
}
