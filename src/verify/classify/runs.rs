//! Looks for runs of bars whose values differ by a constant ratio.
//!
//! A bar both sides have starts or continues a candidate; once enough bars agree on a ratio that is not 1, the
//! candidate becomes the run. A bar that does not fit ends the candidate (its bars were revised), then is tried on the run, which
//! goes on over fewer than [`GAP`] other bars: a single revised bar does not tear an adjusted series in two.
//!
//! Bars that repeat the one before prove nothing more (a quiet market on two vendors' terms is no adjustment), unless
//! the ratio is a plain fraction, as of a split.
//!
//! Invariant: every bar goes on to the ranges once, in order. Waiting are at most [`WAITING`] bars of a candidate
//! and what lies between them.

use std::collections::VecDeque;

use super::ranges::{Label, Ranges};
use super::ratio::{Allowed, Ratio};
use super::{BarSpan, Event, GAP};
use crate::bar::Ohlcv;

/// How many bars make a ratio of prices.
const PRICE_BARS: u64 = 3;
/// How many bars make a ratio of prices that is only coarsely known (penny stocks: any two are alike).
const COARSE_BARS: u64 = 10;
/// How many bars make a ratio of volumes alone.
const VOLUME_BARS: u64 = 10;
/// How many bars of a candidate wait for more.
const WAITING: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Runs {
    run: Option<RatioRun>,
    candidate: Option<RatioRun>,
    /// From the candidate's first bar on; its own bars have no label yet.
    waiting: VecDeque<(BarSpan, Option<Label>)>,
    /// How many of them are the candidate's own.
    own: usize,
}

#[derive(Debug, Clone, Copy)]
struct RatioRun {
    ratio: Ratio,
    bars: u64,
    /// How many of them say something that the one before did not.
    telling: u64,
    last: Allowed,
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
        self.give_up(out);
    }

    fn both(&mut self, span: BarSpan, csv: &Ohlcv, db: &Ohlcv, out: &mut Ranges) {
        let Some(bar) = Allowed::by(csv, db) else {
            self.give_up(out);
            return self.pass(span, Label::Revised, out);
        };
        if let Some(longer) = self.candidate.and_then(|c| c.with(&bar)) {
            self.candidate = Some(longer);
            return self.wait(span, longer, out);
        }
        self.give_up(out);
        if let Some(longer) = self.run.and_then(|r| r.with(&bar)) {
            self.run = Some(longer);
            return out.add(span, Label::Ratio(longer.ratio));
        }
        match bar.start() {
            Some(ratio) => {
                let candidate = RatioRun { ratio, bars: 1, telling: 1, last: bar, idle: 0 };
                self.candidate = Some(candidate);
                self.wait(span, candidate, out);
            }
            None => self.pass(span, Label::Revised, out),
        }
    }

    /// A bar that belongs to no run.
    fn pass(&mut self, span: BarSpan, label: Label, out: &mut Ranges) {
        self.run = self.run.and_then(|r| r.without(span));
        if let Some(candidate) = self.candidate {
            self.candidate = candidate.without(span);
            if self.candidate.is_some() {
                return self.waiting.push_back((span, Some(label)));
            }
            self.give_up(out);
        }
        out.add(span, label);
    }

    /// A bar of the candidate: enough of them, or too many to wait for more.
    fn wait(&mut self, span: BarSpan, candidate: RatioRun, out: &mut Ranges) {
        self.waiting.push_back((span, None));
        self.own += 1;
        if candidate.is_ratio() {
            self.run = self.candidate.take();
            self.release(Label::Ratio(candidate.ratio), out);
        } else if self.own > WAITING {
            self.release_first(out);
        }
    }

    /// The candidate is none: its bars were revised.
    fn give_up(&mut self, out: &mut Ranges) {
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

    /// Lets the candidate's first bar go, and what follows it up to the second.
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
    fn with(self, bar: &Allowed) -> Option<Self> {
        let ratio = bar.narrow(self.ratio)?;
        let tells = !bar.repeats(&self.last, ratio);
        Some(Self {
            ratio,
            bars: self.bars + 1,
            telling: self.telling + u64::from(tells),
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
        self.bars >= least && known.tells() && (self.telling >= least || known.fraction().is_some())
    }
}
