//! Compares two sides bar by bar; both come in time order.
//!
//! Invariant: no I/O, and each bar of either side is counted once: as identical, different, or on one side only. Values are
//! the same if they are equal as numbers. If a database has several bars of one time (another writer can put them into a
//! columnstore), the one that equals the other side's bar is its partner, in whatever order they come; the others are on
//! one side only.

use super::Findings;
use super::classify::Classifier;
use super::files::FileBars;
use crate::bar::{Bars, Micros, Ohlcv};
use crate::digest::{self, SeriesDigest};
use crate::finding::{Difference, Place};

/// Bars of one side that have been read and not compared yet.
#[derive(Debug, Default)]
pub(super) struct SideBuffer {
    bars: Bars,
    places: Vec<Place>,
    /// Other values at the same times, in time order, if files contradict each other.
    others: Vec<(Micros, Ohlcv)>,
    at: usize,
    /// Start of a database's bars of the last time, of which more may follow.
    complete: usize,
    /// No more bars follow.
    pub(super) ended: bool,
}

impl SideBuffer {
    /// Adds bars of a database. Those of the last time are not compared until all of them have come.
    pub(super) fn take(&mut self, next: &Bars) {
        let mut bars = Bars::with_capacity(self.bars.len() - self.at + next.len());
        (self.at..self.bars.len()).for_each(|i| bars.push(self.bars.time[i], self.bars.values(i)));
        bars.append(next);
        let complete = bars.time.last().map_or(0, |last| bars.time.partition_point(|time| time < last));
        *self = Self { bars, complete, ended: self.ended, ..Self::default() };
    }

    /// Adds bars of files, which have each time once.
    pub(super) fn take_files(&mut self, next: FileBars) {
        let FileBars { bars, places, others, .. } = next;
        *self = Self { complete: bars.len(), bars, places, others, ended: self.ended, ..Self::default() };
    }

    /// Moves a bar of this time that `fits` to the front, if there is one.
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
        self.bars.time.get(self.at).copied().filter(|_| self.at < self.complete || self.ended)
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

    /// The next values, with their place in the files if they have one.
    fn placed(&mut self) -> (Place, Ohlcv) {
        let place = self.places.get(self.at).copied().unwrap_or_default();
        (place, self.values())
    }
}

pub(super) struct BarComparison {
    pub(super) found: Findings,
    within_range: bool,
    max_listed: usize,
    classifier: Classifier,
    /// Digests of the bars that are the same on both sides, and of the other bars of each side.
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

    /// Compares as far as both sides have been read.
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

    fn only_in_db(&mut self, time: Micros, db: &mut SideBuffer, after_files: bool) {
        let values = db.values();
        self.db.add(time, values);
        // A second bar of the files' last time is not after it.
        let after_files = after_files && self.found.csv.last != Some(time);
        if self.within_range && (after_files || self.found.csv.bars == 0) {
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
