//! The database itself: connecting, setting up, moving bars in and out by COPY and SQL.
//!
//! [`connect`](Database::connect) makes a pool, [`schema`] brings our tables up to date ([`storage`]: as rows or columns), [`copy`] encodes
//! bars for binary COPY, [`observed`] lets statements be seen ([`shared`]: those of several attempts), [`transaction`] leaves no connection in disorder,
//! [`info`] tells what is there, [`embedded`] runs a private server where no URL is set, `tls` decides when a
//! certificate is checked. Invariant: no text that leaves this module holds a password.
//! It knows tables but not what an import or an operation is.

pub mod copy;
pub mod embedded;
pub mod info;
pub mod observed;
pub mod schema;
pub mod shared;
pub mod storage;
mod tls;
pub mod transaction;

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use url::Url;

use crate::config::Config;
use crate::error::{During, Error, Result};
use embedded::Embedded;

/// A pool of connections and, if barlift runs the server itself, the hold on that server.
#[derive(Debug, Clone)]
pub struct Database {
    /// The pool. Every SQL statement of this process goes through it.
    pub pool: PgPool,
    /// Keeps the embedded server running until the last clone is dropped.
    embedded: Option<std::sync::Arc<Embedded>>,
    options: PgConnectOptions,
}

/// What a worker cannot do without.
const WORKER_CONNECTIONS: u32 = 3;

/// How long a connection is taken to be alive after its last answer.
pub(crate) const TRUSTED: Duration = Duration::from_millis(500);

impl Database {
    /// Connects to `database.url`, or to the embedded server where none is set.
    ///
    /// # Errors
    /// [`Error::Config`] for a URL that is none, [`Error::Database`] if nothing answers.
    pub async fn connect(config: &Config) -> Result<Self> {
        match &config.database.url {
            Some(url) => Self::open(parse_url(url)?, None, config).await,
            None => {
                let server = Embedded::start(config.database.embedded_dir.as_deref()).await?;
                let options = server.connect_options();
                Self::open(options, Some(server), config).await
            }
        }
    }

    async fn open(options: PgConnectOptions, embedded: Option<Embedded>, config: &Config) -> Result<Self> {
        let options = session(options, config);
        // One connection first: a pool would try again until its time is up, and forget why.
        let first =
            tokio::time::timeout(config.database.connect_timeout, PgConnection::connect_with(&options)).await;
        let first = first.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let mut first = first.map_err(|e| unreachable_database(&options, e))?;
        let granted = connection_limit(&mut first).await?;
        first.close().await.during("closing the first connection")?;
        let pool = pool_options(config, granted).connect_lazy_with(options.clone());
        Ok(Self { pool, embedded: embedded.map(std::sync::Arc::new), options })
    }

    /// Refuses to work where fewer connections are granted than a worker holds: one for the queue's announcements, one
    /// for a file, one for everything else.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub fn require_connections(&self) -> Result<()> {
        let granted = self.pool.options().get_max_connections();
        if granted >= WORKER_CONNECTIONS {
            return Ok(());
        }
        Err(Error::database(
            format!(
                "the server grants only {granted} connections at once, and a worker needs {WORKER_CONNECTIONS}"
            ),
            "raise the limit: ALTER ROLE or ALTER DATABASE … CONNECTION LIMIT, or max_connections of the server",
        ))
    }

    /// Ends all sessions; new ones begin when they are needed.
    pub async fn reconnect(&mut self) {
        let fresh = self.pool.options().clone().connect_lazy_with(self.options.clone());
        std::mem::replace(&mut self.pool, fresh).close().await;
    }

    /// Where the database is, without the password.
    #[must_use]
    pub fn shown_url(&self) -> String {
        shown(&self.options)
    }

    /// The embedded server, if this is one.
    #[must_use]
    pub fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_deref()
    }
}

/// Beyond what the server grants, sqlx would try to connect again and again, past connections that become free.
async fn connection_limit(connection: &mut PgConnection) -> Result<u32> {
    let limit: Option<i32> = sqlx::query_scalar(include_str!("sql/connection_limit.sql"))
        .fetch_optional(connection)
        .await
        .during("asking for the limit of connections")?
        .flatten();
    Ok(limit.and_then(|l| u32::try_from(l).ok()).unwrap_or(u32::MAX).max(1))
}

fn pool_options(config: &Config, granted: u32) -> PgPoolOptions {
    let wanted = config.max_connections();
    if granted < wanted {
        // No warning: commands that only look need one or two.
        tracing::info!(granted, wanted, "the server grants few connections; work will wait for one");
    }
    PgPoolOptions::new()
        .max_connections(wanted.min(granted))
        // That a server restarts is told otherwise.
        .acquire_slow_level(tracing::log::LevelFilter::Debug)
        .acquire_timeout(config.database.connect_timeout)
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

/// What every session of barlift sets.
fn session(options: PgConnectOptions, config: &Config) -> PgConnectOptions {
    // A worker that froze inside a transaction must not hold its locks longer than its lease.
    let idle = format!("{}", config.worker.lease.as_millis());
    options
        .application_name("barlift")
        .options([
            ("TimeZone", "UTC"),
            // The queue's migrations create things without naming a schema; they belong into its own,
            // where a role needs no right on `public`.
            ("search_path", "apalis,public"),
            ("idle_in_transaction_session_timeout", idle.as_str()),
            // A series' bars are read in time order through the index then. With the default, the server sorts them while
            // the table has no statistics yet.
            ("random_page_cost", "1.1"),
            // Overwriting a few bars in a compressed chunk may decompress more than TimescaleDB's limit.
            ("timescaledb.max_tuples_decompressed_per_dml_transaction", "0"),
            // "relation already exists, skipping" and the like help nobody.
            ("client_min_messages", "error"),
        ])
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(1))
}

/// What a database URL may say behind its `?`. sqlx logs what it does not know, values included.
const URL_PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Strict, and without a word of the URL in its errors: a password with a stray `@`, `/`, `#` or `?` would
/// be taken for a host, a name or a parameter, and shown as such.
fn parse_url(text: &str) -> Result<PgConnectOptions> {
    let bad = |what: &str| {
        Error::config(
            format!("the database URL {what}"),
            "write it as postgres://user:password@host:5432/name (DATABASE_URL or database.url), with @ / # ? % in \
             user and password as %40 %2F %23 %3F %25",
        )
    };
    if !["postgres://", "postgresql://"].iter().any(|s| text.starts_with(s)) {
        return Err(bad("does not start with postgres://"));
    }
    let url = Url::parse(text).map_err(|e| bad(&format!("cannot be read: {e}")))?;
    if url.fragment().is_some() {
        return Err(bad("has a # in it"));
    }
    if url.path().contains('@') || url.path().matches('/').count() > 1 {
        return Err(bad("has more than a name behind its host"));
    }
    for (name, value) in url.query_pairs() {
        let known = URL_PARAMETERS.contains(&name.as_ref()) || name.starts_with("options[");
        if !known || value.contains('@') {
            return Err(bad("has a parameter that is not understood"));
        }
    }
    let options =
        PgConnectOptions::from_str(text).map_err(|_| bad("has a parameter whose value is not understood"))?;
    Ok(tls::with_named_ca(options, &url))
}

fn shown(options: &PgConnectOptions) -> String {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let database = options.get_database().unwrap_or("postgres");
    format!("postgres://{}@{place}/{database}", options.get_username())
}

fn unreachable_database(options: &PgConnectOptions, e: sqlx::Error) -> Error {
    let advice = tls::advice(options, &e).or_else(|| {
        matches!(e, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut).then_some(
            "check that the server runs and that host and port are right (DATABASE_URL, database.url)",
        )
    });
    match Error::during(&format!("cannot connect to {}", shown(options)), e) {
        Error::Database { message, hint, source } => {
            Error::Database { message, hint: advice.map(str::to_owned).or(hint), source }
        }
        other => other,
    }
}
