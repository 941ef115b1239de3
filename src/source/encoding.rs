//! What a source may be stored as: the one list of extensions, signatures and decoders.
//!
//! Another compression is one entry in [`ENCODINGS`] and a [`TextDecoder`]; remove its entry from [`REFUSED`]
//! if it has one. Discovery, the reader, the messages and the progress follow this list: a checkpoint is a
//! [`Position`], which tells bytes of text from stored bytes. Invariant: a file's name tells whether it is a
//! source, its first bytes tell how it is decoded.

use std::io::{self, Read};

use super::position::Position;
use super::stored::StoredBytes;

/// What sources are called in messages.
pub(crate) const KIND: &str = "CSV";
const EXTENSION: &str = ".csv";

/// A way to store the text of a source.
struct Encoding {
    /// What follows `.csv` in the names of such files.
    suffix: &'static str,
    /// The first bytes of such files; empty for plain text.
    signature: &'static [u8],
    decoder: for<'a> fn(StoredBytes<'a>) -> Box<dyn TextDecoder<'a> + 'a>,
}

/// The last one fits every file.
const ENCODINGS: &[Encoding] = &[
    #[cfg(test)]
    twice::TWICE,
    utf16::LITTLE_ENDIAN,
    utf16::BIG_ENDIAN,
    Encoding { suffix: "", signature: b"", decoder: |stored| Box::new(stored) },
];

/// First bytes of files that are not read, and why.
const REFUSED: [(&[u8], &str); 3] = [
    (b"\x1f\x8b", "the file is gzip-compressed: unpack it first"),
    (b"PK\x03\x04", "the file is a zip archive: unpack it first"),
    (b"PAR1", "the file is Parquet, not CSV"),
];

/// Reads text out of stored bytes.
pub(super) trait TextDecoder<'a>: Read + Send {
    fn stored(&mut self) -> &mut StoredBytes<'a>;

    /// Whether the text is stored as it is.
    fn is_plain(&self) -> bool {
        false
    }

    /// The stored bytes it took to get to this place in the text, with what was read ahead.
    fn stored_at(&mut self, _text: u64) -> u64 {
        self.stored().bytes_read()
    }
}

/// Plain text.
impl<'a> TextDecoder<'a> for StoredBytes<'a> {
    fn stored(&mut self) -> &mut StoredBytes<'a> {
        self
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn stored_at(&mut self, text: u64) -> u64 {
        text
    }
}

/// The text of a source.
pub struct SourceText<'a>(Box<dyn TextDecoder<'a> + 'a>);

impl<'a> SourceText<'a> {
    /// Reads the first bytes and chooses the decoder.
    ///
    /// # Errors
    /// Those of `input`.
    pub fn new(input: impl Read + Send + 'a) -> io::Result<Self> {
        let mut stored = StoredBytes::new(Box::new(input));
        let start = stored.peek()?;
        let fitting = ENCODINGS.iter().find(|encoding| start.starts_with(encoding.signature));
        Ok(match fitting {
            Some(encoding) => Self((encoding.decoder)(stored)),
            None => Self(Box::new(stored)),
        })
    }

    pub(super) fn stored(&mut self) -> &mut StoredBytes<'a> {
        self.0.stored()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.0.is_plain()
    }

    /// The position at this place in the text, which was just read.
    pub(crate) fn position(&mut self, text: u64) -> Position {
        Position { text, stored: self.0.stored_at(text) }
    }
}

impl Read for SourceText<'_> {
    /// [`Damaged`] if the stored bytes were read but cannot be decoded.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|e| if self.0.stored().has_failed() { e } else { io::Error::other(Damaged(e)) })
    }
}

/// Why the stored bytes of a source cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Damaged(io::Error);

/// Why a file whose text begins with these bytes is not read, if it is not.
pub(super) fn refusal(start: &[u8]) -> Option<&'static str> {
    REFUSED.iter().find(|(signature, _)| start.starts_with(signature)).map(|(_, reason)| *reason)
}

/// Whether a file is a source, by its name.
#[must_use]
pub(super) fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    // A name that begins with its extension is a hidden file's.
    ENCODINGS.iter().any(|encoding| {
        name.strip_suffix(encoding.suffix)
            .and_then(|name| name.strip_suffix(EXTENSION))
            .is_some_and(|stem| !stem.is_empty())
    })
}

/// Extensions of files that are sources if their contents are bars.
const TEXT_EXTENSIONS: [&str; 8] = [".txt", ".tsv", ".tab", ".dat", ".prn", ".asc", ".dly", ".mst"];

/// Whether a file may be a source, by its name; its contents tell.
#[must_use]
pub(crate) fn may_be_source(name: &str) -> bool {
    is_source(name) || TEXT_EXTENSIONS.into_iter().any(|extension| ends_in(name, extension))
}

/// Whether a name has more than this extension, which is in lower case.
pub(super) fn ends_in(name: &str, extension: &str) -> bool {
    name.len() > extension.len() && name.to_ascii_lowercase().ends_with(extension)
}

/// The path of a source as it would be if the source were plain text; patterns tell the series from that.
#[must_use]
pub(crate) fn plain_path(path: &str) -> &str {
    let lower = path.to_ascii_lowercase();
    // The longest that fits: plain text's, which is empty, always does.
    let suffixes = ENCODINGS.iter().map(|encoding| encoding.suffix);
    let compressed = suffixes.max_by_key(|suffix| if lower.ends_with(suffix) { suffix.len() } else { 0 });
    &path[..path.len() - compressed.map_or(0, str::len)]
}

#[cfg(test)]
pub(super) mod twice;
mod utf16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_by_its_name() {
        for (path, want) in [
            ("A_1m.csv", true),
            ("deep/er/A_1m.CSV", true),
            ("a.b.Csv", true),
            (".csv", false),
            ("deep/.csv", false),
            ("csv", false),
            ("acsv", false),
            ("A_1m.csv.bak", false),
            ("A_1m.csv/notes.txt", false),
            ("", false),
        ] {
            assert_eq!(is_source(path), want, "{path}");
        }
        assert_eq!(plain_path("deep/A_1m.CSV"), "deep/A_1m.CSV");
    }

    #[test]
    fn a_compressed_source_has_a_plain_path() {
        assert!(is_source("A_1d.csv.twice") && !is_source("A_1d.twice") && !is_source(".csv.twice"));
        assert_eq!(plain_path("deep/A_1d.CSV.Twice"), "deep/A_1d.CSV");
    }

    #[test]
    fn the_last_encoding_fits_every_file() {
        assert!(ENCODINGS.last().is_some_and(|e| e.signature.is_empty() && e.suffix.is_empty()));
    }
}
