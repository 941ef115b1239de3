//! Jobs that this build cannot run: those of a newer one, and what is no job at all.
//!
//! Invariant: a job of a newer build is left as it is, for a worker that knows it. What no build can read is
//! killed (apalis's word for a job that is never tried again), since apalis's loop ends at it, again and again.

use serde_json::Value;
use sqlx::PgPool;

use super::Job;
use crate::error::{During, Result};
use crate::model::OperationKind;

/// What the payloads of this build look like. Goes up when an older worker must not run a job of a newer build,
/// be it that it would not understand it, or would leave something out. 2: series' contents, operations that follow. 3: zones
/// that presets set.
pub(super) const VERSION: u64 = 3;

/// The key of the version in a payload.
pub(super) const VERSION_KEY: &str = "version";

/// The job, or why this build cannot run it.
pub(super) fn read(payload: &Value) -> std::result::Result<Job, String> {
    let version = payload.get(VERSION_KEY).and_then(Value::as_u64).unwrap_or(VERSION);
    if version > VERSION {
        return Err(format!("version {version} of jobs, this worker knows {VERSION}"));
    }
    serde_json::from_value(payload.clone()).map_err(|e| e.to_string())
}

/// Kills jobs that cannot be read at all: those of this worker whose payload is no JSON, and rows that somebody has
/// written by hand and apalis cannot decode.
pub(super) async fn kill_unreadable(pool: &PgPool, worker: &str) -> Result<()> {
    const WHAT: &str = "looking for jobs that cannot be read";
    let held: Vec<(String, Vec<u8>)> =
        sqlx::query_as(include_str!("sql/held.sql")).bind(worker).fetch_all(pool).await.during(WHAT)?;
    let broken: Vec<String> = held
        .into_iter()
        .filter(|(_, job)| serde_json::from_slice::<Value>(job).is_err())
        .map(|j| j.0)
        .collect();
    let killed: Vec<String> = sqlx::query_scalar(include_str!("sql/kill_unreadable.sql"))
        .bind(OperationKind::queues())
        .bind(broken)
        .fetch_all(pool)
        .await
        .during(WHAT)?;
    if !killed.is_empty() {
        tracing::error!(jobs = ?killed, "jobs in apalis.jobs that cannot be read; they are set to `Killed`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn jobs_of_newer_builds_are_not_read() {
        let job = json!({"kind": "import-symbol", "operation_id": "op", "task_id": 7, "push": 1});
        let with = |version: u64| {
            let mut job = job.clone();
            job[VERSION_KEY] = version.into();
            read(&job)
        };
        assert!(with(VERSION).is_ok());
        assert_eq!(with(VERSION + 1).expect_err("newer"), "version 4 of jobs, this worker knows 3");
        // As builds before the version wrote it.
        assert!(read(&job).is_ok());
        assert!(read(&json!({"kind": "fly"})).is_err());
    }
}
