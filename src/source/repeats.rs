//! Compares rows that repeat a time with the first row of that time.
//!
//! Invariant: every repeat of a batch is compared with the file's first row of its time, and is either the same or a
//! rejected row.

use std::collections::HashMap;

use super::reader::{Batch, Repeat};
use crate::bar::{Micros, Ohlcv, format_time};
use crate::finding::RejectedRow;

/// How many repeats have the values of the first row of their time, and the rejected rows of the others.
///
/// `earlier` has the values of the first row for times of earlier batches. If neither the batch nor `earlier` has the
/// time (in a dry run the earlier bars were not written), the repeat counts as the same.
#[must_use]
pub fn repeats(batch: &Batch, earlier: &HashMap<Micros, Ohlcv>) -> (u64, Vec<RejectedRow>) {
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

/// The rejected row of a repeat whose values differ from the first row of its time.
#[must_use]
pub fn contradiction(repeat: &Repeat, first: &Ohlcv) -> RejectedRow {
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
    use crate::bar::Bars;
    use crate::finding::RawRow;

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

    fn repeat(time: Micros, close: f64) -> Repeat {
        Repeat { time, values: v(close), row: RawRow { line: 9, offset: 99, bytes: b"raw".to_vec() } }
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
