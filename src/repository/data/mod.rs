//! [`DataRepository`]: the bars of a series, for users of the library.
//!
//! Invariant: time ranges are half-open, `start <= time < end`, in microseconds since 1970-01-01 UTC ([`Micros`]);
//! [`Micros::MIN`] and [`Micros::MAX`] leave an end open. Values are the database's, bit by bit. Every call is a span
//! of its own (docs/reference.md, "DataRepository Spans"). barlift writes finite values and times from 1700 to 2299
//! only; what another program put there comes out as it is.

mod list;
mod load;
mod merge;
mod rename;
mod save;
mod suggest;

use std::collections::HashSet;
use std::time::Duration;

use futures::Stream;
use sqlx::{PgConnection, PgPool};

use crate::bar::{Bars, Micros, format_time};
use crate::counts::int;
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Result};
use crate::model::SeriesId;
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{
    REPOSITORY_GET_DATE_RANGE, REPOSITORY_LIST_SYMBOLS, REPOSITORY_LOAD, REPOSITORY_SAVE, SpanSpec,
};
use crate::telemetry::phases::milliseconds;

pub use list::SeriesInfo;
pub use load::LoadStream;
pub use merge::{Conflict, Merged, Respelled};
pub use rename::Renaming;

/// Always this, whichever storage the bars have (docs/reference.md, "DataRepository Spans").
const BACKEND: &str = "timescaledb";

/// Reads and writes bars of whole series.
#[derive(Debug, Clone)]
pub struct DataRepository {
    pool: PgPool,
}

impl DataRepository {
    /// On a database that is set up ([`crate::setup::ensure`]).
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    fn traced(&self) -> TracedPool<'_> {
        TracedPool::call(&self.pool)
    }

    /// The bars of a series with `start <= time < end`, in time order; none is no error.
    ///
    /// All of them are in memory, 48 bytes a bar; [`load_stream`](Self::load_stream) is for long ranges.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doctest.rs"));
    /// use barlift::bar::{Bars, Micros, Ohlcv, columns};
    /// use barlift::repository::data::DataRepository;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { with_database(async |pool| {
    /// # let minute = |minutes: Micros| minutes * 60_000_000;
    /// # let values = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
    /// # let mut bars = Bars::default();
    /// # (0..5).for_each(|i| bars.push(minute(i), values));
    /// let repository = DataRepository::new(pool);
    /// # repository.save("AAPL", "1m", &bars).await?;
    /// // Five bars, one a minute from 1970-01-01T00:00Z on. From the first time on, up to and without the second:
    /// let loaded = repository.load("AAPL", "1m", 60_000_000, 180_000_000).await?;
    /// assert_eq!(loaded.time, [60_000_000, 120_000_000]);
    /// assert_eq!(loaded[columns::CLOSE], [1.5, 1.5]);
    ///
    /// let all = repository.load("AAPL", "1m", Micros::MIN, Micros::MAX).await?;
    /// assert_eq!(all.len(), 5);
    ///
    /// let nobody = repository.load("APPL", "1m", Micros::MIN, Micros::MAX).await.expect_err("a typing error");
    /// assert_eq!(nobody.to_string(), "there are no bars of APPL at 1m");
    /// assert_eq!(nobody.hint(), Some("did you mean AAPL? its timeframes: 1m"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::error::Error::NotFound) if there is no such series, with the names that are near;
    /// [`Error::Database`](crate::error::Error::Database).
    pub async fn load(&self, symbol: &str, timeframe: &str, start: Micros, end: Micros) -> Result<Bars> {
        let mut chunks = self.load_stream(symbol, timeframe, start, end).await?;
        let mut all = Bars::default();
        while let Some(bars) = chunks.next().await? {
            all.append(&bars);
        }
        Ok(all)
    }

    /// The same chunk by chunk, with a few chunks in memory however long the range is.
    ///
    /// All of it is from one snapshot. The stream holds one connection until its end; dropped before, it closes that
    /// connection, and its span says how many bars were loaded until then.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doctest.rs"));
    /// use barlift::bar::{Bars, Micros, Ohlcv, columns, known};
    /// use barlift::repository::data::DataRepository;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { with_database(async |pool| {
    /// # let minute = |minutes: Micros| minutes * 60_000_000;
    /// # let values = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
    /// # let mut bars = Bars::default();
    /// # (0..5).for_each(|i| bars.push(minute(i), values));
    /// let repository = DataRepository::new(pool);
    /// # repository.save("AAPL", "1m", &bars).await?;
    /// let mut chunks = repository.load_stream("AAPL", "1m", Micros::MIN, Micros::MAX).await?;
    /// let mut volume = 0.0;
    /// while let Some(bars) = chunks.next().await? {
    ///     // A volume may be unknown.
    ///     volume += bars[columns::VOLUME].iter().copied().filter_map(known).sum::<f64>();
    /// }
    /// assert_eq!(volume, 50.0);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_stream(
        &self,
        symbol: &str,
        timeframe: &str,
        start: Micros,
        end: Micros,
    ) -> Result<LoadStream<'_>> {
        let span = series_span(&REPOSITORY_LOAD, symbol, timeframe);
        span.set(attr::DATA_START_DATE, &format_bound(start)).set(attr::DATA_END_DATE, &format_bound(end));
        let opened = span.around(load::open(self.traced(), symbol, timeframe, start..end)).await;
        if let Err(e) = &opened {
            span.set(attr::DATA_ROWS_LOADED, 0).fail(e, symbol);
        }
        Ok(LoadStream::new(opened?, span, symbol))
    }

    /// Writes bars that the series does not have yet, all or none; makes the series if need be. Returns how
    /// many they were. They must be in time order, each time once.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doctest.rs"));
    /// use barlift::bar::{Bars, Micros, Ohlcv};
    /// use barlift::repository::data::DataRepository;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { with_database(async |pool| {
    /// let repository = DataRepository::new(pool);
    /// let start: Micros = "2024-01-02T14:30:00Z".parse::<jiff::Timestamp>().expect("RFC 3339").as_microsecond();
    /// let mut bars = Bars::default();
    /// bars.push(start, Ohlcv::new(187.15, 187.48, 186.86, 187.36, 85_681.0));
    /// assert_eq!(repository.save("NOVA", "1h", &bars).await?, 1);
    ///
    /// let twice = repository.save("NOVA", "1h", &bars).await.expect_err("it is there");
    /// assert_eq!(twice.to_string(), "NOVA 1h has a bar of 2024-01-02T14:30:00Z already; nothing was saved");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) for bars that are none (not in order, columns of different lengths,
    /// a value that is not finite or that the bar lacks though it is required, a time outside the years 1700 to 2299);
    /// [`Error::AlreadyThere`](crate::error::Error::AlreadyThere) with the first time that the series has already;
    /// [`Error::Database`](crate::error::Error::Database). Nothing is written then.
    pub async fn save(&self, symbol: &str, timeframe: &str, bars: &Bars) -> Result<u64> {
        self.save_stream(symbol, timeframe, futures::stream::iter([Ok(bars)])).await
    }

    /// The same for more bars than memory has room for: all chunks or none. Each chunk must be in time order and no
    /// time may come twice in all of them; chunks may come in any order. An error in the stream ends it.
    ///
    /// The transaction stays open until the stream ends, and the server gives it up (`worker.lease`) if no chunk
    /// comes for too long.
    ///
    /// # Errors
    /// As [`save`](Self::save), and those of the stream.
    pub async fn save_stream<B: AsRef<Bars>>(
        &self,
        symbol: &str,
        timeframe: &str,
        chunks: impl Stream<Item = Result<B>>,
    ) -> Result<u64> {
        let span = series_span(&REPOSITORY_SAVE, symbol, timeframe);
        let mut took = Duration::ZERO;
        let saved = span.around(save::write(self.traced(), (symbol, timeframe), chunks, &mut took)).await;
        let rows = saved.as_ref().map_or(0, |n| int(*n));
        span.set(attr::DATA_ROWS_SAVED, rows).set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
        span.end(&saved, symbol);
        saved
    }

    /// The symbols that have a series, of one timeframe or of any, in order.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doctest.rs"));
    /// use barlift::bar::{Bars, Ohlcv};
    /// use barlift::repository::data::DataRepository;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { with_database(async |pool| {
    /// # let values = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
    /// # let mut bars = Bars::default();
    /// # bars.push(0, values);
    /// let repository = DataRepository::new(pool);
    /// for (symbol, timeframe) in [("MSFT", "1h"), ("AAPL", "1h"), ("AAPL", "1d")] {
    ///     repository.save(symbol, timeframe, &bars).await?;
    /// }
    /// assert_eq!(repository.list_symbols(None).await?, ["AAPL", "MSFT"]);
    /// assert_eq!(repository.list_symbols(Some("1d")).await?, ["AAPL"]);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Database`](crate::error::Error::Database)
    pub async fn list_symbols(&self, timeframe: Option<&str>) -> Result<Vec<String>> {
        let span = list_span(timeframe);
        let listed = span.around(list::symbols(self.traced(), timeframe)).await;
        span.set(attr::DATA_SYMBOLS_COUNT, int(listed.as_ref().map_or(0, Vec::len)));
        span.end(&listed, "");
        listed
    }

    /// The series of one timeframe or of any that have bars, by symbol and timeframe, with what they hold. Counts all
    /// their bars, so it takes longer than [`list_symbols`](Self::list_symbols).
    ///
    /// # Errors
    /// [`Error::Database`](crate::error::Error::Database)
    pub async fn list_series(&self, timeframe: Option<&str>) -> Result<Vec<SeriesInfo>> {
        let span = list_span(timeframe);
        let listed = span.around(list::series(self.traced(), timeframe)).await;
        let symbols: HashSet<&str> = listed.iter().flatten().map(|s| s.name.symbol.as_str()).collect();
        span.set(attr::DATA_SYMBOLS_COUNT, int(symbols.len()));
        span.end(&listed, "");
        listed
    }

    /// The first and the last time of a series (both have a bar); none if it has no bars.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/doctest.rs"));
    /// use barlift::bar::{Bars, Micros, Ohlcv};
    /// use barlift::repository::data::DataRepository;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { with_database(async |pool| {
    /// # let minute = |minutes: Micros| minutes * 60_000_000;
    /// # let values = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
    /// # let mut bars = Bars::default();
    /// # (0..5).for_each(|i| bars.push(minute(i), values));
    /// let repository = DataRepository::new(pool);
    /// # repository.save("AAPL", "1m", &bars).await?;
    /// let range = repository.get_date_range("AAPL", "1m").await?;
    /// assert_eq!(range, Some((0, 240_000_000)));
    /// // The end of a load is not loaded: the last bar is one microsecond before it.
    /// let (first, last) = range.expect("bars");
    /// assert_eq!(repository.load("AAPL", "1m", first, last + 1).await?.len(), 5);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::error::Error::NotFound) if there is no such series, with the names that are near;
    /// [`Error::Database`](crate::error::Error::Database).
    pub async fn get_date_range(&self, symbol: &str, timeframe: &str) -> Result<Option<(Micros, Micros)>> {
        let span = series_span(&REPOSITORY_GET_DATE_RANGE, symbol, timeframe);
        let found = span.around(list::date_range(self.traced(), symbol, timeframe)).await;
        if let Ok(Some((start, end))) = found {
            span.set(attr::DATA_START_DATE, &format_time(start)).set(attr::DATA_END_DATE, &format_time(end));
        }
        span.end(&found, symbol);
        found
    }
}

async fn series(connection: &mut PgConnection, symbol: &str, timeframe: &str) -> Result<SeriesId> {
    const WHAT: &str = "looking for the series";
    let found: Option<SeriesId> = sqlx::query_scalar(include_str!("../sql/find_series.sql"))
        .bind(symbol)
        .bind(timeframe)
        .fetch_optional(&mut *connection)
        .await
        .during(WHAT)?;
    if let Some(id) = found {
        return Ok(id);
    }
    let known: Vec<(String, String)> =
        sqlx::query_as(include_str!("../sql/series_names.sql")).fetch_all(connection).await.during(WHAT)?;
    Err(suggest::not_found(symbol, timeframe, &known))
}

fn series_span(spec: &'static SpanSpec, symbol: &str, timeframe: &str) -> Span {
    let span = Span::start(spec);
    span.set(attr::DATA_SYMBOL, symbol).set(attr::DATA_TIMEFRAME, timeframe).set(attr::DATA_BACKEND, BACKEND);
    span
}

fn list_span(timeframe: Option<&str>) -> Span {
    let span = Span::start(&REPOSITORY_LIST_SYMBOLS);
    span.set(attr::DATA_BACKEND, BACKEND);
    if let Some(timeframe) = timeframe {
        span.set(attr::DATA_TIMEFRAME, timeframe);
    }
    span
}

/// An end of a range, as spans give it.
fn format_bound(time: Micros) -> String {
    match time {
        Micros::MIN => "-infinity".into(),
        Micros::MAX => "infinity".into(),
        _ => format_time(time),
    }
}
