//! Names of zones behind a time.

use jiff::tz::{Offset, TimeZone};

/// The zones that RFC 2822 (section 4.3) names, with their hours ahead of UTC.
const ABBREVIATIONS: [(&str, i8); 11] = [
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

/// The text without the name of a zone at its end, and that zone. Other abbreviations mean different zones in different
/// countries, so the text keeps them.
pub(super) fn without_suffix(text: &str) -> (&str, Option<TimeZone>) {
    let name_length = text.bytes().rev().take_while(|b| b.is_ascii_alphabetic() || b"/_".contains(b)).count();
    let (rest, name) = text.split_at(text.len() - name_length);
    if name_length < 2 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return (text, None);
    }
    let abbreviated = ABBREVIATIONS.iter().find(|(abbreviation, _)| *abbreviation == name);
    let zone = match abbreviated {
        Some((_, 0)) => Some(TimeZone::UTC),
        Some((_, hours)) => Some(TimeZone::fixed(Offset::constant(*hours))),
        None if name.contains('/') => TimeZone::get(name).ok(),
        None => None,
    };
    match zone {
        Some(zone) => (rest.trim_end(), Some(zone)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_known_or_stays() {
        for (text, rest, offset) in [
            ("2024-01-02 09:30 UTC", "2024-01-02 09:30", Some(0)),
            ("2024-01-02 09:30:00 EST", "2024-01-02 09:30:00", Some(-5)),
            ("2024-01-02 09:30:00 US/Eastern", "2024-01-02 09:30:00", Some(-5)),
            ("2024-01-02 09:30:00 IST", "2024-01-02 09:30:00 IST", None),
            ("2024-01-02T09:30:00Z", "2024-01-02T09:30:00Z", None),
            ("2024-01-02 09:30 Mars/Olympus", "2024-01-02 09:30 Mars/Olympus", None),
            ("2024/01/02", "2024/01/02", None),
            ("", "", None),
        ] {
            let (got, zone) = without_suffix(text);
            let at = "2024-01-02T12:00:00Z".parse().expect("a time");
            assert_eq!((got, zone.map(|z| z.to_offset(at).seconds() / 3600)), (rest, offset), "{text}");
        }
    }
}
