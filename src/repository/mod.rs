//! Bars, findings and the source cache, as the tables have them.
//!
//! [`data`] is the library's `DataRepository`. [`bars`] reads and writes bars (`columnstore` chooses how, where there is
//! one), [`existing`] looks which are there, [`stream`] reads all of a series however many they are; [`findings`] stores
//! what was found about rows, `compared` has the queries of verifications, [`source_cache`] what is remembered of files,
//! `mended` the bars of mended rows, [`content`] the digest of each series' bars, `several` the series of a file with
//! several symbols. Invariant: but for [`data`], every write
//! happens on the caller's transaction.
//! It does not decide anything: what is new, what differs and what to do about it is `import`'s and `verify`'s.

pub mod bars;
mod columnstore;
pub(crate) mod compared;
pub mod content;
pub mod data;
pub mod existing;
pub mod findings;
pub(crate) mod mended;
pub(crate) mod several;
pub mod source_cache;
pub mod stream;

use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::postgres::{PgBindIterExt as _, PgRow};
use sqlx::{ColumnIndex, Encode, FromRow, Postgres, Row as _, Type};

use crate::bar::columns::{self, COUNT};
use crate::bar::{Micros, Ohlcv, from_outside, known};

/// 4713-01-01 BC: PostgreSQL's calendar begins a year before.
const FIRST_TIME: jiff::Timestamp = jiff::Timestamp::constant(-210_863_520_000, 0);

/// An instant as a parameter. Times of barlift's bars lie between the years 1700 and 2299; what a foreign writer has put
/// beyond the calendar (`infinity`) is taken for its end.
pub(crate) fn parameter(time: Micros) -> Timestamp {
    let end = if time < 0 { FIRST_TIME } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(time).unwrap_or(end).to_sqlx()
}

/// An instant as SQL writes it, for statements that take no parameters. What lies beyond the years of our era is no bound
/// at all.
fn bound(time: Micros) -> String {
    match jiff::Timestamp::from_microsecond(time) {
        Ok(t) if t.to_zoned(jiff::tz::TimeZone::UTC).year() > 0 => t.to_string(),
        _ if time < 0 => "-infinity".to_owned(),
        _ => "infinity".to_owned(),
    }
}

/// A bar as queries give it: the time, and the values by their names.
struct BarRow {
    time: Timestamp,
    values: Ohlcv,
}

impl FromRow<'_, PgRow> for BarRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { time: row.try_get("time")?, values: values(row, |_, name| name)? })
    }
}

/// The values of a bar in a row; `column` gives the index or the name of each value's column in the row.
fn values<I: ColumnIndex<PgRow>>(
    row: &PgRow,
    column: impl Fn(usize, &'static str) -> I,
) -> sqlx::Result<Ohlcv> {
    let mut values = [0.0; COUNT];
    for (i, (value, name)) in values.iter_mut().zip(columns::names()).enumerate() {
        *value = from_outside(row.try_get(column(i, name))?);
    }
    Ok(Ohlcv::from_array(values))
}

/// A column of values as a parameter: an array in which an unknown value is NULL.
pub(crate) fn array(values: &[f64]) -> impl Encode<'_, Postgres> + Type<Postgres> {
    values.iter().map(|value| known(*value)).bind_iter()
}

impl BarRow {
    fn bar(self) -> (Micros, Ohlcv) {
        (self.time.to_jiff().as_microsecond(), self.values)
    }
}
