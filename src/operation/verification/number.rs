//! The floats of a report.
//!
//! Invariant: text and JSON are exact. A float that JSON cannot have as a number is a string there, with PostgreSQL's name:
//! `"NaN"`, `"Infinity"`, `"-Infinity"`.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::bar::columns::{self, COUNT};
use crate::bar::{Ohlcv, UNKNOWN, is_unknown, known, same_value};

/// A float of a report; it may be unknown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number(pub(crate) f64);

impl Number {
    /// None if it is unknown.
    pub(crate) fn known(self) -> Option<Self> {
        known(self.0).map(Self)
    }

    /// What `self` has more than `other`; unknown if either is.
    pub(crate) fn minus(self, other: Self) -> Self {
        let (Some(a), Some(b)) = (known(self.0), known(other.0)) else { return Self(UNKNOWN) };
        Self(a - b)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        same_value(self.0, other.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            v if is_unknown(v) => f.write_str("unknown"),
            v if v == f64::INFINITY => f.write_str("Infinity"),
            v if v == f64::NEG_INFINITY => f.write_str("-Infinity"),
            v => write!(f, "{v}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match known(self.0) {
            None => serializer.serialize_none(),
            Some(value) if value.is_finite() => serializer.serialize_f64(value),
            Some(_) => serializer.collect_str(self),
        }
    }
}

/// The values of a bar; those of the database may not be finite. As JSON an object of the known ones.
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
        serializer.collect_map(columns::names().zip(self.0).filter(|(_, value)| value.known().is_some()))
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
            (UNKNOWN, "unknown", "null"),
        ] {
            assert_eq!(Number(value).to_string(), text);
            assert_eq!(serde_json::to_string(&Number(value)).unwrap(), json);
        }
    }

    #[test]
    fn nothing_is_calculated_with_an_unknown_number() {
        let (one, unknown) = (Number(1.0), Number(UNKNOWN));
        assert_eq!(Number(3.5).minus(one), Number(2.5));
        for by in [one.minus(unknown), unknown.minus(one), unknown.minus(unknown)] {
            assert_eq!(by, unknown);
        }
        assert!(Number(f64::NAN).minus(one).known().is_some());
        let values = Values::from(Ohlcv::new(1.0, 2.0, f64::NAN, 1.5, UNKNOWN));
        let json = r#"{"open":1.0,"high":2.0,"low":"NaN","close":1.5}"#;
        assert_eq!(serde_json::to_string(&values).unwrap(), json);
    }
}
