//! Finds bars whose prices are far from those around them.

use std::ops::Range;

use super::Row;
use crate::bar::Micros;
use crate::bar::columns::{CLOSE, HIGH, LOW};
use crate::source::reader::Batch;
use crate::timeframe::DAY;

/// The market-data rule that such a bar breaks.
pub(super) const RULE: &str = "price_jump";

/// A price that is so many times another one is mostly one whose decimal sign was lost, one in cents, or one of another
/// instrument.
const JUMP: f64 = 9.0;

/// The level of the prices of one file: a second close near a first one that is far from it makes that the level.
#[derive(Debug)]
pub(super) struct Prices {
    level: f64,
    other: f64,
    /// Whether high and low are compared: over a month or a year they may be far from each other.
    are_short: bool,
}

impl Prices {
    pub(super) fn new(step: Option<Micros>) -> Self {
        Self { level: 0.0, other: 0.0, are_short: step.is_none_or(|step| step <= DAY) }
    }

    /// Whether no price of these rows and of a batch behind them may jump.
    pub(super) fn go_on(&self, waiting: &[Row], batch: &Batch, rows: Range<usize>) -> bool {
        let closes = &batch.bars[CLOSE][rows.clone()];
        let first: Vec<f64> =
            waiting.iter().map(|row| row.values[CLOSE]).chain(closes.first().copied()).collect();
        let is_calm = |closes: &[f64]| !closes.windows(2).any(|pair| may_jump(pair[0], pair[1]));
        let (high, low) = (&batch.bars[HIGH][rows.clone()], &batch.bars[LOW][rows]);
        let is_wide = |[high, low]: [f64; 2]| self.are_short && may_jump(low, high);
        self.other == 0.0
            && first.first().is_none_or(|first| !may_jump(self.level, *first))
            && is_calm(&first)
            && is_calm(closes)
            && !waiting.iter().any(|row| is_wide(row.extremes()))
            && !high.iter().zip(low).any(|(high, low)| is_wide([*high, *low]))
    }

    /// Takes rows that go on for judged, up to this close.
    pub(super) fn skip_to(&mut self, close: f64) {
        self.level = close;
    }

    /// Whether a row is far from those before it, or its high from its low.
    pub(super) fn jumps(&mut self, row: &Row) -> bool {
        let [high, low] = row.extremes();
        let is_wide = self.are_short && low > 0.0 && high > low && is_jump(low, high);
        self.jumps_to(row.values[CLOSE]) || is_wide
    }

    fn jumps_to(&mut self, close: f64) -> bool {
        if close <= 0.0 {
            return false;
        }
        let is_near = |level: f64| level > 0.0 && !is_jump(level, close);
        if self.level == 0.0 || is_near(self.level) || is_near(self.other) {
            (self.level, self.other) = (close, 0.0);
            return false;
        }
        self.other = close;
        true
    }
}

/// Whether two prices may be far from each other.
#[inline]
fn may_jump(before: f64, close: f64) -> bool {
    close >= before * JUMP || before >= close * JUMP
}

/// A small price of one digit, such as 0.0001, is too coarse to tell.
fn is_jump(before: f64, close: f64) -> bool {
    const COARSE: f64 = 0.01;
    let least = before.min(close);
    let digit = least / 10_f64.powf(least.log10().floor());
    let is_coarse = least < COARSE && (digit - digit.round()).abs() < 1e-9;
    may_jump(before, close) && !is_coarse
}
