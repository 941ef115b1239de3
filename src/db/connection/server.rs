//! What the first connection finds out about the server, before anything else is asked of it.
//!
//! All of it in the simple protocol: behind a pooler that gives sessions away after each transaction, prepared
//! statements fail.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Row as _};

use super::wait::{self, Waiting};
use super::{pooler, unreachable};
use crate::error::{During as _, Result};

/// What the first connection finds out.
#[derive(Debug, Clone)]
pub(crate) struct ServerInfo {
    /// How many connections this role may have at once.
    pub(crate) granted: u32,
    /// The encoding of the database.
    pub(crate) encoding: String,
    /// Whether a connection pooler is in between; if so, it keeps sessions.
    pub(crate) pooled: bool,
    pub(crate) standby: bool,
    /// Whether transactions are read-only unless they say otherwise.
    pub(crate) read_only: bool,
}

/// A startup option that a server keeps and a pooler does not pass on.
const PROBE: (&str, &str) = ("barlift.probe", "1");

/// How long the first answer may take, even if waiting for the connection has used all of the time.
const FIRST_ANSWER: Duration = Duration::from_secs(2);

/// Connects, waiting up to `timeout` for a free connection, and asks. Refuses a pooler that does not keep sessions.
pub(super) async fn ask_first(
    options: &PgConnectOptions,
    timeout: Duration,
) -> Result<(PgConnection, ServerInfo)> {
    let mut waiting = Waiting::at_most(timeout);
    let probing = options.clone().options([PROBE]);
    let mut connection = match wait::connect(&probing, &mut waiting).await {
        Err(e) if refuses_options(&e) => wait::connect(options, &mut waiting).await,
        done => done,
    }
    .map_err(|e| unreachable(options, e))?;
    // A server answers at once; behind a pooler, the first statement may wait for a session.
    let patience = waiting.left().max(FIRST_ANSWER);
    let Ok(asked) = tokio::time::timeout(patience, ask(&mut connection)).await else {
        return Err(pooler::no_session(options));
    };
    let (server, pid) = asked.during("asking what the server is like")?;
    if server.pooled {
        pooler::require_sessions(&mut connection, pid, options, waiting.left()).await?;
    }
    Ok((connection, server))
}

/// PgBouncer refuses a startup parameter with SQLSTATE 08P01, others with 0A000.
fn refuses_options(e: &sqlx::Error) -> bool {
    e.as_database_error()
        .and_then(|d| d.code())
        .is_some_and(|code| ["08P01", "0A000"].contains(&code.as_ref()))
}

async fn ask(connection: &mut PgConnection) -> sqlx::Result<(ServerInfo, i32)> {
    let row = sqlx::raw_sql(include_str!("../sql/server.sql")).fetch_one(connection).await?;
    let granted: Option<i32> = row.try_get("granted")?;
    let server = ServerInfo {
        granted: granted.and_then(|g| u32::try_from(g).ok()).unwrap_or(u32::MAX).max(1),
        encoding: row.try_get("encoding")?,
        pooled: !row.try_get::<bool, _>("has_probe")?,
        standby: row.try_get("standby")?,
        read_only: row.try_get("read_only")?,
    };
    Ok((server, row.try_get("pid")?))
}
