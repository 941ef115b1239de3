//! How many bars files and series have, and from when to when.
//!
//! Invariant: the files are read to their ends, so their bars are counted as an import would count them; the
//! database counts its own.

use sqlx::PgConnection;

use super::files::FileEvent;
use super::reading::FilesReader;
use super::{Extent, Findings, VerifyAttempt};
use crate::bar::Micros;
use crate::error::Result;
use crate::model::SeriesId;
use crate::repository::compared;
use crate::source::root::Root;

/// Counts both sides.
pub(super) async fn run(attempt: VerifyAttempt<'_>, root: Root) -> Result<Findings> {
    let mut files = FilesReader::start(attempt, root);
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

/// What the series has; only between the files' first and last bar, if the others are no difference.
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
        // Without a bar in the files, all lies outside.
        found.outside = found.db.bars;
        found.db = Extent::default();
    }
    Ok(())
}
