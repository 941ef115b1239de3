//! What verifications came to, as it is kept.
//!
//! Invariant: written on the caller's transaction, all of one verification on one.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::parameter;
use crate::bar::{Micros, Ohlcv};
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::finding::{Difference, Place};
use crate::model::TaskId;

/// A stretch of time in which files and database differ in one way, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferenceRange {
    /// `identical`, `only_in_csv`, `only_in_db`, `revised`, `ratio` or `shifted`.
    pub kind: &'static str,
    /// Time of its first bar.
    pub first: Micros,
    /// Time of its last bar.
    pub last: Micros,
    /// Bars in it, of either side.
    pub bars: u64,
    /// How many of them are identical.
    pub identical: u64,
    /// The database's prices are the file's times this.
    pub price_ratio: Option<f64>,
    /// The database's volumes are the file's times this.
    pub volume_ratio: Option<f64>,
    /// The database's times are the file's plus this, in µs.
    pub shifted_by: Option<Micros>,
}

/// What a verification came to.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Verification {
    pub csv_bars: u64,
    pub csv_range: Option<(Micros, Micros)>,
    pub db_bars: u64,
    pub db_range: Option<(Micros, Micros)>,
    pub identical: u64,
    pub different: u64,
    pub only_in_csv: u64,
    pub only_in_db: u64,
    pub outside: u64,
    /// Of the files and of the series.
    pub contents: Option<(SeriesDigest, SeriesDigest)>,
    pub by_hash: bool,
    /// Bars of mended rows, among those of the files.
    pub mended: u64,
    pub untouched: Option<bool>,
    pub duplicates: Vec<Place>,
    pub ranges_left_out: u64,
}

/// Keeps what a verification came to. `files` are the paths of the task's files.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep(
    connection: &mut PgConnection,
    seen: TracedPool<'_>,
    task_id: TaskId,
    v: &Verification,
    files: &[String],
) -> Result<()> {
    const QUERY: &str = include_str!("sql/insert_verification.sql");
    let duplicates: Vec<_> =
        v.duplicates.iter().map(|d| serde_json::json!({"source": path(files, *d), "line": d.line})).collect();
    let query = sqlx::query(QUERY)
        .bind(task_id)
        .bind(int(v.csv_bars))
        .bind(int(v.db_bars))
        .bind(v.csv_range.map(|r| parameter(r.0)))
        .bind(v.csv_range.map(|r| parameter(r.1)))
        .bind(v.db_range.map(|r| parameter(r.0)))
        .bind(v.db_range.map(|r| parameter(r.1)))
        .bind(int(v.identical + v.different + v.only_in_csv))
        .bind(int(v.identical))
        .bind(int(v.different))
        .bind(int(v.only_in_csv))
        .bind(int(v.only_in_db))
        .bind(int(v.outside))
        .bind(v.contents.map(|c| c.0.to_bytes()))
        .bind(v.contents.map(|c| c.1.to_bytes()))
        .bind(v.by_hash)
        .bind(v.untouched)
        .bind(Json(duplicates))
        .bind(int(v.ranges_left_out))
        .bind(int(v.mended));
    let run =
        async { Ok(query.execute(connection).await.during("keeping the verification")?.rows_affected()) };
    seen.write(("INSERT", QUERY), 1, run).await?;
    Ok(())
}

/// Keeps differing bars; the first of them is number `from`.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep_differences(
    connection: &mut PgConnection,
    seen: TracedPool<'_>,
    task_id: TaskId,
    (from, found): (usize, &[Difference]),
    files: &[String],
) -> Result<()> {
    const QUERY: &str = include_str!("sql/insert_differences.sql");
    let csv = |f: fn(&Ohlcv) -> f64| {
        found.iter().map(|d| d.csv.as_ref().map(|(_, v)| f(v))).collect::<Vec<Option<f64>>>()
    };
    let db = |f: fn(&Ohlcv) -> f64| found.iter().map(|d| d.db.as_ref().map(f)).collect::<Vec<Option<f64>>>();
    let place = |d: &Difference| d.csv.map(|(place, _)| place);
    let query = sqlx::query(QUERY)
        .bind(task_id)
        .bind((from..).take(found.len()).map(|n| int(n as u64)).collect::<Vec<_>>())
        .bind(found.iter().map(Difference::kind).collect::<Vec<_>>())
        .bind(found.iter().map(|d| parameter(d.time)).collect::<Vec<_>>())
        .bind(found.iter().map(|d| place(d).map(|p| path(files, p))).collect::<Vec<_>>())
        .bind(found.iter().map(|d| place(d).map(|p| int(p.line))).collect::<Vec<_>>())
        .bind(csv(|v| v.open))
        .bind(csv(|v| v.high))
        .bind(csv(|v| v.low))
        .bind(csv(|v| v.close))
        .bind(csv(|v| v.volume))
        .bind(db(|v| v.open))
        .bind(db(|v| v.high))
        .bind(db(|v| v.low))
        .bind(db(|v| v.close))
        .bind(db(|v| v.volume));
    let run = async { Ok(query.execute(connection).await.during("keeping differences")?.rows_affected()) };
    seen.write(("INSERT", QUERY), found.len(), run).await?;
    Ok(())
}

/// Keeps what kinds of difference there are.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep_ranges(
    connection: &mut PgConnection,
    seen: TracedPool<'_>,
    task_id: TaskId,
    found: &[DifferenceRange],
) -> Result<()> {
    const QUERY: &str = include_str!("sql/insert_difference_ranges.sql");
    if found.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(QUERY)
        .bind(task_id)
        .bind((1..).take(found.len()).collect::<Vec<i32>>())
        .bind(found.iter().map(|r| r.kind).collect::<Vec<_>>())
        .bind(found.iter().map(|r| parameter(r.first)).collect::<Vec<_>>())
        .bind(found.iter().map(|r| parameter(r.last)).collect::<Vec<_>>())
        .bind(found.iter().map(|r| int(r.bars)).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.price_ratio).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.volume_ratio).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.shifted_by).collect::<Vec<_>>())
        .bind(found.iter().map(|r| int(r.identical)).collect::<Vec<_>>());
    let run = async { Ok(query.execute(connection).await.during("keeping ranges")?.rows_affected()) };
    seen.write(("INSERT", QUERY), found.len(), run).await?;
    Ok(())
}

fn path(files: &[String], place: Place) -> &str {
    files.get(place.file as usize).map_or("", String::as_str)
}

fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
