//! Mode `full`: compares every bar of the files with every bar of the series, in one pass over both.
//!
//! Invariant: neither side is read ahead of the other by more than a few batches, so memory stays bounded.

use std::time::Instant;

use super::comparison::{BarComparison, SideBuffer};
use super::files::FileEvent;
use super::reading::FileEventSource;
use super::{Findings, VerifyAttempt};
use crate::bar::Bars;
use crate::error::Result;
use crate::repository::stream::BarStream;
use crate::telemetry::phases::Phase;

/// Compares all bars.
pub(super) async fn run(attempt: VerifyAttempt<'_>, mut files: impl FileEventSource) -> Result<Findings> {
    loop {
        // If the files turn out not to be in time order, both sides begin again.
        match pass(attempt, &mut files).await? {
            Some(found) => return Ok(found),
            None => tracing::debug!(source = attempt.task.source, "rows are not in time order; sorting"),
        }
    }
}

/// Compares both sides from their start; none if the files began again.
async fn pass(attempt: VerifyAttempt<'_>, files: &mut impl FileEventSource) -> Result<Option<Findings>> {
    let mut csv = SideBuffer::default();
    let mut db = SideBuffer::default();
    let mut stream = None;
    let mut comparison = BarComparison::new(attempt.options.within_range, attempt.options.max_differences);
    loop {
        if csv.is_used_up() {
            match files.next().await? {
                FileEvent::Bars(next) => csv.take_files(*next),
                FileEvent::End(summary) => {
                    comparison.found.files = *summary;
                    csv.ended = true;
                }
                FileEvent::Restart => return Ok(None),
            }
        }
        if db.is_used_up() {
            let next = next_of_series(attempt, &mut stream).await?;
            match next {
                Some(bars) => db.take(&bars),
                None => db.ended = true,
            }
        }
        let start = Instant::now();
        comparison.advance(&mut csv, &mut db);
        attempt.telemetry.add(Phase::CompareValues, start.elapsed());
        if csv.is_done() && db.is_done() {
            return Ok(Some(comparison.finish()));
        }
    }
}

/// The next bars of the series. Its stream is opened when the first bars of the files have been read.
async fn next_of_series<'a>(
    attempt: VerifyAttempt<'a>,
    stream: &mut Option<BarStream<'a>>,
) -> Result<Option<Bars>> {
    attempt.refuse_stopped()?;
    let Some(series) = attempt.lease.series_id else { return Ok(None) };
    let start = Instant::now();
    let stream = match stream {
        Some(stream) => stream,
        None => stream.insert(BarStream::open(attempt.database(), series, None).await?),
    };
    let next = stream.next().await;
    attempt.telemetry.add(Phase::CheckExists, start.elapsed());
    next
}
