//! Loads bars as a stream, within one span.

use std::ops::Range;

use super::series;
use crate::bar::{Bars, Micros};
use crate::counts::int;
use crate::db::traced_pool::TracedPool;
use crate::error::Result;
use crate::repository::stream::BarStream;
use crate::telemetry::Span;
use crate::telemetry::attribute as attr;
use crate::telemetry::phases::milliseconds;

/// The bars of [`DataRepository::load_stream`](super::DataRepository::load_stream).
#[derive(Debug)]
pub struct LoadStream<'a> {
    // Dropped before `span`, whose child its span is.
    bars: BarStream<'a>,
    span: Span,
    symbol: String,
    rows: usize,
    ended: bool,
}

pub(super) async fn open<'a>(
    db: TracedPool<'a>,
    symbol: &str,
    timeframe: &str,
    range: Range<Micros>,
) -> Result<BarStream<'a>> {
    let mut connection = db.acquire("loading bars").await?;
    let series = series(&mut connection, symbol, timeframe).await?;
    drop(connection);
    BarStream::open(db, series, Some(range)).await
}

impl<'a> LoadStream<'a> {
    pub(super) fn new(bars: BarStream<'a>, span: Span, symbol: &str) -> Self {
        Self { bars, span, symbol: symbol.to_owned(), rows: 0, ended: false }
    }

    /// The next few thousand bars, in time order; none at the end.
    ///
    /// # Errors
    /// [`Error::Database`](crate::error::Error::Database)
    pub async fn next(&mut self) -> Result<Option<Bars>> {
        let next = self.span.around(self.bars.next()).await;
        match &next {
            Ok(Some(bars)) => self.rows += bars.len(),
            Ok(None) | Err(_) => self.end(&next),
        }
        next
    }

    fn end<T>(&mut self, result: &Result<T>) {
        if !self.ended {
            self.ended = true;
            self.span
                .set(attr::DATA_ROWS_LOADED, int(self.rows))
                .set(attr::DB_QUERY_DURATION_MS, milliseconds(self.bars.took()));
            self.span.end(result, &self.symbol);
        }
    }
}

/// A load that was not read to its end has not failed.
impl Drop for LoadStream<'_> {
    fn drop(&mut self) {
        self.end(&Ok(()));
    }
}
