//! Lists symbols and series with their time ranges.

use jiff_sqlx::Timestamp;
use sqlx::FromRow;

use super::series as find_series;
use crate::bar::{Micros, SeriesName};
use crate::db::traced_pool::TracedPool;
use crate::error::Result;

/// A series and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesInfo {
    /// What it is called.
    pub name: SeriesName,
    /// How many bars it has.
    pub bars: u64,
    /// The times of its first and of its last bar; none if barlift wrote none of its bars.
    pub range: Option<(Micros, Micros)>,
}

#[derive(FromRow)]
struct ListedSeries {
    symbol: String,
    timeframe: String,
    bars: i64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl ListedSeries {
    fn info(self) -> SeriesInfo {
        let Self { symbol, timeframe, bars, first, last } = self;
        let name = SeriesName { symbol, timeframe };
        SeriesInfo { name, bars: bars.unsigned_abs(), range: range(first, last) }
    }
}

fn range(first: Option<Timestamp>, last: Option<Timestamp>) -> Option<(Micros, Micros)> {
    let micros = |t: Timestamp| t.to_jiff().as_microsecond();
    Some((micros(first?), micros(last?)))
}

pub(super) async fn symbols(db: TracedPool<'_>, timeframe: Option<&str>) -> Result<Vec<String>> {
    const QUERY: &str = include_str!("../sql/list_symbols.sql");
    const WHAT: &str = "listing symbols";
    let mut connection = db.acquire(WHAT).await?;
    let query = sqlx::query_scalar(QUERY).bind(timeframe);
    db.fetch(QUERY, query.fetch_all(&mut *connection), WHAT).await
}

pub(super) async fn series(db: TracedPool<'_>, timeframe: Option<&str>) -> Result<Vec<SeriesInfo>> {
    const QUERY: &str = include_str!("../sql/list_series.sql");
    const WHAT: &str = "listing series";
    let mut connection = db.acquire(WHAT).await?;
    let query = sqlx::query_as(QUERY).bind(timeframe);
    let rows: Vec<ListedSeries> = db.fetch(QUERY, query.fetch_all(&mut *connection), WHAT).await?;
    Ok(rows.into_iter().map(ListedSeries::info).collect())
}

pub(super) async fn date_range(
    db: TracedPool<'_>,
    symbol: &str,
    timeframe: &str,
) -> Result<Option<(Micros, Micros)>> {
    const QUERY: &str = include_str!("../sql/date_range.sql");
    const WHAT: &str = "looking up the date range";
    let mut connection = db.acquire(WHAT).await?;
    let id = find_series(&mut connection, symbol, timeframe).await?;
    let query = sqlx::query_as(QUERY).bind(id);
    let rows: Vec<(Option<Timestamp>, Option<Timestamp>)> =
        db.fetch(QUERY, query.fetch_all(&mut *connection), WHAT).await?;
    Ok(rows.into_iter().next().and_then(|(first, last)| range(first, last)))
}
