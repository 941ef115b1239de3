//! One PostgreSQL for the whole run, and a database of its own for each test.
//!
//! The server is barlift's own embedded one, in a folder for this process alone; its keeper stops it when
//! the process is gone, however it ends.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use barlift::backend::Database;
use barlift::backend::embedded::Embedded;
use barlift::config::Layout;
use barlift::setup;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::OnceCell;

use super::skipped;

const TEMPLATE: &str = "barlift_template";
/// The same with the columnstore, where the server can.
const COLUMNS: &str = "barlift_columns";

thread_local! {
    /// What the databases of this thread's test are set up with.
    static STORAGE: Cell<Option<Layout>> = const { Cell::new(None) };
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
    STORAGE.set(Some(Layout::Columnstore));
    let outcome = std::panic::catch_unwind(test);
    STORAGE.set(None);
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// These tests of the module once more, on the columnstore. A test's databases are made on its own thread.
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

struct Server {
    embedded: Embedded,
    timescaledb: bool,
}

static SERVER: OnceCell<Server> = OnceCell::const_new();
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
            let server = Server { embedded, timescaledb };
            let mut admin = server.admin().await;
            // Durability is not what is tested here, and the tests wait for the disk otherwise.
            for setting in [
                "ALTER SYSTEM SET fsync = off",
                "SELECT pg_reload_conf()",
                "CREATE DATABASE barlift_template",
                "CREATE DATABASE barlift_columns",
            ] {
                sqlx::query(setting).execute(&mut admin).await.expect(setting);
            }
            prepare(&server.url(TEMPLATE), None).await;
            if server.timescaledb {
                prepare(&server.url(COLUMNS), Some(Layout::Columnstore)).await;
            }
            // TimescaleDB's own workers would count as users of the template, and nobody can copy it then.
            for statement in [
                "ALTER DATABASE barlift_template ALLOW_CONNECTIONS false",
                "ALTER DATABASE barlift_columns ALLOW_CONNECTIONS false",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname IN ('barlift_template', 'barlift_columns')",
            ] {
                sqlx::query(statement).execute(&mut admin).await.expect(statement);
            }
            server
        })
        .await
}

/// The folder of `initdb` and `pg_ctl`: the installation that barlift itself finds and uses.
pub async fn installation() -> PathBuf {
    let psql = server().await.embedded.psql();
    psql.parent().expect("a folder").to_path_buf()
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
        let socket = self.embedded.socket().display().to_string().replace('/', "%2F");
        format!("postgres://barlift@{socket}/{database}")
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.url("postgres")).await.expect("the server answers")
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
        let server = server().await;
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut admin = server.admin().await;
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // Copies of one template wait for each other only if they begin at the same moment.
        sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut admin).await.expect("locked");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut admin)
            .await
            .expect("a copy of the template");
        admin.close().await.expect("closed");
        Self::at(server.url(&name)).await
    }

    /// A database that is there already.
    pub async fn at(url: String) -> Self {
        // As barlift's own sessions: apalis's things lie in its schema.
        let options: PgConnectOptions = url.parse().expect("a URL");
        let pool = PgPool::connect_with(options.options([("search_path", "apalis,public")]))
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
