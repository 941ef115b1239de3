//! The queries of verifications about bars.
//!
//! Invariant: one statement for any number of bars; nothing is written.

use jiff_sqlx::Timestamp;
use sqlx::{FromRow, PgConnection, PgPool};

use super::{BarRow, array, parameter};
use crate::bar::columns::transposed;
use crate::bar::{Micros, Ohlcv, SeriesName};
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Result};
use crate::model::SeriesId;

/// How many bars a series has, and from when to when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SeriesExtent {
    /// Bars.
    pub(crate) bars: u64,
    /// Time of the first.
    pub(crate) first: Option<Micros>,
    /// Time of the last.
    pub(crate) last: Option<Micros>,
    /// Bars outside the range; the other fields leave them out.
    pub(crate) outside: u64,
}

/// Counts the bars of a series, those from the first to the last time of `range` or all.
pub(crate) async fn extent(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    range: Option<(Micros, Micros)>,
) -> Result<SeriesExtent> {
    const QUERY: &str = include_str!("sql/series_extent.sql");
    #[derive(FromRow)]
    struct ExtentRow {
        bars: i64,
        outside: i64,
        first: Option<Timestamp>,
        last: Option<Timestamp>,
    }
    let query = sqlx::query_as(QUERY)
        .bind(series_id)
        .bind(range.map(|r| parameter(r.0)))
        .bind(range.map(|r| parameter(r.1)));
    let rows: Vec<ExtentRow> = db.fetch(QUERY, query.fetch_all(connection), "counting bars").await?;
    let micros = |t: Timestamp| t.to_jiff().as_microsecond();
    Ok(rows.into_iter().next().map_or_else(SeriesExtent::default, |r| SeriesExtent {
        bars: r.bars.unsigned_abs(),
        first: r.first.map(micros),
        last: r.last.map(micros),
        outside: r.outside.unsigned_abs(),
    }))
}

/// The series with bars that are not in `names`; an empty `symbols` or `timeframes` allows all.
pub(crate) async fn other_series(
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

/// The series with bars, and their ids; an empty `symbols` or `timeframes` allows all.
pub(crate) async fn series(
    pool: &PgPool,
    symbols: &[String],
    timeframes: &[String],
) -> Result<Vec<(SeriesName, SeriesId)>> {
    let rows: Vec<(SeriesId, String, String)> = sqlx::query_as(include_str!("sql/series_with_bars.sql"))
        .bind(symbols)
        .bind(timeframes)
        .fetch_all(pool)
        .await
        .during("looking for series")?;
    Ok(rows.into_iter().map(|(id, symbol, timeframe)| (SeriesName { symbol, timeframe }, id)).collect())
}

/// The interval `from <= time < to`, or without end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeInterval {
    pub(crate) from: Micros,
    pub(crate) to: Option<Micros>,
}

/// The first bars of each interval, at most one and `more`; each with the number of its interval, in order.
pub(crate) async fn around(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    intervals: &[TimeInterval],
    more: i64,
) -> Result<Vec<(usize, Micros, Ohlcv)>> {
    let sql = sql_template!("sql/bars_around.sql");
    #[derive(FromRow)]
    struct NumberedBar {
        n: i64,
        #[sqlx(flatten)]
        bar: BarRow,
    }
    let query = sqlx::query_as(sql)
        .bind(series_id)
        .bind(intervals.iter().map(|a| parameter(a.from)).collect::<Vec<_>>())
        .bind(intervals.iter().map(|a| a.to.map(parameter)).collect::<Vec<_>>())
        .bind(more + 1);
    let rows: Vec<NumberedBar> = db.fetch(sql, query.fetch_all(connection), "looking up the sample").await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (time, values) = row.bar.bar();
            (usize::try_from(row.n - 1).unwrap_or(usize::MAX), time, values)
        })
        .collect())
}

/// Bars with the same values as one of `sought`, at most `within` µs from its time.
pub(crate) async fn nearby(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    sought: &[(Micros, Ohlcv)],
    within: Micros,
) -> Result<Vec<(Micros, Ohlcv)>> {
    let sql = sql_template!("sql/bars_nearby.sql");
    let values = transposed(sought.iter().map(|(_, values)| values.to_array()));
    let within = sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds: within };
    let query = sqlx::query_as(sql)
        .bind(series_id)
        .bind(sought.iter().map(|(time, _)| parameter(*time)).collect::<Vec<_>>())
        .bind(within);
    let query = values.iter().fold(query, |query, values| query.bind(array(values)));
    let rows: Vec<BarRow> = db.fetch(sql, query.fetch_all(connection), "looking for shifted bars").await?;
    Ok(rows.into_iter().map(BarRow::bar).collect())
}
