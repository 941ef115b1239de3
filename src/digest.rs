//! A digest of the bars of a series that does not depend on their order.
//!
//! Each bar is hashed and the hashes are added, so bars can be added and removed in any order and in parts: a file read
//! in batches and a table read by time have the same digest if they hold the same bars.
//!
//! Invariant: the digest of given bars never changes, from release to release and machine to machine, for it is
//! stored. It is the sum modulo 2^128, over the bars, of the first 16 bytes (a little-endian number) of BLAKE3
//! over 48 bytes: time (i64, µs since 1970 UTC), open, high, low, close, volume (f64 bits), all little-endian,
//! with -0 taken as 0, every NaN as `0x7ff8000000000000` and an unknown value as `0x7ff80000000007a2`. For each further
//! value that is known, its place among the columns (u64) and its bits follow; so bars keep their digest when a column is
//! added. A test pins a value.
//!
//! Equal digests mean equal multisets of bars, except with a probability of 2^-128. That protects against mistakes and
//! damage, not against forgery: with enough effort, other bars with a given sum can be found.

use std::fmt;

use crate::bar::columns::{COUNT, ORIGINAL};
use crate::bar::{Bars, Micros, Ohlcv, canonical_bits, is_unknown};

/// How many bars a series has, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SeriesDigest {
    /// How many bars were added (and not removed).
    pub bars: u64,
    /// The sum of their hashes modulo 2^128.
    pub sum: u128,
}

impl SeriesDigest {
    /// Adds one bar.
    pub fn add(&mut self, time: Micros, values: Ohlcv) {
        self.bars = self.bars.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(&HashedBar::new(time, values)));
    }

    /// Adds every bar of `bars`.
    pub fn add_bars(&mut self, bars: &Bars) {
        // First the bytes of several bars, then their hashes: hashing bytes that were just written stalls the processor.
        let mut written = [HashedBar::EMPTY; 32];
        for from in (0..bars.len()).step_by(written.len()) {
            let count = written.len().min(bars.len() - from);
            for (i, bytes) in written[..count].iter_mut().enumerate() {
                *bytes = HashedBar::new(bars.time[from + i], bars.values(from + i));
            }
            self.bars = self.bars.wrapping_add(count as u64);
            self.sum = written[..count].iter().map(hash).fold(self.sum, u128::wrapping_add);
        }
    }

    /// Removes a bar that was added, here or in a digest that was merged in. It may be removed before it is added.
    pub fn remove(&mut self, time: Micros, values: Ohlcv) {
        self.bars = self.bars.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(&HashedBar::new(time, values)));
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
#[derive(Clone, Copy)]
struct HashedBar {
    bytes: [u8; 8 + 8 * ORIGINAL + 16 * (COUNT - ORIGINAL)],
    length: usize,
}

impl HashedBar {
    const EMPTY: Self = Self { bytes: [0; _], length: 0 };

    fn new(time: Micros, values: Ohlcv) -> Self {
        let mut bar = Self::EMPTY;
        bar.length = put(&mut bar.bytes, time, &values.to_array());
        bar
    }
}

/// Writes what is hashed of a bar, and returns its length.
fn put(out: &mut [u8], time: Micros, values: &[f64]) -> usize {
    let mut length = 0;
    let mut add = |bytes: [u8; 8]| {
        out[length..length + 8].copy_from_slice(&bytes);
        length += 8;
    };
    add(time.to_le_bytes());
    for (i, value) in values.iter().enumerate() {
        if i >= ORIGINAL {
            if is_unknown(*value) {
                continue;
            }
            add((i as u64).to_le_bytes());
        }
        add(canonical_bits(*value).to_le_bytes());
    }
    length
}

fn hash(bar: &HashedBar) -> u128 {
    sum_of(&bar.bytes[..bar.length])
}

fn sum_of(bytes: &[u8]) -> u128 {
    let mut first = [0; 16];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    u128::from_le_bytes(first)
}

/// Whether two bars of one time have the same digest: their values are equal, or both NaN, or both unknown.
#[must_use]
pub fn same(a: Ohlcv, b: Ohlcv) -> bool {
    a == b || a.to_array().map(canonical_bits) == b.to_array().map(canonical_bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::UNKNOWN;
    use crate::bar::columns::{CLOSE, HIGH, LOW, OPEN, VOLUME};

    use crate::timeframe::DAY;
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
            let values = BAR.with(VOLUME, f64::from(i));
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
            (0, BAR.with(OPEN, 1.1)),
            (0, BAR.with(HIGH, 2.6)),
            (0, BAR.with(LOW, 0.4)),
            (0, BAR.with(CLOSE, 1.3)),
            (0, BAR.with(VOLUME, 1001.0)),
            (0, BAR.with(OPEN, BAR[HIGH]).with(HIGH, BAR[OPEN])),
            (0, BAR.with(OPEN, 1.0 + f64::EPSILON)),
        ];
        for bar in changed {
            assert_ne!(of(&[bar]).sum, of(&[(0, BAR)]).sum, "{bar:?}");
        }
    }

    #[test]
    fn times_and_values_belong_together() {
        let other = BAR.with(CLOSE, 1.5);
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
        let with = |volume| of(&[(0, BAR.with(VOLUME, volume))]);
        assert_eq!(with(-0.0), with(0.0));
        assert_eq!(with(f64::NAN), with(-f64::NAN));
        assert_eq!(with(f64::NAN), with(f64::from_bits(0x7ff0_0000_0000_0001)));
        assert_ne!(with(f64::NAN), with(0.0));
        assert_ne!(with(f64::INFINITY), with(f64::NEG_INFINITY));
    }

    #[test]
    fn an_unknown_value_is_hashed_as_itself() {
        let with = |volume| of(&[(0, BAR.with(VOLUME, volume))]);
        assert_eq!(with(UNKNOWN), with(UNKNOWN));
        assert_eq!(with(UNKNOWN).to_string(), "3c70baa173fb300ecdc79d63d670cb88");
        for other in [0.0, f64::NAN, 1000.0] {
            assert_ne!(with(UNKNOWN), with(other));
            assert!(!same(BAR.with(VOLUME, UNKNOWN), BAR.with(VOLUME, other)));
        }
        assert!(same(BAR.with(VOLUME, UNKNOWN), BAR.with(VOLUME, UNKNOWN)));
    }

    #[test]
    fn a_further_column_matters_only_where_it_is_known() {
        let sum = |further: &[f64]| {
            let mut bytes = [0; 128];
            let length = put(&mut bytes, 7, &[&BAR.to_array()[..ORIGINAL], further].concat());
            sum_of(&bytes[..length])
        };
        let without = sum(&[]);
        assert_eq!(without, of(&[(7, BAR)]).sum);
        assert_eq!(sum(&[UNKNOWN]), without);
        assert_eq!(sum(&[UNKNOWN, UNKNOWN]), without);
        let sums =
            [without, sum(&[1.5]), sum(&[2.5]), sum(&[UNKNOWN, 1.5]), sum(&[1.5, 1.5]), sum(&[f64::NAN])];
        assert_eq!(sums.iter().collect::<std::collections::HashSet<_>>().len(), sums.len());
        assert_eq!(sum(&[1.5, UNKNOWN]), sum(&[1.5]));
    }

    #[test]
    fn bytes_give_it_back() {
        let digest = SeriesDigest { bars: 3, sum: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10 };
        assert_eq!(digest.to_bytes()[..3], [1, 2, 3]);
        assert_eq!(SeriesDigest::from_bytes(3, digest.to_bytes()), digest);
    }
}
