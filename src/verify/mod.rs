//! Verifies one series: compares the bars of its files with those of the database.
//!
//! `reading` gives the bars of the files in time order: `files` reads them, `sorted` sorts those that are not in time
//! order (`spool` is the sort, `raw` fetches the text of rejected rows), `mended` adds mended rows. Depending on the
//! mode, `counts` compares numbers of bars and first and last times, `spot` a random [`sample`], and `full` all bars
//! (`comparison`); `known` compares only hashes if the file has not changed. [`classify`] says how the bars differ,
//! `save` stores the findings (`store` has the statements). `several` does all that for each series of files with several
//! symbols, which `several_files` splits. [`against`] compares two databases.
//!
//! Invariants: memory is bounded by a few batches and the stored differences, however long the series is. All findings of
//! a series are stored in one transaction, and a repeated attempt begins anew. Bars are never written. The caller settles the
//! task.

pub(crate) mod against;
pub(crate) mod classify;
mod comparison;
mod counts;
mod files;
mod full;
mod known;
mod mended;
mod raw;
mod reading;
pub(crate) mod sample;
mod save;
mod several;
mod several_files;
mod sorted;
mod spool;
mod spot;
mod store;

use crate::bar::{Micros, format_time};
use crate::config::VerifyMode;
use crate::counts::int;
use crate::digest::SeriesDigest;
use crate::error::{FileError, Result};
use crate::finding::Difference;
use crate::model::Verdict;
use crate::repository::content;
use crate::source::root::Root;
use crate::task::{self, VerifyOptions};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::COMPARE_CSV_DB;
use crate::telemetry::{Span, VerifiedCounts};
use classify::Classification;
use files::FilesSummary;
use reading::{FileEventSource, FilesReader};

/// An attempt to verify a series.
pub(crate) type VerifyAttempt<'a> = task::Attempt<'a, VerifyOptions>;

impl VerifyAttempt<'_> {
    /// The paths of the task's files.
    fn paths(&self) -> Vec<String> {
        std::iter::once(&self.task.source).chain(&self.task.more_sources).cloned().collect()
    }
}

/// The number of bars of one side, and their first and last time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Extent {
    bars: u64,
    first: Option<Micros>,
    last: Option<Micros>,
}

impl Extent {
    /// Adds a bar that is later than all before.
    fn add(&mut self, time: Micros) {
        self.bars += 1;
        self.first.get_or_insert(time);
        self.last = Some(time);
    }
}

/// The findings of an attempt.
#[derive(Debug, Default)]
struct Findings {
    files: FilesSummary,
    csv: Extent,
    /// The database's bars, without those of `outside`.
    db: Extent,
    /// Bars of the database before the files' first and after their last, if those are no differences.
    outside: u64,
    identical: u64,
    different: u64,
    only_in_csv: u64,
    only_in_db: u64,
    /// The first differing bars, in time order.
    listed: Vec<Difference>,
    classification: Classification,
    /// The content of the files and of the whole series, if all bars were read.
    contents: Option<(SeriesDigest, SeriesDigest)>,
    by_hash: bool,
}

impl Findings {
    fn verdict(&self) -> Verdict {
        if self.differing() == 0 && self.csv == self.db { Verdict::Identical } else { Verdict::Differs }
    }

    fn differing(&self) -> u64 {
        self.different + self.only_in_csv + self.only_in_db
    }

    fn compared(&self) -> u64 {
        self.identical + self.different + self.only_in_csv
    }
}

/// Verifies a task's series.
pub(crate) async fn verify(attempt: VerifyAttempt<'_>) -> Result<Verdict> {
    let VerifyAttempt { context, lease, task, options, telemetry } = attempt;
    telemetry.bookkeeping(lease.begin_anew(&context.pool)).await?;
    let root = Root::open(&task.root).await?;
    if task.is_several() {
        return several::verify(attempt, root).await;
    }
    let stamp = match lease.series_id {
        Some(series) => Some(content::stamp(&context.pool, series).await?),
        None => None,
    };
    let found = match options.mode {
        VerifyMode::Full => compared(attempt, Box::pin(full(attempt, root))).await?,
        VerifyMode::Counts | VerifyMode::Sample => {
            compare(attempt, FilesReader::start(attempt, root)).await?
        }
    };
    refuse_without_bars(attempt, &found)?;
    telemetry.bookkeeping(Box::pin(save::save(attempt, &found, stamp.as_ref()))).await?;
    telemetry.verified(VerifiedCounts {
        csv_rows: int(found.csv.bars),
        db_rows: int(found.db.bars),
        rows_match: found.csv.bars == found.db.bars,
        passed: found.verdict() == Verdict::Identical,
    });
    Ok(found.verdict())
}

/// Fails if the files have rows and none of them is a bar: nothing was compared then.
fn refuse_without_bars(attempt: VerifyAttempt<'_>, found: &Findings) -> Result<()> {
    if found.csv.bars > 0 || found.files.rejected == 0 {
        return Ok(());
    }
    let first = found.files.rejected_rows.first();
    let why = first.map(|(_, row)| format!(": {}", row.reason)).unwrap_or_default();
    let reason = format!(
        "no row of it can be a bar{why}; give the flags that its import had (--timezone, --time-format, --column …)"
    );
    let paths = attempt.paths();
    let path = first.and_then(|(file, _)| paths.get(*file as usize)).unwrap_or(&attempt.task.source);
    Err(FileError::permanent(path, first.map(|(_, row)| row.row.line), reason).into())
}

async fn full(attempt: VerifyAttempt<'_>, root: Root) -> Result<Findings> {
    match known::by_hash(attempt, &root).await? {
        Some(found) => Ok(found),
        None => full::run(attempt, FilesReader::start(attempt, root)).await,
    }
}

/// Compares a series with its files, as closely as the options say.
async fn compare(attempt: VerifyAttempt<'_>, files: impl FileEventSource) -> Result<Findings> {
    match attempt.options.mode {
        VerifyMode::Counts => counts::run(attempt, files).await,
        VerifyMode::Sample => compared(attempt, spot::run(attempt, files)).await,
        VerifyMode::Full => compared(attempt, Box::pin(full::run(attempt, files))).await,
    }
}

/// Most times of differing bars that a span has.
const SPAN_TIMES: usize = 10;

/// Runs a comparison in its span.
async fn compared(
    attempt: VerifyAttempt<'_>,
    run: impl Future<Output = Result<Findings>>,
) -> Result<Findings> {
    let span: Span = attempt.telemetry.span(&COMPARE_CSV_DB);
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol).set(attr::VERIFY_MODE, attempt.options.mode.as_str());
    let found = span.around(run).await;
    // A comparison that failed has no counts.
    let (compared, differing, listed) =
        found.as_ref().map_or((0, 0, &[][..]), |f| (f.compared(), f.differing(), &f.listed[..]));
    let times: Vec<String> = listed.iter().take(SPAN_TIMES).map(|d| format_time(d.time)).collect();
    span.set(attr::SAMPLE_SIZE, int(compared))
        .set(attr::MISMATCHES, int(differing))
        .set(attr::MISMATCH_TIMESTAMPS, &times);
    span.end(&found, &attempt.task.symbol);
    found
}
