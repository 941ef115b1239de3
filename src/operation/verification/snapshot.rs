//! Reading a verification from the database.
//!
//! Invariant: everything that one [`Snapshot`] reads is of one moment, so that sums and parts agree also while
//! the verification runs; it holds one connection.

use std::collections::HashMap;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgPool, Postgres, Transaction};

use super::difference::{Difference, DifferenceKind, Rejected};
use super::head::Verification;
use super::range::Range;
use super::rows::{DifferenceRow, HeadRow, MarkRow, RangeRow, RejectedRow, SeriesRow};
use super::series::Series;
use crate::error::{During, Error, Result};
use crate::model::{OperationId, TaskId};

/// A verification as it is at one moment.
pub struct Snapshot {
    transaction: Transaction<'static, Postgres>,
    id: OperationId,
}

/// In what order series come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By symbol and timeframe.
    Name,
    /// Differing ones first, then those that could not be compared, then those with rejected or duplicate rows.
    Noteworthy,
}

/// Differing bars that lie near each other in time.
#[derive(Debug, Clone)]
pub struct Mark {
    /// How they differ.
    pub kind: DifferenceKind,
    /// Which part of the time it is, from 0.
    pub bin: i32,
    /// How many there are.
    pub bars: i64,
    /// Time of the first, UTC.
    pub first: jiff::Timestamp,
    /// Time of the last, UTC.
    pub last: jiff::Timestamp,
}

impl Snapshot {
    /// Fixes the moment.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn take(pool: &PgPool, id: &OperationId) -> Result<Self> {
        let transaction = pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .during("reading the verification")?;
        Ok(Self { transaction, id: id.clone() })
    }

    /// What it comes to as a whole.
    ///
    /// # Errors
    /// [`Error::Database`]; [`Error::Usage`] if there is no such operation.
    pub async fn head(&mut self) -> Result<Verification> {
        let row: Option<HeadRow> = sqlx::query_as(include_str!("sql/head.sql"))
            .bind(&self.id.0)
            .fetch_optional(&mut *self.transaction)
            .await
            .during("reading the verification")?;
        let unknown = || {
            Error::usage(format!("there is no operation `{}`", self.id), "`barlift operations` lists them")
        };
        row.map(Verification::from).ok_or_else(unknown)
    }

    /// Some of its series, with their ranges.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn series(&mut self, order: Order, offset: usize, limit: usize) -> Result<Vec<Series>> {
        let rows: Vec<SeriesRow> = sqlx::query_as(include_str!("sql/series.sql"))
            .bind(&self.id.0)
            .bind(order == Order::Noteworthy)
            .bind(bigint(offset))
            .bind(bigint(limit))
            .fetch_all(&mut *self.transaction)
            .await
            .during("reading the verified series")?;
        let tasks: Vec<TaskId> = rows.iter().map(|r| r.task_id).collect();
        let mut ranges = self.ranges(&tasks).await?;
        Ok(rows.into_iter().map(|r| r.with(&mut ranges)).collect())
    }

    async fn ranges(&mut self, tasks: &[TaskId]) -> Result<HashMap<TaskId, Vec<Range>>> {
        let mut rows = sqlx::query_as::<_, RangeRow>(include_str!("sql/ranges.sql"))
            .bind(tasks)
            .fetch(&mut *self.transaction);
        let mut ranges: HashMap<TaskId, Vec<Range>> = HashMap::new();
        while let Some(row) = rows.try_next().await.during("reading the ranges of differences")? {
            ranges.entry(row.task_id).or_default().push(row.into());
        }
        Ok(ranges)
    }

    /// Bars of a series that differ, by time; all that were kept, or so many of them.
    pub fn differences(
        &mut self,
        series: &Series,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Difference>> {
        sqlx::query_as::<_, DifferenceRow>(include_str!("sql/differences.sql"))
            .bind(series.task_id)
            .bind(limit.map(bigint))
            .fetch(&mut *self.transaction)
            .map(|r| r.map(Difference::from).during("reading the differences"))
            .boxed()
    }

    /// Rows of a series' files that are no bars, by line; all, or so many of them.
    pub fn rejected(&mut self, series: &Series, limit: Option<usize>) -> BoxStream<'_, Result<Rejected>> {
        sqlx::query_as::<_, RejectedRow>(include_str!("sql/rejected.sql"))
            .bind(series.task_id)
            .bind(limit.map(bigint))
            .fetch(&mut *self.transaction)
            .map(|r| r.map(Rejected::from).during("reading rejected rows"))
            .boxed()
    }

    /// Where in time the differing bars of a series lie, in `bins` parts of the time from `first` to `last`.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub async fn marks(
        &mut self,
        series: &Series,
        (first, last): (jiff::Timestamp, jiff::Timestamp),
        bins: i32,
    ) -> Result<Vec<Mark>> {
        let rows: Vec<MarkRow> = sqlx::query_as(include_str!("sql/marks.sql"))
            .bind(series.task_id)
            .bind(first.to_sqlx())
            .bind(last.to_sqlx())
            .bind(bins)
            .fetch_all(&mut *self.transaction)
            .await
            .during("reading where the differences lie")?;
        Ok(rows.into_iter().map(Mark::from).collect())
    }
}

fn bigint(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
