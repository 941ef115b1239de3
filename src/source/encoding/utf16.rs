//! Text in UTF-16 with a byte order mark, as programs on Windows write it.

use std::io::{self, Read};

use super::{Bytes, Encoding};

pub(super) const LITTLE_ENDIAN: Encoding = Encoding {
    name: "UTF-16",
    suffix: None,
    signature: b"\xff\xfe",
    decoder: super::Decoder::Stream(|bytes| Ok(Box::new(Decoder::new(bytes, u16::from_le_bytes)))),
};

pub(super) const BIG_ENDIAN: Encoding = Encoding {
    name: "UTF-16",
    suffix: None,
    signature: b"\xfe\xff",
    decoder: super::Decoder::Stream(|bytes| Ok(Box::new(Decoder::new(bytes, u16::from_be_bytes)))),
};

/// Stored bytes that are decoded at a time.
const CHUNK: u64 = 64 * 1024;

struct Decoder<'a> {
    stored: Bytes<'a>,
    unit: fn([u8; 2]) -> u16,
    /// Text that was decoded and not yet given out, from `given` on.
    text: String,
    given: usize,
    /// The first half of a character, if its second half was not read yet.
    half: Option<u16>,
}

impl<'a> Decoder<'a> {
    fn new(stored: Bytes<'a>, unit: fn([u8; 2]) -> u16) -> Self {
        Self { stored, unit, text: String::new(), given: 0, half: None }
    }

    /// Decodes more; whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = Vec::new();
        self.stored.by_ref().take(CHUNK).read_to_end(&mut bytes)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        let mut units: Vec<u16> =
            self.half.take().into_iter().chain(pairs.iter().map(|pair| (self.unit)(*pair))).collect();
        let has_ended = bytes.len() < CHUNK as usize;
        if !has_ended {
            self.half = units.pop_if(|last| (0xD800..0xDC00).contains(last));
        }
        let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        self.text = text.ok_or_else(|| io::Error::other("it is no whole UTF-16"))?;
        self.given = 0;
        Ok(!units.is_empty())
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let read = (&self.text.as_bytes()[self.given..]).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::text::SourceText;
    use super::*;

    fn stored(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(unit).collect()
    }

    fn decoded(stored: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        SourceText::new(stored)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn both_byte_orders_are_decoded_with_their_mark() {
        // An odd and an even number of units before characters of two units, so that one stands on the border of two chunks.
        for before in ["", "x"] {
            let text = format!("{before}time,open\r\n{}", "€1,😀\n".repeat(20_000));
            for unit in [u16::to_le_bytes, u16::to_be_bytes] {
                let got = decoded(&stored(&text, unit)).expect("reads");
                assert!(got.strip_prefix('\u{feff}') == Some(&text));
            }
        }
    }

    #[test]
    fn what_is_cut_is_damaged() {
        let whole = stored("time,open\n😀", u16::to_le_bytes);
        for cut in [1, 2] {
            let e = decoded(&whole[..whole.len() - cut]).expect_err("is cut");
            assert!(e.to_string().contains("it is no whole UTF-16"), "{e}");
        }
    }
}
