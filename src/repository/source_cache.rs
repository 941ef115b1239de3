//! The source cache: what the database remembers of a file by its fingerprint, so that the same file again need not be
//! read.
//!
//! It has two kinds of entries. `imported_sources` says that a series contains a file's bars;
//! `source_digests` says which bars a file has. Invariant: an entry of the first kind vouches for values, so
//! it is deleted as soon as any bar of the series is overwritten. Added or removed bars are noticed by
//! counting. An entry of the second kind says nothing of any series and stays true.

use std::collections::HashMap;

use jiff_sqlx::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row as _};

use crate::counts::{RowCounts, int};
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::model::{SeriesId, TaskId};

/// Whether the series has any entry under these options; if not, there is no need to hash a file.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn any_import(pool: &PgPool, series_id: SeriesId, options: &[u8; 32]) -> Result<bool> {
    sqlx::query_scalar(include_str!("sql/any_cached_import.sql"))
        .bind(series_id)
        .bind(options.as_slice())
        .fetch_one(pool)
        .await
        .during(FINDING)
}

const FINDING: &str = "looking in the source cache";
const KEEPING: &str = "writing to the source cache";

/// The hashes of the options under which files were imported into the series.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn options_of(connection: &mut PgConnection, series_id: SeriesId) -> Result<Vec<Vec<u8>>> {
    sqlx::query_scalar(include_str!("sql/cached_options.sql"))
        .bind(series_id)
        .fetch_all(connection)
        .await
        .during("reading how the series was imported")
}

/// The options of the latest imports, as their operations keep them.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn recent_options(connection: &mut PgConnection) -> Result<Vec<serde_json::Value>> {
    sqlx::query_scalar(include_str!("sql/recent_import_options.sql"))
        .fetch_all(connection)
        .await
        .during("reading how files were imported")
}

/// What became of the rows of a file that a series contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CachedImport {
    /// The counters that depend on the file alone.
    pub of_file: RowCounts,
    /// The task that read the file, and has what was found in it; it may have been deleted.
    pub task_id: Option<TaskId>,
}

impl CachedImport {
    /// Its rows, of which all bars are there.
    #[must_use]
    pub(crate) fn rows(&self) -> RowCounts {
        let other_parts = self.of_file.sum(|c| c.part.is_some());
        RowCounts { rows_skipped: self.of_file.rows - other_parts, ..self.of_file }
    }
}

impl FromRow<'_, PgRow> for CachedImport {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { of_file: RowCounts::read(row, |c| c.is_of_file)?, task_id: row.try_get("task_id")? })
    }
}

/// A file that a series may contain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachedFile {
    pub(crate) series_id: SeriesId,
    /// BLAKE3 of the file.
    pub(crate) hash: [u8; 32],
    /// Hash of the options.
    pub(crate) options: [u8; 32],
}

/// The entries of those files whose series still have the bars which their imports left.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn find_imports(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    files: &[CachedFile],
) -> Result<HashMap<SeriesId, CachedImport>> {
    let sql = sql_template!("sql/find_cached_imports.sql");
    if let [file] = files {
        let found = find_import(connection, db, file).await?;
        return Ok(found.into_iter().map(|import| (file.series_id, import)).collect());
    }
    let query = sqlx::query_as::<_, Entry>(sql)
        .bind(files.iter().map(|f| f.series_id).collect::<Vec<_>>())
        .bind(files.iter().map(|f| f.hash.to_vec()).collect::<Vec<_>>())
        .bind(files.iter().map(|f| f.options.to_vec()).collect::<Vec<_>>());
    let run = async { query.fetch_all(connection).await.during(FINDING) };
    let run = async { Ok(run.await?.into_iter().map(|f| (f.series_id, f.import)).collect()) };
    let rows = |found: &HashMap<SeriesId, CachedImport>, i: usize| {
        usize::from(found.contains_key(&files[i].series_id))
    };
    db.read(("SELECT", sql), run, rows).await
}

#[derive(FromRow)]
struct Entry {
    series_id: SeriesId,
    #[sqlx(flatten)]
    import: CachedImport,
}

/// One file may be large. PostgreSQL counts the bars of its range by several processes, but only in a statement that does
/// nothing else.
async fn find_import(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    CachedFile { series_id, hash, options }: &CachedFile,
) -> Result<Option<CachedImport>> {
    const COUNT: &str = include_str!("sql/count_bars.sql");
    #[derive(FromRow)]
    struct Range {
        #[sqlx(flatten)]
        entry: Entry,
        first_time: Option<Timestamp>,
        last_time: Option<Timestamp>,
        bars: i64,
    }
    let range: Option<Range> = sqlx::query_as(sql_template!("sql/find_cached_import.sql"))
        .bind(series_id)
        .bind(hash.as_slice())
        .bind(options.as_slice())
        .fetch_optional(&mut *connection)
        .await
        .during(FINDING)?;
    let Some(range) = range else { return Ok(None) };
    let query = sqlx::query_scalar(COUNT).bind(series_id).bind(range.first_time).bind(range.last_time);
    let there: Vec<i64> = db.fetch(COUNT, query.fetch_all(connection), FINDING).await?;
    Ok((there == [range.bars]).then_some(range.entry.import))
}

/// What the cache is to keep of a file that was imported, together with its task's success.
#[derive(Debug, Clone, Default)]
pub struct SourceEntry {
    /// BLAKE3 of the file.
    pub(crate) hash: [u8; 32],
    /// If the series now contains the file.
    pub(crate) import: Option<ImportEntry>,
    /// The file's bars, if it was read from its start, and the hash of the options that it was read with.
    pub(crate) digest: Option<(SourceDigest, [u8; 32])>,
}

/// That a series contains a file's bars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImportEntry {
    pub(crate) series_id: SeriesId,
    /// Hash of the options.
    pub(crate) options: [u8; 32],
    /// Bars of the series from the file's first to its last, if they were counted; else the database counts them.
    pub(crate) bars: Option<i64>,
}

/// Keeps entries on the transaction that ends their tasks' attempts.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn keep(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    files: &[(TaskId, Option<&SourceEntry>)],
) -> Result<()> {
    let sql = sql_template!("sql/keep_cached_imports.sql");
    let import = |entry: Option<&SourceEntry>| entry.and_then(|e| Some((e.hash, e.import?)));
    let imports: Vec<_> = files.iter().filter_map(|(task, entry)| Some((*task, import(*entry)?))).collect();
    if !imports.is_empty() {
        let query = sqlx::query(sql)
            .bind(imports.iter().map(|(_, (_, entry))| entry.series_id).collect::<Vec<_>>())
            .bind(imports.iter().map(|(_, (hash, _))| hash.to_vec()).collect::<Vec<_>>())
            .bind(imports.iter().map(|(_, (_, entry))| entry.options.to_vec()).collect::<Vec<_>>())
            .bind(imports.iter().map(|(task, _)| *task).collect::<Vec<_>>())
            .bind(imports.iter().map(|(_, (_, entry))| entry.bars).collect::<Vec<_>>());
        let sizes = |i: usize| usize::from(import(files[i].1).is_some());
        db.execute(("INSERT", sql), sizes, query.execute(&mut *tx), KEEPING).await?;
    }
    let digest = |entry: &SourceEntry| entry.digest.map(|(digest, key)| (entry.hash, key, digest));
    let digests: Vec<_> = files.iter().filter_map(|(_, entry)| digest((*entry)?)).collect();
    keep_digests(tx, &digests).await
}

/// Deletes the entries of a series, because bars of it were overwritten, or it got bars of another series or lost its own.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn forget(connection: &mut PgConnection, series_id: SeriesId) -> Result<()> {
    sqlx::query("DELETE FROM barlift.imported_sources WHERE series_id = $1")
        .bind(series_id)
        .execute(connection)
        .await
        .during("deleting from the source cache")?;
    Ok(())
}

/// The bars of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceDigest {
    /// Data rows.
    pub(crate) rows: u64,
    /// Its bars.
    pub(crate) digest: SeriesDigest,
}

/// Whether there is the digest of any file that was read like this; if not, there is no need to hash a file.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn any_digest(pool: &PgPool, read_key: &[u8; 32]) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM barlift.source_digests WHERE read_hash = $1)")
        .bind(read_key.as_slice())
        .fetch_one(pool)
        .await
        .during(FINDING)
}

/// The bars of a file with these bytes, read like this, if the cache has them.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn find_digest(
    pool: &PgPool,
    content_hash: &[u8; 32],
    read_key: &[u8; 32],
) -> Result<Option<SourceDigest>> {
    let row: Option<(i64, i64, Vec<u8>)> = sqlx::query_as(include_str!("sql/find_digest.sql"))
        .bind(content_hash.as_slice())
        .bind(read_key.as_slice())
        .fetch_optional(pool)
        .await
        .during(FINDING)?;
    Ok(row.and_then(|(rows, bars, sum)| {
        let sum = sum.try_into().ok()?;
        Some(SourceDigest {
            rows: rows.unsigned_abs(),
            digest: SeriesDigest::from_bytes(bars.unsigned_abs(), sum),
        })
    }))
}

/// Keeps the bars of files: by the BLAKE3 of each, and the hash of the options that it was read with.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn keep_digests(
    connection: &mut PgConnection,
    files: &[([u8; 32], [u8; 32], SourceDigest)],
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("sql/keep_digests.sql"))
        .bind(files.iter().map(|(hash, ..)| hash.to_vec()).collect::<Vec<_>>())
        .bind(files.iter().map(|(_, key, _)| key.to_vec()).collect::<Vec<_>>())
        .bind(files.iter().map(|(.., d)| int(d.rows)).collect::<Vec<_>>())
        .bind(files.iter().map(|(.., d)| int(d.digest.bars)).collect::<Vec<_>>())
        .bind(files.iter().map(|(.., d)| d.digest.to_bytes().to_vec()).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during(KEEPING)?;
    Ok(())
}
