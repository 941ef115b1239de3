//! One PostgreSQL for the whole run, and one database for each test.
//!
//! The server is barlift's private one, in a folder of this process; its keeper stops it when the process is gone,
//! however it ends. Tests that run over TCP share a second server, with passwords.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use barlift::config::Layout;
use barlift::db::Database;
use barlift::db::embedded::Embedded;
use barlift::setup;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::OnceCell;

use super::{PrivateServer, skipped};

const TEMPLATE: &str = "barlift_template";
/// The same with the columnstore, where the server can.
const COLUMNS: &str = "barlift_columns";

thread_local! {
    /// What the databases of this thread's test are set up with.
    static STORAGE: Cell<Option<Layout>> = const { Cell::new(None) };
    /// Over TCP, on databases whose defaults are as bad as an administrator can make them: their isolation level.
    static FAR: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Whether this thread's test runs on the columnstore.
pub fn is_on_the_columnstore() -> bool {
    STORAGE.get().is_some()
}

/// Why tests of hypertables and of the columnstore are skipped.
pub const NO_TIMESCALEDB: &str = "the server does not have the extension timescaledb";

/// Runs a test on the columnstore, or says that it is skipped.
pub fn on_the_columnstore(test: fn()) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if !runtime.block_on(server()).timescaledb {
        skipped(NO_TIMESCALEDB);
        return;
    }
    with(&STORAGE, Some(Layout::Columnstore), test);
}

/// Runs a test over TCP, on databases with hostile defaults.
pub fn over_tcp_with_hostile_defaults(name: &str, test: fn()) {
    let isolation = if name.len().is_multiple_of(2) { "repeatable read" } else { "serializable" };
    with(&FAR, Some(isolation), test);
}

/// A test's databases are made on its own thread.
fn with<T: Default>(setting: &'static std::thread::LocalKey<Cell<T>>, value: T, test: fn()) {
    setting.set(value);
    let outcome = std::panic::catch_unwind(test);
    setting.set(T::default());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// These tests of the module once more, on the columnstore.
macro_rules! also_on_the_columnstore {
    ($($test:ident),+ $(,)?) => {
        mod on_the_columnstore {
            $(#[test]
            fn $test() {
                crate::support::on_the_columnstore(super::$test);
            })+
        }
    };
}
pub(crate) use also_on_the_columnstore;

/// These tests of the module once more, over TCP and on databases with hostile defaults.
macro_rules! also_over_tcp_with_hostile_defaults {
    ($($test:ident),+ $(,)?) => {
        mod over_tcp_with_hostile_defaults {
            $(#[test]
            fn $test() {
                crate::support::over_tcp_with_hostile_defaults(stringify!($test), super::$test);
            })+
        }
    };
}
pub(crate) use also_over_tcp_with_hostile_defaults;

struct Server {
    process: Process,
    timescaledb: bool,
}

enum Process {
    Embedded(Embedded),
    Private(PrivateServer),
}

static SERVER: OnceCell<Server> = OnceCell::const_new();
static TCP_SERVER: OnceCell<Server> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A folder that the user who runs the server may pass (root's server is run by another user).
pub fn server_directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("barlift-test-").tempdir_in("/tmp").expect("a folder");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    directory
}

async fn server() -> &'static Server {
    SERVER
        .get_or_init(|| async {
            remove_old_servers();
            let directory = server_directory().keep();
            let embedded = Embedded::start(Some(&directory.join("server"))).await.expect("a server");
            let timescaledb = has_timescaledb(&embedded).await;
            let server = Server { process: Process::Embedded(embedded), timescaledb };
            // Durability is not what is tested here, and the tests wait for the disk otherwise.
            server.execute("ALTER SYSTEM SET fsync = off").await;
            server.execute("SELECT pg_reload_conf()").await;
            server.make_templates().await;
            server
        })
        .await
}

async fn tcp_server() -> &'static Server {
    TCP_SERVER
        .get_or_init(|| async {
            let private = PrivateServer::start().await;
            let timescaledb = private.has_timescaledb();
            let server = Server { process: Process::Private(private), timescaledb };
            server.make_templates().await;
            server
        })
        .await
}

/// The folder of `initdb` and `pg_ctl`: the installation that barlift itself finds and uses.
pub async fn installation() -> PathBuf {
    let Process::Embedded(embedded) = &server().await.process else { panic!("the first server is embedded") };
    embedded.psql().parent().expect("a folder").to_path_buf()
}

/// What earlier runs left behind: their servers are stopped, their folders are not removed by anybody.
fn remove_old_servers() {
    let Ok(entries) = std::fs::read_dir("/tmp") else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let ours = entry.file_name().to_string_lossy().starts_with("barlift-test-");
        let stopped = path.join("server/data").exists() && !path.join("server/data/postmaster.pid").exists();
        if ours && stopped {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

async fn has_timescaledb(server: &Embedded) -> bool {
    let options = server.connect_options().database("postgres");
    let mut admin = PgConnection::connect_with(&options).await.expect("the server answers");
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')")
        .fetch_one(&mut admin)
        .await
        .expect("asked")
}

async fn prepare(url: &str, storage: Option<Layout>) {
    let mut config = config(url);
    config.database.storage = storage;
    let database = Database::connect(&config).await.expect("connected");
    setup::setup(&database, &config.database).await.expect("set up");
    database.pool.close().await;
}

fn config(url: &str) -> barlift::config::Config {
    barlift::config::load(None, &[("database.url", url.to_owned())]).expect("defaults")
}

impl Server {
    fn url(&self, database: &str) -> String {
        match &self.process {
            Process::Embedded(embedded) => {
                let socket = embedded.socket().display().to_string().replace('/', "%2F");
                format!("postgres://barlift@{socket}/{database}")
            }
            Process::Private(private) => private.admin_url(database),
        }
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.url("postgres")).await.expect("the server answers")
    }

    async fn execute(&self, statement: &'static str) {
        sqlx::query(statement).execute(&mut self.admin().await).await.expect(statement);
    }

    async fn make_templates(&self) {
        self.execute("CREATE DATABASE barlift_template").await;
        self.execute("CREATE DATABASE barlift_columns").await;
        prepare(&self.url(TEMPLATE), None).await;
        if self.timescaledb {
            prepare(&self.url(COLUMNS), Some(Layout::Columnstore)).await;
        }
        // TimescaleDB's own workers would count as users of the template, and nobody can copy it then.
        for statement in [
            "ALTER DATABASE barlift_template ALLOW_CONNECTIONS false",
            "ALTER DATABASE barlift_columns ALLOW_CONNECTIONS false",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname IN ('barlift_template', 'barlift_columns')",
        ] {
            self.execute(statement).await;
        }
    }
}

/// What the tests' own sessions set, whatever the defaults of the database are. apalis's things lie in its schema.
const SESSION: [(&str, &str); 7] = [
    ("search_path", "apalis,public"),
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("extra_float_digits", "1"),
];

/// Like [`SESSION`]. Servers before PostgreSQL 17 do not have it, and refuse a session that names it as it begins.
async fn no_transaction_timeout(session: &mut PgConnection) -> sqlx::Result<()> {
    let set = "SELECT set_config('transaction_timeout', '0', false)
               WHERE current_setting('transaction_timeout', true) IS NOT NULL";
    sqlx::query(set).execute(session).await.map(|_| ())
}

/// Settings that nobody who sets what he relies on takes note of. Not every server has all of them.
const HOSTILE_SETTINGS: [(&str, &str); 16] = [
    ("default_transaction_deferrable", "on"),
    ("statement_timeout", "1s"),
    ("lock_timeout", "20ms"),
    ("transaction_timeout", "500ms"),
    ("idle_in_transaction_session_timeout", "100ms"),
    ("idle_session_timeout", "500ms"),
    ("temp_file_limit", "1MB"),
    ("search_path", "\"$user\""),
    ("TimeZone", "Asia/Kathmandu"),
    ("DateStyle", "German, DMY"),
    ("IntervalStyle", "sql_standard"),
    ("extra_float_digits", "-10"),
    ("bytea_output", "escape"),
    ("standard_conforming_strings", "off"),
    ("client_min_messages", "debug1"),
    ("random_page_cost", "1000"),
];

/// Gives a database such defaults.
pub async fn make_hostile(admin: &mut PgConnection, database: &str, isolation: &str) {
    let settings = HOSTILE_SETTINGS.into_iter().chain([("default_transaction_isolation", isolation)]);
    for (name, value) in settings {
        let known: bool = sqlx::query_scalar("SELECT current_setting($1, true) IS NOT NULL")
            .bind(name)
            .fetch_one(&mut *admin)
            .await
            .expect("asked");
        if known {
            // A list of names is no list in quotes.
            let value = if name == "search_path" { value.to_owned() } else { format!("'{value}'") };
            let statement = format!("ALTER DATABASE {database} SET {name} = {value}");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *admin).await.expect(name);
        }
    }
}

/// A database of one test.
pub struct TestDatabase {
    pub url: String,
    pub pool: PgPool,
    /// Whether bars are a hypertable.
    pub timescaledb: bool,
}

impl TestDatabase {
    /// A database that is set up.
    pub async fn new() -> Self {
        Self::create(if STORAGE.get().is_some() { COLUMNS } else { TEMPLATE }).await
    }

    /// A database that is not set up.
    pub async fn empty() -> Self {
        Self::create("template1").await
    }

    async fn create(template: &str) -> Self {
        let server = if FAR.get().is_some() { tcp_server().await } else { server().await };
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut admin = server.admin().await;
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // Copies of one template wait for each other only if they begin at the same moment.
        sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut admin).await.expect("locked");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut admin)
            .await
            .expect("a copy of the template");
        if let Some(isolation) = FAR.get() {
            make_hostile(&mut admin, &name, isolation).await;
        }
        admin.close().await.expect("closed");
        Self::at(server.url(&name)).await
    }

    /// A database that is there already.
    pub async fn at(url: String) -> Self {
        let options: PgConnectOptions = url.parse().expect("a URL");
        let pool = PgPoolOptions::new()
            .after_connect(|session, _| Box::pin(no_transaction_timeout(session)))
            .connect_with(options.options(SESSION))
            .await
            .expect("connected");
        let timescaledb =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')")
                .fetch_one(&pool)
                .await
                .expect("asked");
        Self { url, pool, timescaledb }
    }

    /// Sets it up, as `barlift db setup` does.
    pub async fn set_up(&self) {
        prepare(&self.url, STORAGE.get()).await;
    }

    /// The latest job of the newest task.
    pub async fn newest_job(&self) -> barlift::queue::Job {
        sqlx::query_as(
            "SELECT o.type AS kind, t.operation_id, t.id AS task_id, t.pushes
             FROM barlift.tasks t
             JOIN barlift.operations o ON o.id = t.operation_id
             ORDER BY t.id DESC
             LIMIT 1",
        )
        .fetch_one(&self.pool)
        .await
        .expect("a task")
    }

    /// One value.
    pub async fn scalar<T>(&self, query: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(query).fetch_one(&self.pool).await.expect(query)
    }

    pub async fn execute(&self, query: &'static str) {
        sqlx::query(query).execute(&self.pool).await.expect(query);
    }

    /// How many bars there are.
    pub async fn bars(&self) -> i64 {
        self.scalar("SELECT count(*) FROM barlift.bars").await
    }
}
