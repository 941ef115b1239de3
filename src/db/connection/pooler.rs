//! Connection poolers, such as PgBouncer, between barlift and the server.
//!
//! barlift relies on settings, prepared statements, LISTEN and locks that belong to a session, so each of its
//! connections must keep one session of the server. A pooler in session mode grants that. In transaction or
//! statement mode it does not, and barlift refuses such a pooler before it changes any setting that others
//! would see.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use super::shown;
use crate::error::{During as _, Error, POOL_IS_SMALL, Result};

/// How often to compare sessions: which one a pooler hands out depends on its other clients, so once is not enough.
const LOOKS: usize = 3;

/// Refuses a pooler that does not keep sessions. `first` has had the session of the server process `pid`.
pub(super) async fn require_sessions(
    first: &mut PgConnection,
    pid: i32,
    options: &PgConnectOptions,
    timeout: Duration,
) -> Result<()> {
    match tokio::time::timeout(timeout, keeps_sessions(first, pid, options)).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(Error::database(
            format!(
                "a connection pooler (PgBouncer or the like) answers at {} and gives the server's sessions to others \
                 after each transaction; barlift's settings, prepared statements, LISTEN and locks need a session each",
                shown(options)
            ),
            "name the server itself in database.direct_url (BARLIFT__DATABASE__DIRECT_URL), or set the pooler's \
             pool_mode to session",
        )),
        Ok(Err(e)) => Err(e).during("asking the connection pooler for a second session"),
        Err(_) => Err(Error::database(
            format!("the connection pooler at {} gave no second session in time", shown(options)),
            POOL_IS_SMALL,
        )),
    }
}

/// The error of a connection whose first statement got no answer in time.
pub(super) fn no_session(options: &PgConnectOptions) -> Error {
    Error::database(
        format!("{} took a connection and did not answer its first statement in time", shown(options)),
        format!(
            "look whether the server is well; a connection pooler without a free session does that, too: {POOL_IS_SMALL}"
        ),
    )
}

/// The time between two warnings that a pooler gives no session.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Waits until the session of a new connection has begun, and logs a warning if that takes long.
pub(super) async fn warn_if_slow<T>(patience: Duration, begin: impl Future<Output = T>) -> T {
    static WARNED: Mutex<Option<Instant>> = Mutex::new(None);
    let mut begin = std::pin::pin!(begin);
    if let Ok(begun) = tokio::time::timeout(patience, &mut begin).await {
        return begun;
    }
    if let Ok(mut warned) = WARNED.lock()
        && warned.is_none_or(|at| at.elapsed() > WARN_EVERY)
    {
        *warned = Some(Instant::now());
        let waited = humantime::format_duration(patience);
        tracing::warn!(
            "the connection pooler has given no session for {waited}, perhaps all of its pool are in use; work waits: {POOL_IS_SMALL}"
        );
    }
    begin.await
}

/// Whether two connections have a session each, and keep it. It changes no setting, which others would see in a shared
/// session.
async fn keeps_sessions(
    first: &mut PgConnection,
    pid: i32,
    options: &PgConnectOptions,
) -> sqlx::Result<bool> {
    let mut second = PgConnection::connect_with(options).await?;
    for _ in 0..LOOKS {
        // A pooler in statement mode refuses a transaction. In the other modes this transaction keeps its session.
        if let Err(e) = sqlx::raw_sql("BEGIN").execute(&mut second).await {
            return if e.as_database_error().is_some() { Ok(false) } else { Err(e) };
        }
        // In this order: if both share a session, a statement on the first would wait for the second.
        if process(&mut second).await? == pid || process(first).await? != pid {
            return Ok(false);
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut second).await?;
        if process(first).await? != pid {
            return Ok(false);
        }
    }
    second.close().await?;
    Ok(true)
}

async fn process(connection: &mut PgConnection) -> sqlx::Result<i32> {
    use sqlx::Row as _;
    sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection).await?.try_get(0)
}
