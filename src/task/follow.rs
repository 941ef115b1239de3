//! Operations that wait for the end of another one.
//!
//! Invariant: they begin on the transaction that ends it, once; if it was cancelled as a whole, so are they.

use sqlx::{FromRow, PgConnection, PgPool};

use crate::backend::transaction;
use crate::error::{During, Result};
use crate::queue::{self, Job, Push};
use crate::task::settle::lock_operation;
use crate::task::wake::unless_locked;

const WHAT: &str = "beginning what follows";

/// Jobs in one statement.
const CHUNK: usize = 2_000;

#[derive(FromRow)]
struct Follower {
    id: String,
    priority: i32,
    traceparent: String,
    paused: bool,
}

/// The operation was cancelled as a whole: so is whatever waits for it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn cancel_followers(tx: &mut PgConnection, operation: &str) -> Result<()> {
    sqlx::query(include_str!("sql/lock_followers.sql"))
        .bind(operation)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    let query = sqlx::query(include_str!("sql/cancel_followers.sql")).bind(operation);
    query.execute(tx).await.during(WHAT)?;
    Ok(())
}

/// Begins what waits for an operation that has ended, should whoever ended it (a worker of an older release) not
/// have known of it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn follow_forgotten(pool: &PgPool) -> Result<()> {
    let ended: Vec<String> =
        sqlx::query_scalar(include_str!("sql/forgotten_followers.sql")).fetch_all(pool).await.during(WHAT)?;
    for operation in ended {
        unless_locked(follow_one(pool, &operation).await)?;
    }
    Ok(())
}

async fn follow_one(pool: &PgPool, operation: &str) -> Result<()> {
    let mut tx = transaction::begin_brief(pool).await.during(WHAT)?;
    // Unless somebody has retried it meanwhile.
    if lock_operation(&mut tx, operation).await? {
        follow(&mut tx, operation).await?;
    }
    tx.commit().await.during(WHAT)
}

/// The operation has ended on this transaction: whatever waits for it begins, unless nothing of it was done.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn follow(tx: &mut PgConnection, operation: &str) -> Result<()> {
    const DONE: &str =
        "SELECT EXISTS (SELECT FROM barlift.tasks WHERE operation_id = $1 AND state <> 'cancelled')";
    let done: bool = sqlx::query_scalar(DONE).bind(operation).fetch_one(&mut *tx).await.during(WHAT)?;
    if !done {
        return cancel_followers(tx, operation).await;
    }
    let followers: Vec<Follower> = sqlx::query_as(include_str!("sql/begin_followers.sql"))
        .bind(operation)
        .fetch_all(&mut *tx)
        .await
        .during(WHAT)?;
    for follower in followers.iter().filter(|f| !f.paused) {
        push(tx, follower).await?;
    }
    Ok(())
}

async fn push(tx: &mut PgConnection, follower: &Follower) -> Result<()> {
    const PENDING: &str =
        "SELECT id, pushes FROM barlift.tasks WHERE operation_id = $1 AND state = 'pending' ORDER BY id";
    let tasks: Vec<(i64, i32)> =
        sqlx::query_as(PENDING).bind(&follower.id).fetch_all(&mut *tx).await.during(WHAT)?;
    let run_at = jiff::Timestamp::now();
    for some in tasks.chunks(CHUNK) {
        let jobs: Vec<Push<'_>> = some
            .iter()
            .map(|&(task_id, push)| Push {
                job: Job::new(&follower.id, task_id, push),
                run_at,
                priority: follower.priority,
                traceparent: &follower.traceparent,
            })
            .collect();
        // In the follower's trace, whichever one ends here.
        queue::push_within(tx, &jobs).await?;
    }
    Ok(())
}
