//! The `DataRepository`: bars of a series for whoever uses the library.
//!
//! Invariant: time ranges are half-open, `start <= time < end`, in UTC; values are the database's, bit by
//! bit. Every call is a span of the reference ("DataRepository Spans").

use std::time::{Duration, Instant};

use jiff_sqlx::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::{BarRow, bars, parameter};
use crate::backend::observed::Observed;
use crate::bar::{Bars, Micros, format_time};
use crate::error::{During, Error, Result};
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{
    REPOSITORY_GET_DATE_RANGE, REPOSITORY_LIST_SYMBOLS, REPOSITORY_LOAD, REPOSITORY_SAVE, SpanSpec,
};
use crate::telemetry::phases::milliseconds;

/// Always this, whichever storage the bars have (reference, "DataRepository Spans").
const BACKEND: &str = "timescaledb";

/// Reads and writes bars of whole series.
#[derive(Debug, Clone)]
pub struct DataRepository {
    pool: PgPool,
}

impl DataRepository {
    /// On a database that is set up.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    fn seen(&self) -> Observed<'_> {
        Observed::call(&self.pool)
    }

    /// The bars of a series with `start <= time < end`, in time order.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such series; [`Error::Database`].
    pub async fn load(&self, symbol: &str, timeframe: &str, start: Micros, end: Micros) -> Result<Bars> {
        const QUERY: &str = include_str!("sql/load.sql");
        let span = series_span(&REPOSITORY_LOAD, symbol, timeframe);
        span.set(attr::DATA_START_DATE, &format_time(start)).set(attr::DATA_END_DATE, &format_time(end));
        let mut took = Duration::ZERO;
        let load = async {
            let mut connection = self.seen().acquire("loading bars").await?;
            let series = series(&mut connection, symbol, timeframe).await?;
            let query = sqlx::query_as(QUERY).bind(series).bind(parameter(start)).bind(parameter(end));
            let run = async { query.fetch_all(&mut *connection).await.during("loading bars") };
            let (rows, queried) = self.seen().query::<BarRow>(QUERY, run).await?;
            took = queried;
            Ok(bars::columns(rows))
        };
        let loaded = span.around(load).await;
        let rows = loaded.as_ref().map_or(0, Bars::len);
        span.set(attr::DATA_ROWS_LOADED, int(rows)).set(attr::DB_QUERY_DURATION_MS, milliseconds(took));
        span.end(&loaded, symbol);
        loaded
    }

    /// Writes bars that the series does not have yet, all or none; makes the series if need be. Returns how
    /// many they were. They must be in time order, each time once.
    ///
    /// # Errors
    /// [`Error::Database`], also if the series has one of these times already.
    pub async fn save(&self, symbol: &str, timeframe: &str, bars: &Bars) -> Result<u64> {
        let span = series_span(&REPOSITORY_SAVE, symbol, timeframe);
        let start = Instant::now();
        let saved = span.around(self.write(symbol, timeframe, bars)).await;
        let rows = saved.as_ref().map_or(0, |n| i64::try_from(*n).unwrap_or(i64::MAX));
        span.set(attr::DATA_ROWS_SAVED, rows).set(attr::DB_INSERT_DURATION_MS, milliseconds(start.elapsed()));
        span.end(&saved, symbol);
        saved
    }

    async fn write(&self, symbol: &str, timeframe: &str, bars: &Bars) -> Result<u64> {
        const WHAT: &str = "saving bars";
        let mut tx = self.seen().begin(WHAT).await?;
        let series: i32 = sqlx::query_scalar(include_str!("sql/ensure_series.sql"))
            .bind(symbol)
            .bind(timeframe)
            .fetch_one(&mut *tx)
            .await
            .during(WHAT)?;
        let written = bars::insert(&mut tx, self.seen(), series, bars).await?;
        self.seen().commit(tx, WHAT).await?;
        Ok(written)
    }

    /// The symbols that have a series, of one timeframe or of any, in order.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn list_symbols(&self, timeframe: Option<&str>) -> Result<Vec<String>> {
        const QUERY: &str = include_str!("sql/list_symbols.sql");
        let span = Span::start(&REPOSITORY_LIST_SYMBOLS);
        span.set(attr::DATA_BACKEND, BACKEND);
        if let Some(timeframe) = timeframe {
            span.set(attr::DATA_TIMEFRAME, timeframe);
        }
        let list = async {
            let mut connection = self.seen().acquire("listing symbols").await?;
            let query = sqlx::query_scalar(QUERY).bind(timeframe);
            let run = async { query.fetch_all(&mut *connection).await.during("listing symbols") };
            self.seen().query::<String>(QUERY, run).await.map(|(symbols, _)| symbols)
        };
        let listed = span.around(list).await;
        span.set(attr::DATA_SYMBOLS_COUNT, int(listed.as_ref().map_or(0, Vec::len)));
        span.end(&listed, "");
        listed
    }

    /// The first and the last time of a series; none if it has no bars.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such series; [`Error::Database`].
    pub async fn get_date_range(&self, symbol: &str, timeframe: &str) -> Result<Option<(Micros, Micros)>> {
        const QUERY: &str = include_str!("sql/date_range.sql");
        let span = series_span(&REPOSITORY_GET_DATE_RANGE, symbol, timeframe);
        let find = async {
            let mut connection = self.seen().acquire("looking up the date range").await?;
            let series = series(&mut connection, symbol, timeframe).await?;
            let query = sqlx::query_as(QUERY).bind(series);
            let run = async { query.fetch_all(&mut *connection).await.during("looking up the date range") };
            let (rows, _) = self.seen().query::<(Option<Timestamp>, Option<Timestamp>)>(QUERY, run).await?;
            let micros = |t: Timestamp| t.to_jiff().as_microsecond();
            Ok(rows.into_iter().next().and_then(|(start, end)| Some((micros(start?), micros(end?)))))
        };
        let found = span.around(find).await;
        if let Ok(Some((start, end))) = found {
            span.set(attr::DATA_START_DATE, &format_time(start)).set(attr::DATA_END_DATE, &format_time(end));
        }
        span.end(&found, symbol);
        found
    }
}

async fn series(connection: &mut PgConnection, symbol: &str, timeframe: &str) -> Result<i32> {
    let found: Option<i32> = sqlx::query_scalar(include_str!("sql/find_series.sql"))
        .bind(symbol)
        .bind(timeframe)
        .fetch_optional(connection)
        .await
        .during("looking for the series")?;
    found.ok_or_else(|| Error::NotFound {
        message: format!("there are no bars of {symbol} at {timeframe}"),
        hint: Some("symbols and timeframes are compared exactly, as the file names spelled them".into()),
    })
}

fn series_span(spec: &'static SpanSpec, symbol: &str, timeframe: &str) -> Span {
    let span = Span::start(spec);
    span.set(attr::DATA_SYMBOL, symbol).set(attr::DATA_TIMEFRAME, timeframe).set(attr::DATA_BACKEND, BACKEND);
    span
}

fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
