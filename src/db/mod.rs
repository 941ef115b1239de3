//! The database itself: connecting, setting up, moving bars in and out by COPY and SQL.
//!
//! [`connect`](Database::connect) makes a pool (`connection`: what each session sets, poolers, sockets), [`schema`] brings our
//! tables up to date ([`storage`]: as rows or columns), [`copy`] encodes bars for binary COPY, [`traced_pool`] gives statements
//! spans ([`shared`]: for several attempts), [`transaction`] leaves no connection in disorder,
//! [`info`] tells what is there, [`embedded`] runs a private server where no database is named (`libpq` reads the names),
//! `tls` knows what to do about a certificate that is refused. Invariant: no text that leaves this module holds a password.
//! It knows tables but not what an import or an operation is.

pub(crate) mod connection;
pub mod copy;
pub mod embedded;
pub mod info;
mod libpq;
pub mod schema;
pub mod shared;
pub mod storage;
mod tls;
pub mod traced_pool;
pub mod transaction;

use std::time::Duration;

use sqlx::postgres::PgPool;

use crate::config::Config;
use crate::error::{Error, Result};
pub(crate) use connection::TRUSTED;
use connection::Target;
use connection::server::Server;
use embedded::Embedded;
use libpq::Address;

/// A pool of connections and, if barlift runs the server itself, the hold on that server.
#[derive(Debug, Clone)]
pub struct Database {
    /// The pool. Every SQL statement of this process goes through it.
    pub pool: PgPool,
    /// Keeps the embedded server running until the last clone is dropped.
    embedded: Option<std::sync::Arc<Embedded>>,
    target: Target,
    server: Server,
}

/// What a worker cannot do without.
const WORKER_CONNECTIONS: u32 = 3;

impl Database {
    /// Connects to `database.direct_url`, else to `database.url`, else to what libpq's variables name (PGHOST and the
    /// like), else to the embedded server.
    ///
    /// # Errors
    /// [`Error::Config`] for a URL that is none, [`Error::Database`] if nothing answers, or a pooler that keeps no sessions.
    pub async fn connect(config: &Config) -> Result<Self> {
        match address(config)? {
            Some(address) => Self::open(Target::new(address, config), None, config).await,
            None => {
                let server = Embedded::start(config.database.embedded_dir.as_deref()).await?;
                Self::open(Target::embedded(server.connect_options(), config), Some(server), config).await
            }
        }
    }

    async fn open(target: Target, embedded: Option<Embedded>, config: &Config) -> Result<Self> {
        let (pool, server) = connection::open(&target, config).await?;
        Ok(Self { pool, embedded: embedded.map(std::sync::Arc::new), target, server })
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

    /// Refuses to write into a database that cannot keep every character of a file or its name.
    ///
    /// # Errors
    /// [`Error::Database`]
    pub fn require_utf8(&self) -> Result<()> {
        let encoding = &self.server.encoding;
        if encoding == "UTF8" {
            return Ok(());
        }
        Err(Error::database(
            format!("the database {} has the encoding {encoding}, and barlift needs UTF8", self.shown_url()),
            "make another one: createdb --encoding UTF8 --locale C --template template0 NAME; commands that only read work here",
        ))
    }

    /// Whether a connection pooler stands between barlift and the server; it keeps sessions then.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.server.pooled
    }

    /// Ends all sessions; new ones begin when they are needed.
    pub async fn reconnect(&mut self) {
        let fresh = self.pool.options().clone().connect_lazy_with(self.target.options.clone());
        std::mem::replace(&mut self.pool, fresh).close().await;
    }

    /// Where the database is, without the password.
    #[must_use]
    pub fn shown_url(&self) -> String {
        connection::shown(&self.target.options)
    }

    /// The embedded server, if this is one.
    #[must_use]
    pub fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_deref()
    }
}

fn address(config: &Config) -> Result<Option<Address>> {
    let database = &config.database;
    libpq::address(database.direct_url.as_deref().or(database.url.as_deref()))
}

/// Whether a database is named, so that the private server is not meant.
///
/// # Errors
/// [`Error::Config`] for a URL that is none.
pub fn is_named(config: &Config) -> Result<bool> {
    Ok(address(config)?.is_some())
}

/// How long a connection is waited for: `connect_timeout` of the URL, else `database.connect_timeout`.
///
/// # Errors
/// [`Error::Config`] for a URL that is none.
pub fn connect_timeout(config: &Config) -> Result<Duration> {
    Ok(address(config)?.and_then(|address| address.timeout).unwrap_or(config.database.connect_timeout))
}
