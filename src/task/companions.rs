//! Small files that are claimed along with another one, to be written and settled together with it.
//!
//! Only such as nobody has tried yet: one that kills its worker takes others with it once, and is then tried by itself.
//! Invariant: as `claim`.

use std::collections::HashSet;

use sqlx::{FromRow, PgConnection, PgPool};

use super::claim::Claimant;
use super::{Lease, TaskInfo};
use crate::config::TraceDetail;
use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::{Fence, JobSequence, SeriesId, TaskId};
use crate::queue::{self, Job};

/// The largest file that counts as small, in bytes: some 1,300 bars.
const SMALL: i64 = 64 * 1024;
/// Files at a time, the first one included.
const MAX_FILES: usize = 64;
/// Bytes at a time: about a batch of bars.
const MAX_BYTES: i64 = 1024 * 1024;

const WHAT: &str = "claiming further tasks";

/// A task that was claimed along with another one.
#[derive(Debug)]
pub struct Companion {
    /// The hold on the task.
    pub lease: Lease,
    /// What it is about.
    pub task: TaskInfo,
    /// The job that speaks for it.
    pub job: Job,
    /// Its job's id in the queue.
    pub id: String,
}

/// Claims tasks of the same operation that may go along with this one; none if this one is not small itself.
///
/// # Errors
/// [`crate::error::Error::Database`]; if that came at the commit, nobody knows whether anything has changed, and what
/// was claimed is given back.
pub async fn companions(
    pool: &PgPool,
    (lease, task): (&Lease, &TaskInfo),
    claimant: Claimant<'_>,
) -> Result<Vec<Companion>> {
    if !goes_along(lease, task) {
        return Ok(Vec::new());
    }
    // Nobody is to wait for somebody else's new series, with tasks locked that somebody may want to cancel.
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    let found = candidates(&mut tx, task).await?;
    let jobs: Vec<Job> = found.iter().map(|c| c.job(task)).collect();
    let waiting = queue::lock_waiting(&mut tx, &jobs).await?;
    let started = start(&mut tx, waiting.iter().map(|(i, _)| &found[*i]).collect(), claimant.worker).await?;
    let companion = |(place, id): (usize, String)| {
        let started = started.iter().find(|s| s.id == found[place].id)?;
        Some(Companion {
            lease: started.lease(lease),
            task: found[place].info(task),
            job: jobs[place].clone(),
            id,
        })
    };
    let companions: Vec<Companion> = waiting.into_iter().filter_map(companion).collect();
    let ids: Vec<String> = companions.iter().map(|c| c.id.clone()).collect();
    queue::take(&mut tx, claimant.worker, &ids).await?;
    if let Err(e) = tx.commit().await.during(WHAT) {
        queue::give_back(pool, claimant.worker, &ids).await;
        return Err(e);
    }
    Ok(companions)
}

/// Whether the task is the first attempt at a small file, and nothing is to be seen of each row.
fn goes_along(lease: &Lease, task: &TaskInfo) -> bool {
    lease.fence == Fence::FIRST
        && task.source_bytes <= SMALL
        && task.options.writes()
        && task.options.trace().detail == TraceDetail::Batch
}

#[derive(FromRow)]
struct Candidate {
    id: TaskId,
    symbol: String,
    timeframe: String,
    source: String,
    source_bytes: i64,
    pushes: JobSequence,
    series_id: Option<SeriesId>,
}

impl Candidate {
    fn job(&self, like: &TaskInfo) -> Job {
        Job {
            kind: like.options.kind().job(),
            operation_id: like.operation_id.clone(),
            task_id: self.id,
            sequence: self.pushes,
        }
    }

    fn info(&self, like: &TaskInfo) -> TaskInfo {
        TaskInfo {
            source: self.source.clone(),
            source_bytes: self.source_bytes,
            symbol: self.symbol.clone(),
            timeframe: self.timeframe.clone(),
            ..like.clone()
        }
    }
}

/// Locks tasks that may go along, one a series and no more than go into one batch.
async fn candidates(tx: &mut PgConnection, task: &TaskInfo) -> Result<Vec<Candidate>> {
    let found: Vec<Candidate> = sqlx::query_as(include_str!("sql/companions.sql"))
        .bind(&task.operation_id)
        .bind(SMALL)
        .bind(i64::try_from(MAX_FILES - 1).unwrap_or(i64::MAX))
        .fetch_all(tx)
        .await
        .during(WHAT)?;
    let (mut series, mut bytes) = (HashSet::new(), task.source_bytes);
    let fits = |c: &Candidate| {
        bytes += c.source_bytes;
        bytes <= MAX_BYTES && series.insert((c.symbol.clone(), c.timeframe.clone()))
    };
    Ok(found.into_iter().filter(fits).collect())
}

#[derive(FromRow)]
struct Started {
    id: TaskId,
    fence: Fence,
    attempts: i32,
    series_id: SeriesId,
    is_new: bool,
}

impl Started {
    fn lease(&self, like: &Lease) -> Lease {
        Lease {
            task_id: self.id,
            fence: self.fence,
            attempt: self.attempts,
            series_id: Some(self.series_id),
            series_is_new: self.is_new,
            ..like.clone()
        }
    }
}

/// Makes or takes their series, and starts an attempt of each; not of those whose series somebody else makes or takes
/// just now.
async fn start(tx: &mut PgConnection, mut candidates: Vec<&Candidate>, worker: &str) -> Result<Vec<Started>> {
    // By a statement of its own: the next one sees who holds them now.
    let there: Vec<SeriesId> = candidates.iter().filter_map(|c| c.series_id).collect();
    let locked: Vec<SeriesId> = sqlx::query_scalar(include_str!("sql/lock_free_series.sql"))
        .bind(&there)
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    candidates.retain(|c| c.series_id.is_none_or(|id| locked.contains(&id)));
    sqlx::query_as(include_str!("sql/start_companions.sql"))
        .bind(candidates.iter().map(|c| c.id).collect::<Vec<_>>())
        .bind(candidates.iter().map(|c| &c.symbol).collect::<Vec<_>>())
        .bind(candidates.iter().map(|c| &c.timeframe).collect::<Vec<_>>())
        .bind(candidates.iter().map(|c| c.series_id).collect::<Vec<_>>())
        .bind(worker)
        .fetch_all(tx)
        .await
        .during(WHAT)
}
