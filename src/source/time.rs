//! Timestamps as CSV files write them, turned into instants.
//!
//! Accepted without a format: RFC 3339 and its relatives (`2024-01-02T09:30:00Z`,
//! `2024-01-02 09:30[:00[.5]][±zz:zz]`), bare dates, `YYYYMMDD`, and epoch seconds, milli-, micro- or
//! nanoseconds, told apart by their magnitude. Naive times are in the zone given.
//! Invariant: a time that names no instant, or one that microseconds cannot hold, is an error that says
//! so; nothing is rounded.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::bar::{END_MICROS, FIRST_MICROS, Micros};
use crate::error::{Error, Result};

/// The zone of that IANA name.
///
/// # Errors
/// [`Error::Config`] when there is no such zone.
pub fn zone(name: &str) -> Result<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        Error::config(
            format!("there is no time zone `{name}`"),
            "give an IANA name such as America/New_York, or UTC",
        )
    })
}

/// Reads times in one zone and, if given, one format.
#[derive(Debug, Clone)]
pub struct TimeParser {
    zone: TimeZone,
    format: Option<String>,
}

impl TimeParser {
    /// A parser for naive times in `zone`; `format` as jiff's `strtime` reads it.
    #[must_use]
    pub fn new(zone: TimeZone, format: Option<String>) -> Self {
        Self { zone, format }
    }

    /// The instant that `text` names.
    ///
    /// # Errors
    /// The reason, without the place.
    pub fn parse(&self, text: &[u8]) -> Result<Micros, String> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err("the time is empty".into());
        }
        let text = std::str::from_utf8(text).map_err(|_| "the time is not valid UTF-8".to_owned())?;
        let micros = match &self.format {
            Some(format) => without_leap_second(text, |t| self.formatted(t, format))?,
            None if is_number(text) => self.digits(text)?,
            None => without_leap_second(text, |t| self.written(t))?,
        };
        if (FIRST_MICROS..END_MICROS).contains(&micros) {
            Ok(micros)
        } else {
            Err(format!("the time `{}` lies outside the years 1700 to 2299", cut(text)))
        }
    }

    fn written(&self, text: &str) -> Result<Micros, String> {
        let (text, utc) = match text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")) {
            Some(rest) => (rest.trim_end(), true),
            None => (text, false),
        };
        let dashed = dashed(text);
        let pieces = Pieces::parse(dashed.as_ref()).map_err(|_| not_a_time(text))?;
        if pieces.time_zone_annotation().is_some() {
            return Err(format!("the time `{}` has a zone in brackets, which is not supported", cut(text)));
        }
        let local = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
        match pieces.offset() {
            None if utc => self.instant(local, &TimeZone::UTC),
            Some(_) if utc => Err(not_a_time(text)),
            Some(PiecesOffset::Zulu) => self.instant(local, &TimeZone::UTC),
            Some(PiecesOffset::Numeric(n)) => self.instant(local, &TimeZone::fixed(n.offset())),
            Some(_) => Err(not_a_time(text)),
            None => self.instant(local, &self.zone),
        }
    }

    fn formatted(&self, text: &str, format: &str) -> Result<Micros, String> {
        let parsed = BrokenDownTime::parse(format, text)
            .map_err(|e| format!("the time `{}` does not fit csv.time_format `{format}`: {e}", cut(text)))?;
        if let Some(at) = parsed.timestamp() {
            // jiff leaves the fraction behind a `%s` out.
            let fraction = i128::from(parsed.subsec_nanosecond().unwrap_or(0));
            let signed = if text.starts_with('-') { -fraction } else { fraction };
            return whole_micros(at.as_nanosecond() + signed);
        }
        if parsed.offset().is_some() {
            let at = parsed.to_timestamp().map_err(|e| e.to_string())?;
            return whole_micros(at.as_nanosecond());
        }
        let date = parsed.to_date().map_err(|e| format!("the time `{}`: {e}", cut(text)))?;
        let has_time = parsed.hour().is_some() || parsed.minute().is_some() || parsed.second().is_some();
        let time = match parsed.to_time() {
            Ok(time) => time,
            Err(_) if !has_time => Time::midnight(),
            Err(e) => return Err(format!("the time `{}`: {e}", cut(text))),
        };
        let local = DateTime::from_parts(date, time);
        match parsed.iana_time_zone() {
            Some(name) => self.instant(local, &zone(name).map_err(|e| e.to_string())?),
            None => self.instant(local, &self.zone),
        }
    }

    fn instant(&self, local: DateTime, zone: &TimeZone) -> Result<Micros, String> {
        let ambiguous = zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {}
            AmbiguousOffset::Gap { .. } => {
                return Err(format!(
                    "the local time {local} does not exist in {}: clocks went forward over it",
                    zone_name(zone)
                ));
            }
            AmbiguousOffset::Fold { .. } => {
                return Err(format!(
                    "the local time {local} is ambiguous in {}: clocks went back and it came twice",
                    zone_name(zone)
                ));
            }
        }
        let at = ambiguous
            .unambiguous()
            .map_err(|_| format!("the time {local} lies outside the years 1700 to 2299"))?;
        whole_micros(at.as_nanosecond())
    }

    /// `YYYYMMDD`, or an epoch count with or without a fraction.
    fn digits(&self, text: &str) -> Result<Micros, String> {
        if let Some(date) = compact_date(text).transpose()? {
            return self.instant(DateTime::from_parts(date, Time::midnight()), &self.zone);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let count: i128 = whole.parse().map_err(|_| not_a_time(text))?;
        let unit_nanos: i128 = match count.unsigned_abs() {
            0..100_000_000_000 => 1_000_000_000,
            100_000_000_000..100_000_000_000_000 => 1_000_000,
            100_000_000_000_000..100_000_000_000_000_000 => 1_000,
            _ => 1,
        };
        let fraction = fraction_nanos(fraction, unit_nanos).ok_or_else(|| too_fine(text))?;
        let signed = if whole.starts_with('-') { -fraction } else { fraction };
        let nanos = count.checked_mul(unit_nanos).ok_or_else(|| not_a_time(text))? + signed;
        whole_micros(nanos)
    }
}

/// `2024/01/02`, `2024.01.02` and an offset that stands apart, the way RFC 3339 has them.
fn dashed(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let separated = bytes.len() >= 10 && bytes[4] == bytes[7] && (bytes[4] == b'/' || bytes[4] == b'.');
    // Before the tenth byte there is no offset yet, only a date.
    let apart = text.rfind(" +").or_else(|| text.rfind(" -")).filter(|&at| at >= 10);
    if !separated && apart.is_none() {
        return Cow::Borrowed(text);
    }
    let mut text = text.to_owned();
    if separated {
        text.replace_range(4..5, "-");
        text.replace_range(7..8, "-");
    }
    if let Some(at) = apart {
        text.remove(at);
    }
    Cow::Owned(text)
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

fn whole_micros(nanos: i128) -> Result<Micros, String> {
    let micros = Micros::try_from(nanos.div_euclid(1_000))
        .map_err(|_| "the time lies outside the years 1700 to 2299".to_owned())?;
    if nanos % 1_000 == 0 { Ok(micros) } else { Err(too_fine(&format!("{nanos} ns since 1970"))) }
}

/// An optional minus, digits, and at most one point with digits behind it.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
}

/// Eight digits that begin with a year: a calendar day, or an error. As epoch seconds they would lie in the
/// year 1970, and a 30th of February there would be a bar that nobody looks for.
fn compact_date(text: &str) -> Option<Result<Date, String>> {
    if text.len() != 8 || text.starts_with('-') || text.contains('.') {
        return None;
    }
    let (year, month, day) = (text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
    if !(1700..2300).contains(&year) {
        return None;
    }
    Some(Date::new(year, month, day).map_err(|_| not_a_time(text)))
}

/// What `read` makes of `text`, unless that has a second 60: jiff reads it as 59, which is another instant.
fn without_leap_second(text: &str, read: impl Fn(&str) -> Result<Micros, String>) -> Result<Micros, String> {
    let micros = read(text)?;
    let mut sixties = text.match_indices("60");
    let same = |at: usize| read(&format!("{}59{}", &text[..at], &text[at + 2..])) == Ok(micros);
    if sixties.any(|(at, _)| same(at)) {
        return Err(format!("the time `{}` has a second 60, which is not supported", cut(text)));
    }
    Ok(micros)
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("this zone").to_owned()
}

fn not_a_time(text: &str) -> String {
    format!(
        "`{}` is no time: expected RFC 3339, YYYY-MM-DD[ HH:MM:SS[.f][±zz:zz]] or an epoch count",
        cut(text)
    )
}

fn too_fine(text: &str) -> String {
    format!("the time `{}` is finer than a microsecond, which the database cannot hold", cut(text))
}

/// At most 40 characters of a field, printable, for messages.
pub(super) fn cut(text: &str) -> String {
    let text = text.escape_debug().to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::format_time;

    fn utc() -> TimeParser {
        TimeParser::new(TimeZone::UTC, None)
    }

    fn new_york() -> TimeParser {
        TimeParser::new(TimeZone::get("America/New_York").expect("bundled"), None)
    }

    fn shown(p: &TimeParser, text: &str) -> String {
        p.parse(text.as_bytes()).map_or_else(|e| format!("ERR {e}"), format_time)
    }

    #[test]
    fn every_listed_form_is_read() {
        for (text, want) in [
            ("2024-01-02T09:30:00Z", "2024-01-02T09:30:00Z"),
            ("2024-01-02 09:30:00+00:00", "2024-01-02T09:30:00Z"),
            ("2024-01-02 09:30:00.250000-05:00", "2024-01-02T14:30:00.25Z"),
            ("2024-01-02 09:30:00+0530", "2024-01-02T04:00:00Z"),
            ("2024-01-02 09:30:00 UTC", "2024-01-02T09:30:00Z"),
            ("2024-01-02 09:30", "2024-01-02T09:30:00Z"),
            ("2024-01-02", "2024-01-02T00:00:00Z"),
            ("20240102", "2024-01-02T00:00:00Z"),
            ("2024/01/02", "2024-01-02T00:00:00Z"),
            ("2024.01.02 09:30", "2024-01-02T09:30:00Z"),
            ("2024-01-02 09:30:00 -05:00", "2024-01-02T14:30:00Z"),
            (" 2024-01-02 ", "2024-01-02T00:00:00Z"),
            ("1704187800", "2024-01-02T09:30:00Z"),
            ("1704187800.5", "2024-01-02T09:30:00.5Z"),
            ("1704187800000", "2024-01-02T09:30:00Z"),
            ("1704187800000000", "2024-01-02T09:30:00Z"),
            ("1704187800000000000", "2024-01-02T09:30:00Z"),
            ("-86400", "1969-12-31T00:00:00Z"),
            ("0", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(shown(&utc(), text), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_says_why() {
        for (text, part) in [
            ("", "is empty"),
            ("abc", "is no time"),
            ("ääää/ää/ää", "is no time"),
            ("2024-01-02 09:30:00-05:00 UTC", "is no time"),
            ("0000-01-01", "outside the years"),
            ("9999999", "ERR"),
            ("9999999-01-01", "is no time"),
            ("9999-01-01", "outside the years"),
            ("2024-02-30", "is no time"),
            ("2024-01-02T00:00:00Z[UTC]", "brackets"),
            ("2024-01-02T00:00:60Z", "has a second 60"),
            ("20240102T000060", "has a second 60"),
            ("20240230", "is no time"),
            ("20241301", "is no time"),
            ("2024-01 -02", "is no time"),
            ("2024 -01-02", "is no time"),
            ("2024-01-02 09:30:00.123456789", "finer than a microsecond"),
            ("1704187800000000001", "finer than a microsecond"),
            ("99999999999999999999999999000", "outside the years"),
            ("1.5.2", "is no time"),
            ("NaN", "is no time"),
        ] {
            let got = shown(&utc(), text);
            if text == "9999999" {
                // Seven digits are a plain epoch count: 1970-04-26.
                assert_eq!(got, "1970-04-26T17:46:39Z");
            } else {
                assert!(got.starts_with("ERR") && got.contains(part), "{text}: {got}");
            }
        }
        assert!(utc().parse(b"\xff\xfe").expect_err("not utf-8").contains("UTF-8"));
    }

    #[test]
    fn no_character_is_cut_in_two() {
        // Two offsets apart from their time, and a letter of two bytes where the third separator would be.
        assert!(shown(&utc(), "x +y/ +/éabc").contains("is no time"));
        assert!(shown(&utc(), "2024/01/ +é -é").contains("is no time"));
    }

    #[test]
    fn sixty_is_an_odd_second_only_where_seconds_stand() {
        for (text, want) in [
            ("1960-01-02", "1960-01-02T00:00:00Z"),
            ("1960-06-01T00:00:59.60Z", "1960-06-01T00:00:59.6Z"),
            ("1604146060", "2020-10-31T12:07:40Z"),
        ] {
            assert_eq!(shown(&utc(), text), want, "{text}");
        }
    }

    #[test]
    fn local_times_follow_their_zone() {
        assert_eq!(shown(&new_york(), "2024-01-02 09:30:00"), "2024-01-02T14:30:00Z");
        assert_eq!(shown(&new_york(), "2024-07-02 09:30:00"), "2024-07-02T13:30:00Z");
        assert_eq!(shown(&new_york(), "2024-07-02 09:30:00Z"), "2024-07-02T09:30:00Z");
        assert!(shown(&new_york(), "2024-03-10 02:30:00").contains("does not exist in America/New_York"));
        assert!(shown(&new_york(), "2024-11-03 01:30:00").contains("is ambiguous in America/New_York"));
    }

    #[test]
    fn a_format_replaces_the_guessing() {
        let p = TimeParser::new(TimeZone::UTC, Some("%d.%m.%Y %H:%M".into()));
        assert_eq!(shown(&p, "02.01.2024 09:30"), "2024-01-02T09:30:00Z");
        assert!(shown(&p, "2024-01-02").contains("does not fit csv.time_format"));
        let date = TimeParser::new(TimeZone::UTC, Some("%m/%d/%Y".into()));
        assert_eq!(shown(&date, "01/02/2024"), "2024-01-02T00:00:00Z");
        let zoned = TimeParser::new(TimeZone::UTC, Some("%Y%m%d %H%M%S %z".into()));
        assert_eq!(shown(&zoned, "20240102 093000 -0500"), "2024-01-02T14:30:00Z");
        assert!(shown(&zoned, "20240102 093060 -0500").contains("has a second 60"));
    }

    #[test]
    fn a_format_reads_the_fraction_of_an_epoch_count() {
        let p = TimeParser::new(TimeZone::UTC, Some("%s.%f".into()));
        assert_eq!(shown(&p, "1704187800.250000"), "2024-01-02T09:30:00.25Z");
        assert_eq!(shown(&p, "-0.5"), "1969-12-31T23:59:59.5Z");
        assert!(shown(&p, "1704187800.0000001").contains("finer than a microsecond"));
    }

    #[test]
    fn a_zone_that_a_format_reads_is_the_times_zone() {
        let p = TimeParser::new(TimeZone::UTC, Some("%Y-%m-%d %H:%M %Q".into()));
        assert_eq!(shown(&p, "2024-01-02 09:30 America/New_York"), "2024-01-02T14:30:00Z");
        assert!(shown(&p, "2024-03-10 02:30 America/New_York").contains("does not exist"));
        assert!(shown(&p, "2024-01-02 09:30 Mars/Olympus").contains("no time zone `Mars/Olympus`"));
    }
}
