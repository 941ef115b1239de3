//! Timeframes: their one spelling and their length.

use crate::bar::Micros;

pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const MINUTE: Micros = 60 * SECOND;
pub(crate) const HOUR: Micros = 60 * MINUTE;
pub(crate) const DAY: Micros = 24 * HOUR;

/// The units in their spelling, with their length and the words that stand for them in lower case.
const UNITS: [(&str, Micros, &[&str]); 7] = [
    ("s", SECOND, &["s", "sec", "secs", "second", "seconds"]),
    ("m", MINUTE, &["m", "min", "mins", "minute", "minutes"]),
    ("h", HOUR, &["h", "hr", "hrs", "hour", "hours", "hourly"]),
    ("d", DAY, &["d", "day", "days", "daily"]),
    ("w", 7 * DAY, &["w", "wk", "week", "weeks", "weekly"]),
    ("mo", 28 * DAY, &["mo", "mon", "mn", "month", "months", "monthly"]),
    ("y", 365 * DAY, &["y", "yr", "year", "years", "yearly", "annual"]),
];

/// Numbers of a shorter unit that are one of a longer.
const LONGER: [(&str, u32, &str); 5] =
    [("s", 60, "m"), ("m", 60, "h"), ("h", 24, "d"), ("d", 7, "w"), ("mo", 12, "y")];

/// The shortest time between two bars at `15m`, `1h`, `1d`, `daily` or `1mo`; none for ticks and unknown units.
#[must_use]
pub fn length(timeframe: &str) -> Option<Micros> {
    let (number, unit) = parts(timeframe)?;
    let (_, length, _) = UNITS.iter().find(|(name, ..)| *name == unit)?;
    length.checked_mul(Micros::from(number)).filter(|length| *length > 0)
}

/// The one spelling of a timeframe: `1h` of `H1`, `60m`, `1hour` and `hourly`. A name without a known unit stays.
#[must_use]
pub fn canonical(timeframe: &str) -> String {
    let Some((mut number, mut unit)) = parts(timeframe) else { return timeframe.to_owned() };
    while let Some((_, many, longer)) =
        LONGER.iter().find(|(shorter, many, _)| *shorter == unit && number > 0 && number % many == 0)
    {
        (number, unit) = (number / many, longer);
    }
    format!("{number}{unit}")
}

/// The timeframe of so many minutes, as `60` in file names; none if no bars are that long.
#[must_use]
pub(crate) fn of_minutes(text: &str) -> Option<String> {
    const MINUTES: [u32; 20] =
        [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 75, 90, 120, 180, 240, 360, 480, 720, 1440, 10_080];
    let minutes: u32 = text.parse().ok()?;
    match minutes {
        43_200 => Some("1mo".to_owned()),
        minutes => MINUTES.contains(&minutes).then(|| canonical(&format!("{minutes}m"))),
    }
}

/// The timeframe of bars that are usually so far apart; none if no usual one is.
#[must_use]
pub(crate) fn of_step(step: Micros) -> Option<String> {
    const USUAL: [&str; 18] = [
        "1s", "5s", "10s", "15s", "30s", "1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "1h", "2h",
        "4h", "1d", "1w",
    ];
    let more = ["45m", "3h", "6h", "8h", "12h"];
    let exact = USUAL.into_iter().chain(more).find(|timeframe| length(timeframe) == Some(step));
    let is_month = (28 * DAY..=31 * DAY).contains(&step);
    exact.or(is_month.then_some("1mo")).map(str::to_owned)
}

/// Number and unit; none if there is no known unit.
fn parts(timeframe: &str) -> Option<(u32, &'static str)> {
    let digits = timeframe.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = timeframe.split_at(digits);
    let number = |text: &str| if text.is_empty() { Some(1) } else { text.parse().ok() };
    let found = match unit {
        "M" if digits > 0 => Some("mo"),
        // As pandas writes it; 100t are a hundred ticks.
        "T" if digits > 0 => Some("m"),
        unit if digits > 0 || unit.len() > 1 || matches!(unit, "d" | "D" | "w" | "W" | "h" | "H") => {
            named(unit)
        }
        _ => None,
    };
    if let Some(found) = found {
        return Some((number(count)?, found));
    }
    // MetaTrader's M1, H4, D1, W1, MN1.
    let letters = timeframe.bytes().take_while(u8::is_ascii_uppercase).count();
    let (unit, count) = timeframe.split_at(letters);
    let is_code = matches!(unit, "M" | "H" | "D" | "W" | "MN") && !count.is_empty();
    let count: u32 = count.parse().ok().filter(|_| is_code && count.bytes().all(|b| b.is_ascii_digit()))?;
    Some((count, if unit == "M" { "m" } else { named(unit)? }))
}

fn named(unit: &str) -> Option<&'static str> {
    let unit = unit.to_lowercase();
    UNITS.iter().find(|(.., words)| words.contains(&unit.as_str())).map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_have_a_length() {
        for (name, want) in [
            ("1s", Some(SECOND)),
            ("15m", Some(15 * MINUTE)),
            ("5min", Some(5 * MINUTE)),
            ("1H", Some(HOUR)),
            ("4h", Some(4 * HOUR)),
            ("1d", Some(DAY)),
            ("Daily", Some(DAY)),
            ("1wk", Some(7 * DAY)),
            ("1M", Some(28 * DAY)),
            ("3mo", Some(84 * DAY)),
            ("M15", Some(15 * MINUTE)),
            ("tick", None),
            ("0d", None),
            ("100t", None),
            ("", None),
            ("99999999999d", None),
        ] {
            assert_eq!(length(name), want, "{name}");
        }
    }

    #[test]
    fn a_timeframe_has_one_spelling() {
        for (spellings, want) in [
            (&["1m", "M1", "1min", "1T", "60s", "minute", "1minute"][..], "1m"),
            (&["1h", "H1", "60m", "1hour", "hourly", "hour", "60min", "1H"], "1h"),
            (&["1d", "D", "D1", "1D", "daily", "Daily", "1440m", "24h", "1day"], "1d"),
            (&["1w", "W1", "weekly", "7d", "1wk"], "1w"),
            (&["1mo", "MN1", "1M", "monthly", "1mon"], "1mo"),
            (&["90m"], "90m"),
            (&["H4", "240m", "4h"], "4h"),
            (&["3mo", "3M"], "3mo"),
            (&["12mo"], "1y"),
        ] {
            for spelling in spellings {
                assert_eq!(canonical(spelling), want, "{spelling}");
            }
        }
        for other in ["tick", "1x", "range10", "m", "M", "0m"] {
            assert_eq!(canonical(other), other);
        }
        assert_eq!(of_minutes("1440").as_deref(), Some("1d"));
        assert_eq!(of_minutes("43200").as_deref(), Some("1mo"));
        assert_eq!((of_minutes("7"), of_minutes("x"), of_minutes("2024")), (None, None, None));
    }

    #[test]
    fn a_step_is_a_usual_timeframe_or_none() {
        for (step, want) in [
            (MINUTE, Some("1m")),
            (HOUR, Some("1h")),
            (DAY, Some("1d")),
            (7 * DAY, Some("1w")),
            (31 * DAY, Some("1mo")),
            (5 * DAY, None),
            (7 * MINUTE, None),
            (0, None),
        ] {
            assert_eq!(of_step(step).as_deref(), want, "{step}");
        }
    }
}
