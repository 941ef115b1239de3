//! Finds runs of bars whose values differ by a constant ratio.
//!
//! A bar that both sides have starts or continues a candidate. Once enough bars agree on a ratio that is not 1, the
//! candidate becomes the run. A bar that does not fit ends the candidate, whose bars then count as revised, and is tried on
//! the run. A run goes on over fewer than [`GAP`] other bars, so a single revised bar does not split an adjusted series.
//!
//! A bar that repeats the one before proves nothing more (the quotes of two vendors in a quiet market are no adjustment),
//! unless the ratio is a plain fraction, as that of a split.
//!
//! Invariant: every bar is passed on to the ranges once, in order. At most [`WAITING`] bars of a candidate wait, and the
//! bars between them.

use std::collections::VecDeque;

use super::ranges::{Label, Ranges};
use super::ratio::{BarRatio, Ratio};
use super::{BarSpan, Event, GAP};
use crate::bar::Ohlcv;

/// Bars that prove a ratio of prices.
const PRICE_BARS: u64 = 3;
/// Bars that prove a ratio of prices whose interval is coarse (penny stocks, where rounding allows many ratios).
const COARSE_BARS: u64 = 10;
/// Bars that prove a ratio of volumes with equal prices.
const VOLUME_BARS: u64 = 10;
/// Most bars of a candidate that wait.
const WAITING: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Runs {
    run: Option<RatioRun>,
    candidate: Option<RatioRun>,
    /// All bars from the candidate's first one on; its own bars have no label yet.
    waiting: VecDeque<(BarSpan, Option<Label>)>,
    /// The number of the candidate's own bars among them.
    own: usize,
}

#[derive(Debug, Clone, Copy)]
struct RatioRun {
    ratio: Ratio,
    bars: u64,
    /// Bars that do not repeat the one before.
    informative: u64,
    last: BarRatio,
    /// Other bars since its last.
    idle: u64,
}

impl Runs {
    pub(super) fn take(&mut self, span: BarSpan, event: Event, out: &mut Ranges) {
        match event {
            Event::Same => self.pass(span, Label::Identical, out),
            Event::OnlyInCsv => self.pass(span, Label::OnlyInCsv, out),
            Event::OnlyInDb => self.pass(span, Label::OnlyInDb, out),
            Event::Shifted { by } => self.pass(span, Label::Shifted(by), out),
            Event::Both { csv, db } => self.both(span, &csv, &db, out),
        }
    }

    pub(super) fn finish(&mut self, out: &mut Ranges) {
        self.end_candidate(out);
    }

    fn both(&mut self, span: BarSpan, csv: &Ohlcv, db: &Ohlcv, out: &mut Ranges) {
        let Some(bar) = BarRatio::by(csv, db) else {
            self.end_candidate(out);
            return self.pass(span, Label::Revised, out);
        };
        if let Some(longer) = self.candidate.and_then(|c| c.with(&bar)) {
            self.candidate = Some(longer);
            return self.add_to_candidate(span, longer, out);
        }
        self.end_candidate(out);
        if let Some(longer) = self.run.and_then(|r| r.with(&bar)) {
            self.run = Some(longer);
            return out.add(span, Label::Ratio(longer.ratio));
        }
        match bar.start() {
            Some(ratio) => {
                let candidate = RatioRun { ratio, bars: 1, informative: 1, last: bar, idle: 0 };
                self.candidate = Some(candidate);
                self.add_to_candidate(span, candidate, out);
            }
            None => self.pass(span, Label::Revised, out),
        }
    }

    /// Passes on a bar that belongs to no run.
    fn pass(&mut self, span: BarSpan, label: Label, out: &mut Ranges) {
        self.run = self.run.and_then(|r| r.without(span));
        if let Some(candidate) = self.candidate {
            self.candidate = candidate.without(span);
            if self.candidate.is_some() {
                return self.waiting.push_back((span, Some(label)));
            }
            self.end_candidate(out);
        }
        out.add(span, label);
    }

    /// Adds a bar to the candidate, which becomes the run if it has enough bars.
    fn add_to_candidate(&mut self, span: BarSpan, candidate: RatioRun, out: &mut Ranges) {
        self.waiting.push_back((span, None));
        self.own += 1;
        if candidate.is_ratio() {
            self.run = self.candidate.take();
            self.release(Label::Ratio(candidate.ratio), out);
        } else if self.own > WAITING {
            self.release_first(out);
        }
    }

    /// Ends the candidate: its bars were revised.
    fn end_candidate(&mut self, out: &mut Ranges) {
        let revised = BarSpan { bars: self.own as u64, ..BarSpan::default() };
        self.run = self.run.and_then(|r| r.without(revised));
        self.candidate = None;
        self.release(Label::Revised, out);
    }

    fn release(&mut self, own: Label, out: &mut Ranges) {
        self.own = 0;
        for (span, label) in self.waiting.drain(..) {
            out.add(span, label.unwrap_or(own));
        }
    }

    /// Passes on the candidate's first bar and the bars up to its second one.
    fn release_first(&mut self, out: &mut Ranges) {
        if let Some((span, label)) = self.waiting.pop_front() {
            out.add(span, label.unwrap_or(Label::Revised));
            self.own -= 1;
        }
        while let Some((span, Some(label))) = self.waiting.front().copied() {
            out.add(span, label);
            self.waiting.pop_front();
        }
    }
}

impl RatioRun {
    fn with(self, bar: &BarRatio) -> Option<Self> {
        let ratio = bar.narrow(self.ratio)?;
        let is_informative = !bar.repeats(&self.last, ratio);
        Some(Self {
            ratio,
            bars: self.bars + 1,
            informative: self.informative + u64::from(is_informative),
            last: *bar,
            idle: 0,
        })
    }

    fn without(self, span: BarSpan) -> Option<Self> {
        let idle = self.idle.saturating_add(span.bars);
        (idle < GAP).then_some(Self { idle, ..self })
    }

    fn is_ratio(&self) -> bool {
        let (known, least) = match (self.ratio.price, self.ratio.volume) {
            (Some(price), _) if price.is_coarse() => (price, COARSE_BARS),
            (Some(price), _) => (price, PRICE_BARS),
            (None, Some(volume)) => (volume, VOLUME_BARS),
            (None, None) => return false,
        };
        self.bars >= least
            && known.excludes_one()
            && (self.informative >= least || known.fraction().is_some())
    }
}
