//! The floats of a report.
//!
//! Invariant: text and JSON are exact. A float that JSON cannot have as a number is a string there, with PostgreSQL's name:
//! `"NaN"`, `"Infinity"`, `"-Infinity"`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::bar::Ohlcv;
use crate::bar::columns::{self, COUNT};

/// A float of a report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            v if v == f64::INFINITY => f.write_str("Infinity"),
            v if v == f64::NEG_INFINITY => f.write_str("-Infinity"),
            v => write!(f, "{v}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(self) }
    }
}

/// The values of a bar; those of the database may not be finite. As JSON an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values([Number; COUNT]);

impl Values {
    /// In the order of their columns.
    pub(crate) fn columns(&self) -> [Number; COUNT] {
        self.0
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(columns::names().zip(self.0))
    }
}

impl From<Ohlcv> for Values {
    fn from(values: Ohlcv) -> Self {
        Self(values.to_array().map(Number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_has_a_text_and_a_json() {
        for (value, text, json) in [
            (0.1, "0.1", "0.1"),
            (3.0, "3", "3.0"),
            (f64::NAN, "NaN", "\"NaN\""),
            (f64::INFINITY, "Infinity", "\"Infinity\""),
            (f64::NEG_INFINITY, "-Infinity", "\"-Infinity\""),
        ] {
            assert_eq!(Number(value).to_string(), text);
            assert_eq!(serde_json::to_string(&Number(value)).unwrap(), json);
        }
    }
}
