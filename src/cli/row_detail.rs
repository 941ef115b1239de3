//! Estimates the number of spans of `--trace-detail row`.

use std::io::Read as _;

use super::output::{self, count};
use crate::source::discover::Discovery;
use crate::source::open::OpenSource;
use crate::source::root::Root;

/// Bytes of the largest file from which the rows of all files are estimated.
const SAMPLE: u64 = 64 * 1024;

/// Prints how many spans the import of these files will have at least and at most.
pub(super) async fn announce(root: &Root, found: &Discovery, header: bool) {
    // If the file cannot be read, its task fails with the reason later.
    let Some(rows) = estimate_rows(root, found, header).await else { return };
    output::note(&format!(
        "trace.detail is `row`: about {} rows, so between {} and {} spans",
        count(rows),
        count(rows),
        count(rows.saturating_mul(2))
    ));
}

async fn estimate_rows(root: &Root, found: &Discovery, header: bool) -> Option<u64> {
    let largest = found.sources.iter().max_by_key(|s| s.size)?;
    let source = OpenSource::open(root, &largest.path).await.ok()?;
    let sample = tokio::task::spawn_blocking(move || {
        let (mut text, mut sample) = (source.text().ok()?, Vec::new());
        text.by_ref().take(SAMPLE).read_to_end(&mut sample).ok()?;
        Some((text.position(sample.len() as u64), sample))
    });
    let (end, sample) = sample.await.ok()??;
    let lines = u128::try_from(sample.iter().filter(|b| **b == b'\n').count()).ok()?;
    let stored: u64 = found.sources.iter().map(|s| s.size).sum();
    let bytes = u128::from(end.estimated_text(stored));
    let headers = if header { u128::try_from(found.sources.len()).ok()? } else { 0 };
    let lines = bytes * lines / u128::try_from(sample.len().max(1)).ok()?;
    u64::try_from(lines.saturating_sub(headers)).ok()
}
