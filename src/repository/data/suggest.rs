//! Suggests series when the one asked for does not exist.

use std::collections::BTreeMap;

use crate::error::Error;

/// Most symbols that are suggested.
const MAX_SYMBOLS: usize = 3;
const MAX_TIMEFRAMES: usize = 10;

/// The error that suggests the nearest existing series.
pub(super) fn not_found(symbol: &str, timeframe: &str, known: &[(String, String)]) -> Error {
    Error::NotFound {
        message: format!("there are no bars of {symbol} at {timeframe}"),
        hint: Some(hint(symbol, known)),
    }
}

fn hint(symbol: &str, known: &[(String, String)]) -> String {
    let mut timeframes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (symbol, timeframe) in known {
        timeframes.entry(symbol).or_default().push(timeframe);
    }
    if timeframes.is_empty() {
        return "the database has no series yet; `barlift import FILES` brings them in".into();
    }
    if let Some(of) = timeframes.get(symbol) {
        return format!("the timeframes of {symbol}: {}", listed(of));
    }
    let mut near: Vec<(usize, &str)> =
        timeframes.keys().filter_map(|name| Some((distance(symbol, name)?, *name))).collect();
    near.sort_unstable();
    near.truncate(MAX_SYMBOLS);
    let of = |name: &str| timeframes.get(name).map(|of| listed(of)).unwrap_or_default();
    match near[..] {
        [] => {
            "symbols are compared exactly, as the file names spelled them; `barlift data symbols` lists them"
                .into()
        }
        [(_, only)] => format!("did you mean {only}? its timeframes: {}", of(only)),
        _ => {
            let names: Vec<String> = near.iter().map(|(_, name)| format!("{name} ({})", of(name))).collect();
            format!("did you mean {}?", names.join(" or "))
        }
    }
}

/// The edit distance of two names without regard to case; none if it is too large.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let (wanted, name) = (wanted.to_lowercase(), name.to_lowercase());
    let letters = wanted.chars().count();
    // Every other name of one letter has the same distance.
    let most = if letters < 2 { 0 } else { (letters / 3).max(1) };
    let off = strsim::damerau_levenshtein(&wanted, &name);
    if off <= most {
        Some(off)
    } else {
        // BRK for BRK.B.
        (letters > 1 && name.starts_with(&wanted)).then_some(most + 1)
    }
}

/// Timeframes, shortest first.
fn listed(timeframes: &[&str]) -> String {
    let mut sorted = timeframes.to_vec();
    sorted.sort_by_key(|t| length(t));
    let more = if sorted.len() > MAX_TIMEFRAMES { ", …" } else { "" };
    sorted.truncate(MAX_TIMEFRAMES);
    format!("{}{more}", sorted.join(", "))
}

/// Sorts `5m` before `1h` before `1d`; others come last.
fn length(timeframe: &str) -> (usize, u64) {
    const UNITS: [&str; 6] = ["s", "m", "h", "d", "w", "M"];
    let digits = timeframe.len() - timeframe.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = timeframe.split_at(digits);
    let unit = UNITS.iter().position(|u| *u == unit).unwrap_or(UNITS.len());
    (unit, number.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_of(symbol: &str, known: &[(&str, &str)]) -> String {
        let known: Vec<_> = known.iter().map(|(s, t)| ((*s).to_owned(), (*t).to_owned())).collect();
        hint(symbol, &known)
    }

    const KNOWN: [(&str, &str); 7] = [
        ("AAPL", "1d"),
        ("AAPL", "15m"),
        ("AAPL", "1h"),
        ("AAPL", "5m"),
        ("BRK.B", "1d"),
        ("MSFT", "1d"),
        ("ü", "1w"),
    ];

    #[test]
    fn near_names_are_suggested_with_their_timeframes() {
        for (symbol, want) in [
            ("APPL", "did you mean AAPL? its timeframes: 5m, 15m, 1h, 1d"),
            ("aapl", "did you mean AAPL? its timeframes: 5m, 15m, 1h, 1d"),
            ("BRKB", "did you mean BRK.B? its timeframes: 1d"),
            ("BRK", "did you mean BRK.B? its timeframes: 1d"),
            ("Ü", "did you mean ü? its timeframes: 1w"),
            ("AAPL", "the timeframes of AAPL: 5m, 15m, 1h, 1d"),
        ] {
            assert_eq!(hint_of(symbol, &KNOWN), want, "{symbol}");
        }
        let both = hint_of("MSF", &[("MSFT", "1h"), ("MSFE", "1d"), ("MSFT", "1m")]);
        assert_eq!(both, "did you mean MSFE (1d) or MSFT (1m, 1h)?");
    }

    #[test]
    fn other_names_are_not() {
        for symbol in ["TSLA", "X", "", "M"] {
            assert!(hint_of(symbol, &KNOWN).contains("`barlift data symbols` lists them"), "{symbol}");
        }
        assert!(hint_of("X", &[]).contains("no series yet"));
    }
}
