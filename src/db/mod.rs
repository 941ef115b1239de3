//! The database itself: connecting, setting up, COPY.
//!
//! `libpq` reads the address of the database as psql does, or [`embedded`] runs a private server if there is none.
//! [`connect`](Database::connect) opens a pool (`connection`: the settings of each session, poolers, sockets; `tls`:
//! hints about certificates). `schema` brings our tables up to date (`storage`: rowstore or columnstore). [`copy`]
//! encodes bars for binary COPY, [`traced_pool`] gives statements spans (`traced_statement`: one whose rows come bit by
//! bit), [`transaction`] begins transactions, [`template`] writes out lists in SQL, `info` is `barlift db info`.
//!
//! Invariant: no text that leaves this module contains a password. It knows tables, but not what an import or an operation
//! is.

pub(crate) mod connection;
pub mod copy;
pub mod embedded;
pub(crate) mod info;
mod libpq;
pub(crate) mod schema;
pub(crate) mod storage;
pub mod template;
mod tls;
pub mod traced_pool;
pub(crate) mod traced_statement;
pub mod transaction;

use std::time::Duration;

use sqlx::postgres::PgPool;

use crate::config::Config;
use crate::error::{Error, Result};
pub(crate) use connection::TRUSTED;
use connection::server::ServerInfo;
use embedded::Embedded;
use libpq::Address;

/// A pool of connections and, if barlift runs the server itself, that server.
#[derive(Debug, Clone)]
pub struct Database {
    /// The pool. Every SQL statement of this process goes through it.
    pub pool: PgPool,
    /// Keeps the embedded server running until the last clone is dropped.
    embedded: Option<std::sync::Arc<Embedded>>,
    address: Address,
    server: ServerInfo,
}

/// One for the queue's announcements, one for a file, one for everything else.
const WORKER_CONNECTIONS: u32 = 3;

impl Database {
    /// Connects to `database.direct_url`, else to `database.url`, else to what libpq's variables name (PGHOST and the
    /// like), else to the embedded server.
    ///
    /// # Errors
    /// [`Error::Config`] for a URL that cannot be read, [`Error::Database`] if nothing answers, or a pooler does that keeps
    /// no sessions.
    pub async fn connect(config: &Config) -> Result<Self> {
        match address(config)? {
            Some(address) => Self::open(address, None, config).await,
            None => {
                let server = Embedded::start(config.database.embedded_dir.as_deref()).await?;
                Self::open(Address::new(server.connect_options()), Some(server), config).await
            }
        }
    }

    async fn open(address: Address, embedded: Option<Embedded>, config: &Config) -> Result<Self> {
        let address = connection::prepared(address);
        let (pool, server) = connection::open(&address, config).await?;
        Ok(Self { pool, embedded: embedded.map(std::sync::Arc::new), address, server })
    }

    /// Refuses a server that grants fewer connections than a worker needs.
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

    /// Whether a connection pooler is between barlift and the server; if so, it keeps sessions.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.server.pooled
    }

    /// Closes all connections; new ones are opened when they are needed.
    pub async fn reconnect(&mut self) {
        let fresh = self.pool.options().clone().connect_lazy_with(self.address.options.clone());
        std::mem::replace(&mut self.pool, fresh).close().await;
    }

    /// Where the database is, without the password.
    #[must_use]
    pub fn shown_url(&self) -> String {
        connection::shown(&self.address.options)
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

/// Whether the configuration names a database, so that the private server is not used.
pub(crate) fn is_named(config: &Config) -> Result<bool> {
    Ok(address(config)?.is_some())
}

/// How long to wait for a connection: `connect_timeout` of the URL, else `database.connect_timeout`.
pub(crate) fn connect_timeout(config: &Config) -> Result<Duration> {
    Ok(address(config)?.map_or(config.database.connect_timeout, |address| address.timeout(config)))
}
