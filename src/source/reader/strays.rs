//! Finds rows whose time lies far from where the rows around them are: in a file that is in order, mostly a mistyped date.
//!
//! Invariant: files that are not in order have none. The last row of a batch is judged only if it is the file's last.

use super::super::steps;
use crate::bar::Micros;

/// The market-data rule that such a row breaks.
pub(super) const RULE: &str = "time_out_of_order";

const HOUR: Micros = 3_600_000_000;
const DAY: Micros = 24 * HOUR;

/// The strays among the times of a batch, in the order of the file.
pub(super) fn strays(times: &[Micros], before: Option<Micros>, is_last: bool) -> Vec<usize> {
    let all: Vec<Micros> = before.into_iter().chain(times.iter().copied()).collect();
    let Some(is_rising) = direction(&all) else { return Vec::new() };
    let Some(usual) = steps::usual(&steps::between(&all)) else { return Vec::new() };
    let from_start = |time: Micros| if is_rising { time } else { -time };
    let all: Vec<Micros> = all.into_iter().map(from_start).collect();
    let skipped = usize::from(before.is_some());
    let first = if before.is_some() { skipped } else { strays_at_start(&all, usual) };
    let last = if is_last { all.len() - strays_at_end(&all[first..], usual) } else { all.len() };
    let mut found: Vec<usize> = (skipped..first).chain(last..all.len()).collect();
    // The row before, unless it is a stray itself.
    let mut before = all[..skipped].first().or(all.get(first)).copied().unwrap_or_default();
    for at in first..last {
        if is_outside(all[at], before, &all[at + 1..last], usual) {
            found.push(at);
        } else {
            before = all[at];
        }
    }
    found.sort_unstable();
    found.iter().map(|at| at - skipped).collect()
}

/// How many rows may stand elsewhere at an end of the file.
const AT_END: usize = 3;

/// How many of the first rows are not where the others are.
fn strays_at_start(times: &[Micros], usual: Micros) -> usize {
    let is_apart = |rows: &usize| is_apart(&times[*rows..], times[rows - 1], times[*rows], usual);
    (1..=AT_END.min(times.len() / 4)).find(is_apart).unwrap_or(0)
}

/// How many of the last rows are not where the others are.
fn strays_at_end(times: &[Micros], usual: Micros) -> usize {
    let first = |rows: &usize| times.len() - rows;
    let is_apart =
        |rows: &usize| is_apart(&times[..first(rows)], times[first(rows) - 1], times[first(rows)], usual);
    (1..=AT_END.min(times.len() / 4)).find(is_apart).unwrap_or(0)
}

/// Whether nearly all times rise, or fall; none if neither.
fn direction(times: &[Micros]) -> Option<bool> {
    const ROWS: usize = 5;
    let rising = times.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let falling = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let is_in_order = rising.min(falling) <= 1 + rising.max(falling) / 20;
    (times.len() >= ROWS && is_in_order).then_some(rising > falling)
}

/// Whether a time is not between those of the rows around it, of which the next ones may be strays as well.
fn is_outside(time: Micros, before: Micros, after: &[Micros], usual: Micros) -> bool {
    const NEXT: usize = 3;
    let follows = |after: &&Micros| **after > before && **after - before <= (8 * DAY).max(20 * usual);
    after.iter().take(NEXT).find(follows).is_some_and(|after| {
        let off = (before - time).max(time - after);
        off >= HOUR && off > 2 * usual
    })
}

/// Whether the second of two rows lies behind the first, or much further ahead of it than any other row of the one before.
fn is_apart(others: &[Micros], first: Micros, second: Micros, usual: Micros) -> bool {
    let widest = others.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap_or(0);
    let ahead = second - first;
    ahead < -HOUR.max(2 * usual) || ahead > 10 * widest.max(2 * usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days, and the places of the strays among them.
    fn of(days: &[Micros], is_last: bool) -> Vec<usize> {
        let times: Vec<Micros> = days.iter().map(|day| day * DAY).collect();
        strays(&times, None, is_last)
    }

    #[test]
    fn a_time_that_stands_elsewhere_is_a_stray() {
        assert_eq!(of(&[10, 11, 900, 13, 14, 15], true), [2]);
        assert_eq!(of(&[10, 11, -900, 13, 14, 15], true), [2]);
        assert_eq!(of(&[15, 14, 13, 900, 11, 10], true), [3], "the latest first");
        assert_eq!(of(&[10, 11, 900, -900, 14, 15, 16], true), [2, 3]);
        assert_eq!(of(&[-9000, 11, 12, 13, 14], true), [0]);
        assert_eq!(of(&[900, 901, 10, 11, 12, 13, 14, 15, 16], true), [0, 1]);
        assert_eq!(of(&[10, 11, 12, 13, 14, 15, 16, -8, -7], true), [7, 8]);
        assert_eq!(of(&[10, 11, 12, 13, 9000], true), [4]);
        assert_eq!(of(&[10, 11, 12, 13, 9000], false), [] as [usize; 0], "others may follow");
        assert_eq!(strays(&[900 * DAY, 13 * DAY, 14 * DAY, 15 * DAY], Some(12 * DAY), true), [0]);
    }

    #[test]
    fn what_is_only_late_or_far_off_is_none() {
        for days in [
            &[10, 11, 13, 12, 14, 15][..],
            &[10, 11, 12, 40, 41, 42],
            &[10, 11, 12, 3, 4, 5, 6, 7],
            &[1, 9, 4, 7, 2, 8, 3],
            &[10, 900, 12],
            &[10, 11, 12, 900, 901, 902, 903, 16, 17, 18, 19],
        ] {
            assert_eq!(of(days, true), [] as [usize; 0], "{days:?}");
        }
    }
}
