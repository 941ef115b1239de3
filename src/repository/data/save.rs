//! Saves bars, all or none.
//!
//! Invariant: all bars are checked before they are written, and all are written in one transaction. If an import writes
//! one of them at the same time, the save fails or the import compares again. A columnstore does not report such
//! conflicts, so there nothing is saved while an import has acquired the series.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures::{Stream, TryStreamExt as _};
use sqlx::PgConnection;

use crate::bar::{Bars, Micros, format_time};
use crate::config::Layout;
use crate::db::storage;
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::digest::SeriesDigest;
use crate::error::{During, Error, Result};
use crate::model::SeriesId;
use crate::repository::existing::{self, Wanted};
use crate::repository::{bars, columnstore, content};

const WHAT: &str = "saving bars";

/// Writes all chunks; adds the time of the inserts to `took`.
pub(super) async fn write<B: AsRef<Bars>>(
    db: TracedPool<'_>,
    (symbol, timeframe): (&str, &str),
    chunks: impl Stream<Item = Result<B>>,
    took: &mut Duration,
) -> Result<u64> {
    let mut chunks = pin!(chunks);
    let mut open: Option<(Transaction, (SeriesId, Layout))> = None;
    let (mut written, mut added) = (0, SeriesDigest::default());
    while let Some(chunk) = chunks.try_next().await? {
        let chunk = chunk.as_ref();
        if let Some(fault) = chunk.fault() {
            return Err(Error::usage(format!("cannot save bars of {symbol} {timeframe}: {fault}"), HOW));
        }
        if chunk.is_empty() {
            continue;
        }
        let (tx, series) = match &mut open {
            Some(open) => open,
            None => open.insert(begin(db, symbol, timeframe).await?),
        };
        refuse_present(tx, db, series.0, chunk, (symbol, timeframe)).await?;
        let start = Instant::now();
        let inserted = bars::insert(tx, db, (series.1, false), &[(series.0, chunk)]).await;
        added.add_bars(chunk);
        *took += start.elapsed();
        written +=
            inserted.map_err(|e| if bars::is_conflict(&e) { meanwhile(symbol, timeframe) } else { e })?;
    }
    if let Some((mut tx, (series, _))) = open {
        content::changed(&mut tx, series, &added).await?;
        db.commit(tx, WHAT).await?;
    }
    Ok(written)
}

const HOW: &str =
    "bars are saved in time order, each time once, with finite values and columns of one length";

async fn begin(
    db: TracedPool<'_>,
    symbol: &str,
    timeframe: &str,
) -> Result<(Transaction, (SeriesId, Layout))> {
    let mut tx = db.begin(WHAT).await?;
    sqlx::query(include_str!("../sql/ensure_series.sql"))
        .bind(symbol)
        .bind(timeframe)
        .execute(&mut *tx)
        .await
        .during(WHAT)?;
    let layout = storage::layout(&mut tx).await?;
    let find = match layout {
        // Bars before their series, as an import's batch has it: docs/architecture.md, "Lock order". But the series must
        // not go away meanwhile.
        Layout::Rowstore => include_str!("../sql/keep_series.sql"),
        Layout::Columnstore => include_str!("../sql/lock_series.sql"),
    };
    let series: Option<SeriesId> =
        sqlx::query_scalar(find).bind(symbol).bind(timeframe).fetch_optional(&mut *tx).await.during(WHAT)?;
    let series = series.ok_or_else(|| gone(symbol, timeframe))?;
    let series = (series, layout);
    columnstore::refuse_held(&mut tx, series, (symbol, timeframe)).await?;
    Ok((tx, series))
}

/// Checked before the insert: a columnstore has no unique index, and the error of an index does not name the time.
async fn refuse_present(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    series: SeriesId,
    chunk: &Bars,
    (symbol, timeframe): (&str, &str),
) -> Result<()> {
    let Some(&from) = chunk.time.first() else { return Ok(()) };
    let wanted = Wanted { series_id: series, series_is_new: false, from, times: &chunk.time };
    let there = existing::find(tx, db, &[wanted], true).await?;
    let is_there = |time: &Micros| there.iter().any(|e| e.bars.time.binary_search(time).is_ok());
    match chunk.time.iter().find(|time| is_there(time)) {
        None => Ok(()),
        Some(time) => Err(Error::AlreadyThere {
            message: format!(
                "{symbol} {timeframe} has a bar of {} already; nothing was saved",
                format_time(*time)
            ),
            hint: Some("`barlift import` skips bars that are there, and reports those that differ".into()),
        }),
    }
}

fn meanwhile(symbol: &str, timeframe: &str) -> Error {
    Error::AlreadyThere {
        message: format!(
            "somebody else wrote one of these bars of {symbol} {timeframe} at the same time; nothing was saved"
        ),
        hint: Some("try again: it will name the bar".into()),
    }
}

fn gone(symbol: &str, timeframe: &str) -> Error {
    Error::database(
        format!("somebody else renamed or merged {symbol} {timeframe} at the same time; nothing was saved"),
        "try again",
    )
}
