//! What is known of a file apart from its rows, and how its times are held to those of its first rows.

use jiff::tz::TimeZone;

use super::SymbolColumns;
use super::counts::YEAR;
use super::times::{Times, nearly_all};
use crate::bar::Micros;
use crate::config::TimeForm;
use crate::source::time::{Held, TimeParser};
use crate::timeframe::{DAY, HOUR};

/// What is known apart from the file's rows.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Reads times without a zone.
    pub(super) zone: TimeZone,
    /// Whether somebody said so; else it is UTC.
    pub(super) zone_is_given: bool,
    /// What the file's name says of it.
    pub(super) zone_in_name: Option<String>,
    pub(super) dates_in_utc: bool,
    /// The form that was given.
    pub(super) given: Option<TimeForm>,
    /// The length of the timeframe.
    pub(super) step: Option<Micros>,
    pub(super) now: Micros,
    /// The columns that tell which symbol a row is of, if the file has several.
    pub(super) symbols: Option<SymbolColumns>,
}

impl Context {
    /// Whether more than a few of these times lie in the future, as in simulated data. Years of two digits do not.
    pub(super) fn lie_ahead(&self, times: &Times) -> bool {
        let latest = self.latest(times);
        let ahead = times.instants.iter().flatten().filter(|time| **time > latest).count();
        !nearly_all(times.count() - ahead, times.count()) && !times.form.to_string().contains("%y")
    }

    /// The latest time that a bar may have: it may not have ended yet, or be labelled by its end, a clock may be wrong, and
    /// east of UTC it is tomorrow already.
    fn latest(&self, times: &Times) -> Micros {
        const MONTH: Micros = 31 * DAY;
        let ahead = if times.have_zone { HOUR } else { 15 * HOUR };
        // Months and quarters differ in length.
        let step = self.step.map_or(MONTH, |step| if step < 28 * DAY { step } else { step + step / 8 });
        self.now + ahead + step
    }

    /// With the dates alone of a form that was given, if it has a time of day behind them.
    pub(super) fn of_dates(&self) -> Option<Self> {
        let Some(TimeForm::Format(format)) = &self.given else { return None };
        Some(Self { given: Some(TimeForm::Format(format.date_part()?)), ..self.clone() })
    }

    /// Reads the file's rows, which are held to what these times are.
    pub(super) fn parser(&self, times: &Times) -> TimeParser {
        let held = Held {
            zoned: times.zoned,
            clock: times.clock,
            from_1970: if times.are_far_from_1970() { YEAR } else { 0 },
            latest: if self.lie_ahead(times) { Micros::MAX } else { self.latest(times) },
        };
        TimeParser::new(self.zone.clone(), times.form.clone())
            .with_dates_in_utc(self.dates_in_utc && times.are_dates)
            .held_to(held)
    }
}
