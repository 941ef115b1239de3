//! Jobs that a worker takes for a bundle, besides the one that apalis handed to it.
//!
//! The queue cannot tell such a job from one that apalis fetched, so whoever takes it must call [`done`] or
//! [`give_back`]. If the worker stops or dies first, the job is given back with its others.
//!
//! Invariant: a job that another worker has, or that this build cannot read, is left alone.

use std::time::Duration;

use sqlx::{PgConnection, PgExecutor, PgPool};

use super::{Job, idempotency_key, unknown};
use crate::error::{During, Result};

/// Locks those of these jobs, all of one kind, that wait and are due, until the transaction's end; returns their ids in
/// the queue, each with its place in `jobs`.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn lock_waiting(tx: &mut PgConnection, jobs: &[Job]) -> Result<Vec<(usize, String)>> {
    let Some(first) = jobs.first() else { return Ok(Vec::new()) };
    let keys: Vec<String> = jobs.iter().map(idempotency_key).collect();
    let found: Vec<(String, String, Vec<u8>)> = sqlx::query_as(include_str!("sql/lock_waiting.sql"))
        .bind(first.kind.queue())
        .bind(&keys)
        .fetch_all(tx)
        .await
        .during("looking for further jobs")?;
    let known = |(id, key, payload): (String, String, Vec<u8>)| {
        let payload = serde_json::from_slice(&payload).ok()?;
        let job = unknown::read(&payload).ok()?;
        let place = keys.iter().position(|k| *k == key).filter(|&i| jobs[i] == job)?;
        Some((place, id))
    };
    Ok(found.into_iter().filter_map(known).collect())
}

/// Takes locked jobs: they are this worker's when the transaction commits.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn take(tx: &mut PgConnection, worker: &str, ids: &[String]) -> Result<()> {
    change(include_str!("sql/take.sql"), worker, ids, tx, "taking further jobs").await
}

/// The jobs are done.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn done(database: impl PgExecutor<'_>, worker: &str, ids: &[String]) -> Result<()> {
    change(include_str!("sql/done.sql"), worker, ids, database, "telling the queue what is done").await
}

/// Gives the jobs back to the queue, if this worker still has them. Tried until the database answers: in the
/// queue they are running, and no other worker takes them while this one lives.
pub async fn give_back(pool: &PgPool, worker: &str, ids: &[String]) {
    const WHAT: &str = "giving jobs back to the queue";
    let mut wait = Duration::from_millis(100);
    while let Err(e) = change(include_str!("sql/give_back.sql"), worker, ids, pool, WHAT).await {
        tracing::debug!(error = e.chain(), "tried again");
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

async fn change(
    statement: &'static str,
    worker: &str,
    ids: &[String],
    database: impl PgExecutor<'_>,
    what: &str,
) -> Result<()> {
    sqlx::query(statement).bind(worker).bind(ids).execute(database).await.during(what)?;
    Ok(())
}
