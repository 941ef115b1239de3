//! Reading and writing bars of one series or several.
//!
//! Invariant: what is read is in time order. In a rowstore `insert` fails with a unique violation rather than write a time
//! twice; in a columnstore its caller has to have looked, on the same transaction (see `columnstore`).

use std::collections::HashMap;

use futures::TryStreamExt as _;
use jiff_sqlx::Timestamp;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};

use super::{array, columnstore, parameter, values};
use crate::bar::{Bars, Micros, Ohlcv};
use crate::config::Layout;
use crate::counts::int;
use crate::db::copy;
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Error, Result};
use crate::model::SeriesId;

pub(super) const READING: &str = "reading the bars that are there";

/// The first bars of a range, both ends in it, in time order; by a prepared statement.
///
/// # Errors
/// [`Error::Database`]
pub async fn in_range(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    (first, last): (Micros, Micros),
    limit: usize,
) -> Result<Bars> {
    let sql = sql_template!("sql/bars_in_range.sql");
    let query =
        sqlx::query(sql).bind(series_id).bind(parameter(first)).bind(parameter(last)).bind(int(limit));
    db.read(("SELECT", sql), fetch(connection, query, READING), |bars, _| bars.len()).await
}

/// The last bars of a range, both ends in it, in time order.
///
/// # Errors
/// [`Error::Database`]
pub async fn last_in_range(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    (first, last): (Micros, Micros),
    limit: usize,
) -> Result<Bars> {
    let sql = sql_template!("sql/bars_before.sql");
    let query =
        sqlx::query(sql).bind(series_id).bind(parameter(first)).bind(parameter(last)).bind(int(limit));
    db.read(("SELECT", sql), fetch(connection, query, READING), |bars, _| bars.len()).await
}

/// The bars that the series has at exactly these times, in time order.
///
/// # Errors
/// [`Error::Database`]
pub async fn at(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    times: &[Micros],
) -> Result<Bars> {
    let sql = sql_template!("sql/bars_at.sql");
    if times.is_empty() {
        return Ok(Bars::default());
    }
    let wanted: Vec<Timestamp> = times.iter().map(|&t| parameter(t)).collect();
    let query = sqlx::query(sql).bind(series_id).bind(wanted);
    db.read(("SELECT", sql), fetch(connection, query, "looking up bars"), |bars, _| bars.len()).await
}

/// The bars that several series have, each from its own first time to its last, and so many at most.
///
/// # Errors
/// [`Error::Database`]
pub async fn in_ranges(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    ranges: &[(SeriesId, (Micros, Micros), usize)],
) -> Result<HashMap<SeriesId, Bars>> {
    let sql = sql_template!("sql/bars_in_ranges.sql");
    let query = sqlx::query(sql)
        .bind(ranges.iter().map(|r| r.0).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| parameter(r.1.0)).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| parameter(r.1.1)).collect::<Vec<_>>())
        .bind(ranges.iter().map(|r| int(r.2)).collect::<Vec<_>>());
    let run = async {
        let mut found: HashMap<SeriesId, Bars> = HashMap::new();
        let mut rows = query.fetch(connection);
        while let Some(row) = rows.try_next().await.during(READING)? {
            let (time, values) = bar(&row, 1).during(READING)?;
            found.entry(row.try_get(0).during(READING)?).or_default().push(time, values);
        }
        Ok(found)
    };
    let rows = |found: &HashMap<SeriesId, Bars>, i: usize| match db.is_shared() {
        true => found.get(&ranges[i].0).map_or(0, Bars::len),
        false => found.values().map(Bars::len).sum(),
    };
    db.read(("SELECT", sql), run, rows).await
}

/// Writes bars of series by one binary COPY: the series in the order of their ids, the bars of each in time order.
/// `all_new` says that all of them are new and have no bars yet; in a columnstore that tells how to write several.
///
/// # Errors
/// [`Error::Database`]; [`is_conflict`] tells whether somebody else wrote one of them meanwhile.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    (layout, all_new): (Layout, bool),
    series: &[(SeriesId, &Bars)],
) -> Result<u64> {
    const WHAT: &str = "writing bars";
    let sent: usize = series.iter().map(|s| s.1.len()).sum();
    if sent == 0 {
        return Ok(0);
    }
    match (layout, series) {
        (Layout::Rowstore, _) => {}
        (Layout::Columnstore, [one]) => columnstore::choose_way(connection, db, *one).await?,
        (Layout::Columnstore, _) => columnstore::choose_way_of_several(connection, series, all_new).await?,
    }
    let run = async {
        let mut copy = connection.copy_in_raw(copy::copy_bars()).await.during(WHAT)?;
        for message in copy::messages(series) {
            copy.send(message).await.during(WHAT)?;
        }
        copy.finish().await.during(WHAT)
    };
    // docs/spans.md calls whatever adds rows INSERT; the statement says that it is a COPY.
    let sizes = |i: usize| if db.is_shared() { series[i].1.len() } else { sent };
    let written = db.write(("INSERT", copy::copy_bars()), sizes, run).await?;
    if usize::try_from(written).is_ok_and(|n| n == sent) {
        Ok(written)
    } else {
        Err(Error::Internal(format!("{sent} bars were sent, the server wrote {written}")))
    }
}

/// Replaces the values of bars that are there; `bars` are in time order.
///
/// # Errors
/// [`Error::Database`]
pub async fn overwrite(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    bars: &Bars,
) -> Result<()> {
    let sql = sql_template!("sql/overwrite_bars.sql");
    let (Some(&first), Some(&last)) = (bars.time.first(), bars.time.last()) else { return Ok(()) };
    let times: Vec<Timestamp> = bars.time.iter().map(|&t| parameter(t)).collect();
    let query = sqlx::query(sql)
        .bind(series_id)
        .bind(times)
        .bind(parameter(first))
        .bind(parameter(last))
        // Planned anew each time, with the parameters as constants.
        .persistent(false);
    let query = bars.columns().iter().fold(query, |query, values| query.bind(array(values)));
    db.execute(("UPDATE", sql), |_| bars.len(), query.execute(connection), "overwriting bars").await
}

/// Whether the batch may be looked at afresh at once: another writer was faster, or waited for this one while this one
/// waited for it (TimescaleDB's compression of a chunk among them).
#[must_use]
pub fn is_other_writer(e: &Error) -> bool {
    let deadlock = matches!(e, Error::Database { source: Some(sqlx::Error::Database(d)), .. }
        if d.code().as_deref() == Some("40P01"));
    deadlock || is_conflict(e)
}

/// Whether a write met a bar that another writer had put there in the meantime. Never in a columnstore.
#[must_use]
pub fn is_conflict(e: &Error) -> bool {
    // A chunk's constraint is called after the table's: 7_7_bars_pkey.
    matches!(e, Error::Database { source: Some(sqlx::Error::Database(d)), .. }
        if d.is_unique_violation() && d.constraint().is_some_and(|c| c.ends_with("bars_pkey")))
}

/// The bars of a query for the time and the values, in this order: by place, since names are looked up for every row.
async fn fetch(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
    what: &str,
) -> Result<Bars> {
    let mut bars = Bars::default();
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await.during(what)? {
        let (time, values) = bar(&row, 0).during(what)?;
        bars.push(time, values);
    }
    Ok(bars)
}

/// The bar whose columns begin at this one.
fn bar(row: &PgRow, at: usize) -> sqlx::Result<(Micros, Ohlcv)> {
    let time: Timestamp = row.try_get(at)?;
    Ok((time.to_jiff().as_microsecond(), values(row, |i, _| at + 1 + i)?))
}
