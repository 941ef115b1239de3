//! Two sides in time order, compared bar by bar.
//!
//! Invariant: pure; each bar of either side is counted once: as identical, different, or on one side alone. Values are
//! the same if they are equal as numbers. Where a database has several bars of one time (a foreign writer can put them
//! into a columnstore), one that is the same on the other side is its partner, whichever order they come in; the others
//! are on one side alone.

use super::Findings;
use super::classify::Classifier;
use super::files::FileBars;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::digest::{self, SeriesDigest};
use crate::finding::{Difference, Place};

/// What is known of one side and not compared yet.
#[derive(Debug, Default)]
pub(super) struct SideBuffer {
    bars: Bars,
    places: Vec<Place>,
    /// Of files that contradict each other: what else may stand there, in time order.
    others: Vec<(Micros, Ohlcv)>,
    at: usize,
    /// Of a database's bars: where those of the last time begin, of which more may follow.
    whole: usize,
    /// Nothing follows.
    pub(super) ended: bool,
}

impl SideBuffer {
    /// Bars of a database. Those of the last time are kept back until all of them are there.
    pub(super) fn take(&mut self, next: &Bars) {
        let mut bars = Bars::with_capacity(self.bars.len() - self.at + next.len());
        (self.at..self.bars.len()).for_each(|i| bars.push(self.bars.time[i], self.bars.values(i)));
        bars.append(next);
        let whole = bars.time.last().map_or(0, |last| bars.time.partition_point(|time| time < last));
        *self = Self { bars, whole, ended: self.ended, ..Self::default() };
    }

    /// Bars of files, each time once.
    pub(super) fn take_files(&mut self, next: FileBars) {
        let FileBars { bars, places, others, .. } = next;
        *self = Self { whole: bars.len(), bars, places, others, ended: self.ended, ..Self::default() };
    }

    /// Brings a bar of this time that `fits` to the front, if there is one.
    fn prefer(&mut self, time: Micros, fits: impl Fn(Ohlcv) -> bool) {
        let same_time = (self.at..self.bars.len()).take_while(|i| self.bars.time[*i] == time);
        let found = same_time.into_iter().find(|i| fits(self.bars.values(*i)));
        if let Some(i) = found.filter(|i| *i != self.at) {
            self.bars.swap_values(self.at, i);
        }
    }

    /// Whether another file has these values at this time.
    fn has_other(&self, time: Micros, values: Ohlcv) -> bool {
        let from = self.others.partition_point(|(t, _)| *t < time);
        self.others[from..].iter().take_while(|(t, _)| *t == time).any(|(_, v)| digest::same(*v, values))
    }

    fn time(&self) -> Option<Micros> {
        self.bars.time.get(self.at).copied().filter(|_| self.at < self.whole || self.ended)
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.time().is_none() && !self.ended
    }

    pub(super) fn is_done(&self) -> bool {
        self.time().is_none() && self.ended
    }

    fn values(&mut self) -> Ohlcv {
        let values = self.bars.values(self.at);
        self.at += 1;
        values
    }

    /// The same, with its place in the files, where it has one.
    fn placed(&mut self) -> (Place, Ohlcv) {
        let place = self.places.get(self.at).copied().unwrap_or_default();
        (place, self.values())
    }
}

/// A comparison as far as it is.
pub(super) struct BarComparison {
    pub(super) found: Findings,
    within_range: bool,
    max_listed: usize,
    classifier: Classifier,
    /// Of the bars that are the same on both sides, and of the others on each.
    same: SeriesDigest,
    csv: SeriesDigest,
    db: SeriesDigest,
}

impl BarComparison {
    pub(super) fn new(within_range: bool, max_listed: usize) -> Self {
        let nothing = SeriesDigest::default();
        Self {
            found: Findings::default(),
            within_range,
            max_listed,
            classifier: Classifier::new(),
            same: nothing,
            csv: nothing,
            db: nothing,
        }
    }

    /// Compares as far as both sides are known.
    pub(super) fn advance(&mut self, csv: &mut SideBuffer, db: &mut SideBuffer) {
        loop {
            match (csv.time(), db.time()) {
                (Some(c), Some(d)) if c == d => self.both(c, csv, db),
                (Some(c), Some(d)) if c < d => self.only_in_csv(c, csv),
                (Some(c), None) if db.ended => self.only_in_csv(c, csv),
                (Some(_), Some(d)) => self.only_in_db(d, db, false),
                (None, Some(d)) if csv.ended => self.only_in_db(d, db, true),
                _ => return,
            }
        }
    }

    fn both(&mut self, time: Micros, csv: &mut SideBuffer, db: &mut SideBuffer) {
        self.found.csv.add(time);
        self.found.db.add(time);
        let (place, ours) = csv.placed();
        db.prefer(time, |theirs| digest::same(ours, theirs) || csv.has_other(time, theirs));
        let theirs = db.values();
        if digest::same(ours, theirs) || csv.has_other(time, theirs) {
            self.found.identical += 1;
            self.same.add(time, theirs);
            self.classifier.push_same(time);
            return;
        }
        self.found.different += 1;
        self.csv.add(time, ours);
        self.db.add(time, theirs);
        self.differs(Difference { time, csv: Some((place, ours)), db: Some(theirs) });
    }

    fn only_in_csv(&mut self, time: Micros, csv: &mut SideBuffer) {
        self.found.csv.add(time);
        self.found.only_in_csv += 1;
        let bar = csv.placed();
        self.csv.add(time, bar.1);
        self.differs(Difference { time, csv: Some(bar), db: None });
    }

    fn only_in_db(&mut self, time: Micros, db: &mut SideBuffer, behind: bool) {
        let values = db.values();
        self.db.add(time, values);
        // A second bar of the files' last time is none behind it.
        let behind = behind && self.found.csv.last != Some(time);
        if self.within_range && (behind || self.found.csv.bars == 0) {
            self.found.outside += 1;
            return;
        }
        self.found.db.add(time);
        self.found.only_in_db += 1;
        self.differs(Difference { time, csv: None, db: Some(values) });
    }

    fn differs(&mut self, difference: Difference) {
        let csv = difference.csv.map(|(_, values)| values);
        self.classifier.push(difference.time, csv, difference.db);
        if self.found.listed.len() < self.max_listed {
            self.found.listed.push(difference);
        }
    }

    pub(super) fn finish(mut self) -> Findings {
        let (mut csv, mut db) = (self.csv, self.db);
        csv.merge(&self.same);
        db.merge(&self.same);
        self.found.contents = Some((csv, db));
        self.found.classification = self.classifier.finish();
        self.found
    }
}
