mod fast_path;

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
