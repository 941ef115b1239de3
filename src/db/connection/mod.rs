//! Opening connections: waiting for a free one, looking what the server is like, and making each session one of barlift's.
//!
//! [`server`] asks the first connection, [`pooler`] finds out whether a pooler keeps sessions, [`session`] sets what every
//! session relies on, [`tcp`] sets the options of its socket, [`wait`] waits for a free connection.

mod pooler;
pub(crate) mod server;
mod session;
mod tcp;
mod wait;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use super::libpq::{Address, Keepalive, SessionAttrs};
use super::tls;
use crate::config::Config;
use crate::error::{During as _, Error, Result};
use server::Server;
use session::Session;

/// How long a connection is taken to be alive after its last answer.
pub(crate) const TRUSTED: Duration = Duration::from_millis(500);

/// Where the database is and how to connect to it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) options: PgConnectOptions,
    keepalive: Keepalive,
    /// How long to wait for a connection.
    timeout: Duration,
    attrs: SessionAttrs,
}

impl Target {
    pub(super) fn new(address: Address, config: &Config) -> Self {
        let Address { options, keepalive, timeout, attrs } = address;
        let timeout = timeout.unwrap_or(config.database.connect_timeout);
        Self { options: prepared(options), keepalive, timeout, attrs }
    }

    pub(super) fn embedded(options: PgConnectOptions, config: &Config) -> Self {
        Self {
            options: prepared(options),
            keepalive: Keepalive::default(),
            timeout: config.database.connect_timeout,
            attrs: SessionAttrs::Any,
        }
    }

    /// The port, where it is reached over TCP.
    fn tcp_port(&self) -> Option<u16> {
        let socket = self.options.get_socket().is_some() || self.options.get_host().starts_with('/');
        (!socket).then(|| self.options.get_port())
    }
}

fn prepared(options: PgConnectOptions) -> PgConnectOptions {
    options
        .application_name("barlift")
        // Poolers refuse it; the session sets it.
        .extra_float_digits(None)
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(1))
}

/// Looks at the server on a connection of its own, then makes a pool whose sessions are all alike.
///
/// One connection first: a pool would try again until its time is up, and forget why.
///
/// # Errors
/// [`Error::Database`]
pub(super) async fn open(target: &Target, config: &Config) -> Result<(PgPool, Server)> {
    let session = Session::new(config.worker.lease, target.options.get_options());
    let (mut first, server) = server::look(&target.options, target.timeout).await?;
    require(target, &server)?;
    session.begin(&mut first).await.during("setting up a session")?;
    first.close().await.during("closing the first connection")?;
    let pool = pool_options(target, session, config, &server);
    Ok((pool.connect_lazy_with(target.options.clone()), server))
}

/// Refuses a server that is not what `target_session_attrs` asks for.
fn require(target: &Target, server: &Server) -> Result<()> {
    let (fits, what) = match target.attrs {
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
            shown(&target.options)
        ),
        "connect to another server, or leave target_session_attrs (PGTARGETSESSIONATTRS) out",
    ))
}

fn pool_options(target: &Target, session: Session, config: &Config, server: &Server) -> PgPoolOptions {
    let (granted, pooled) = (server.granted, server.pooled);
    let wanted = config.max_connections();
    if granted < wanted {
        // No warning: commands that only look need one or two.
        tracing::info!(granted, wanted, "the server grants few connections; work will wait for one");
    }
    let (port, keepalive) = (target.tcp_port(), target.keepalive.clone());
    // Before the acquiring of a connection is given up.
    let patience = (target.timeout / 2).min(Duration::from_secs(2));
    PgPoolOptions::new()
        // Beyond what the server grants, sqlx would try to connect again and again, past connections that become free.
        .max_connections(wanted.min(granted))
        // That a server restarts is told otherwise.
        .acquire_slow_level(tracing::log::LevelFilter::Debug)
        .acquire_timeout(target.timeout)
        .after_connect(move |connection, _| {
            if let Some(port) = port {
                tcp::tune(port, &keepalive);
            }
            let session = session.clone();
            Box::pin(async move {
                let begin = session.begin(connection);
                if pooled { pooler::telling(patience, begin).await } else { begin.await }
            })
        })
        // A connection that the server closed is found out here, not in the middle of a batch; but one that has just
        // answered need not be asked again, which small files would spend much of their time on.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                // Not an error: sqlx would warn of it.
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

/// An error that says where nothing was reached, and what to do.
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
