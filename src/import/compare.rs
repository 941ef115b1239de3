//! What a batch means, given the bars that are there: new, the same, different.
//!
//! Invariant: pure; every bar of the batch ends up in exactly one place.

use std::borrow::Cow;

use crate::bar::Bars;
use crate::finding::Mismatch;
use crate::source::reader::Batch;

/// The batch's bars, sorted out.
#[derive(Debug, Default)]
pub struct Compared<'b> {
    /// Bars that the series lacks.
    pub new: Cow<'b, Bars>,
    /// How many the series has with the same values.
    pub same: u64,
    /// Those that it has with other values.
    pub different: Vec<Mismatch>,
}

/// Sorts a batch's bars out. Both sides are in time order.
#[must_use]
pub fn bars<'b>(batch: &'b Batch, existing: &Bars) -> Compared<'b> {
    if existing.is_empty() {
        return Compared { new: Cow::Borrowed(&batch.bars), ..Compared::default() };
    }
    let mut new = Bars::with_capacity(batch.bars.len());
    let mut out = Compared::default();
    let mut there = 0;
    for i in 0..batch.bars.len() {
        let (time, csv) = (batch.bars.time[i], batch.bars.values(i));
        while existing.time.get(there).is_some_and(|t| *t < time) {
            there += 1;
        }
        let first = there;
        while existing.time.get(there) == Some(&time) {
            there += 1;
        }
        if there == first {
            new.push(time, csv);
            continue;
        }
        // Without a unique index, a foreign writer may have put a second bar there: all have to be the same.
        match (first..there).map(|i| existing.values(i)).find(|db| *db != csv) {
            None => out.same += 1,
            Some(db) => out.different.push(Mismatch { line: batch.lines[i], time, csv, db }),
        }
    }
    out.new = Cow::Owned(new);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::columns::{CLOSE, VOLUME};
    use crate::bar::{Micros, Ohlcv, UNKNOWN};

    fn v(close: f64) -> Ohlcv {
        Ohlcv::new(1.0, 9.0, 0.5, close, 10.0)
    }

    fn made(times: &[(Micros, f64)]) -> Bars {
        let mut bars = Bars::default();
        for &(t, c) in times {
            bars.push(t, v(c));
        }
        bars
    }

    #[test]
    fn each_bar_is_new_same_or_different() {
        let batch = Batch {
            bars: made(&[(1, 1.0), (3, 3.0), (5, 5.0), (7, 7.0)]),
            lines: vec![2, 3, 4, 5],
            ..Batch::default()
        };
        let got = bars(&batch, &made(&[(0, 0.0), (3, 3.0), (4, 4.0), (5, 5.5)]));
        assert_eq!(got.new.time, [1, 7]);
        assert_eq!(got.same, 1);
        assert_eq!(got.different.len(), 1);
        assert_eq!((got.different[0].line, got.different[0].db[CLOSE]), (4, 5.5));
    }

    #[test]
    fn bars_that_are_there_twice_are_the_same_only_if_both_are() {
        let batch =
            Batch { bars: made(&[(1, 1.0), (3, 3.0), (5, 5.0)]), lines: vec![2, 3, 4], ..Batch::default() };
        let got = bars(&batch, &made(&[(1, 1.0), (1, 1.0), (3, 3.0), (3, 3.5), (4, 4.0), (4, 4.0)]));
        assert_eq!(got.new.time, [5]);
        assert_eq!(got.same, 1);
        let different: Vec<_> = got.different.iter().map(|m| (m.line, m.db[CLOSE])).collect();
        assert_eq!(different, [(3, 3.5)]);
    }

    #[test]
    fn a_value_that_only_one_side_lacks_differs() {
        let of = |volumes: [f64; 3]| {
            let mut bars = Bars::default();
            (0..).zip(volumes).for_each(|(time, volume)| bars.push(time, v(1.0).with(VOLUME, volume)));
            bars
        };
        let batch = Batch { bars: of([UNKNOWN, UNKNOWN, 10.0]), lines: vec![2, 3, 4], ..Batch::default() };
        let got = bars(&batch, &of([UNKNOWN, f64::NAN, UNKNOWN]));
        assert_eq!((got.same, got.new.len()), (1, 0));
        assert_eq!(got.different.iter().map(|m| m.line).collect::<Vec<_>>(), [3, 4]);
    }
}
