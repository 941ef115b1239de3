//! The window: looks for each bar of one side among the bars of the other, at another time.
//!
//! A bar that differs is loose, on the file's side and on the database's, until a loose bar of the other side
//! with the same five values is found. First the distance of the last pairs is tried, then the earliest loose
//! bar with these values. A flat bar (four equal prices) whose partner lies ahead at the last distance waits for
//! it instead of taking any other flat bar that was left over.
//!
//! Equal values alone prove little: flat bars of a quiet market equal each other everywhere. A distance is
//! believed when bars that follow each other (identical ones aside) make at least [`PAIRS`] pairs of it, each
//! with other values than the one before; it then holds until [`GAP`] differing bars do not have it. So one
//! bar missing here and an equal one too many there stay what they are.
//!
//! A bar that both sides have, with other values, is two bars that may each be found elsewhere. It counts as
//! shifted when either is: at both ends of a file the partner of the other lies outside it. So a bar that was
//! shifted *and* revised shows only where its time is not one of the other side's bars (sessions, daily bars);
//! compare again once the shift is mended. Bars that happen to be identical at their own time are not looked
//! for elsewhere, so a series that stands still for longer than the shift shows steps, not a shift.
//!
//! Invariant: at most [`WINDOW`] entries are held between pushes, identical bars that follow each other being
//! one; a push or pop takes constant time on average, but for finding a time among them (a binary search).

use std::collections::VecDeque;
use std::collections::hash_map::{Entry as Slot, HashMap};

use super::{BarSpan, Event, GAP};
use crate::bar::{Micros, Ohlcv};

/// How many entries are held: just what fills the tables of a power of two, so about 11 MB a series.
pub(super) const WINDOW: usize = 28_672;
/// How many pairs make a shift.
const PAIRS: u32 = 3;
/// A flat bar does not wait when this many differing bars have made no pair.
const PATIENCE: u64 = 1024;
/// How many bars of one time are looked at.
const REPEATS: usize = 4;

const CSV: usize = 0;
const DB: usize = 1;

/// The five values as bits, a zero being a zero.
type Key = [u64; 5];

#[derive(Debug, Default)]
pub(super) struct Pairs {
    entries: VecDeque<WindowEntry>,
    /// Number of the first entry; the others count on from it.
    front: u64,
    /// By values: the loose bars of each side, earliest first (some may have been paired since).
    loose: [HashMap<Key, Chain>; 2],
    /// The last two distances that made a pair, the latest first.
    lately: [Option<Micros>; 2],
    /// How many differing bars have come since the last pair.
    since_pair: u64,
    /// The distance that is believed, and how many bars ago it was last seen.
    believed: Option<(Micros, u64)>,
    /// For each side's distance: up to which entry it is known not to be believed.
    refuted: [Option<(Micros, u64)>; 2],
}

/// Identical bars have no sides.
#[derive(Debug)]
struct WindowEntry {
    span: BarSpan,
    sides: [Option<LooseBar>; 2],
}

#[derive(Debug)]
struct LooseBar {
    key: Key,
    /// Distance to its partner (database's time minus file's), once it has one.
    by: Option<Micros>,
    /// Whether it is in a chain, and which entry comes next in it.
    chained: bool,
    next: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Chain {
    first: u64,
    last: u64,
}

impl Pairs {
    /// Whether there is more than the window holds.
    pub(super) fn is_over(&self) -> bool {
        self.entries.len() > WINDOW
    }

    pub(super) fn push_same(&mut self, span: BarSpan) {
        self.entries.push_back(WindowEntry { span, sides: [None, None] });
    }

    pub(super) fn push(&mut self, time: Micros, csv: Option<Ohlcv>, db: Option<Ohlcv>) {
        let mut sides =
            [csv, db].map(|v| v.map(|v| LooseBar { key: key(&v), by: None, chained: false, next: None }));
        for (side, bar) in sides.iter_mut().enumerate() {
            let Some(bar) = bar else { continue };
            if let Some((partner, by)) = self.partner(side, time, &bar.key) {
                bar.by = Some(by);
                self.paired(partner, 1 - side, by);
            }
        }
        let number = self.front.wrapping_add(self.entries.len() as u64);
        for (side, bar) in sides.iter_mut().enumerate() {
            if let Some(bar) = bar.as_mut().filter(|b| b.by.is_none()) {
                bar.chained = true;
                self.chain(side, bar.key, number);
            }
        }
        self.entries.push_back(WindowEntry { span: BarSpan::one(time), sides });
    }

    /// Takes the first entry out and says what it is.
    pub(super) fn pop(&mut self) -> Option<(BarSpan, Event)> {
        let event = self.judge()?;
        let entry = self.entries.pop_front()?;
        for (side, bar) in entry.sides.iter().enumerate() {
            if let Some(bar) = bar.as_ref().filter(|b| b.chained) {
                self.unchain(side, bar);
            }
        }
        self.front = self.front.wrapping_add(1);
        Some((entry.span, event))
    }

    /// A loose bar of the other side with these values, and the distance that the two make.
    fn partner(&mut self, side: usize, time: Micros, key: &Key) -> Option<(u64, Micros)> {
        for by in self.lately.into_iter().flatten() {
            let there = if side == CSV { time.checked_add(by) } else { time.checked_sub(by) };
            if let Some(number) = there.filter(|t| *t < time).and_then(|t| self.loose_at(1 - side, t, key)) {
                return Some((number, by));
            }
        }
        if is_flat(key) && self.is_ahead(side) {
            return None;
        }
        let number = self.earliest_loose(1 - side, key)?;
        let there = self.entry(number)?.span.first;
        let by = if side == CSV { there.checked_sub(time) } else { time.checked_sub(there) };
        by.filter(|by| *by != 0).map(|by| (number, by))
    }

    /// Whether partners of this side's bars come later, as far as the last pair tells.
    fn is_ahead(&self, side: usize) -> bool {
        let ahead = |by: Micros| if side == CSV { by > 0 } else { by < 0 };
        self.lately[0].is_some_and(ahead) && self.since_pair < PATIENCE
    }

    fn loose_at(&self, side: usize, time: Micros, key: &Key) -> Option<u64> {
        let start = self.entries.partition_point(|e| e.span.first < time);
        let found =
            self.entries.range(start..).take(REPEATS).take_while(|e| e.span.first == time).position(|e| {
                e.sides[side].as_ref().is_some_and(|bar| bar.by.is_none() && bar.key == *key)
            })?;
        Some(self.front.wrapping_add((start + found) as u64))
    }

    /// The first bar in the chain that is still loose; those before it leave the chain.
    fn earliest_loose(&mut self, side: usize, key: &Key) -> Option<u64> {
        loop {
            let chain = *self.loose[side].get(key)?;
            let bar = self.entry(chain.first)?.sides[side].as_ref()?;
            if bar.by.is_none() {
                return Some(chain.first);
            }
            self.advance(side, key, bar.next);
        }
    }

    fn paired(&mut self, number: u64, side: usize, by: Micros) {
        if let Some(bar) = self.side_mut(number, side) {
            bar.by = Some(by);
        }
        self.since_pair = 0;
        if self.lately[0] != Some(by) {
            self.lately = [Some(by), self.lately[0]];
        }
    }

    fn chain(&mut self, side: usize, key: Key, number: u64) {
        let before = match self.loose[side].entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(Chain { first: number, last: number });
                return;
            }
            Slot::Occupied(mut slot) => std::mem::replace(&mut slot.get_mut().last, number),
        };
        if let Some(bar) = self.side_mut(before, side) {
            bar.next = Some(number);
        }
    }

    /// The first entry leaves: if it leads a chain, the next one does now.
    fn unchain(&mut self, side: usize, bar: &LooseBar) {
        if self.loose[side].get(&bar.key).is_some_and(|chain| chain.first == self.front) {
            self.advance(side, &bar.key, bar.next);
        }
    }

    fn advance(&mut self, side: usize, key: &Key, next: Option<u64>) {
        match (next, self.loose[side].get_mut(key)) {
            (Some(next), Some(chain)) => chain.first = next,
            _ => {
                self.loose[side].remove(key);
            }
        }
    }

    /// What the first entry is.
    fn judge(&mut self) -> Option<Event> {
        let entry = self.entries.front()?;
        let literal = entry.literal();
        if matches!(literal, Event::Same) {
            return Some(literal);
        }
        let distances = entry.distances();
        if let Some((by, _)) = self.believed.filter(|(by, _)| distances.contains(&Some(*by))) {
            self.believed = Some((by, 0));
            return Some(Event::Shifted { by });
        }
        for (side, by) in distances.into_iter().enumerate() {
            if let Some(by) = by.filter(|by| self.is_streak(side, *by)) {
                self.believed = Some((by, 0));
                return Some(Event::Shifted { by });
            }
        }
        self.believed = self.believed.map(|(by, ago)| (by, ago + 1)).filter(|(_, ago)| *ago < GAP);
        Some(literal)
    }

    /// Whether enough pairs of this distance, with values that change, follow each other from the first entry on.
    fn is_streak(&mut self, side: usize, by: Micros) -> bool {
        let is_known = |(refuted, until): &(Micros, u64)| *refuted == by && self.front < *until;
        if self.refuted.iter().flatten().any(is_known) {
            return false;
        }
        let (mut pairs, mut last) = ([0; 2], [None; 2]);
        let mut until = self.front;
        for entry in &self.entries {
            if !entry.is_same() && !entry.distances().contains(&Some(by)) {
                break;
            }
            for side in [CSV, DB] {
                let Some(bar) = entry.sides[side].as_ref().filter(|b| b.by == Some(by)) else { continue };
                if last[side] != Some(&bar.key) {
                    last[side] = Some(&bar.key);
                    pairs[side] += 1;
                }
            }
            if pairs.iter().any(|n| *n >= PAIRS) {
                return true;
            }
            until = until.wrapping_add(1);
        }
        self.refuted[side] = Some((by, until));
        false
    }

    fn entry(&self, number: u64) -> Option<&WindowEntry> {
        self.entries.get(usize::try_from(number.checked_sub(self.front)?).ok()?)
    }

    fn side_mut(&mut self, number: u64, side: usize) -> Option<&mut LooseBar> {
        let i = usize::try_from(number.checked_sub(self.front)?).ok()?;
        self.entries.get_mut(i)?.sides[side].as_mut()
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.entries.len().max(self.loose[CSV].len()).max(self.loose[DB].len())
    }
}

impl WindowEntry {
    fn is_same(&self) -> bool {
        self.sides.iter().all(Option::is_none)
    }

    fn distances(&self) -> [Option<Micros>; 2] {
        [CSV, DB].map(|side| self.sides[side].as_ref().and_then(|bar| bar.by))
    }

    /// What it is by itself, wherever else its bars are.
    fn literal(&self) -> Event {
        match &self.sides {
            [None, None] => Event::Same,
            [Some(_), None] => Event::OnlyInCsv,
            [None, Some(_)] => Event::OnlyInDb,
            [Some(csv), Some(db)] => Event::Both { csv: values(&csv.key), db: values(&db.key) },
        }
    }
}

fn key(v: &Ohlcv) -> Key {
    [v.open, v.high, v.low, v.close, v.volume].map(|value| (value + 0.0).to_bits())
}

fn is_flat(key: &Key) -> bool {
    key[..4].iter().all(|price| *price == key[0])
}

fn values(key: &Key) -> Ohlcv {
    let [open, high, low, close, volume] = key.map(f64::from_bits);
    Ohlcv { open, high, low, close, volume }
}
