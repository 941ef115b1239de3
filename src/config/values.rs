//! Values that need more than serde's own reading: policies, limits, single characters.
//!
//! Invariant: what is written here reads back to the same value, since operations store them.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// What to do with a bar whose database values differ from the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum OnMismatch {
    /// Keep the database's bar and record the mismatch.
    Warn,
    /// Take the file's values and record the mismatch.
    Overwrite,
    /// Fail the task.
    Fail,
}

/// What to do with a bar that breaks a market-data rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum OnInvalid {
    /// Import it and record the quality issue.
    Warn,
    /// Record it as a rejected row.
    Reject,
    /// Fail the task.
    Fail,
}

/// What to do with a file whose bars look like the series', moved in time or scaled, or lie between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum OnConflictShape {
    /// Fail the task before anything is written.
    #[default]
    Fail,
    /// Import the file, and say what it looks like.
    Warn,
}

/// How bars are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Layout {
    /// Rows, with the primary key that keeps each bar single.
    Rowstore,
    /// Compressed batches without a unique index; that each bar is single is barlift's own duty.
    Columnstore,
}

impl Layout {
    /// As it is written and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rowstore => "rowstore",
            Self::Columnstore => "columnstore",
        }
    }
}

impl TryFrom<String> for Layout {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        choice(&text)
    }
}

/// How closely a verification looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum VerifyMode {
    /// Number of bars, first and last time of each series.
    Counts,
    /// The same, and some random bars of each series.
    Sample,
    /// Every bar of both sides.
    #[default]
    Full,
}

impl VerifyMode {
    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Sample => "sample",
            Self::Full => "full",
        }
    }
}

impl TryFrom<String> for VerifyMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        choice(&text)
    }
}

/// How closely batches are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum TraceDetail {
    /// One span a batch and step.
    Batch,
    /// One span a row and step, too.
    Row,
}

impl TryFrom<String> for TraceDetail {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        choice(&text)
    }
}

/// One of an enum's values by its name, or an error that lists them all.
fn choice<T: clap::ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|v| v.to_possible_value().map(|p| p.get_name().to_owned()))
            .collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

impl TryFrom<String> for OnMismatch {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        choice(&text)
    }
}

impl TryFrom<String> for OnConflictShape {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        choice(&text)
    }
}

impl TryFrom<String> for OnInvalid {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        choice(&text)
    }
}

/// How many rejected rows a task may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// At most this many.
    Rows(u64),
    /// At most this share of the file's rows, in percent.
    Percent(f64),
}

impl MaxRejects {
    /// Whether `rejected` of `rows` is too many. A share can be judged only at the file's end.
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
    /// Found from the header line.
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

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// Reads an empty string as "not set".
pub(super) fn optional<'de, D, T>(d: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    Ok(Option::<String>::deserialize(d)?.filter(|s| !s.is_empty()).map(T::from))
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

/// `ByteSize` writes itself rounded; operations store the number.
pub(super) fn exact_size<S: Serializer>(size: &bytesize::ByteSize, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u64(size.as_u64())
}

pub(super) fn layout<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Layout>, D::Error> {
    let text = optional::<D, String>(d)?;
    text.map(Layout::try_from).transpose().map_err(|e| D::Error::custom(format!("database.storage {e}")))
}

pub(super) fn max_rejects<'de, D: Deserializer<'de>>(d: D) -> Result<Option<MaxRejects>, D::Error> {
    match optional::<D, String>(d)? {
        Some(text) => text.parse().map(Some).map_err(D::Error::custom),
        None => Ok(None),
    }
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
    fn delimiters_are_single_and_harmless() {
        assert_eq!(";".parse(), Ok(Delimiter::Byte(b';')));
        assert_eq!("tab".parse(), Ok(Delimiter::Byte(b'\t')));
        for bad in ["", "ab", "1", ".", "é"] {
            assert!(bad.parse::<Delimiter>().is_err(), "{bad}");
        }
    }
}
