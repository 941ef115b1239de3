//! Says what kind of difference there is between a file and the database, and from when to when.
//!
//! Bars go in by time: [`Classifier::push_same`] for one that both sides have alike, [`Classifier::push`]
//! for any other. They pass three stages, each with bounded memory:
//!
//! | stage | what it does |
//! | --- | --- |
//! | `pairs` | looks for the file's bar at another time in the database: shifted |
//! | `runs` | looks for a constant ratio among bars that both sides have: splits and adjustments |
//! | `ranges` | gathers bars of one kind into ranges, counts the totals |
//!
//! Invariant: every bar that went in is in exactly one range and one total. Ranges are ordered by their first
//! bar; two of the same kind never overlap. Ranges of different kinds may interleave: a file whose daily bars
//! have other times and values than the database's gives two ranges, only in the file and only in the
//! database, not thousands. A range goes on over fewer than [`GAP`] other bars.
//!
//! It judges by the values alone, so it says what a difference looks like, not how it came to be.

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

/// A range ends when this many bars in a row are not of its kind.
pub(crate) const GAP: u64 = 20;
/// How many ranges are listed; the rest is counted.
pub(crate) const MAX_RANGES: usize = 1000;

pub(crate) use says::{FARTHEST_ZONE, is_zone_shift};

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Pattern {
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
    /// The database has the file's bar at another time. Of a bar that both sides have at this time, it is
    /// enough that one of the two is found elsewhere.
    Shifted {
        /// Database's time minus the file's, in microseconds.
        by: Micros,
    },
}

impl Pattern {
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
    /// What kind they are.
    #[serde(flatten)]
    pub(crate) kind: Pattern,
    /// Time of the first, µs since 1970 UTC.
    pub(crate) first: Micros,
    /// Time of the last, µs since 1970 UTC.
    pub(crate) last: Micros,
    /// How many bars it holds, the identical ones that it goes on over included.
    pub(crate) bars: u64,
    /// How many of them are identical.
    pub(crate) identical: u64,
}

/// How many bars there are of each kind, of those not listed too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PatternTotals {
    pub(crate) identical: u64,
    pub(crate) only_in_csv: u64,
    pub(crate) only_in_db: u64,
    pub(crate) revised: u64,
    pub(crate) ratio: u64,
    pub(crate) shifted: u64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Classification {
    /// The first [`MAX_RANGES`] ranges, by their first bar.
    pub(crate) ranges: Vec<PatternRange>,
    /// How many ranges there were beyond them.
    pub(crate) ranges_left_out: u64,
    /// How many bars of each kind, in all ranges.
    pub(crate) totals: PatternTotals,
}

/// Takes bars in time order and says what kinds of differences there are.
#[derive(Debug, Default)]
pub(crate) struct Classifier {
    /// Identical bars since the last that was not.
    same: BarSpan,
    pairs: pairs::Pairs,
    runs: runs::Runs,
    ranges: ranges::Ranges,
}

impl Classifier {
    /// One that has seen nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A bar that both sides have with the same values.
    #[inline]
    pub(crate) fn push_same(&mut self, time: Micros) {
        if self.same.bars == 0 {
            self.same.first = time;
        }
        self.same.last = time;
        self.same.bars += 1;
    }

    /// A bar that one side lacks, or that has other values there. Equal values count as the same, and
    /// nothing on both sides as nothing.
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

    /// Ends the series.
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

    /// The oldest bar leaves the window; false when there was none.
    fn settle_first(&mut self) -> bool {
        let settled = self.pairs.pop();
        if let Some((span, event)) = settled {
            self.runs.take(span, event, &mut self.ranges);
        }
        settled.is_some()
    }
}

/// Bars that follow each other; one, but for identical ones.
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

/// What the window says of a bar.
#[derive(Debug, Clone, Copy)]
enum Event {
    Same,
    OnlyInCsv,
    OnlyInDb,
    Both { csv: Ohlcv, db: Ohlcv },
    Shifted { by: Micros },
}
