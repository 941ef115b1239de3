mod fast_path;

use super::*;
use crate::bar::format_time;

fn utc() -> TimeParser {
    TimeParser::new(TimeZone::UTC, TimeForm::Iso)
}

fn new_york() -> TimeParser {
    TimeParser::new(TimeZone::get("America/New_York").expect("bundled"), TimeForm::Iso)
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
        ("20240102T093000", "2024-01-02T09:30:00Z"),
        ("2024-01-02 09:30:00 +0000 UTC", "2024-01-02T09:30:00Z"),
        ("2024-01-02 09:30:00 EST", "2024-01-02T14:30:00Z"),
        ("2024-07-02 09:30:00 US/Eastern", "2024-07-02T13:30:00Z"),
        ("2024/01/02", "2024-01-02T00:00:00Z"),
        ("2024.01.02 09:30", "2024-01-02T09:30:00Z"),
        ("2024-01-02 09:30:00 -05:00", "2024-01-02T14:30:00Z"),
        (" 2024-01-02 ", "2024-01-02T00:00:00Z"),
    ] {
        assert_eq!(shown(&utc(), text), want, "{text}");
    }
}

fn form(name: &str) -> TimeParser {
    TimeParser::new(TimeZone::UTC, name.to_owned().into())
}

#[test]
fn a_count_has_the_unit_that_it_is_said_to_have() {
    for (unit, text, want) in [
        ("unix", "1704187800", "2024-01-02T09:30:00Z"),
        ("unix", "1704187800.5", "2024-01-02T09:30:00.5Z"),
        ("unix", "-86400", "1969-12-31T00:00:00Z"),
        ("unix", "-0.5", "1969-12-31T23:59:59.5Z"),
        ("unix", "0", "1970-01-01T00:00:00Z"),
        ("unix", "9999999", "1970-04-26T17:46:39Z"),
        ("unix-ms", "1704187800000", "2024-01-02T09:30:00Z"),
        ("unix-ms", "-86400000", "1969-12-31T00:00:00Z"),
        ("unix-ms", "86400000.5", "1970-01-02T00:00:00.0005Z"),
        ("unix-us", "1704187800000000", "2024-01-02T09:30:00Z"),
        ("unix-ns", "1704187800000000000", "2024-01-02T09:30:00Z"),
    ] {
        assert_eq!(shown(&form(unit), text), want, "{text}");
    }
    for (unit, text, part) in [
        ("unix-ns", "1704187800000000001", "finer than a microsecond"),
        ("unix", "99999999999999999999999999000", "outside the years"),
        ("unix", "170141183460469231731687303715884105727", "is no count"),
        ("unix", "1.5.2", "is no count of seconds since 1970"),
        ("unix", "2024-01-02", "is no count"),
    ] {
        let got = shown(&form(unit), text);
        assert!(got.starts_with("ERR") && got.contains(part), "{text}: {got}");
    }
}

#[test]
fn a_bare_date_of_a_day_is_that_day_in_utc() {
    let days = new_york().with_dates_in_utc(true);
    assert_eq!(shown(&days, "2024-01-02"), "2024-01-02T00:00:00Z");
    assert_eq!(shown(&days, "2024-01-02 00:00"), "2024-01-02T05:00:00Z");
    assert_eq!(shown(&new_york(), "2024-01-02"), "2024-01-02T05:00:00Z");
    let zone = TimeZone::get("America/New_York").expect("bundled");
    let written = TimeParser::new(zone, "%d.%m.%Y".to_owned().into()).with_dates_in_utc(true);
    assert_eq!(shown(&written, "02.01.2024"), "2024-01-02T00:00:00Z");
}

#[test]
fn what_is_no_instant_says_why() {
    for (text, part) in [
        ("", "is empty"),
        ("abc", "is no time"),
        ("ääää/ää/ää", "is no time"),
        ("2024-01-02 09:30:00-05:00 UTC", "is no time"),
        ("0000-01-01", "outside the years"),
        ("9999999", "is no time"),
        ("20240102", "is no time"),
        ("1704187800", "is no time"),
        ("9999999-01-01", "is no time"),
        ("9999-01-01", "outside the years"),
        ("2024-02-30", "is no time"),
        ("2024-01-02T00:00:00Z[UTC]", "brackets"),
        ("2024-01-02T00:00:60Z", "has a second 60"),
        ("20240102T000060", "has a second 60"),
        ("2024-01 -02", "is no time"),
        ("2024 -01-02", "is no time"),
        ("2024-01-02 09:30:00.123456789", "finer than a microsecond"),
        ("1.5.2", "is no time"),
        ("NaN", "is no time"),
    ] {
        let got = shown(&utc(), text);
        assert!(got.starts_with("ERR") && got.contains(part), "{text}: {got}");
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
    for (text, want) in
        [("1960-01-02", "1960-01-02T00:00:00Z"), ("1960-06-01T00:00:59.60Z", "1960-06-01T00:00:59.6Z")]
    {
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
    let p = form("%d.%m.%Y %H:%M");
    assert_eq!(shown(&p, "02.01.2024 09:30"), "2024-01-02T09:30:00Z");
    assert!(shown(&p, "2024-01-02").contains("does not fit the format `%d.%m.%Y %H:%M`"));
    let date = form("%m/%d/%Y");
    assert_eq!(shown(&date, "01/02/2024"), "2024-01-02T00:00:00Z");
    let zoned = form("%Y%m%d %H%M%S %z");
    assert_eq!(shown(&zoned, "20240102 093000 -0500"), "2024-01-02T14:30:00Z");
    assert!(shown(&zoned, "20240102 093060 -0500").contains("has a second 60"));
}

#[test]
fn a_format_reads_the_fraction_of_an_epoch_count() {
    let p = form("%s.%f");
    assert_eq!(shown(&p, "1704187800.250000"), "2024-01-02T09:30:00.25Z");
    assert_eq!(shown(&p, "-0.5"), "1969-12-31T23:59:59.5Z");
    assert!(shown(&p, "1704187800.0000001").contains("finer than a microsecond"));
}

#[test]
fn a_zone_that_a_format_reads_is_the_times_zone() {
    let p = form("%Y-%m-%d %H:%M %Q");
    assert_eq!(shown(&p, "2024-01-02 09:30 America/New_York"), "2024-01-02T14:30:00Z");
    assert!(shown(&p, "2024-03-10 02:30 America/New_York").contains("does not exist"));
    assert!(shown(&p, "2024-01-02 09:30 Mars/Olympus").contains("no time zone `Mars/Olympus`"));
}
