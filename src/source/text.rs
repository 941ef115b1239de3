//! The text of a source, decoded from its stored bytes.
//!
//! Invariant: memory is bounded whatever the bytes are, and what they decode to is bounded by limits. An error of the
//! decoder is told from one of reading, which another attempt may get over.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::columnar::{ColumnarState, NoRoom};
use super::encoding::{self, Bytes, Decoder, START};
use super::position::Position;
use super::stored::StoredBytes;
use crate::config::{CsvConfig, MAX_RATIO, MAX_TEXT};

/// A compressed file in an archive, and then UTF-16 in that.
const MOST_LAYERS: usize = 3;

/// So many bytes are decoded before their number is compared with that of the stored ones.
const FREE: u64 = 64 * 1024 * 1024;

/// Decodes what an archive stores.
pub(super) type Unpack = Box<dyn for<'a> FnOnce(Bytes<'a>) -> io::Result<Bytes<'a>> + Send>;

/// What a text is decoded from.
pub(super) struct Input<'a> {
    /// The stored bytes.
    pub(super) bytes: Bytes<'a>,
    /// The same file, if it is a local one.
    pub(super) file: Option<Arc<File>>,
    /// How an archive stores it, if it is a member of one.
    pub(super) unpack: Option<Unpack>,
}

/// The text of a source.
pub struct SourceText<'a> {
    text: Bytes<'a>,
    stored: StoredBytes<'a>,
    /// What it is decoded from; empty for plain text.
    encodings: Vec<&'static str>,
    columnar: Option<Arc<ColumnarState>>,
    limits: Limits,
    given: u64,
    /// How long it took to read and decode what was given; plain text is not decoded.
    decoding: Duration,
}

impl<'a> SourceText<'a> {
    /// Reads the first bytes and chooses the decoder.
    ///
    /// # Errors
    /// Those of `input`, or that it cannot be decoded.
    pub fn new(input: impl Read + Send + 'a) -> io::Result<Self> {
        Self::of(Input { bytes: Box::new(input), file: None, unpack: None })
    }

    /// The text of a local file.
    ///
    /// # Errors
    /// Those of reading the file, or that it cannot be decoded.
    pub(crate) fn of_file(file: File) -> io::Result<Self> {
        let file = Arc::new(file);
        Self::of(Input { bytes: Box::new(file.clone()), file: Some(file), unpack: None })
    }

    pub(super) fn of(Input { bytes, file, unpack }: Input<'a>) -> io::Result<Self> {
        let stored = StoredBytes::new(bytes);
        let mut layers = Layers { encodings: Vec::new(), columnar: None, file };
        let text = layers.take_off(&stored, unpack);
        let Layers { encodings, columnar, .. } = layers;
        let text = text.map_err(|e| damaged(e, &stored, &encodings, columnar.is_some()))?;
        let limits = Limits::default();
        Ok(Self { text, stored, encodings, columnar, limits, given: 0, decoding: Duration::ZERO })
    }

    /// Stops at these limits.
    pub(super) fn limited(self, csv: &CsvConfig) -> Self {
        Self { limits: Limits::of(csv), ..self }
    }

    pub(super) fn stored(&mut self) -> &mut StoredBytes<'a> {
        &mut self.stored
    }

    /// Whether the text is stored as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.encodings.is_empty()
    }

    /// How long decoding took so far, with the reading of what was decoded.
    pub(super) fn decoding(&self) -> Duration {
        self.decoding
    }

    /// The position at this place in the text, which was just read; of what is compressed, with what was read ahead.
    pub(crate) fn position(&self, text: u64) -> Position {
        let stored = if self.is_plain() { text } else { self.reached() };
        Position { text, stored }
    }

    /// Stored bytes that it took to get here.
    fn reached(&self) -> u64 {
        self.columnar.as_ref().map_or(0, |columnar| columnar.stored()).max(self.stored.bytes_read())
    }

    /// What is told of the rows, if this is the text of a columnar file.
    pub(super) fn columnar(&self) -> Option<&Arc<ColumnarState>> {
        self.columnar.as_ref()
    }
}

impl Read for SourceText<'_> {
    /// `Damaged` if the stored bytes were read but cannot be decoded; `TooLong` if they decode to too much.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_plain() {
            return self.text.read(buffer);
        }
        let start = Instant::now();
        let read = self.text.read(buffer);
        self.decoding += start.elapsed();
        let is_columnar = self.columnar.is_some();
        let n = read.map_err(|e| damaged(e, &self.stored, &self.encodings, is_columnar))?;
        self.given += n as u64;
        // Columns of which all values are the same take next to nothing.
        let ratio = if is_columnar { u64::MAX } else { self.limits.ratio };
        Limits { ratio, ..self.limits }.check(self.given, self.stored.bytes_read())?;
        Ok(n)
    }
}

/// What is taken off until there is text.
struct Layers {
    encodings: Vec<&'static str>,
    columnar: Option<Arc<ColumnarState>>,
    /// The stored file, while nothing was taken off.
    file: Option<Arc<File>>,
}

impl Layers {
    fn take_off<'a>(&mut self, stored: &StoredBytes<'a>, unpack: Option<Unpack>) -> io::Result<Bytes<'a>> {
        let mut bytes: Bytes<'a> = Box::new(stored.clone());
        if let Some(unpack) = unpack {
            self.encodings.push("archive");
            self.file = None;
            bytes = unpack(bytes)?;
        }
        loop {
            let mut start = Vec::with_capacity(START);
            bytes.by_ref().take(START as u64).read_to_end(&mut start)?;
            let encoding = encoding::of(&start);
            bytes = Box::new(Cursor::new(start).chain(bytes));
            let Some(encoding) = encoding.filter(|_| self.columnar.is_none()) else { return Ok(bytes) };
            if self.encodings.len() == MOST_LAYERS {
                return Err(io::Error::other(format!("it is compressed more than {MOST_LAYERS} times")));
            }
            self.encodings.push(encoding.name);
            let file = self.file.take();
            bytes = match encoding.decoder {
                Decoder::Stream(decode) => decode(bytes)?,
                Decoder::Columns(decode) => {
                    let columnar = self.columnar.insert(Arc::default());
                    let limited = Limited { bytes, stored: stored.clone(), given: 0 };
                    decode(Box::new(limited), file, columnar.clone())?
                }
            };
        }
    }
}

/// How much a source may decode to.
#[derive(Debug, Clone, Copy)]
struct Limits {
    bytes: u64,
    /// Bytes of text for each stored byte.
    ratio: u64,
}

impl Limits {
    /// Refuses more bytes than these stored ones may decode to.
    fn check(self, decoded: u64, stored: u64) -> io::Result<()> {
        let Self { bytes, ratio } = self;
        let reason = if decoded > bytes {
            format!("its text is longer than {bytes} bytes (csv.max_text raises the limit)")
        } else if decoded > stored.saturating_mul(ratio).max(FREE) {
            format!(
                "its text is over {ratio} times as long as what is stored (csv.max_ratio raises the limit)"
            )
        } else {
            return Ok(());
        };
        Err(io::Error::other(TooLong(reason)))
    }

    fn of(csv: &CsvConfig) -> Self {
        Self { bytes: csv.max_text.as_u64(), ratio: csv.max_ratio.into() }
    }
}

/// Those of the default settings.
impl Default for Limits {
    fn default() -> Self {
        Self { bytes: MAX_TEXT.as_u64(), ratio: MAX_RATIO.into() }
    }
}

/// Bytes that were decoded, and are written to a disk before they are read.
struct Limited<'a> {
    bytes: Bytes<'a>,
    stored: StoredBytes<'a>,
    given: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.given += n as u64;
        Limits::default().check(self.given, self.stored.bytes_read())?;
        Ok(n)
    }
}

/// Why the stored bytes of a source cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[error("the file is damaged: {cause}{place}; replace it by a sound copy{advice}")]
pub(super) struct Damaged {
    cause: String,
    place: String,
    advice: &'static str,
    is_cut: bool,
}

/// A checksum stands behind what it is of, which was used by then.
const ANY_ROW: &str =
    ", and import that with --on-mismatch overwrite: rows before the damage may be wrong as well";

/// Why the text of a source is not read to its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TooLong(String);

impl Damaged {
    /// Whether an error is one of the stored bytes.
    pub(super) fn is(e: &io::Error) -> bool {
        Self::of(e).is_some()
    }

    /// Whether stored bytes are missing at the end, so that those before it may be right.
    pub(super) fn is_cut(e: &io::Error) -> bool {
        Self::of(e).is_some_and(|damaged| damaged.is_cut)
    }

    fn of(e: &io::Error) -> Option<&Self> {
        e.get_ref().and_then(|cause| cause.downcast_ref())
    }

    /// The error of an archive whose own structure is damaged.
    pub(super) fn archive(e: &io::Error) -> io::Error {
        let cause = match e.kind() {
            io::ErrorKind::UnexpectedEof => "the archive is cut off".to_owned(),
            _ => e.to_string(),
        };
        io::Error::other(Self {
            cause,
            place: String::new(),
            advice: "",
            is_cut: e.kind() == io::ErrorKind::UnexpectedEof,
        })
    }
}

fn damaged(
    e: io::Error,
    stored: &StoredBytes<'_>,
    encodings: &[&'static str],
    is_columnar: bool,
) -> io::Error {
    if stored.has_failed()
        || e.kind() == io::ErrorKind::Interrupted
        || e.kind() == io::ErrorKind::Unsupported
        || e.raw_os_error().is_some()
        || e.get_ref().is_some_and(|e| e.is::<Damaged>() || e.is::<TooLong>() || e.is::<NoRoom>())
    {
        return e;
    }
    let encoding = encodings.last().copied().unwrap_or_default();
    if e.kind() == io::ErrorKind::OutOfMemory || e.to_string().contains("too much memory") {
        let reason = format!(
            "its {encoding} data need a larger window than is read: compress it again with a smaller one (zstd: --long=27 at most)"
        );
        return io::Error::other(TooLong(reason));
    }
    let cause = match e.kind() {
        io::ErrorKind::UnexpectedEof => format!("it is cut off: its {encoding} data end too early"),
        _ => format!("its {encoding} data: {e}"),
    };
    let place = format!(", at or before byte {} of what is stored", stored.bytes_read());
    let is_cut = e.kind() == io::ErrorKind::UnexpectedEof;
    let advice = if is_cut || is_columnar { "" } else { ANY_ROW };
    io::Error::other(Damaged { cause, place, advice, is_cut })
}
