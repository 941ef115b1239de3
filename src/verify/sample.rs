//! A random sample of a stream of bars; the same seed draws the same sample.
//!
//! Each time has a lot: the first 8 bytes (a little-endian number) of BLAKE3 over 16 bytes, seed (u64) and time
//! (i64, µs since 1970 UTC), both little-endian. The sample is the items with the smallest lots, ties by time.
//! So the sample is uniform without replacement, needs no count of the bars beforehand, and does not depend on their order;
//! another run or another program with the same seed draws the same bars.
//!
//! Invariant: at most `size` items are held, and only seed, size and the offered times decide which. Lots never change
//! from release to release; a test pins a sample. Repeated times are not detected: a time that is offered twice has two
//! places.

use std::collections::BinaryHeap;

use crate::bar::Micros;

/// The items with the `size` smallest lots of all that were offered.
#[derive(Debug, Clone)]
pub(crate) struct Sample<T> {
    seed: u64,
    size: usize,
    /// Lot, time and place in `items` of each item. The largest lot is on top; a smaller one replaces it.
    drawn: BinaryHeap<(u64, Micros, usize)>,
    items: Vec<(Micros, T)>,
}

impl<T> Sample<T> {
    /// An empty sample of at most `size` items.
    pub(crate) fn new(seed: u64, size: usize) -> Self {
        Self { seed, size, drawn: BinaryHeap::new(), items: Vec::new() }
    }

    /// Offers the item of one time; it is kept if its lot is among the smallest so far.
    pub(crate) fn offer(&mut self, time: Micros, item: T) {
        let lot = lot(self.seed, time);
        if self.drawn.len() < self.size {
            self.drawn.push((lot, time, self.items.len()));
            self.items.push((time, item));
        } else if let Some(mut last) = self.drawn.peek_mut()
            && (lot, time) < (last.0, last.1)
        {
            self.items[last.2] = (time, item);
            *last = (lot, time, last.2);
        }
    }

    /// The items in the order of their times.
    pub(crate) fn into_sorted(mut self) -> Vec<T> {
        self.items.sort_unstable_by_key(|(time, _)| *time);
        self.items.into_iter().map(|(_, item)| item).collect()
    }
}

fn lot(seed: u64, time: Micros) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..].copy_from_slice(&time.to_le_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..8]);
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::timeframe::HOUR;

    fn of(seed: u64, size: usize, times: impl IntoIterator<Item = Micros>) -> Vec<Micros> {
        let mut sample = Sample::new(seed, size);
        times.into_iter().for_each(|t| sample.offer(t, t));
        sample.into_sorted()
    }

    /// Reports name the seed so that others look at the same bars: these never change.
    #[test]
    fn a_sample_is_pinned() {
        assert_eq!(of(42, 5, (0..1000).map(|i| i * HOUR)), [166, 314, 454, 513, 645].map(|i| i * HOUR));
        assert_eq!(of(u64::MAX, 6, (-50..50).map(|i| i * HOUR)), [-46, -31, 9, 10, 31, 34].map(|i| i * HOUR));
    }

    #[test]
    fn it_has_as_many_items_as_asked_for_or_all() {
        for (size, bars, want) in
            [(0, 10, 0), (1, 10, 1), (9, 10, 9), (10, 10, 10), (usize::MAX, 10, 10), (5, 0, 0)]
        {
            let got = of(1, size, 0..bars);
            assert_eq!(got.len(), want, "{size} of {bars}");
            assert!(got.is_sorted_by(|a, b| a < b), "{got:?}");
        }
    }

    #[test]
    fn never_more_than_asked_for_are_held() {
        let mut sample = Sample::new(3, 7);
        for t in 0..10_000 {
            sample.offer(t, t);
            assert!(sample.drawn.len() <= 7 && sample.items.len() <= 7);
        }
        assert!(sample.drawn.capacity() < 20 && sample.items.capacity() < 20);
    }

    #[test]
    fn order_does_not_matter_and_the_seed_does() {
        let forwards = of(9, 20, 0..1000);
        assert_eq!(of(9, 20, (0..1000).rev()), forwards);
        assert_eq!(of(9, 20, (0..1000).map(|i| i * 7 % 1000)), forwards);
        assert_ne!(of(10, 20, 0..1000), forwards);
    }

    /// A larger sample holds the smaller one of the same seed.
    #[test]
    fn samples_are_nested() {
        let (small, large) = (of(5, 10, 0..500), of(5, 11, 0..500));
        assert!(small.iter().all(|t| large.contains(t)));
    }

    #[test]
    fn items_stay_with_their_times() {
        let mut sample = Sample::new(8, 4);
        (0..100).rev().for_each(|t: Micros| sample.offer(t, (t, t.to_string())));
        assert!(sample.into_sorted().iter().all(|(t, text)| t.to_string() == *text));
    }

    /// Each bar is chosen as often as any other, and each pair of neighbours.
    #[test]
    fn every_bar_has_the_same_chance() {
        let (bars, size, seeds) = (100, 10, 2000);
        let mut chosen = vec![0_u32; bars];
        let mut both = vec![0_u32; bars];
        for seed in 0..seeds {
            let got = of(seed, size, (0..100).map(|i| i * HOUR));
            got.iter().for_each(|t| chosen[usize::try_from(t / HOUR).unwrap()] += 1);
            for w in got.windows(2).filter(|w| w[1] - w[0] == HOUR) {
                both[usize::try_from(w[0] / HOUR).unwrap()] += 1;
            }
        }
        // 2000 × 10/100, and 2000 × 10/100 × 9/99; five standard deviations either side.
        assert_within(&chosen, 2000.0, 0.1);
        assert_within(&both[..99], 2000.0, 0.1 * 9.0 / 99.0);
    }

    fn assert_within(counts: &[u32], n: f64, p: f64) {
        let (mean, deviation) = (n * p, (n * p * (1.0 - p)).sqrt());
        for (i, &count) in counts.iter().enumerate() {
            assert!(
                (f64::from(count) - mean).abs() < 5.0 * deviation,
                "bar {i}: {count} times, not about {mean}"
            );
        }
    }
}
