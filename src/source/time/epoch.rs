//! Reads times that are numbers: counts since 1970, and `YYYYMMDD`.
//!
//! Invariant: the unit of a count follows from its magnitude alone: seconds below 10^11, then milli-, micro- and
//! nanoseconds, each up to a thousand times as much.

use jiff::civil::Date;

use super::{not_a_time, too_fine, whole_micros};
use crate::bar::Micros;

/// Counts from here on are milliseconds.
const SECONDS_END: Micros = 100_000_000_000;
/// Counts from here on are microseconds.
const MILLIS_END: Micros = 100_000_000_000_000;
/// Counts from here on are nanoseconds.
const MICROS_END: Micros = 100_000_000_000_000_000;

/// Fast path: the count at the start of `text` as an instant, and its length. None if the general path has to read it.
pub(super) fn parse_prefix(text: &[u8]) -> Option<(Micros, usize)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    // Eight digits may be a date; more than eighteen do not fit in an i64.
    if digits == 8 || !(1..=18).contains(&digits) {
        return None;
    }
    let count = text[..digits].iter().fold(0, |n, b| n * 10 + Micros::from(b - b'0'));
    let micros = match count {
        0..SECONDS_END => count * 1_000_000,
        SECONDS_END..MILLIS_END => count * 1_000,
        MILLIS_END..MICROS_END => count,
        _ if count % 1_000 == 0 => count / 1_000,
        _ => return None,
    };
    Some((micros, digits))
}

/// The instant of a count with or without a fraction.
pub(super) fn count(text: &str) -> Result<Micros, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let count: i128 = whole.parse().map_err(|_| not_a_time(text))?;
    let unit_nanos: i128 = match Micros::try_from(count.unsigned_abs()) {
        Ok(0..SECONDS_END) => 1_000_000_000,
        Ok(SECONDS_END..MILLIS_END) => 1_000_000,
        Ok(MILLIS_END..MICROS_END) => 1_000,
        _ => 1,
    };
    let fraction = fraction_nanos(fraction, unit_nanos).ok_or_else(|| too_fine(text))?;
    let signed = if whole.starts_with('-') { -fraction } else { fraction };
    let nanos = count.checked_mul(unit_nanos).ok_or_else(|| not_a_time(text))? + signed;
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

/// Eight digits that begin with a year: a date, or an error if there is no such day. Read as epoch seconds, a mistyped
/// date would silently become a time in 1970.
pub(super) fn compact_date(text: &str) -> Option<Result<Date, String>> {
    if text.len() != 8 || text.starts_with('-') || text.contains('.') {
        return None;
    }
    let (year, month, day) = (text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
    if !(1700..2300).contains(&year) {
        return None;
    }
    Some(Date::new(year, month, day).map_err(|_| not_a_time(text)))
}
