//! Tells the two passes of an hour that comes twice, as clocks go back: by the order of the rows, or as the user says.
//!
//! Invariant: by their order a time is resolved only if the rows before it leave one instant: the next in line, or the only one on the far
//! side of the row before.

use std::cmp::Ordering;

use crate::bar::Micros;
use crate::config::Ambiguous;

/// The times of the rows so far.
#[derive(Debug, Default)]
pub(super) struct RowOrder {
    last: Option<Micros>,
    /// Whether times rise or fall.
    direction: Option<Ordering>,
    rising: u64,
    falling: u64,
    /// So many rows must rise before one that falls is told.
    least_rising: u64,
    ambiguous: Ambiguous,
}

impl RowOrder {
    pub(super) fn new(ambiguous: Ambiguous) -> Self {
        Self { ambiguous, ..Self::default() }
    }

    /// Of a series whose rows stand among those of others: a few rows that rise do not show that all do.
    pub(super) fn among_others() -> Self {
        Self { least_rising: 10, ..Self::default() }
    }

    /// A row was read.
    pub(super) fn add(&mut self, time: Micros) {
        if let Some(last) = self.last.filter(|last| *last != time) {
            self.direction = Some(time.cmp(&last));
            self.rising += u64::from(time > last);
            self.falling += u64::from(time < last);
        }
        self.last = Some(time);
    }

    /// The time before this one, if this one falls behind it, unlike nearly all times so far.
    pub(super) fn last_if_falling(&self, time: Micros) -> Option<Micros> {
        self.last.filter(|last| time < *last && self.rising > (10 * self.falling).max(self.least_rising))
    }

    /// Which of the two instants a row has, with bars so far apart.
    pub(super) fn resolve(&self, both: [Micros; 2], step: Option<Micros>) -> Option<Micros> {
        match self.ambiguous {
            Ambiguous::Infer => self.infer(both, step),
            Ambiguous::First => Some(both[0]),
            Ambiguous::Second => Some(both[1]),
            Ambiguous::Reject => None,
        }
    }

    /// What the order of the rows proves.
    fn infer(&self, [first, second]: [Micros; 2], step: Option<Micros>) -> Option<Micros> {
        let last = self.last?;
        let is_step = |time: Micros| step.is_some_and(|step| (time - last).abs() == step);
        // A row that repeats the time of the one before it, unless the next bar has the same local time.
        if let Some(same) = [first, second].into_iter().find(|time| *time == last) {
            let other = if same == first { second } else { first };
            return Some(if is_step(other) { other } else { same });
        }
        // Behind a single row, both instants may lie on one side of it.
        let side = Some(first.cmp(&last)).filter(|side| *side == second.cmp(&last) && side.is_ne());
        let direction = self.direction.or(side)?;
        let is_rising = direction == Ordering::Greater;
        let is_next = |time: &Micros| step.is_some_and(|step| (time - last).abs() == step);
        let lies_ahead = |time: &Micros| time.cmp(&last) == direction;
        // In the order of the rows.
        let both = if is_rising { [first, second] } else { [second, first] };
        match both.map(|time| lies_ahead(&time)) {
            [true, true] => Some(both[0]).filter(is_next),
            [false, true] => Some(both[1]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Micros = 1_800_000_000;

    #[test]
    fn the_order_of_the_rows_tells_the_pass() {
        // 00:30, 01:00, 01:30, 01:00, 01:30, 02:00: the first pass has the instants 2 and 3, the second 4 and 5.
        let at = |n: i64| n * HALF;
        let mut order = RowOrder::default();
        assert_eq!(order.resolve([at(2), at(4)], Some(HALF)), None, "nothing comes before it");
        order.add(at(1));
        for (both, want) in [([2, 4], 2), ([3, 5], 3), ([2, 4], 4), ([3, 5], 5)] {
            let time = order.resolve(both.map(at), Some(HALF));
            assert_eq!(time, Some(at(want)), "{both:?}");
            order.add(at(want));
        }
        let mut order = RowOrder::default();
        order.add(at(7));
        order.add(at(6));
        for (both, want) in [([3, 5], 5), ([2, 4], 4), ([3, 5], 3), ([2, 4], 2)] {
            let time = order.resolve(both.map(at), Some(HALF));
            assert_eq!(time, Some(at(want)), "{both:?}");
            order.add(at(want));
        }
    }

    #[test]
    fn a_row_that_comes_again_stays_in_its_pass() {
        let at = |n: i64| n * HALF;
        let mut order = RowOrder::default();
        order.add(at(1));
        order.add(at(2));
        assert_eq!(order.resolve([at(2), at(4)], Some(HALF)), Some(at(2)));
        order.add(at(2));
        assert_eq!(order.resolve([at(3), at(5)], Some(HALF)), Some(at(3)));
        // Hourly bars have the same local time twice.
        assert_eq!(order.resolve([at(2), at(4)], Some(2 * HALF)), Some(at(4)));
    }

    #[test]
    fn the_user_may_say_which_pass() {
        for (ambiguous, want) in
            [(Ambiguous::First, Some(2)), (Ambiguous::Second, Some(4)), (Ambiguous::Reject, None)]
        {
            let mut order = RowOrder::new(ambiguous);
            order.add(1);
            assert_eq!(order.resolve([2, 4], Some(1)), want, "{ambiguous}");
        }
    }

    #[test]
    fn what_the_order_leaves_open_stays_open() {
        let at = |n: i64| n * HALF;
        let mut order = RowOrder::default();
        order.add(at(-20));
        order.add(at(-10));
        // Behind a hole, either pass may be meant.
        assert_eq!(order.resolve([at(2), at(4)], Some(HALF)), None);
        order.add(at(1));
        assert_eq!(order.resolve([at(2), at(4)], None), None);
    }
}
