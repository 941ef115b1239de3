//! The statements that store the findings of a verification.
//!
//! Invariant: everything is written on the caller's transaction, so a verification is stored whole or not at all.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::Findings;
use super::classify::{DifferencePattern, PatternRange};
use crate::bar::columns::{COUNT, transposed};
use crate::bar::{Ohlcv, UNKNOWN};
use crate::counts::int;
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::error::Result;
use crate::finding::{Difference, Place};
use crate::model::TaskId;
use crate::repository::{array, parameter};

/// Stores everything but the lists. `files` are the paths of the task's files.
pub(super) async fn verification(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    (found, untouched): (&Findings, Option<bool>),
    files: &[String],
) -> Result<()> {
    const QUERY: &str = include_str!("sql/insert_verification.sql");
    let time = |micros: Option<i64>| micros.map(parameter);
    let (f, csv, db_bars) = (found, found.csv, found.db);
    let duplicates: Vec<_> = f
        .files
        .duplicates
        .iter()
        .map(|d| serde_json::json!({"source": path(files, *d), "line": d.line}))
        .collect();
    let query = sqlx::query(QUERY)
        .bind(task_id)
        .bind(int(csv.bars))
        .bind(int(db_bars.bars + f.outside))
        .bind(time(csv.first))
        .bind(time(csv.last))
        .bind(time(db_bars.first))
        .bind(time(db_bars.last))
        .bind(int(f.compared()))
        .bind(int(f.identical))
        .bind(int(f.different))
        .bind(int(f.only_in_csv))
        .bind(int(f.only_in_db))
        .bind(int(f.outside))
        .bind(f.contents.map(|c| c.0.to_bytes()))
        .bind(f.contents.map(|c| c.1.to_bytes()))
        .bind(f.by_hash)
        .bind(untouched)
        .bind(Json(duplicates))
        .bind(int(f.classification.ranges_left_out))
        .bind(int(f.files.mended));
    db.execute(("INSERT", QUERY), |_| 1, query.execute(connection), "keeping the verification").await
}

/// Stores differing bars; `from` is the number of the first.
pub(super) async fn differences(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    (from, found): (usize, &[Difference]),
    files: &[String],
) -> Result<()> {
    let sql = sql_template!("sql/insert_differences.sql");
    let optional = |values: Option<Ohlcv>| values.map_or([UNKNOWN; COUNT], Ohlcv::to_array);
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
    let query = file_values.iter().chain(&db_values).fold(query, |query, values| query.bind(array(values)));
    db.execute(("INSERT", sql), |_| found.len(), query.execute(connection), "keeping differences").await
}

/// Stores the ranges.
pub(super) async fn ranges(
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
    db.execute(("INSERT", QUERY), |_| ranges.len(), query.execute(connection), "keeping ranges").await
}

fn path(files: &[String], place: Place) -> &str {
    files.get(place.file as usize).map_or("", String::as_str)
}
