//! Looks which bars series have already, the cheapest way.
//!
//! Invariant: what is found is in time order. Unless it was cut, it holds a bar for every wanted time that the series has.

use futures::TryStreamExt as _;
use sqlx::PgConnection;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;

use super::bars::{self, READING};
use super::bound;
use crate::bar::{Bars, Micros};
use crate::db::copy::Decoder;
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::error::{During, Result};
use crate::model::SeriesId;

/// From so many bars on, COPY is the cheaper way to read them: it is planned anew each time, but a row of it costs the
/// client less than half of what one of a prepared statement does. Of a new series there are none to be read.
const MANY: usize = 5_000;

/// What is looked for in a series: bars at these times.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'t> {
    /// The series.
    pub series_id: SeriesId,
    /// Whether it is new. That only decides which way is cheaper.
    pub series_is_new: bool,
    /// Where the range to be read begins: not later than the first of the times. It ends at the last one.
    pub from: Micros,
    /// In time order.
    pub times: &'t [Micros],
}

impl Wanted<'_> {
    fn range(&self) -> (Micros, Micros) {
        (self.from, self.times.last().copied().unwrap_or(self.from))
    }

    /// From so many bars on in the range, the series has far more than are wanted.
    fn limit(&self) -> usize {
        self.times.len() * 2 + 1000
    }
}

/// Bars that were looked for.
#[derive(Debug, Default)]
pub struct Existing {
    /// In time order.
    pub bars: Bars,
    /// Whether these are all of the range.
    pub whole: bool,
}

/// The bars that each series has at the wanted times, and others of the range.
///
/// A file's batch usually covers a range whole, and one range read is cheapest then. Where a series has far more bars in the
/// range than are wanted, the times are looked up instead, so the cost stays linear in the batch. Of several series, such a
/// one is cut unless all must be `complete`: it may lack bars that are wanted.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub async fn find(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    wanted: &[Wanted<'_>],
    complete: bool,
) -> Result<Vec<Existing>> {
    if let [one] = wanted {
        return Ok(vec![find_of_one(connection, db, *one).await?]);
    }
    let ranges: Vec<_> = wanted.iter().map(|w| (w.series_id, w.range(), w.limit())).collect();
    let mut found = bars::in_ranges(&mut *connection, db, &ranges).await?;
    let mut all = Vec::with_capacity(wanted.len());
    for one @ Wanted { series_id, times, .. } in wanted {
        let bars = found.remove(series_id).unwrap_or_default();
        let whole = bars.len() < one.limit();
        let bars = match whole || !complete {
            true => bars,
            false => bars::at(&mut *connection, db, *series_id, times).await?,
        };
        all.push(Existing { bars, whole });
    }
    Ok(all)
}

async fn find_of_one(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    wanted: Wanted<'_>,
) -> Result<Existing> {
    let (Wanted { series_id, series_is_new, times, .. }, limit) = (wanted, wanted.limit());
    let found = if series_is_new || times.len() < MANY {
        bars::in_range(connection, db, series_id, wanted.range(), limit).await?
    } else {
        copied(connection, db, series_id, wanted.range(), limit).await?
    };
    if found.len() < limit {
        return Ok(Existing { bars: found, whole: true });
    }
    Ok(Existing { bars: bars::at(connection, db, series_id, times).await?, whole: false })
}

/// The first bars of a range, both ends in it, in time order; by binary COPY. A connection that this is broken off on
/// must not be used again.
async fn copied(
    connection: &mut PgConnection,
    db: TracedPool<'_>,
    series_id: SeriesId,
    (first, last): (Micros, Micros),
    limit: usize,
) -> Result<Bars> {
    let sql = sql_template!("sql/copy_range_out.sql");
    // sql takes no parameters: numbers and times that are written here.
    let copy = sql
        .replace("{series}", &series_id.to_string())
        .replace("{first}", &bound(first))
        .replace("{last}", &bound(last))
        .replace("{limit}", &limit.to_string());
    let read = async {
        let (mut decoder, mut bars) = (Decoder::default(), Bars::default());
        // Begun within no span: sqlx would enter it anew for each row.
        let begin = connection.copy_out_raw(&copy).with_subscriber(Dispatch::none());
        let mut sent = begin.await.during(READING)?;
        while let Some(bytes) = sent.try_next().await.during(READING)? {
            decoder.take(&bytes, &mut bars)?;
        }
        decoder.finish()?;
        Ok(bars)
    };
    db.read(("COPY", sql), read, |bars, _| bars.len()).await
}
