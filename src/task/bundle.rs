//! A bundle: further small files of an operation that are claimed with the first one, to be written and settled in one
//! transaction.
//!
//! Only tasks that were never tried are eligible. So if a file kills its worker, the others lose one attempt;
//! from then on each of them runs alone.
//!
//! Invariant: as in `claim`, only a task's latest job may start an attempt, and of the tasks that write one
//! series only one runs at a time.

use std::collections::HashSet;

use sqlx::{FromRow, PgConnection, PgPool};

use super::claim::Claimant;
use super::start::{Access, Startable, start};
use super::{Lease, TaskInfo, TaskOptions};
use crate::config::TraceDetail;
use crate::counts::int;
use crate::db::transaction;
use crate::error::{During, Result};
use crate::model::{Fence, JobSequence, SeriesId, TaskId};
use crate::queue::{self, Job};

/// The largest file that counts as small, in stored bytes: some 1,300 bars of plain text. A compressed file may hold more;
/// it leaves the bundle when it turns out to be more than one batch.
const SMALL: i64 = 64 * 1024;
/// Files at a time, the first one included.
const MAX_FILES: usize = 64;
/// Bytes at a time: about a batch of bars.
const MAX_BYTES: i64 = 1024 * 1024;

const WHAT: &str = "claiming further tasks";

/// A further task of a bundle.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) lease: Lease,
    pub(crate) task: TaskInfo,
    pub(crate) job: Job,
    /// Its job's id in the queue.
    pub(crate) id: String,
}

/// Claims further tasks of the same operation; none if the first one is not eligible itself.
///
/// # Errors
/// [`crate::error::Error::Database`]; if that came at the commit, it is not known whether anything has
/// changed, and the jobs are given back.
pub(crate) async fn claim_bundle(
    pool: &PgPool,
    (lease, task): (&Lease, &TaskInfo),
    claimant: Claimant<'_>,
) -> Result<Vec<Member>> {
    if !is_eligible(lease, task) {
        return Ok(Vec::new());
    }
    // Nobody is to wait for somebody else's new series, with tasks locked that somebody may want to cancel.
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    let found = candidates(&mut tx, task).await?;
    let jobs: Vec<Job> = found.iter().map(|c| c.job(task)).collect();
    let waiting = queue::lock_waiting(&mut tx, &jobs).await?;
    let candidates = waiting.iter().map(|(i, _)| &found[*i]).collect();
    let started = start_unlocked(&mut tx, candidates, &task.options, claimant).await?;
    let member = |(place, id): (usize, String)| {
        let lease = started.iter().find(|lease| lease.task_id == found[place].id)?.clone();
        Some(Member { lease, task: found[place].info(task), job: jobs[place].clone(), id })
    };
    let members: Vec<Member> = waiting.into_iter().filter_map(member).collect();
    let ids: Vec<String> = members.iter().map(|m| m.id.clone()).collect();
    queue::take(&mut tx, claimant.worker, &ids).await?;
    if let Err(e) = tx.commit().await.during(WHAT) {
        queue::give_back(pool, claimant.worker, &ids).await;
        return Err(e);
    }
    Ok(members)
}

/// Whether it is the first attempt at a small file, and single rows have no spans.
fn is_eligible(lease: &Lease, task: &TaskInfo) -> bool {
    lease.fence == Fence::FIRST
        && task.source_bytes <= SMALL
        && !task.is_several()
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
            kind: like.options.kind(),
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

/// Locks eligible tasks, and returns those that fit: one a series, and no more than go into one batch.
async fn candidates(tx: &mut PgConnection, task: &TaskInfo) -> Result<Vec<Candidate>> {
    let found: Vec<Candidate> = sqlx::query_as(include_str!("sql/lock_eligible.sql"))
        .bind(&task.operation_id)
        .bind(SMALL)
        .bind(int(MAX_FILES - 1))
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

/// Starts attempts, but not at those whose series another transaction has locked or makes just now.
async fn start_unlocked<'c>(
    tx: &mut PgConnection,
    mut candidates: Vec<&'c Candidate>,
    options: &TaskOptions,
    claimant: Claimant<'_>,
) -> Result<Vec<Lease>> {
    // By a statement of its own: the next one sees which task has acquired them now.
    let there: Vec<SeriesId> = candidates.iter().filter_map(|c| c.series_id).collect();
    let locked: Vec<SeriesId> = sqlx::query_scalar(include_str!("sql/lock_free_series.sql"))
        .bind(&there)
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    candidates.retain(|c| c.series_id.is_none_or(|id| locked.contains(&id)));
    let startable = |c: &'c Candidate| {
        let Candidate { id, symbol, timeframe, series_id, .. } = c;
        Startable { id: *id, symbol, timeframe, series_id: *series_id }
    };
    start(tx, &candidates.into_iter().map(startable).collect::<Vec<_>>(), Access::of(options), claimant).await
}
