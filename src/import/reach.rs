//! How many bars the series has over the file's range, counted in passing.
//!
//! Invariant: known only while the batches follow one another in time and every bar up to the last one was looked at.
//! Else the database has to count them at the end.

use crate::bar::{Bars, Micros};

/// How far the series was looked at, from the file's first bar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    until: Option<Micros>,
    bars: Option<usize>,
}

impl Reach {
    /// Nothing was looked at. What an attempt before has looked at is not known.
    pub(super) fn new(from_the_start: bool) -> Self {
        Self { until: None, bars: from_the_start.then_some(0) }
    }

    /// From where on to look for the bars of a batch, so that none before it is left out.
    pub(super) fn next(&self, first: Micros) -> Micros {
        match (self.until, self.bars) {
            (Some(until), Some(_)) if until < first => until + 1,
            _ => first,
        }
    }

    /// A batch was written: `there` are the bars that were found, if all of them were, and `new` how many it brought.
    pub(super) fn passed(&mut self, batch: &Bars, there: Option<usize>, new: usize) {
        let (Some(&first), Some(&last)) = (batch.time.first(), batch.time.last()) else { return };
        let follows = self.until.is_none_or(|until| until < first);
        self.bars = self.bars.zip(there).filter(|_| follows).map(|(before, there)| before + there + new);
        self.until = Some(last);
    }

    /// Bars of the series from the file's first to its last.
    pub(super) fn bars(&self) -> Option<i64> {
        self.bars.and_then(|n| i64::try_from(n).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::Ohlcv;

    fn bars(times: &[Micros]) -> Bars {
        let mut bars = Bars::default();
        let values = Ohlcv { open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 1.0 };
        times.iter().for_each(|&t| bars.push(t, values));
        bars
    }

    #[test]
    fn what_lies_between_batches_is_looked_at_too() {
        let mut reach = Reach::new(true);
        assert_eq!(reach.next(10), 10);
        reach.passed(&bars(&[10, 20]), Some(1), 1);
        assert_eq!((reach.bars(), reach.next(50)), (Some(2), 21));
        reach.passed(&bars(&[]), Some(0), 0);
        reach.passed(&bars(&[50]), Some(7), 1);
        assert_eq!(reach.bars(), Some(10));
    }

    #[test]
    fn what_was_not_seen_whole_is_not_known() {
        let mut earlier_attempt = Reach::new(false);
        earlier_attempt.passed(&bars(&[1]), Some(0), 1);
        let mut backwards = Reach::new(true);
        backwards.passed(&bars(&[10]), Some(0), 1);
        backwards.passed(&bars(&[10, 11]), Some(1), 1);
        let mut too_many = Reach::new(true);
        too_many.passed(&bars(&[10]), None, 1);
        too_many.passed(&bars(&[20]), Some(0), 1);
        for reach in [earlier_attempt, backwards, too_many] {
            assert_eq!(reach.bars(), None);
            assert_eq!(reach.next(100), 100, "nothing more than the batch itself");
        }
    }
}
