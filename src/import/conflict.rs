//! Before a file's first batch is written: its bars against those that the series has around them.
//!
//! `shape` decides whether they conflict, and `says` has the words. This file decides when to ask, which bars
//! to look at, and what follows: the file fails, or it is imported and the task keeps what it looks like.
//!
//! Invariant: for a single file, at most [`MOST_WITHIN`] bars of the series in its range and [`MOST_BESIDE`]
//! on each side of it are read. If several files are checked together: at most [`MOST_OF_EACH`] bars of each
//! series. None are read if the series is new or most of its bars in the file's range are the file's.

mod says;

use sqlx::PgConnection;

use super::batch::{ComparedBatch, FileBatch};
use super::shape::{self, Conflict, Shape};
use crate::bar::{Bars, Micros};
use crate::config::{OnConflictShape, OnMismatch};
use crate::db::traced_pool::TracedPool;
use crate::error::{Error, FileError, Result};
use crate::model::SeriesId;
use crate::repository::bars;
use crate::source::reader::Batch;
use crate::timeframe;
use crate::verify::classify::FARTHEST_ZONE;

/// Bars of the file that are looked at.
const MOST_OURS: usize = 5_000;
/// Bars of the series in the file's range that are looked at.
const MOST_WITHIN: usize = 20_000;
/// Bars of the series before the file's range, and as many behind it: as far as [`Around`] reaches, unless the bars
/// are closer than two seconds.
const MOST_BESIDE: usize = 30_000;
/// Bars of each series that are looked at, if there are several files.
const MOST_OF_EACH: usize = 2_000;

/// Series of a file that are looked at, if it has several symbols: the first ones. A wrong zone shows in each.
pub(super) const MOST_SERIES: usize = 8;

/// What the bars around a file's first ones show.
#[derive(Debug)]
pub(super) enum Found {
    /// The conflict.
    Conflict(Conflict),
    /// Nothing, for there are too many to be compared together with other files.
    TooMany,
}

/// Where to look for bars of a series: around the first ones of a file.
struct Around {
    series_id: SeriesId,
    first: Micros,
    last: Micros,
    farthest: Micros,
}

/// The bars that a series has around a file's first ones.
struct Surroundings {
    /// In time order.
    bars: Bars,
    /// Up to when they are known; none if all were read.
    known_until: Option<Micros>,
}

impl Around {
    /// None if a file's bars need no look at those around them: if it is not their first batch, if the series is new, or
    /// if most of its bars in the file's range are the file's.
    fn of(batch: &ComparedBatch<'_>) -> Option<Self> {
        let FileBatch { attempt, target, batch: Batch { bars, .. }, cursor, .. } = batch.file;
        let same = usize::try_from(batch.compared.same).unwrap_or(usize::MAX);
        let is_like_it = same > 0 && same >= batch.there / 2;
        if !cursor.at_start || target.is_new || is_like_it {
            return None;
        }
        let last = bars.time.get(bars.len().min(MOST_OURS).checked_sub(1)?)?;
        let step = timeframe::length(&attempt.task.timeframe).unwrap_or(0);
        let farthest = Micros::try_from(FARTHEST_ZONE).unwrap_or(Micros::MAX).max(step);
        Some(Self { series_id: target.series_id?, first: *bars.time.first()?, last: *last, farthest })
    }

    fn range(&self) -> (Micros, Micros) {
        (self.first - self.farthest, self.last + self.farthest)
    }
}

/// Looks for conflicts of files' first batches with the bars that their series have around them; returns the places of
/// files that have one.
pub(super) async fn find(
    tx: &mut PgConnection,
    files: &[ComparedBatch<'_>],
    in_bundle: bool,
) -> Result<Vec<(usize, Found)>> {
    let (looked, around): (Vec<_>, Vec<_>) =
        files.iter().enumerate().filter_map(|(i, file)| Some((i, Around::of(file)?))).unzip();
    let Some(&first) = looked.first() else { return Ok(Vec::new()) };
    let mut attempts: Vec<_> = looked.iter().map(|i| files[*i].file.attempt.telemetry).collect();
    if !in_bundle {
        attempts.truncate(1);
    }
    let db = TracedPool::bundle(&files[first].file.attempt.context.pool, &attempts);
    let mut there = match (files, &around[..]) {
        ([_], [one]) => vec![Some(nearest(&mut *tx, db, one).await?)],
        _ => surroundings(&mut *tx, db, &around).await?,
    };
    if !in_bundle {
        for (around, there) in around.iter().zip(&mut there).filter(|(_, there)| there.is_none()) {
            *there = Some(nearest(&mut *tx, db, around).await?);
        }
    }
    let found = |(i, there): (usize, Option<Surroundings>)| match there {
        None => Some((i, Found::TooMany)),
        Some(there) => Some((i, Found::Conflict(conflict(files[i].file, &there)?))),
    };
    Ok(looked.into_iter().zip(there).filter_map(found).collect())
}

/// Reads what series have around the first bars of several files; nothing of a series that has too much there.
async fn surroundings(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    around: &[Around],
) -> Result<Vec<Option<Surroundings>>> {
    let ranges: Vec<_> = around.iter().map(|a| (a.series_id, a.range(), MOST_OF_EACH)).collect();
    let mut there = bars::in_ranges(tx, db, &ranges).await?;
    let read = |around: &Around| {
        let bars = there.remove(&around.series_id).unwrap_or_default();
        (bars.len() < MOST_OF_EACH).then_some(Surroundings { bars, known_until: None })
    };
    Ok(around.iter().map(read).collect())
}

/// Reads what a series has around a single file's first bars: what is nearest to them, if there is too much.
async fn nearest(tx: &mut PgConnection, db: TracedPool<'_>, around: &Around) -> Result<Surroundings> {
    let Around { series_id: series, first, last, .. } = *around;
    let (from, to) = around.range();
    let mut bars = bars::last_in_range(tx, db, series, (from, first - 1), MOST_BESIDE).await?;
    let within = bars::in_range(tx, db, series, (first, last), MOST_WITHIN).await?;
    let is_whole = within.len() < MOST_WITHIN;
    let known_until = if is_whole { None } else { within.time.last().copied() };
    append(&mut bars, &within);
    if is_whole {
        append(&mut bars, &bars::in_range(tx, db, series, (last + 1, to), MOST_BESIDE).await?);
    }
    Ok(Surroundings { bars, known_until })
}

fn append(bars: &mut Bars, more: &Bars) {
    for (i, time) in more.time.iter().enumerate() {
        bars.push(*time, more.values(i));
    }
}

/// The conflict of a file's first bars with those that the series has around them.
fn conflict(file: &FileBatch<'_>, there: &Surroundings) -> Option<Conflict> {
    let (attempt, ours) = (file.attempt, &file.batch.bars);
    let mut first = Bars::default();
    let last = there.known_until.unwrap_or(Micros::MAX);
    for i in (0..ours.len().min(MOST_OURS)).take_while(|i| ours.time[*i] <= last) {
        first.push(ours.time[i], ours.values(i));
    }
    let found = shape::conflict(&first, &there.bars, timeframe::length(&attempt.task.timeframe))?;
    // Whoever overwrites wants the file's prices.
    let overwrites = attempt.options.on_mismatch == OnMismatch::Overwrite;
    (!overwrites || !matches!(found.shape, Shape::Scaled(_))).then_some(found)
}

/// Refuses files that conflict, or tells of them and keeps what they look like if they are to be imported all the same.
///
/// # Errors
/// A [`FileError`] if one is not.
pub(super) async fn refuse_or_tell(
    tx: &mut PgConnection,
    files: &mut [ComparedBatch<'_>],
    found: Vec<(usize, Found)>,
) -> Result<()> {
    for (i, found) in found {
        let FileBatch { attempt, target, batch, .. } = *files[i].file;
        let (Found::Conflict(found), Some(series_id)) = (found, target.series_id) else {
            return Err(Error::Internal("the bars around a file's were not read".into()));
        };
        let text = says::conflict((attempt, target.symbol), batch, &found);
        if attempt.options.on_conflict_shape == OnConflictShape::Warn {
            let done = if attempt.options.dry_run { "it would be imported" } else { "imported" };
            tracing::warn!(source = attempt.task.source, "{text}; {done} all the same");
            files[i].shape_conflict = Some(text);
            continue;
        }
        let line = batch.lines.get(found.first).copied();
        let zone = files[i].file.zone();
        let advice = says::advice(tx, attempt, (series_id, zone), &found).await?;
        let what =
            if attempt.task.is_several() { "the batch was not written" } else { "nothing was written" };
        let reason = format!("{text}; {what}. {advice}");
        return Err(FileError::permanent(&attempt.task.source, line, reason).into());
    }
    Ok(())
}
