//! What every test needs: a database of its own, folders of CSV files, the program, and waiting for what is expected.

mod bar_files;
pub mod collector;
mod database;
pub mod doc_blocks;
mod pooler;
mod program;
mod server;
mod skips;
pub mod verification;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use bar_files::BarFiles;
pub use database::{
    NO_TIMESCALEDB, TestDatabase, installation, is_on_the_columnstore, make_hostile, on_the_columnstore,
    over_tcp_with_hostile_defaults, server_directory,
};
pub(crate) use database::{also_on_the_columnstore, also_over_tcp_with_hostile_defaults};
pub use pooler::{Mode, Pooler};
pub use program::{
    Child, Program, Run, WORKING_PROCESSES, barlift, barlift_alone, drain, enqueue, program_alone,
};
pub use server::{PrivateServer, encoded};
pub use skips::skipped;

/// A client for what tests start.
pub fn http_client() -> reqwest::Client {
    // It needs a choice even without TLS; another test may have made it.
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Polls until `check` gives something; panics with `what` after a minute.
pub async fn eventually<T, F>(what: &str, check: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    within(Duration::from_secs(60), what, check).await
}

/// The same with another limit.
pub async fn within<T, F>(limit: Duration, what: &str, mut check: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A folder of files, gone at the end.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn arg(&self) -> &str {
        self.path().to_str().expect("UTF-8")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, content).expect("written");
        path
    }
}

pub const HEADER: &str = "timestamp,open,high,low,close,volume\n";

/// `rows` sound minute bars from 2024-01-01 on; `seed` tells series apart.
pub fn bars(rows: usize, seed: u64) -> String {
    let mut text = String::from(HEADER);
    for i in 0..rows {
        text.push_str(&bar(i, seed));
    }
    text
}

/// The `i`-th line of [`bars`].
pub fn bar(i: usize, seed: u64) -> String {
    let start = jiff::Timestamp::from_second(1_704_067_200).expect("in range");
    let time = start + jiff::SignedDuration::from_mins(i64::try_from(i).expect("small"));
    let open = 100.0 + f64::from(u32::try_from((i as u64 * 7 + seed * 13) % 100).expect("small")) / 7.0;
    let mut line = String::new();
    writeln!(line, "{time},{open},{},{},{},{}", open + 1.5, open - 1.25, open + 0.1, (i * 3) % 1000)
        .expect("a string takes everything");
    line
}

/// Imports stop in front of this row until the lock is let go of.
pub async fn hold_back(database: &TestDatabase) -> sqlx::Transaction<'static, sqlx::Postgres> {
    database
        .execute(
            "CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.time = '2024-01-01 08:20Z' THEN PERFORM pg_advisory_xact_lock(77); END IF;
                 RETURN NEW;
             END $$",
        )
        .await;
    database
        .execute("CREATE TRIGGER hold_back BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION hold_back()")
        .await;
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT pg_advisory_xact_lock(77)").execute(&mut *holder).await.expect("locked");
    holder
}

/// Waits until the tasks have so many rows.
pub async fn wait_for_rows(database: &TestDatabase, rows: i64) {
    eventually("the task gets to its middle", || async {
        (database.scalar::<Option<i64>>("SELECT sum(rows)::bigint FROM barlift.tasks").await == Some(rows))
            .then_some(())
    })
    .await;
}

/// A port that nobody has now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    listener.local_addr().expect("an address").port()
}
