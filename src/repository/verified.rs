//! What verifications ask of the bars, and what they keep.
//!
//! Invariant: set-based, one statement for any number of bars; what is kept is written on the caller's transaction.

use jiff_sqlx::Timestamp;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgPool};

use super::{BarRow, parameter};
use crate::backend::observed::Observed;
use crate::bar::{Micros, Ohlcv, SeriesName};
use crate::digest::SeriesDigest;
use crate::error::{During, Result};
use crate::finding::{Difference, Place};

/// How many bars a series has, and from when to when.
#[derive(Debug, Clone, Copy, Default)]
pub struct SeriesExtent {
    /// Bars.
    pub bars: u64,
    /// Time of the first.
    pub first: Option<Micros>,
    /// Time of the last.
    pub last: Option<Micros>,
    /// Bars that lie outside of the range that was asked for; the others say nothing of them.
    pub outside: u64,
}

/// Counts the bars of a series, those from the first to the last time of `range` or all.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn extent(
    connection: &mut PgConnection,
    seen: Observed<'_>,
    series_id: i32,
    range: Option<(Micros, Micros)>,
) -> Result<SeriesExtent> {
    const QUERY: &str = include_str!("sql/series_extent.sql");
    #[derive(FromRow)]
    struct Row {
        bars: i64,
        outside: i64,
        first: Option<Timestamp>,
        last: Option<Timestamp>,
    }
    let query = sqlx::query_as(QUERY)
        .bind(series_id)
        .bind(range.map(|r| parameter(r.0)))
        .bind(range.map(|r| parameter(r.1)));
    let run = async { query.fetch_all(connection).await.during("counting bars") };
    let (rows, _) = seen.query::<Row>(QUERY, run).await?;
    let micros = |t: Timestamp| t.to_jiff().as_microsecond();
    Ok(rows.into_iter().next().map_or_else(SeriesExtent::default, |r| SeriesExtent {
        bars: r.bars.unsigned_abs(),
        first: r.first.map(micros),
        last: r.last.map(micros),
        outside: r.outside.unsigned_abs(),
    }))
}

/// The series that have bars and are none of `names`, of these symbols and timeframes or (where there are none) of any.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn other_series(
    pool: &PgPool,
    names: &[&SeriesName],
    symbols: &[String],
    timeframes: &[String],
) -> Result<Vec<SeriesName>> {
    let rows: Vec<(String, String)> = sqlx::query_as(include_str!("sql/other_series.sql"))
        .bind(names.iter().map(|n| n.symbol.as_str()).collect::<Vec<_>>())
        .bind(names.iter().map(|n| n.timeframe.as_str()).collect::<Vec<_>>())
        .bind(symbols)
        .bind(timeframes)
        .fetch_all(pool)
        .await
        .during("looking for series without a file")?;
    Ok(rows.into_iter().map(|(symbol, timeframe)| SeriesName { symbol, timeframe }).collect())
}

/// The series that have bars, with their ids; of these symbols and timeframes or (where there are none) of any.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn series(
    pool: &PgPool,
    symbols: &[String],
    timeframes: &[String],
) -> Result<Vec<(SeriesName, i32)>> {
    let rows: Vec<(i32, String, String)> = sqlx::query_as(include_str!("sql/series_with_bars.sql"))
        .bind(symbols)
        .bind(timeframes)
        .fetch_all(pool)
        .await
        .during("looking for series")?;
    Ok(rows.into_iter().map(|(id, symbol, timeframe)| (SeriesName { symbol, timeframe }, id)).collect())
}

/// A stretch of time, `from <= time < to`, or without end.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Around {
    pub from: Micros,
    pub to: Option<Micros>,
}

/// The first bars of each stretch, at most one and `more`; each with the number of its stretch, in order.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn around(
    connection: &mut PgConnection,
    seen: Observed<'_>,
    series_id: i32,
    stretches: &[Around],
    more: i64,
) -> Result<Vec<(usize, Micros, Ohlcv)>> {
    const QUERY: &str = include_str!("sql/bars_around.sql");
    #[derive(FromRow)]
    struct Row {
        n: i64,
        #[sqlx(flatten)]
        bar: BarRow,
    }
    let query = sqlx::query_as(QUERY)
        .bind(series_id)
        .bind(stretches.iter().map(|a| parameter(a.from)).collect::<Vec<_>>())
        .bind(stretches.iter().map(|a| a.to.map(parameter)).collect::<Vec<_>>())
        .bind(more + 1);
    let run = async { query.fetch_all(connection).await.during("looking up the sample") };
    let (rows, _) = seen.query::<Row>(QUERY, run).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (time, values) = row.bar.bar();
            (usize::try_from(row.n - 1).unwrap_or(usize::MAX), time, values)
        })
        .collect())
}

/// Bars that have the values of one of these within so many µs of its time.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn nearby(
    connection: &mut PgConnection,
    seen: Observed<'_>,
    series_id: i32,
    sought: &[(Micros, Ohlcv)],
    within: Micros,
) -> Result<Vec<(Micros, Ohlcv)>> {
    const QUERY: &str = include_str!("sql/bars_nearby.sql");
    let floats = |f: fn(&Ohlcv) -> f64| sought.iter().map(|(_, v)| f(v)).collect::<Vec<f64>>();
    let within = sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds: within };
    let query = sqlx::query_as(QUERY)
        .bind(series_id)
        .bind(sought.iter().map(|(time, _)| parameter(*time)).collect::<Vec<_>>())
        .bind(floats(|v| v.open))
        .bind(floats(|v| v.high))
        .bind(floats(|v| v.low))
        .bind(floats(|v| v.close))
        .bind(floats(|v| v.volume))
        .bind(within);
    let run = async { query.fetch_all(connection).await.during("looking for shifted bars") };
    let (rows, _) = seen.query::<BarRow>(QUERY, run).await?;
    Ok(rows.into_iter().map(BarRow::bar).collect())
}

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
    seen: Observed<'_>,
    task_id: i64,
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
        .bind(int(v.ranges_left_out));
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
    seen: Observed<'_>,
    task_id: i64,
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
    seen: Observed<'_>,
    task_id: i64,
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
