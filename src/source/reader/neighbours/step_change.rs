//! Finds where the rows of one timeframe are followed by those of another one.

use crate::bar::Micros;
use crate::source::steps;
use crate::timeframe::DAY;

/// The market-data rule that the row breaks which shows it.
pub(super) const RULE: &str = "step_change";

/// So many rows as far apart as those of another timeframe are none by chance.
const ROWS: usize = 10;

/// So many changes are reported: in a file that changes all the time, nothing is news.
const MOST: usize = 3;

/// The steps from row to row.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepChange {
    /// That of the timeframe, if it is known.
    usual: Option<Micros>,
    last: Option<Micros>,
    /// Another step, how many rows in turn have it, and how many have several such steps.
    other: Micros,
    rows: usize,
    pauses: usize,
    /// Whether a change was found, and no row was reported for it.
    is_pending: bool,
    found: usize,
}

impl StepChange {
    pub(super) fn new(usual: Option<Micros>) -> Self {
        Self { usual, last: None, other: 0, rows: 0, pauses: 0, is_pending: false, found: 0 }
    }

    /// Goes on to the next row; whether a change is to be reported.
    #[inline]
    pub(super) fn add(&mut self, time: Micros) -> bool {
        let Some(usual) = self.usual else { return false };
        let step = self.last.replace(time).map_or(0, |last| (time - last).abs());
        if step != usual {
            self.add_other(step, usual);
        } else {
            self.rows = 0;
        }
        self.is_pending
    }

    /// The steps after so many of the next rows, which are those that wait and those of a batch, if no change is to be reported
    /// at any of them.
    pub(super) fn go_on(&self, waiting: &[Micros], batch: &[Micros], judged: usize) -> Option<Self> {
        // Most batches have no other steps.
        let is_usual =
            self.usual.is_none_or(|usual| batch.windows(2).all(|pair| (pair[1] - pair[0]).abs() == usual));
        let each = if is_usual { batch.len().min(1) } else { batch.len() };
        let (mut steps, mut after) = (*self, *self);
        for (row, time) in waiting.iter().chain(&batch[..each]).enumerate() {
            if steps.add(*time) {
                return None;
            }
            if row < judged {
                after = steps;
            }
        }
        if judged > waiting.len() + each {
            after = Self { last: Some(batch[judged - waiting.len() - 1]), rows: 0, ..steps };
        }
        Some(after)
    }

    /// To be called once a row was reported.
    pub(super) fn was_reported(&mut self) {
        self.is_pending = false;
    }

    fn add_other(&mut self, step: Micros, usual: Micros) {
        let is_session = step % DAY == 0 && steps::may_come_once_a_day(usual);
        if is_session || steps::is_about(step, usual) {
            self.rows = 0;
        } else if self.rows > 0 && steps::is_about(step, self.other) {
            self.rows += 1;
            if self.rows == ROWS && self.pauses < ROWS / 2 && self.found < MOST {
                self.is_pending = true;
                self.found += 1;
            }
        } else if self.rows > self.pauses && step % self.other == 0 {
            self.pauses += 1;
        } else if step > 0 {
            (self.other, self.rows, self.pauses) = (step, 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeframe::{HOUR, MINUTE};

    const NONE: [usize; 0] = [];

    /// The rows at which a change is reported.
    fn found(usual: Micros, steps: impl IntoIterator<Item = Micros>) -> Vec<usize> {
        let mut changes = StepChange::new(Some(usual));
        let mut time = 0;
        let is_found = |step: Micros| {
            time += step;
            let is_found = changes.add(time);
            changes.was_reported();
            is_found
        };
        let all: Vec<bool> = std::iter::once(0).chain(steps).map(is_found).collect();
        (0..all.len()).filter(|row| all[*row]).collect()
    }

    #[test]
    fn rows_of_another_timeframe_are_found_across_pauses() {
        let week = [DAY, DAY, DAY, DAY, 3 * DAY];
        let days = std::iter::repeat_n(week, 6).flatten();
        assert_eq!(found(DAY, days.clone()), NONE);
        assert_eq!(found(DAY, days.clone().chain([7 * DAY; 12])), [40]);
        assert_eq!(found(28 * DAY, [31 * DAY, 30 * DAY, 28 * DAY].into_iter().cycle().take(30)), NONE);
        let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().cycle().take(36);
        assert_eq!(found(28 * DAY, months.map(|days| days * DAY)), NONE);
        assert_eq!(found(28 * DAY, [31 * DAY; 4].into_iter().chain(days.clone())), [16]);
        assert_eq!(found(MINUTE, [MINUTE; 300].into_iter().chain([5 * MINUTE; 12])), [310]);
        assert_eq!(found(12 * HOUR, days), NONE);
        let from_hours_to_days = [HOUR; 30].into_iter().chain([3 * HOUR]).chain([DAY; 30]);
        assert_eq!(found(HOUR, from_hours_to_days), [42]);
    }

    #[test]
    fn two_auctions_a_day_are_no_change() {
        let days = [8, 16, 8, 64, 8, 16, 8, 40].into_iter().cycle().take(200);
        assert_eq!(found(HOUR, days.map(|hours| hours * HOUR)), NONE);
    }

    #[test]
    fn thin_trade_is_no_change() {
        let steps = [1, 2, 2, 4, 2, 1, 2, 2, 2, 6, 3, 3, 5, 1, 2].into_iter().cycle().take(3000);
        assert_eq!(found(MINUTE, steps.map(|step| step * MINUTE)), NONE);
    }

    #[test]
    fn a_few_changes_are_reported() {
        let steps = std::iter::repeat_n([[MINUTE; 10], [5 * MINUTE; 10]], 9).flatten().flatten();
        assert_eq!(found(MINUTE, steps), [20, 40, 60]);
    }
}
