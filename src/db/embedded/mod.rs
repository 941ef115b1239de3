//! A private PostgreSQL server, used when no database is named.
//!
//! It is created once and started when a process needs it. `guard` starts it again if it dies. It is stopped when the last
//! process that uses it has ended, in whatever way: each such process holds a shared lock on `users.lock`, and a small
//! process, the `keeper`, waits for the exclusive one. The kernel releases the locks of a killed process. `manage` stops
//! and removes the server by hand.
//!
//! Invariant: it listens on no network, only on a socket in a folder that only this user may enter. It is started and
//! stopped under `start.lock`, one process at a time.

mod guard;
mod install;
pub(crate) mod keeper;
mod locks;
mod manage;
mod owner;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection, PgConnection};

use crate::error::{During, Error, Result};
use locks::Lock;
use owner::Owner;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use manage::PrivateServer;

/// The name of a file that is there while the server is stopped by hand, so that no guard starts it again.
const STOPPED: &str = "stopped";

/// User and database of the embedded server.
const NAME: &str = "barlift";

/// The running embedded server; it runs as long as any process has one of these.
#[derive(Debug)]
pub struct Embedded {
    directory: PathBuf,
    socket: PathBuf,
    // Dropped before the lock, since it may act only under the lock.
    _guard: AbortOnDropHandle<()>,
    _user: Lock,
}

impl Embedded {
    /// Starts the server in `directory` (by default the user's data folder) unless it runs already.
    ///
    /// # Errors
    /// [`Error::Database`] if there is no PostgreSQL, or it does not start.
    pub async fn start(directory: Option<&Path>) -> Result<Self> {
        let directory = self::directory(directory)?;
        let owner = Owner::of_this_process()?;
        owner::prepare(&directory, &owner)?;
        let directory = directory.canonicalize().map_err(|e| unusable(&directory, &e))?;
        let locks = locks::in_directory(&directory);
        // Every process takes `start.lock` before `users.lock`.
        let starting = locks::wait(locks.start, locks::LockMode::Exclusive).await?;
        let user = locks::wait(locks.users, locks::LockMode::Shared).await?;
        let socket = server::socket_directory(&directory, &owner)?;
        let server = server::ServerProcess::new(&directory, &socket, &owner);
        // Before the server, so that it is stopped even if this process is killed while it starts.
        keeper::ensure(&directory);
        // A new command may start a server that was stopped by hand.
        let _ = std::fs::remove_file(directory.join(STOPPED));
        if !server.is_running().await? {
            server.start().await?;
        }
        let guard = guard::watch(directory.clone(), socket.clone());
        let embedded = Self { directory, socket, _user: user, _guard: guard };
        create_database(&embedded).await?;
        drop(starting);
        Ok(embedded)
    }

    /// How to connect to it.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.socket).port(5432).username(NAME).database(NAME)
    }

    /// The folder of its socket, for `psql -h`.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// `psql` of the same installation.
    #[must_use]
    pub fn psql(&self) -> PathBuf {
        install::find(&self.directory.join("data")).map_or_else(|_| "psql".into(), |i| i.bin.join("psql"))
    }
}

async fn create_database(embedded: &Embedded) -> Result<()> {
    let what = "creating the database of the embedded server";
    let mut connection = first_connection(embedded).await.during(what)?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(NAME)
        .fetch_one(&mut connection)
        .await
        .during(what)?;
    if !there {
        sqlx::query("CREATE DATABASE barlift").execute(&mut connection).await.during(what)?;
    }
    connection.close().await.during(what)
}

/// Connects to a server that may still be starting, or recovering from a crash.
async fn first_connection(embedded: &Embedded) -> sqlx::Result<PgConnection> {
    // A slow machine may take a second for CREATE DATABASE, which is no reason to warn.
    let options = embedded.connect_options().database("postgres").disable_statement_logging();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        match PgConnection::connect_with(&options).await {
            Err(e) if is_starting(&e) && tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            done => return done,
        }
    }
}

/// No socket yet, no server listening on it, or SQLSTATE 57P03 (cannot connect now).
fn is_starting(e: &sqlx::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    let absent = matches!(e, sqlx::Error::Io(io) if matches!(io.kind(), NotFound | ConnectionRefused));
    absent || e.as_database_error().is_some_and(|d| d.code().as_deref() == Some("57P03"))
}

/// The folder of the server.
fn directory(configured: Option<&Path>) -> Result<PathBuf> {
    configured.map_or_else(default_directory, |d| Ok(d.to_path_buf()))
}

/// For root another one than in its home, which the user that runs the server may not enter.
fn default_directory() -> Result<PathBuf> {
    use etcetera::BaseStrategy as _;
    if nix::unistd::geteuid().is_root() {
        return Ok("/var/lib/barlift".into());
    }
    let strategy = etcetera::choose_base_strategy().map_err(|e| {
        Error::database(
            format!("no home directory for the embedded database: {e}"),
            "set database.embedded_dir, or DATABASE_URL to use a database of your own",
        )
    })?;
    Ok(strategy.data_dir().join("barlift"))
}

fn unusable(path: &Path, e: &dyn std::fmt::Display) -> Error {
    Error::database(
        format!("the embedded database cannot use {}: {e}", path.display()),
        "set database.embedded_dir to a folder you can write, or DATABASE_URL to use a database of your own",
    )
}
