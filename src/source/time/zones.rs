//! Names of zones behind a time.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Names of UTC.
const UTC: [&str; 3] = ["UTC", "GMT", "UT"];

/// The abbreviations of American zones, with their place and their hours ahead of UTC. CST is China's, too.
const AMERICAN: [(&str, &str, i8); 6] = [
    ("EST", "America/New_York", -5),
    ("EDT", "America/New_York", -4),
    ("MST", "America/Denver", -7),
    ("MDT", "America/Denver", -6),
    ("PST", "America/Los_Angeles", -8),
    ("PDT", "America/Los_Angeles", -7),
];

/// The text without the name of a zone at its end, and that zone. Other abbreviations mean different zones in different
/// countries, so the text keeps them.
pub(super) fn without_suffix(text: &str) -> (&str, Option<TimeZone>) {
    let name_length = text.bytes().rev().take_while(|b| b.is_ascii_alphabetic() || b"/_".contains(b)).count();
    let (rest, name) = text.split_at(text.len() - name_length);
    if name_length < 2 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return (text, None);
    }
    let zone = match AMERICAN.iter().find(|(abbreviation, ..)| *abbreviation == name) {
        _ if UTC.contains(&name) => Some(TimeZone::UTC),
        // Standard time in summer is a label for the place's time as often as it is meant.
        Some((_, place, hours)) => fixed_if_in_use(rest.trim_end(), place, *hours),
        None if name.contains('/') => TimeZone::get(name).ok(),
        None => None,
    };
    match zone {
        Some(zone) => (rest.trim_end(), Some(zone)),
        None => (text, None),
    }
}

/// So many hours ahead of UTC, if the clocks of a place are so at this local time.
fn fixed_if_in_use(local: &str, place: &str, hours: i8) -> Option<TimeZone> {
    let local: DateTime = local.replace(' ', "T").parse().ok()?;
    let (place, offset) = (TimeZone::get(place).ok()?, Offset::constant(hours));
    let in_use = place.to_offset(offset.to_timestamp(local).ok()?) == offset;
    in_use.then(|| TimeZone::fixed(offset))
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
            ("2024-07-02 09:30 EDT", "2024-07-02 09:30", Some(-4)),
            ("2024-07-02 09:30 EST", "2024-07-02 09:30 EST", None),
            ("2024-01-02 09:30:00 CST", "2024-01-02 09:30:00 CST", None),
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
