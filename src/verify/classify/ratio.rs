//! The ratio of the database's values to the file's, within the limits of rounding.
//!
//! A value is rounded to the decimals that it is written with, so two values allow an interval of ratios. Bars have a
//! constant ratio if their intervals have a common part. Ratios are positive: two values with different signs, or one that
//! is not finite, allow none. Two zeros allow any.
//!
//! Invariant: pure; of a [`RatioInterval`], `0 <= lo <= hi`, and `hi` may be infinite.

use super::DifferencePattern;
use crate::bar::Ohlcv;
use crate::bar::columns::{CLOSE, HIGH, LOW, OPEN, VOLUME};

/// Values with this many decimals or more count as computed, not as rounded.
const COMPUTED: i32 = 7;
/// Relative error of computed values.
const COMPUTED_ERROR: f64 = 1e-9;
/// Relative error of the arithmetic.
const ARITHMETIC_ERROR: f64 = 1e-12;
/// An interval that is relatively wider than this is coarse.
const COARSE: f64 = 1e-3;
/// Largest numerator and denominator of a plain fraction.
const MOST_PARTS: u32 = 10;
/// Largest n of n:1 and 1:n.
const MOST_FOLD: u32 = 100;

/// The possible ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RatioInterval {
    lo: f64,
    hi: f64,
}

impl RatioInterval {
    /// None if it is empty.
    fn new(lo: f64, hi: f64) -> Option<Self> {
        (lo <= hi && lo.is_finite()).then_some(Self { lo, hi })
    }

    pub(super) fn intersect(self, other: Self) -> Option<Self> {
        Self::new(self.lo.max(other.lo), self.hi.min(other.hi))
    }

    /// Whether the ratio is bounded and cannot be 1.
    pub(super) fn excludes_one(self) -> bool {
        self.lo > 0.0 && self.hi.is_finite() && !self.contains(1.0)
    }

    pub(super) fn is_coarse(self) -> bool {
        self.hi > self.lo * (1.0 + COARSE)
    }

    fn contains(self, r: f64) -> bool {
        self.lo <= r && r <= self.hi
    }

    /// Its simplest fraction, else its middle.
    fn value(self) -> Option<f64> {
        match self.fraction() {
            Some((p, q)) => Some(f64::from(p) / f64::from(q)),
            None => self.hi.is_finite().then_some(self.lo / 2.0 + self.hi / 2.0),
        }
    }

    /// The fraction with the smallest sum of numerator and denominator.
    pub(super) fn fraction(self) -> Option<(u32, u32)> {
        let plain = |p, q| p <= MOST_PARTS && q <= MOST_PARTS;
        (2..=MOST_FOLD + 1)
            .flat_map(|sum| (1..sum).map(move |p| (p, sum - p)))
            .filter(|&(p, q)| plain(p, q) || p == 1 || q == 1)
            .find(|&(p, q)| self.contains(f64::from(p) / f64::from(q)))
    }
}

/// Numerator and denominator of `ratio`, if it is a simple fraction.
pub(super) fn fraction(ratio: f64) -> Option<(u32, u32)> {
    RatioInterval::new(ratio * (1.0 - ARITHMETIC_ERROR), ratio * (1.0 + ARITHMETIC_ERROR))?.fraction()
}

/// The ratios that several bars allow together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ratio {
    /// None if the prices are equal.
    pub(super) price: Option<RatioInterval>,
    /// None if the volumes have no constant ratio.
    pub(super) volume: Option<RatioInterval>,
}

impl Ratio {
    /// What both allow; none if nothing. If prices have a ratio, volumes need none.
    pub(super) fn narrowed(self, other: Self) -> Option<Self> {
        let volume = self.volume.zip(other.volume).and_then(|(a, b)| a.intersect(b));
        match (self.price, other.price) {
            (Some(a), Some(b)) => Some(Self { price: Some(a.intersect(b)?), volume }),
            (None, None) if volume.is_some() => Some(Self { price: None, volume }),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> DifferencePattern {
        DifferencePattern::Ratio {
            price: self.price.and_then(RatioInterval::value),
            volume: self.volume.and_then(RatioInterval::value),
        }
    }
}

/// The ratios that one bar allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct BarRatio {
    prices_equal: bool,
    price: RatioInterval,
    volume: Option<RatioInterval>,
}

impl BarRatio {
    /// None if the prices have no ratio.
    pub(super) fn by(csv: &Ohlcv, db: &Ohlcv) -> Option<Self> {
        let (from, to) = (prices(csv), prices(db));
        let (from_places, to_places) = (decimals(&from), decimals(&to));
        let mut price = RatioInterval { lo: 0.0, hi: f64::INFINITY };
        for (c, d) in from.into_iter().zip(to) {
            price = price.intersect(ratio(around(c, from_places), around(d, to_places))?)?;
        }
        let volume =
            ratio(around(csv[VOLUME], decimals(&[csv[VOLUME]])), around(db[VOLUME], decimals(&[db[VOLUME]])));
        Some(Self { prices_equal: from == to, price, volume })
    }

    /// The ratios of a run that begins with this bar; none if prices are equal and volumes have no ratio.
    pub(super) fn start(&self) -> Option<Ratio> {
        let price = (!self.prices_equal).then_some(self.price);
        (price.is_some() || self.volume.is_some()).then_some(Ratio { price, volume: self.volume })
    }

    /// Whether it allows the same as `other`, and so proves nothing more.
    pub(super) fn repeats(&self, other: &Self, ratio: Ratio) -> bool {
        if ratio.price.is_some() { self.price == other.price } else { self.volume == other.volume }
    }

    /// What this bar leaves of `ratio`; none if it does not fit.
    pub(super) fn narrow(&self, ratio: Ratio) -> Option<Ratio> {
        let price = match ratio.price {
            Some(_) => Some(self.price),
            None if self.prices_equal => None,
            None => return None,
        };
        ratio.narrowed(Ratio { price, volume: self.volume })
    }
}

fn prices(v: &Ohlcv) -> [f64; 4] {
    [v[OPEN], v[HIGH], v[LOW], v[CLOSE]]
}

/// The positive ratios of two values that are known by intervals; both may be negative. (If both intervals contain 0, any
/// ratio is possible.)
fn ratio(from: Option<(f64, f64)>, to: Option<(f64, f64)>) -> Option<RatioInterval> {
    let (from, to) = (from?, to?);
    let negated = |(lo, hi): (f64, f64)| (-hi, -lo);
    positive(from, to).or_else(|| positive(negated(from), negated(to)))
}

fn positive(from: (f64, f64), to: (f64, f64)) -> Option<RatioInterval> {
    if from.1 <= 0.0 || to.1 <= 0.0 {
        return None;
    }
    RatioInterval::new(to.0.max(0.0) / from.1, to.1 / from.0.max(0.0))
}

/// The interval that is rounded to `value`; none if the value is not finite.
fn around(value: f64, decimals: i32) -> Option<(f64, f64)> {
    let rounding = if decimals < COMPUTED { 0.5 / power(decimals) } else { value.abs() * COMPUTED_ERROR };
    let error = rounding + value.abs() * ARITHMETIC_ERROR;
    value.is_finite().then_some((value - error, value + error))
}

/// The decimals that the shortest texts of the values need, at most [`COMPUTED`].
fn decimals(values: &[f64]) -> i32 {
    values.iter().fold(0, |places, &value| (places..COMPUTED).find(|&n| has(value, n)).unwrap_or(COMPUTED))
}

/// Whether `value` is the float nearest to a number with `places` decimals.
fn has(value: f64, places: i32) -> bool {
    let power = power(places);
    (value * power).round() / power == value
}

fn power(places: i32) -> f64 {
    10_f64.powi(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(csv: f64, db: f64, decimals: i32) -> Option<RatioInterval> {
        ratio(around(csv, decimals), around(db, decimals))
    }

    fn is_about(interval: Option<RatioInterval>, lo: f64, hi: f64) -> bool {
        interval.is_some_and(|i| (i.lo - lo).abs() < 1e-9 && ((i.hi - hi).abs() < 1e-9 || i.hi == hi))
    }

    #[test]
    fn rounding_leaves_an_interval() {
        assert!(is_about(between(10.0, 5.0, 0), 4.5 / 10.5, 5.5 / 9.5));
        assert!(is_about(between(-10.0, -5.0, 0), 4.5 / 10.5, 5.5 / 9.5));
        assert!(is_about(between(10.0, 5.0, 2), 4.995 / 10.005, 5.005 / 9.995));
    }

    #[test]
    fn zeros_allow_what_rounds_to_them() {
        let any = f64::INFINITY;
        assert!(is_about(between(0.0, 0.0, 2), 0.0, any));
        assert!(is_about(between(0.0, 5.0, 0), 9.0, any));
        assert!(is_about(between(0.0, -5.0, 0), 9.0, any));
        assert!(is_about(between(5.0, 0.0, 0), 0.0, 0.5 / 4.5));
        assert!(is_about(between(-5.0, 0.0, 0), 0.0, 0.5 / 4.5));
    }

    #[test]
    fn other_signs_and_no_numbers_have_no_ratio() {
        assert_eq!(between(5.0, -5.0, 0), None);
        assert_eq!(between(-5.0, 5.0, 0), None);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(between(bad, 5.0, 0), None);
            assert_eq!(between(5.0, bad, 0), None);
        }
    }

    #[test]
    fn decimals_are_those_of_the_shortest_text() {
        for (value, want) in
            [(0.0, 0), (3.0, 0), (1e300, 0), (1.5, 1), (0.1 + 0.2, 7), (-123.45, 2), (1e-7, 7)]
        {
            assert_eq!(decimals(&[value]), want, "{value}");
        }
        assert_eq!(decimals(&[1.08123, 1.5]), 5);
        // As formatting says, for cents and for pips.
        for i in 0..20_000_u32 {
            let value = f64::from(i) / if i % 2 == 0 { 100.0 } else { 100_000.0 };
            let text = value.to_string();
            let written = text.split_once('.').map_or(0, |(_, places)| places.len());
            assert_eq!(usize::try_from(decimals(&[value])).unwrap(), written, "{value}");
        }
    }

    #[test]
    fn the_simplest_fraction_is_taken() {
        let value = |lo, hi| RatioInterval { lo, hi }.value();
        assert_eq!(value(0.49, 0.51), Some(0.5));
        assert_eq!(value(0.66, 0.67), Some(2.0 / 3.0));
        assert_eq!(value(0.0099, 0.0101), Some(0.01));
        assert_eq!(value(0.9, 1.1), Some(1.0));
        assert_eq!(value(0.987, 0.988), Some(0.9875));
        assert_eq!(value(101.0, 102.0), Some(101.5));
        assert_eq!(fraction(1.5), Some((3, 2)));
        assert_eq!(fraction(0.98765), None);
    }
}
