//! Times and numbers read back exactly as written, and no text breaks the reader.

use barlift::bar::{END_MICROS, FIRST_MICROS, Micros, format_time};
use barlift::source::number::{self, NumberStyle};
use barlift::source::time::{TimeParser, zone};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
use proptest::prelude::*;
use proptest::sample::select;

use super::{holds, spliced};

const COMMA: NumberStyle = NumberStyle { decimal_comma: true, thousands: None, price_decimals: 0 };

const ZONES: &[&str] = &[
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Dublin",
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

/// What a time may be made of, and what must not confuse anybody.
const PIECES: &[&str] = &[
    "2024",
    "1700",
    "2299",
    "0",
    "1",
    "01",
    "12",
    "31",
    "59",
    "60",
    "24",
    "99",
    "20240102",
    "1704187800",
    "-",
    "/",
    ".",
    ":",
    " ",
    "+",
    "T",
    "Z",
    "z",
    "UTC",
    "GMT",
    "[",
    "]",
    "[UTC]",
    "é",
    "\u{feff}",
    "\0",
    "\n",
    "−",
    "e5",
    "PM",
    "2024-01-02",
    "2024/01/02",
    "09:30:00",
    "+05:30",
    "999999999999999999999999",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const FORMATS: &[&str] = &[
    "%d.%m.%Y %H:%M:%S%.f",
    "%m/%d/%Y %I:%M:%S%.f %p",
    "%Y%m%d %H%M%S%.f",
    "%Y%m%d%H%M%S.%f %z",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%s.%f",
];

fn instants() -> impl Strategy<Value = Micros> {
    let second = (FIRST_MICROS / 1_000_000..END_MICROS / 1_000_000).prop_map(|s| s * 1_000_000);
    let edge = select(vec![FIRST_MICROS, FIRST_MICROS + 1, -1, 0, 1, END_MICROS - 1]);
    prop_oneof![4 => FIRST_MICROS..END_MICROS, 4 => second, 1 => edge]
}

fn at(micros: Micros) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("in range")
}

/// `form`: `iso`, `unix…` or a format.
fn parser(name: &str, form: &str) -> TimeParser {
    TimeParser::new(zone(name).expect(name), form.to_owned().into())
}

/// A reason goes into a message and into a text column of the database.
fn is_printable(reason: &str) {
    assert!(!reason.is_empty() && reason.chars().count() < 400, "{reason}");
    assert!(!reason.chars().any(char::is_control), "{reason:?}");
}

#[test]
fn any_text_is_a_time_or_says_why_not() {
    let texts = prop_oneof![
        2 => spliced(PIECES, 12).prop_map(String::into_bytes),
        2 => spliced(&["1", "/", " +", "é"], 14).prop_map(String::into_bytes),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    let formats = prop_oneof![
        2 => select(vec!["iso", "unix", "unix-ms", "unix-us", "unix-ns"]).prop_map(str::to_owned),
        1 => select(FORMATS).prop_map(str::to_owned),
        1 => "(%[a-zA-Z%.:]|[-/ T0-9]){0,8}",
    ];
    holds(20_000, &(texts, select(ZONES), formats), |(text, zone, format)| {
        let parsed = parser(zone, &format).parse(&text);
        match parsed {
            Ok(micros) => assert!((FIRST_MICROS..END_MICROS).contains(&micros)),
            Err(reason) => is_printable(&reason),
        }
    });
}

#[test]
fn a_written_instant_reads_back() {
    let offsets = (-25 * 60..=25 * 60i32).prop_map(|m| Offset::from_seconds(m * 60).expect("in range"));
    holds(2000, &(instants(), offsets), |(micros, offset)| {
        for text in writings(micros, offset) {
            assert_eq!(parser("Asia/Tokyo", "iso").parse(text.as_bytes()), Ok(micros), "{text}");
        }
        for (unit, text) in counts(micros) {
            assert_eq!(parser("Asia/Tokyo", unit).parse(text.as_bytes()), Ok(micros), "{text} as {unit}");
        }
        let date = at(micros).to_zoned(TimeZone::UTC).start_of_day().expect("a day");
        for format in ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"] {
            let text = date.strftime(format).to_string();
            let day = date.timestamp().as_microsecond();
            let form = if format == "%Y%m%d" { format } else { "iso" };
            assert_eq!(parser("UTC", form).parse(text.as_bytes()), Ok(day), "{text}");
        }
    });
}

/// An instant as files write it, with its offset.
fn writings(micros: Micros, offset: Offset) -> Vec<String> {
    let zoned = at(micros).to_zoned(TimeZone::fixed(offset));
    let formats = [
        "%Y-%m-%dT%H:%M:%S%.f%:z",
        "%Y-%m-%d %H:%M:%S%.f%:z",
        "%Y-%m-%d %H:%M:%S%.f %:z",
        "%Y-%m-%d %H:%M:%S%.f%z",
        "%Y/%m/%d %H:%M:%S%.f%:z",
        "%Y.%m.%d %H:%M:%S%.f %z",
    ];
    let mut texts: Vec<String> = formats.iter().map(|f| zoned.strftime(f).to_string()).collect();
    texts.push(format_time(micros));
    texts.push(at(micros).to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S%.f UTC").to_string());
    texts
}

/// An instant as a count since 1970 in each unit.
fn counts(micros: Micros) -> Vec<(&'static str, String)> {
    let nanos = i128::from(micros) * 1000;
    let units = [("unix", 1_000_000_000_i128), ("unix-ms", 1_000_000), ("unix-us", 1_000), ("unix-ns", 1)];
    let written = units.map(|(name, unit)| {
        let (whole, rest) = (nanos.abs() / unit, nanos.abs() % unit);
        let sign = if nanos < 0 { "-" } else { "" };
        let digits = unit.ilog10() as usize;
        let fraction = if rest == 0 { String::new() } else { format!(".{rest:0digits$}") };
        (name, format!("{sign}{whole}{fraction}"))
    });
    written.into()
}

#[test]
fn an_instant_written_in_a_format_reads_back_by_it() {
    holds(2000, &(instants(), select(FORMATS)), |(micros, format)| {
        // Before 1970 jiff writes the fraction of another second than the count's.
        let micros = if format.starts_with("%s") { micros.abs() } else { micros };
        let text = at(micros).to_zoned(TimeZone::UTC).strftime(format).to_string();
        assert_eq!(parser("UTC", format).parse(text.as_bytes()), Ok(micros), "{text} as {format}");
    });
}

#[test]
fn a_zone_in_the_text_is_the_texts_zone() {
    holds(500, &(instants(), select(ZONES)), |(micros, name)| {
        let zoned = at(micros).to_zoned(zone(name).expect(name));
        let text = zoned.strftime("%Y-%m-%d %H:%M:%S%.f %Q").to_string();
        let parsed = parser("Asia/Tokyo", "%Y-%m-%d %H:%M:%S%.f %Q").parse(text.as_bytes());
        match unique(&zoned) {
            Some(_) => assert_eq!(parsed, Ok(micros), "{text}"),
            None => is_printable(&parsed.expect_err("twice")),
        }
    });
}

fn unique(zoned: &Zoned) -> Option<Timestamp> {
    zoned.time_zone().to_ambiguous_timestamp(zoned.datetime()).unambiguous().ok()
}

#[test]
fn local_times_are_those_of_their_zone() {
    let near = -3 * 3600..3 * 3600i64;
    holds(2000, &(instants(), select(ZONES), near, any::<bool>()), |(micros, name, seconds, at_change)| {
        let zone = zone(name).expect(name);
        let change = zone.following(at(micros)).next().filter(|_| at_change);
        let instant = change.map_or(at(micros), |c| c.timestamp());
        let local = TimeZone::UTC.to_datetime(instant).saturating_add(SignedDuration::from_secs(seconds));
        local_time_is_right(&zone, name, local);
    });
}

fn local_time_is_right(zone: &TimeZone, name: &str, local: DateTime) {
    let parsed = parser(name, "iso").parse(local.strftime("%Y-%m-%d %H:%M:%S%.f").to_string().as_bytes());
    let expected = zone.to_ambiguous_timestamp(local).unambiguous().map(Timestamp::as_microsecond);
    match expected {
        Ok(micros) if (FIRST_MICROS..END_MICROS).contains(&micros) => {
            assert_eq!(parsed, Ok(micros), "{local} in {name}");
        }
        _ => is_printable(&parsed.expect_err("no instant")),
    }
}

#[test]
fn finite_floats_read_back_bit_by_bit() {
    let floats = prop_oneof![
        (POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO),
        any::<i32>().prop_map(|n| f64::from(n) / 100.0),
        select(vec![f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -0.0]),
    ];
    holds(2000, &floats, |float| {
        for text in [format!("{float}"), format!("{float:e}"), format!(" +{}\t", float.abs())] {
            let value = if text.contains('+') { float.abs() } else { float };
            let point = number::parse(text.as_bytes(), NumberStyle::default()).map(f64::to_bits);
            let comma = number::parse(text.replace('.', ",").as_bytes(), COMMA).map(f64::to_bits);
            assert_eq!((point, comma), (Ok(value.to_bits()), Ok(value.to_bits())), "{text}");
        }
    });
}

#[test]
fn any_text_is_a_number_or_says_why_not() {
    const PIECES: &[&str] = &[
        "0",
        "1",
        "9",
        ".",
        ",",
        "e",
        "E",
        "+",
        "-",
        "_",
        "x",
        " ",
        "nan",
        "NaN",
        "inf",
        "Infinity",
        "é",
        "\0",
        "e400",
        "e-400",
        "0000000000000000000000000",
        "9999999999999999999999999",
    ];
    let texts = prop_oneof![
        4 => spliced(PIECES, 6).prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    let plain = regex::Regex::new(r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$").expect("valid");
    holds(5000, &(texts, any::<bool>()), |(text, comma)| {
        let text = String::from_utf8_lossy(&text).into_owned();
        let pointed = if comma { text.replace(',', ".") } else { text.clone() };
        let is_plain = plain.is_match(pointed.trim_ascii()) && !(comma && text.contains('.'));
        let expected = pointed.trim_ascii().parse::<f64>().ok().filter(|v| is_plain && v.is_finite());
        match number::parse(text.as_bytes(), if comma { COMMA } else { NumberStyle::default() }) {
            Ok(v) => assert_eq!(Some(v.to_bits()), expected.map(f64::to_bits), "{text}"),
            Err(reason) => {
                assert_eq!(expected, None, "{text}");
                is_printable(&reason);
            }
        }
    });
}
