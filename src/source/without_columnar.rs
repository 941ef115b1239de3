//! Replaces `columnar` in builds without that feature: every call fails and names the feature.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::WITHOUT_COLUMNAR;
use super::encoding::Bytes;

pub(super) const DELIMITER: u8 = b',';

pub(super) type Decoder =
    for<'a> fn(Bytes<'a>, Option<Arc<File>>, Arc<ColumnarState>) -> io::Result<Bytes<'a>>;

#[derive(Debug, Default)]
pub(super) struct ColumnarState;

impl ColumnarState {
    #[allow(clippy::unused_self)] // as the other one
    pub(super) fn stored(&self) -> u64 {
        0
    }

    #[allow(clippy::unused_self)] // as the other one
    pub(super) fn place(&self, _: u64) -> Option<String> {
        None
    }
}

/// What no call here ends with.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoRoom {}

#[allow(clippy::needless_pass_by_value)] // as the other one
pub(super) fn parquet<'a>(
    _: Bytes<'a>,
    _: Option<Arc<File>>,
    _: Arc<ColumnarState>,
) -> io::Result<Bytes<'a>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, WITHOUT_COLUMNAR))
}

pub(super) use {parquet as arrow_file, parquet as arrow_stream};
