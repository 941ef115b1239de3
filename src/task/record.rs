//! What is written of an attempt: what it has done since its last batch, how it ends, or both.
//!
//! Invariant: it is fenced. Nothing is written of an attempt whose task is another one's by now.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

use super::{Lease, Progress, RowCounts};
use crate::bar::Micros;
use crate::config::RetryConfig;
use crate::counts::int;
use crate::db::template::sql_template;
use crate::error::{During, Error, ErrorClass, Result};
use crate::model::{AttemptOutcome, OperationId, TaskId};
use crate::repository::parameter;
use crate::telemetry::{AttemptRecord, Phases, delivery};

/// What is written of one attempt.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) lease: &'a Lease,
    pub(super) progress: Option<&'a Progress>,
    /// None if the attempt goes on.
    pub(super) end: Option<(End<'a>, &'a AttemptRecord)>,
}

impl Change<'_> {
    fn phases(&self) -> Option<Phases> {
        self.end.map(|e| e.1.phases).or(self.progress.map(|p| p.phases))
    }

    /// The attempt's rows so far.
    fn rows(&self) -> Option<RowCounts> {
        self.end.map(|e| e.1.rows).or(self.progress.map(|p| p.attempt_rows))
    }
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End<'a> {
    Succeeded,
    /// Tried again by this policy, if the error may pass and tries are left.
    Failed(&'a Error, &'a RetryConfig),
    HandedBack,
    /// Handed back, to go on after this wait.
    Postponed(Duration),
}

impl<'a> End<'a> {
    fn outcome(self) -> AttemptOutcome {
        match self {
            Self::Succeeded => AttemptOutcome::Succeeded,
            Self::Failed(..) => AttemptOutcome::Failed,
            Self::HandedBack | Self::Postponed(_) => AttemptOutcome::HandedBack,
        }
    }

    /// The wait before the task is tried again, if there is one.
    pub(super) fn backoff(self, failures: i32) -> Option<Duration> {
        match self {
            Self::Failed(_, policy) => Some(policy.wait(u32::try_from(failures.max(1)).unwrap_or(u32::MAX))),
            Self::Postponed(wait) => Some(wait),
            Self::Succeeded | Self::HandedBack => None,
        }
    }

    fn error(self) -> Option<&'a Error> {
        if let Self::Failed(error, _) = self { Some(error) } else { None }
    }
}

/// A task as it is after the change.
#[derive(Debug, FromRow)]
pub(super) struct Recorded {
    pub(super) task_id: TaskId,
    pub(super) operation_id: OperationId,
    /// Whether the task is pending again, and needs a job.
    pub(super) again: bool,
    pub(super) failures: i32,
}

/// Writes changes of attempts, by one statement.
///
/// # Errors
/// [`Error::LostLease`] if any of the tasks is another attempt's: the caller must roll back. [`Error::Database`]
pub(super) async fn record(connection: &mut PgConnection, changes: &[Change<'_>]) -> Result<Vec<Recorded>> {
    let progress: Vec<_> = changes.iter().map(|c| c.progress).collect();
    let opening: Vec<_> = progress.iter().map(|p| p.and_then(|p| p.opening.as_ref())).collect();
    let ends: Vec<_> = changes.iter().map(|c| c.end.map(|e| e.0)).collect();
    let errors: Vec<_> = ends.iter().map(|e| e.and_then(End::error)).collect();
    let kept: Vec<_> = changes.iter().map(|c| c.end.map(|e| e.1)).collect();
    let time = |end: fn((Micros, Micros)) -> Micros| {
        progress.iter().map(|p| Some(parameter(end(p.and_then(|p| p.span)?)))).collect::<Vec<_>>()
    };
    let recorded: Vec<Recorded> = sqlx::query_as(sql_template!("sql/record.sql"))
        .bind(changes.iter().map(|c| c.lease.task_id).collect::<Vec<_>>())
        .bind(changes.iter().map(|c| c.lease.fence).collect::<Vec<_>>())
        .bind(each(&progress, |p| int(p.checkpoint.text)))
        .bind(each(&progress, |p| Json(p.rows)))
        .bind(each(&progress, |p| p.anew))
        .bind(opening.iter().map(|o| o.and_then(|o| o.header.as_deref())).collect::<Vec<_>>())
        .bind(each(&opening, |o| Json(&o.ignored_columns)))
        .bind(each(&opening, |o| o.version.as_str()))
        .bind(time(|span| span.0))
        .bind(time(|span| span.1))
        .bind(progress.iter().map(|p| p.and_then(|p| p.verdict)).collect::<Vec<_>>())
        .bind(progress.iter().map(|p| p.and_then(|p| p.shape_conflict.as_deref())).collect::<Vec<_>>())
        .bind(progress.iter().map(|p| p.and_then(|p| p.recognised.map(|_| true))).collect::<Vec<_>>())
        .bind(progress.iter().map(|p| p.and_then(|p| p.recognised?.task_id)).collect::<Vec<_>>())
        .bind(changes.iter().map(|c| c.phases().map(Json)).collect::<Vec<_>>())
        .bind(each(&kept, |r| Json(&r.slowest)))
        .bind(changes.iter().map(|c| c.rows().map(Json)).collect::<Vec<_>>())
        .bind(each(&ends, |e| e.outcome().as_str()))
        .bind(each(&errors, |e| e.class().as_str()))
        .bind(each(&errors, |e| printable(&e.with_advice())))
        // That no connection was free is not the file's fault.
        .bind(each(&errors, |e| i32::from(!e.is_no_connection())))
        .bind(each(&errors, |e| e.class() == ErrorClass::Transient))
        .bind(each(&kept, |r| r.exported))
        .bind(
            progress
                .iter()
                .map(|p| p.and_then(|p| p.checkpoint.stored_if_compressed().map(int)))
                .collect::<Vec<_>>(),
        )
        .bind(delivery::DUE_AFTER.as_secs_f64())
        .bind(opening.iter().map(|o| o.and_then(|o| o.layout.as_ref().map(Json))).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .during("recording the attempt")?;
    if recorded.len() == changes.len() { Ok(recorded) } else { Err(Error::LostLease) }
}

/// A value of each attempt that has one.
fn each<T: Copy, V>(attempts: &[Option<T>], value: impl Fn(T) -> V) -> Vec<Option<V>> {
    attempts.iter().map(|a| a.map(&value)).collect()
}

/// PostgreSQL's text holds everything but NUL.
pub(super) fn printable(text: &str) -> String {
    text.replace('\0', "\\0")
}
