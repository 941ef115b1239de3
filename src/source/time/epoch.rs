//! Reads counts since 1970.
//!
//! Invariant: the unit is given; no count is read by its magnitude.

use super::{cut, too_fine, whole_micros};
use crate::bar::Micros;
use crate::config::UnixUnit;

/// Fast path: the count at the start of `text` as an instant, and its length. None if the general path has to read it.
#[inline]
pub(super) fn parse_prefix(text: &[u8], unit: UnixUnit) -> Option<(Micros, usize)> {
    // Nanoseconds have nineteen digits since 2001, which a u64 holds.
    const MOST_DIGITS: usize = 19;
    let (mut count, mut digits): (u64, usize) = (0, 0);
    while let Some(digit @ b'0'..=b'9') = text.get(digits).filter(|_| digits < MOST_DIGITS) {
        count = count * 10 + u64::from(digit - b'0');
        digits += 1;
    }
    if digits == 0 || text.get(digits) == Some(&b'.') {
        return None;
    }
    let count = Micros::try_from(count).ok()?;
    let micros = match unit.nanos() {
        1 if count % 1_000 == 0 => count / 1_000,
        1 => return None,
        nanos => count.checked_mul(nanos / 1_000)?,
    };
    Some((micros, digits))
}

/// The instant of a count with or without a fraction.
pub(super) fn count(text: &str, unit: UnixUnit) -> Result<Micros, String> {
    let no_count = || format!("`{}` is no count of {} since 1970", cut(text), unit.plural());
    if !is_number(text) {
        return Err(no_count());
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let count: i128 = whole.parse().map_err(|_| no_count())?;
    let unit_nanos = i128::from(unit.nanos());
    let fraction = fraction_nanos(fraction, unit_nanos).ok_or_else(|| too_fine(text))?;
    let signed = if whole.starts_with('-') { -fraction } else { fraction };
    let nanos =
        count.checked_mul(unit_nanos).and_then(|nanos| nanos.checked_add(signed)).ok_or_else(no_count)?;
    whole_micros(nanos)
}

/// The fraction of one unit in nanoseconds; none when it is finer than that.
fn fraction_nanos(fraction: &str, unit: i128) -> Option<i128> {
    let mut rest = unit;
    let mut nanos = 0;
    for digit in fraction.trim_end_matches('0').bytes() {
        if rest % 10 != 0 {
            return None;
        }
        rest /= 10;
        nanos += i128::from(digit - b'0') * rest;
    }
    Some(nanos)
}

/// An optional minus, digits, and at most one point with digits behind it.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
}
