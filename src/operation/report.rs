//! Reading back what an import found about files and single rows, as a stream however much it is.
//!
//! Invariant: findings come in the order of symbol, timeframe, source and line, mismatches and issues with
//! exact values, rejected rows with their bytes as they stood in the file.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff_sqlx::Timestamp;
use serde::Serialize;
use sqlx::{FromRow, PgPool};

use crate::bar::Ohlcv;
use crate::error::{During, ErrorClass, Result};
use crate::model::OperationId;

/// Where in the files a finding lies.
#[derive(Debug, Clone, Serialize, FromRow)]
#[allow(missing_docs)]
pub struct Place {
    pub symbol: String,
    pub timeframe: String,
    /// Path relative to the operation's root.
    pub source: String,
    /// Line number, from 1.
    pub line: i64,
}

/// A file that failed.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct FailedFile {
    pub symbol: String,
    pub timeframe: String,
    /// Path relative to the operation's root.
    pub source: String,
    pub attempts: i32,
    /// Whether another try may do better.
    pub class: ErrorClass,
    /// What is wrong and what to do.
    pub message: String,
}

/// A file that was imported although its bars look like those of its series in another time zone, scaled, or between them.
#[derive(Debug, Clone, Serialize, FromRow)]
pub struct ShapeConflict {
    /// The file's symbol.
    pub symbol: String,
    /// The file's timeframe.
    pub timeframe: String,
    /// Path relative to the operation's root.
    pub source: String,
    /// What it looks like.
    pub message: String,
}

/// A bar that the file and the database have different values for.
#[derive(Debug, Clone, Serialize)]
pub struct MismatchFinding {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The bar's time, UTC.
    pub time: jiff::Timestamp,
    /// The file's values.
    pub csv: Ohlcv,
    /// The database's values when the file was imported.
    pub db: Ohlcv,
    /// Whether the file's values replaced the database's.
    pub overwritten: bool,
}

/// A row that did not become a bar.
#[derive(Debug, Clone, Serialize)]
pub struct RejectedFinding {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Where the line starts in the file, in bytes.
    pub byte_offset: i64,
    /// The rule it broke.
    pub rule: String,
    /// What is wrong.
    pub reason: String,
    /// The line, as text; bytes that are no UTF-8 are replaced.
    pub raw: String,
    /// The line as it stands in the file.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A bar that breaks market-data rules.
#[derive(Debug, Clone, Serialize)]
pub struct IssueFinding {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The bar's time, UTC.
    pub time: jiff::Timestamp,
    /// The bar.
    pub values: Ohlcv,
    /// The rules it breaks.
    pub rules: Vec<String>,
}

/// An operation's failed files.
#[must_use]
pub fn failed<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<FailedFile>> {
    #[derive(FromRow)]
    struct Row {
        symbol: String,
        timeframe: String,
        source: String,
        attempts: i32,
        error_class: String,
        error_message: String,
    }
    sqlx::query_as::<_, Row>(include_str!("sql/failed.sql"))
        .bind(&id.0)
        .fetch(pool)
        .map_ok(|r| FailedFile {
            symbol: r.symbol,
            timeframe: r.timeframe,
            source: r.source,
            attempts: r.attempts,
            class: ErrorClass::named(&r.error_class),
            message: r.error_message,
        })
        .map(|r| r.during("reading failed files"))
        .boxed()
}

/// An operation's files that do not fit their series.
#[must_use]
pub fn shape_conflicts<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<ShapeConflict>> {
    sqlx::query_as(include_str!("sql/shape_conflicts.sql"))
        .bind(&id.0)
        .fetch(pool)
        .map(|r| r.during("reading shape conflicts"))
        .boxed()
}

/// An operation's mismatches.
#[must_use]
pub fn mismatches<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<MismatchFinding>> {
    #[derive(FromRow)]
    struct Row {
        #[sqlx(flatten)]
        place: Place,
        time: Timestamp,
        overwritten: bool,
        csv: Vec<f64>,
        db: Vec<f64>,
    }
    sqlx::query_as::<_, Row>(include_str!("sql/mismatches.sql"))
        .bind(&id.0)
        .fetch(pool)
        .map_ok(|r| MismatchFinding {
            place: r.place,
            time: r.time.to_jiff(),
            csv: ohlcv(&r.csv),
            db: ohlcv(&r.db),
            overwritten: r.overwritten,
        })
        .map(|r| r.during("reading mismatches"))
        .boxed()
}

/// What the operation was asked to do, as it keeps it.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn options(pool: &PgPool, id: &OperationId) -> Result<serde_json::Value> {
    sqlx::query_scalar("SELECT options FROM barlift.operations WHERE id = $1")
        .bind(&id.0)
        .fetch_one(pool)
        .await
        .during("reading the operation's options")
}

/// An operation's rejected rows.
#[must_use]
pub fn rejected<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<RejectedFinding>> {
    #[derive(FromRow)]
    struct Row {
        #[sqlx(flatten)]
        place: Place,
        byte_offset: i64,
        rule: String,
        reason: String,
        raw: Vec<u8>,
    }
    sqlx::query_as::<_, Row>(include_str!("sql/rejected.sql"))
        .bind(&id.0)
        .fetch(pool)
        .map_ok(|r| RejectedFinding {
            place: r.place,
            byte_offset: r.byte_offset,
            rule: r.rule,
            reason: r.reason,
            raw: String::from_utf8_lossy(&r.raw).into_owned(),
            bytes: r.raw,
        })
        .map(|r| r.during("reading rejected rows"))
        .boxed()
}

/// An operation's quality issues.
#[must_use]
pub fn issues<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<IssueFinding>> {
    #[derive(FromRow)]
    struct Row {
        #[sqlx(flatten)]
        place: Place,
        time: Timestamp,
        bar: Vec<f64>,
        rules: String,
    }
    sqlx::query_as::<_, Row>(include_str!("sql/issues.sql"))
        .bind(&id.0)
        .fetch(pool)
        .map_ok(|r| IssueFinding {
            place: r.place,
            time: r.time.to_jiff(),
            values: ohlcv(&r.bar),
            rules: r.rules.split(',').map(str::to_owned).collect(),
        })
        .map(|r| r.during("reading quality issues"))
        .boxed()
}

/// The header lines of the sources that have rejected rows, by their path; none where a file has none.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn headers(pool: &PgPool, id: &OperationId) -> Result<Vec<(String, Option<Vec<u8>>)>> {
    sqlx::query_as(include_str!("sql/headers.sql"))
        .bind(&id.0)
        .fetch_all(pool)
        .await
        .during("reading the files' headers")
}

/// The queries give the five values as an array, in this order.
fn ohlcv(v: &[f64]) -> Ohlcv {
    let at = |i: usize| v.get(i).copied().unwrap_or(f64::NAN);
    Ohlcv { open: at(0), high: at(1), low: at(2), close: at(3), volume: at(4) }
}
