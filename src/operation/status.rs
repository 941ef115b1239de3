//! Reading operations back: for `status`, `operations`, and everybody who waits for one.
//!
//! Invariant: the JSON of these types is the contract of `status --json`; names do not change.

use jiff_sqlx::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use crate::error::{During, Error, ErrorClass, Result};
use crate::model::{OperationId, OperationKind, OperationState, TaskState, Traceparent, Verdict};
use crate::source::discover::Unrecognised;
use crate::task::RowCounts;

/// One operation with its tasks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OperationStatus {
    /// Its id.
    pub operation_id: OperationId,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: OperationKind,
    /// How far it is.
    pub state: OperationState,
    /// The trace that holds all its spans.
    pub trace_id: String,
    /// Where its sources lie.
    pub root: String,
    /// Whether it only looks.
    pub dry_run: bool,
    /// 0 to 1000; higher ones run first.
    pub priority: i32,
    /// When it was enqueued, UTC.
    pub created_at: jiff::Timestamp,
    /// When it may start, UTC.
    pub run_at: jiff::Timestamp,
    /// Since when none of its tasks may start, UTC; none if it is not paused.
    pub paused_at: Option<jiff::Timestamp>,
    /// When its first task started, UTC.
    pub started_at: Option<jiff::Timestamp>,
    /// When its last task settled, UTC.
    pub finished_at: Option<jiff::Timestamp>,
    /// The operation whose end it waits for, or waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Whether that one has not ended yet.
    #[serde(skip)]
    pub waiting: bool,
    /// Sums over its tasks.
    pub totals: Totals,
    /// CSV files that were found and not taken.
    pub unrecognised: Vec<Unrecognised>,
    /// Of a verification: `counts`, `sample` or `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Of a verification that has ended: `identical`, `differs` or `incomplete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Of an import: what it does with bars that differ from the database's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_mismatch: Option<String>,
    /// Series of the database that no file of a verification is about.
    #[serde(skip)]
    pub unexplained: i64,
    /// Its tasks, by symbol and timeframe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskStatus>,
}

impl OperationStatus {
    /// Its state for people: of a verification that has ended, its verdict; `queued` if it only waits for a worker.
    #[must_use]
    pub fn shown_state(&self) -> String {
        let mut notes = Vec::new();
        let waits = self.paused_at.is_some() || self.waiting;
        let queued =
            self.state == OperationState::Scheduled && self.starts_later(jiff::Timestamp::now()).is_none();
        let shown = match self.verdict {
            Some(verdict) => verdict.as_str().to_uppercase(),
            None if queued && !waits => "queued".to_owned(),
            None => self.state.to_string(),
        };
        if self.verdict.is_some() {
            notes = notes_on_verdict(self.mode.as_deref(), self.state);
        }
        if self.dry_run {
            notes.push("dry run".to_owned());
        }
        match (self.paused_at, &self.follows) {
            (Some(_), _) => notes.push("paused".to_owned()),
            (None, Some(other)) if self.waiting && !self.is_settled() => notes.push(format!("after {other}")),
            _ => {}
        }
        if notes.is_empty() { shown } else { format!("{shown} ({})", notes.join(", ")) }
    }

    /// Bars of the database that an import found to differ from the file's, and left (or, in a dry run, would leave)
    /// as they were.
    #[must_use]
    pub fn left_different(&self) -> i64 {
        if self.is_verification() || self.overwrites() { 0 } else { self.totals.rows.rows_mismatched }
    }

    /// Whether it is an import that takes the files' values for bars that differ.
    #[must_use]
    pub fn overwrites(&self) -> bool {
        self.on_mismatch.as_deref() == Some("overwrite")
    }

    /// How many of its tasks' files do not fit their series and were imported all the same.
    #[must_use]
    pub fn shape_conflicts(&self) -> i64 {
        let found = self.tasks.iter().filter(|t| t.shape_conflict.is_some()).count();
        i64::try_from(found).unwrap_or(i64::MAX)
    }

    /// When it starts, if that is to be later than `now`.
    #[must_use]
    pub fn starts_later(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let scheduled = self.state == OperationState::Scheduled && !self.waiting;
        Some(self.run_at).filter(|at| scheduled && *at > now)
    }

    /// Whether it is a verification.
    #[must_use]
    pub fn is_verification(&self) -> bool {
        self.kind == OperationKind::Verify
    }

    /// Whether it ended with failures: failed or cancelled tasks, or series or bars that differ.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        let differs = self.totals.differing > 0 || self.left_different() > 0;
        matches!(self.state, OperationState::Failed | OperationState::Cancelled) || differs
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.finished_at.is_some()
    }
}

/// What stands beside a verdict: how closely was looked, unless that is all, and how it ended, unless that is well.
pub(super) fn notes_on_verdict(mode: Option<&str>, state: OperationState) -> Vec<String> {
    let mode = mode.filter(|mode| *mode != "full");
    mode.into_iter()
        .chain(Some(state).filter(|s| *s != OperationState::Succeeded).map(OperationState::as_str))
        .map(str::to_owned)
        .collect()
}

/// Sums over an operation's tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromRow)]
#[allow(missing_docs)]
pub struct Totals {
    pub tasks: i64,
    pub pending: i64,
    pub running: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub cancelled: i64,
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub rows: RowCounts,
    /// Bytes of all sources.
    pub bytes: i64,
    /// Bytes read and committed so far.
    pub bytes_done: i64,
    /// Of a verification: series that are the same on both sides.
    pub identical: i64,
    /// Of a verification: series that differ.
    pub differing: i64,
}

impl Totals {
    /// What a verification with these sums comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            t if t.differing > 0 => Verdict::Differs,
            t if t.tasks > 0 && t.identical == t.tasks => Verdict::Identical,
            _ => Verdict::Incomplete,
        }
    }
}

/// One task.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct TaskStatus {
    pub symbol: String,
    pub timeframe: String,
    /// Path relative to the operation's root.
    pub source: String,
    pub state: TaskState,
    pub attempts: i32,
    #[serde(flatten)]
    pub rows: RowCounts,
    /// From its first attempt's start to its end, so far if it has none.
    pub duration_ms: Option<i64>,
    /// Whether its content was known to be there and not read again.
    pub recognised: bool,
    /// What the verification of a series came to, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<TaskVerification>,
    /// Columns that nothing was read from.
    pub ignored_columns: Vec<String>,
    /// What its bars look like beside those of the series, if they were imported all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape_conflict: Option<String>,
    pub error: Option<TaskError>,
}

/// What the verification of a series came to; `barlift report` has more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TaskVerification {
    pub verdict: Verdict,
    pub csv_bars: i64,
    pub db_bars: i64,
    /// Bars of the files that were looked up in the database.
    pub compared: i64,
    pub identical: i64,
    pub different: i64,
    pub only_in_csv: i64,
    pub only_in_db: i64,
    /// Bars of the database outside of the files' range, where these are no difference.
    pub outside: i64,
    /// Bars of mended rows, which count as the files'.
    pub mended: i64,
    /// Whether the file was known by its bytes, and only the contents' hashes were compared.
    pub by_hash: bool,
}

/// Why a task failed, or why its last attempt did.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct TaskError {
    pub class: ErrorClass,
    pub message: String,
}

/// The shortest part of an id that is taken for it.
const SHORTEST_NAME: usize = 4;

/// Finds an operation by its id, a unique part of it in any case, or `latest`.
///
/// # Errors
/// [`Error::Usage`] if there is none, or several.
pub async fn find(pool: &PgPool, name: &str) -> Result<OperationId> {
    // `barlift cancel "$OP"` with nothing in it must not mean the only operation there is.
    if name.rsplit('_').next().unwrap_or_default().len() < SHORTEST_NAME {
        return Err(Error::usage(
            format!("`{name}` is too short to name an operation"),
            "give more of the id, or `latest`; `barlift operations` lists them",
        ));
    }
    let found: Vec<OperationId> = sqlx::query_scalar(include_str!("sql/find_operation.sql"))
        .bind(name)
        .fetch_all(pool)
        .await
        .during("looking for the operation")?;
    match found.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Error::usage(
            match name {
                "latest" => "there is no operation yet".to_owned(),
                _ => format!("there is no operation `{name}`"),
            },
            "`barlift operations` lists them",
        )),
        _ => Err(Error::usage(
            format!("`{name}` fits several operations"),
            "give more of the id; `barlift operations` lists them",
        )),
    }
}

/// One operation, with its tasks if asked for.
///
/// # Errors
/// [`Error::Usage`] if it is not there.
pub async fn read(pool: &PgPool, id: &OperationId, with_tasks: bool) -> Result<OperationStatus> {
    let row: Option<OperationRow> = sqlx::query_as(include_str!("sql/operation.sql"))
        .bind(&id.0)
        .fetch_optional(pool)
        .await
        .during("reading the operation")?;
    let Some(row) = row else {
        return Err(Error::usage(format!("there is no operation `{id}`"), "`barlift operations` lists them"));
    };
    let mut status = OperationStatus::from(row);
    if with_tasks {
        let tasks: Vec<TaskRow> = sqlx::query_as(include_str!("sql/tasks.sql"))
            .bind(&id.0)
            .fetch_all(pool)
            .await
            .during("reading the operation's tasks")?;
        status.tasks = tasks.into_iter().map(TaskStatus::from).collect();
    }
    Ok(status)
}

/// What the operation does.
///
/// # Errors
/// [`Error::Database`]
pub async fn kind(pool: &PgPool, id: &OperationId) -> Result<OperationKind> {
    sqlx::query_scalar("SELECT type FROM barlift.operations WHERE id = $1")
        .bind(id)
        .fetch_one(pool)
        .await
        .during("reading the operation")
}

/// Whether nothing of the operation is left to do; cheap enough to ask often.
///
/// # Errors
/// [`Error::Database`]
pub async fn is_settled(pool: &PgPool, id: &OperationId) -> Result<bool> {
    sqlx::query_scalar("SELECT finished_at IS NOT NULL FROM barlift.operations WHERE id = $1")
        .bind(&id.0)
        .fetch_one(pool)
        .await
        .during("reading the operation")
}

/// The newest operations, without their tasks.
///
/// # Errors
/// [`Error::Database`]
pub async fn list(pool: &PgPool, limit: i64) -> Result<Vec<OperationStatus>> {
    let rows: Vec<OperationRow> = sqlx::query_as(include_str!("sql/operations.sql"))
        .bind(limit)
        .fetch_all(pool)
        .await
        .during("reading the operations")?;
    Ok(rows.into_iter().map(OperationStatus::from).collect())
}

#[derive(FromRow)]
struct OperationRow {
    id: OperationId,
    r#type: OperationKind,
    state: OperationState,
    traceparent: Traceparent,
    root: String,
    dry_run: bool,
    unrecognised: Json<Vec<Unrecognised>>,
    created_at: Timestamp,
    run_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    priority: i32,
    paused_at: Option<Timestamp>,
    follows: Option<String>,
    waiting: bool,
    mode: Option<String>,
    on_mismatch: Option<String>,
    unexplained: i64,
    #[sqlx(flatten)]
    totals: Totals,
}

impl From<OperationRow> for OperationStatus {
    fn from(r: OperationRow) -> Self {
        Self {
            verdict: r.finished_at.filter(|_| r.r#type == OperationKind::Verify).map(|_| r.totals.verdict()),
            operation_id: r.id,
            kind: r.r#type,
            state: r.state,
            trace_id: r.traceparent.trace_id().to_owned(),
            root: r.root,
            dry_run: r.dry_run,
            priority: r.priority,
            paused_at: r.paused_at.map(Timestamp::to_jiff),
            follows: r.follows,
            waiting: r.waiting,
            created_at: r.created_at.to_jiff(),
            run_at: r.run_at.to_jiff(),
            started_at: r.started_at.map(Timestamp::to_jiff),
            finished_at: r.finished_at.map(Timestamp::to_jiff),
            totals: r.totals,
            mode: r.mode,
            on_mismatch: r.on_mismatch,
            unexplained: r.unexplained,
            unrecognised: r.unrecognised.0,
            tasks: Vec::new(),
        }
    }
}

#[derive(FromRow)]
struct TaskRow {
    symbol: String,
    timeframe: String,
    source: String,
    state: TaskState,
    attempts: i32,
    #[sqlx(flatten)]
    rows: RowCounts,
    duration_ms: Option<i64>,
    recognised: bool,
    verification: Option<Json<TaskVerification>>,
    ignored_columns: Vec<String>,
    shape_conflict: Option<String>,
    error_class: Option<String>,
    error_message: Option<String>,
}

impl From<TaskRow> for TaskStatus {
    fn from(r: TaskRow) -> Self {
        let class = ErrorClass::named(r.error_class.as_deref().unwrap_or_default());
        Self {
            symbol: r.symbol,
            timeframe: r.timeframe,
            source: r.source,
            state: r.state,
            attempts: r.attempts,
            rows: r.rows,
            duration_ms: r.duration_ms,
            recognised: r.recognised,
            verification: r.verification.map(|v| v.0),
            ignored_columns: r.ignored_columns,
            shape_conflict: r.shape_conflict,
            error: r.error_message.map(|message| TaskError { class, message }),
        }
    }
}
