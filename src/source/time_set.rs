//! A set of times, to find every row of a file that repeats the time of an earlier one.
//!
//! The times of most files advance by a constant step, so the set stores runs: first time, last time, step. When the
//! runs become too many, their times move to compressed bitmaps.
//!
//! Invariant: the set is exact. The runs take at most 400 KB; a bitmap takes about two bytes a bar for common
//! timeframes, since it counts whole seconds. Only times with fractions of a second take more.

use roaring::RoaringTreemap;

use crate::bar::{FIRST_MICROS, Micros};

/// Most runs before their times move to the bitmaps.
const MAX_RUNS: usize = 16 * 1024;

/// A set of times.
#[derive(Debug, Default)]
pub struct TimeSet {
    /// In time order, without overlap.
    runs: Vec<SteadyRun>,
    seconds: RoaringTreemap,
    finer: RoaringTreemap,
    /// The latest of all times.
    latest: Option<Micros>,
}

/// Times with a constant step.
#[derive(Debug)]
struct SteadyRun {
    first: Micros,
    last: Micros,
    /// None for a run of one time.
    step: Option<Micros>,
}

impl TimeSet {
    /// Adds a time; whether it was new.
    pub fn insert(&mut self, time: Micros) -> bool {
        if self.latest.is_none_or(|latest| latest < time) {
            self.latest = Some(time);
            self.append(time);
            return true;
        }
        !self.is_in_run(time) && self.insert_into_bitmap(time)
    }

    /// Adds a time that is later than all others.
    fn append(&mut self, time: Micros) {
        if let Some(run) = self.runs.last_mut() {
            let step = time - run.last;
            if *run.step.get_or_insert(step) == step {
                run.last = time;
                return;
            }
        }
        if self.runs.len() == MAX_RUNS {
            for run in std::mem::take(&mut self.runs) {
                run.times().for_each(|time| _ = self.insert_into_bitmap(time));
            }
        }
        self.runs.push(SteadyRun { first: time, last: time, step: None });
    }

    fn is_in_run(&self, time: Micros) -> bool {
        let at = self.runs.partition_point(|run| run.last < time);
        self.runs.get(at).is_some_and(|run| run.contains(time))
    }

    fn insert_into_bitmap(&mut self, time: Micros) -> bool {
        // Times lie between FIRST_MICROS and END_MICROS, so the distance is never negative.
        let distance = time.saturating_sub(FIRST_MICROS).unsigned_abs();
        if distance.is_multiple_of(1_000_000) {
            self.seconds.insert(distance / 1_000_000)
        } else {
            self.finer.insert(distance)
        }
    }
}

impl SteadyRun {
    fn contains(&self, time: Micros) -> bool {
        let since = time - self.first;
        time <= self.last && since >= 0 && (since == 0 || self.step.is_some_and(|step| since % step == 0))
    }

    fn times(&self) -> impl Iterator<Item = Micros> + use<> {
        let (last, step) = (self.last, self.step.unwrap_or(Micros::MAX));
        std::iter::successors(Some(self.first), move |time| {
            time.checked_add(step).filter(|next| *next <= last)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::bar::END_MICROS;
    use crate::source::tests::holds;

    const SECOND: Micros = 1_000_000;

    #[test]
    fn a_time_is_new_once() {
        let mut seen = TimeSet::default();
        for t in [0, 1, 1_000_000, FIRST_MICROS, -1, END_MICROS - 1] {
            assert!(seen.insert(t), "{t}");
            assert!(!seen.insert(t), "{t}");
        }
    }

    #[test]
    fn more_runs_than_are_held_are_remembered_all_the_same() {
        // A gap after every second bar, and a bar of another precision now and then.
        let count = 5 * MAX_RUNS as Micros;
        let time = |i: Micros| (i + i / 2) * 60 * SECOND + Micros::from(i % 1000 == 7);
        let mut seen = TimeSet::default();
        for i in 0..count {
            assert!(seen.insert(time(i)), "{i}");
            assert!(seen.runs.len() <= MAX_RUNS);
        }
        assert!(!seen.seconds.is_empty() && !seen.finer.is_empty());
        for i in (0..count).rev() {
            assert!(!seen.insert(time(i)), "{i}");
            assert!(seen.insert(time(i) - 2), "{i}");
        }
    }

    #[test]
    fn it_is_the_set_it_says_it_is() {
        let steps = proptest::sample::select(vec![1, 60, 61, 3600]);
        let pieces = (0..5000_i64, steps, 1..20_i64, any::<bool>(), 0..2_i64);
        let is_set = |pieces: Vec<(i64, i64, i64, bool, i64)>| {
            let (mut seen, mut all) = (TimeSet::default(), HashSet::new());
            for (start, step, count, backwards, finer) in pieces {
                for i in 0..count {
                    let i = if backwards { count - i } else { i };
                    let time = (start + i * step) * SECOND + finer;
                    assert_eq!(seen.insert(time), all.insert(time), "{time}");
                }
            }
        };
        holds(500, &proptest::collection::vec(pieces, 1..20), is_set);
    }
}
