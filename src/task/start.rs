//! The start of attempts: of one task, or of a bundle's.

use sqlx::{FromRow, PgConnection};

use super::{Claimant, Lease, TaskOptions};
use crate::config::Layout;
use crate::error::{During, Result};
use crate::model::{Fence, SeriesId, TaskId};

/// A task that is locked, as its series is if that is there.
pub(super) struct Startable<'a> {
    pub(super) id: TaskId,
    pub(super) symbol: &'a str,
    pub(super) timeframe: &'a str,
    pub(super) series_id: Option<SeriesId>,
}

/// What an attempt may do with its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It acquires the series, and makes it if it is not there.
    Write,
    /// It acquires the series if that is there.
    Acquire,
    /// It only looks at the series, or has none.
    None,
}

impl Access {
    pub(super) fn of(options: &TaskOptions) -> Self {
        match (options.writes(), options.acquires()) {
            (true, _) => Self::Write,
            (false, true) => Self::Acquire,
            (false, false) => Self::None,
        }
    }
}

#[derive(FromRow)]
struct Started {
    task_id: TaskId,
    fence: Fence,
    attempt: i32,
    series_id: Option<SeriesId>,
    series_is_new: bool,
    has_unique_index: bool,
}

/// Starts an attempt at each task, all of one operation, that can have its series: makes the series or acquires it, if the
/// operation needs that. There is no lease for a task whose series another one has acquired, or has just made.
pub(super) async fn start(
    tx: &mut PgConnection,
    tasks: &[Startable<'_>],
    access: Access,
    claimant: Claimant<'_>,
) -> Result<Vec<Lease>> {
    let started: Vec<Started> = sqlx::query_as(include_str!("sql/start.sql"))
        .bind(tasks.iter().map(|t| t.id).collect::<Vec<_>>())
        .bind(tasks.iter().map(|t| t.symbol).collect::<Vec<_>>())
        .bind(tasks.iter().map(|t| t.timeframe).collect::<Vec<_>>())
        .bind(tasks.iter().map(|t| t.series_id).collect::<Vec<_>>())
        .bind(claimant.worker)
        .bind(claimant.traces)
        .bind(access != Access::None)
        .bind(access == Access::Write)
        .fetch_all(tx)
        .await
        .during("starting attempts")?;
    Ok(started.into_iter().map(Started::lease).collect())
}

impl Started {
    fn lease(self) -> Lease {
        let Self { task_id, fence, attempt, series_id, series_is_new, has_unique_index } = self;
        let layout = if has_unique_index { Layout::Rowstore } else { Layout::Columnstore };
        Lease { task_id, fence, attempt, series_id, series_is_new, layout }
    }
}
