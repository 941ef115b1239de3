//! What a batch means, given the bars that are there: new, the same, different; repeat or contradiction.
//!
//! Invariant: pure; every bar and every repeat of the batch ends up in exactly one place.

use std::collections::HashMap;

use crate::bar::{Bars, Micros, Ohlcv, format_time};
use crate::finding::{Mismatch, RejectedRow};
use crate::source::reader::{Batch, Repeat};

/// The batch's bars, sorted out.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Bars that the series lacks.
    pub(super) new: Bars,
    /// How many the series has with the same values.
    pub(super) same: u64,
    /// Those that it has with other values.
    pub(super) different: Vec<Mismatch>,
}

/// Sorts a batch's bars out. Both sides are in time order.
pub(super) fn bars(batch: &Batch, existing: &Bars) -> Compared {
    let mut out = Compared { new: Bars::with_capacity(batch.bars.len()), ..Compared::default() };
    let mut there = 0;
    for i in 0..batch.bars.len() {
        let (time, csv) = (batch.bars.time[i], batch.bars.values(i));
        while existing.time.get(there).is_some_and(|t| *t < time) {
            there += 1;
        }
        if existing.time.get(there) != Some(&time) {
            out.new.push(time, csv);
            continue;
        }
        let db = existing.values(there);
        if csv == db {
            out.same += 1;
        } else {
            out.different.push(Mismatch { line: batch.lines[i], time, csv, db });
        }
    }
    out
}

/// Repeats of earlier rows: how many say the same, and those that contradict the first.
///
/// `earlier` holds the first row's values for times of earlier batches; times of this one are looked up in
/// it. A time that neither has (in a dry run the earlier bars were not written) counts as the same.
pub(super) fn repeats(batch: &Batch, earlier: &HashMap<Micros, Ohlcv>) -> (u64, Vec<RejectedRow>) {
    let mut same = 0;
    let mut contradictions = Vec::new();
    for repeat in &batch.repeats {
        let first = match batch.bars.time.binary_search(&repeat.time) {
            Ok(i) => Some(batch.bars.values(i)),
            Err(_) => earlier.get(&repeat.time).copied(),
        };
        match first {
            Some(first) if first != repeat.values => contradictions.push(contradiction(repeat, &first)),
            _ => same += 1,
        }
    }
    (same, contradictions)
}

fn contradiction(repeat: &Repeat, first: &Ohlcv) -> RejectedRow {
    let reason = format!(
        "repeats the time {} of an earlier row with other values: first {first}, now {}",
        format_time(repeat.time),
        repeat.values
    );
    RejectedRow { row: repeat.row.clone(), rule: "duplicate", reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RawRow;

    fn v(close: f64) -> Ohlcv {
        Ohlcv { open: 1.0, high: 9.0, low: 0.5, close, volume: 10.0 }
    }

    fn made(times: &[(Micros, f64)]) -> Bars {
        let mut bars = Bars::default();
        for &(t, c) in times {
            bars.push(t, v(c));
        }
        bars
    }

    fn repeat(time: Micros, close: f64) -> Repeat {
        Repeat { time, values: v(close), row: RawRow { line: 9, offset: 99, bytes: b"raw".to_vec() } }
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
        assert_eq!((got.different[0].line, got.different[0].db.close), (4, 5.5));
    }

    #[test]
    fn repeats_are_judged_by_their_first() {
        let batch = Batch {
            bars: made(&[(10, 1.0)]),
            repeats: vec![repeat(10, 1.0), repeat(10, 2.0), repeat(5, 3.0), repeat(5, 4.0), repeat(6, 1.0)],
            ..Batch::default()
        };
        let (same, contradictions) = repeats(&batch, &HashMap::from([(5, v(3.0))]));
        assert_eq!(same, 3);
        assert_eq!(contradictions.len(), 2);
        assert!(contradictions[0].reason.contains("first o=1 h=9 l=0.5 c=1 v=10, now"));
    }
}
