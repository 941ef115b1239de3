//! Compares bars with those around them: mistyped dates, and prices that lost their decimal sign.
//!
//! What it finds is reported, and the bars are imported whatever `on_invalid` is: only who knows the file can tell a mistake from
//! a reverse split.
//! Invariant: a row is judged once the next [`AHEAD`] rows are known, or the file has ended, whatever the batches are.

mod order;
mod prices;

use self::order::{AHEAD, Order};
use self::prices::Prices;
use super::Batch;
use crate::bar::{Micros, Ohlcv};
use crate::finding::QualityIssue;

/// A bar, and its line.
#[derive(Debug, Clone, Copy)]
struct Row {
    line: u64,
    time: Micros,
    values: Ohlcv,
    /// Whether its batch reported it; no row is reported twice.
    is_reported: bool,
}

/// Looks at the bars of one file.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The last rows in the order of the file, which wait for those behind them.
    waiting: Vec<Row>,
    order: Order,
    prices: Prices,
}

impl Neighbours {
    /// For bars so far apart; `is_resumed`: its first rows are not looked at.
    pub(super) fn new(step: Option<Micros>, is_resumed: bool) -> Self {
        Self { waiting: Vec::new(), order: Order::new(step, is_resumed), prices: Prices::default() }
    }

    /// The bars whose time lies elsewhere than those around it. To be called with the bars in the order of the file; `is_last`: no
    /// others follow.
    pub(super) fn out_of_order(&mut self, batch: &Batch, is_last: bool) -> Vec<QualityIssue> {
        let times = &batch.bars.time;
        let waiting: Vec<Micros> = self.waiting.iter().map(|row| row.time).collect();
        self.order.count(waiting.last().copied(), times);
        let rows = waiting.len() + times.len();
        let judged = if is_last { rows } else { rows.saturating_sub(AHEAD) };
        let places = if self.order.goes_on(&waiting, times) {
            self.order.skip(&waiting, times, judged);
            Vec::new()
        } else {
            self.order.strays(&[&waiting, times.as_slice()].concat(), judged, is_last)
        };
        let row = |at: usize| match at.checked_sub(waiting.len()) {
            Some(at) => Row::of(batch, at),
            None => self.waiting[at],
        };
        let found = places.into_iter().map(row).filter(|row| !row.is_reported);
        let found = found.map(|row| issue(row, order::RULE)).collect();
        self.waiting = (judged..rows).map(row).collect();
        found
    }

    /// The bars whose prices are far from those around them. To be called with the bars in the order of time.
    pub(super) fn price_jumps(&mut self, batch: &Batch) -> Vec<QualityIssue> {
        let row = |at| Row::of(batch, at);
        self.prices.jumps(&batch.bars).into_iter().map(|at| issue(row(at), prices::RULE)).collect()
    }

    /// To be called with all issues of a batch.
    pub(super) fn was_reported(&mut self, issues: &[QualityIssue]) {
        for row in &mut self.waiting {
            row.is_reported |= issues.binary_search_by_key(&row.line, |issue| issue.line).is_ok();
        }
    }
}

impl Row {
    fn of(batch: &Batch, at: usize) -> Self {
        Self {
            line: batch.lines[at],
            time: batch.bars.time[at],
            values: batch.bars.values(at),
            is_reported: false,
        }
    }
}

fn issue(Row { line, time, values, .. }: Row, rule: &'static str) -> QualityIssue {
    QualityIssue { line, time, values, rules: vec![rule] }
}
