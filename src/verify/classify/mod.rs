//! Says how the bars of files and database differ: by which pattern, from when to when.
//!
//! Bars come in time order with the values of both sides. Each bar gets the first pattern of this list that fits:
//!
//! | pattern | when | decided in |
//! | --- | --- | --- |
//! | identical | both sides have the bar with the same values | here |
//! | shifted | the other side has the same values at another time, and its neighbours are shifted by as much | `pairs` |
//! | ratio | the database's values are the file's times a constant, for several bars in a row | `runs`, `ratio` |
//! | revised | both sides have the bar, with other values | `runs` |
//! | only in csv, only in db | one side has the bar | `pairs` |
//!
//! `ranges` joins consecutive bars of one pattern; a range goes on over fewer than [`GAP`] bars of other patterns. `says`
//! puts a pattern into words.
//!
//! Invariants: every bar is counted in exactly one range and one total, and each stage holds a bounded number of bars.
//! Ranges are ordered by their first bar; two ranges of one pattern never overlap, those of different patterns may: a file
//! whose daily bars have other times and values than the database's gives two ranges, not thousands. Only values are
//! compared, so a pattern says what a difference looks like, not how it came to be.

mod pairs;
mod ranges;
mod ratio;
mod runs;
mod says;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::bar::{Micros, Ohlcv};
use crate::model::RangeKind;

/// A range ends after this many bars in a row of other patterns.
pub(crate) const GAP: u64 = 20;
/// Most ranges that are listed; further ones are counted.
pub(crate) const MAX_RANGES: usize = 1000;

pub(crate) use says::{FARTHEST_ZONE, is_zone_shift};

/// How bars differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum DifferencePattern {
    /// The same on both sides.
    Identical,
    /// The database lacks the bar.
    OnlyInCsv,
    /// The file lacks the bar.
    OnlyInDb,
    /// Both have the bar, with other values.
    Revised,
    /// Both have the bar, and the database's values are the file's times a constant, within rounding.
    Ratio {
        /// Database's prices by the file's; none where the prices are equal.
        price: Option<f64>,
        /// Database's volumes by the file's (1 where they are equal); none where there is no constant.
        volume: Option<f64>,
    },
    /// The database has the file's bar at another time. If both sides have a bar at this time, one of the two has to be
    /// found elsewhere.
    Shifted {
        /// Database's time minus the file's, in microseconds.
        by: Micros,
    },
}

impl DifferencePattern {
    /// Its name, as the database stores it.
    pub(crate) fn kind(self) -> RangeKind {
        match self {
            Self::Identical => RangeKind::Identical,
            Self::OnlyInCsv => RangeKind::OnlyInCsv,
            Self::OnlyInDb => RangeKind::OnlyInDb,
            Self::Revised => RangeKind::Revised,
            Self::Ratio { .. } => RangeKind::Ratio,
            Self::Shifted { .. } => RangeKind::Shifted,
        }
    }
}

/// Consecutive bars of one pattern.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct PatternRange {
    /// Their pattern.
    #[serde(flatten)]
    pub(crate) kind: DifferencePattern,
    /// Time of the first bar, µs since 1970 UTC.
    pub(crate) first: Micros,
    /// Time of the last bar, µs since 1970 UTC.
    pub(crate) last: Micros,
    /// Number of bars, with the identical ones that the range goes on over.
    pub(crate) bars: u64,
    /// How many of them are identical.
    pub(crate) identical: u64,
}

/// Number of bars of each pattern, in all ranges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PatternTotals {
    pub(crate) identical: u64,
    pub(crate) only_in_csv: u64,
    pub(crate) only_in_db: u64,
    pub(crate) revised: u64,
    pub(crate) ratio: u64,
    pub(crate) shifted: u64,
}

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Classification {
    /// The first [`MAX_RANGES`] ranges, by their first bar.
    pub(crate) ranges: Vec<PatternRange>,
    /// Number of further ranges.
    pub(crate) ranges_left_out: u64,
    pub(crate) totals: PatternTotals,
}

/// Takes the bars of both sides in time order.
#[derive(Debug, Default)]
pub(crate) struct Classifier {
    /// Identical bars since the last differing one.
    same: BarSpan,
    pairs: pairs::Pairs,
    runs: runs::Runs,
    ranges: ranges::Ranges,
}

impl Classifier {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes a bar that both sides have with the same values.
    #[inline]
    pub(crate) fn push_same(&mut self, time: Micros) {
        if self.same.bars == 0 {
            self.same.first = time;
        }
        self.same.last = time;
        self.same.bars += 1;
    }

    /// Takes a bar that one side lacks or has with other values.
    pub(crate) fn push(&mut self, time: Micros, csv: Option<Ohlcv>, db: Option<Ohlcv>) {
        match (csv, db) {
            (None, None) => return,
            (Some(csv), Some(db)) if csv == db => return self.push_same(time),
            _ => {}
        }
        self.flush_same();
        self.pairs.push(time, csv, db);
        while self.pairs.is_over() {
            self.settle_first();
        }
    }

    /// Ends the series and returns the result.
    pub(crate) fn finish(mut self) -> Classification {
        self.flush_same();
        while self.settle_first() {}
        self.runs.finish(&mut self.ranges);
        self.ranges.finish()
    }

    fn flush_same(&mut self) {
        if self.same.bars > 0 {
            self.pairs.push_same(self.same);
            self.same = BarSpan::default();
        }
    }

    /// Passes the oldest bar of the window on; false if the window is empty.
    fn settle_first(&mut self) -> bool {
        let settled = self.pairs.pop();
        if let Some((span, event)) = settled {
            self.runs.take(span, event, &mut self.ranges);
        }
        settled.is_some()
    }
}

/// One bar, or consecutive identical bars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct BarSpan {
    first: Micros,
    last: Micros,
    bars: u64,
}

impl BarSpan {
    fn one(time: Micros) -> Self {
        Self { first: time, last: time, bars: 1 }
    }
}

/// What `pairs` decides about a bar.
#[derive(Debug, Clone, Copy)]
enum Event {
    Same,
    OnlyInCsv,
    OnlyInDb,
    Both { csv: Ohlcv, db: Ohlcv },
    Shifted { by: Micros },
}
