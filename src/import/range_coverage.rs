//! How many bars the series has in the file's range, counted while the file is imported.
//!
//! Invariant: the count is kept only while the batches follow one another in time and every bar up to the last one was
//! read. Else the database has to count them at the end.

use crate::bar::{Bars, Micros};

/// The count up to the last batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct RangeCoverage {
    until: Option<Micros>,
    bars: Option<usize>,
}

impl RangeCoverage {
    /// Nothing was read yet. What an earlier attempt has read is not known.
    pub(super) fn new(from_the_start: bool) -> Self {
        Self { until: None, bars: from_the_start.then_some(0) }
    }

    /// The time from which on to read the series for a batch, so that no bar before it is left out.
    pub(super) fn next(&self, first: Micros) -> Micros {
        match (self.until, self.bars) {
            (Some(until), Some(_)) if until < first => until + 1,
            _ => first,
        }
    }

    /// Adds a batch that was written: `there` is how many bars were found in its range, if all were read, and `new` how
    /// many it added.
    pub(super) fn add(&mut self, batch: &Bars, there: Option<usize>, new: usize) {
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
        let values = Ohlcv::new(1.0, 1.0, 1.0, 1.0, 1.0);
        times.iter().for_each(|&t| bars.push(t, values));
        bars
    }

    #[test]
    fn what_lies_between_batches_is_looked_at_too() {
        let mut coverage = RangeCoverage::new(true);
        assert_eq!(coverage.next(10), 10);
        coverage.add(&bars(&[10, 20]), Some(1), 1);
        assert_eq!((coverage.bars(), coverage.next(50)), (Some(2), 21));
        coverage.add(&bars(&[]), Some(0), 0);
        coverage.add(&bars(&[50]), Some(7), 1);
        assert_eq!(coverage.bars(), Some(10));
    }

    #[test]
    fn what_was_not_seen_whole_is_not_known() {
        let mut earlier_attempt = RangeCoverage::new(false);
        earlier_attempt.add(&bars(&[1]), Some(0), 1);
        let mut backwards = RangeCoverage::new(true);
        backwards.add(&bars(&[10]), Some(0), 1);
        backwards.add(&bars(&[10, 11]), Some(1), 1);
        let mut too_many = RangeCoverage::new(true);
        too_many.add(&bars(&[10]), None, 1);
        too_many.add(&bars(&[20]), Some(0), 1);
        for coverage in [earlier_attempt, backwards, too_many] {
            assert_eq!(coverage.bars(), None);
            assert_eq!(coverage.next(100), 100, "nothing more than the batch itself");
        }
    }
}
