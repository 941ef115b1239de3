//! The fast path for times whose parts are at fixed positions.
//!
//! `YYYY-MM-DD`, alone or with a `T` or a blank and `HH:MM[:SS[.ffffff]]`, then nothing, `Z` or `±HH:MM`.
//! Invariant: the result is what the general path reads. For any other text there is no result: the general path then
//! decides whether it is a time, and if not, why.

use crate::bar::Micros;

const SECOND: Micros = 1_000_000;

/// A time as the text has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrittenTime {
    /// The local time, as if it were UTC.
    pub(super) wall: Micros,
    /// How far local time is ahead of UTC, if the text has an offset.
    pub(super) offset: Option<Micros>,
    /// Whether it has a time of day.
    pub(super) has_clock: bool,
    /// Its length in bytes.
    pub(super) length: usize,
}

/// The time at the start of `text`.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<WrittenTime> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = two(date[0], date[1])? * 100 + two(date[2], date[3])?;
    let midnight = day(year, two(date[5], date[6])?, two(date[8], date[9])?)? * (86_400 * SECOND);
    let [b'T' | b' ', clock @ ..] = rest else {
        return Some(WrittenTime { wall: midnight, offset: None, has_clock: false, length: 10 });
    };
    let (time, rest) = clock_time(clock)?;
    let (offset, rest) = match rest {
        [b'Z', rest @ ..] => (Some(0), rest),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (ahead, rest) = hours_and_minutes(rest)?;
            (Some(if *sign == b'-' { -ahead } else { ahead }), rest)
        }
        _ => (None, rest),
    };
    Some(WrittenTime { wall: midnight + time, offset, has_clock: true, length: text.len() - rest.len() })
}

/// `HH:MM[:SS[.ffffff]]` since midnight, and the rest of the text.
#[inline]
fn clock_time(text: &[u8]) -> Option<(Micros, &[u8])> {
    let (time, rest) = hours_and_minutes(text)?;
    let [b':', a, b, rest @ ..] = rest else { return Some((time, rest)) };
    // A leap second has no instant of its own.
    let time = time + Micros::from(two(*a, *b).filter(|s| *s < 60)?) * SECOND;
    let [b'.', rest @ ..] = rest else { return Some((time, rest)) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=6).contains(&digits) {
        return None;
    }
    let (fraction, rest) = rest.split_at(digits);
    let micros = (0..6).fold(0, |n, i| n * 10 + fraction.get(i).map_or(0, |b| Micros::from(b - b'0')));
    Some((time + micros, rest))
}

/// `HH:MM`, and the rest of the text.
#[inline]
fn hours_and_minutes(text: &[u8]) -> Option<(Micros, &[u8])> {
    let ([a, b, b':', c, d], rest) = text.split_first_chunk()? else { return None };
    let hours = two(*a, *b).filter(|h| *h < 24)?;
    let minutes = two(*c, *d).filter(|m| *m < 60)?;
    Some((Micros::from(hours * 60 + minutes) * (60 * SECOND), rest))
}

#[inline]
fn two(a: u8, b: u8) -> Option<u32> {
    let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    (a < 10 && b < 10).then(|| u32::from(a * 10 + b))
}

/// Days since 1970-01-01 of a day in the Gregorian calendar; none if there is no such day, or for the year 0.
#[inline]
fn day(year: u32, month: u32, day: u32) -> Option<Micros> {
    const LENGTHS: [u32; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *LENGTHS.get(usize::try_from(month).ok()?)?;
    let is_leap = || year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if !(1..=length).contains(&day) || month == 2 && day == 29 && !is_leap() {
        return None;
    }
    // Years are counted from March, so that a leap day is the last of its year. 0000-03-01 is 719,468 days before 1970.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(Micros::from(year * 365 + year / 4 - year / 100 + year / 400 + of_year) - 719_468)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;

    #[test]
    fn each_day_has_its_number() {
        let part = |part: i16| u32::try_from(part).expect("positive");
        let number = |d: Date| day(part(d.year()), part(d.month().into()), part(d.day().into()));
        let mut known = number(date(1599, 12, 31)).expect("a day");
        for d in date(1600, 1, 1).series(jiff::Span::new().days(1)).take_while(|d| d.year() < 2401) {
            known += 1;
            assert_eq!(number(d), Some(known), "{d}");
        }
        assert_eq!(number(date(1970, 1, 1)), Some(0));
        for (y, m, d) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 2, 30), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1)]
        {
            assert_eq!(day(y, m, d), None, "{y}-{m}-{d}");
        }
    }

    #[test]
    fn a_time_ends_where_it_ends() {
        for (text, length) in [
            ("2024-01-02,1", Some(10)),
            ("2024-01-02T09:30,1", Some(16)),
            ("2024-01-02 09:30:00.25,1", Some(22)),
            ("2024-01-02 09:30:00-05:30", Some(25)),
            ("2024-01-02T09:30:00Zulu", Some(20)),
            ("2024-01-02T24:00:00", None),
            ("2024-01-02T23:59:60", None),
            ("2024-01-02T23:59:00.", None),
            ("2024-01-02T23:59:00.1234567", None),
            ("2024-01-02T23:59:00+0530", None),
            ("20240102", None),
        ] {
            assert_eq!(read(text.as_bytes()).map(|w| w.length), length, "{text}");
        }
    }
}
