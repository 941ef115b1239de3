//! What an import found about single rows: mismatches, rejected rows, quality issues. Each comes with its symbol if the
//! task has several, else with the symbol ''.
//!
//! Invariant: written on the transaction of the batch they belong to, so a repeated batch finds them once.

use sqlx::{PgConnection, PgPool};

use super::{BarRow, array, parameter};
use crate::bar::columns::transposed;
use crate::bar::{Micros, Ohlcv};
use crate::counts::int;
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Result};
use crate::finding::{Mismatch, QualityIssue, RULES, RawRow, RejectedRow};
use crate::model::TaskId;

/// Keeps mismatches.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep_mismatches(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    found: &[(&str, &Mismatch)],
    overwritten: bool,
) -> Result<()> {
    let sql = sql_template!("sql/insert_mismatches.sql");
    if found.is_empty() {
        return Ok(());
    }
    let in_file = transposed(found.iter().map(|(_, m)| m.csv.to_array()));
    let in_database = transposed(found.iter().map(|(_, m)| m.db.to_array()));
    let query = sqlx::query(sql)
        .bind(task_id)
        .bind(overwritten)
        .bind(found.iter().map(|(_, m)| int(m.line)).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, m)| parameter(m.time)).collect::<Vec<_>>())
        .bind(found.iter().map(|(symbol, _)| *symbol).collect::<Vec<_>>());
    let query = in_file.iter().chain(&in_database).fold(query, |query, values| query.bind(array(values)));
    db.execute(("INSERT", sql), |_| found.len(), query.execute(connection), "recording mismatches").await
}

/// The file's values of this task's mismatches of a symbol at `times`.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn mismatched_at(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    (task_id, symbol): (TaskId, &str),
    times: &[Micros],
) -> Result<Vec<(Micros, Ohlcv)>> {
    let sql = sql_template!("sql/mismatched_at.sql");
    let query = sqlx::query_as(sql)
        .bind(task_id)
        .bind(times.iter().map(|&t| parameter(t)).collect::<Vec<_>>())
        .bind(symbol);
    let rows: Vec<BarRow> = db.fetch(sql, query.fetch_all(connection), "looking up mismatches").await?;
    Ok(rows.into_iter().map(BarRow::bar).collect())
}

/// Keeps rejected rows of a task's file (0 the first one), with their bytes as they stand in it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep_rejected(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    (task_id, file): (TaskId, i32),
    found: &[(&str, &RejectedRow)],
) -> Result<()> {
    const QUERY: &str = include_str!("sql/insert_rejected.sql");
    if found.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(QUERY)
        .bind(task_id)
        .bind(file)
        .bind(found.iter().map(|(_, r)| int(r.row.line)).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, r)| int(r.row.offset)).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, r)| r.rule).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, r)| r.reason.as_str()).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, r)| r.row.bytes.as_slice()).collect::<Vec<_>>())
        .bind(found.iter().map(|(symbol, _)| *symbol).collect::<Vec<_>>());
    db.execute(("INSERT", QUERY), |_| found.len(), query.execute(connection), "recording rejected rows").await
}

/// The first rejected rows of a task's first file that start before this byte: as many as show what is wrong.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn rejected_before(pool: &PgPool, task_id: TaskId, offset: u64) -> Result<Vec<RejectedRow>> {
    let rows: Vec<(i64, i64, String, String, Vec<u8>)> =
        sqlx::query_as(include_str!("sql/rejected_before.sql"))
            .bind(task_id)
            .bind(int(offset))
            .fetch_all(pool)
            .await
            .during("reading rejected rows")?;
    let row = |(line, offset, rule, reason, bytes): (i64, i64, String, String, Vec<u8>)| {
        let row = RawRow { line: line.unsigned_abs(), offset: offset.unsigned_abs(), bytes };
        RejectedRow { row, rule: rule_named(&rule), reason }
    };
    Ok(rows.into_iter().map(row).collect())
}

fn rule_named(name: &str) -> &'static str {
    RULES.into_iter().find(|rule| *rule == name).unwrap_or("unknown")
}

/// Keeps quality issues.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn keep_issues(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    task_id: TaskId,
    found: &[(&str, &QualityIssue)],
) -> Result<()> {
    let sql = sql_template!("sql/insert_issues.sql");
    if found.is_empty() {
        return Ok(());
    }
    let values = transposed(found.iter().map(|(_, i)| i.values.to_array()));
    let query = sqlx::query(sql)
        .bind(task_id)
        .bind(found.iter().map(|(_, i)| int(i.line)).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, i)| parameter(i.time)).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, i)| i.rules.join(",")).collect::<Vec<_>>())
        .bind(found.iter().map(|(symbol, _)| *symbol).collect::<Vec<_>>());
    let query = values.iter().fold(query, |query, values| query.bind(array(values)));
    db.execute(("INSERT", sql), |_| found.len(), query.execute(connection), "recording quality issues").await
}
