//! Importing one source: an attempt from its start to its end.
//!
//! A feed reads ahead on its own thread; here each batch is compared with the database and written, with
//! its findings, counters and checkpoint, in one transaction (`batch`). `compare` decides what is new,
//! the same or different; `load` is the span of the reading, `rows` are the spans of single rows.
//!
//! Invariant: after each commit the task's counters add up to the rows read so far, and an attempt that
//! goes on at the checkpoint counts nothing twice. It does not settle the task; its caller does.

mod batch;
mod compare;
mod load;
mod recognise;
mod rows;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::backend::observed::Observed;
use crate::error::{Error, FileError, Result};
use crate::repository::known::{self, Content};
use crate::source::feed::{self, Fed, FeedOptions};
use crate::source::root::Root;
use crate::task::{Lease, RowCounts, TaskInfo};
use crate::telemetry::AttemptTelemetry;
use load::LoadSpan;

/// What an attempt needs from its worker.
#[derive(Debug, Clone)]
pub struct ImportContext {
    /// The database.
    pub pool: PgPool,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Asks the attempt to end at its next batch.
    pub stop: CancellationToken,
}

/// One attempt: what it runs with, what it holds, what it is about, and who is told.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// What it runs with.
    pub context: &'a ImportContext,
    /// Its hold on the task.
    pub lease: &'a Lease,
    /// What it is about.
    pub task: &'a TaskInfo,
    /// Its spans and sums.
    pub telemetry: &'a AttemptTelemetry,
}

impl<'a> Attempt<'a> {
    /// The database, with every statement seen.
    fn database(&self) -> Observed<'a> {
        Observed::attempt(&self.context.pool, self.telemetry)
    }
}

/// Imports a task's source. Returns the task's counters.
///
/// # Errors
/// Whatever ends the attempt; its [`class`](Error::class) says whether another one may help.
pub async fn import(attempt: Attempt<'_>) -> Result<RowCounts> {
    let Attempt { context, lease, task, telemetry } = attempt;
    let root = Root::open(&task.root).await?;
    let source = root.read(&task.source).await?;
    let resume = telemetry.kept(lease.begin(&context.pool, &source.version.text)).await?;
    if resume.checkpoint == 0
        && let Some(rows) = recognise::recognise(attempt, &root, &source.version).await?
    {
        telemetry.committed(&rows);
        return Ok(rows);
    }
    let options = FeedOptions {
        read: task.options.read.clone(),
        batch_rows: if telemetry.row_detail() {
            context.batch_rows.min(rows::BATCH)
        } else {
            context.batch_rows
        },
        resume_at: resume.checkpoint,
    };
    let size = source.version.size;
    let mut load = LoadSpan::start(task, telemetry);
    let mut feed = feed::start(root, task.source.clone(), source, options);
    let mut total = resume.rows;
    while let Some(fed) = feed.recv().await {
        match fed.inspect_err(|e| load.fail(e))? {
            Fed::Start { header, ignored_columns } => {
                let header = header.as_deref();
                telemetry.kept(lease.header(&context.pool, header, &ignored_columns)).await?;
            }
            Fed::Batch { batch, took } => {
                load.batch(&batch, took);
                if context.stop.is_cancelled() {
                    return Err(Error::Stopped);
                }
                if telemetry.row_detail() && total.rows == resume.rows.rows {
                    rows::announce(attempt, &batch, size, resume.checkpoint);
                }
                let added = batch::run(attempt, &batch, resume.anew).await?;
                if telemetry.row_detail() {
                    crate::telemetry::flush().await;
                }
                total.add(&added);
                // After the batch is kept, so that its rejected rows can be looked at.
                check_rejects(task, &total, false)?;
            }
            Fed::End { content_hash } => {
                drop(load);
                check_rejects(task, &total, true)?;
                telemetry.kept(remember(attempt, &content_hash, &total)).await?;
                return Ok(total);
            }
        }
    }
    Err(Error::Internal("the reader ended without saying how".into()))
}

/// Fails a task with too many rejected rows.
fn check_rejects(task: &TaskInfo, total: &RowCounts, at_end: bool) -> Result<()> {
    let Some(limit) = task.options.max_rejects else { return Ok(()) };
    let (rejected, rows) = (total.rows_rejected.unsigned_abs(), total.rows.unsigned_abs());
    if !limit.exceeded(rejected, rows, at_end) {
        return Ok(());
    }
    let reason = format!("{rejected} of {rows} rows rejected, more than --max-rejects {limit}");
    Err(FileError::permanent(&task.source, None, reason).into())
}

/// Vouches for the content, unless it has no bars, or the series holds other values for some of them.
async fn remember(attempt: Attempt<'_>, hash: &[u8; 32], total: &RowCounts) -> Result<()> {
    let Attempt { context, lease, task, .. } = attempt;
    let kept_others =
        total.rows_mismatched > 0 && task.options.on_mismatch != crate::config::OnMismatch::Overwrite;
    let has_bars = total.rows_imported + total.rows_skipped + total.rows_mismatched > 0;
    let Some(series_id) = lease.series_id.filter(|_| !task.options.dry_run && !kept_others && has_bars)
    else {
        return Ok(());
    };
    let options = task.options.content_key()?;
    let content = Content { hash, options: &options };
    let task = (lease.task_id, lease.fence);
    known::record(&context.pool, attempt.database(), series_id, content, task).await
}
