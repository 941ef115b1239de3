//! What the names of columns and files say of the zone of their times.

use std::sync::LazyLock;

use regex::Regex;

use super::names::words_of;
use crate::source::archive::INSIDE;
use crate::source::built_in_regex;

/// Abbreviations of zones, as a file's name or a column has them.
const ABBREVIATIONS: [&str; 22] = [
    "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET", "CEST", "EET", "EEST", "BST", "IST",
    "JST", "KST", "HKT", "SGT", "AEST", "AEDT", "MSK", "MEZ",
];

/// An offset from UTC in a file's name, and not `UTC-1m` or `UTC-2024`.
const OFFSET_IN_NAME: &str =
    "(?i)(?:^|[^a-z])((?:UTC|GMT)[+-](?:0?[1-9]|1[0-4])(?::?[0-5]0)?)(?:[^a-z0-9]|$)";

/// Whether a text is one of them.
pub(super) fn is_abbreviation(text: &str) -> bool {
    ABBREVIATIONS.contains(&text)
}

/// What a file's name says of the zone: an offset, or a zone behind the timeframe (`AAPL_5m_EST.csv`).
pub(in crate::source) fn zone_in_name(path: &str) -> Option<String> {
    static OFFSET: LazyLock<Regex> = LazyLock::new(|| built_in_regex(OFFSET_IN_NAME));
    const WORDS: [&str; 2] = ["Eastern", "eastern"];
    let name = path.rsplit(['/', INSIDE]).next().unwrap_or(path);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    if let Some(offset) = OFFSET.captures(stem).and_then(|found| found.get(1)) {
        return Some(offset.as_str().to_owned());
    }
    let words: Vec<&str> =
        stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_timeframe =
        |word: &str| word.len() > 1 && crate::timeframe::length(&crate::timeframe::canonical(word)).is_some();
    let [_, .., before, last] = words.as_slice() else { return None };
    // Before it stands the symbol: NYSE_BST_1m.
    let is_told = is_timeframe(before) && (is_abbreviation(last) || WORDS.contains(last));
    is_told.then(|| (*last).to_owned())
}

/// Whether a name says that times are in UTC, and not so many hours from it.
pub(super) fn says_utc(normal: &str) -> bool {
    words_of(normal).any(|word| matches!(word, "utc" | "gmt")) && !says_offset(normal)
}

/// Whether a name has an offset from UTC, as in `Time (UTC+3)` or `time+08:00`.
fn says_offset(normal: &str) -> bool {
    let has_utc = words_of(normal).any(|word| matches!(word, "utc" | "gmt"));
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_digit()) && word.bytes().any(|b| b != b'0');
    let has_number = words_of(normal).any(is_number);
    has_utc && (has_number || words_of(normal).any(|word| word == "offset"))
        || normal.contains('+') && has_number
}

/// Whether a name says that times are those of a place.
pub(super) fn says_local(normal: &str) -> bool {
    const PLACES: [&str; 40] = [
        "local", "est", "edt", "et", "cst", "cdt", "pst", "pdt", "cet", "cest", "bst", "ist", "jst", "aest",
        "kst", "msk", "hkt", "sgt", "eet", "eastern", "pacific", "mountain", "beijing", "tokyo", "london",
        "berlin", "paris", "york", "chicago", "moscow", "shanghai", "kolkata", "sydney", "europe", "asia",
        "america", "exchange", "ny", "nyc", "mez",
    ];
    words_of(normal).any(|word| PLACES.contains(&word)) || says_offset(normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::layout::names::normal;

    #[test]
    fn a_name_tells_utc_from_other_zones() {
        let says = |name: &str| (says_utc(&normal(name)), says_local(&normal(name)));
        for utc in ["Time (UTC)", "Gmt time", "timestamp_utc", "Time (UTC+0)", "date UTC+00:00"] {
            assert_eq!(says(utc), (true, false), "{utc}");
        }
        for other in [
            "Time (UTC+3)",
            "Time (GMT-4)",
            "Time (UTC-05:00)",
            "time+08:00",
            "Timestamp KST",
            "utc_offset_time",
        ] {
            assert_eq!(says(other), (false, true), "{other}");
        }
        assert_eq!(says("datetime"), (false, false));
    }
}
