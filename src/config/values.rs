//! Settings that need more than serde's own parsing: limits, single characters, addresses.
//!
//! Invariant: each value serializes to text that parses to the same value, since operations store it.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use super::Layout;

/// How many rejected rows a task may have before it fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// At most this many.
    Rows(u64),
    /// At most this share of the file's rows, in percent.
    Percent(f64),
}

impl MaxRejects {
    /// Whether `rejected` of `rows` is too many. A share is compared only at the end of the file.
    #[must_use]
    pub fn exceeded(self, rejected: u64, rows: u64, at_end: bool) -> bool {
        match self {
            Self::Rows(n) => rejected > n,
            #[allow(clippy::cast_precision_loss)]
            Self::Percent(p) => at_end && rejected as f64 * 100.0 > p * rows as f64,
        }
    }
}

impl FromStr for MaxRejects {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("`{s}` is neither a number of rows (100) nor a share of them (5%)");
        match s.strip_suffix('%') {
            Some(p) => match p.trim().parse::<f64>() {
                Ok(p) if (0.0..=100.0).contains(&p) => Ok(Self::Percent(p)),
                _ => Err(bad()),
            },
            None => s.parse().map(Self::Rows).map_err(|_| bad()),
        }
    }
}

impl fmt::Display for MaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(n) => write!(f, "{n}"),
            Self::Percent(p) => write!(f, "{p}%"),
        }
    }
}

impl Serialize for MaxRejects {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MaxRejects {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// The character between fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// Detected from the header line.
    Auto,
    /// This byte.
    Byte(u8),
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match (s, s.as_bytes()) {
            ("auto", _) => Ok(Self::Auto),
            ("tab" | "\\t", _) => Ok(Self::Byte(b'\t')),
            (_, [b]) if b.is_ascii() && !b.is_ascii_alphanumeric() && !b"\r\n\0.-+".contains(b) => {
                Ok(Self::Byte(*b))
            }
            _ => Err(format!("`{s}` is no delimiter: give one ASCII character, `tab` or `auto`")),
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Byte(b'\t') => f.write_str("tab"),
            Self::Byte(b) => write!(f, "{}", char::from(*b)),
        }
    }
}

impl Serialize for Delimiter {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// What separates thousands in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Thousands {
    /// Decided for each file.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// This character.
    Sign(char),
}

impl Thousands {
    /// The character, if one is given.
    #[must_use]
    pub fn sign(self) -> Option<char> {
        match self {
            Self::Sign(sign) => Some(sign),
            Self::Auto | Self::None => None,
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde wants it
    pub(super) fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

impl FromStr for Thousands {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            "space" | " " => Ok(Self::Sign(' ')),
            "," | "." | "'" => Ok(Self::Sign(s.chars().next().unwrap_or(','))),
            _ => Err(format!("`{s}` is no sign between thousands: give , or . or ' or space, none or auto")),
        }
    }
}

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Sign(' ') => f.write_str("space"),
            Self::Sign(sign) => write!(f, "{sign}"),
        }
    }
}

impl Serialize for Thousands {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thousands {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// Parses a setting; an empty string means "not set".
pub(super) fn optional<'de, D, T>(d: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = Option::<String>::deserialize(d)?.filter(|s| !s.is_empty());
    text.map(|s| s.parse().map_err(D::Error::custom)).transpose()
}

/// A small number; an empty string means "not set".
pub(super) fn optional_number<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u8>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Number(u8),
        Text(String),
    }
    match Option::<Text>::deserialize(d)? {
        None => Ok(None),
        Some(Text::Number(number)) => Ok(Some(number)),
        Some(Text::Text(text)) if text.is_empty() => Ok(None),
        Some(Text::Text(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| D::Error::custom(format!("`{text}` is no number of decimals: give 0 to 18"))),
    }
}

/// An address to listen on; a port alone means this machine only. Empty: none.
pub(super) fn http_address<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SocketAddr>, D::Error> {
    let Some(text) = optional::<D, String>(d)? else { return Ok(None) };
    let port = text.strip_prefix(':').unwrap_or(&text).parse::<u16>().ok();
    let address = match port {
        Some(port) => Ok(SocketAddr::from(([127, 0, 0, 1], port))),
        None => text.parse(),
    };
    address.map(Some).map_err(|_| {
        D::Error::custom(format!(
            "worker.http `{text}` is neither a port (9464) nor an address (0.0.0.0:9464)"
        ))
    })
}

/// The default of `csv.max_text`.
pub(crate) const MAX_TEXT: bytesize::ByteSize = bytesize::ByteSize::tib(1);

/// The default of `csv.max_ratio`.
pub(crate) const MAX_RATIO: u32 = 500;

pub(super) fn max_text() -> bytesize::ByteSize {
    MAX_TEXT
}

pub(super) fn is_max_text(size: &bytesize::ByteSize) -> bool {
    *size == max_text()
}

pub(super) fn max_ratio() -> u32 {
    MAX_RATIO
}

// Serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn is_max_ratio(ratio: &u32) -> bool {
    *ratio == max_ratio()
}

/// `ByteSize` serializes itself rounded; operations store the exact number.
pub(super) fn exact_size<S: Serializer>(size: &bytesize::ByteSize, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u64(size.as_u64())
}

pub(super) fn storage<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Layout>, D::Error> {
    let text = optional::<D, String>(d)?;
    text.map(Layout::try_from).transpose().map_err(|e| D::Error::custom(format!("database.storage {e}")))
}

/// One ASCII character, or an empty string for none.
pub(super) mod quote {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option)] // the signature is serde's
    pub(in crate::config) fn serialize<S: Serializer>(q: &Option<u8>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&q.map(|b| char::from(b).to_string()).unwrap_or_default())
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u8>, D::Error> {
        let text = String::deserialize(d)?;
        match text.as_bytes() {
            [] => Ok(None),
            [b] if b.is_ascii() && !b.is_ascii_control() => Ok(Some(*b)),
            _ => Err(D::Error::custom(format!("`{text}` is no quote: give one ASCII character, or nothing"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_rejects_reads_rows_and_shares() {
        assert_eq!("100".parse(), Ok(MaxRejects::Rows(100)));
        assert_eq!("5%".parse(), Ok(MaxRejects::Percent(5.0)));
        for bad in ["", "-1", "101%", "x%", "1.5"] {
            assert!(bad.parse::<MaxRejects>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_is_judged_at_the_end_only() {
        let five = MaxRejects::Percent(5.0);
        assert!(!five.exceeded(9, 10, false));
        assert!(five.exceeded(6, 100, true));
        assert!(!five.exceeded(5, 100, true));
        assert!(MaxRejects::Rows(0).exceeded(1, 10, false));
    }

    #[test]
    fn csv_settings_survive_being_stored() {
        let mut csv = crate::config::load(None, &[]).expect("defaults").csv;
        csv.max_line = bytesize::ByteSize(65_000);
        csv.delimiter = Delimiter::Byte(b'\t');
        csv.quote = None;
        let stored = serde_json::to_value(&csv).expect("JSON");
        assert_eq!(serde_json::from_value::<crate::config::CsvConfig>(stored).expect("read back"), csv);
    }

    #[test]
    fn thousands_have_few_signs() {
        for sign in ["auto", "none", "space", ",", ".", "'"] {
            assert_eq!(sign.parse::<Thousands>().expect(sign).to_string(), sign);
        }
        for bad in ["", "_", "x", ",,"] {
            assert!(bad.parse::<Thousands>().is_err(), "{bad}");
        }
    }

    #[test]
    fn delimiters_are_single_and_harmless() {
        assert_eq!(";".parse(), Ok(Delimiter::Byte(b';')));
        assert_eq!("tab".parse(), Ok(Delimiter::Byte(b'\t')));
        for bad in ["", "ab", "1", ".", "é"] {
            assert!(bad.parse::<Delimiter>().is_err(), "{bad}");
        }
    }
}
