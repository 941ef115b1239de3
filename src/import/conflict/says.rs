//! A shape conflict, for people: what it looks like, and what to do.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::bar::format_time;
use crate::error::Result;
use crate::import::ImportAttempt;
use crate::import::shape::{Conflict, Shape};
use crate::model::SeriesId;
use crate::repository::source_cache;
use crate::source::reader::Batch;
use crate::task::ImportOptions;
use crate::verify::classify::DifferencePattern;

/// What it looks like.
pub(super) fn conflict(
    (attempt, symbol): (ImportAttempt<'_>, &str),
    batch: &Batch,
    found: &Conflict,
) -> String {
    let Conflict { shape, first, bars, of } = *found;
    let time = batch.bars.time.get(first).map(|t| format_time(*t)).unwrap_or_default();
    let looks = match shape {
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
    };
    format!("{symbol} {}: {looks}", attempt.task.timeframe)
}

/// What to do about a file that was read in this zone.
pub(super) async fn advice(
    tx: &mut PgConnection,
    attempt: ImportAttempt<'_>,
    (series, zone): (SeriesId, &str),
    found: &Conflict,
) -> Result<String> {
    const ANYWAY: &str = "--on-conflict-shape warn to import the file all the same";
    let zones = about_zones(zone, &zones(tx, series).await?);
    Ok(match found.shape {
        Shape::Scaled(_) => format!("Give --on-mismatch overwrite to take the file's prices, or {ANYWAY}"),
        Shape::Between { .. } => format!(
            "{zones}. Bars in between also come from another timeframe than {} (from the file's name, or --pattern), or from bars \
             stamped at their end instead of their start; give {ANYWAY}",
            attempt.task.timeframe
        ),
        Shape::Shifted { .. } => format!("{zones}, or {ANYWAY}"),
    })
}

/// The time zones that files of the series were read with, as far as the latest imports tell.
async fn zones(tx: &mut PgConnection, series: SeriesId) -> Result<BTreeSet<String>> {
    let known = source_cache::options_of(tx, series).await?;
    let mut zones = BTreeSet::new();
    for options in source_cache::recent_options(tx).await? {
        let Ok(options) = serde_json::from_value::<ImportOptions>(options) else { continue };
        let is_known = |key: &[u8; 32]| known.iter().any(|hash| key == hash.as_slice());
        zones.extend(options.zones()?.into_iter().filter(|(_, key)| is_known(key)).map(|(zone, _)| zone));
    }
    Ok(zones)
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
