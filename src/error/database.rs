//! What the database's errors mean: whether they may pass, what to do, and which of their words to show.
//!
//! Invariant: decided by the SQLSTATE wherever there is one.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ErrorClass;

const NO_CONNECTION: &str = "none was free within database.connect_timeout: the server is away, or grants fewer \
     connections than this process wants (lower worker.concurrency or database.max_connections)";

/// What to do where a connection pooler has too few sessions.
pub(crate) const POOL_IS_SMALL: &str = "raise the connection pooler's pool size (PgBouncer: default_pool_size) to worker.concurrency + 2 or more \
     for each process (3 are the least), or name the server itself in database.direct_url (BARLIFT__DATABASE__DIRECT_URL)";

const NO_SESSION: &str = "none was free within database.connect_timeout: the server or the connection pooler before it is away, or \
     the pool is too small (PgBouncer: default_pool_size; raise it, lower worker.concurrency or \
     database.max_connections, or name the server itself in database.direct_url)";

/// How PgBouncer begins where its max_client_conn is reached.
pub(crate) const NO_MORE_CLIENTS: &str = "no more connections allowed";

static POOLED: AtomicBool = AtomicBool::new(false);

/// From now on, advice is for a database that a connection pooler leads to. For the whole process: what waits for a
/// connection does not know where it would have led.
pub(crate) fn stands_behind_a_pooler() {
    POOLED.store(true, Ordering::Relaxed);
}

/// Advice for what an operator meets.
pub(super) fn hint(e: &sqlx::Error) -> Option<&'static str> {
    if let sqlx::Error::PoolTimedOut = e {
        return Some(if POOLED.load(Ordering::Relaxed) { NO_SESSION } else { NO_CONNECTION });
    }
    if let Some(d) = e.as_database_error() {
        if d.message().starts_with(NO_MORE_CLIENTS) {
            return Some(
                "the connection pooler takes no more clients (PgBouncer: max_client_conn): raise that, end some, or name \
                 the server itself in database.direct_url (BARLIFT__DATABASE__DIRECT_URL)",
            );
        }
        if d.message() == "query_wait_timeout" {
            return Some(POOL_IS_SMALL);
        }
    }
    let code = e.as_database_error().and_then(|d| d.code())?;
    Some(match code.as_ref() {
        // What TimescaleDB says of its license has this code.
        "0A000" if e.to_string().contains("license") => {
            "this server runs timescaledb under its Apache license, which has neither compression nor a columnstore: set \
             timescaledb.license = 'timescale' in postgresql.conf and restart the server"
        }
        "42501" => {
            "the database role may not do this: grant it CREATE on the database, or let an \
             administrator run `barlift db setup` once"
        }
        // PgBouncer's word for it; its ignore_startup_parameters drops what it names.
        "08P01" if e.to_string().contains("startup parameter") => {
            "a connection pooler refuses what the URL's options (or PGOPTIONS) say: leave them out, or name the server \
             itself in database.direct_url (BARLIFT__DATABASE__DIRECT_URL)"
        }
        "3D000" => "create the database first, or correct the name in the URL",
        "28P01" => "check user and password in the database URL",
        "28000" => {
            "check user and database in the URL; where it says `no encryption`, add ?sslmode=require; else the \
             server's pg_hba.conf has to let this user in"
        }
        "53300" => "the server has no connection free: lower database.max_connections or worker count",
        "57014" => {
            "cancelled by somebody, or by a statement_timeout that is too short: of the database URL's options (raise it \
             there, or lower import.batch_rows), or else the default of the database or the role (ALTER DATABASE … or ALTER \
             ROLE … RESET statement_timeout)"
        }
        "25P03" => {
            "a transaction got nothing to do for longer than worker.lease, and the server ended it: if the input of \
             `data save` pauses, write it to a file first, or raise worker.lease"
        }
        "25006" => {
            "the server takes no writes: connect to the primary, or lift default_transaction_read_only"
        }
        // A statement that this connection has prepared is not there, or one that it has not prepared is.
        "26000" | "42P05" => {
            "does a connection pooler stand in between that does not keep sessions? Name the server itself in \
             database.direct_url (BARLIFT__DATABASE__DIRECT_URL)"
        }
        "53100" => "the server's disk is full: free space",
        "3F000" | "42P01" => "the schema is not set up: run `barlift db setup`",
        _ => return None,
    })
}

/// Connection loss, serialization, resources, operator intervention, I/O, a standby that is read-only and
/// a foreign writer that was faster may pass; the rest stays.
pub(super) fn class(e: &sqlx::Error) -> ErrorClass {
    match e {
        // The server has no code of its own for a disk that is full while it starts a session.
        sqlx::Error::Database(d) if d.message().starts_with("could not write") => ErrorClass::Transient,
        sqlx::Error::Database(d) => match d.code().as_deref() {
            Some(code)
                if ["08", "40", "53", "57", "58"].contains(&&code[..2.min(code.len())])
                    || ["23505", "25006", "25P03", "55P03"].contains(&code) =>
            {
                ErrorClass::Transient
            }
            _ => ErrorClass::Permanent,
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => ErrorClass::Transient,
        _ => ErrorClass::Permanent,
    }
}

/// What one cause says, and the next cause. Of what the server said, sqlx would also show the line of
/// PostgreSQL's own source code, which looks like one of a CSV file.
pub(super) fn said<'a>(
    e: &'a (dyn std::error::Error + 'static),
) -> (String, Option<&'a (dyn std::error::Error + 'static)>) {
    match e.downcast_ref() {
        Some(sqlx::Error::Database(d)) => (d.message().to_owned(), None),
        _ => (e.to_string(), e.source()),
    }
}
