//! Compares bars with those around them: mistyped dates, prices that lost their decimal sign, rows of another timeframe.
//!
//! What it finds is reported, and the bars are imported whatever `on_invalid` is: a mistake and a reverse split look alike.
//! Invariant: a row is judged by the rows around it in the file, whatever the batches are. No row is reported twice.

mod order;
mod prices;
mod step_change;

use std::ops::Range;

use self::order::Order;
use self::prices::Prices;
use self::step_change::StepChange;
use super::Batch;
use crate::bar::columns::{CLOSE, HIGH, LOW};
use crate::bar::{Micros, Ohlcv};
use crate::finding::QualityIssue;

/// A bar, and its line.
#[derive(Debug, Clone, Copy)]
struct Row {
    line: u64,
    time: Micros,
    values: Ohlcv,
    /// Whether it breaks a rule by itself.
    is_reported: bool,
}

/// Looks at the bars of one file.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// The last rows, which wait for those behind them.
    waiting: Vec<Row>,
    order: Order,
    prices: Prices,
    steps: StepChange,
}

impl Neighbours {
    /// `step`: the usual distance of bars, if the timeframe is known; `is_odd`: the first rows already have another one.
    pub(super) fn new(step: Option<Micros>, is_odd: bool) -> Self {
        Self {
            waiting: Vec::new(),
            order: Order::new(step),
            prices: Prices::new(step),
            steps: StepChange::new(step.filter(|_| !is_odd)),
        }
    }

    /// What breaks a rule among the rows that can be judged now. To be called with the bars in the order of the file; `is_last`:
    /// no others follow.
    pub(super) fn find(&mut self, batch: &Batch, is_last: bool) -> Vec<QualityIssue> {
        // So many rows at the ends of the file are judged one by one; most others go on.
        const END: usize = 24;
        if self.order.is_unordered() {
            return Vec::new();
        }
        let rows = batch.bars.len();
        let first = if self.order.has_begun() { 0 } else { rows.min(END) };
        let last = if is_last { rows.saturating_sub(END).max(first) } else { rows };
        let mut found = self.judge(batch, 0..first, is_last && first == rows);
        if let Some(steps) = self.go_on(batch, first..last) {
            self.steps = steps;
            self.skip(batch, first..last);
        } else {
            found.extend(self.judge(batch, first..last, false));
        }
        if is_last && last < rows {
            found.extend(self.judge(batch, last..rows, true));
        }
        found
    }

    /// The steps up to the last row that need not wait, if the waiting rows and these go on in every way.
    fn go_on(&self, batch: &Batch, rows: Range<usize>) -> Option<StepChange> {
        let times = &batch.bars.time[rows.clone()];
        let waiting: Vec<Micros> = self.waiting.iter().map(|row| row.time).collect();
        let goes_on = self.order.goes_on(waiting.iter().chain(times.first()).copied(), times)
            && self.prices.go_on(&self.waiting, batch, rows);
        let judged = (waiting.len() + times.len()).saturating_sub(order::AHEAD);
        if goes_on { self.steps.go_on(&waiting, times, judged) } else { None }
    }

    fn judge(&mut self, batch: &Batch, rows: Range<usize>, is_last: bool) -> Vec<QualityIssue> {
        let rows: Vec<Row> = self.waiting.iter().copied().chain(rows.map(|at| Row::of(batch, at))).collect();
        let times: Vec<Micros> = rows.iter().map(|row| row.time).collect();
        let judged = self.order.judge(&times, is_last);
        let mut found = Vec::new();
        for (at, row) in rows[..judged.in_order].iter().enumerate() {
            let rule = if judged.outliers.binary_search(&at).is_ok() {
                Some(order::RULE)
            } else {
                let changes = self.steps.add(row.time);
                if self.prices.jumps(row) { Some(prices::RULE) } else { changes.then_some(step_change::RULE) }
            };
            if let Some(rule) = rule.filter(|_| !row.is_reported) {
                if rule == step_change::RULE {
                    self.steps.was_reported();
                }
                found.push(QualityIssue {
                    line: row.line,
                    time: row.time,
                    values: row.values,
                    rules: vec![rule],
                });
            }
        }
        self.waiting = rows[judged.rows..].to_vec();
        found
    }

    /// Takes all rows but the last ones for judged, as they go on.
    fn skip(&mut self, batch: &Batch, rows: Range<usize>) {
        let first = rows.end.saturating_sub(order::AHEAD).max(rows.start);
        let judged = (first > rows.start).then(|| Row::of(batch, first - 1));
        let all = self.waiting.len() + rows.len();
        let mut last: Vec<Row> =
            self.waiting.iter().copied().chain((first..rows.end).map(|at| Row::of(batch, at))).collect();
        let waiting = last.split_off(last.len().saturating_sub(order::AHEAD));
        let skipped = all - waiting.len();
        if let Some(row) = judged.or(last.last().copied()) {
            self.order.skip_to(row.time, skipped);
            self.prices.skip_to(row.values[CLOSE]);
        }
        self.waiting = waiting;
    }
}

impl Row {
    fn of(batch: &Batch, at: usize) -> Self {
        let line = batch.lines[at];
        Self {
            line,
            time: batch.bars.time[at],
            values: batch.bars.values(at),
            is_reported: batch.issues.binary_search_by_key(&line, |issue| issue.line).is_ok(),
        }
    }

    fn extremes(&self) -> [f64; 2] {
        [self.values[HIGH], self.values[LOW]]
    }
}

#[cfg(test)]
mod tests;
