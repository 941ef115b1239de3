//! What an attempt writes while it runs: where it starts, and each batch's counters with its checkpoint.
//!
//! Invariant: all of it is fenced. [`Lease::advance`] is called on the transaction that writes the batch,
//! so rows, counters and checkpoint commit together or not at all.

use std::time::Duration;

use jiff_sqlx::Timestamp;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use super::Lease;
use super::RowCounts;
use crate::bar::Micros;
use crate::db::transaction;
use crate::error::{During, Error, Result};
use crate::model::Fence;
use crate::repository::known::Known;
use crate::telemetry::Phases;

/// What one batch adds.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Rows by what became of them.
    pub rows: RowCounts,
    /// Where the file goes on, in bytes.
    pub checkpoint: u64,
    /// The first and last time of the batch's bars.
    pub span: Option<(Micros, Micros)>,
    /// Where the attempt's time went so far.
    pub phases: Phases,
    /// The attempt's rows, with this batch.
    pub attempt_rows: RowCounts,
    /// What is known of the source, with the first batch.
    pub opening: Option<Opening>,
    /// Whether the attempt began from the start again; such progress is no sign that the file will get through.
    pub anew: bool,
    /// What a verification came to.
    pub verdict: Option<&'static str>,
    /// What the file's bars look like beside those of the series.
    pub shape_conflict: Option<String>,
}

/// What is known of a source before its first rows; kept with these.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// What the source looks like.
    pub version: String,
    /// Its header line, if it has one.
    pub header: Option<Vec<u8>>,
    /// Columns that nothing is read from.
    pub ignored_columns: Vec<String>,
}

/// What earlier attempts have done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resume {
    /// Where to go on, in bytes.
    pub checkpoint: u64,
    /// The counters so far.
    pub rows: RowCounts,
    /// Whether something was dropped because the source has changed.
    pub anew: bool,
}

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

    /// Whether nobody was at the task before, so that there is nothing to go on from, nor to drop.
    fn is_first(&self) -> bool {
        self.fence == Fence::FIRST
    }

    /// Keeps how far the reading is, in bytes, without any result. Does nothing once the task is another's.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn read_to(&self, connection: &mut PgConnection, bytes: u64) -> Result<()> {
        sqlx::query(include_str!("sql/read_to.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
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
        ] {
            sqlx::query(statement).bind(self.task_id).execute(&mut *tx).await.during(WHAT)?;
        }
        let query = sqlx::query(include_str!("sql/reset_counters.sql")).bind(self.task_id).bind(version);
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
        let row: Row = sqlx::query_as(include_str!("sql/counters.sql"))
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
            .execute(connection)
            .await
            .during("keeping the file's header")?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::LostLease) }
    }

    /// Adds a batch's counters and moves the checkpoint, on the batch's own transaction.
    ///
    /// # Errors
    /// [`Error::LostLease`]: the caller must roll back. [`Error::Database`]
    pub async fn advance(&self, tx: &mut PgConnection, p: &Progress) -> Result<()> {
        let time = |t: Option<Micros>| {
            t.and_then(|t| jiff::Timestamp::from_microsecond(t).ok()).map(Timestamp::from)
        };
        let done = sqlx::query(include_str!("sql/advance.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(i64::try_from(p.checkpoint).unwrap_or(i64::MAX))
            .bind(p.rows.rows)
            .bind(p.rows.rows_imported)
            .bind(p.rows.rows_skipped)
            .bind(p.rows.rows_mismatched)
            .bind(p.rows.rows_rejected)
            .bind(p.rows.rows_duplicate)
            .bind(p.rows.quality_issues)
            .bind(time(p.span.map(|s| s.0)))
            .bind(time(p.span.map(|s| s.1)))
            .bind(Json(&p.phases))
            .bind(Json(&p.attempt_rows))
            .bind(p.anew)
            .bind(p.rows.rows_missing)
            .bind(p.opening.as_ref().and_then(|o| o.header.as_ref()))
            .bind(p.opening.as_ref().map(|o| &o.ignored_columns))
            .bind(p.opening.as_ref().map(|o| &o.version))
            .bind(p.verdict)
            .bind(&p.shape_conflict)
            .execute(tx)
            .await
            .during("moving the checkpoint")?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::LostLease) }
    }

    /// Returns when the task is no longer this attempt's: cancelled, paused, taken over.
    pub async fn lost(&self, pool: &PgPool, look_every: Duration) {
        loop {
            tokio::time::sleep(look_every).await;
            let held = sqlx::query_scalar(include_str!("sql/held.sql")).bind(self.task_id).bind(self.fence);
            // Without an answer nobody knows, and nothing is written either.
            if matches!(held.fetch_one(pool).await, Ok(false)) {
                return;
            }
        }
    }

    /// Counts the rows of a source whose content the series already holds.
    ///
    /// # Errors
    /// [`Error::LostLease`]; [`Error::Database`]
    pub async fn recognised(&self, pool: &PgPool, known: &Known, bytes: u64) -> Result<()> {
        let rows = known.rows();
        let done = sqlx::query(include_str!("sql/recognised.sql"))
            .bind(self.task_id)
            .bind(self.fence)
            .bind(rows.rows)
            .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
            .bind(rows.rows_skipped)
            .bind(rows.rows_rejected)
            .bind(rows.rows_duplicate)
            .bind(rows.quality_issues)
            .bind(known.task_id)
            .execute(pool)
            .await
            .during("settling a recognised file")?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(Error::LostLease) }
    }
}
