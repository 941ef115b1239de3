//! The server: one that is named, or a private one of this bench; and a fresh database for each measurement.
//!
//! Invariant: durability is the server's default (a private one has no setting that weakens it), and a database that
//! was measured is dropped. Roles and databases that it makes are named `barlift_bench_*`.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use barlift::db::embedded::Embedded;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::runtime::Runtime;

/// A role that may not create extensions: barlift's bars stay a plain table for it, on any server.
const PLAIN_ROLE: &str = "barlift_bench_plain";

/// How a table is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    Hypertable,
    Plain,
}

/// Where and as whom to connect.
#[derive(Clone)]
pub struct Address {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
}

impl Address {
    pub fn url(&self, database: &str) -> String {
        let (user, password) = (encoded(&self.user), encoded(&self.password));
        let secret = if password.is_empty() { String::new() } else { format!(":{password}") };
        format!("postgres://{user}{secret}@{}:{}/{database}", encoded(&self.host), self.port)
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        let options =
            PgConnectOptions::new_without_pgpass().port(self.port).username(&self.user).database(database);
        let options = if self.password.is_empty() { options } else { options.password(&self.password) };
        if self.host.starts_with('/') { options.socket(&self.host) } else { options.host(&self.host) }
    }
}

/// A server that runs.
pub struct Server {
    pub runtime: Runtime,
    /// The superuser.
    pub admin: Address,
    pub version: String,
    /// The version that it can have.
    pub timescaledb: Option<String>,
    /// What is not PostgreSQL's own default.
    pub settings: Vec<(String, String)>,
    pub private: bool,
    plain_password: String,
    // Stops once nobody holds it.
    embedded: Option<Embedded>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// That of `BENCH_DATABASE_URL`, or a private one below `work`.
    pub fn start(work: &Path) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (admin, embedded) = match std::env::var("BENCH_DATABASE_URL") {
            Ok(url) => (address(&url), None),
            Err(_) => {
                let embedded =
                    runtime.block_on(Embedded::start(Some(&work.join("server")))).expect("a server");
                let host = embedded.socket().display().to_string();
                let admin = Address { host, port: 5432, user: "barlift".into(), password: String::new() };
                (admin, Some(embedded))
            }
        };
        let mut server = Self {
            runtime,
            admin,
            version: String::new(),
            timescaledb: None,
            settings: Vec::new(),
            private: embedded.is_some(),
            plain_password: format!("{:032x}", rand::random::<u128>()),
            embedded,
        };
        server.look();
        server
    }

    fn look(&mut self) {
        if self.private {
            // barlift's private servers have 2 GB.
            self.execute("postgres", "ALTER SYSTEM SET max_wal_size = '1GB'").expect("set");
            self.execute("postgres", "SELECT pg_reload_conf()").expect("set");
        }
        self.version = self.text("SHOW server_version").unwrap_or_default();
        let preloaded = self.text("SHOW shared_preload_libraries").unwrap_or_default();
        let available = "SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'";
        self.timescaledb = self.text(available).filter(|_| preloaded.contains("timescaledb"));
        self.settings = self.runtime.block_on(async {
            let mut connection = self.connect("postgres").await.expect("the server answers");
            let settings = sqlx::query_as(include_str!("sql/settings.sql")).fetch_all(&mut connection).await;
            settings.expect("its settings")
        });
    }

    /// An empty database with the extension where it is wanted and there, to which only superusers connect; for
    /// [`Storage::Plain`] one whose user cannot create extensions.
    pub fn fresh(&self, storage: Storage) -> Result<Database<'_>, String> {
        let name = format!("barlift_bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}"))?;
        let database = Database { server: self, address: self.admin.clone(), name };
        match storage {
            Storage::Hypertable if self.timescaledb.is_some() => {
                database.execute("CREATE EXTENSION timescaledb SCHEMA public")?;
                Ok(database)
            }
            Storage::Hypertable => Ok(database),
            Storage::Plain => self.give_to_plain_role(database),
        }
    }

    /// As README.md says it for a role that may not create anything.
    fn give_to_plain_role<'a>(&'a self, mut database: Database<'a>) -> Result<Database<'a>, String> {
        let made = format!("CREATE ROLE {PLAIN_ROLE} LOGIN");
        // It may be there.
        let _ = self.execute("postgres", &made);
        self.execute("postgres", &format!("ALTER ROLE {PLAIN_ROLE} PASSWORD '{}'", self.plain_password))?;
        for statement in [
            format!("GRANT CREATE ON SCHEMA public TO {PLAIN_ROLE}"),
            format!("CREATE SCHEMA barlift AUTHORIZATION {PLAIN_ROLE}"),
            format!("CREATE SCHEMA apalis AUTHORIZATION {PLAIN_ROLE}"),
            "CREATE EXTENSION hstore SCHEMA apalis".to_owned(),
        ] {
            database.execute(&statement)?;
        }
        database.address.user = PLAIN_ROLE.to_owned();
        database.address.password.clone_from(&self.plain_password);
        Ok(database)
    }

    /// So that no measurement pays for what came before it.
    pub fn checkpoint(&self) {
        self.execute("postgres", "CHECKPOINT").expect("a checkpoint");
    }

    async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.admin.options(database)).await
    }

    fn execute(&self, database: &str, sql: &str) -> Result<(), String> {
        self.runtime.block_on(async {
            let mut connection = self.connect(database).await.map_err(|e| e.to_string())?;
            let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
            done.map_err(|e| format!("{sql}: {e}"))?;
            connection.close().await.map_err(|e| e.to_string())
        })
    }

    fn text(&self, query: &'static str) -> Option<String> {
        self.runtime.block_on(async {
            let mut connection = self.connect("postgres").await.expect("the server answers");
            sqlx::query_scalar(query).fetch_optional(&mut connection).await.expect(query)
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails if it was never made, and who has named a server without the right to make it has none.
        let _ = self.execute("postgres", &format!("DROP ROLE IF EXISTS {PLAIN_ROLE}"));
        let Some(embedded) = self.embedded.take() else { return };
        let socket = embedded.socket().join(".s.PGSQL.5432");
        drop(embedded);
        // Its folder is removed next, and not under its feet.
        let deadline = Instant::now() + Duration::from_secs(30);
        while socket.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A database of one measurement; dropped with this.
pub struct Database<'a> {
    pub server: &'a Server,
    /// Of the user that the measured program is.
    pub address: Address,
    pub name: String,
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // It may be in use by the server's own workers.
        if let Err(e) = self.server.execute("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name))
        {
            eprintln!("{} stays: {e}", self.name);
        }
    }
}

impl Database<'_> {
    pub fn url(&self) -> String {
        self.address.url(&self.name)
    }

    /// As a superuser.
    pub fn execute(&self, sql: &str) -> Result<(), String> {
        self.server.execute(&self.name, sql)
    }

    /// Lets a table belong to the user that the measured program is.
    pub fn give(&self, table: &str) -> Result<(), String> {
        let user = self.address.user.replace('"', "\"\"");
        self.execute(&format!("ALTER TABLE {table} OWNER TO \"{user}\""))
    }

    /// As the user that the measured program is.
    pub async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.address.options(&self.name)).await
    }

    /// One number.
    pub fn number(&self, query: &str) -> Result<f64, String> {
        self.server.runtime.block_on(async {
            let mut connection = self.server.connect(&self.name).await.map_err(|e| e.to_string())?;
            let query = AssertSqlSafe(query.to_owned());
            sqlx::query_scalar(query).fetch_one(&mut connection).await.map_err(|e| e.to_string())
        })
    }

    /// Rows of a table, which have to be as many as were given.
    pub fn expect_rows(&self, table: &str, rows: u64) -> Result<(), String> {
        let found = self.number(&format!("SELECT count(*)::float8 FROM {table}"))?;
        if found == rows as f64 { Ok(()) } else { Err(format!("{table} has {found} rows, not {rows}")) }
    }

    /// MB of a table: all its chunks, their compressed parts and indexes.
    pub fn size_mb(&self, table: &str) -> Result<f64, String> {
        let there = self.number("SELECT count(*)::float8 FROM pg_extension WHERE extname = 'timescaledb'")?;
        let size = if there > 0.0 { "hypertable_size" } else { "pg_total_relation_size" };
        Ok(self.number(&format!("SELECT {size}('{table}')::float8"))? / 1e6)
    }
}

fn address(url: &str) -> Address {
    let url = url::Url::parse(url).expect("BENCH_DATABASE_URL is a URL");
    // Each peer would have to be told of them in its own way.
    assert!(url.query().is_none(), "BENCH_DATABASE_URL takes no options");
    Address {
        host: decoded(url.host_str().unwrap_or("localhost")),
        port: url.port().unwrap_or(5432),
        user: decoded(url.username()),
        password: decoded(url.password().unwrap_or_default()),
    }
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out: Vec<u8> = parts.next().unwrap_or_default().into();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).expect("%XX");
        out.push(u8::from_str_radix(code, 16).expect("%XX"));
        out.extend(rest.as_bytes());
    }
    String::from_utf8(out).expect("UTF-8")
}

/// Everything but what is plain in any place of a URL as %XX.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).into() } else { format!("%{b:02X}") }).collect()
}
