//! The values of one bar.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Serialize, Serializer};

use super::columns::{self, CLOSE, COLUMNS, COUNT, HIGH, LOW, OPEN, VOLUME};
use super::{UNKNOWN, known, same_value};

/// The values of one bar, in the order of [`COLUMNS`]. `bar[CLOSE]` is the closing price.
///
/// Two are equal if all values are equal numbers, or unknown in both. As JSON an object of the known values.
#[derive(Debug, Clone, Copy)]
pub struct Ohlcv([f64; COUNT]);

impl Ohlcv {
    /// A bar of these values; any others are unknown.
    #[must_use]
    pub const fn new(open: f64, high: f64, low: f64, close: f64, volume: f64) -> Self {
        let mut values = [UNKNOWN; COUNT];
        values[OPEN] = open;
        values[HIGH] = high;
        values[LOW] = low;
        values[CLOSE] = close;
        values[VOLUME] = volume;
        Self(values)
    }

    /// The same bar with another value in this column.
    #[must_use]
    pub const fn with(mut self, column: usize, value: f64) -> Self {
        self.0[column] = value;
        self
    }

    #[cold]
    fn is_same(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| same_value(*a, *b))
    }

    /// The values in the order of [`COLUMNS`].
    #[must_use]
    pub const fn to_array(self) -> [f64; COUNT] {
        self.0
    }

    /// The bar of values in the order of [`COLUMNS`].
    #[must_use]
    pub const fn from_array(values: [f64; COUNT]) -> Self {
        Self(values)
    }
}

impl Index<usize> for Ohlcv {
    type Output = f64;

    fn index(&self, column: usize) -> &f64 {
        &self.0[column]
    }
}

impl IndexMut<usize> for Ohlcv {
    fn index_mut(&mut self, column: usize) -> &mut f64 {
        &mut self.0[column]
    }
}

impl PartialEq for Ohlcv {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Without a branch for each value: nearly all bars that are compared are equal numbers.
        self.0.iter().zip(&other.0).fold(true, |equal, (a, b)| equal & (a == b)) || self.is_same(other)
    }
}

/// `o=1 h=2 l=0.5 c=1.5 v=100`: for each known float the shortest text that is read back as the same float.
impl fmt::Display for Ohlcv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for (column, value) in COLUMNS.iter().zip(self.0) {
            let Some(value) = known(value) else { continue };
            write!(f, "{space}{}={value}", column.letter)?;
            space = " ";
        }
        Ok(())
    }
}

impl Serialize for Ohlcv {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(columns::names().zip(self.0).filter(|(_, value)| known(*value).is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_they_were() {
        let v = Ohlcv::new(202.02, 202.55, 0.1, 1e-7, 15812.0);
        assert_eq!(v.to_string(), "o=202.02 h=202.55 l=0.1 c=0.0000001 v=15812");
        assert_eq!(
            serde_json::to_string(&v).expect("JSON"),
            r#"{"open":202.02,"high":202.55,"low":0.1,"close":1e-7,"volume":15812.0}"#
        );
    }

    #[test]
    fn unknown_values_are_left_out() {
        let v = Ohlcv::new(UNKNOWN, 2.0, 0.5, 1.5, UNKNOWN);
        assert_eq!(v.to_string(), "h=2 l=0.5 c=1.5");
        assert_eq!(serde_json::to_string(&v).expect("JSON"), r#"{"high":2.0,"low":0.5,"close":1.5}"#);
    }

    #[test]
    fn equal_bars_lack_the_same_values() {
        let v = Ohlcv::new(1.0, 2.0, 0.0, 1.5, UNKNOWN);
        assert_eq!(v, v.with(LOW, -0.0));
        assert_ne!(v, v.with(VOLUME, 1.0));
        assert_ne!(v, v.with(VOLUME, f64::NAN));
        assert_ne!(v.with(VOLUME, f64::NAN), v.with(VOLUME, f64::NAN), "as for floats");
    }
}
