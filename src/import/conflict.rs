//! Before a file's first batch is written: its bars against those that the series has around them.
//!
//! The decision is `shape`'s. Here is when it is asked, what it looks at, and what follows: the file fails, or it is
//! imported and the task keeps what it looks like. Invariant: at most [`MOST_WITHIN`] bars of the series in the file's
//! range and [`MOST_BESIDE`] on each side of it are read, once a file, and none if the series is new or most of its bars
//! in the file's range are the file's.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::Attempt;
use super::shape::{self, Conflict, Shape};
use crate::bar::{Bars, Micros, format_time};
use crate::config::{OnConflictShape, OnMismatch};
use crate::error::{FileError, Result};
use crate::model::SeriesId;
use crate::repository::{bars, source_cache};
use crate::source::reader::Batch;
use crate::task::ImportOptions;
use crate::timeframe;
use crate::verify::classify::{DifferencePattern, FARTHEST_ZONE};

/// Bars of the file that are looked at.
const MOST_OURS: usize = 5_000;
/// Bars of the series in the file's range that are looked at.
const MOST_WITHIN: usize = 20_000;
/// Bars of the series before the file's range, and as many behind it: as far as the classifier looks, which is 14 hours
/// unless the bars are closer than two seconds.
const MOST_BESIDE: usize = 30_000;

/// The bars that a series has around a file's first ones.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// In time order.
    pub(super) bars: Bars,
    /// Up to when they are known; none if all were read.
    pub(super) known_until: Option<Micros>,
}

/// Whether a file's bars have to be compared with those around them in the series: not if it is new, nor if most of its bars in the file's
/// range, `there`, are the file's (`same` of them).
pub(super) fn is_to_look(attempt: Attempt<'_>, there: usize, same: i64) -> bool {
    let same = usize::try_from(same).unwrap_or(usize::MAX);
    attempt.lease.series_id.is_some() && !attempt.lease.series_is_new && (same == 0 || same < there / 2)
}

/// From when to when to look for bars of the series, around these of the file.
pub(super) fn around(attempt: Attempt<'_>, ours: &Bars) -> Option<(Micros, Micros)> {
    let farthest = farthest(attempt);
    let (first, last) = range(ours)?;
    Some((first - farthest, last + farthest))
}

/// From the first to the last bar of the file that is looked at.
fn range(ours: &Bars) -> Option<(Micros, Micros)> {
    let last = ours.time.get(ours.len().min(MOST_OURS).checked_sub(1)?)?;
    Some((*ours.time.first()?, *last))
}

fn farthest(attempt: Attempt<'_>) -> Micros {
    let step = timeframe::length(&attempt.task.timeframe).unwrap_or(0);
    Micros::try_from(FARTHEST_ZONE).unwrap_or(Micros::MAX).max(step)
}

/// Reads what the series has around a file's first bars: those nearest to the file, if there are too many.
async fn surroundings(
    tx: &mut PgConnection,
    attempt: Attempt<'_>,
    series: SeriesId,
    (first, last): (Micros, Micros),
) -> Result<Surroundings> {
    let (database, farthest) = (attempt.database(), farthest(attempt));
    let before = (first - farthest, first - 1);
    let mut bars = bars::last_in_range(tx, database, series, before, MOST_BESIDE).await?;
    let within = bars::in_range(tx, database, series, (first, last), MOST_WITHIN).await?;
    let is_whole = within.len() < MOST_WITHIN;
    let known_until = if is_whole { None } else { within.time.last().copied() };
    append(&mut bars, &within);
    if is_whole {
        let behind = (last + 1, last + farthest);
        append(&mut bars, &bars::in_range(tx, database, series, behind, MOST_BESIDE).await?);
    }
    Ok(Surroundings { bars, known_until })
}

fn append(bars: &mut Bars, more: &Bars) {
    for (i, time) in more.time.iter().enumerate() {
        bars.push(*time, more.values(i));
    }
}

/// The conflict of a file's first bars with those that the series has around them.
pub(super) fn find(attempt: Attempt<'_>, ours: &Bars, there: &Surroundings) -> Option<Conflict> {
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
    let Some(range) = range(&batch.bars) else { return Ok(None) };
    let there = surroundings(tx, attempt, series, range).await?;
    let Some(found) = find(attempt, &batch.bars, &there) else { return Ok(None) };
    let text =
        format!("{} {}: {}", attempt.task.symbol, attempt.task.timeframe, says(attempt, batch, &found));
    if attempt.options.on_conflict_shape == OnConflictShape::Warn {
        let done = if attempt.options.dry_run { "it would be imported" } else { "imported" };
        tracing::warn!(source = attempt.task.source, "{text}; {done} all the same");
        return Ok(Some(text));
    }
    let zones = zones(tx, series).await?;
    let line = batch.lines.get(found.first).copied();
    let reason = format!("{text}; nothing was written. {}", advice(attempt, &found, &zones));
    Err(FileError::permanent(&attempt.task.source, line, reason).into())
}

/// The time zones that files of the series were read with, as far as the latest imports tell.
async fn zones(tx: &mut PgConnection, series: SeriesId) -> Result<BTreeSet<String>> {
    let known = source_cache::options_of(tx, series).await?;
    let mut zones = BTreeSet::new();
    for options in source_cache::recent_options(tx).await? {
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
            DifferencePattern::Shifted { by }.says()
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
    match found.shape {
        Shape::Scaled(_) => format!("Give --on-mismatch overwrite to take the file's prices, or {ANYWAY}"),
        Shape::Between { .. } => format!(
            "{}. Bars in between also come from another timeframe than {} (from the file's name, or --pattern), or from bars \
             stamped at their end instead of their start; give {ANYWAY}",
            about_zones(&attempt.options.read.timezone, zones),
            attempt.task.timeframe
        ),
        Shape::Shifted { .. } => {
            format!("{}, or {ANYWAY}", about_zones(&attempt.options.read.timezone, zones))
        }
    }
}

/// Which zone to read the file with, as far as the zones tell that earlier files of the series were read with.
fn about_zones(ours: &str, zones: &BTreeSet<String>) -> String {
    const WRONG_SERIES: &str = "if the series is the wrong one, delete its bars and import its files anew";
    let mut others = zones.iter().filter(|zone| !zone.eq_ignore_ascii_case(ours));
    let is_known = zones.iter().any(|zone| zone.eq_ignore_ascii_case(ours));
    match (others.next(), others.next()) {
        (None, _) if is_known => format!(
            "The series was imported with --timezone {ours}, too: give the --timezone that this file's times are in; \
             {WRONG_SERIES}"
        ),
        (None, _) => format!(
            "Was the series imported with another --timezone than {ours}? Give the same one; {WRONG_SERIES}"
        ),
        (Some(zone), None) if !is_known => format!(
            "The series was imported with --timezone {zone}, this file was read with {ours}: give --timezone {zone}; \
             {WRONG_SERIES}"
        ),
        _ => {
            let all: Vec<&str> = zones.iter().map(String::as_str).collect();
            format!(
                "Files of the series were imported with --timezone {}, this one was read with {ours}: give the one that its \
                 times are in; {WRONG_SERIES}",
                all.join(" and ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_the_zones_decides_the_advice() {
        let about = |zones: &[&str]| {
            let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
            about_zones("America/New_York", &zones)
        };
        for (zones, part) in [
            (&["UTC"][..], "this file was read with America/New_York: give --timezone UTC;"),
            (
                &["america/new_york"],
                "imported with --timezone America/New_York, too: give the --timezone that",
            ),
            (
                &["Asia/Kolkata", "UTC"],
                "with --timezone Asia/Kolkata and UTC, this one was read with America/New_York",
            ),
            (&["America/New_York", "UTC"], "with --timezone America/New_York and UTC, this one"),
            (&[], "Was the series imported with another --timezone than America/New_York?"),
        ] {
            let advice = about(zones);
            assert!(advice.contains(part) && advice.contains("if the series is the wrong one"), "{advice}");
        }
    }
}
