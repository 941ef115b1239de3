//! What an attempt writes while it runs: where it begins, and each batch's counters with its checkpoint.
//!
//! Invariant: all of it is fenced. [`Lease::advance`] is called on the transaction that writes the batch,
//! so rows, counters and checkpoint commit together or not at all.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use super::record::{Change, record};
use super::{Lease, Opening, Progress, Resume, RowCounts};
use crate::counts::int;
use crate::db::template::sql_template;
use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::{Fence, TaskId};
use crate::repository::source_cache::CachedImport;

impl Lease {
    /// Begins reading a source that looks like `version`. If an earlier attempt had got somewhere and the
    /// source is still the same, the work goes on there; else everything counted and found so far is dropped.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]
    pub async fn begin(&self, pool: &PgPool, version: &str) -> Result<Resume> {
        const WHAT: &str = "beginning the attempt";
        if self.is_first() {
            return Ok(Resume::default());
        }
        let mut tx = transaction::begin(pool).await.during(WHAT)?;
        let found: Option<(bool, bool)> = sqlx::query_as(include_str!("sql/same_version.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(version)
            .fetch_optional(&mut *tx)
            .await
            .during(WHAT)?;
        let (same, begun) = found.ok_or(Error::LostLease)?;
        if !same {
            self.forget(&mut tx, version).await?;
        }
        let (checkpoint, rows) = self.read(&mut tx).await?;
        tx.commit().await.during(WHAT)?;
        let anew = begun && !same;
        Ok(Resume { checkpoint: u64::try_from(checkpoint).unwrap_or(0), rows, anew })
    }

    /// Begins from the start; whatever an earlier attempt counted and found is dropped.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]
    pub async fn begin_anew(&self, pool: &PgPool) -> Result<()> {
        const WHAT: &str = "beginning the attempt";
        if self.is_first() {
            return Ok(());
        }
        let mut tx = transaction::begin(pool).await.during(WHAT)?;
        let held: Option<i64> = sqlx::query_scalar(include_str!("sql/lock_held.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .fetch_optional(&mut *tx)
            .await
            .during(WHAT)?;
        held.ok_or(Error::LostLease)?;
        self.forget(&mut tx, "").await?;
        tx.commit().await.during(WHAT)
    }

    /// Whether this is the first attempt, so that there is nothing to go on from, nor to drop.
    fn is_first(&self) -> bool {
        self.fence == Fence::FIRST
    }

    /// Keeps how far the reading is, in stored bytes, without any result. Does nothing once the task is another's.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn read_to(&self, connection: &mut PgConnection, bytes: u64) -> Result<()> {
        sqlx::query(include_str!("sql/read_to.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(int(bytes))
            .execute(connection)
            .await
            .during("keeping how far the reading is")?;
        Ok(())
    }

    async fn forget(&self, tx: &mut PgConnection, version: &str) -> Result<()> {
        const WHAT: &str = "starting the file afresh";
        for statement in [
            "DELETE FROM barlift.mismatches WHERE task_id = $1",
            "DELETE FROM barlift.rejected_rows WHERE task_id = $1",
            "DELETE FROM barlift.quality_issues WHERE task_id = $1",
            "DELETE FROM barlift.verifications WHERE task_id = $1",
            "DELETE FROM barlift.differences WHERE task_id = $1",
            "DELETE FROM barlift.difference_ranges WHERE task_id = $1",
            "DELETE FROM barlift.task_series WHERE task_id = $1",
            include_str!("sql/delete_parts.sql"),
        ] {
            sqlx::query(statement).bind(self.task_id).execute(&mut *tx).await.during(WHAT)?;
        }
        let query = sqlx::query(sql_template!("sql/reset_counters.sql")).bind(self.task_id).bind(version);
        query.execute(tx).await.during(WHAT)?;
        Ok(())
    }

    async fn read(&self, tx: &mut PgConnection) -> Result<(i64, RowCounts)> {
        #[derive(sqlx::FromRow)]
        struct Row {
            checkpoint: i64,
            #[sqlx(flatten)]
            rows: RowCounts,
        }
        let row: Row = sqlx::query_as(sql_template!("sql/counters.sql"))
            .bind(self.task_id)
            .fetch_one(tx)
            .await
            .during("reading the task's counters")?;
        Ok((row.checkpoint, row.rows))
    }

    /// Keeps what is known of a source, with its first batch or, if it has no rows, alone.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]
    pub async fn open(&self, connection: &mut PgConnection, opening: &Opening) -> Result<()> {
        let done = sqlx::query(include_str!("sql/open.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(&opening.header)
            .bind(&opening.ignored_columns)
            .bind(&opening.version)
            .bind(opening.layout.as_ref().map(Json))
            .execute(connection)
            .await
            .during("keeping the file's header")?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::LostLease) }
    }

    /// Adds a batch's counters and moves the checkpoint, on the batch's own transaction.
    ///
    /// # Errors
    /// [`Error::LostLease`]: the caller must roll back. [`Error::Database`]
    pub async fn advance(&self, tx: &mut PgConnection, progress: &Progress) -> Result<()> {
        let change = Change { lease: self, progress: Some(progress), end: None };
        // Boxed, for futures of statements grow large when nested.
        Box::pin(record(tx, &[change])).await?;
        Ok(())
    }

    /// Counts the rows of a source that is not parsed, since the series has its bars.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]
    pub async fn recognised(&self, pool: &PgPool, import: &CachedImport, bytes: u64) -> Result<()> {
        let mut connection = pool.acquire().await.during("recording a recognised file")?;
        self.advance(&mut connection, &Progress { anew: true, ..Progress::recognised(import, bytes) }).await
    }
}

/// Returns when any of these tasks is no longer its attempt's: it was cancelled, paused or taken over.
pub async fn lost(pool: &PgPool, leases: &[&Lease], look_every: Duration) {
    let tasks: Vec<TaskId> = leases.iter().map(|l| l.task_id).collect();
    let fences: Vec<Fence> = leases.iter().map(|l| l.fence).collect();
    loop {
        tokio::time::sleep(look_every).await;
        let query = sqlx::query_scalar(include_str!("sql/any_lost.sql")).bind(&tasks).bind(&fences);
        // Without an answer nobody knows, and nothing is written either.
        if matches!(query.fetch_one(pool).await, Ok(true)) {
            return;
        }
    }
}
