//! What the names of columns say of the zone of their times.

use super::names::words_of;

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
