//! Importing one source: an attempt from its start to its end.
//!
//! A feed reads ahead on its own thread; here each batch is compared with the database and written, with
//! its findings, counters and checkpoint, in one transaction (`batch`). `compare` decides what is new,
//! the same or different.
//!
//! Invariant: after each commit the task's counters add up to the rows read so far, and an attempt that
//! goes on at the checkpoint counts nothing twice. It does not settle the task; its caller does.

mod batch;
mod compare;
mod recognise;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, FileError, Result};
use crate::repository::known::{self, Content};
use crate::source::feed::{self, Fed, FeedOptions};
use crate::source::root::Root;
use crate::task::{Lease, RowCounts, TaskInfo};

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

/// One attempt: what it runs with, what it holds, what it is about.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    context: &'a ImportContext,
    lease: &'a Lease,
    task: &'a TaskInfo,
}

/// Imports a task's source. Returns the task's counters.
///
/// # Errors
/// Whatever ends the attempt; its [`class`](Error::class) says whether another one may help.
pub async fn import(context: &ImportContext, lease: &Lease, task: &TaskInfo) -> Result<RowCounts> {
    let attempt = Attempt { context, lease, task };
    let root = Root::open(&task.root)?;
    let source = root.read(&task.source).await?;
    let resume = lease.begin(&context.pool, &source.version.text).await?;
    if resume.checkpoint == 0
        && let Some(rows) = recognise::recognise(attempt, &root, &source.version).await?
    {
        return Ok(rows);
    }
    let options = FeedOptions {
        read: task.options.read.clone(),
        batch_rows: context.batch_rows,
        resume_at: resume.checkpoint,
    };
    let mut feed = feed::start(root, task.source.clone(), source, options);
    let mut total = resume.rows;
    while let Some(fed) = feed.recv().await {
        match fed? {
            Fed::Start { header, ignored_columns } => {
                lease.header(&context.pool, header.as_deref(), &ignored_columns).await?;
            }
            Fed::Batch(batch) => {
                if context.stop.is_cancelled() {
                    return Err(Error::Stopped);
                }
                let added = batch::run(attempt, &batch, &total).await?;
                total.add(&added);
            }
            Fed::End { content_hash } => {
                check_rejects(task, &total, true)?;
                remember(attempt, &content_hash, &total).await?;
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
    let Attempt { context, lease, task } = attempt;
    let kept_others =
        total.rows_mismatched > 0 && task.options.on_mismatch != crate::config::OnMismatch::Overwrite;
    let has_bars = total.rows_imported + total.rows_skipped + total.rows_mismatched > 0;
    let Some(series_id) = lease.series_id.filter(|_| !task.options.dry_run && !kept_others && has_bars)
    else {
        return Ok(());
    };
    let options = task.options.content_key()?;
    known::record(&context.pool, series_id, Content { hash, options: &options }, (lease.task_id, lease.fence))
        .await
}
