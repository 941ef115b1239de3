//! Bars and series: the types that sources, formats and the database share.
//!
//! Invariant: the columns of a [`Bars`] have the same length, and every value in it is finite.
//! Nothing here sorts or removes duplicates; that is left to the code that builds a [`Bars`].

pub mod columns;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::columns::{COLUMNS, COUNT};

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

impl fmt::Display for SeriesName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.symbol, self.timeframe)
    }
}

/// The values of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ohlcv {
    /// Opening price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Closing price.
    pub close: f64,
    /// Volume traded.
    pub volume: f64,
}

impl Ohlcv {
    /// A bar of these values.
    #[must_use]
    pub const fn new(open: f64, high: f64, low: f64, close: f64, volume: f64) -> Self {
        Self { open, high, low, close, volume }
    }

    /// The values in the order of [`COLUMNS`].
    #[must_use]
    pub const fn to_array(self) -> [f64; COUNT] {
        [self.open, self.high, self.low, self.close, self.volume]
    }

    /// The bar of values in the order of [`COLUMNS`].
    #[must_use]
    pub const fn from_array([open, high, low, close, volume]: [f64; COUNT]) -> Self {
        Self { open, high, low, close, volume }
    }
}

/// `o=1 h=2 l=0.5 c=1.5 v=100`: for each float the shortest text that is read back as the same float.
impl fmt::Display for Ohlcv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (column, value)) in COLUMNS.iter().zip(self.to_array()).enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{}={value}", column.letter)?;
        }
        Ok(())
    }
}

/// Bars of one series, column by column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bars {
    /// Time of each bar, UTC.
    pub time: Vec<Micros>,
    /// Opening prices.
    pub open: Vec<f64>,
    /// Highest prices.
    pub high: Vec<f64>,
    /// Lowest prices.
    pub low: Vec<f64>,
    /// Closing prices.
    pub close: Vec<f64>,
    /// Volumes.
    pub volume: Vec<f64>,
}

impl Bars {
    /// Room for `n` bars.
    #[must_use]
    pub fn with_capacity(n: usize) -> Self {
        Self::from_columns(Vec::with_capacity(n), std::array::from_fn(|_| Vec::with_capacity(n)))
    }

    /// Bars of these times, and of values in the order of [`COLUMNS`].
    #[must_use]
    pub fn from_columns(time: Vec<Micros>, [open, high, low, close, volume]: [Vec<f64>; COUNT]) -> Self {
        Self { time, open, high, low, close, volume }
    }

    /// The values in the order of [`COLUMNS`].
    #[must_use]
    pub fn columns(&self) -> [&Vec<f64>; COUNT] {
        [&self.open, &self.high, &self.low, &self.close, &self.volume]
    }

    fn columns_mut(&mut self) -> [&mut Vec<f64>; COUNT] {
        [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.volume]
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
    pub fn push(&mut self, time: Micros, values: Ohlcv) {
        self.time.push(time);
        for (column, value) in self.columns_mut().into_iter().zip(values.to_array()) {
            column.push(value);
        }
    }

    /// Appends all bars of another.
    pub fn append(&mut self, other: &Self) {
        self.time.extend_from_slice(&other.time);
        for (column, more) in self.columns_mut().into_iter().zip(other.columns()) {
            column.extend_from_slice(more);
        }
    }

    /// Keeps the first `n` bars.
    pub fn truncate(&mut self, n: usize) {
        self.time.truncate(n);
        self.columns_mut().into_iter().for_each(|column| column.truncate(n));
    }

    /// Swaps the values of two bars.
    pub fn swap_values(&mut self, a: usize, b: usize) {
        self.columns_mut().into_iter().for_each(|column| column.swap(a, b));
    }

    /// Why these are not valid bars in time order: columns of different lengths, a time that is not later than the one
    /// before or is outside the years 1700 to 2299, or a value that is not finite. None if they are valid.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let columns = self.columns();
        if columns.iter().any(|values| values.len() != self.len()) {
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
        COLUMNS.iter().zip(columns).find_map(|(column, values)| {
            let i = values.iter().position(|v| !v.is_finite())?;
            Some(format!("{} of the bar of {} is {}", column.name, format_time(self.time[i]), values[i]))
        })
    }

    /// The values of bar `i`; panics when there is no such bar, as slices do.
    #[must_use]
    pub fn values(&self, i: usize) -> Ohlcv {
        Ohlcv::from_array(self.columns().map(|column| column[i]))
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
    use super::*;

    #[test]
    fn bounds_are_the_years_they_claim() {
        assert_eq!(format_time(FIRST_MICROS), "1700-01-01T00:00:00Z");
        assert_eq!(format_time(END_MICROS), "2300-01-01T00:00:00Z");
    }

    #[test]
    fn what_are_no_bars_is_told() {
        let good = Ohlcv { open: 1.0, high: 2.0, low: 0.5, close: 1.5, volume: 10.0 };
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
                of(&[(0, good), (1, Ohlcv { close: f64::NAN, ..good })]),
                "close of the bar of 1970-01-01T00:00:00.000001Z is NaN",
            ),
            (Bars { volume: Vec::new(), ..of(&[(0, good)]) }, "different lengths"),
        ] {
            let fault = bars.fault().expect(want);
            assert!(fault.contains(want), "{fault}");
        }
    }

    #[test]
    fn values_print_as_they_were() {
        let v = Ohlcv { open: 202.02, high: 202.55, low: 0.1, close: 1e-7, volume: 15812.0 };
        assert_eq!(v.to_string(), "o=202.02 h=202.55 l=0.1 c=0.0000001 v=15812");
    }
}
