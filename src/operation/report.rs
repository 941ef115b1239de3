//! Reads what an import found about files and single rows, as streams: memory does not grow with the number of findings.
//!
//! Invariant: findings are ordered by symbol, timeframe, source and line. Values are exact, and rejected rows have the
//! bytes of their file.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff_sqlx::Timestamp;
use serde::{Serialize, Serializer};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};

use crate::bar::{Ohlcv, from_outside};
use crate::counts::RowCounts;
use crate::db::template::sql_template;
use crate::error::{During, ErrorClass, Result};
use crate::model::OperationId;

/// A line of a file, and the series of the file.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct SourceLine {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    /// Path relative to the operation's root.
    pub(crate) source: String,
    /// Line number, from 1.
    pub(crate) line: i64,
}

/// A file that failed.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct FailedFile {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    /// Path relative to the operation's root.
    pub(crate) source: String,
    pub(crate) attempts: i32,
    #[sqlx(rename = "error_class", try_from = "String")]
    pub(crate) class: ErrorClass,
    /// What is wrong and what to do.
    #[sqlx(rename = "error_message")]
    pub(crate) message: String,
}

/// A file that was imported although its bars look like those of its series in another time zone, scaled, or between
/// them.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct ShapeConflict {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    /// Path relative to the operation's root.
    pub(crate) source: String,
    /// What the bars look like.
    pub(crate) message: String,
}

/// What became of a series in a file with several symbols.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct SeriesImported {
    pub(crate) symbol: String,
    pub(crate) timeframe: String,
    /// Path relative to the operation's root.
    pub(crate) source: String,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) rows: RowCounts,
    /// The first and the last time of its bars in the file, UTC.
    #[sqlx(try_from = "OptionalTime")]
    pub(crate) first_time: Option<jiff::Timestamp>,
    #[sqlx(try_from = "OptionalTime")]
    pub(crate) last_time: Option<jiff::Timestamp>,
}

/// A time that may be NULL.
#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct OptionalTime(Option<Timestamp>);

impl From<OptionalTime> for Option<jiff::Timestamp> {
    fn from(OptionalTime(time): OptionalTime) -> Self {
        time.map(Timestamp::to_jiff)
    }
}

/// A bar for which the file and the database have different values.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct MismatchFinding {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) place: SourceLine,
    /// The bar's time, UTC.
    #[sqlx(try_from = "Timestamp")]
    pub(crate) time: jiff::Timestamp,
    /// The file's values.
    #[sqlx(try_from = "BarArray")]
    pub(crate) csv: Ohlcv,
    /// The database's values when the file was imported.
    #[sqlx(try_from = "BarArray")]
    pub(crate) db: Ohlcv,
    /// Whether the file's values replaced the database's.
    pub(crate) overwritten: bool,
}

/// A row that is no bar, and its series.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct RejectedFinding {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) place: SourceLine,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) rejection: Rejection,
}

/// A row that is no bar, of a series that the caller knows.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct RejectedLine {
    /// Path relative to the operation's root.
    pub(crate) source: String,
    /// Line number, from 1.
    pub(crate) line: i64,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) rejection: Rejection,
}

/// Why a row is no bar, and the row itself.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct Rejection {
    /// Bytes of the file before the line.
    pub(crate) byte_offset: i64,
    /// The rule that the row breaks.
    pub(crate) rule: String,
    pub(crate) reason: String,
    /// The bytes of the line; JSON has them as text.
    #[serde(serialize_with = "lossy_text")]
    pub(crate) raw: Vec<u8>,
}

impl Rejection {
    /// The line as text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.raw)
    }
}

fn lossy_text<S: Serializer>(raw: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(raw))
}

/// A bar that breaks market-data rules.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(crate) struct IssueFinding {
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub(crate) place: SourceLine,
    /// The bar's time, UTC.
    #[sqlx(try_from = "Timestamp")]
    pub(crate) time: jiff::Timestamp,
    #[sqlx(rename = "bar", try_from = "BarArray")]
    pub(crate) values: Ohlcv,
    /// The rules that it breaks.
    pub(crate) rules: Vec<String>,
}

/// The values of a bar as an array, in the order of its columns; NULL where the bar lacks one.
#[derive(Debug, Clone, sqlx::Type)]
#[sqlx(transparent, no_pg_array)]
pub(super) struct BarArray(Vec<Option<f64>>);

impl From<BarArray> for Ohlcv {
    fn from(BarArray(values): BarArray) -> Self {
        Self::from_array(std::array::from_fn(|i| from_outside(values.get(i).copied().flatten())))
    }
}

/// An operation's failed files.
pub(crate) fn failed<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<FailedFile>> {
    findings(pool, id, include_str!("sql/failed.sql"), "reading failed files")
}

/// An operation's files that do not fit their series.
pub(crate) fn shape_conflicts<'a>(
    pool: &'a PgPool,
    id: &'a OperationId,
) -> BoxStream<'a, Result<ShapeConflict>> {
    findings(pool, id, include_str!("sql/shape_conflicts.sql"), "reading shape conflicts")
}

/// The series of an operation's files with several symbols.
pub(crate) fn series_imported<'a>(
    pool: &'a PgPool,
    id: &'a OperationId,
) -> BoxStream<'a, Result<SeriesImported>> {
    findings(pool, id, sql_template!("sql/series_imported.sql"), "reading what became of series")
}

/// An operation's mismatches.
pub(crate) fn mismatches<'a>(
    pool: &'a PgPool,
    id: &'a OperationId,
) -> BoxStream<'a, Result<MismatchFinding>> {
    findings(pool, id, sql_template!("sql/mismatches.sql"), "reading mismatches")
}

/// An operation's rejected rows.
pub(crate) fn rejected<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<RejectedFinding>> {
    findings(pool, id, include_str!("sql/rejected.sql"), "reading rejected rows")
}

/// An operation's quality issues.
pub(crate) fn issues<'a>(pool: &'a PgPool, id: &'a OperationId) -> BoxStream<'a, Result<IssueFinding>> {
    findings(pool, id, sql_template!("sql/issues.sql"), "reading quality issues")
}

/// Streams the rows of a query whose only parameter is the operation's id.
fn findings<'a, T>(
    pool: &'a PgPool,
    id: &'a OperationId,
    query: &'static str,
    what: &'static str,
) -> BoxStream<'a, Result<T>>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'a,
{
    sqlx::query_as(query).bind(id).fetch(pool).map(move |row| row.during(what)).boxed()
}

/// The options of an operation, as it stores them.
pub(crate) async fn options(pool: &PgPool, id: &OperationId) -> Result<serde_json::Value> {
    sqlx::query_scalar("SELECT options FROM barlift.operations WHERE id = $1")
        .bind(id)
        .fetch_one(pool)
        .await
        .during("reading the operation's options")
}

/// How a file with rejected rows is written.
#[derive(Debug, FromRow)]
pub(crate) struct FileHead {
    /// Its path.
    pub(crate) source: String,
    pub(crate) timeframe: String,
    /// Its header line; none if it has none.
    pub(crate) header: Option<Vec<u8>>,
    /// The settings that leave nothing to decide, if its rows have decided anything.
    pub(crate) csv: Option<serde_json::Value>,
    /// The zone of its times, if a preset has set it which the file proves.
    pub(crate) timezone: Option<String>,
}

/// How the files that have rejected rows are written.
pub(crate) async fn heads(pool: &PgPool, id: &OperationId) -> Result<Vec<FileHead>> {
    sqlx::query_as(include_str!("sql/headers.sql"))
        .bind(id)
        .fetch_all(pool)
        .await
        .during("reading the files' headers")
}
