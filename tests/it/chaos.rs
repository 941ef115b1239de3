//! Everything at once: workers killed and frozen, the server restarted and its backends terminated, while bars are
//! imported; at the end every row is there exactly once.
//!
//! What is done, and when (at which share of the rows), follows from a seed. A short run is among the tests;
//! `BARLIFT_CHAOS=long` makes it a long one, `BARLIFT_CHAOS_SEED` another one. docs/reliability.md has the figures.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use sqlx::Row as _;

use crate::archives::gzipped;
use crate::support::collector::Collector;
use crate::support::{
    Child, Folder, HEADER, PrivateServer, TestDatabase, bar, barlift, eventually, is_on_the_columnstore,
};
use crate::tracing::traced;

const WORKERS: usize = 3;

/// Longer than a lease, so that a frozen worker's files are taken over before it wakes.
const LONG_FREEZE: Duration = Duration::from_millis(3500);
const SHORT_FREEZE: Duration = Duration::from_millis(700);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// SIGKILL; another worker takes its place.
    Kill(usize),
    /// SIGSTOP, and SIGCONT when others have its files.
    FreezePastTheLease(usize),
    /// SIGSTOP, and SIGCONT in time.
    FreezeShortly(usize),
    /// `pg_ctl restart --mode immediate`.
    RestartServer,
    /// `pg_terminate_backend` for every session of barlift.
    TerminateBackends,
}

/// What happens once so many of a thousand rows are committed.
type Plan = Vec<(u64, Fault)>;

/// splitmix64: the same numbers on every machine and in every version.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Each kind of fault comes, in an order and at moments that the seed decides.
fn plan(seed: u64, faults: usize) -> Plan {
    let mut random = Random(seed);
    let mut plan: Plan = (0..faults)
        .map(|i| {
            let worker = usize::try_from(random.below(WORKERS as u64)).expect("small");
            let fault = match i % 7 {
                0 | 3 => Fault::Kill(worker),
                1 => Fault::RestartServer,
                2 | 5 => Fault::TerminateBackends,
                4 => Fault::FreezePastTheLease(worker),
                _ => Fault::FreezeShortly(worker),
            };
            // All of it in the first nine tenths, so that every fault meets work.
            (random.below(900), fault)
        })
        .collect();
    plan.sort();
    plan
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    assert_eq!(plan(7, 40), plan(7, 40));
    assert_ne!(plan(7, 40), plan(8, 40));
    let kinds: HashSet<_> = plan(1, 7).iter().map(|(_, f)| std::mem::discriminant(f)).collect();
    assert_eq!(kinds.len(), 5);
}

/// What is imported: sound bars, rows that are none, repeats, and bars that the database has already.
struct Work {
    files: u64,
    rows: u64,
}

/// What must come of one file.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    rows: i64,
    imported: i64,
    skipped: i64,
    mismatched: i64,
    rejected: i64,
    duplicate: i64,
}

/// Bars by symbol and time, as the bits of their values.
type Bars = BTreeMap<(String, i64), [u64; 5]>;

impl Work {
    fn symbol(i: u64) -> String {
        format!("S{i:03}")
    }

    /// Every fifth file finds some of its bars there, and some of those with another close.
    fn there_before(i: u64) -> std::ops::Range<u64> {
        if i.is_multiple_of(5) { 10..25 } else { 0..0 }
    }

    fn differs(row: u64) -> bool {
        row >= 20
    }

    /// Files of the bars that are there before.
    fn write_before(&self, folder: &Folder) {
        for i in (0..self.files).filter(|i| !Self::there_before(*i).is_empty()) {
            let mut text = String::from(HEADER);
            for row in Self::there_before(i) {
                let line = line(row, i);
                text.push_str(&if Self::differs(row) { other_close(&line) } else { line });
            }
            folder.write(&format!("{}_1m.csv", Self::symbol(i)), text);
        }
    }

    /// The last symbols stand in files of ten.
    const TOGETHER: u64 = 20;

    /// What stands in the files for one row of a symbol: more lines than the bar for some rows.
    fn lines(row: u64, i: u64) -> Vec<String> {
        let line = line(row, i);
        let mut lines = vec![line.clone()];
        if row % 97 == 50 {
            lines.push("no time,1,2,0.5,1,10\n".to_owned());
        }
        if row % 151 == 100 {
            lines.push(line);
        }
        lines
    }

    /// Files with the bars of several symbols, minute by minute.
    fn write_together(&self, folder: &Folder) {
        let symbols: Vec<u64> = (self.files - Self::TOGETHER..self.files).collect();
        for (file, symbols) in symbols.chunks(10).enumerate() {
            let mut text = HEADER.replace('\n', ",ticker\n");
            for row in 0..self.rows {
                for i in symbols {
                    for line in Self::lines(row, *i) {
                        text.push_str(&line.replace('\n', &format!(",{}\n", Self::symbol(*i))));
                    }
                }
            }
            folder.write(&format!("2024-01-0{}.csv.gz", file + 1), gzipped(&text));
        }
    }

    /// The files, and what must come of each symbol.
    fn write(&self, folder: &Folder) -> BTreeMap<String, Counts> {
        self.write_together(folder);
        (0..self.files)
            .map(|i| {
                let text: String = std::iter::once(HEADER.to_owned())
                    .chain((0..self.rows).flat_map(|row| Self::lines(row, i)))
                    .collect();
                let rejected = (0..self.rows).filter(|row| row % 97 == 50).count();
                let duplicate = (0..self.rows).filter(|row| row % 151 == 100).count();
                let (rejected, duplicate) = (int(rejected), int(duplicate));
                // Some of them compressed: what was read before a fault is decoded again.
                match i % 3 {
                    _ if i >= self.files - Self::TOGETHER => {}
                    1 => drop(folder.write(&format!("{}_1m.csv.gz", Self::symbol(i)), gzipped(&text))),
                    _ => drop(folder.write(&format!("{}_1m.csv", Self::symbol(i)), text)),
                }
                let before = Self::there_before(i);
                let mismatched = before.clone().filter(|r| Self::differs(*r)).count();
                let (there, mismatched) = (int(before.count()), int(mismatched));
                let bars = i64::try_from(self.rows).expect("small");
                let counts = Counts {
                    rows: bars + rejected + duplicate,
                    imported: bars - there,
                    skipped: there - mismatched,
                    mismatched,
                    rejected,
                    duplicate,
                };
                (Self::symbol(i), counts)
            })
            .collect()
    }

    /// The bars that must be there at the end: where they differed, the database's.
    fn bars(&self) -> Bars {
        let mut out = Bars::new();
        for i in 0..self.files {
            for row in 0..self.rows {
                let line = line(row, i);
                let kept = Self::there_before(i).contains(&row) && Self::differs(row);
                let (time, values) = parsed(&if kept { other_close(&line) } else { line });
                out.insert((Self::symbol(i), time), values);
            }
        }
        out
    }
}

fn int(n: usize) -> i64 {
    i64::try_from(n).expect("small")
}

fn line(row: u64, series: u64) -> String {
    bar(usize::try_from(row).expect("small"), series)
}

/// The same bar with the high as its close.
fn other_close(line: &str) -> String {
    let fields: Vec<&str> = line.trim_end().split(',').collect();
    format!("{},{},{},{},{},{}\n", fields[0], fields[1], fields[2], fields[3], fields[2], fields[5])
}

fn parsed(line: &str) -> (i64, [u64; 5]) {
    let mut fields = line.trim_end().split(',');
    let time: jiff::Timestamp = fields.next().expect("a time").parse().expect("a time");
    let values = fields.map(|f| f.parse::<f64>().expect("a number").to_bits()).collect::<Vec<_>>();
    (time.as_second(), values.try_into().expect("values"))
}

/// The worker processes, and what was done to them.
struct Fleet {
    database: TestDatabase,
    collector: Collector,
    workers: Vec<Child>,
    done: BTreeMap<&'static str, usize>,
}

impl Fleet {
    fn start(database: TestDatabase, collector: Collector) -> Self {
        let mut fleet = Self { database, collector, workers: Vec::new(), done: BTreeMap::new() };
        fleet.workers = (0..WORKERS).map(|_| fleet.worker()).collect();
        fleet
    }

    fn worker(&self) -> Child {
        let arguments = ["worker", "--concurrency", "2"];
        traced(&self.database, &self.collector, &arguments)
            .env("BARLIFT__IMPORT__BATCH_ROWS", if is_on_the_columnstore() { "400" } else { "100" })
            // A file that is hit again and again by chance is not the one that kills its workers.
            .env("BARLIFT__RETRY__MAX_RESCUES", "1000")
            .spawn()
    }

    async fn inject(&mut self, fault: Fault, server: &Arc<PrivateServer>) {
        let name = match fault {
            Fault::Kill(n) => {
                self.workers[n].signal(Signal::SIGKILL);
                self.workers[n] = self.worker();
                "SIGKILL"
            }
            Fault::FreezePastTheLease(n) => {
                self.freeze(n, LONG_FREEZE).await;
                "SIGSTOP past the lease"
            }
            Fault::FreezeShortly(n) => {
                self.freeze(n, SHORT_FREEZE).await;
                "SIGSTOP within the lease"
            }
            Fault::RestartServer => {
                let server = Arc::clone(server);
                tokio::task::spawn_blocking(move || server.restart_immediately()).await.expect("restarted");
                "immediate restart"
            }
            Fault::TerminateBackends => {
                self.terminate_backends().await;
                "backends terminated"
            }
        };
        *self.done.entry(name).or_default() += 1;
    }

    /// The others go on meanwhile.
    async fn freeze(&self, worker: usize, time: Duration) {
        self.workers[worker].signal(Signal::SIGSTOP);
        tokio::time::sleep(time).await;
        self.workers[worker].signal(Signal::SIGCONT);
    }

    async fn terminate_backends(&self) {
        eventually("backends are terminated", || async {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'barlift'",
            )
            .execute(&self.database.pool)
            .await
            .ok()
        })
        .await;
    }

    /// Rows committed so far; none while the server is away.
    async fn rows(&self) -> Option<i64> {
        sqlx::query_scalar("SELECT sum(rows)::bigint FROM barlift.tasks WHERE operation_id = (SELECT max(id) FROM barlift.operations)")
            .fetch_one(&self.database.pool)
            .await
            .ok()
    }

    async fn wait_for_share(&self, thousandths: u64, of: i64) {
        let wanted = of * i64::try_from(thousandths).expect("small") / 1000;
        let what = format!("{wanted} of {of} rows");
        eventually(&what, || async { self.rows().await.filter(|rows| *rows >= wanted) }).await;
    }

    async fn stop(&mut self) {
        for worker in self.workers.drain(..) {
            worker.signal(Signal::SIGTERM);
            assert_eq!(worker.wait().await, Some(0), "a worker that lived through it all ends well");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_is_there_exactly_once_whatever_happens() {
    let long = std::env::var("BARLIFT_CHAOS").is_ok_and(|v| v == "long");
    let seed = std::env::var("BARLIFT_CHAOS_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_260_101);
    let (mut work, faults) =
        if long { (Work { files: 300, rows: 10_000 }, 120) } else { (Work { files: 60, rows: 1_000 }, 10) };
    if is_on_the_columnstore() {
        // As many batches of a file, each large enough to be compressed as it is written.
        work.rows *= 4;
    }
    let server = Arc::new(PrivateServer::start().await);
    let database = server.database("chaos").await;
    let (before, folder) = (Folder::new(), Folder::new());
    work.write_before(&before);
    barlift(&database, &["import", before.arg(), "--json"]).run().await.json(0);
    let expected = work.write(&folder);
    let rows: i64 = expected.values().map(|c| c.rows).sum();

    let collector = Collector::start().await;
    let arguments = ["enqueue", "import", folder.arg(), "--max-attempts", "1000", "--json"];
    let operation = traced(&database, &collector, &arguments).run().await.json(0);
    let id = operation["operation_id"].as_str().expect("an id").to_owned();
    let started = Instant::now();
    let mut fleet = Fleet::start(database, collector);
    for (share, fault) in plan(seed, faults) {
        fleet.wait_for_share(share, rows).await;
        fleet.inject(fault, &server).await;
    }
    fleet.wait_for_share(1000, rows).await;
    let took = started.elapsed();
    let Fleet { database, done, .. } = &fleet;
    assert_eq!(done.values().sum::<usize>(), faults);
    eventually("the operation ends", || async {
        let state: Result<String, _> =
            sqlx::query_scalar("SELECT state FROM barlift.operations WHERE id = $1")
                .bind(&id)
                .fetch_one(&database.pool)
                .await;
        (state.ok()? == "succeeded").then_some(())
    })
    .await;

    let status = barlift(database, &["status", &id, "--json"]).run().await.json(0);
    let report = barlift(database, &["report", &id, "--json"]).run().await.json(0);
    check_counters(&status, &report, &expected);
    let bars = check_bars(database, &work.bars()).await;
    check_findings(database, &id, &expected).await;
    let attempts = outcomes(database, &id).await;
    let done = done.clone();
    // A worker that was killed while it sent some has a claim on them, and its attempts are told of after a lease.
    eventually("all spans are sent", || async {
        let owed = "SELECT (SELECT count(*) FROM barlift.attempts WHERE span_due_at IS NOT NULL)
                         + (SELECT count(*) FROM barlift.operations WHERE root_span_due_at IS NOT NULL)
                         + (SELECT count(*) FROM barlift.span_outbox)";
        (database.scalar::<i64>(owed).await == 0).then_some(())
    })
    .await;
    fleet.stop().await;
    let spans = check_trace(&fleet, attempts.values().sum());
    eprintln!(
        "seed {seed}: {} files, {rows} rows, {faults} faults {done:?} in {took:.1?}; attempts {attempts:?}; \
         {bars} bars compared bit by bit; {spans} spans",
        work.files
    );
}

fn check_counters(
    status: &serde_json::Value,
    report: &serde_json::Value,
    expected: &BTreeMap<String, Counts>,
) {
    let tasks = status["tasks"].as_array().expect("tasks").iter().filter(|task| task["symbol"] != "*");
    let several = report["series_imported"].as_array().expect("series");
    assert_eq!(tasks.clone().count() + several.len(), expected.len());
    for task in tasks.chain(several) {
        let n = |key: &str| task[key].as_i64().expect("a number");
        let counts = Counts {
            rows: n("rows"),
            imported: n("rows_imported"),
            skipped: n("rows_skipped"),
            mismatched: n("rows_mismatched"),
            rejected: n("rows_rejected"),
            duplicate: n("rows_duplicate"),
        };
        let symbol = task["symbol"].as_str().expect("a symbol");
        assert_eq!(counts, expected[symbol], "{symbol}");
    }
}

/// Returns how many bars were compared.
async fn check_bars(database: &TestDatabase, expected: &Bars) -> usize {
    let rows = sqlx::query(
        "SELECT symbol, extract(epoch FROM time)::bigint, open, high, low, close, volume FROM barlift.bars_named",
    )
    .fetch_all(&database.pool)
    .await
    .expect("bars");
    assert_eq!(rows.len(), expected.len());
    for row in &rows {
        let key = (row.get::<String, _>(0), row.get::<i64, _>(1));
        let values: [u64; 5] = std::array::from_fn(|i| row.get::<f64, _>(i + 2).to_bits());
        assert_eq!(Some(&values), expected.get(&key), "{key:?}");
    }
    rows.len()
}

/// Each rejected row and each mismatch is kept once.
async fn check_findings(database: &TestDatabase, id: &str, expected: &BTreeMap<String, Counts>) {
    for (query, wanted) in [
        (
            "SELECT count(*) FROM barlift.rejected_rows r JOIN barlift.tasks t ON t.id = r.task_id WHERE operation_id = $1",
            expected.values().map(|c| c.rejected).sum::<i64>(),
        ),
        (
            "SELECT count(*) FROM barlift.mismatches m JOIN barlift.tasks t ON t.id = m.task_id WHERE operation_id = $1",
            expected.values().map(|c| c.mismatched).sum::<i64>(),
        ),
    ] {
        let found: i64 = sqlx::query_scalar(query).bind(id).fetch_one(&database.pool).await.expect(query);
        assert_eq!(found, wanted);
    }
}

async fn outcomes(database: &TestDatabase, id: &str) -> BTreeMap<String, i64> {
    sqlx::query_as::<_, (String, i64)>(
        "SELECT a.outcome, count(*) FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id
         WHERE t.operation_id = $1 GROUP BY 1",
    )
    .bind(id)
    .fetch_all(&database.pool)
    .await
    .expect("attempts")
    .into_iter()
    .collect()
}

/// One trace with one root and a span for every attempt. Spans inside an attempt may be gone with its worker.
fn check_trace(fleet: &Fleet, attempts: i64) -> usize {
    let spans = fleet.collector.spans();
    let traces: HashSet<_> = spans.iter().map(|s| &s.trace).collect();
    assert_eq!(traces.len(), 1);
    let roots: Vec<_> = spans.iter().filter(|s| s.parent.is_empty()).collect();
    assert_eq!(roots.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["csv_import.import_all"]);
    let told: HashSet<_> =
        spans.iter().filter(|s| s.name == "csv_import.import_symbol").map(|s| &s.id).collect();
    assert_eq!(int(told.len()), attempts, "each attempt has its span");
    spans.len()
}

crate::support::also_on_the_columnstore! {
    every_row_is_there_exactly_once_whatever_happens,
}
