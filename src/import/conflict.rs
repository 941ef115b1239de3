//! Before a file's first batch is written: its bars against those that the series has around them.
//!
//! The decision is `shape`'s. Here is when it is asked, what it looks at, and what follows: the file fails, or it is
//! imported and the task keeps what it looks like. Invariant: at most [`MOST_THERE`] bars of the series are read, once
//! a file, and none if the series is new or most of its bars in the file's range are the file's.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::Attempt;
use super::shape::{self, Conflict, Shape};
use crate::bar::{Bars, Micros, format_time};
use crate::config::{OnConflictShape, OnMismatch};
use crate::error::{FileError, Result};
use crate::repository::{bars, known};
use crate::source::reader::Batch;
use crate::task::ImportOptions;
use crate::timeframe;
use crate::verify::classify::{FARTHEST_ZONE, Kind};

/// Bars of the file that are looked at.
const MOST_OURS: usize = 5_000;
/// Bars of the series that are looked at.
pub(super) const MOST_THERE: usize = 20_000;

/// Whether a file's bars have to be held against the series': not if it is new, nor if most of its bars in the file's
/// range, `there`, are the file's (`same` of them).
pub(super) fn is_to_look(attempt: Attempt<'_>, there: usize, same: i64) -> bool {
    let same = usize::try_from(same).unwrap_or(usize::MAX);
    attempt.lease.series_id.is_some() && !attempt.lease.series_is_new && (same == 0 || same < there / 2)
}

/// From when to when to look for bars of the series, around these of the file.
pub(super) fn around(attempt: Attempt<'_>, ours: &Bars) -> Option<(Micros, Micros)> {
    let step = timeframe::length(&attempt.task.timeframe).unwrap_or(0);
    let farthest = Micros::try_from(FARTHEST_ZONE).unwrap_or(Micros::MAX).max(step);
    let last = ours.time.get(ours.len().min(MOST_OURS).checked_sub(1)?)?;
    Some((ours.time.first()? - farthest, last + farthest))
}

/// The conflict of a file's first bars with those that the series has around them.
pub(super) fn find(attempt: Attempt<'_>, ours: &Bars, there: &Bars) -> Option<Conflict> {
    let mut first = Bars::default();
    let last = there.time.last().copied().unwrap_or(Micros::MAX);
    let is_whole = there.len() < MOST_THERE;
    for i in (0..ours.len().min(MOST_OURS)).take_while(|i| is_whole || ours.time[*i] <= last) {
        first.push(ours.time[i], ours.values(i));
    }
    let found = shape::conflict(&first, there, timeframe::length(&attempt.task.timeframe))?;
    // Whoever overwrites wants the file's prices.
    let overwrites = attempt.options.on_mismatch == OnMismatch::Overwrite;
    (!overwrites || !matches!(found.shape, Shape::Scaled(_))).then_some(found)
}

/// Looks for a conflict of a file's first batch; `there` and `same` as for [`is_to_look`]. Returns what it looks like
/// if the file is to be imported all the same.
///
/// # Errors
/// A [`FileError`] if it is not.
pub(super) async fn look(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    batch: &Batch,
    (there, same): (usize, u64),
) -> Result<Option<String>> {
    let same = i64::try_from(same).unwrap_or(i64::MAX);
    let Some(series) = attempt.lease.series_id.filter(|_| is_to_look(attempt, there, same)) else {
        return Ok(None);
    };
    let Some(range) = around(attempt, &batch.bars) else { return Ok(None) };
    let there = bars::in_range(tx, attempt.database(), series, range, MOST_THERE).await?;
    let Some(found) = find(attempt, &batch.bars, &there) else { return Ok(None) };
    let text =
        format!("{} {}: {}", attempt.task.symbol, attempt.task.timeframe, says(attempt, batch, &found));
    if attempt.options.on_conflict_shape == OnConflictShape::Warn {
        tracing::warn!(source = attempt.task.source, "{text}; imported all the same");
        return Ok(Some(text));
    }
    let zones = zones(tx, series).await?;
    let line = batch.lines.get(found.first).copied();
    let reason = format!("{text}; nothing was written. {}", advice(attempt, &found, &zones));
    Err(FileError::permanent(&attempt.task.source, line, reason).into())
}

/// The time zones that files of the series were read with, as far as the latest imports tell.
async fn zones(tx: &mut PgConnection, series: i32) -> Result<BTreeSet<String>> {
    let known = known::options_of(tx, series).await?;
    let mut zones = BTreeSet::new();
    for options in known::recent_options(tx).await? {
        let Ok(options) = serde_json::from_value::<ImportOptions>(options) else { continue };
        if known.iter().any(|hash| options.content_key().is_ok_and(|key| key == hash.as_slice())) {
            zones.insert(options.read.timezone);
        }
    }
    Ok(zones)
}

/// What it looks like.
fn says(attempt: Attempt<'_>, batch: &Batch, found: &Conflict) -> String {
    let Conflict { shape, first, bars, of } = *found;
    let time = batch.bars.time.get(first).map(|t| format_time(*t)).unwrap_or_default();
    match shape {
        Shape::Shifted { by } => format!(
            "{bars} of {of} bars are in the series at another time, the first ({time}) at {}: {}",
            format_time(batch.bars.time.get(first).map_or(by, |t| t + by)),
            Kind::Shifted { by }.says()
        ),
        Shape::Scaled(kind) => {
            format!("{bars} of {of} bars have other prices in the series, from {time} on: {}", kind.says())
        }
        Shape::Between { neighbour } => format!(
            "{bars} of {of} new bars lie between those of the series, nearer than {} to one of them, the first ({time}) \
             beside {}",
            attempt.task.timeframe,
            format_time(neighbour)
        ),
    }
}

/// What to do.
fn advice(attempt: Attempt<'_>, found: &Conflict, zones: &BTreeSet<String>) -> String {
    const ANYWAY: &str = "--on-conflict-shape warn to import the file all the same";
    let ours = &attempt.options.read.timezone;
    if let Shape::Scaled(_) = found.shape {
        return format!("Give --on-mismatch overwrite to take the file's prices, or {ANYWAY}");
    }
    match zones.iter().find(|zone| *zone != ours).filter(|_| zones.len() == 1) {
        Some(zone) => format!(
            "The series was imported with --timezone {zone}, this file was read with {ours}: give --timezone {zone}, or \
             {ANYWAY}"
        ),
        None => format!(
            "Was the series imported with another --timezone than {ours}? Give the same one, or {ANYWAY}"
        ),
    }
}
