//! Verifying one series: an attempt from its start to its end.
//!
//! `reading` gives the bars of all `files` of the series in time order (`sorted`, by way of a `spool`, those that are not; `raw` fetches the text of rejected ones), the
//! repository gives the database's. Then, by mode, `counts` looks how many there are and from when to when, `spot`
//! at a random [`sample`] of them, `full` at all (`comparison`). [`classify`] says what kind of difference there is,
//! `save` keeps what was found, `known` spares the parsing of files that have not changed. [`against`] compares two
//! databases.
//!
//! Invariant: memory is bounded by a few batches and the differences that are kept, however long the series; what was
//! found is kept in one transaction at the end, and an attempt that is repeated begins from the start. Bars are
//! never written. It does not settle the task; its caller does.

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
mod sorted;
mod spool;
mod spot;

use crate::bar::{Micros, format_time};
use crate::config::VerifyMode;
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{Error, FileError, Result};
use crate::finding::Difference;
use crate::model::Verdict;
use crate::repository::content;
use crate::source::root::Root;
use crate::task::{AttemptContext, Lease, TaskInfo, VerifyOptions};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::COMPARE_CSV_DB;
use crate::telemetry::{AttemptTelemetry, Span, VerifiedCounts};
use classify::Classification;
use files::FilesSummary;

/// One attempt: what it runs with, what it holds, what it is about, and who is told.
#[derive(Clone, Copy)]
pub(crate) struct VerifyAttempt<'a> {
    /// What it runs with.
    pub(crate) context: &'a AttemptContext,
    /// Its hold on the task.
    pub(crate) lease: &'a Lease,
    /// What it is about.
    pub(crate) task: &'a TaskInfo,
    /// What to look at.
    pub(crate) options: &'a VerifyOptions,
    /// Its spans and sums.
    pub(crate) telemetry: &'a AttemptTelemetry,
}

impl<'a> VerifyAttempt<'a> {
    /// The database, with every statement seen.
    fn database(&self) -> TracedPool<'a> {
        TracedPool::attempt(&self.context.pool, self.telemetry)
    }

    /// The task's files.
    fn paths(&self) -> Vec<String> {
        std::iter::once(&self.task.source).chain(&self.task.more_sources).cloned().collect()
    }

    fn refuse_stopped(&self) -> Result<()> {
        if self.context.stop.is_cancelled() { Err(Error::Stopped) } else { Ok(()) }
    }
}

/// How many bars a side has, and from when to when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Extent {
    bars: u64,
    first: Option<Micros>,
    last: Option<Micros>,
}

impl Extent {
    /// One more bar, behind those before.
    fn add(&mut self, time: Micros) {
        self.bars += 1;
        self.first.get_or_insert(time);
        self.last = Some(time);
    }
}

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    files: FilesSummary,
    csv: Extent,
    /// Without the bars outside.
    db: Extent,
    /// Bars of the database before the files' first and behind their last, if those are no difference.
    outside: u64,
    identical: u64,
    different: u64,
    only_in_csv: u64,
    only_in_db: u64,
    /// The differing bars, as many as are kept, in time order.
    listed: Vec<Difference>,
    classification: Classification,
    /// Of the files, and of the whole series; where all bars were read.
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
    telemetry.kept(lease.begin_anew(&context.pool)).await?;
    let root = Root::open(&task.root).await?;
    let stamp = match lease.series_id {
        Some(series) => Some(content::stamp(&context.pool, series).await?),
        None => None,
    };
    let found = match options.mode {
        VerifyMode::Counts => counts::run(attempt, root).await?,
        VerifyMode::Sample => compared(attempt, spot::run(attempt, root)).await?,
        VerifyMode::Full => compared(attempt, Box::pin(full(attempt, root))).await?,
    };
    refuse_worthless(attempt, &found)?;
    telemetry.kept(save::save(attempt, &found, stamp.as_ref())).await?;
    telemetry.verified(VerifiedCounts {
        csv_rows: int(found.csv.bars),
        db_rows: int(found.db.bars),
        rows_match: found.csv.bars == found.db.bars,
        passed: found.verdict() == Verdict::Identical,
    });
    Ok(found.verdict())
}

/// Rows of which none is a bar prove nothing.
fn refuse_worthless(attempt: VerifyAttempt<'_>, found: &Findings) -> Result<()> {
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
        None => full::run(attempt, root).await,
    }
}

/// Times that a span names.
const NAMED: usize = 10;

/// A comparison within its span.
async fn compared(
    attempt: VerifyAttempt<'_>,
    run: impl Future<Output = Result<Findings>>,
) -> Result<Findings> {
    let span: Span = attempt.telemetry.span(&COMPARE_CSV_DB);
    span.set(attr::DATA_SYMBOL, &attempt.task.symbol).set(attr::VERIFY_MODE, attempt.options.mode.as_str());
    let found = span.around(run).await;
    // A comparison that failed keeps nothing of what it has compared.
    let (compared, differing, listed) =
        found.as_ref().map_or((0, 0, &[][..]), |f| (f.compared(), f.differing(), &f.listed[..]));
    let times: Vec<String> = listed.iter().take(NAMED).map(|d| format_time(d.time)).collect();
    span.set(attr::SAMPLE_SIZE, int(compared))
        .set(attr::MISMATCHES, int(differing))
        .set(attr::MISMATCH_TIMESTAMPS, &times);
    span.end(&found, &attempt.task.symbol);
    found
}

fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
