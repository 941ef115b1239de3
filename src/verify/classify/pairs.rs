//! Finds bars that the other side has at another time, in a window of the last [`WINDOW`] entries.
//!
//! Each differing bar of either side is unpaired until the other side has an unpaired bar with the same values; the
//! two make a pair, and the database's time minus the file's is its shift. The shifts of the latest pairs are tried first,
//! then the earliest unpaired bar with these values. A flat bar (four equal prices), whose partner comes later by the
//! latest shift, waits for it and does not take another flat bar.
//!
//! Equal values alone prove little: in a quiet market all flat bars are equal. A shift is confirmed if consecutive bars
//! (identical ones left out) make at least [`PAIRS`] pairs of it, each with other values than the one before; it holds
//! until [`GAP`] differing bars do not have it. So one missing bar and an equal extra one elsewhere are no shift.
//!
//! If both sides have different bars at one time, each may have its partner elsewhere. One partner is enough
//! for the time to count as shifted, since at both ends of a file the other's partner lies outside the file.
//!
//! Limits: a bar that was shifted *and* revised is found only if its time is not the time of another bar
//! (sessions, daily bars); and bars that are identical at their own time have no pair, so a series that
//! stands still for longer than the shift shows steps instead of a shift.
//!
//! Invariant: at most [`WINDOW`] entries are held between pushes; consecutive identical bars are one entry. A push or a pop
//! takes amortised constant time, apart from the binary search for a time.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry as Slot, HashMap};

use super::{BarSpan, Event, GAP};
use crate::bar::columns::COUNT;
use crate::bar::{Micros, Ohlcv, canonical_bits};

/// Most entries in the window. This many fill hash tables of a power of two, about 11 MB for a series.
pub(super) const WINDOW: usize = 28_672;
/// Pairs that confirm a shift.
const PAIRS: u32 = 3;
/// A flat bar does not wait for its partner after this many differing bars without a pair.
const PATIENCE: u64 = 1024;
/// Most bars of one time that are tried.
const REPEATS: usize = 4;

const CSV: usize = 0;
const DB: usize = 1;

/// The bits of the values, the same for values that count as the same.
type Key = [u64; COUNT];

#[derive(Debug, Default)]
pub(super) struct Pairs {
    entries: VecDeque<WindowEntry>,
    /// Number of the first entry; the others are numbered on from it.
    front: u64,
    /// The unpaired bars of each side by their values, as chains in time order. A bar that was paired meanwhile leaves its
    /// chain when it becomes the first.
    unpaired: [HashMap<Key, Chain>; 2],
    /// The shifts of the latest pairs: two different ones, the latest first.
    recent: [Option<Micros>; 2],
    /// Differing bars since the last pair.
    since_pair: u64,
    /// The confirmed shift, and the number of bars since it was last seen.
    confirmed: Option<(Micros, u64)>,
    /// For each side a shift that is not confirmed, and the entry up to which this holds.
    refuted: [Option<(Micros, u64)>; 2],
}

/// A time with one or two differing bars; identical bars have no sides.
#[derive(Debug)]
struct WindowEntry {
    span: BarSpan,
    sides: [Option<DifferingSide>; 2],
}

#[derive(Debug)]
struct DifferingSide {
    key: Key,
    /// The shift of its pair, once it has a partner.
    by: Option<Micros>,
    /// Whether it is in a chain, and the next entry of the chain.
    chained: bool,
    next: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Chain {
    first: u64,
    last: u64,
}

impl Pairs {
    /// Whether an entry has to leave.
    pub(super) fn is_over(&self) -> bool {
        self.entries.len() > WINDOW
    }

    pub(super) fn push_same(&mut self, span: BarSpan) {
        self.entries.push_back(WindowEntry { span, sides: [None, None] });
    }

    pub(super) fn push(&mut self, time: Micros, csv: Option<Ohlcv>, db: Option<Ohlcv>) {
        let mut sides = [csv, db]
            .map(|v| v.map(|v| DifferingSide { key: key(&v), by: None, chained: false, next: None }));
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

    /// Removes the first entry and decides what it is.
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

    /// An unpaired bar of the other side with these values, and the shift of the pair.
    fn partner(&mut self, side: usize, time: Micros, key: &Key) -> Option<(u64, Micros)> {
        for by in self.recent.into_iter().flatten() {
            let there = if side == CSV { time.checked_add(by) } else { time.checked_sub(by) };
            if let Some(number) = there.filter(|t| *t < time).and_then(|t| self.unpaired_at(1 - side, t, key))
            {
                return Some((number, by));
            }
        }
        if is_flat(key) && self.is_ahead(side) {
            return None;
        }
        let number = self.earliest_unpaired(1 - side, key)?;
        let there = self.entry(number)?.span.first;
        let by = if side == CSV { there.checked_sub(time) } else { time.checked_sub(there) };
        by.filter(|by| *by != 0).map(|by| (number, by))
    }

    /// Whether the partners of this side's bars come later, by the latest shift.
    fn is_ahead(&self, side: usize) -> bool {
        let ahead = |by: Micros| if side == CSV { by > 0 } else { by < 0 };
        self.recent[0].is_some_and(ahead) && self.since_pair < PATIENCE
    }

    fn unpaired_at(&self, side: usize, time: Micros, key: &Key) -> Option<u64> {
        let start = self.entries.partition_point(|e| e.span.first < time);
        let found =
            self.entries.range(start..).take(REPEATS).take_while(|e| e.span.first == time).position(|e| {
                e.sides[side].as_ref().is_some_and(|bar| bar.by.is_none() && bar.key == *key)
            })?;
        Some(self.front.wrapping_add((start + found) as u64))
    }

    /// The first bar of the chain that is still unpaired; those before it leave the chain.
    fn earliest_unpaired(&mut self, side: usize, key: &Key) -> Option<u64> {
        loop {
            let chain = *self.unpaired[side].get(key)?;
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
        if self.recent[0] != Some(by) {
            self.recent = [Some(by), self.recent[0]];
        }
    }

    fn chain(&mut self, side: usize, key: Key, number: u64) {
        let before = match self.unpaired[side].entry(key) {
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

    /// Removes the window's first entry from its chain, where it can only be the first.
    fn unchain(&mut self, side: usize, bar: &DifferingSide) {
        if self.unpaired[side].get(&bar.key).is_some_and(|chain| chain.first == self.front) {
            self.advance(side, &bar.key, bar.next);
        }
    }

    fn advance(&mut self, side: usize, key: &Key, next: Option<u64>) {
        match (next, self.unpaired[side].get_mut(key)) {
            (Some(next), Some(chain)) => chain.first = next,
            _ => {
                self.unpaired[side].remove(key);
            }
        }
    }

    /// Decides what the first entry is.
    fn judge(&mut self) -> Option<Event> {
        let entry = self.entries.front()?;
        let literal = entry.literal();
        if matches!(literal, Event::Same) {
            return Some(literal);
        }
        let shifts = entry.shifts();
        if let Some((by, _)) = self.confirmed.filter(|(by, _)| shifts.contains(&Some(*by))) {
            self.confirmed = Some((by, 0));
            return Some(Event::Shifted { by });
        }
        for (side, by) in shifts.into_iter().enumerate() {
            if let Some(by) = by.filter(|by| self.is_streak(side, *by)) {
                self.confirmed = Some((by, 0));
                return Some(Event::Shifted { by });
            }
        }
        self.confirmed = self.confirmed.map(|(by, ago)| (by, ago + 1)).filter(|(_, ago)| *ago < GAP);
        Some(literal)
    }

    /// Whether enough pairs of this shift, with changing values, follow each other from the first entry on.
    fn is_streak(&mut self, side: usize, by: Micros) -> bool {
        let still_holds = |(refuted, until): &(Micros, u64)| *refuted == by && self.front < *until;
        if self.refuted.iter().flatten().any(still_holds) {
            return false;
        }
        let (mut pairs, mut last) = ([0; 2], [None; 2]);
        let mut until = self.front;
        for entry in &self.entries {
            if !entry.is_same() && !entry.shifts().contains(&Some(by)) {
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

    fn side_mut(&mut self, number: u64, side: usize) -> Option<&mut DifferingSide> {
        let i = usize::try_from(number.checked_sub(self.front)?).ok()?;
        self.entries.get_mut(i)?.sides[side].as_mut()
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.entries.len().max(self.unpaired[CSV].len()).max(self.unpaired[DB].len())
    }
}

impl WindowEntry {
    fn is_same(&self) -> bool {
        self.sides.iter().all(Option::is_none)
    }

    fn shifts(&self) -> [Option<Micros>; 2] {
        [CSV, DB].map(|side| self.sides[side].as_ref().and_then(|bar| bar.by))
    }

    /// What it is if its bars are not shifted.
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
    v.to_array().map(canonical_bits)
}

fn is_flat(key: &Key) -> bool {
    key[..4].iter().all(|price| *price == key[0])
}

fn values(key: &Key) -> Ohlcv {
    Ohlcv::from_array(key.map(f64::from_bits))
}
