//! A random sample of the files' bars, looked up in the database.
//!
//! Each sampled bar stands for the time from itself up to the file's next bar: what the database has there is looked
//! up in one query, so an extra bar is found if the bar before it is in the sample. Invariant: which bars are sampled
//! follows from the seed and the files' times alone, and counts are compared as `counts` does.

use std::collections::BTreeMap;
use std::time::Instant;

use sqlx::PgConnection;

use super::classify::{Classification, Classifier, Pattern};
use super::counts;
use super::files::FileEvent;
use super::reading::FilesReader;
use super::sample::Sample;
use super::{Extent, Findings, VerifyAttempt};
use crate::bar::{Micros, Ohlcv};
use crate::digest;
use crate::error::Result;
use crate::finding::{Difference, Place};
use crate::model::SeriesId;
use crate::repository::compared::{self, Interval};
use crate::source::root::Root;
use crate::telemetry::phases::Phase;

/// Extra bars behind one sampled bar that are looked at.
const MAX_BEHIND: i64 = 10;
/// Differing bars whose values are looked for at other times.
const MAX_SOUGHT: usize = 200;
/// How far from its time a bar is looked for: more than the time zones are apart.
const SOUGHT_WITHIN: Micros = 26 * 3600 * 1_000_000;

/// A bar of the files, and when the next one is.
#[derive(Debug, Clone)]
struct Spot {
    time: Micros,
    next: Option<Micros>,
    place: Place,
    values: Ohlcv,
    /// Of files that contradict each other: what else may stand there.
    others: Vec<Ohlcv>,
}

impl Spot {
    fn fits(&self, values: Ohlcv) -> bool {
        std::iter::once(&self.values).chain(&self.others).any(|own| digest::same(*own, values))
    }
}

/// Compares a sample.
pub(super) async fn run(attempt: VerifyAttempt<'_>, root: Root) -> Result<Findings> {
    let mut drawn = draw(attempt, root).await?;
    let Some(series) = attempt.lease.series_id else {
        let events = compare(attempt, &mut drawn, &[]).0;
        drawn.found.classification = classify(&events);
        return Ok(drawn.found);
    };
    // All look-ups as of one moment.
    let mut tx = attempt.database().begin_reading("looking up the sample").await?;
    counts::count_series(attempt, &mut tx, series, &mut drawn.found).await?;
    let there = look_up(attempt, &mut tx, series, &drawn).await?;
    let (events, sought) = compare(attempt, &mut drawn, &there);
    drawn.found.classification = seek(attempt, &mut tx, series, &sought, events).await?;
    attempt.database().commit(tx, "looking up the sample").await?;
    Ok(drawn.found)
}

/// What was drawn.
struct SpotSample {
    found: Findings,
    spots: Vec<Spot>,
}

/// Reads the files and draws the sample.
async fn draw(attempt: VerifyAttempt<'_>, root: Root) -> Result<SpotSample> {
    let mut files = FilesReader::start(attempt, root);
    let empty = || Sample::new(attempt.options.seed, attempt.options.sample_size);
    let mut csv = Extent::default();
    let mut sample = empty();
    let mut last: Option<Spot> = None;
    loop {
        match files.next().await? {
            FileEvent::Restart => (csv, sample, last) = (Extent::default(), empty(), None),
            FileEvent::Bars(next) => {
                for (i, &time) in next.bars.time.iter().enumerate() {
                    csv.add(time);
                    let (place, values) = (next.places[i], next.bars.values(i));
                    let others = next.others_at(time);
                    let before = last.replace(Spot { time, next: None, place, values, others });
                    if let Some(before) = before {
                        sample.offer(before.time, Spot { next: Some(time), ..before });
                    }
                }
            }
            FileEvent::End(files) => {
                if let Some(last) = last {
                    sample.offer(last.time, last);
                }
                let found = Findings { files: *files, csv, ..Findings::default() };
                return Ok(SpotSample { found, spots: sample.into_sorted() });
            }
        }
    }
}

/// What the database has at the sampled bars and behind them; each with the number of its spot.
async fn look_up(
    attempt: VerifyAttempt<'_>,
    tx: &mut PgConnection,
    series: SeriesId,
    drawn: &SpotSample,
) -> Result<Vec<(usize, Micros, Ohlcv)>> {
    // Behind the files' last bar, nothing may be a difference.
    let end = drawn.found.csv.last.filter(|_| attempt.options.within_range).map(|last| last + 1);
    let around: Vec<Interval> =
        drawn.spots.iter().map(|s| Interval { from: s.time, to: s.next.or(end) }).collect();
    let start = Instant::now();
    let there = compared::around(tx, attempt.database(), series, &around, MAX_BEHIND).await;
    attempt.telemetry.add(Phase::CheckExists, start.elapsed());
    there
}

/// Both sides of a time, as far as they were looked at.
type Events = BTreeMap<Micros, (Option<Ohlcv>, Option<Ohlcv>)>;

/// Counts and lists what differs; returns both sides, and the bars that differ.
fn compare(
    attempt: VerifyAttempt<'_>,
    drawn: &mut SpotSample,
    there: &[(usize, Micros, Ohlcv)],
) -> (Events, Vec<(Micros, Ohlcv)>) {
    let mut events = Events::new();
    let mut sought = Vec::new();
    let mut there = there.iter().peekable();
    let spots = std::mem::take(&mut drawn.spots);
    for (n, spot) in spots.iter().enumerate() {
        // More than one only where a foreign writer has doubled a bar; the one that fits stands for it.
        let mut own: Vec<Ohlcv> = Vec::new();
        while let Some((_, _, values)) = there.next_if(|(m, time, _)| *m == n && *time == spot.time) {
            own.push(*values);
        }
        let fitting = own.iter().position(|values| spot.fits(*values));
        let same = fitting.is_some();
        let db = (!own.is_empty()).then(|| own.swap_remove(fitting.unwrap_or(0)));
        let found = &mut drawn.found;
        events.insert(spot.time, (if same { db } else { Some(spot.values) }, db));
        match db {
            Some(_) if same => found.identical += 1,
            Some(_) => found.different += 1,
            None => found.only_in_csv += 1,
        }
        if !same {
            sought.push((spot.time, spot.values));
            let csv = Some((spot.place, spot.values));
            list(attempt, found, Difference { time: spot.time, csv, db });
        }
        for values in own {
            found.only_in_db += 1;
            list(attempt, found, Difference { time: spot.time, csv: None, db: Some(values) });
        }
        while let Some(&(_, time, values)) = there.next_if(|(m, ..)| *m == n) {
            events.entry(time).or_default().1 = Some(values);
            found.only_in_db += 1;
            list(attempt, found, Difference { time, csv: None, db: Some(values) });
        }
    }
    (events, sought)
}

fn list(attempt: VerifyAttempt<'_>, found: &mut Findings, difference: Difference) {
    if found.listed.len() < attempt.options.max_differences {
        found.listed.push(difference);
    }
}

/// Looks for the values of differing bars at other times, so that a shift in time shows as one.
async fn seek(
    attempt: VerifyAttempt<'_>,
    tx: &mut PgConnection,
    series: SeriesId,
    sought: &[(Micros, Ohlcv)],
    mut events: Events,
) -> Result<Classification> {
    let literal = classify(&events);
    let extra: Vec<Micros> = events.iter().filter(|(_, e)| e.0.is_none()).map(|(time, _)| *time).collect();
    if sought.len() < 3 {
        return Ok(literal);
    }
    let sought = &sought[..sought.len().min(MAX_SOUGHT)];
    for (time, values) in compared::nearby(tx, attempt.database(), series, sought, SOUGHT_WITHIN).await? {
        events.entry(time).or_default().1 = Some(values);
    }
    // What was fetched from other times says something only of shifts.
    let shifted = classify(&events);
    if shifted.totals.shifted == 0 { Ok(literal) } else { Ok(without_partners(shifted, &extra)) }
}

/// Most of what was fetched from other times has no partner in the sample; ranges of the database's bars count only where
/// there are `extra` ones.
fn without_partners(mut found: Classification, extra: &[Micros]) -> Classification {
    found.ranges.retain(|r| {
        let next = extra.partition_point(|time| *time < r.first);
        r.kind != Pattern::OnlyInDb || extra.get(next).is_some_and(|time| *time <= r.last)
    });
    found
}

fn classify(events: &Events) -> Classification {
    let mut classifier = Classifier::new();
    for (&time, &(csv, db)) in events {
        classifier.push(time, csv, db);
    }
    classifier.finish()
}
