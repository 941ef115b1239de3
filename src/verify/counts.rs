//! Mode `counts`: compares the numbers of bars and their first and last times.
//!
//! Invariant: the files are read to their ends, so their bars are counted as an import would count them. The database
//! counts its own bars.

use sqlx::PgConnection;

use super::files::FileEvent;
use super::reading::FileEventSource;
use super::{Extent, Findings, VerifyAttempt};
use crate::bar::Micros;
use crate::error::Result;
use crate::model::SeriesId;
use crate::repository::compared;

/// Counts both sides.
pub(super) async fn run(attempt: VerifyAttempt<'_>, mut files: impl FileEventSource) -> Result<Findings> {
    let mut csv = Extent::default();
    let summary = loop {
        match files.next().await? {
            FileEvent::Restart => csv = Extent::default(),
            FileEvent::Bars(next) => next.bars.time.iter().for_each(|&time| csv.add(time)),
            FileEvent::End(summary) => break *summary,
        }
    };
    let mut found = Findings { files: summary, csv, ..Findings::default() };
    if let Some(series) = attempt.lease.series_id {
        let connection = &mut *attempt.database().acquire("counting bars").await?;
        count_series(attempt, connection, series, &mut found).await?;
    }
    Ok(found)
}

/// Counts the series' bars; only those between the files' first and last one, if the others are no differences.
pub(super) async fn count_series(
    attempt: VerifyAttempt<'_>,
    connection: &mut PgConnection,
    series: SeriesId,
    found: &mut Findings,
) -> Result<()> {
    let range: Option<(Micros, Micros)> = found.csv.first.zip(found.csv.last);
    let range = range.filter(|_| attempt.options.within_range);
    let counted = compared::extent(connection, attempt.database(), series, range).await?;
    found.db = Extent { bars: counted.bars, first: counted.first, last: counted.last };
    found.outside = counted.outside;
    if attempt.options.within_range && range.is_none() {
        // If the files have no bars, all bars of the database lie outside.
        found.outside = found.db.bars;
        found.db = Extent::default();
    }
    Ok(())
}
