//! Whatever the text, the fast path reads what the general path reads, or nothing.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::source::tests::{holds, like, mutated};

fn parsers() -> impl Strategy<Value = TimeParser> {
    let zone = select(vec!["UTC", "America/New_York", "Australia/Lord_Howe", "Etc/UTC"]);
    let form = select(vec!["iso", "iso", "iso", "unix", "unix-ms", "unix-us", "unix-ns", "%Y%m%d"]);
    (zone, form, any::<bool>()).prop_map(|(name, form, dates_in_utc)| {
        TimeParser::new(super::super::zone(name).expect("bundled"), form.to_owned().into())
            .with_dates_in_utc(dates_in_utc)
    })
}

/// Times of the usual forms, a few of them with parts that no clock and no calendar has.
fn nearly_times() -> impl Strategy<Value = String> {
    let date = (1690..2310, 0..14, 0..33).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    let second = prop_oneof![
        2 => (0..62).prop_map(|s| format!(":{s:02}")),
        2 => (0..62, like("[0-9]{1,6}|[0-9]{7,10}|[06]{2,6}")).prop_map(|(s, f)| format!(":{s:02}.{f}")),
        1 => Just(String::new()),
    ];
    let clock = (like("[T t]"), 0..26, 0..62, second).prop_map(|(t, h, m, s)| format!("{t}{h:02}:{m:02}{s}"));
    let clock = proptest::option::weighted(0.9, clock).prop_map(Option::unwrap_or_default);
    let offset = prop_oneof![
        Just(String::new()),
        select(vec!["Z", "z", " UTC", "+00:00", "-00:00", "+0530", "[UTC]", "+05", "-05:30:15"])
            .prop_map(str::to_owned),
        (like("[-+ ]"), 0..27, 0..62).prop_map(|(sign, h, m)| format!("{sign}{h:02}:{m:02}")),
    ];
    let written = (date, clock, offset).prop_map(|(d, c, o)| format!("{d}{c}{o}"));
    let count = like("[0-9]{1,20}|-?1[0-9]{9,18}|(17|20|22)[0-9]{6}|1[0-9]{9}(\\.[0-9]{1,4})?");
    prop_oneof![3 => written, 1 => count]
}

#[test]
fn the_fast_path_reads_what_the_general_path_reads() {
    let texts = (nearly_times(), proptest::collection::vec(any::<(Index, u8)>(), 0..3));
    let changed = texts.prop_map(|(text, changes)| mutated(text.into_bytes(), &changes));
    holds(10_000, &(parsers(), changed), |(parser, text)| {
        assert_eq!(parser.parse(&text), parser.general(text.trim_ascii()), "{}", text.escape_ascii());
        // In a row other bytes follow.
        let followed = [&text, b",1.5".as_slice()].concat();
        if let Some((micros, length)) = parser.parse_prefix(&followed) {
            assert_eq!(Ok(micros), parser.general(&followed[..length]), "{}", followed.escape_ascii());
        }
    });
}

#[test]
fn the_usual_forms_take_the_quick_way() {
    for text in [
        "2024-01-02",
        "2024-01-02 09:30",
        "2024-01-02 09:30:00",
        "2024-01-02T09:30:00Z",
        "2024-01-02T09:30:00.25Z",
        "2024-01-02 09:30:00+00:00",
        "2024-01-02 09:30:00-05:00",
    ] {
        for parser in [utc(), new_york()] {
            let read = parser.parse_prefix(text.as_bytes());
            let want = parser.parse(text.as_bytes()).ok().map(|micros| (micros, text.len()));
            assert!(want.is_some(), "{text}");
            assert_eq!(read, want, "{text}");
        }
    }
    for (unit, text) in [
        ("unix", "1704187800"),
        ("unix-ms", "1704187800000"),
        ("unix-us", "1704187800000000"),
        // Eighteen digits are the most that are read quickly.
        ("unix-ns", "170418780000000000"),
    ] {
        let read = form(unit).parse_prefix(text.as_bytes());
        let want = form(unit).parse(text.as_bytes()).ok().map(|micros| (micros, text.len()));
        assert!(want.is_some(), "{text}");
        assert_eq!(read, want, "{text}");
    }
}
