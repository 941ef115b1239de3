//! A random sample of the files' bars, looked up in the database.
//!
//! Each sampled bar stands for the time from itself up to the file's next bar: what the database has there is looked
//! up in one query, so an extra bar is found if the bar before it is in the sample. Invariant: which bars are sampled
//! follows from the seed and the files' times alone, and counts are compared as `counts` does.

use std::collections::BTreeMap;

use super::classify::Classifier;
use super::counts;
use super::files::Fed;
use super::reading::Reading;
use super::sample::Sample;
use super::{Attempt, Extent, Found, save};
use crate::bar::{Micros, Ohlcv};
use crate::error::Result;
use crate::finding::{Difference, Place};
use crate::repository::verified::{self, Around};
use crate::source::root::Root;
use crate::telemetry::phases::Phase;

/// Extra bars behind one sampled bar that are looked at.
const MAX_BEHIND: i64 = 100;
/// Differing bars whose values are looked for at other times.
const MAX_SOUGHT: usize = 200;
/// How far from its time a bar is looked for: more than the time zones are apart.
const SOUGHT_WITHIN: Micros = 26 * 3600 * 1_000_000;

/// A bar of the files, and when the next one is.
#[derive(Debug, Clone, Copy)]
struct Spot {
    time: Micros,
    next: Option<Micros>,
    place: Place,
    values: Ohlcv,
}

/// Compares a sample.
pub(super) async fn run(attempt: Attempt<'_>, root: Root) -> Result<Found> {
    let (mut found, spots) = draw(attempt, root).await?;
    counts::count_series(attempt, &mut found).await?;
    let there = match attempt.lease.series_id {
        Some(series) => look_up(attempt, series, &found, &spots).await?,
        None => Vec::new(),
    };
    compare(attempt, &mut found, &spots, &there).await?;
    Ok(found)
}

/// Reads the files and draws the sample.
async fn draw(attempt: Attempt<'_>, root: Root) -> Result<(Found, Vec<Spot>)> {
    let mut files = Reading::start(attempt, root);
    let empty = || Sample::new(attempt.options.seed, attempt.options.sample_size);
    let mut csv = Extent::default();
    let mut sample = empty();
    let mut last: Option<Spot> = None;
    loop {
        match files.next().await? {
            Fed::Begin => (csv, sample, last) = (Extent::default(), empty(), None),
            Fed::Bars(next) => {
                for (i, &time) in next.bars.time.iter().enumerate() {
                    csv.add(time);
                    let (place, values) = (next.places[i], next.bars.values(i));
                    let before = last.replace(Spot { time, next: None, place, values });
                    if let Some(before) = before {
                        sample.offer(before.time, Spot { next: Some(time), ..before });
                    }
                }
            }
            Fed::End(files) => {
                if let Some(last) = last {
                    sample.offer(last.time, last);
                }
                return Ok((Found { files: *files, csv, ..Found::default() }, sample.into_sorted()));
            }
        }
    }
}

/// What the database has at the sampled bars and behind them; each with the number of its spot.
async fn look_up(
    attempt: Attempt<'_>,
    series: i32,
    found: &Found,
    spots: &[Spot],
) -> Result<Vec<(usize, Micros, Ohlcv)>> {
    // Behind the files' last bar, nothing may be a difference.
    let end = found.csv.last.filter(|_| attempt.options.within_range).map(|last| last + 1);
    let around: Vec<Around> = spots.iter().map(|s| Around { from: s.time, to: s.next.or(end) }).collect();
    let start = std::time::Instant::now();
    let connection = &mut *attempt.database().acquire("looking up the sample").await?;
    let there = verified::around(connection, attempt.database(), series, &around, MAX_BEHIND).await;
    attempt.telemetry.add(Phase::CheckExists, start.elapsed());
    there
}

type Sides = (Option<Ohlcv>, Option<Ohlcv>);

async fn compare(
    attempt: Attempt<'_>,
    found: &mut Found,
    spots: &[Spot],
    there: &[(usize, Micros, Ohlcv)],
) -> Result<()> {
    let mut events: BTreeMap<Micros, Sides> = BTreeMap::new();
    let mut sought = Vec::new();
    let mut there = there.iter().peekable();
    for (n, spot) in spots.iter().enumerate() {
        let db = there.next_if(|(m, time, _)| *m == n && *time == spot.time).map(|t| t.2);
        events.insert(spot.time, (Some(spot.values), db));
        let csv = Some((spot.place, spot.values));
        match db {
            Some(values) if values == spot.values => found.identical += 1,
            Some(_) => found.different += 1,
            None => found.only_in_csv += 1,
        }
        if db != Some(spot.values) {
            sought.push((spot.time, spot.values));
            list(attempt, found, Difference { time: spot.time, csv, db });
        }
        while let Some(&(_, time, values)) = there.next_if(|(m, ..)| *m == n) {
            events.entry(time).or_default().1 = Some(values);
            found.only_in_db += 1;
            list(attempt, found, Difference { time, csv: None, db: Some(values) });
        }
    }
    seek(attempt, &sought, &mut events).await?;
    save::classified(found, classify(&events));
    Ok(())
}

fn list(attempt: Attempt<'_>, found: &mut Found, difference: Difference) {
    if found.listed.len() < attempt.options.max_differences {
        found.listed.push(difference);
    }
}

/// Looks for the values of differing bars at other times, so that a shift in time shows as one.
async fn seek(
    attempt: Attempt<'_>,
    sought: &[(Micros, Ohlcv)],
    events: &mut BTreeMap<Micros, Sides>,
) -> Result<()> {
    let Some(series) = attempt.lease.series_id.filter(|_| sought.len() > 2) else { return Ok(()) };
    let sought = &sought[..sought.len().min(MAX_SOUGHT)];
    let connection = &mut *attempt.database().acquire("looking for shifted bars").await?;
    let seen = attempt.database();
    for (time, values) in verified::nearby(connection, seen, series, sought, SOUGHT_WITHIN).await? {
        events.entry(time).or_default().1 = Some(values);
    }
    Ok(())
}

fn classify(events: &BTreeMap<Micros, Sides>) -> super::classify::Classification {
    let mut classifier = Classifier::new();
    for (&time, &(csv, db)) in events {
        if csv.is_some() && csv == db {
            classifier.push_same(time);
        } else {
            classifier.push(time, csv, db);
        }
    }
    classifier.finish()
}
