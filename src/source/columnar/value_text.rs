//! The text of single values: numbers, times, words.

use std::io::Write as _;

use super::DELIMITER;
use super::column::{Kind, Unit};

pub(super) const SECONDS_OF_A_DAY: i64 = 86_400;

/// The shortest text that is read as the same number.
pub(super) fn write_float(value: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let digits = buffer.format(value);
    // 100.0 and 100 are the same number.
    out.extend_from_slice(digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
}

pub(super) fn write_int(value: i64, out: &mut Vec<u8>) {
    _ = write!(out, "{value}");
}

pub(super) fn write_decimal(value: i128, scale: u32, out: &mut Vec<u8>) {
    let scale = scale as usize;
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(whole.as_bytes());
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
}

pub(super) fn write_timestamp(value: i64, unit: Unit, kind: Kind, out: &mut Vec<u8>) {
    let per_day = SECONDS_OF_A_DAY * unit.per_second();
    write_date(value.div_euclid(per_day), out);
    out.push(b'T');
    write_clock(value.rem_euclid(per_day), unit, out);
    if kind == Kind::Instant {
        out.push(b'Z');
    }
}

/// A local time: a day since 1970, and the nanoseconds of that day.
pub(super) fn write_local(day: i64, nanoseconds: i64, out: &mut Vec<u8>) {
    write_date(day, out);
    out.push(b'T');
    write_clock(nanoseconds, Unit::Nanosecond, out);
}

/// The day as YYYY-MM-DD; years before 0 or of five digits have a sign, and are no bar's.
pub(super) fn write_date(days: i64, out: &mut Vec<u8>) {
    // After Howard Hinnant's `civil_from_days`: eras of 400 years that begin in March.
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..10_000).contains(&year) {
        write_digits(year, 4, out);
    } else {
        _ = write!(out, "{year:+}");
    }
    out.push(b'-');
    write_digits(month, 2, out);
    out.push(b'-');
    write_digits(day, 2, out);
}

/// HH:MM:SS, and the fraction if there is one.
pub(super) fn write_clock(value: i64, unit: Unit, out: &mut Vec<u8>) {
    let (seconds, fraction) = (value.div_euclid(unit.per_second()), value.rem_euclid(unit.per_second()));
    write_digits(seconds / 3_600, 2, out);
    out.push(b':');
    write_digits(seconds / 60 % 60, 2, out);
    out.push(b':');
    write_digits(seconds % 60, 2, out);
    if fraction > 0 {
        out.push(b'.');
        match unit {
            Unit::Second => {}
            Unit::Millisecond => write_digits(fraction, 3, out),
            Unit::Microsecond => write_digits(fraction, 6, out),
            Unit::Nanosecond if fraction % 1_000 == 0 => write_digits(fraction / 1_000, 6, out),
            Unit::Nanosecond => write_digits(fraction, 9, out),
        }
    }
}

/// A number that is not negative, with so many digits.
pub(super) fn write_digits(value: i64, digits: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + digits, b'0');
    let mut rest = value;
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (rest % 10).unsigned_abs() as u8;
        rest /= 10;
    }
}

/// A text as one field of one line.
pub(super) fn write_text(text: &[u8], out: &mut Vec<u8>) {
    let is_plain = |b: &u8| !matches!(*b, DELIMITER | b'"' | b'\'' | b'\n' | b'\r' | 0);
    if text.iter().all(is_plain) {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for b in text {
        match b {
            b'"' => out.extend_from_slice(b"\"\""),
            b'\n' | b'\r' | 0 => out.push(b' '),
            other => out.push(*other),
        }
    }
    out.push(b'"');
}
