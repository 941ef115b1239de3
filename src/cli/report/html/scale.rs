//! Time as a place on a plot.
//!
//! Invariant: plots are [`WIDTH`] units wide however wide they are shown; ticks lie on whole hours, days,
//! months or years, UTC.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Unit, Zoned};

/// Units from a plot's left to its right.
pub(super) const WIDTH: f64 = 1000.0;

/// The time that a plot shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// A place on the axis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// In hundredths of a percent from the left.
    pub(super) place: u32,
    pub(super) label: String,
}

/// Ticks that an axis has at most.
const MAX_TICKS: usize = 7;

impl Scale {
    /// Where an instant lies, in units from the left.
    #[allow(clippy::cast_precision_loss)] // a pixel is enough
    pub(super) fn x(&self, t: Timestamp) -> f64 {
        let all = self.last.as_microsecond() - self.first.as_microsecond();
        if all <= 0 {
            return 0.0;
        }
        ((t.as_microsecond() - self.first.as_microsecond()) as f64 / all as f64 * WIDTH).clamp(0.0, WIDTH)
    }

    /// The axis.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let steps: [(Span, Unit, &str); 17] = [
            (1.minute(), Unit::Minute, "%m-%d %H:%M"),
            (5.minutes(), Unit::Hour, "%m-%d %H:%M"),
            (15.minutes(), Unit::Hour, "%m-%d %H:%M"),
            (1.hour(), Unit::Hour, "%m-%d %H:%M"),
            (3.hours(), Unit::Day, "%m-%d %H:%M"),
            (6.hours(), Unit::Day, "%m-%d %H:%M"),
            (12.hours(), Unit::Day, "%m-%d %H:%M"),
            (1.day(), Unit::Day, "%Y-%m-%d"),
            (2.days(), Unit::Month, "%Y-%m-%d"),
            (7.days(), Unit::Month, "%Y-%m-%d"),
            (1.month(), Unit::Year, "%Y-%m"),
            (3.months(), Unit::Year, "%Y-%m"),
            (6.months(), Unit::Year, "%Y-%m"),
            (1.year(), Unit::Year, "%Y"),
            (5.years(), Unit::Year, "%Y"),
            (20.years(), Unit::Year, "%Y"),
            (100.years(), Unit::Year, "%Y"),
        ];
        let axes = steps.into_iter().filter_map(|(step, from, format)| self.every(step, from, format));
        axes.into_iter().next().unwrap_or_default()
    }

    /// Ticks at every `step` from the start of the first one's `unit` on; none if they are too many.
    fn every(&self, step: Span, unit: Unit, format: &str) -> Option<Vec<Tick>> {
        let start = start_of(&self.first.to_zoned(TimeZone::UTC), unit, step.get_years().max(1))?;
        let mut ticks = Vec::new();
        // A step of the longest kind reaches across whatever a bar's time may be.
        for i in 0..400 {
            let at = start.checked_add(step.checked_mul(i).ok()?).ok()?;
            if at.timestamp() > self.last {
                return Some(ticks);
            }
            if at.timestamp() >= self.first {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 10,000
                let place = (self.x(at.timestamp()) * 10_000.0 / WIDTH) as u32;
                ticks.push(Tick { place, label: at.strftime(format).to_string() });
            }
            if ticks.len() > MAX_TICKS {
                return None;
            }
        }
        None
    }
}

/// The start of its unit; of years, one that can be divided by so many.
fn start_of(t: &Zoned, unit: Unit, years: i16) -> Option<Zoned> {
    let t = t.round(jiff::ZonedRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc)).ok()?;
    match unit {
        Unit::Hour => t.with().minute(0).build().ok(),
        Unit::Day => t.start_of_day().ok(),
        Unit::Month => t.first_of_month().ok()?.start_of_day().ok(),
        Unit::Year => {
            let year = t.year() - t.year().rem_euclid(years);
            t.with().year(year).month(1).day(1).build().ok()?.start_of_day().ok()
        }
        _ => Some(t),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(first: &str, last: &str) -> Vec<String> {
        let scale = Scale { first: first.parse().unwrap(), last: last.parse().unwrap() };
        scale.ticks().into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_lie_on_whole_units() {
        assert_eq!(
            labels("2024-01-01T00:10Z", "2024-01-01T03:10Z"),
            ["01-01 01:00", "01-01 02:00", "01-01 03:00"]
        );
        assert_eq!(
            labels("2024-01-30T10:00Z", "2024-02-02T00:00Z"),
            ["01-30 12:00", "01-31 00:00", "01-31 12:00", "02-01 00:00", "02-01 12:00", "02-02 00:00"]
        );
        assert_eq!(
            labels("2019-06-03T00:00Z", "2024-03-01T00:00Z"),
            ["2020", "2021", "2022", "2023", "2024"]
        );
        assert_eq!(
            labels("2001-01-01T00:00Z", "2031-01-01T00:00Z").first().map(String::as_str),
            Some("2005")
        );
        assert_eq!(labels("1700-01-01T00:00Z", "2299-12-31T00:00Z").len(), 6);
        assert_eq!(labels("2024-01-01T00:00Z", "2024-01-01T00:00Z"), ["01-01 00:00"]);
    }

    #[test]
    fn a_place_is_never_outside() {
        let scale =
            Scale { first: "2024-01-01T00:00Z".parse().unwrap(), last: "2024-01-03T00:00Z".parse().unwrap() };
        assert_eq!(scale.x("2024-01-02T00:00Z".parse().unwrap()), 500.0);
        assert_eq!(scale.x("2025-01-02T00:00Z".parse().unwrap()), WIDTH);
    }
}
