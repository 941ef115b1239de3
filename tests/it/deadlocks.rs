//! No transaction ends another one by a deadlock, and every file reaches its end: three processes import many small
//! files, some of which cannot be read, and export their spans. Meanwhile commands are given, bars are saved, series
//! merged, a verification runs, and another one waits for the import.
//!
//! A short run is among the tests; `BARLIFT_LOCKS=long` makes it a long one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use barlift::bar::{Bars, Ohlcv, SeriesName};
use barlift::config::OnConflict;
use barlift::error::{Error, Result};
use barlift::model::OperationId;
use barlift::operation::control::{self, Changed, Selection};
use barlift::repository::data::{DataRepository, Renaming};
use barlift::task;
use nix::sys::signal::Signal;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::Mutex;

use crate::support::collector::Collector;
use crate::support::{Child, Folder, TestDatabase, bars, within};
use crate::tracing::traced;

const WORKERS: usize = 3;

/// Files of one series, in folders of their own.
const FILES_A_SERIES: u64 = 4;

/// Commands of each person.
const ROUNDS: i64 = 8;

/// How long any part may take; a long run on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(600);

/// 2034-01-01, in seconds: where people save bars.
const SAVED_FROM: i64 = 2_019_686_400;

/// 2035-01-01: from where on bars are merged.
const MERGED_FROM: i64 = 2_051_222_400;

fn bar_at(seconds: i64) -> Bars {
    let mut bars = Bars::default();
    bars.push(seconds * 1_000_000, Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0));
    bars
}

/// A folder of small files.
struct Work {
    series: u64,
    /// Of a hundred files, how many cannot be read.
    failing: u64,
}

impl Work {
    fn new(failing: u64) -> Self {
        let long = std::env::var("BARLIFT_LOCKS").is_ok_and(|v| v == "long");
        Self { series: if long { 1_000 } else { 75 }, failing }
    }

    fn symbol(series: u64) -> String {
        format!("S{series:04}")
    }

    /// Spread over all series.
    fn fails(&self, series: u64, file: u64) -> bool {
        (series * FILES_A_SERIES + file) * 37 % 100 < self.failing
    }

    fn rows(series: u64, file: u64) -> usize {
        usize::try_from(5 + (series + 3 * file) % 11).expect("small")
    }

    fn files(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..self.series).flat_map(|series| (0..FILES_A_SERIES).map(move |file| (series, file)))
    }

    fn write(&self, folder: &Folder) {
        for (series, file) in self.files() {
            let text = if self.fails(series, file) {
                "timestamp,open,high,low,volume\n2024-01-01T00:00:00Z,1,2,0.5,10\n".to_owned()
            } else {
                bars(Self::rows(series, file), series)
            };
            folder.write(&format!("{file}/{}_1m.csv", Self::symbol(series)), text);
        }
    }

    fn good(&self) -> i64 {
        int(self.files().filter(|(s, f)| !self.fails(*s, *f)).count())
    }

    fn failed(&self) -> i64 {
        int(self.files().count()) - self.good()
    }

    /// Each bar once: a series has those of its longest file.
    fn bars(&self) -> i64 {
        let longest = |series| {
            let rows = (0..FILES_A_SERIES).filter(|f| !self.fails(series, *f)).map(|f| Self::rows(series, f));
            rows.max().unwrap_or(0)
        };
        int((0..self.series).map(longest).sum())
    }

    /// Series none of whose files fails.
    fn sound_series(&self) -> i64 {
        int((0..self.series).filter(|s| (0..FILES_A_SERIES).all(|f| !self.fails(*s, f))).count())
    }
}

fn int(n: usize) -> i64 {
    i64::try_from(n).expect("small")
}

/// What is enqueued: an import, the verification that waits for it, and one that does not.
#[derive(Clone)]
struct Operations {
    import: OperationId,
    dependent: OperationId,
    verification: OperationId,
}

impl Operations {
    async fn enqueue(database: &TestDatabase, collector: &Collector, folder: &Folder) -> Self {
        let enqueue = async |arguments: &[&str]| {
            let arguments = [&["enqueue"], arguments, &[folder.arg(), "--json"]].concat();
            traced(database, collector, &arguments).run().await.json(0)
        };
        let id = |v: &Value| OperationId(v["operation_id"].as_str().expect("an id").to_owned());
        let import = enqueue(&["import", "--verify"]).await;
        let verification = enqueue(&["verify"]).await;
        Self { import: id(&import), dependent: id(&import["verification"]), verification: id(&verification) }
    }
}

/// What people do, each something else: [`KINDS`].
#[derive(Clone)]
struct People {
    pool: PgPool,
    operations: Operations,
    series: u64,
    attempts: i64,
}

const KINDS: usize = 7;

impl People {
    /// A command every time when a share of the files has been tried.
    async fn meddle(self, kind: usize) {
        for round in 1..=ROUNDS {
            let share = self.attempts * round / (ROUNDS + 1);
            within(PATIENCE, "so many files are tried", || async {
                let tried = "SELECT count(*) FROM barlift.attempts WHERE finished_at IS NOT NULL";
                let tried: i64 = sqlx::query_scalar(tried).fetch_one(&self.pool).await.expect(tried);
                (tried >= share).then_some(())
            })
            .await;
            self.command(kind, round).await;
        }
    }

    async fn command(&self, kind: usize, round: i64) {
        let (pool, id) = (&self.pool, &self.operations.import);
        let every = |n: u64| Selection {
            symbols: (0..self.series)
                .filter(|s| (s + round.unsigned_abs()).is_multiple_of(n))
                .map(Work::symbol)
                .collect(),
            timeframes: Vec::new(),
        };
        match kind {
            0 => {
                allowed(control::pause(pool, id).await);
                allowed(control::resume(pool, id).await);
            }
            1 => {
                allowed(control::cancel(pool, id, &every(5)).await);
                allowed(control::retry(pool, id, &every(5), true).await);
            }
            2 => allowed(control::retry(pool, id, &every(9), false).await),
            3 => {
                // In turn, so that both are worked at all the time.
                let other = &self.operations.verification;
                let (first, second) = if round % 2 == 0 { (id, other) } else { (other, id) };
                allowed(control::prioritize(pool, first, 10).await);
                allowed(control::prioritize(pool, second, 0).await);
            }
            4 => {
                allowed(control::cancel(pool, id, &Selection::default()).await);
                self.retry_all().await;
            }
            5 => self.save(round).await,
            _ => self.merge(round).await,
        }
    }

    /// Cancelling an import cancels what waits for it.
    async fn retry_all(&self) {
        for id in [&self.operations.import, &self.operations.dependent] {
            allowed(control::retry(&self.pool, id, &Selection::default(), true).await);
        }
    }

    /// A bar of another series goes into each one, years away from those of the files and those that are saved.
    async fn merge(&self, round: i64) {
        let repository = DataRepository::new(self.pool.clone());
        for series in 0..self.series {
            let name = |symbol: String| SeriesName { symbol, timeframe: "1m".to_owned() };
            let from = name(format!("FROM_{}", Work::symbol(series)));
            let to = name(Work::symbol(series));
            repository.save(&from.symbol, "1m", &bar_at(MERGED_FROM + round * 60)).await.expect("saved");
            match repository.merge(&Renaming { from, to }, OnConflict::Fail).await {
                Ok(merged) => assert_eq!((merged.equal, merged.conflicts), (0, 0)),
                // The other series may not be there yet.
                Err(Error::NotFound { .. }) => {}
                Err(e) => assert!(e.to_string().contains("saving or merging"), "{}", e.chain()),
            }
        }
    }

    /// A bar of each series, years away from those of the files.
    async fn save(&self, round: i64) {
        let repository = DataRepository::new(self.pool.clone());
        for series in 0..self.series {
            let bars = bar_at(SAVED_FROM + round * 60);
            match repository.save(&Work::symbol(series), "1m", &bars).await {
                Ok(saved) => assert_eq!(saved, 1),
                // In a columnstore only one may write a series at a time.
                Err(e) => assert!(e.to_string().contains("is being imported right now"), "{}", e.chain()),
            }
        }
    }
}

/// What the operation's state does not allow is refused; nothing else goes wrong.
fn allowed(done: Result<Changed>) {
    if let Err(e) = done {
        assert!(matches!(e, Error::Usage { .. }), "{}", e.chain());
    }
}

/// What every worker does once a lease, all the time.
async fn sweep(pool: PgPool, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        task::push_orphaned(&pool).await.expect("pushed");
        task::wake_orphaned(&pool).await.expect("woken");
        task::end_orphaned(&pool, || ()).await.expect("ended");
        task::begin_missed_dependents(&pool).await.expect("begun");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn start_workers(database: &TestDatabase, collector: &Collector) -> Vec<Child> {
    let worker = || {
        traced(database, collector, &["worker", "--concurrency", "4"])
            .env("BARLIFT__WORKER__LEASE", "30s")
            .env("BARLIFT__DATABASE__MAX_CONNECTIONS", "7")
            .spawn()
    };
    (0..WORKERS).map(|_| worker()).collect()
}

async fn all_are_done(database: &TestDatabase) {
    within(PATIENCE, "all operations end", || async {
        let open = "SELECT count(*) FROM barlift.operations WHERE finished_at IS NULL";
        (database.scalar::<i64>(open).await == 0).then_some(())
    })
    .await;
}

/// The dependent and the one that waits for nothing.
const VERIFICATIONS: i64 = 2;

async fn check(database: &TestDatabase, work: &Work) {
    for (what, query, wanted) in [
        (
            "files are imported, with counters that are right",
            "SELECT count(*) FROM barlift.tasks
             WHERE starts_with(operation_id, 'op_migration') AND state = 'succeeded' AND rows > 0
               AND rows = rows_imported + rows_skipped AND error_class IS NULL",
            work.good(),
        ),
        (
            "files fail, and say why",
            "SELECT count(*) FROM barlift.tasks
             WHERE starts_with(operation_id, 'op_migration') AND state = 'failed' AND rows = 0
               AND error_class = 'permanent' AND error_message LIKE '%close%'",
            work.failed(),
        ),
        (
            "bars are there, each once",
            "SELECT count(*) FROM barlift.bars WHERE time < '2034-01-01Z'",
            work.bars(),
        ),
        (
            "rows are counted as imported once",
            "SELECT coalesce(sum(rows_imported), 0)::bigint FROM barlift.tasks",
            work.bars(),
        ),
        (
            "series are verified",
            "SELECT count(*) FROM barlift.tasks
             WHERE starts_with(operation_id, 'op_verify') AND state = 'succeeded' AND verdict IS NOT NULL",
            VERIFICATIONS * work.sound_series(),
        ),
        (
            "series with a file that cannot be read are not",
            "SELECT count(*) FROM barlift.tasks WHERE starts_with(operation_id, 'op_verify') AND state = 'failed'",
            VERIFICATIONS * (int(usize::try_from(work.series).expect("small")) - work.sound_series()),
        ),
        ("workers died", "SELECT count(*) FROM barlift.attempts WHERE outcome = 'rescued'", 0),
        (
            "attempts were left without an end",
            "SELECT count(*) FROM barlift.attempts WHERE outcome IS NULL",
            0,
        ),
        ("series are held by nobody", "SELECT count(held_by) FROM barlift.series", 0),
    ] {
        assert_eq!(database.scalar::<i64>(query).await, wanted, "{what}");
    }
}

/// The server adds a session's figures when it ends, if not before.
async fn deadlocks(url: &str) -> i64 {
    let connection = Mutex::new(PgConnection::connect(url).await.expect("connected"));
    within(PATIENCE, "the other sessions end", || async {
        let others = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        let others: i64 =
            sqlx::query_scalar(others).fetch_one(&mut *connection.lock().await).await.expect(others);
        (others == 0).then_some(())
    })
    .await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    sqlx::query_scalar(deadlocks).fetch_one(&mut connection.into_inner()).await.expect(deadlocks)
}

/// One of these tests at a time: the server of all tests has 100 connections.
static TURN: Mutex<()> = Mutex::const_new(());

async fn no_deadlocks(failing: u64) {
    let _turn = TURN.lock().await;
    let (database, folder, work) = (TestDatabase::new().await, Folder::new(), Work::new(failing));
    work.write(&folder);
    let collector = Collector::start().await;
    let person = People {
        pool: database.pool.clone(),
        operations: Operations::enqueue(&database, &collector, &folder).await,
        series: work.series,
        attempts: int(work.files().count()),
    };
    let workers = start_workers(&database, &collector);
    let stop = Arc::new(AtomicBool::new(false));
    let sweeping = tokio::spawn(sweep(database.pool.clone(), Arc::clone(&stop)));
    let meddling = (0..KINDS).map(|kind| tokio::spawn(person.clone().meddle(kind)));
    for person in futures::future::join_all(meddling).await {
        person.expect("no panic");
    }
    // Whatever they left it in, it can be brought to its end.
    allowed(control::resume(&database.pool, &person.operations.import).await);
    person.retry_all().await;
    all_are_done(&database).await;
    stop.store(true, Ordering::Relaxed);
    sweeping.await.expect("no panic");
    for worker in workers {
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0));
    }
    check(&database, &work).await;
    drop(person);
    database.pool.close().await;
    assert_eq!(deadlocks(&database.url).await, 0, "deadlocks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_files_do_not_deadlock() {
    no_deadlocks(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_files_among_others_do_not_deadlock() {
    no_deadlocks(30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_files_do_not_deadlock() {
    no_deadlocks(100).await;
}

crate::support::also_on_the_columnstore! {
    failing_files_among_others_do_not_deadlock,
}
