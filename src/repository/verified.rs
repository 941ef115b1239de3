//! Stores the results of verifications.
//!
//! Invariant: everything is written on the caller's transaction, so a verification is stored whole or not at all.

use sqlx::PgConnection;
use sqlx::query::Query;
use sqlx::types::Json;

use super::parameter;
use crate::bar::columns::{COUNT, transposed};
use crate::bar::{Micros, Ohlcv};
use crate::db::bar_sql::bar_sql;
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::finding::{Difference, Place};
use crate::model::TaskId;
use crate::verify::classify::{DifferencePattern, PatternRange};

/// The result for one series.
#[derive(Debug, Clone)]
pub(crate) struct VerificationRecord {
    pub(crate) csv_bars: u64,
    pub(crate) csv_range: Option<(Micros, Micros)>,
    pub(crate) db_bars: u64,
    pub(crate) db_range: Option<(Micros, Micros)>,
    pub(crate) identical: u64,
    pub(crate) different: u64,
    pub(crate) only_in_csv: u64,
    pub(crate) only_in_db: u64,
    pub(crate) outside: u64,
    /// The content of the files and of the series, if all bars were read.
    pub(crate) contents: Option<(SeriesDigest, SeriesDigest)>,
    pub(crate) by_hash: bool,
    /// Bars of mended rows, which count as the files'.
    pub(crate) mended: u64,
    pub(crate) untouched: Option<bool>,
    pub(crate) duplicates: Vec<Place>,
    pub(crate) ranges_left_out: u64,
}

/// Stores a result. `files` are the paths of the task's files.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    v: &VerificationRecord,
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
    db.write(("INSERT", QUERY), |_| 1, run).await?;
    Ok(())
}

/// Stores differing bars; `from` is the number of the first.
pub(crate) async fn keep_differences(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    (from, found): (usize, &[Difference]),
    files: &[String],
) -> Result<()> {
    let sql = bar_sql!("sql/insert_differences.sql");
    let optional = |values: Option<Ohlcv>| values.map_or([None; COUNT], |v| v.to_array().map(Some));
    let file_values = transposed(found.iter().map(|d| optional(d.csv.map(|(_, values)| values))));
    let db_values = transposed(found.iter().map(|d| optional(d.db)));
    let place = |d: &Difference| d.csv.map(|(place, _)| place);
    let query = sqlx::query(sql)
        .bind(task_id)
        .bind((from..).take(found.len()).map(|n| int(n as u64)).collect::<Vec<_>>())
        .bind(found.iter().map(Difference::kind).collect::<Vec<_>>())
        .bind(found.iter().map(|d| parameter(d.time)).collect::<Vec<_>>())
        .bind(found.iter().map(|d| place(d).map(|p| path(files, p))).collect::<Vec<_>>())
        .bind(found.iter().map(|d| place(d).map(|p| int(p.line))).collect::<Vec<_>>());
    let query = file_values.into_iter().chain(db_values).fold(query, Query::bind);
    let run = async { Ok(query.execute(connection).await.during("keeping differences")?.rows_affected()) };
    db.write(("INSERT", sql), |_| found.len(), run).await?;
    Ok(())
}

/// Stores the ranges.
pub(crate) async fn keep_ranges(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    ranges: &[PatternRange],
) -> Result<()> {
    const QUERY: &str = include_str!("sql/insert_difference_ranges.sql");
    if ranges.is_empty() {
        return Ok(());
    }
    let ratio = |r: &PatternRange| match r.kind {
        DifferencePattern::Ratio { price, volume } => (price, volume),
        _ => (None, None),
    };
    let shift = |r: &PatternRange| match r.kind {
        DifferencePattern::Shifted { by } => Some(by),
        _ => None,
    };
    let query = sqlx::query(QUERY)
        .bind(task_id)
        .bind((1..).take(ranges.len()).collect::<Vec<i32>>())
        .bind(ranges.iter().map(|r| r.kind.kind().as_str()).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| parameter(r.first)).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| parameter(r.last)).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| int(r.bars)).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| ratio(r).0).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| ratio(r).1).collect::<Vec<_>>())
        .bind(ranges.iter().map(shift).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| int(r.identical)).collect::<Vec<_>>());
    let run = async { Ok(query.execute(connection).await.during("keeping ranges")?.rows_affected()) };
    db.write(("INSERT", QUERY), |_| ranges.len(), run).await?;
    Ok(())
}

fn path(files: &[String], place: Place) -> &str {
    files.get(place.file as usize).map_or("", String::as_str)
}

fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
