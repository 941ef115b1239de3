//! Whether a file's bars look like those of its series, moved in time or scaled, or lie between them.
//!
//! Pure: it decides from the bars alone. At least three bars make a conflict, and most of the bars that could show it
//! must show it; so appended bars, filled holes and single revised values are none.
//! Invariant: a series that repeats itself (constant prices among them) is not taken for a shifted one, nor is a quiet
//! market, in which equal bars without volume follow one another by chance.

use std::collections::HashSet;

use crate::bar::columns::VOLUME;
use crate::bar::{Bars, Micros, Ohlcv, known};
use crate::verify::classify::{Classification, Classifier, DifferencePattern, is_zone_shift};

/// How many bars make a conflict.
const LEAST: usize = 3;
/// How many different bars without volume make one: in a quiet market they have few prices, and equal one another by
/// chance.
const LEAST_WITHOUT_VOLUME: usize = 10;
/// How many distances are tried: a zone with summer time has two.
const MOST_DISTANCES: usize = 4;

/// What the bars look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Conflict {
    pub(super) shape: Shape,
    /// The file's first bar that shows it, by its place.
    pub(super) first: usize,
    /// How many of the file's bars show it.
    pub(super) bars: usize,
    /// Of how many that could.
    pub(super) of: usize,
}

/// How they conflict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// The series has the same bars, later by this.
    Shifted { by: Micros },
    /// The series has them with prices and volumes scaled.
    Scaled(DifferencePattern),
    /// They lie between the series' bars; this one is the first one's neighbour.
    Between { neighbour: Micros },
}

/// Looks for a conflict between a file's bars and those that the series has around them, both in time order. `step` is
/// the time from one bar to the next, if the timeframe tells.
pub(super) fn conflict(ours: &Bars, there: &Bars, step: Option<Micros>) -> Option<Conflict> {
    if ours.len() < LEAST || there.len() < LEAST {
        return None;
    }
    let classification = classify(ours, there);
    shifted(ours, there, &classification)
        .or_else(|| scaled(ours, there, &classification))
        .or_else(|| between(ours, there, step?))
}

fn classify(ours: &Bars, there: &Bars) -> Classification {
    let mut classifier = Classifier::new();
    let (mut o, mut t) = (0, 0);
    loop {
        let (our, their) = (ours.time.get(o).copied(), there.time.get(t).copied());
        let Some(time) = our.into_iter().chain(their).min() else { return classifier.finish() };
        let csv = (our == Some(time)).then(|| ours.values(o));
        let db = (their == Some(time)).then(|| there.values(t));
        o += usize::from(csv.is_some());
        t += usize::from(db.is_some());
        classifier.push(time, csv, db);
    }
}

/// Most bars whose time, moved by one of the distances that the classifier believes, is one of the series' have the
/// same values there, and fewer have them at their own time.
fn shifted(ours: &Bars, there: &Bars, found: &Classification) -> Option<Conflict> {
    let mut distances = Vec::new();
    for range in &found.ranges {
        match range.kind {
            DifferencePattern::Shifted { by } if is_zone_shift(by) && !distances.contains(&by) => {
                distances.push(by);
            }
            _ => {}
        }
    }
    distances.truncate(MOST_DISTANCES);
    distances.retain(|by| !repeats_itself(ours, *by) && !repeats_itself(there, *by));
    let (mut looked, mut same, mut values) = (0, 0, HashSet::new());
    let mut found: Vec<(usize, Micros)> = Vec::new();
    for (i, time) in ours.time.iter().enumerate() {
        let own = ours.values(i);
        same += usize::from(at(there, *time) == Some(own));
        let moved = distances.iter().filter_map(|by| Some((*by, at(there, time.checked_add(*by)?)?)));
        let moved: Vec<(Micros, Ohlcv)> = moved.collect();
        looked += usize::from(!moved.is_empty());
        if let Some((by, _)) = moved.iter().find(|(_, values)| *values == own) {
            found.push((i, *by));
            let volume = known(own[VOLUME]).unwrap_or(0.0);
            values.insert((volume.to_bits(), own.to_array().map(f64::to_bits)));
        }
    }
    let (first, by) = *found.first()?;
    let zero = 0.0_f64.to_bits();
    let with_volume = values.iter().filter(|(volume, _)| *volume != zero).count();
    let are_enough = with_volume >= LEAST || values.len() >= LEAST_WITHOUT_VOLUME;
    let is_one = are_enough && found.len() * 2 > looked && found.len() > same;
    is_one.then_some(Conflict { shape: Shape::Shifted { by }, first, bars: found.len(), of: looked })
}

/// Whether most bars have the same values as those at this distance on the same side.
fn repeats_itself(bars: &Bars, by: Micros) -> bool {
    let moved = |i: usize| Some((bars.values(i), at(bars, bars.time[i].checked_add(by)?)?));
    let (looked, same) = (0..bars.len())
        .filter_map(moved)
        .fold((0, 0), |(looked, same), (own, other)| (looked + 1, same + usize::from(own == other)));
    same * 2 > looked
}

/// Most bars that both sides have differ by one ratio of prices.
fn scaled(ours: &Bars, there: &Bars, found: &Classification) -> Option<Conflict> {
    let ratios =
        found.ranges.iter().filter(|r| matches!(r.kind, DifferencePattern::Ratio { price: Some(_), .. }));
    let longest = ratios.max_by_key(|r| r.bars - r.identical)?;
    let bars = usize::try_from(longest.bars - longest.identical).unwrap_or(usize::MAX);
    let of = ours.time.iter().filter(|time| there.time.binary_search(time).is_ok()).count();
    let first = ours.time.partition_point(|time| *time < longest.first);
    let is_one = bars >= LEAST && bars * 2 > of && first < ours.len();
    is_one.then_some(Conflict { shape: Shape::Scaled(longest.kind), first, bars, of })
}

/// Most new bars within the series' range are nearer to one of its bars than the next bar may be, and fewer are at the
/// time of one.
fn between(ours: &Bars, there: &Bars, step: Micros) -> Option<Conflict> {
    let (near, ends) = (step / 10 * 9, (there.time.first()?, there.time.last()?));
    if !is_spaced(&ours.time, near) || !is_spaced(&there.time, near) {
        return None;
    }
    let (mut shared, mut inside, mut bars, mut first) = (0, 0, 0, None);
    for (i, time) in ours.time.iter().enumerate() {
        let Err(next) = there.time.binary_search(time) else {
            shared += 1;
            continue;
        };
        inside += usize::from(ends.0 - step < *time && *time < ends.1 + step);
        let neighbours = [next.checked_sub(1), Some(next)].into_iter().flatten();
        let nearest = neighbours.filter_map(|at| there.time.get(at)).min_by_key(|t| (*t - time).abs());
        if let Some(neighbour) = nearest.filter(|t| (**t - time).abs() < near) {
            bars += 1;
            first = first.or(Some((i, *neighbour)));
        }
    }
    let (first, neighbour) = first?;
    let is_one = bars >= LEAST && bars * 2 > inside && bars > shared;
    is_one.then_some(Conflict { shape: Shape::Between { neighbour }, first, bars, of: inside })
}

/// Whether most bars keep their distance from the one before.
fn is_spaced(times: &[Micros], near: Micros) -> bool {
    let close = times.windows(2).filter(|pair| pair[1] - pair[0] < near).count();
    close * 2 <= times.len()
}

fn at(bars: &Bars, time: Micros) -> Option<Ohlcv> {
    bars.time.binary_search(&time).ok().map(|i| bars.values(i))
}

#[cfg(test)]
mod tests;
