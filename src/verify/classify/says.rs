//! Patterns in words, and how far apart time zones are.

use std::fmt::Write as _;

use super::DifferencePattern;
use super::ratio::fraction;
use crate::bar::Micros;

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// No time zone is farther from UTC, in µs.
pub(crate) const FARTHEST_ZONE: u64 = 14 * HOUR;
/// Time zones differ by whole quarters of an hour.
const ZONE_STEP: u64 = 15 * MINUTE;

impl DifferencePattern {
    /// The pattern in words, as a part of a sentence about a file and the database.
    pub(crate) fn says(&self) -> String {
        self.says_between("the file", "the database")
    }

    /// The same about any two sides.
    pub(crate) fn says_between(&self, left: &str, right: &str) -> String {
        match *self {
            Self::Identical => "identical".into(),
            Self::OnlyInCsv => format!("only in {left}"),
            Self::OnlyInDb => format!("only in {right}"),
            Self::Revised => "revised values".into(),
            Self::Ratio { price: Some(price), volume } => prices(price, volume, left, right),
            Self::Ratio { price: None, volume: Some(volume) } => format!(
                "prices equal, {right}'s volumes are {left}'s × {} (looks like another unit, e.g. lots)",
                number(volume)
            ),
            Self::Ratio { price: None, volume: None } => "revised volumes".into(),
            Self::Shifted { by } => shifted(by, right),
        }
    }

    /// The same about a range, of whose bars some are `identical`.
    pub(crate) fn says_of_range(&self, identical: u64, left: &str, right: &str) -> String {
        let says = self.says_between(left, right);
        match (self, identical) {
            (Self::Identical, _) | (_, 0) => says,
            (_, identical) => format!("{says} ({identical} of these bars are identical)"),
        }
    }
}

fn prices(price: f64, volume: Option<f64>, left: &str, right: &str) -> String {
    let volumes = match volume {
        None => "volumes irregular".into(),
        Some(1.0) => "volumes equal".into(),
        Some(volume) => format!("volumes × {}", number(volume)),
    };
    let what = format!("{right}'s prices are {left}'s × {}, {volumes}", number(price));
    match fraction(price) {
        Some((100, 1) | (1, 100)) if volume == Some(1.0) => {
            format!("looks like another unit of money (e.g. cents and dollars): {what}")
        }
        Some((p, q)) if p < q => format!("looks like a {q}:{p} split: {what}"),
        Some((p, q)) => {
            format!("looks like a {q}:{p} reverse split (or a {p}:{q} split that only {left} has): {what}")
        }
        None => {
            let factor = number(price);
            format!("constant ratio {factor} (looks like an adjustment, e.g. for dividends): {what}")
        }
    }
}

/// Whether two time zones may be that far apart.
pub(crate) fn is_zone_shift(by: Micros) -> bool {
    let distance = by.unsigned_abs();
    distance <= FARTHEST_ZONE && distance.is_multiple_of(ZONE_STEP)
}

fn shifted(by: Micros, right: &str) -> String {
    let distance = by.unsigned_abs();
    let (sign, later) = if by < 0 { ("-", "earlier") } else { ("+", "later") };
    let long = duration(distance);
    if is_zone_shift(by) {
        let (hours, minutes) = (distance / HOUR, distance % HOUR / MINUTE);
        return format!(
            "shifted by {sign}{hours:02}:{minutes:02} (looks like a time zone: {right}'s times are {long} {later})"
        );
    }
    format!("shifted by {long}: {right}'s times are {later}")
}

/// `2 days 5 h 30 min 0.5 s`, without the parts that are 0.
fn duration(micros: u64) -> String {
    let mut parts = Vec::new();
    match micros / DAY {
        0 => {}
        1 => parts.push("1 day".to_string()),
        days => parts.push(format!("{days} days")),
    }
    for (unit, whole, name) in [(HOUR, DAY, "h"), (MINUTE, HOUR, "min")] {
        let n = micros % whole / unit;
        if n > 0 {
            parts.push(format!("{n} {name}"));
        }
    }
    let rest = micros % MINUTE;
    if rest > 0 {
        let mut seconds = (rest / SECOND).to_string();
        if !rest.is_multiple_of(SECOND) {
            let _ = write!(seconds, ".{:06}", rest % SECOND);
            seconds.truncate(seconds.trim_end_matches('0').len());
        }
        parts.push(format!("{seconds} s"));
    }
    parts.join(" ")
}

/// Six significant digits at most.
fn number(value: f64) -> String {
    format!("{value:.5e}").parse::<f64>().unwrap_or(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(price: Option<f64>, volume: Option<f64>) -> String {
        DifferencePattern::Ratio { price, volume }.says()
    }

    fn shift(by: i64) -> String {
        DifferencePattern::Shifted { by }.says()
    }

    #[test]
    fn ratios_have_their_usual_names() {
        assert_eq!(
            ratio(Some(0.5), Some(2.0)),
            "looks like a 2:1 split: the database's prices are the file's × 0.5, volumes × 2"
        );
        assert_eq!(
            ratio(Some(2.0 / 3.0), None),
            "looks like a 3:2 split: the database's prices are the file's × 0.666667, volumes irregular"
        );
        assert_eq!(
            ratio(Some(10.0), Some(0.1)),
            "looks like a 1:10 reverse split (or a 10:1 split that only the file has): \
             the database's prices are the file's × 10, volumes × 0.1"
        );
        assert_eq!(
            ratio(Some(100.0), Some(1.0)),
            "looks like another unit of money (e.g. cents and dollars): \
             the database's prices are the file's × 100, volumes equal"
        );
        assert_eq!(
            ratio(Some(0.987_650_000_3), Some(1.0)),
            "constant ratio 0.98765 (looks like an adjustment, e.g. for dividends): \
             the database's prices are the file's × 0.98765, volumes equal"
        );
        assert_eq!(
            ratio(None, Some(100.0)),
            "prices equal, the database's volumes are the file's × 100 (looks like another unit, e.g. lots)"
        );
    }

    #[test]
    fn distances_read_as_people_say_them() {
        let hour = 3_600_000_000;
        assert_eq!(
            shift(5 * hour),
            "shifted by +05:00 (looks like a time zone: the database's times are 5 h later)"
        );
        assert_eq!(
            shift(-hour * 7 / 2),
            "shifted by -03:30 (looks like a time zone: the database's times are 3 h 30 min earlier)"
        );
        assert_eq!(shift(24 * hour), "shifted by 1 day: the database's times are later");
        assert_eq!(shift(-51 * hour), "shifted by 2 days 3 h: the database's times are earlier");
        assert_eq!(shift(60_000_000), "shifted by 1 min: the database's times are later");
        assert_eq!(shift(1_500_000), "shifted by 1.5 s: the database's times are later");
        assert_eq!(shift(1), "shifted by 0.000001 s: the database's times are later");
        assert!(shift(i64::MIN).ends_with("earlier"));
    }
}
