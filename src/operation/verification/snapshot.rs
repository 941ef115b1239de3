//! Reads a verification from the database.
//!
//! Invariant: everything that one [`Snapshot`] reads is of one moment, so that sums and parts agree even while the
//! verification runs. It holds one connection.

use std::collections::HashMap;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::{FromRow, PgPool, Postgres, Transaction};

use super::difference::DifferingBar;
use super::head::Verification;
use super::range::DifferenceRange;
use super::series::VerifiedSeries;
use crate::counts::int;
use crate::db::template::sql_template;
use crate::error::{During, Error, Result};
use crate::model::{DifferenceKind, OperationId, TaskId};
use crate::operation::report::RejectedLine;

/// A verification as it is at one moment.
pub(crate) struct Snapshot {
    transaction: Transaction<'static, Postgres>,
    id: OperationId,
}

/// The order of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By symbol and timeframe.
    Name,
    /// Differing ones first, then those that could not be compared, then those with rejected or duplicate rows.
    Noteworthy,
}

/// The differing bars of one kind in one bin of time.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DifferenceBin {
    pub(crate) kind: DifferenceKind,
    /// The bin's number, from 0.
    pub(crate) bin: i32,
    pub(crate) bars: i64,
    /// Time of the first bar, UTC.
    #[sqlx(rename = "first_time", try_from = "Timestamp")]
    pub(crate) first: jiff::Timestamp,
    /// Time of the last bar, UTC.
    #[sqlx(rename = "last_time", try_from = "Timestamp")]
    pub(crate) last: jiff::Timestamp,
}

/// A range and its series' task.
#[derive(FromRow)]
struct TaskRange {
    task_id: TaskId,
    #[sqlx(flatten)]
    range: DifferenceRange,
}

impl Snapshot {
    /// Begins the transaction.
    pub(crate) async fn take(pool: &PgPool, id: &OperationId) -> Result<Self> {
        let transaction = pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .during("reading the verification")?;
        Ok(Self { transaction, id: id.clone() })
    }

    /// The verification as a whole.
    pub(crate) async fn head(&mut self) -> Result<Verification> {
        let head = sqlx::query_as(include_str!("sql/head.sql"))
            .bind(&self.id.0)
            .fetch_optional(&mut *self.transaction)
            .await
            .during("reading the verification")?;
        let unknown = || {
            Error::usage(format!("there is no operation `{}`", self.id), "`barlift operations` lists them")
        };
        head.ok_or_else(unknown)
    }

    /// Some of its series, with their ranges.
    pub(crate) async fn series(
        &mut self,
        order: Order,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<VerifiedSeries>> {
        let mut series: Vec<VerifiedSeries> = sqlx::query_as(include_str!("sql/series.sql"))
            .bind(&self.id.0)
            .bind(order == Order::Noteworthy)
            .bind(int(offset))
            .bind(int(limit))
            .fetch_all(&mut *self.transaction)
            .await
            .during("reading the verified series")?;
        let tasks: Vec<TaskId> = series.iter().map(|s| s.task_id).collect();
        let mut ranges = self.ranges(&tasks).await?;
        for one in &mut series {
            one.ranges = ranges.remove(&one.task_id).unwrap_or_default();
        }
        Ok(series)
    }

    async fn ranges(&mut self, tasks: &[TaskId]) -> Result<HashMap<TaskId, Vec<DifferenceRange>>> {
        let mut rows = sqlx::query_as::<_, TaskRange>(include_str!("sql/ranges.sql"))
            .bind(tasks)
            .fetch(&mut *self.transaction);
        let mut ranges: HashMap<TaskId, Vec<DifferenceRange>> = HashMap::new();
        while let Some(row) = rows.try_next().await.during("reading the ranges of differences")? {
            ranges.entry(row.task_id).or_default().push(row.range);
        }
        Ok(ranges)
    }

    /// Bars of a series that differ, by time: all that were stored, or the first ones.
    pub(crate) fn differences(
        &mut self,
        series: &VerifiedSeries,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<DifferingBar>> {
        sqlx::query_as(sql_template!("sql/differences.sql"))
            .bind(series.task_id)
            .bind(limit.map(int))
            .fetch(&mut *self.transaction)
            .map(|r| r.during("reading the differences"))
            .boxed()
    }

    /// Rejected rows of a series' files, by line: all, or the first ones.
    pub(crate) fn rejected(
        &mut self,
        series: &VerifiedSeries,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<RejectedLine>> {
        sqlx::query_as(include_str!("sql/rejected.sql"))
            .bind(series.task_id)
            .bind(limit.map(int))
            .fetch(&mut *self.transaction)
            .map(|r| r.during("reading rejected rows"))
            .boxed()
    }

    /// Counts the differing bars of a series in `bins` equal parts of the time from `first` to `last`.
    pub(crate) async fn bins(
        &mut self,
        series: &VerifiedSeries,
        (first, last): (jiff::Timestamp, jiff::Timestamp),
        bins: i32,
    ) -> Result<Vec<DifferenceBin>> {
        sqlx::query_as(include_str!("sql/bins.sql"))
            .bind(series.task_id)
            .bind(first.to_sqlx())
            .bind(last.to_sqlx())
            .bind(bins)
            .fetch_all(&mut *self.transaction)
            .await
            .during("counting the differences by time")
    }
}
