//! Content that is known by a file's bytes, so that the same file again need not be read: what a series already holds,
//! and which bars a file has.
//!
//! Invariant: an entry of the first kind vouches for values, so it goes as soon as any bar of the series is overwritten;
//! a bar that was added or removed shows in the count. One of the second kind says nothing of any series and stays true.

use std::collections::HashMap;

use jiff_sqlx::Timestamp;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{FromRow, PgConnection, PgPool, Postgres};

use crate::counts::RowCounts;
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::model::{SeriesId, TaskId};

/// What tells content apart: the file's bytes, and the options that give them their meaning.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// BLAKE3 of the file.
    pub hash: &'a [u8; 32],
    /// Of the options.
    pub options: &'a [u8; 32],
}

/// Whether the series has any content recorded under these options; if not, hashing a file is for nothing.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn any(pool: &PgPool, series_id: SeriesId, options: &[u8; 32]) -> Result<bool> {
    sqlx::query_scalar(include_str!("sql/any_known.sql"))
        .bind(series_id)
        .bind(options.as_slice())
        .fetch_one(pool)
        .await
        .during("looking for known content")
}

/// The hashes of the options under which content of the series is recorded.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn options_of(connection: &mut PgConnection, series_id: SeriesId) -> Result<Vec<Vec<u8>>> {
    sqlx::query_scalar(include_str!("sql/known_options.sql"))
        .bind(series_id)
        .fetch_all(connection)
        .await
        .during("reading how the series was imported")
}

/// The options of the latest imports, as their operations keep them.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn recent_options(connection: &mut PgConnection) -> Result<Vec<serde_json::Value>> {
    sqlx::query_scalar(include_str!("sql/recent_import_options.sql"))
        .fetch_all(connection)
        .await
        .during("reading how files were imported")
}

/// What became of the rows of a file whose content a series holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Known {
    /// Data rows.
    pub rows: i64,
    /// Those of them that could not become a bar.
    pub rows_rejected: i64,
    /// Those of them that repeat an earlier one.
    pub rows_duplicate: i64,
    /// Bars that break a market-data rule.
    pub quality_issues: i64,
    /// The task that read the file, and holds what was found in it; it may have been deleted.
    pub task_id: Option<TaskId>,
}

impl Known {
    /// Its rows, of which all bars are there.
    #[must_use]
    pub fn rows(&self) -> RowCounts {
        RowCounts {
            rows: self.rows,
            rows_skipped: self.rows - self.rows_rejected - self.rows_duplicate,
            rows_rejected: self.rows_rejected,
            rows_duplicate: self.rows_duplicate,
            quality_issues: self.quality_issues,
            ..RowCounts::default()
        }
    }
}

/// What is known of this content, if the series still holds the bars which its import left.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn find(
    pool: &PgPool,
    seen: TracedPool<'_>,
    series_id: SeriesId,
    content: Content<'_>,
) -> Result<Option<Known>> {
    const COUNT: &str = include_str!("sql/count_bars.sql");
    #[derive(FromRow)]
    struct Row {
        #[sqlx(flatten)]
        known: Known,
        first_time: Option<Timestamp>,
        last_time: Option<Timestamp>,
        bars: i64,
    }
    const WHAT: &str = "looking for known content";
    let row: Option<Row> = sqlx::query_as(include_str!("sql/known.sql"))
        .bind(series_id)
        .bind(content.hash.as_slice())
        .bind(content.options.as_slice())
        .fetch_optional(pool)
        .await
        .during(WHAT)?;
    let Some(row) = row else { return Ok(None) };
    let query = sqlx::query_scalar(COUNT).bind(series_id).bind(row.first_time).bind(row.last_time);
    let (held, _) = seen.query::<i64>(COUNT, async { query.fetch_all(pool).await.during(WHAT) }).await?;
    Ok((held == [row.bars]).then_some(row.known))
}

/// [`find`] for a file of each of several series, of those that hold it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn find_together(
    tx: &mut PgConnection,
    seen: TracedPool<'_>,
    files: &[(SeriesId, [u8; 32])],
    options: &[u8; 32],
) -> Result<HashMap<SeriesId, Known>> {
    const QUERY: &str = include_str!("sql/known_together.sql");
    #[derive(FromRow)]
    struct Row {
        series_id: SeriesId,
        #[sqlx(flatten)]
        known: Known,
    }
    let query = sqlx::query_as::<_, Row>(QUERY)
        .bind(files.iter().map(|f| f.0).collect::<Vec<_>>())
        .bind(files.iter().map(|f| f.1.to_vec()).collect::<Vec<_>>())
        .bind(options.as_slice());
    let run = async { query.fetch_all(tx).await.during("looking for known content") };
    let run = async { Ok(run.await?.into_iter().map(|r| (r.series_id, r.known)).collect()) };
    let rows = |known: &HashMap<SeriesId, Known>, i: usize| usize::from(known.contains_key(&files[i].0));
    seen.read(("SELECT", QUERY), run, rows).await
}

/// What an import has learnt of its file, to be kept with its success.
#[derive(Debug, Default)]
pub struct Learnt {
    /// BLAKE3 of the file.
    pub hash: [u8; 32],
    /// Of the options, if the series now holds all bars of the file.
    pub held: Option<Held>,
    /// The file's bars, if it was read from its start, and of the options that it was read with.
    pub digested: Option<(Digested, [u8; 32])>,
}

/// That a series holds a file's bars.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The series.
    pub series_id: SeriesId,
    /// Of the options.
    pub options: [u8; 32],
    /// Its bars from the file's first to the last, if they are known; else they are counted.
    pub bars: Option<i64>,
}

impl Learnt {
    /// Keeps it on the transaction that ends the task's attempt.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn keep(&self, tx: &mut PgConnection, seen: TracedPool<'_>, task_id: TaskId) -> Result<()> {
        if let Some(held) = held(&[(task_id, self)]) {
            let run = async { Ok(held.execute(&mut *tx).await.during(RECORDING)?.rows_affected()) };
            seen.write(("INSERT", RECORD), |_| 1, run).await?;
        }
        remember(tx, &[self]).await
    }
}

/// [`Learnt::keep`] for the files of several tasks.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep_all(
    tx: &mut PgConnection,
    seen: TracedPool<'_>,
    files: &[(TaskId, &Learnt)],
) -> Result<()> {
    if let Some(held) = held(files) {
        let run = async { Ok(held.execute(&mut *tx).await.during(RECORDING)?.rows_affected()) };
        seen.write(("INSERT", RECORD), |i| usize::from(files[i].1.held.is_some()), run).await?;
    }
    remember(tx, &files.iter().map(|f| f.1).collect::<Vec<_>>()).await
}

const RECORD: &str = include_str!("sql/record_known.sql");
const RECORDING: &str = "recording the file's content";

/// What series hold of these tasks' files; none if nothing is known of any.
fn held(files: &[(TaskId, &Learnt)]) -> Option<Query<'static, Postgres, PgArguments>> {
    let held: Vec<_> =
        files.iter().filter_map(|(task, l)| l.held.map(|held| (*task, l.hash, held))).collect();
    (!held.is_empty()).then(|| {
        sqlx::query(RECORD)
            .bind(held.iter().map(|(_, _, h)| h.series_id).collect::<Vec<_>>())
            .bind(held.iter().map(|(_, hash, _)| hash.to_vec()).collect::<Vec<_>>())
            .bind(held.iter().map(|(_, _, h)| h.options.to_vec()).collect::<Vec<_>>())
            .bind(held.iter().map(|(task, ..)| *task).collect::<Vec<_>>())
            .bind(held.iter().map(|(_, _, h)| h.bars).collect::<Vec<_>>())
    })
}

async fn remember(tx: &mut PgConnection, files: &[&Learnt]) -> Result<()> {
    let digested: Vec<_> =
        files.iter().filter_map(|l| l.digested.map(|(digested, key)| (l.hash, key, digested))).collect();
    remember_digests(tx, &digested).await
}

/// Forgets all content of a series, because bars of it were overwritten.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn forget(connection: &mut PgConnection, series_id: SeriesId) -> Result<()> {
    sqlx::query("DELETE FROM barlift.imported_sources WHERE series_id = $1")
        .bind(series_id)
        .execute(connection)
        .await
        .during("forgetting known content")?;
    Ok(())
}

/// What a file's rows are, known by its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Digested {
    /// Data rows.
    pub rows: u64,
    /// Its bars.
    pub digest: SeriesDigest,
}

/// Whether any file is known that was read like this; if not, hashing one is for nothing.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn any_digest(pool: &PgPool, read_key: &[u8; 32]) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM barlift.source_digests WHERE read_hash = $1)")
        .bind(read_key.as_slice())
        .fetch_one(pool)
        .await
        .during("looking for known files")
}

/// What is known of a file with these bytes, read like this.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn digested(
    pool: &PgPool,
    content_hash: &[u8; 32],
    read_key: &[u8; 32],
) -> Result<Option<Digested>> {
    let row: Option<(i64, i64, Vec<u8>)> = sqlx::query_as(include_str!("sql/digested.sql"))
        .bind(content_hash.as_slice())
        .bind(read_key.as_slice())
        .fetch_optional(pool)
        .await
        .during("looking for a known file")?;
    Ok(row.and_then(|(rows, bars, sum)| {
        let sum = sum.try_into().ok()?;
        Some(Digested {
            rows: rows.unsigned_abs(),
            digest: SeriesDigest::from_bytes(bars.unsigned_abs(), sum),
        })
    }))
}

/// Remembers what the rows of files are: by their bytes' hashes, and how they were read.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn remember_digests(
    connection: &mut PgConnection,
    files: &[([u8; 32], [u8; 32], Digested)],
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let int = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    sqlx::query(include_str!("sql/remember_digests.sql"))
        .bind(files.iter().map(|(hash, ..)| hash.to_vec()).collect::<Vec<_>>())
        .bind(files.iter().map(|(_, key, _)| key.to_vec()).collect::<Vec<_>>())
        .bind(files.iter().map(|(.., d)| int(d.rows)).collect::<Vec<_>>())
        .bind(files.iter().map(|(.., d)| int(d.digest.bars)).collect::<Vec<_>>())
        .bind(files.iter().map(|(.., d)| d.digest.to_bytes().to_vec()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during("remembering a file's bars")?;
    Ok(())
}
