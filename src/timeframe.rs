//! The length of a timeframe, from its name.

use crate::bar::Micros;

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;

/// The shortest time between two bars at `15m`, `1h`, `1d`, `daily` or `1mo`; none for ticks and unknown units.
#[must_use]
pub fn length(timeframe: &str) -> Option<Micros> {
    let digits = timeframe.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = timeframe.split_at(digits);
    let number: Micros = if number.is_empty() { 1 } else { number.parse().ok()? };
    let length = match unit {
        "m" => MINUTE,
        "M" => 28 * DAY,
        _ => match unit.to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" => SECOND,
            "min" | "mins" | "minute" => MINUTE,
            "h" | "hr" | "hrs" | "hour" | "hours" | "hourly" => HOUR,
            "d" | "day" | "days" | "daily" => DAY,
            "w" | "wk" | "week" | "weeks" | "weekly" => 7 * DAY,
            "mo" | "mon" | "month" | "months" | "monthly" => 28 * DAY,
            _ => return None,
        },
    };
    length.checked_mul(number).filter(|length| *length > 0)
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
            ("tick", None),
            ("0d", None),
            ("100t", None),
        ] {
            assert_eq!(length(name), want, "{name}");
        }
    }
}
