//! Finds rows whose time does not lie between those of the rows around them, in a file that is in order.

use crate::bar::Micros;
use crate::source::steps;
use crate::timeframe::{DAY, HOUR};

/// The market-data rule that such a row breaks.
pub(super) const RULE: &str = "time_out_of_order";

/// A row is judged by so many behind it, some of which may be outliers as well.
pub(super) const AHEAD: usize = 3;

/// So many rows show which way the file goes.
const FIRST: usize = 12;

/// So many of them may be outliers.
const FEW: usize = 3;

/// The order of the times of one file.
#[derive(Debug)]
pub(super) struct Order {
    step: Option<Micros>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The first rows are not all there.
    Start,
    InOrder(Going),
    /// Nothing can be said of a single row.
    Unordered,
}

/// Times that go in one direction.
#[derive(Debug, Clone, Copy)]
struct Going {
    is_rising: bool,
    usual: Micros,
    /// The last row that was judged and is no outlier, [`forward`](Self::forward).
    before: Option<Micros>,
    rows: usize,
    outliers: usize,
}

/// What was found of rows.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// So many of the first rows were judged.
    pub(super) rows: usize,
    /// So many of them lie where the file is in order, outliers apart.
    pub(super) in_order: usize,
    /// Which of them are outliers.
    pub(super) outliers: Vec<usize>,
}

impl Order {
    pub(super) fn new(step: Option<Micros>) -> Self {
        Self { step, state: State::Start }
    }

    /// Whether the first rows were judged.
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.state, State::Start)
    }

    /// Whether the rows go in no direction, so that none is judged.
    pub(super) fn is_unordered(&self) -> bool {
        matches!(self.state, State::Unordered)
    }

    /// Whether these times, and those of a batch behind them, go on in the direction so far.
    pub(super) fn goes_on(&self, first: impl Iterator<Item = Micros>, batch: &[Micros]) -> bool {
        let State::InOrder(going) = &self.state else { return false };
        let first = going.before.map(|time| going.forward(time)).into_iter().chain(first);
        if going.is_rising {
            first.is_sorted() && batch.is_sorted()
        } else {
            first.is_sorted_by(|a, b| a >= b) && batch.is_sorted_by(|a, b| a >= b)
        }
    }

    /// Takes so many rows that go on for judged, up to this time.
    pub(super) fn skip_to(&mut self, time: Micros, rows: usize) {
        if let State::InOrder(going) = &mut self.state {
            going.before = Some(going.forward(time));
            going.rows += rows;
        }
    }

    /// Judges the rows that have enough others behind them. The rest is to be given again.
    pub(super) fn judge(&mut self, times: &[Micros], is_last: bool) -> Judged {
        if matches!(self.state, State::Start) {
            if times.len() < FIRST && !is_last {
                return Judged::default();
            }
            let first = &times[..times.len().min(FIRST)];
            self.state = direction(first, self.step).map_or(State::Unordered, State::InOrder);
        }
        let rows = if is_last { times.len() } else { times.len().saturating_sub(AHEAD) };
        let mut judged = Judged { rows, ..Judged::default() };
        let State::InOrder(mut going) = self.state else { return judged };
        let forward: Vec<Micros> = times.iter().map(|time| going.forward(*time)).collect();
        for (at, &time) in forward[..rows].iter().enumerate() {
            let after = &forward[at + 1..forward.len().min(at + 1 + AHEAD)];
            if going.is_outlier(time, after) || going.is_alone(time, after) {
                judged.outliers.push(at);
                going.outliers += 1;
            } else {
                going.before = Some(time);
            }
            going.rows += 1;
            judged.in_order += 1;
            if going.outliers > FEW + going.rows / 20 {
                self.state = State::Unordered;
                return judged;
            }
        }
        self.state = State::InOrder(going);
        judged
    }
}

impl Going {
    /// The time, or its mirror image in a file whose latest rows come first, so that times rise.
    fn forward(&self, time: Micros) -> Micros {
        if self.is_rising { time } else { -time }
    }

    /// Whether a row lies behind the one before it, or ahead of those behind it, which go on without it.
    fn is_outlier(&self, time: Micros, after: &[Micros]) -> bool {
        let is_off = |first: Micros, second: Micros| first - second > HOUR.max(2 * self.usual);
        let is_back = self.before.is_some_and(|before| is_off(before, time));
        let floor = self.before.unwrap_or(Micros::MIN);
        let (with, without) = (longest_run(time, after), longest_run(floor, after));
        let is_ahead = without > 1 + with || without > with && is_near(self.before, after, self.usual);
        let behind = after.iter().copied().filter(|next| *next > floor && *next < time).max();
        is_back || is_ahead && behind.is_some_and(|behind| is_off(time, behind))
    }

    /// Whether the first or the last row is decades away from all others. Nothing follows only the last one.
    fn is_alone(&self, time: Micros, after: &[Micros]) -> bool {
        const DECADES: Micros = 20 * 365 * DAY;
        let far = DECADES.max(100 * self.usual);
        match (self.before, after) {
            (None, [next, later, ..]) => self.rows == 0 && next - time > far && later - next < far,
            (Some(before), []) => time - before > far,
            _ => false,
        }
    }
}

/// Whether the next row goes on from the one before.
fn is_near(before: Option<Micros>, after: &[Micros], usual: Micros) -> bool {
    let next =
        before.and_then(|before| after.iter().copied().find(|next| *next > before).map(|next| next - before));
    next.is_some_and(|step| step <= (8 * DAY).max(20 * usual))
}

/// How many of these times rise one after the other from a time on, at most.
fn longest_run(from: Micros, times: &[Micros]) -> usize {
    let mut longest: Vec<usize> = Vec::with_capacity(times.len());
    for (at, time) in times.iter().enumerate() {
        let before = (0..at).filter(|other| times[*other] < *time && longest[*other] > 0);
        let length = if *time > from { 1 + before.map(|other| longest[other]).max().unwrap_or(0) } else { 0 };
        longest.push(length);
    }
    longest.into_iter().max().unwrap_or(0)
}

/// Which way the first rows go; none if neither.
fn direction(times: &[Micros], step: Option<Micros>) -> Option<Going> {
    const LEAST: usize = 5;
    let rising = times.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let falling = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let usual = step.or_else(|| steps::usual(&steps::between(times)))?;
    let is_in_order = rising.min(falling) <= FEW && rising.max(falling) > 2 * rising.min(falling);
    let going = Going { is_rising: rising > falling, usual, before: None, rows: 0, outliers: 0 };
    (times.len() >= LEAST && is_in_order).then_some(going)
}
