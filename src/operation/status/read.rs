//! Reads operations from the database.

use jiff_sqlx::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool, Row as _};

use super::{OperationStatus, TaskTotals};
use crate::db::template::sql_template;
use crate::error::{During, Error, Result};
use crate::model::{OperationId, OperationKind, Traceparent};

/// The shortest part of an id that names an operation.
const SHORTEST_NAME: usize = 4;

const WHAT: &str = "reading the operation";

/// Finds an operation by its id, a unique part of it in any case, or `latest`.
///
/// # Errors
/// [`Error::Usage`] if no operation matches, or several.
pub(crate) async fn find(pool: &PgPool, name: &str) -> Result<OperationId> {
    // `barlift cancel "$OP"` with an empty variable must not cancel the only operation.
    if name.rsplit('_').next().unwrap_or_default().len() < SHORTEST_NAME {
        return Err(Error::usage(
            format!("`{name}` is too short to name an operation"),
            "give more of the id, or `latest`; `barlift operations` lists them",
        ));
    }
    let found: Vec<OperationId> = sqlx::query_scalar(include_str!("../sql/find_operation.sql"))
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
/// [`Error::Usage`] if it does not exist.
pub(crate) async fn read(pool: &PgPool, id: &OperationId, with_tasks: bool) -> Result<OperationStatus> {
    let Some(mut status) = operations(pool, Some(id), 1).await.during(WHAT)?.pop() else {
        return Err(Error::usage(format!("there is no operation `{id}`"), "`barlift operations` lists them"));
    };
    if with_tasks {
        status.tasks = sqlx::query_as(sql_template!("../sql/tasks.sql"))
            .bind(id)
            .fetch_all(pool)
            .await
            .during("reading the operation's tasks")?;
    }
    Ok(status)
}

/// The kind of an operation.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn kind(pool: &PgPool, id: &OperationId) -> Result<OperationKind> {
    let query = sqlx::query_scalar("SELECT type FROM barlift.operations WHERE id = $1").bind(id);
    query.fetch_one(pool).await.during(WHAT)
}

/// Whether the operation has ended; cheap enough to ask often.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn is_settled(pool: &PgPool, id: &OperationId) -> Result<bool> {
    const QUERY: &str = "SELECT finished_at IS NOT NULL FROM barlift.operations WHERE id = $1";
    sqlx::query_scalar(QUERY).bind(id).fetch_one(pool).await.during(WHAT)
}

/// The newest operations, without their tasks.
///
/// # Errors
/// [`Error::Database`]
pub(crate) async fn list(pool: &PgPool, limit: i64) -> Result<Vec<OperationStatus>> {
    operations(pool, None, limit).await.during("reading the operations")
}

/// One operation, or the newest ones.
async fn operations(
    pool: &PgPool,
    id: Option<&OperationId>,
    limit: i64,
) -> sqlx::Result<Vec<OperationStatus>> {
    let query = sqlx::query_as(sql_template!("../sql/operations.sql")).bind(id).bind(limit);
    query.fetch_all(pool).await
}

impl FromRow<'_, PgRow> for OperationStatus {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let time =
            |column| row.try_get::<Option<Timestamp>, _>(column).map(|time| time.map(Timestamp::to_jiff));
        let kind: OperationKind = row.try_get("type")?;
        let finished_at = time("finished_at")?;
        let totals = TaskTotals::from_row(row)?;
        Ok(Self {
            operation_id: row.try_get("id")?,
            kind,
            state: row.try_get("state")?,
            trace_id: row.try_get::<Traceparent, _>("traceparent")?.trace_id().to_owned(),
            root: row.try_get("root")?,
            dry_run: row.try_get("dry_run")?,
            priority: row.try_get("priority")?,
            created_at: row.try_get::<Timestamp, _>("created_at")?.to_jiff(),
            run_at: row.try_get::<Timestamp, _>("run_at")?.to_jiff(),
            paused_at: time("paused_at")?,
            started_at: time("started_at")?,
            finished_at,
            follows: row.try_get("follows")?,
            waiting: row.try_get("waiting")?,
            verdict: (kind.has_verdict() && finished_at.is_some()).then(|| totals.verdict()),
            totals,
            unrecognised: row.try_get::<Json<_>, _>("unrecognised")?.0,
            mode: row.try_get("mode")?,
            part: row.try_get("part")?,
            on_mismatch: row.try_get("on_mismatch")?,
            unexplained: row.try_get("unexplained")?,
            tasks: Vec::new(),
        })
    }
}
