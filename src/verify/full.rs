//! Every bar of the files against every bar of the series, in one pass over both.
//!
//! Invariant: each side is read as fast as the other one is compared with it, so both are in memory by a few batches.

use std::time::Instant;

use super::comparison::{BarComparison, SideBuffer};
use super::files::FileEvent;
use super::reading::FilesReader;
use super::{Findings, VerifyAttempt};
use crate::bar::Bars;
use crate::error::Result;
use crate::repository::stream::BarStream;
use crate::source::root::Root;
use crate::telemetry::phases::Phase;

/// Compares all bars.
pub(super) async fn run(attempt: VerifyAttempt<'_>, root: Root) -> Result<Findings> {
    let mut files = FilesReader::start(attempt, root);
    loop {
        // Files that turn out not to be in time order begin again, and so does the other side.
        match pass(attempt, &mut files).await? {
            Some(found) => return Ok(found),
            None => tracing::debug!(source = attempt.task.source, "rows are not in time order; sorting"),
        }
    }
}

/// Both sides from their start; none if the files began again.
async fn pass(attempt: VerifyAttempt<'_>, files: &mut FilesReader<'_>) -> Result<Option<Findings>> {
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
            let next = wait(attempt, &mut stream).await?;
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

/// The next bars of the series. Its stream is opened once the first bars of the files are there.
async fn wait<'a>(attempt: VerifyAttempt<'a>, stream: &mut Option<BarStream<'a>>) -> Result<Option<Bars>> {
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
