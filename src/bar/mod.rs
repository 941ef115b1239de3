//! Bars and series: the types that sources, formats and the database share.
//!
//! Invariant: the columns of a [`Bars`] have the same length, and every value in it is finite or [`UNKNOWN`].
//! Nothing here sorts or removes duplicates; that is left to the code that builds a [`Bars`].

pub mod columns;
mod ohlcv;
mod unknown;

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use self::columns::{COLUMNS, COUNT};
pub use self::ohlcv::Ohlcv;
pub use self::unknown::{UNKNOWN, is_unknown, known, same_value};
pub(crate) use self::unknown::{any_unknown, canonical_bits, from_outside};

/// An instant in microseconds since 1970-01-01T00:00:00Z, the precision PostgreSQL stores.
pub type Micros = i64;

/// The first instant a bar may have: 1700-01-01T00:00:00Z.
pub const FIRST_MICROS: Micros = -8_520_336_000_000_000;
/// The first instant that is too late for a bar: 2300-01-01T00:00:00Z.
pub const END_MICROS: Micros = 10_413_792_000_000_000;

/// The name of a series: a symbol at a timeframe, as in `AAPL_1h.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesName {
    /// The symbol, any printable text (`AAPL`, `BRK.B`, `ES_F`).
    pub symbol: String,
    /// The timeframe as the file name spells it (`1m`, `1h`, `1d`).
    pub timeframe: String,
}

impl SeriesName {
    /// What stands for the symbol of a file that has the bars of several.
    pub const SEVERAL: &'static str = "*";

    /// The series of a file with several symbols, at this timeframe.
    #[must_use]
    pub fn several(timeframe: String) -> Self {
        Self { symbol: Self::SEVERAL.to_owned(), timeframe }
    }

    /// Whether it stands for several.
    #[must_use]
    pub fn is_several(&self) -> bool {
        self.symbol == Self::SEVERAL
    }
}

impl fmt::Display for SeriesName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.symbol, self.timeframe)
    }
}

/// Bars of one series, column by column. `bars[CLOSE]` is the column of the closing prices.
#[derive(Debug, Clone, Default)]
pub struct Bars {
    /// Time of each bar, UTC.
    pub time: Vec<Micros>,
    /// In the order of [`COLUMNS`].
    values: [Vec<f64>; COUNT],
}

impl Bars {
    /// The first and the last time of bars in time order.
    #[must_use]
    pub fn range(&self) -> Option<(Micros, Micros)> {
        self.time.first().copied().zip(self.time.last().copied())
    }

    /// Room for `n` bars.
    #[must_use]
    pub fn with_capacity(n: usize) -> Self {
        Self::from_columns(Vec::with_capacity(n), std::array::from_fn(|_| Vec::with_capacity(n)))
    }

    /// Bars of these times, and of values in the order of [`COLUMNS`].
    #[must_use]
    pub fn from_columns(time: Vec<Micros>, values: [Vec<f64>; COUNT]) -> Self {
        Self { time, values }
    }

    /// The values in the order of [`COLUMNS`].
    #[must_use]
    pub fn columns(&self) -> &[Vec<f64>; COUNT] {
        &self.values
    }

    /// How many bars there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Appends one bar.
    #[inline]
    pub fn push(&mut self, time: Micros, values: Ohlcv) {
        self.time.push(time);
        for (column, value) in self.values.iter_mut().zip(values.to_array()) {
            column.push(value);
        }
    }

    /// Appends all bars of another.
    pub fn append(&mut self, other: &Self) {
        self.time.extend_from_slice(&other.time);
        for (column, more) in self.values.iter_mut().zip(&other.values) {
            column.extend_from_slice(more);
        }
    }

    /// Keeps the first `n` bars.
    pub fn truncate(&mut self, n: usize) {
        self.time.truncate(n);
        self.values.iter_mut().for_each(|column| column.truncate(n));
    }

    /// Swaps the values of two bars.
    pub fn swap_values(&mut self, a: usize, b: usize) {
        self.values.iter_mut().for_each(|column| column.swap(a, b));
    }

    /// Why these are not valid bars in time order: columns of different lengths, a time that is not later than the one
    /// before or is outside the years 1700 to 2299, or a value that is not finite or, if it is required, unknown. None if
    /// they are valid.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if self.values.iter().any(|values| values.len() != self.len()) {
            return Some("the columns have different lengths".into());
        }
        if let Some(i) = (1..self.len()).find(|&i| self.time[i] <= self.time[i - 1]) {
            let (time, before) = (format_time(self.time[i]), format_time(self.time[i - 1]));
            return Some(format!("the bar of {time} comes behind the one of {before}"));
        }
        let ends = [self.time.first(), self.time.last()];
        if let Some(time) = ends.into_iter().flatten().find(|t| !(FIRST_MICROS..END_MICROS).contains(*t)) {
            return Some(format!("the time {} lies outside the years 1700 to 2299", format_time(*time)));
        }
        COLUMNS.iter().zip(&self.values).find_map(|(column, values)| {
            let may_be = |v: f64| v.is_finite() || is_unknown(v) && !column.is_required();
            let i = values.iter().position(|v| !may_be(*v))?;
            let value = known(values[i]).map_or_else(|| "missing".to_owned(), |v| v.to_string());
            Some(format!("{} of the bar of {} is {value}", column.name, format_time(self.time[i])))
        })
    }

    /// The values of bar `i`; panics when there is no such bar, as slices do.
    #[must_use]
    pub fn values(&self, i: usize) -> Ohlcv {
        Ohlcv::from_array(self.values.each_ref().map(|column| column[i]))
    }
}

impl Index<usize> for Bars {
    type Output = Vec<f64>;

    fn index(&self, column: usize) -> &Vec<f64> {
        &self.values[column]
    }
}

impl IndexMut<usize> for Bars {
    fn index_mut(&mut self, column: usize) -> &mut Vec<f64> {
        &mut self.values[column]
    }
}

impl PartialEq for Bars {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Vec<f64>, &Vec<f64>)| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(*a, *b))
        };
        self.time == other.time && self.values.iter().zip(&other.values).all(same)
    }
}

impl AsRef<Bars> for Bars {
    fn as_ref(&self) -> &Bars {
        self
    }
}

/// The instant as RFC 3339 in UTC, for messages and reports.
#[must_use]
pub fn format_time(time: Micros) -> String {
    match jiff::Timestamp::from_microsecond(time) {
        Ok(t) => t.to_string(),
        Err(_) => format!("{time} µs since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::columns::{CLOSE, OPEN, VOLUME};
    use super::*;

    #[test]
    fn bounds_are_the_years_they_claim() {
        assert_eq!(format_time(FIRST_MICROS), "1700-01-01T00:00:00Z");
        assert_eq!(format_time(END_MICROS), "2300-01-01T00:00:00Z");
    }

    #[test]
    fn what_are_no_bars_is_told() {
        let good = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
        let of = |bars: &[(Micros, Ohlcv)]| {
            let mut all = Bars::default();
            bars.iter().for_each(|(time, values)| all.push(*time, *values));
            all
        };
        assert_eq!(of(&[]).fault(), None);
        assert_eq!(of(&[(0, good), (1, good)]).fault(), None);
        for (bars, want) in [
            (of(&[(1, good), (1, good)]), "1970-01-01T00:00:00.000001Z comes behind the one of"),
            (of(&[(1, good), (0, good)]), "comes behind"),
            (of(&[(FIRST_MICROS - 1, good), (0, good)]), "outside the years"),
            (of(&[(END_MICROS, good)]), "outside the years"),
            (
                of(&[(0, good), (1, good.with(CLOSE, f64::NAN))]),
                "close of the bar of 1970-01-01T00:00:00.000001Z is NaN",
            ),
            (Bars::from_columns(vec![0], Default::default()), "different lengths"),
            (of(&[(0, good.with(CLOSE, UNKNOWN))]), "close of the bar of 1970-01-01T00:00:00Z is missing"),
        ] {
            let fault = bars.fault().expect(want);
            assert!(fault.contains(want), "{fault}");
        }
    }

    #[test]
    fn a_value_may_be_unknown_where_it_is_optional() {
        let mut bars = Bars::default();
        bars.push(0, Ohlcv::new(1.0, 2.0, 0.5, 1.5, UNKNOWN));
        assert_eq!(bars.fault(), None);
        bars[VOLUME] = vec![f64::NAN];
        assert_eq!(bars.fault().as_deref(), Some("volume of the bar of 1970-01-01T00:00:00Z is NaN"));
        bars[VOLUME] = vec![UNKNOWN];
        bars[OPEN] = vec![UNKNOWN];
        assert_eq!(bars.fault().as_deref(), Some("open of the bar of 1970-01-01T00:00:00Z is missing"));
    }

    #[test]
    fn equal_bars_lack_the_same_values() {
        let of = |volume| {
            let mut bars = Bars::default();
            bars.push(0, Ohlcv::new(1.0, 2.0, 0.5, 1.5, volume));
            bars
        };
        assert_eq!(of(UNKNOWN), of(UNKNOWN));
        assert_ne!(of(UNKNOWN), of(1.0));
        assert_ne!(of(UNKNOWN), of(f64::NAN));
        assert_ne!(of(f64::NAN), of(f64::NAN));
    }
}
