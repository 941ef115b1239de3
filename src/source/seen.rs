//! The times a file has had so far, so that a second bar of the same time is noticed wherever it stands.
//!
//! Invariant: exact, never a guess. Memory is about two bytes a bar for the usual timeframes, because
//! whole seconds go into a compressed bitmap; only finer times take more.

use roaring::RoaringTreemap;

use crate::bar::{FIRST_MICROS, Micros};

/// A set of times.
#[derive(Debug, Default)]
pub struct Seen {
    seconds: RoaringTreemap,
    finer: RoaringTreemap,
}

impl Seen {
    /// Adds a time; whether it was new.
    pub fn insert(&mut self, time: Micros) -> bool {
        // Times lie between FIRST_MICROS and END_MICROS, so the distance is never negative.
        let distance = time.saturating_sub(FIRST_MICROS).unsigned_abs();
        if distance.is_multiple_of(1_000_000) {
            self.seconds.insert(distance / 1_000_000)
        } else {
            self.finer.insert(distance)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_new_once() {
        let mut seen = Seen::default();
        for t in [0, 1, 1_000_000, FIRST_MICROS, -1] {
            assert!(seen.insert(t), "{t}");
            assert!(!seen.insert(t), "{t}");
        }
    }
}
