//! Writing bars where no unique index guards them.
//!
//! # Why each bar is single
//!
//! An import looks which bars are there and writes the others on one transaction (`import::write`). That is enough if
//! nobody else writes bars of the series between the look and the commit, and nobody can:
//!
//! - A task that writes has acquired its series: `claim` locks the series' row, and lets one running task at a time have it.
//! - A batch calls `Lease::advance` after its COPY and before its commit: that finds the task's row running
//!   under the attempt's own fence, or fails, and keeps it locked until the commit. To give the series to
//!   somebody else, the task must first stop running, or start again under a new fence, and both need that
//!   row. So a batch commits only while its task has the series: a worker that froze past its lease, woke up
//!   and goes on writing where it was has lost the fence, and all of its batch is rolled back, whether it
//!   froze before the COPY, within it or behind it.
//! - The task that acquires the series next looks only after its claim. Under READ COMMITTED each of its
//!   statements has a snapshot of its own, so it sees all earlier commits.
//! - `DataRepository::merge` has both series' rows locked from before its look to its commit, and gives up if a task is
//!   running for one of them.
//! - `DataRepository::save` keeps the series' row locked from before its look to its commit, so that no task is claimed
//!   for the series meanwhile, and gives up if one is running ([`refuse_held`]). Two of them wait for each other.
//!
//! A program that writes to `barlift.bars` by itself takes no part in this. What it doubles is found by a verification.
//!
//! # Why they come in order
//!
//! Bars sent as sorted are compressed as they come, and the server then takes all batches of a series in a chunk to follow
//! each other in time: a range that lies between others is read in the wrong order. So that way is gone only if, in all
//! chunks that are touched, the series' bars lie all before the new ones or all behind. (Sent as unsorted, they
//! would be sorted at every read of the chunk.) Others, and those too few for a good batch, are written as plain rows
//! and folded in by the compression policy later; an index on series and time keeps looking for them cheap.
//!
//! # Why none disappears
//!
//! Bug in TimescaleDB 2.26: a direct COPY that finds no chunk waits for the lock to make it. If somebody else
//! makes that chunk meanwhile, TimescaleDB takes it for one without plain rows. From then on, plain rows in
//! it are not read. So whoever writes compressed batches where a chunk is missing takes the lock for making
//! chunks before the COPY, which then finds the chunks that others have made.
//!
//! Invariant: the settings end with the transaction, and each COPY chooses anew.

use sqlx::PgConnection;

use super::parameter;
use crate::bar::{Bars, Micros};
use crate::config::Layout;
use crate::counts::int;
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Error, Result};
use crate::model::SeriesId;

/// Fewer bars a chunk are written plainly. Compressed batches of fewer stay as they are, and are larger and slower
/// to read: 36 bytes a bar at 1000 and at 250, 46 at 60, several hundred at one.
const MIN_A_CHUNK: i64 = 250;

const WHAT: &str = "choosing how to write bars";

const PLAINLY: &str = include_str!("sql/copy_plainly.sql");

/// Compressed or plain: settles it for the next COPY of bars on this transaction, of these ones.
pub(super) async fn choose_way(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    (series_id, bars): (SeriesId, &Bars),
) -> Result<()> {
    const DIRECT_IF_SORTED: &str = include_str!("sql/copy_direct_if_sorted.sql");
    let span = bars.time.first().copied().zip(bars.time.last().copied());
    let bounds = match span {
        Some(span) if is_many(bars.len(), 1) => bounds(tx, db, span, bars.len()).await?,
        _ => None,
    };
    let (statement, query) = match span.zip(bounds) {
        None => (PLAINLY, sqlx::query(PLAINLY)),
        Some(((first, last), (from, to))) => {
            let query = sqlx::query(DIRECT_IF_SORTED).bind(series_id).bind(parameter(first));
            let query = query.bind(parameter(last)).bind(parameter(from)).bind(parameter(to));
            (DIRECT_IF_SORTED, query)
        }
    };
    db.fetch(statement, query.fetch_all(tx), WHAT).await?;
    Ok(())
}

/// The same for several series, in the order of their ids: compressed, if all are new and each has enough bars for that.
pub(super) async fn choose_way_of_several(
    tx: &mut PgConnection,
    series: &[(SeriesId, &Bars)],
    all_new: bool,
) -> Result<()> {
    let query = if all_new && may_be_compressed(tx, series).await? {
        sqlx::query(include_str!("sql/copy_direct.sql"))
    } else {
        sqlx::query(PLAINLY)
    };
    query.execute(tx).await.during(WHAT)?;
    Ok(())
}

async fn may_be_compressed(tx: &mut PgConnection, series: &[(SeriesId, &Bars)]) -> Result<bool> {
    let span = |bars: &Bars| Some((*bars.time.first()?, *bars.time.last()?));
    let spans: Vec<_> = series.iter().filter_map(|(_, bars)| Some((span(bars)?, bars.len()))).collect();
    let first = spans.iter().map(|((first, _), _)| *first).min().unwrap_or_default();
    let last = spans.iter().map(|((_, last), _)| *last).max().unwrap_or_default();
    let touched = sqlx::query_as(TOUCHED).bind(first).bind(last).fetch_all(&mut *tx).await.during(WHAT)?;
    let many = |t: &Touched| spans.iter().all(|(span, bars)| is_many(*bars, t.chunks(*span)));
    let Some(touched) = self::touched(touched).filter(|t| series.is_sorted_by_key(|s| s.0) && many(t)) else {
        return Ok(false);
    };
    lock_missing(tx, &touched).await?;
    // Somebody else's, wherever they lie in these chunks.
    let ids: Vec<SeriesId> = series.iter().map(|s| s.0).collect();
    let any: bool = sqlx::query_scalar(include_str!("sql/any_bars.sql"))
        .bind(ids)
        .bind(parameter(touched.from.unwrap_or(first).min(first)))
        .bind(parameter(touched.to.unwrap_or(last).max(last.saturating_add(1))))
        .fetch_one(tx)
        .await
        .during(WHAT)?;
    Ok(!any)
}

/// Where the chunks begin and end that bars from the first to the last time lie in; none if they are too few for them.
async fn bounds(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    (first, last): (Micros, Micros),
    count: usize,
) -> Result<Option<(Micros, Micros)>> {
    let query = sqlx::query_as(TOUCHED).bind(first).bind(last);
    let rows = db.fetch(TOUCHED, query.fetch_all(&mut *tx), WHAT).await?;
    let Some(touched) = touched(rows) else { return Ok(None) };
    if !is_many(count, touched.chunks((first, last))) {
        return Ok(None);
    }
    lock_missing(tx, &touched).await?;
    let (from, to) = (touched.from, touched.to);
    // In chunks that are not there yet, the series has no bars.
    Ok(Some((from.unwrap_or(first).min(first), to.unwrap_or(last).max(last.saturating_add(1)))))
}

const TOUCHED: &str = include_str!("sql/touched_chunks.sql");

/// The chunks that a range touches.
struct Touched {
    interval: i64,
    from: Option<Micros>,
    to: Option<Micros>,
    all_there: bool,
}

impl Touched {
    /// How many chunks a range reaches into, at least.
    fn chunks(&self, (first, last): (Micros, Micros)) -> i64 {
        last.saturating_sub(first) / self.interval.max(1) + 1
    }
}

fn touched(rows: Vec<(i64, Option<Micros>, Option<Micros>, bool)>) -> Option<Touched> {
    let (interval, from, to, all_there) = rows.into_iter().next()?;
    Some(Touched { interval, from, to, all_there })
}

/// Takes the lock for making chunks if one is missing.
async fn lock_missing(tx: &mut PgConnection, touched: &Touched) -> Result<()> {
    if !touched.all_there {
        sqlx::query(include_str!("sql/lock_chunk_creation.sql")).execute(tx).await.during(WHAT)?;
    }
    Ok(())
}

fn is_many(bars: usize, chunks: i64) -> bool {
    int(bars) / chunks.max(1) >= MIN_A_CHUNK
}

/// In a columnstore, refuses to write to a series that a running task has acquired. The caller has locked its row.
///
/// # Errors
/// [`Error::Database`]
pub(super) async fn refuse_held(
    tx: &mut PgConnection,
    (series_id, layout): (SeriesId, Layout),
    (symbol, timeframe): (&str, &str),
) -> Result<()> {
    if layout == Layout::Rowstore {
        return Ok(());
    }
    let held: bool = sqlx::query_scalar(include_str!("sql/is_held.sql"))
        .bind(series_id)
        .fetch_one(tx)
        .await
        .during("looking who writes the series")?;
    if !held {
        return Ok(());
    }
    Err(Error::database(
        format!("{symbol} {timeframe} is being imported right now; nothing was saved"),
        "try again when that import has ended: in a columnstore only one may write a series at a time",
    ))
}
