//! Opening connections.
//!
//! [`wait`] waits for a free connection, [`server`] asks the first one what the server is like, [`pooler`] finds out
//! whether a pooler keeps sessions, [`session`] sets what barlift relies on in every session, [`tcp`] sets the options
//! of its socket.

mod pooler;
pub(crate) mod server;
mod session;
mod tcp;
mod wait;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use super::libpq::{Address, SessionAttrs};
use super::tls;
use crate::config::Config;
use crate::error::{During as _, Error, Result};
use server::ServerInfo;
use session::Session;

/// For how long after its last answer a connection is used without a ping.
pub(crate) const TRUSTED: Duration = Duration::from_millis(500);

/// Adds what all connections have in common.
pub(super) fn prepared(mut address: Address) -> Address {
    let options = address.options;
    address.options = options
        .application_name("barlift")
        // Poolers refuse it; the session sets it.
        .extra_float_digits(None)
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(1));
    address
}

/// The port, if the address is reached over TCP.
fn tcp_port(options: &PgConnectOptions) -> Option<u16> {
    let socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    (!socket).then(|| options.get_port())
}

/// Asks the server on a connection of its own, then makes a pool whose sessions have the same settings.
///
/// A connection of its own, because a pool would try again until its time is up and not return the reason.
pub(super) async fn open(address: &Address, config: &Config) -> Result<(PgPool, ServerInfo)> {
    let options = &address.options;
    let session = Session::new(config.worker.lease, options.get_options());
    let (mut first, server) = server::ask_first(options, address.timeout(config)).await?;
    require(address, &server)?;
    session.begin(&mut first).await.during("setting up a session")?;
    first.close().await.during("closing the first connection")?;
    let pool = pool_options(address, session, config, &server);
    Ok((pool.connect_lazy_with(options.clone()), server))
}

/// Refuses a server that is not what `target_session_attrs` asks for.
fn require(address: &Address, server: &ServerInfo) -> Result<()> {
    let (fits, what) = match address.attrs {
        SessionAttrs::Any => return Ok(()),
        SessionAttrs::ReadWrite => (!server.read_only, "read-only"),
        SessionAttrs::ReadOnly => (server.read_only, "not read-only"),
        SessionAttrs::Primary => (!server.standby, "a standby"),
        SessionAttrs::Standby => (server.standby, "no standby"),
    };
    if fits {
        return Ok(());
    }
    Err(Error::database(
        format!(
            "the server at {} is {what}, and target_session_attrs asks for another one",
            shown(&address.options)
        ),
        "connect to another server, or leave target_session_attrs (PGTARGETSESSIONATTRS) out",
    ))
}

fn pool_options(address: &Address, session: Session, config: &Config, server: &ServerInfo) -> PgPoolOptions {
    let (granted, pooled) = (server.granted, server.pooled);
    let timeout = address.timeout(config);
    let wanted = config.max_connections();
    if granted < wanted {
        // Not a warning: commands that only read need one or two.
        tracing::info!(granted, wanted, "the server grants few connections; work will wait for one");
    }
    let (port, keepalive) = (tcp_port(&address.options), address.keepalive.clone());
    // Less than the time after which acquiring a connection fails.
    let patience = (timeout / 2).min(Duration::from_secs(2));
    PgPoolOptions::new()
        // With more than the server grants, sqlx would try to connect again and again, even when a connection becomes free.
        .max_connections(wanted.min(granted))
        // Other messages tell of a server that restarts.
        .acquire_slow_level(tracing::log::LevelFilter::Debug)
        .acquire_timeout(timeout)
        .after_connect(move |connection, _| {
            if let Some(port) = port {
                tcp::tune(port, &keepalive);
            }
            let session = session.clone();
            Box::pin(async move {
                let begin = session.begin(connection);
                if pooled { pooler::warn_if_slow(patience, begin).await } else { begin.await }
            })
        })
        // A ping finds a connection that the server has closed here rather than in the middle of a batch. A connection
        // that has just answered is used without one, since pings would take much of the time of small files.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // False, not an error, of which sqlx would warn.
                Ok(meta.idle_for <= TRUSTED || connection.ping().await.is_ok())
            })
        })
        .max_lifetime(Duration::from_secs(3600))
}

/// Where the database is, without the password.
pub(super) fn shown(options: &PgConnectOptions) -> String {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if options.get_host().contains(':') => {
            format!("[{}]:{}", options.get_host(), options.get_port())
        }
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let database = options.get_database().unwrap_or("postgres");
    format!("postgres://{}@{place}/{database}", options.get_username())
}

/// The error for an address that does not answer.
fn unreachable(options: &PgConnectOptions, e: sqlx::Error) -> Error {
    let advice = tls::advice(options, &e).or_else(|| {
        matches!(e, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut).then_some(
            "check that the server runs and that host and port are right (DATABASE_URL, database.url; without either, \
             PGHOST and libpq's other variables)",
        )
    });
    match Error::during(&format!("cannot connect to {}", shown(options)), e) {
        Error::Database { message, hint, source } => {
            Error::Database { message, hint: advice.map(str::to_owned).or(hint), source }
        }
        other => other,
    }
}
