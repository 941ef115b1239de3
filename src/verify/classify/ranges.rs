//! Joins bars of one pattern to ranges, and counts bars.
//!
//! A range goes on while fewer than [`GAP`] other bars come in between. Identical ones among them become part of it, bars
//! of another pattern have ranges of their own. Identical bars that no range goes on over are a range of their own.
//!
//! Invariant: the totals are exact, however many ranges are listed; at most [`GAP`] ranges are open.

use super::ratio::Ratio;
use super::{BarSpan, Classification, DifferencePattern, GAP, MAX_RANGES, PatternRange, PatternTotals};
use crate::bar::Micros;

/// The pattern of a bar; the interval of a ratio narrows with each bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Label {
    Identical,
    OnlyInCsv,
    OnlyInDb,
    Revised,
    Ratio(Ratio),
    Shifted(Micros),
}

#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// Bars so far.
    bars: u64,
    /// Identical bars since the last differing one.
    same: BarSpan,
    open: Vec<Open>,
    /// Ranges opened so far.
    opened: u64,
    /// The closed ranges, with their places in the order of opening.
    closed: Vec<(u64, PatternRange)>,
    totals: PatternTotals,
}

#[derive(Debug)]
struct Open {
    place: u64,
    label: Label,
    span: BarSpan,
    identical: u64,
    /// The number of bars so far when its last one came.
    at: u64,
}

impl Ranges {
    pub(super) fn add(&mut self, span: BarSpan, label: Label) {
        self.bars += span.bars;
        *self.total(label) += span.bars;
        if label == Label::Identical {
            return self.add_same(span);
        }
        self.close_old(self.bars - span.bars);
        let same = std::mem::take(&mut self.same);
        let bars = self.bars;
        if let Some((open, label)) = self.open.iter_mut().find_map(|o| o.label.with(label).map(|l| (o, l))) {
            open.label = label;
            open.span.last = span.last;
            open.span.bars += same.bars + span.bars;
            open.identical += same.bars;
            open.at = bars;
            return;
        }
        self.close_same(same);
        let place = self.place();
        self.open.push(Open { place, label, span, identical: 0, at: bars });
    }

    pub(super) fn finish(mut self) -> Classification {
        let same = std::mem::take(&mut self.same);
        self.close_same(same);
        self.close_old(u64::MAX);
        self.closed.sort_unstable_by_key(|(place, _)| *place);
        Classification {
            ranges_left_out: self.opened - self.closed.len() as u64,
            ranges: self.closed.into_iter().map(|(_, range)| range).collect(),
            totals: self.totals,
        }
    }

    fn add_same(&mut self, span: BarSpan) {
        if self.same.bars == 0 {
            self.same.first = span.first;
        }
        self.same.last = span.last;
        self.same.bars += span.bars;
    }

    /// Makes a range of identical bars that no range goes on over.
    fn close_same(&mut self, span: BarSpan) {
        if span.bars > 0 {
            let place = self.place();
            self.close(&Open { place, label: Label::Identical, span, identical: span.bars, at: 0 });
        }
    }

    /// Closes the ranges whose last bar is too far behind, after `bars` bars.
    fn close_old(&mut self, bars: u64) {
        let is_old = |open: &Open| bars - open.at >= GAP;
        if self.open.iter().any(is_old) {
            let old: Vec<Open> = self.open.extract_if(.., |open| is_old(open)).collect();
            old.iter().for_each(|open| self.close(open));
        }
    }

    fn close(&mut self, open: &Open) {
        if open.place < MAX_RANGES as u64 {
            let BarSpan { first, last, bars } = open.span;
            let range =
                PatternRange { kind: open.label.kind(), first, last, bars, identical: open.identical };
            self.closed.push((open.place, range));
        }
    }

    fn place(&mut self) -> u64 {
        self.opened += 1;
        self.opened - 1
    }

    fn total(&mut self, label: Label) -> &mut u64 {
        match label {
            Label::Identical => &mut self.totals.identical,
            Label::OnlyInCsv => &mut self.totals.only_in_csv,
            Label::OnlyInDb => &mut self.totals.only_in_db,
            Label::Revised => &mut self.totals.revised,
            Label::Ratio(_) => &mut self.totals.ratio,
            Label::Shifted(_) => &mut self.totals.shifted,
        }
    }
}

impl Label {
    /// The label of two bars together; none if their patterns differ.
    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Ratio(a), Self::Ratio(b)) => a.narrowed(b).map(Self::Ratio),
            _ => (self == other).then_some(self),
        }
    }

    fn kind(self) -> DifferencePattern {
        match self {
            Self::Identical => DifferencePattern::Identical,
            Self::OnlyInCsv => DifferencePattern::OnlyInCsv,
            Self::OnlyInDb => DifferencePattern::OnlyInDb,
            Self::Revised => DifferencePattern::Revised,
            Self::Ratio(ratio) => ratio.kind(),
            Self::Shifted(by) => DifferencePattern::Shifted { by },
        }
    }
}
