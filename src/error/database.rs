//! Database errors: whether they are transient, what to do, and which of their texts to show.
//!
//! Invariant: the SQLSTATE decides wherever there is one.

use super::ErrorClass;

/// An expired wait for a connection does not tell whether a pooler or the server let it wait.
const NO_CONNECTION: &str = "none was free within database.connect_timeout: the server, or the connection pooler before it, is \
     away or grants fewer connections than this process wants. Lower worker.concurrency or database.max_connections; with \
     PgBouncer, raise default_pool_size, or name the server itself in database.direct_url";

/// The hint where a connection pooler has too few sessions.
pub(crate) const POOL_IS_SMALL: &str = "raise the connection pooler's pool size (PgBouncer: default_pool_size) to \
     worker.concurrency + 2 or more for each process (3 are the least), or name the server itself in database.direct_url \
     (BARLIFT__DATABASE__DIRECT_URL)";

/// How PgBouncer's message begins when its max_client_conn is reached.
pub(crate) const NO_MORE_CLIENTS: &str = "no more connections allowed";

/// What an operator can do about an error.
pub(super) fn hint(e: &sqlx::Error) -> Option<&'static str> {
    if let sqlx::Error::PoolTimedOut = e {
        return Some(NO_CONNECTION);
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
        // TimescaleDB reports a missing license with this code.
        "0A000" if e.to_string().contains("license") => {
            "this server runs timescaledb under its Apache license, which has neither compression nor a columnstore: set \
             timescaledb.license = 'timescale' in postgresql.conf and restart the server"
        }
        "42501" => {
            "the database role may not do this: grant it CREATE on the database, or let an administrator run \
             `barlift db setup` once"
        }
        // From PgBouncer, which drops the parameters that its ignore_startup_parameters lists.
        "08P01" if e.to_string().contains("startup parameter") => {
            "a connection pooler refuses the URL's options (or PGOPTIONS): leave them out, or name the server \
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
            "somebody cancelled it, or statement_timeout is too short: raise it in the database URL's options, lower \
             import.batch_rows, or reset the default of the database or the role (ALTER DATABASE … or ALTER ROLE … RESET \
             statement_timeout)"
        }
        "25P03" => {
            "a transaction was idle for longer than worker.lease, so the server ended it: if the input of `data save` \
             pauses, write it to a file first, or raise worker.lease"
        }
        "25006" => {
            "the server takes no writes: connect to the primary, or turn off default_transaction_read_only"
        }
        // A prepared statement is missing, or exists before it was prepared.
        "26000" | "42P05" => {
            "a connection pooler may have changed the session: name the server itself in \
             database.direct_url (BARLIFT__DATABASE__DIRECT_URL)"
        }
        "53100" => "the server's disk is full: free space",
        "3F000" | "42P01" => "the schema is not set up: run `barlift db setup`",
        _ => return None,
    })
}

/// Connection loss, serialization failures, lack of resources, operator intervention, I/O errors, a read-only standby
/// and a duplicate key (another writer was faster) are transient; everything else is permanent.
pub(super) fn class(e: &sqlx::Error) -> ErrorClass {
    match e {
        // A disk that is full while the server starts a session has no code of its own.
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

/// The text of one cause, and the next cause. A server's error is its message alone: sqlx would add the line of
/// PostgreSQL's source code, which looks like a line of the CSV file.
pub(super) fn cause<'a>(
    e: &'a (dyn std::error::Error + 'static),
) -> (String, Option<&'a (dyn std::error::Error + 'static)>) {
    match e.downcast_ref() {
        Some(sqlx::Error::Database(d)) => (d.message().to_owned(), None),
        _ => (e.to_string(), e.source()),
    }
}
