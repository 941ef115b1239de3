//! The series of a file with several symbols: found or made, and locked for one transaction.
//!
//! Such a file's task acquires no series, since it may have thousands, and other files have the same. It locks the rows of
//! those that a batch goes into until that is committed. Invariant: while they are locked no task can acquire one of them,
//! and none that another running task has acquired is written.

use std::collections::HashMap;

use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgPool};

use crate::bar::{Micros, SeriesName, format_time};
use crate::counts::{COUNTERS, RowCounts, int};
use crate::db::transaction;
use crate::digest::SeriesDigest;
use crate::error::{During, Error, Result};
use crate::model::{SeriesId, TaskId};

const FINDING: &str = "looking for the series of a batch";
const LOCKING: &str = "locking the series of a batch";

/// A series that is locked.
#[derive(Debug, FromRow)]
pub(crate) struct LockedSeries {
    pub(crate) id: SeriesId,
    symbol: String,
    timeframe: String,
    /// Whether it is known to have no bars.
    pub(crate) is_empty: bool,
    is_held: bool,
}

/// The ids of the series that are there, by symbol. `make`: the others are made.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn ids(
    pool: &PgPool,
    symbols: &[&str],
    timeframe: &str,
    make: bool,
) -> Result<HashMap<String, SeriesId>> {
    let found = find(pool, symbols, timeframe).await?;
    if !make || found.len() == symbols.len() {
        return Ok(found);
    }
    // By a transaction of its own: nobody is to wait for a name until a batch is written. It waits for others only briefly.
    let mut tx = transaction::begin_brief(pool).await.during(FINDING)?;
    sqlx::query(include_str!("sql/make_series.sql"))
        .bind(symbols)
        .bind(timeframe)
        .execute(&mut *tx)
        .await
        .during(FINDING)?;
    tx.commit().await.during(FINDING)?;
    find(pool, symbols, timeframe).await
}

async fn find(pool: &PgPool, symbols: &[&str], timeframe: &str) -> Result<HashMap<String, SeriesId>> {
    let found: Vec<(String, SeriesId)> = sqlx::query_as(include_str!("sql/series_of_symbols.sql"))
        .bind(symbols)
        .bind(timeframe)
        .fetch_all(pool)
        .await
        .during(FINDING)?;
    Ok(found.into_iter().collect())
}

/// Locks series until the transaction ends. None if one of them has another name by now, or is not there any more.
///
/// # Errors
/// [`Error::Busy`] if another running task has acquired one; [`Error::Database`]
pub(crate) async fn lock(
    tx: &mut PgConnection,
    series: &[(SeriesId, &str)],
    timeframe: &str,
) -> Result<Option<HashMap<SeriesId, LockedSeries>>> {
    let ids: Vec<SeriesId> = series.iter().map(|(id, _)| *id).collect();
    lock_ids(&mut *tx, &ids).await?;
    // By a statement of its own: it sees what those who had them locked before have committed.
    let locked: Vec<LockedSeries> = sqlx::query_as(include_str!("sql/locked_series.sql"))
        .bind(&ids)
        .fetch_all(&mut *tx)
        .await
        .during(LOCKING)?;
    if let Some(held) = locked.iter().find(|series| series.is_held) {
        let (symbol, timeframe) = (held.symbol.clone(), held.timeframe.clone());
        return Err(Error::Busy(format!("another task works on {}", SeriesName { symbol, timeframe })));
    }
    let locked: HashMap<SeriesId, LockedSeries> =
        locked.into_iter().map(|series| (series.id, series)).collect();
    let is_same = |(id, symbol): &(SeriesId, &str)| {
        locked.get(id).is_some_and(|locked| locked.symbol == *symbol && locked.timeframe == timeframe)
    };
    Ok(series.iter().all(is_same).then_some(locked))
}

/// Locks series in the order of their ids.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn lock_ids(tx: &mut PgConnection, ids: &[SeriesId]) -> Result<()> {
    let query = sqlx::query(include_str!("sql/lock_all_series.sql")).bind(ids);
    query.execute(tx).await.during(LOCKING)?;
    Ok(())
}

/// Adds digests to the content of series that are locked.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn contents_changed(
    tx: &mut PgConnection,
    changes: &[(SeriesId, SeriesDigest)],
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("sql/change_contents.sql"))
        .bind(changes.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        // As text: PostgreSQL's integers are too small.
        .bind(changes.iter().map(|(_, digest)| digest.sum.to_string()).collect::<Vec<_>>())
        .execute(tx)
        .await
        .during("keeping the contents of series")?;
    Ok(())
}

/// What a batch has added to one symbol: counters, and the first and the last time of its bars.
pub(crate) type Added<'a> = (&'a str, RowCounts, Option<(Micros, Micros)>);

/// Keeps what a batch has added to each symbol of a task.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn keep_counts(
    tx: &mut PgConnection,
    task_id: TaskId,
    checkpoint: u64,
    added: &[Added<'_>],
) -> Result<()> {
    let series: serde_json::Map<_, _> =
        added.iter().map(|(symbol, rows, span)| ((*symbol).to_owned(), counts(rows, *span))).collect();
    sqlx::query(include_str!("sql/keep_task_series.sql"))
        .bind(task_id)
        .bind(int(checkpoint))
        .bind(Json(series))
        .execute(tx)
        .await
        .during("keeping the counters of series")?;
    Ok(())
}

/// The counters that are not 0, and the times.
fn counts(rows: &RowCounts, span: Option<(Micros, Micros)>) -> serde_json::Value {
    let counters = COUNTERS.iter().map(|counter| (counter.name, (counter.value)(rows)));
    let counters = counters.filter(|(_, n)| *n != 0).map(|(name, n)| (name.to_owned(), n.into()));
    let times = span.map(|(first, last)| [("first_time", first), ("last_time", last)]);
    let times = times.into_iter().flatten().map(|(name, t)| (name.to_owned(), format_time(t).into()));
    counters.chain(times).collect::<serde_json::Map<_, _>>().into()
}
