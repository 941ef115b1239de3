//! What verifications ask of the bars.
//!
//! Invariant: set-based, one statement for any number of bars; nothing is written.

use jiff_sqlx::Timestamp;
use sqlx::{FromRow, PgConnection, PgPool};

use super::{BarRow, parameter};
use crate::bar::{Micros, Ohlcv, SeriesName};
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Result};
use crate::model::SeriesId;

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
    seen: TracedPool<'_>,
    series_id: SeriesId,
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
) -> Result<Vec<(SeriesName, SeriesId)>> {
    let rows: Vec<(SeriesId, String, String)> = sqlx::query_as(include_str!("sql/series_with_bars.sql"))
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
    seen: TracedPool<'_>,
    series_id: SeriesId,
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
    seen: TracedPool<'_>,
    series_id: SeriesId,
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
