//! A digest of the bars of a series that does not depend on their order.
//!
//! Each bar is hashed and the hashes are added, so bars can be added and removed in any order and in parts: a file read
//! in batches and a table read by time have the same digest if they hold the same bars.
//!
//! Invariant: the digest of given bars never changes, from release to release and machine to machine, for it is
//! stored. It is the sum modulo 2^128, over the bars, of the first 16 bytes (a little-endian number) of BLAKE3
//! over 48 bytes: time (i64, µs since 1970 UTC), open, high, low, close, volume (f64 bits), all little-endian,
//! with -0 taken as 0 and every NaN as `0x7ff8000000000000`. A test pins a value.
//!
//! Equal digests mean equal multisets of bars, except with a probability of 2^-128. That protects against mistakes and
//! damage, not against forgery: with enough effort, other bars with a given sum can be found.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::bar::columns::COUNT;
use crate::bar::{Bars, Micros, Ohlcv};

/// Every NaN is hashed as this one.
const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;

/// How many bars a series has, and the sum of their hashes.
///
/// As JSON: `{"bars":2,"sum":"<32 hex digits>"}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeriesDigest {
    /// How many bars were added (and not removed).
    pub bars: u64,
    /// The sum of their hashes modulo 2^128.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub sum: u128,
}

impl SeriesDigest {
    /// Adds one bar.
    pub fn add(&mut self, time: Micros, values: Ohlcv) {
        self.bars = self.bars.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(&bar_bytes(time, values)));
    }

    /// Adds every bar of `bars`.
    pub fn add_bars(&mut self, bars: &Bars) {
        // First the bytes of several bars, then their hashes: hashing bytes that were just written stalls the processor.
        let mut written = [[0; BAR_BYTES]; 32];
        for from in (0..bars.len()).step_by(written.len()) {
            let count = written.len().min(bars.len() - from);
            for (i, bytes) in written[..count].iter_mut().enumerate() {
                *bytes = bar_bytes(bars.time[from + i], bars.values(from + i));
            }
            self.bars = self.bars.wrapping_add(count as u64);
            self.sum = written[..count].iter().map(hash).fold(self.sum, u128::wrapping_add);
        }
    }

    /// Removes a bar that was added, here or in a digest that was merged in. It may be removed before it is added.
    pub fn remove(&mut self, time: Micros, values: Ohlcv) {
        self.bars = self.bars.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(&bar_bytes(time, values)));
    }

    /// Adds the bars of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.bars = self.bars.wrapping_add(other.bars);
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// The sum as 16 bytes, big-endian (so that they read as [`Display`](fmt::Display) prints them).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 16] {
        self.sum.to_be_bytes()
    }

    /// The digest of `bars` bars whose sum [`to_bytes`](Self::to_bytes) gave.
    #[must_use]
    pub fn from_bytes(bars: u64, sum: [u8; 16]) -> Self {
        Self { bars, sum: u128::from_be_bytes(sum) }
    }
}

/// The sum alone, 32 hex digits.
impl fmt::Display for SeriesDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.sum)
    }
}

/// A bar as it is hashed: its time and its values.
const BAR_BYTES: usize = 8 + 8 * COUNT;

fn bar_bytes(time: Micros, v: Ohlcv) -> [u8; BAR_BYTES] {
    let mut bytes = [0; BAR_BYTES];
    bytes[..8].copy_from_slice(&time.to_le_bytes());
    for (i, value) in v.to_array().into_iter().enumerate() {
        bytes[8 + 8 * i..16 + 8 * i].copy_from_slice(&bits(value).to_le_bytes());
    }
    bytes
}

fn hash(bar: &[u8; BAR_BYTES]) -> u128 {
    let mut first = [0; 16];
    first.copy_from_slice(&blake3::hash(bar).as_bytes()[..16]);
    u128::from_le_bytes(first)
}

/// Whether two bars of one time have the same digest: their values are equal, or both NaN.
#[must_use]
pub fn same(a: Ohlcv, b: Ohlcv) -> bool {
    let bits = |v: Ohlcv| v.to_array().map(bits);
    a == b || bits(a) == bits(b)
}

/// The bits of `value`, the same for values that count as equal.
fn bits(value: f64) -> u64 {
    match value {
        v if v.is_nan() => NAN_BITS,
        0.0 => 0,
        v => v.to_bits(),
    }
}

fn to_hex<S: Serializer>(sum: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{sum:032x}"))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(de::Error::custom(format_args!("`{text}` is not a digest: 32 hex digits are")));
    }
    u128::from_str_radix(&text, 16).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Micros = 86_400_000_000;
    const BAR: Ohlcv = Ohlcv::new(1.0, 2.5, 0.5, 1.25, 1000.0);

    fn known() -> Bars {
        let mut bars = Bars::default();
        for i in 0..5_u8 {
            let p = f64::from(i) + 100.25;
            let v = Ohlcv::new(p, p + 1.0, p - 0.75, p + 0.1, 1e6 * f64::from(i));
            bars.push(1_704_153_600_000_000 + i64::from(i) * DAY, v);
        }
        bars
    }

    fn of(bars: &[(Micros, Ohlcv)]) -> SeriesDigest {
        let mut digest = SeriesDigest::default();
        bars.iter().for_each(|&(t, v)| digest.add(t, v));
        digest
    }

    /// Stored digests are compared with new ones: this value never changes.
    #[test]
    fn the_digest_of_known_bars_is_pinned() {
        let mut digest = SeriesDigest::default();
        assert_eq!(digest.to_string(), "00000000000000000000000000000000");
        digest.add_bars(&known());
        assert_eq!(digest.bars, 5);
        assert_eq!(digest.to_string(), "68b2916045667fec19f2cfb7deb971dc");
    }

    #[test]
    fn order_and_parts_do_not_matter() {
        let bars = known();
        let mut whole = SeriesDigest::default();
        whole.add_bars(&bars);
        let mut odd = SeriesDigest::default();
        let mut even = SeriesDigest::default();
        for i in (0..bars.len()).rev() {
            let part = if i % 2 == 0 { &mut even } else { &mut odd };
            part.add(bars.time[i], bars.values(i));
        }
        assert_ne!(odd, whole);
        odd.merge(&even);
        assert_eq!(odd, whole);
    }

    #[test]
    fn many_bars_at_once_are_what_they_are_one_by_one() {
        let mut bars = Bars::default();
        let mut one_by_one = SeriesDigest::default();
        for i in 0..100_u8 {
            let mut at_once = SeriesDigest::default();
            at_once.add_bars(&bars);
            assert_eq!(at_once, one_by_one, "{i} bars");
            let values = Ohlcv { volume: f64::from(i), ..BAR };
            bars.push(i64::from(i) * DAY, values);
            one_by_one.add(i64::from(i) * DAY, values);
        }
    }

    #[test]
    fn remove_undoes_add_even_beforehand() {
        let mut digest = SeriesDigest::default();
        digest.remove(7, BAR);
        digest.add_bars(&known());
        digest.add(7, BAR);
        let mut plain = SeriesDigest::default();
        plain.add_bars(&known());
        assert_eq!(digest, plain);
    }

    #[test]
    fn time_and_every_column_matter() {
        let changed = [
            (1, BAR),
            (0, Ohlcv { open: 1.1, ..BAR }),
            (0, Ohlcv { high: 2.6, ..BAR }),
            (0, Ohlcv { low: 0.4, ..BAR }),
            (0, Ohlcv { close: 1.3, ..BAR }),
            (0, Ohlcv { volume: 1001.0, ..BAR }),
            (0, Ohlcv { open: BAR.high, high: BAR.open, ..BAR }),
            (0, Ohlcv { open: 1.0 + f64::EPSILON, ..BAR }),
        ];
        for bar in changed {
            assert_ne!(of(&[bar]).sum, of(&[(0, BAR)]).sum, "{bar:?}");
        }
    }

    #[test]
    fn times_and_values_belong_together() {
        let other = Ohlcv { close: 1.5, ..BAR };
        assert_ne!(of(&[(0, BAR), (1, other)]), of(&[(1, BAR), (0, other)]));
    }

    #[test]
    fn a_bar_counted_twice_differs() {
        let (once, twice, four) = (of(&[(0, BAR)]), of(&[(0, BAR); 2]), of(&[(0, BAR); 4]));
        assert_ne!(once.sum, twice.sum);
        assert_ne!(twice.sum, four.sum);
        assert_ne!(twice.sum, 0);
    }

    #[test]
    fn equal_numbers_have_equal_digests() {
        let with = |volume| of(&[(0, Ohlcv { volume, ..BAR })]);
        assert_eq!(with(-0.0), with(0.0));
        assert_eq!(with(f64::NAN), with(-f64::NAN));
        assert_eq!(with(f64::NAN), with(f64::from_bits(0x7ff0_0000_0000_0001)));
        assert_ne!(with(f64::NAN), with(0.0));
        assert_ne!(with(f64::INFINITY), with(f64::NEG_INFINITY));
    }

    #[test]
    fn bytes_text_and_json_give_it_back() {
        let digest = SeriesDigest { bars: 3, sum: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10 };
        assert_eq!(digest.to_bytes()[..3], [1, 2, 3]);
        assert_eq!(SeriesDigest::from_bytes(3, digest.to_bytes()), digest);
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, r#"{"bars":3,"sum":"0102030405060708090a0b0c0d0e0f10"}"#);
        assert_eq!(serde_json::from_str::<SeriesDigest>(&json).unwrap(), digest);
        for bad in ["", "0102", "+102030405060708090a0b0c0d0e0f10", "x102030405060708090a0b0c0d0e0f10"] {
            let json = format!(r#"{{"bars":3,"sum":"{bad}"}}"#);
            assert!(serde_json::from_str::<SeriesDigest>(&json).is_err(), "{bad}");
        }
    }
}
