//! A value that a bar lacks: NULL in the database.
//!
//! It is one particular NaN, as in R, so that columns stay plain floats and the loops over them stay as they are.
//! Invariant: a value is unknown only where a file or the database has none. What another program may have
//! written goes through [`from_outside`]. Never store what was calculated from an unknown value: that is some
//! NaN, with or without the bits of [`UNKNOWN`].

/// A quiet NaN that no text gives, and no arithmetic with values from outside (see [`from_outside`]).
const BITS: u64 = 0x7ff8_0000_0000_07a2;

/// What tells a quiet NaN from a signalling one, which arithmetic makes quiet.
const QUIET: u64 = 1 << 51;

/// The bits that any other NaN gets where only one may remain.
const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;

/// The value that a bar lacks. It equals nothing, not even itself: [`is_unknown`] recognises it.
pub const UNKNOWN: f64 = f64::from_bits(BITS);

/// Whether a bar lacks this value.
#[must_use]
#[inline]
pub const fn is_unknown(value: f64) -> bool {
    value.to_bits() == BITS
}

/// Whether one of them is unknown.
pub(crate) fn any_unknown(values: &[f64]) -> bool {
    // Looks at all of them, several at a time: mostly none is.
    values.iter().fold(false, |found, value| found | is_unknown(*value))
}

/// The value; none if the bar lacks it.
#[must_use]
#[inline]
pub const fn known(value: f64) -> Option<f64> {
    if is_unknown(value) { None } else { Some(value) }
}

/// Whether two values are equal numbers, or both unknown.
#[must_use]
#[inline]
pub fn same_value(a: f64, b: f64) -> bool {
    a == b || is_unknown(a) && is_unknown(b)
}

/// A value as the database or a file has it, or none. A NaN with the bits of [`UNKNOWN`], or that arithmetic would make it,
/// becomes another NaN.
#[inline]
pub(crate) fn from_outside(value: Option<f64>) -> f64 {
    match value {
        None => UNKNOWN,
        Some(value) if value.to_bits() | QUIET == BITS => f64::from_bits(NAN_BITS),
        Some(value) => value,
    }
}

/// The bits of the value, the same for values that count as the same: -0 is 0, and every NaN is one, but for the unknown
/// value.
#[inline]
pub(crate) fn canonical_bits(value: f64) -> u64 {
    match value {
        v if v.is_nan() && !is_unknown(v) => NAN_BITS,
        0.0 => 0,
        v => v.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unknown_value_is_unknown() {
        assert!(UNKNOWN.is_nan() && is_unknown(UNKNOWN));
        for value in [0.0, -0.0, 1.5, f64::NAN, -f64::NAN, f64::INFINITY, f64::from_bits(BITS | 1 << 63)] {
            assert!(!is_unknown(value), "{value}");
            assert_eq!(known(value).map(f64::to_bits), Some(value.to_bits()));
            assert!(!same_value(value, UNKNOWN) && !same_value(UNKNOWN, value));
            assert_ne!(canonical_bits(value), canonical_bits(UNKNOWN));
        }
        assert_eq!(known(UNKNOWN), None);
        assert!(same_value(UNKNOWN, UNKNOWN) && same_value(-0.0, 0.0) && !same_value(f64::NAN, f64::NAN));
    }

    #[test]
    fn what_others_wrote_is_never_unknown() {
        assert!(is_unknown(from_outside(None)));
        // The second one is R's NA.
        for bits in [BITS, BITS & !QUIET] {
            let nan = from_outside(Some(f64::from_bits(bits)));
            assert!(nan.is_nan() && !is_unknown(nan) && !is_unknown(nan - 1.0));
        }
        let other = f64::from_bits(0xfff8_0000_0000_0001);
        assert_eq!(from_outside(Some(other)).to_bits(), other.to_bits());
        assert_eq!(from_outside(Some(-0.0)).to_bits(), (-0.0_f64).to_bits());
    }
}
