//! The formats that are tried on times which are neither year-month-day nor counts.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::times::nearly_all;
use crate::config::TimeForm;
use crate::source::time::TimeParser;

/// Formats of dates.
const DATES: [&str; 39] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%y/%m/%d",
    "%d.%m.%y",
    "%m.%d.%y",
    "%y.%m.%d",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y-%m-%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %b %y",
    "%d/%b/%Y",
    "%d%b%Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%d-%B-%Y",
    "%B %d, %Y",
    "%Y-%b-%d",
    "%a %b %d %Y",
    // With one digit, or in another order than ISO's.
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y-%d-%m",
    "%Y/%d/%m",
    "%Y%m%d",
    // Months.
    "%Y-%m",
    "%Y/%m",
    "%b %Y",
    "%b-%Y",
    "%B %Y",
];

/// Formats of the time of day after the date.
const CLOCKS: [&str; 21] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    "T%H:%M:%S%.f",
    "T%H:%M",
    ", %H:%M:%S",
    ", %H:%M",
    ",%H:%M:%S",
    ",%H:%M",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %I:%M:%S %p %:z",
    ", %I:%M:%S %p",
    " %I-%p",
    " %H%M",
    " %H%M%S",
    " %H%M%S%3f",
    " %H:%M:%S%.f GMT%z",
    " %H:%M:%S%.f %z",
    " %H:%M:%S %Q",
];

static FORMATS: LazyLock<Vec<TimeParser>> = LazyLock::new(|| {
    let all = DATES.iter().flat_map(|date| CLOCKS.iter().map(move |clock| format!("{date}{clock}")));
    all.map(|format| TimeParser::new(TimeZone::UTC, format.into())).collect()
});

/// No time is longer.
const LONGEST: usize = 80;

/// All formats that read this text.
pub(super) fn reading(text: &[u8]) -> Vec<TimeForm> {
    if text.len() > LONGEST || !text.iter().any(u8::is_ascii_digit) {
        return Vec::new();
    }
    let reading = FORMATS.iter().filter(|parser| parser.parse(text).is_ok());
    reading.map(|parser| parser.form().clone()).collect()
}

/// Formats of a time of day in a column of its own.
const CLOCKS_ALONE: [&str; 5] = ["%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p", "%I:%M:%S%p"];

/// The same in digits alone.
const DIGITS_ALONE: [&str; 3] = ["%H%M", "%H%M%S", "%H%M%S%3f"];

/// A form of dates with a time of day behind it, in all ways that are known.
pub(super) fn with_clocks(dates: &TimeForm) -> impl DoubleEndedIterator<Item = TimeForm> {
    let dates = dates.to_string();
    let clocks = CLOCKS_ALONE.into_iter().chain(DIGITS_ALONE);
    clocks.map(move |clock| TimeForm::from(format!("{dates} {clock}")))
}

/// How a column of times of day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// `9:30`, `09:30:00.5`, `9:30 AM`
    Written,
    /// Digits of this number, once leading zeros that were lost are back: 4 (`HHMM`), 6 or 9 (with milliseconds).
    Digits(usize),
}

/// How these are written, if nearly all of them are times of day without a date: a few rows may be bad.
pub(super) fn clock<'t>(texts: impl Iterator<Item = &'t [u8]> + Clone) -> Option<Clock> {
    let texts = texts.filter(|text| !text.is_empty());
    let all = texts.clone().count();
    let are_most = |count: usize| count > 0 && nearly_all(count, all);
    let digits: Vec<&[u8]> = texts.clone().filter(|text| text.iter().all(u8::is_ascii_digit)).collect();
    if are_most(digits.len()) {
        let is_minute = |text: &&[u8]| text.len() == 2 && *text > &b"23"[..];
        let width = match digits.iter().map(|text| text.len()).max()? {
            // The first minutes of a day.
            2 if digits.iter().any(is_minute) => 4,
            1 if digits.iter().all(|text| *text == b"0") => 4,
            3 | 4 => 4,
            5 | 6 => 6,
            7..=9 => 9,
            _ => return None,
        };
        return are_clocks(digits.into_iter(), width).then_some(Clock::Digits(width));
    }
    let written = |text: &&[u8]| {
        let text = String::from_utf8_lossy(text);
        CLOCKS_ALONE.iter().any(|format| Time::strptime(format, text.as_ref()).is_ok())
    };
    are_most(texts.filter(written).count()).then_some(Clock::Written)
}

/// Whether all of these are times of day once they have so many digits.
pub(super) fn are_clocks<'t>(mut texts: impl Iterator<Item = &'t [u8]>, width: usize) -> bool {
    texts.all(|text| text.len() <= width && is_clock(&padded(text, width)))
}

/// Whether these digits are hours, minutes and, if there are more, seconds.
fn is_clock(digits: &[u8]) -> bool {
    let mut limits = [24, 60, 60].iter();
    digits.chunks_exact(2).all(|pair| {
        let number = (pair[0] - b'0') * 10 + (pair[1] - b'0');
        limits.next().is_none_or(|limit| number < *limit)
    })
}

/// Hours alone, which get their minutes.
pub(super) const HOURS: usize = 2;

/// Whether all of these are hours of a day.
pub(super) fn are_hours<'t>(texts: impl Iterator<Item = &'t [u8]> + Clone) -> bool {
    let is_hour = |text: &[u8]| {
        let hour = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u8>().ok());
        text.len() <= HOURS && hour.is_some_and(|hour| hour < 24)
    };
    texts.clone().next().is_some() && texts.filter(|text| !text.is_empty()).all(is_hour)
}

/// The digits with the leading zeros that a number has lost.
pub(crate) fn padded(digits: &[u8], width: usize) -> Cow<'_, [u8]> {
    if width == HOURS {
        let zero = if digits.len() < HOURS { &b"0"[..] } else { b"" };
        return Cow::Owned([zero, digits, b"00"].concat());
    }
    match width.checked_sub(digits.len()) {
        Some(lost @ 1..) if digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() => {
            Cow::Owned([&b"000000000"[..lost], digits].concat())
        }
        _ => Cow::Borrowed(digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_formats_are_found() {
        for (text, format) in [
            ("13.03.2026 09:15:00.000 GMT+0200", "%d.%m.%Y %H:%M:%S%.f GMT%z"),
            ("Mar 03, 2026", "%b %d, %Y"),
            ("January 2, 2024", "%B %d, %Y"),
            ("3-Mar-2026", "%d-%b-%Y"),
            ("13/03/26", "%d/%m/%y"),
            ("03/13/2026 9:30:00 AM", "%m/%d/%Y %I:%M:%S %p"),
            ("2024-01-02 9:30 AM", "%Y-%m-%d %I:%M %p"),
            ("1/25/19 6:00:00 AM -06:00", "%m/%d/%y %I:%M:%S %p %:z"),
            ("2019-10-17 09-AM", "%Y-%m-%d %I-%p"),
            ("2024/1/2", "%Y/%m/%d"),
            ("20260313 093000", "%Y%m%d %H%M%S"),
            ("20260313 0930", "%Y%m%d %H%M"),
            ("Fri Mar 08 2024 09:30:00 GMT-0500 (Eastern Standard Time)", "%a %b %d %Y %H:%M:%S%.f GMT%z"),
        ] {
            let found: Vec<String> = reading(text.as_bytes()).iter().map(ToString::to_string).collect();
            assert!(found.contains(&format.to_owned()), "{text}: {found:?}");
        }
        assert_eq!(reading(b"yesterday"), []);
        assert!(!reading(b"20260313 930").iter().any(|form| form.to_string().contains("%H%M")));
    }

    #[test]
    fn a_clock_is_told_by_nearly_all_its_times() {
        let of = |texts: &[&'static str]| clock(texts.iter().map(|text| text.as_bytes()));
        assert_eq!(of(&["9:30", "16:00"]), Some(Clock::Written));
        assert_eq!(of(&["9:30 AM"]), Some(Clock::Written));
        assert_eq!(of(&["95800000", "100000000"]), Some(Clock::Digits(9)));
        assert_eq!(of(&["930", "1000", "0"]), Some(Clock::Digits(4)));
        assert_eq!(of(&["000000"]), Some(Clock::Digits(6)));
        // Minutes of the day, a row number, a price, a date.
        assert!(are_hours([&b"0"[..], b"9", b"23"].into_iter()) && !are_hours([&b"24"[..]].into_iter()));
        assert_eq!(
            (padded(b"9", HOURS).as_ref(), padded(b"23", HOURS).as_ref()),
            (&b"0900"[..], &b"2300"[..])
        );
        for other in [&["570", "571"][..], &["1", "2"], &["10.5"], &["2024-01-02"], &[""], &["9:30", "x"]] {
            assert_eq!(of(other), None, "{other:?}");
        }
        assert_eq!(of(&[&["9:30"; 20][..], &["x"]].concat()), Some(Clock::Written));
        assert_eq!(of(&[&["930"; 20][..], &["x"]].concat()), Some(Clock::Digits(4)));
    }
}
