//! Start times, read and shown in this machine's time zone.
//!
//! Invariant: a shown time names its zone; a local time that means two instants or none is refused.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

/// Reads a time with an offset, or one without as a time in this machine's zone.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    parse_in(text, local_zone())
}

fn parse_in(text: &str, (zone, name): (TimeZone, String)) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    let local: civil::DateTime = text.parse().map_err(|_| {
        "write a time as '2026-12-01 18:00' (in this machine's time zone), or with an offset: \
         2026-12-01T18:00:00+01:00 or 2026-12-01T17:00:00Z"
            .to_owned()
    })?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let found = ambiguous.is_ambiguous();
    ambiguous.unambiguous().map_err(|e| match found {
        true => format!(
            "clocks in {name} change at that time, so there are two such times or none; write it with an offset \
             (2026-12-01T18:00:00+01:00)"
        ),
        false => format!("no such time in {name}: {e}"),
    })
}

/// `2026-12-01 18:00 +01:00 (Europe/Berlin), in 2h 4m`
pub(super) fn starts(at: Timestamp) -> String {
    starts_in(at, Timestamp::now(), local_zone())
}

fn starts_in(at: Timestamp, now: Timestamp, zone: (TimeZone, String)) -> String {
    format!("{}, {}", shown_in(at, zone), until(at, now))
}

/// `2026-12-01 18:00 +01:00 (Europe/Berlin)`
pub(super) fn shown(at: Timestamp) -> String {
    shown_in(at, local_zone())
}

fn shown_in(at: Timestamp, (zone, name): (TimeZone, String)) -> String {
    let shown = at.to_zoned(zone);
    let seconds = if shown.second() == 0 { "" } else { ":%S" };
    let shown = jiff::fmt::strtime::format(format!("%F %H:%M{seconds} %:z"), &shown);
    format!("{} ({name})", shown.unwrap_or_else(|_| at.to_string()))
}

/// `in 2h 3m`
pub(super) fn until(at: Timestamp, now: Timestamp) -> String {
    let wait = at.duration_since(now).max(SignedDuration::ZERO);
    let seconds = wait.as_secs_f64();
    // In long waits, seconds do not matter.
    let unit = if seconds < 600.0 { 1.0 } else { 60.0 };
    let rounded = std::time::Duration::try_from_secs_f64((seconds / unit).round() * unit);
    format!("in {}", humantime::format_duration(rounded.unwrap_or_default()))
}

/// This machine's zone and its name, from TZ or /etc/localtime.
fn local_zone() -> (TimeZone, String) {
    match TimeZone::try_system() {
        Ok(zone) => {
            let name = zone.iana_name().map_or_else(|| "this machine's TZ".to_owned(), str::to_owned);
            (zone, name)
        }
        Err(_) => (TimeZone::UTC, "UTC, since this machine names no time zone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> (TimeZone, String) {
        (TimeZone::get(name).expect(name), name.to_owned())
    }

    #[test]
    fn without_an_offset_it_is_a_local_time() {
        let read = |text| parse_in(text, zone("Europe/Berlin")).map(|t| t.to_string());
        assert_eq!(read("2026-12-01 18:00").as_deref(), Ok("2026-12-01T17:00:00Z"));
        assert_eq!(read("2026-07-01T18:00:30").as_deref(), Ok("2026-07-01T16:00:30Z"));
        assert_eq!(read("2026-12-01T18:00:00Z").as_deref(), Ok("2026-12-01T18:00:00Z"));
        assert_eq!(read("2026-12-01 18:00:00-05:00").as_deref(), Ok("2026-12-01T23:00:00Z"));
        assert!(read("tomorrow").is_err_and(|e| e.contains("2026-12-01T18:00:00+01:00")));
    }

    #[test]
    fn a_time_that_is_two_or_none_is_refused() {
        for text in ["2026-03-29 02:30", "2026-10-25 02:30"] {
            let refused = parse_in(text, zone("Europe/Berlin")).expect_err(text);
            assert!(refused.contains("clocks in Europe/Berlin change at that time"), "{refused}");
        }
    }

    #[test]
    fn a_start_is_told_with_its_zone_and_how_long_it_is_until_then() {
        let at = "2026-12-01T17:00:00Z".parse().expect("a time");
        let now = "2026-12-01T14:56:30Z".parse().expect("a time");
        let told = starts_in(at, now, zone("Europe/Berlin"));
        assert_eq!(told, "2026-12-01 18:00 +01:00 (Europe/Berlin), in 2h 4m");
        assert_eq!(until(at, at), "in 0s");
    }
}
