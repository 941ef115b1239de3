//! Mode `sample`: looks up a random sample of the files' bars in the database, and compares counts as mode `counts` does.
//!
//! Each sampled bar stands for the time from itself up to the file's next bar. All that the database has there is
//! looked up, so an extra bar is found if the bar before it is in the sample. Invariant: only the seed and the files'
//! times decide which bars are sampled.

use std::collections::BTreeMap;
use std::time::Instant;

use sqlx::PgConnection;

use super::classify::{Classification, Classifier, DifferencePattern};
use super::counts;
use super::files::FileEvent;
use super::reading::FileEventSource;
use super::sample::Sample;
use super::{Extent, Findings, VerifyAttempt};
use crate::bar::{Micros, Ohlcv};
use crate::digest;
use crate::error::Result;
use crate::finding::{Difference, Place};
use crate::model::SeriesId;
use crate::repository::compared::{self, TimeInterval};
use crate::telemetry::phases::Phase;

/// Most extra bars after one sampled bar that are looked up.
const MAX_EXTRA: i64 = 10;
/// Most differing bars whose values are looked up at other times.
const MAX_SOUGHT: usize = 200;
/// How far from its time a bar is looked up: farther than any two time zones differ.
const SOUGHT_WITHIN: Micros = 26 * 3600 * 1_000_000;

/// A bar of the files, and the time of the next one.
#[derive(Debug, Clone)]
struct Spot {
    time: Micros,
    next: Option<Micros>,
    place: Place,
    values: Ohlcv,
    /// Other values at this time, if files contradict each other.
    others: Vec<Ohlcv>,
}

impl Spot {
    fn fits(&self, values: Ohlcv) -> bool {
        std::iter::once(&self.values).chain(&self.others).any(|own| digest::same(*own, values))
    }
}

/// Draws a sample, looks it up and compares it.
pub(super) async fn run(attempt: VerifyAttempt<'_>, files: impl FileEventSource) -> Result<Findings> {
    let mut drawn = draw(attempt, files).await?;
    let Some(series) = attempt.lease.series_id else {
        let by_time = compare(attempt, &mut drawn, &[]).0;
        drawn.found.classification = classify(&by_time);
        return Ok(drawn.found);
    };
    // One transaction, so that all look-ups are of one moment.
    let mut tx = attempt.database().begin_reading("looking up the sample").await?;
    counts::count_series(attempt, &mut tx, series, &mut drawn.found).await?;
    let there = look_up(attempt, &mut tx, series, &drawn).await?;
    let (by_time, sought) = compare(attempt, &mut drawn, &there);
    drawn.found.classification = look_for_shift(attempt, &mut tx, series, &sought, by_time).await?;
    attempt.database().commit(tx, "looking up the sample").await?;
    Ok(drawn.found)
}

struct SpotSample {
    found: Findings,
    spots: Vec<Spot>,
}

/// Reads the files and draws the sample.
async fn draw(attempt: VerifyAttempt<'_>, mut files: impl FileEventSource) -> Result<SpotSample> {
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

/// The database's bars at the sampled bars' times and after them, each with the number of its spot.
async fn look_up(
    attempt: VerifyAttempt<'_>,
    tx: &mut PgConnection,
    series: SeriesId,
    drawn: &SpotSample,
) -> Result<Vec<(usize, Micros, Ohlcv)>> {
    // Within the files' range, bars after the last one are no differences.
    let end = drawn.found.csv.last.filter(|_| attempt.options.within_range).map(|last| last + 1);
    let around: Vec<TimeInterval> =
        drawn.spots.iter().map(|s| TimeInterval { from: s.time, to: s.next.or(end) }).collect();
    let start = Instant::now();
    let there = compared::around(tx, attempt.database(), series, &around, MAX_EXTRA).await;
    attempt.telemetry.add(Phase::CheckExists, start.elapsed());
    there
}

/// The bars of both sides by time, as far as they were looked up.
type BarsByTime = BTreeMap<Micros, (Option<Ohlcv>, Option<Ohlcv>)>;

/// Counts and lists the differences; returns the bars of both sides, and the files' bars that differ.
fn compare(
    attempt: VerifyAttempt<'_>,
    drawn: &mut SpotSample,
    there: &[(usize, Micros, Ohlcv)],
) -> (BarsByTime, Vec<(Micros, Ohlcv)>) {
    let mut by_time = BarsByTime::new();
    let mut sought = Vec::new();
    let mut there = there.iter().peekable();
    let spots = std::mem::take(&mut drawn.spots);
    for (n, spot) in spots.iter().enumerate() {
        // More than one if another writer has doubled a bar. The one that fits counts as the bar, the others as extra bars.
        let mut own: Vec<Ohlcv> = Vec::new();
        while let Some((_, _, values)) = there.next_if(|(m, time, _)| *m == n && *time == spot.time) {
            own.push(*values);
        }
        let fitting = own.iter().position(|values| spot.fits(*values));
        let same = fitting.is_some();
        let db = (!own.is_empty()).then(|| own.swap_remove(fitting.unwrap_or(0)));
        let found = &mut drawn.found;
        by_time.insert(spot.time, (if same { db } else { Some(spot.values) }, db));
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
            by_time.entry(time).or_default().1 = Some(values);
            found.only_in_db += 1;
            list(attempt, found, Difference { time, csv: None, db: Some(values) });
        }
    }
    (by_time, sought)
}

fn list(attempt: VerifyAttempt<'_>, found: &mut Findings, difference: Difference) {
    if found.listed.len() < attempt.options.max_differences {
        found.listed.push(difference);
    }
}

/// Looks up the values of differing bars at other times, so that a shift is recognised.
async fn look_for_shift(
    attempt: VerifyAttempt<'_>,
    tx: &mut PgConnection,
    series: SeriesId,
    sought: &[(Micros, Ohlcv)],
    mut by_time: BarsByTime,
) -> Result<Classification> {
    let literal = classify(&by_time);
    let extra: Vec<Micros> = by_time.iter().filter(|(_, e)| e.0.is_none()).map(|(time, _)| *time).collect();
    if sought.len() < 3 {
        return Ok(literal);
    }
    let sought = &sought[..sought.len().min(MAX_SOUGHT)];
    for (time, values) in compared::nearby(tx, attempt.database(), series, sought, SOUGHT_WITHIN).await? {
        by_time.entry(time).or_default().1 = Some(values);
    }
    // Bars from other times count only if there is a shift.
    let shifted = classify(&by_time);
    if shifted.totals.shifted == 0 { Ok(literal) } else { Ok(without_partners(shifted, &extra)) }
}

/// Removes ranges of bars from other times that have no partner in the sample: ranges of the database's bars count only if
/// they have an `extra` bar.
fn without_partners(mut found: Classification, extra: &[Micros]) -> Classification {
    found.ranges.retain(|r| {
        let next = extra.partition_point(|time| *time < r.first);
        r.kind != DifferencePattern::OnlyInDb || extra.get(next).is_some_and(|time| *time <= r.last)
    });
    found
}

fn classify(by_time: &BarsByTime) -> Classification {
    let mut classifier = Classifier::new();
    for (&time, &(csv, db)) in by_time {
        classifier.push(time, csv, db);
    }
    classifier.finish()
}
