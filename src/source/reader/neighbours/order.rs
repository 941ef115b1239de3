//! Finds rows whose time lies elsewhere than those of the rows around them, in a file that is in order.

use crate::bar::Micros;
use crate::source::steps;

/// The market-data rule that such a row breaks.
pub(super) const RULE: &str = "time_out_of_order";

/// A row is judged by so many behind it, some of which may be strays as well. As many may stand at an end of the file.
pub(super) const AHEAD: usize = 3;

const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;
const DECADES: Micros = 20 * 365 * DAY;

/// The order of the times of one file.
#[derive(Debug)]
pub(super) struct Order {
    step: Option<Micros>,
    rising: usize,
    falling: usize,
    /// The time of the last row that was judged and is no stray.
    before: Option<Micros>,
    /// Whether the first row was judged.
    has_begun: bool,
}

impl Order {
    pub(super) fn new(step: Option<Micros>, has_begun: bool) -> Self {
        Self { step, rising: 0, falling: 0, before: None, has_begun }
    }

    /// Counts in which direction these times go.
    pub(super) fn count(&mut self, last: Option<Micros>, times: &[Micros]) {
        let first = last.zip(times.first().copied());
        let pairs = || first.into_iter().chain(times.windows(2).map(|pair| (pair[0], pair[1])));
        self.rising += pairs().filter(|(a, b)| b > a).count();
        self.falling += pairs().filter(|(a, b)| b < a).count();
    }

    /// Whether all times so far go in one direction, and these step by step.
    pub(super) fn goes_on(&self, waiting: &[Micros], times: &[Micros]) -> bool {
        let is_step = |pair: (Micros, Micros)| (pair.1 - pair.0).abs() < DECADES;
        let are_steps = |times: &[Micros]| times.windows(2).all(|pair| is_step((pair[0], pair[1])));
        let between = waiting.last().copied().zip(times.first().copied());
        (self.rising == 0 || self.falling == 0)
            && are_steps(waiting)
            && are_steps(times)
            && between.is_none_or(is_step)
    }

    /// Takes rows that go on for judged.
    pub(super) fn skip(&mut self, waiting: &[Micros], times: &[Micros], judged: usize) {
        if let Some(last) = judged.checked_sub(1) {
            self.before = waiting.get(last).or_else(|| times.get(last - waiting.len())).copied();
            self.has_begun = true;
        }
    }

    /// The strays among the first `judged` of these times.
    pub(super) fn strays(&mut self, times: &[Micros], judged: usize, is_last: bool) -> Vec<usize> {
        const ROWS: usize = 4;
        let most = self.rising.max(self.falling);
        let is_in_order = self.rising.min(self.falling) <= 1 + most / 20 && most + 1 >= ROWS;
        let usual = self.step.or_else(|| steps::usual(&steps::between(times)));
        let Some(usual) = usual.filter(|_| is_in_order) else {
            self.before = judged.checked_sub(1).map(|last| times[last]).or(self.before);
            return Vec::new();
        };
        let forward = |time: Micros| if self.rising > self.falling { time } else { -time };
        let times: Vec<Micros> = times.iter().copied().map(forward).collect();
        let mut before = self.before.map(forward);
        let mut found = Vec::new();
        let first = if self.has_begun { 0 } else { at_start(&times[..judged], usual) };
        let last = if is_last { times.len() - at_end(&times[first..], usual) } else { judged };
        found.extend(0..first);
        for at in first..last {
            match before {
                Some(before) if is_outside(times[at], before, &times[at + 1..], usual) => found.push(at),
                _ => before = Some(times[at]),
            }
        }
        found.extend(last..judged);
        self.has_begun |= judged > 0;
        self.before = before.map(forward);
        found
    }
}

/// How many of the first rows lie behind the next one.
fn at_start(times: &[Micros], usual: Micros) -> usize {
    (1..=AHEAD.min(times.len() / 4)).find(|rows| is_back(times[rows - 1], times[*rows], usual)).unwrap_or(0)
}

/// How many of the last rows lie behind those before them.
fn at_end(times: &[Micros], usual: Micros) -> usize {
    let is_back = |rows: &usize| {
        let first = times.len() - rows;
        is_back(times[first - 1], times[first], usual)
    };
    (1..=AHEAD.min(times.len() / 4)).find(is_back).unwrap_or(0)
}

/// Whether the second of two times lies behind the first, or decades ahead.
fn is_back(first: Micros, second: Micros, usual: Micros) -> bool {
    first - second > HOUR.max(2 * usual) || second - first > DECADES.max(100 * usual)
}

/// Whether a time is not between those of the rows around it.
fn is_outside(time: Micros, before: Micros, after: &[Micros], usual: Micros) -> bool {
    let follows = |after: &&Micros| **after > before && **after - before <= (8 * DAY).max(20 * usual);
    after.iter().take(AHEAD).find(follows).is_some_and(|after| {
        let off = (before - time).max(time - after);
        off >= HOUR && off > 2 * usual
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of the strays among days, read in batches of this size.
    fn strays(days: &[Micros], rows: usize) -> Vec<usize> {
        let times: Vec<Micros> = days.iter().map(|day| day * DAY).collect();
        let mut order = Order::new(Some(DAY), false);
        let (mut found, mut judged) = (Vec::new(), 0);
        for end in (1..=times.len()).filter(|end| end % rows == 0 || *end == times.len()) {
            let begin = (end - 1) / rows * rows;
            order.count(begin.checked_sub(1).map(|last| times[last]), &times[begin..end]);
            let is_last = end == times.len();
            let until = if is_last { end } else { end.saturating_sub(AHEAD).max(judged) };
            let all = &times[judged..end];
            if order.goes_on(all, &[]) {
                order.skip(all, &[], until - judged);
            } else {
                found.extend(order.strays(all, until - judged, is_last).iter().map(|at| at + judged));
            }
            judged = until;
        }
        found
    }

    #[test]
    fn a_time_that_stands_elsewhere_is_a_stray() {
        for (days, want) in [
            (&[10, 11, 12, 13, 14, 15, 900, 17, 18, 19, 20, 21][..], &[6][..]),
            (&[10, 11, 12, 13, 14, 15, -900, 17, 18, 19, 20, 21], &[6]),
            (&[21, 20, 19, 18, 17, 900, 15, 14, 13, 12, 11, 10], &[5]),
            (&[10, 11, 12, 13, 14, 15, 900, -900, 18, 19, 20, 21], &[6, 7]),
            (&[-9000, 11, 12, 13, 14, 15, 16, 17], &[0]),
            (&[900, 901, 10, 11, 12, 13, 14, 15, 16], &[0, 1]),
            (&[10, 11, 12, 13, 14, 15, 16, -8, -7], &[7, 8]),
            (&[10, 11, 12, 13, 14, 15, 16, 9000], &[7]),
        ] {
            assert_eq!(strays(days, 1000), want, "{days:?}");
        }
        let days: Vec<Micros> = (0..40).map(|day| if day == 20 { 900 } else { day }).collect();
        for rows in 1..40 {
            assert_eq!(strays(&days, rows), [20], "{rows}");
        }
    }

    #[test]
    fn what_is_only_late_or_behind_a_hole_is_none() {
        for days in [
            &[10, 11, 13, 12, 14, 15][..],
            &[10, 11, 12, 40, 41, 42],
            &[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 80, 81, 82],
            &[10, 11, 12, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89],
            &[10, 11, 12, 3, 4, 5, 6, 7],
            &[1, 9, 4, 7, 2, 8, 3],
            &[10, 900, 12],
            &[10, 11, 12, 900, 901, 902, 903, 16, 17, 18, 19],
        ] {
            assert_eq!(strays(days, 1000), [] as [usize; 0], "{days:?}");
        }
    }
}
