//! The text of a source, decoded from its stored bytes.
//!
//! Invariant: memory is bounded whatever the bytes are, and what they decode to is bounded by [`Limits`]. An error of the
//! decoder is [`Damaged`], so that it can be told from one of reading, which another attempt may get over.

use std::io::{self, Cursor, Read};
use std::time::{Duration, Instant};

use super::encoding::{self, Bytes, START};
use super::position::Position;
use super::stored::StoredBytes;
use crate::config::CsvConfig;

/// A compressed file in an archive, and then UTF-16 in that.
const MOST_LAYERS: usize = 3;

/// So many bytes are decoded before their number is compared with that of the stored ones.
const FREE: u64 = 64 * 1024 * 1024;

/// Decodes what an archive stores.
pub(super) type Unpack = Box<dyn for<'a> FnOnce(Bytes<'a>) -> io::Result<Bytes<'a>> + Send>;

/// The text of a source.
pub struct SourceText<'a> {
    text: Bytes<'a>,
    stored: StoredBytes<'a>,
    /// What it is decoded from; empty for plain text.
    encodings: Vec<&'static str>,
    limits: Limits,
    given: u64,
    /// How long it took to read and decode what was given; plain text is not decoded.
    decoding: Duration,
}

impl<'a> SourceText<'a> {
    /// Reads the first bytes and chooses the decoder.
    ///
    /// # Errors
    /// Those of `input`, or [`Damaged`].
    pub fn new(input: impl Read + Send + 'a) -> io::Result<Self> {
        Self::unpacked(input, None)
    }

    /// Like [`new`](Self::new), for the member of an archive.
    pub(super) fn unpacked(input: impl Read + Send + 'a, unpack: Option<Unpack>) -> io::Result<Self> {
        let stored = StoredBytes::new(Box::new(input));
        let mut encodings = Vec::new();
        let text = decoded(stored.clone(), unpack, &mut encodings);
        let text = text.map_err(|e| damaged(e, &stored, &encodings))?;
        let limits = Limits::default();
        Ok(Self { text, stored, encodings, limits, given: 0, decoding: Duration::ZERO })
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
        let stored = if self.is_plain() { text } else { self.stored.bytes_read() };
        Position { text, stored }
    }

    fn check_limits(&self) -> io::Result<()> {
        let Limits { bytes, ratio } = self.limits;
        let most = self.stored.bytes_read().saturating_mul(ratio).max(FREE);
        let reason = if self.given > bytes {
            format!("its text is longer than {bytes} bytes (csv.max_text raises the limit)")
        } else if self.given > most {
            format!(
                "its text is over {ratio} times as long as what is stored (csv.max_ratio raises the limit)"
            )
        } else {
            return Ok(());
        };
        Err(io::Error::other(TooLong(reason)))
    }
}

impl Read for SourceText<'_> {
    /// [`Damaged`] if the stored bytes were read but cannot be decoded; [`TooLong`] if they decode to too much.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_plain() {
            return self.text.read(buffer);
        }
        let start = Instant::now();
        let read = self.text.read(buffer);
        self.decoding += start.elapsed();
        let n = read.map_err(|e| damaged(e, &self.stored, &self.encodings))?;
        self.given += n as u64;
        self.check_limits()?;
        Ok(n)
    }
}

/// Decodes until there is text.
fn decoded<'a>(
    stored: StoredBytes<'a>,
    unpack: Option<Unpack>,
    encodings: &mut Vec<&'static str>,
) -> io::Result<Bytes<'a>> {
    let mut bytes: Bytes<'a> = Box::new(stored);
    if let Some(unpack) = unpack {
        encodings.push("archive");
        bytes = unpack(bytes)?;
    }
    loop {
        let mut start = Vec::with_capacity(START);
        bytes.by_ref().take(START as u64).read_to_end(&mut start)?;
        let encoding = encoding::of(&start);
        bytes = Box::new(Cursor::new(start).chain(bytes));
        let Some(encoding) = encoding else { return Ok(bytes) };
        if encodings.len() == MOST_LAYERS {
            return Err(io::Error::other(format!("it is compressed more than {MOST_LAYERS} times")));
        }
        encodings.push(encoding.name);
        bytes = (encoding.decoder)(bytes)?;
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
    fn of(csv: &CsvConfig) -> Self {
        Self { bytes: csv.max_text.as_u64(), ratio: csv.max_ratio.into() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: u64::MAX, ratio: u64::MAX }
    }
}

/// Why the stored bytes of a source cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[error("the file is damaged: {cause}{place}; replace it by a sound copy")]
pub(super) struct Damaged {
    cause: String,
    place: String,
}

/// Why the text of a source is not read to its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct TooLong(String);

impl Damaged {
    /// The error of an archive whose own structure is damaged.
    pub(super) fn archive(e: &io::Error) -> io::Error {
        let cause = match e.kind() {
            io::ErrorKind::UnexpectedEof => "the archive is cut off".to_owned(),
            _ => e.to_string(),
        };
        io::Error::other(Self { cause, place: String::new() })
    }
}

fn damaged(e: io::Error, stored: &StoredBytes<'_>, encodings: &[&'static str]) -> io::Error {
    if stored.has_failed()
        || e.kind() == io::ErrorKind::Interrupted
        || e.get_ref().is_some_and(|e| e.is::<Damaged>())
    {
        return e;
    }
    let encoding = encodings.last().copied().unwrap_or_default();
    let cause = match e.kind() {
        io::ErrorKind::UnexpectedEof => format!("it is cut off: its {encoding} data end too early"),
        _ => format!("its {encoding} data: {e}"),
    };
    let place = format!(", at or before byte {} of what is stored", stored.bytes_read());
    io::Error::other(Damaged { cause, place })
}
