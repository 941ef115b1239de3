//! One operation is one trace: what separate processes export, as a collector sees it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::support::collector::{Collector, Trace};
use crate::support::{
    Folder, HEADER, TestDatabase, bar, barlift, bars, eventually, hold_back, wait_for_rows,
};

/// The program with its spans sent to a collector.
pub fn traced(database: &TestDatabase, collector: &Collector, arguments: &[&str]) -> crate::support::Program {
    barlift(database, arguments)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .env("OTEL_METRICS_EXPORTER", "none")
}

pub async fn setting() -> (TestDatabase, Collector, Folder) {
    (TestDatabase::new().await, Collector::start().await, Folder::new())
}

/// Enqueues an import, traced.
pub async fn enqueue(database: &TestDatabase, collector: &Collector, folder: &Folder) {
    let run = traced(database, collector, &["enqueue", "import", folder.arg()]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}

/// Lets a traced worker do whatever is left.
pub async fn drain(database: &TestDatabase, collector: &Collector) {
    let run = traced(database, collector, &["worker", "--drain"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}

/// A traced import, whole.
async fn import(collector: &Collector, database: &TestDatabase, folder: &Folder, more: &[&str]) -> Trace {
    let arguments = [&["import", folder.arg(), "--json"], more].concat();
    let run = traced(database, collector, &arguments).run().await;
    assert!(run.status < 2, "{}", run.stderr);
    collector.trace()
}

#[tokio::test]
async fn one_trace_spans_the_enqueuer_and_two_workers() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    for i in 0..8 {
        folder.write(&format!("S{i}_1m.csv"), bars(900, i));
    }
    let run = traced(&database, &collector, &["enqueue", "import", folder.arg(), "--json"]).run().await;
    let operation = run.json(0);
    // The enqueuer is gone; the operation can be found by its tag before any task has run.
    let early = collector.spans();
    assert!(early.iter().any(|s| s.name == "csv_import.discover_symbols"));
    for span in &early {
        assert_eq!(span.text("operation.id"), operation["operation_id"]);
    }
    // Each holds one file until the other has one, too.
    let holder = hold_back(&database).await;
    let batches = |p: crate::support::Program| p.env("BARLIFT__IMPORT__BATCH_ROWS", "300");
    let workers: Vec<_> = (0..2)
        .map(|_| batches(traced(&database, &collector, &["worker", "--concurrency", "1"])).spawn())
        .collect();
    wait_for_rows(&database, 2 * 300).await;
    holder.commit().await.expect("let go");
    let running = "SELECT state FROM barlift.operations";
    eventually("the operation ends", || async {
        (database.scalar::<String>(running).await == "succeeded").then_some(())
    })
    .await;
    let pids: BTreeSet<String> = workers.iter().map(|w| w.pid().to_string()).collect();
    for worker in workers {
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0));
    }

    let trace = collector.trace();
    assert_eq!(operation["trace_id"], trace.root().trace);
    let root = trace.root();
    assert_eq!(root.name, "csv_import.import_all");
    assert_eq!(root.text("operation.id"), operation["operation_id"]);
    assert_eq!(root.text("operation.type"), "DATA_MIGRATION");
    assert_eq!(root.int("csv_import.total_symbols"), 8);
    assert_eq!(root.int("csv_import.total_rows_imported"), 7200);
    assert_eq!(root.int("csv_import.total_rows_skipped"), 0);
    assert_eq!(root.int("csv_import.warnings_count"), 0);
    for span in &trace.spans {
        assert!(root.start <= span.start, "{} begins after the root", span.name);
    }

    let attempts = trace.named("csv_import.import_symbol");
    assert_eq!(attempts.len(), 8);
    let workers: BTreeSet<String> =
        attempts.iter().map(|a| a.text("job.worker").rsplit('-').nth(1).expect("a pid").to_owned()).collect();
    assert_eq!(workers, pids);
    for attempt in attempts {
        assert_eq!(attempt.int("csv_import.rows_imported"), 900);
        assert_eq!(attempt.int("job.attempt"), 1);
        assert_eq!(attempt.text("job.outcome"), "succeeded");
        assert_eq!(attempt.text("messaging.destination.name"), "barlift.v1");
        assert_eq!(attempt.int("csv_import.batches"), 3);
        for phase in ["read", "check_exists", "insert_batch", "commit", "connection_wait"] {
            assert_eq!(attempt.int(&format!("csv_import.phase.{phase}.count")), 3, "{phase}");
            assert!(attempt.float(&format!("csv_import.phase.{phase}.duration_ms")) > 0.0, "{phase}");
        }
        assert!(trace.children(attempt).iter().all(|c| c.end <= attempt.end && c.start >= attempt.start));
    }
    for (child, parents) in [
        ("csv_import.discover_symbols", &["csv_import.import_all"][..]),
        ("push barlift.v1", &["csv_import.import_all"]),
        ("csv_import.import_symbol", &["csv_import.import_all"]),
        ("data.repository.load", &["csv_import.import_symbol"]),
        ("csv_import.check_exists", &["csv_import.import_symbol"]),
        ("csv_import.insert_batch", &["csv_import.import_symbol"]),
        ("timescaledb.connection_acquire", &["csv_import.import_symbol"]),
        ("timescaledb.query", &["csv_import.check_exists", "csv_import.import_symbol"]),
        ("timescaledb.insert", &["csv_import.import_symbol", "csv_import.insert_batch"]),
    ] {
        assert_eq!(trace.parents(child), parents.iter().copied().collect(), "{child}");
    }
    let push = trace.named("push barlift.v1");
    assert_eq!((push.len(), push[0].int("messaging.batch.message_count")), (1, 8));
    assert_eq!(trace.named("csv_import.discover_symbols")[0].int("csv_import.symbols_found"), 8);
    let load = trace.named("data.repository.load");
    assert_eq!((load.len(), load[0].int("data.rows_loaded"), load[0].text("data.backend")), (8, 900, "csv"));
    assert_eq!(load[0].text("data.start_date"), "2024-01-01T00:00:00Z");
    assert_eq!(load[0].text("data.end_date"), "2024-01-01T14:59:00Z");
    assert_eq!(trace.named("csv_import.check_exists").len(), 24);
    let inserted: i64 = trace.named("csv_import.insert_batch").iter().map(|s| s.int("db.batch_size")).sum();
    assert_eq!(inserted, 7200);
}

#[tokio::test]
async fn a_first_import_makes_its_schema_within_the_trace() {
    let (database, collector, folder) =
        (TestDatabase::empty().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let trace = import(&collector, &database, &folder, &[]).await;
    assert_eq!(trace.parents("timescaledb.schema"), BTreeSet::from(["csv_import.import_all"]));
    let operations: Vec<_> =
        trace.named("timescaledb.schema").iter().map(|s| s.text("db.operation").to_owned()).collect();
    assert_eq!(operations, ["CREATE SCHEMA", "MIGRATE", "MIGRATE", "CREATE HYPERTABLE"]);
}

#[tokio::test]
async fn bars_that_differ_have_spans_with_both_values() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(500, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    let mut text = bars(500, 1);
    text = text.replace(&bar(7, 1), &bar(7, 2));
    let changed: String = (0..150).map(|i| bar(i, 3)).collect();
    folder.write("A_1m.csv", &text);
    let collector = Collector::start().await;
    let trace = import(&collector, &database, &folder, &["--batch-rows", "250"]).await;
    let (single, batches): (Vec<_>, Vec<_>) = trace
        .named("csv_import.compare_values")
        .into_iter()
        .partition(|s| s.attributes.contains_key("csv_import.csv_value"));
    assert_eq!((single.len(), batches.len()), (1, 2));
    let line: Vec<&str> = text.lines().nth(8).expect("line 9").split(',').collect();
    assert_eq!(single[0].text("data.timestamp"), line[0]);
    assert!(!single[0].flag("csv_import.values_match"));
    assert!(single[0].text("csv_import.csv_value").contains(&format!("o={}", line[1])));
    assert_ne!(single[0].text("csv_import.csv_value"), single[0].text("csv_import.db_value"));
    let parent = batches.iter().find(|b| b.id == single[0].parent).expect("below its batch");
    assert!(!parent.flag("csv_import.values_match"));
    assert_eq!(parent.int("csv_import.rows_different"), 1);
    assert_eq!(trace.root().int("csv_import.warnings_count"), 1);
    assert_eq!(trace.named("csv_import.import_symbol")[0].int("csv_import.warnings"), 1);
    for check in trace.named("csv_import.check_exists") {
        assert!(check.flag("csv_import.row_exists"));
        assert_eq!(check.int("csv_import.rows_existing"), 250);
    }

    // At most 100 of them, however many there are.
    folder.write("A_1m.csv", format!("{HEADER}{changed}"));
    let collector = Collector::start().await;
    let trace = import(&collector, &database, &folder, &[]).await;
    assert_eq!(trace.root().int("csv_import.warnings_count"), 150);
    let single = trace.named("csv_import.compare_values");
    assert_eq!(single.iter().filter(|s| s.attributes.contains_key("csv_import.db_value")).count(), 100);
}

#[tokio::test]
async fn failures_are_recorded_with_their_exception() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("GOOD_1m.csv", bars(10, 1));
    // The message quotes the header, which is longer than any attribute may be, in characters of two bytes.
    folder.write("BAD_1m.csv", format!("time,{}\n", "ö".repeat(2000)));
    let trace = import(&collector, &database, &folder, &[]).await;
    let failed: Vec<_> = trace.spans.iter().filter(|s| s.status == StatusCode::Error).collect();
    let names: BTreeSet<_> = failed.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        names,
        BTreeSet::from(["csv_import.import_all", "csv_import.import_symbol", "data.repository.load"])
    );
    let attempt = failed.iter().find(|s| s.name == "csv_import.import_symbol").expect("an attempt");
    assert_eq!(attempt.text("error.type"), "DataError");
    assert_eq!(attempt.text("error.symbol"), "BAD");
    assert_eq!(attempt.text("error.class"), "permanent");
    assert_eq!(attempt.text("job.outcome"), "failed");
    assert_eq!(attempt.int("csv_import.rows_imported"), 0);
    assert!(attempt.message.contains("BAD_1m.csv"), "{}", attempt.message);
    let (name, exception) = attempt.events.iter().find(|e| e.0 == "exception").expect("an exception");
    assert_eq!((name.as_str(), exception["exception.type"].as_str()), ("exception", "DataError"));
    assert!(exception["exception.message"].contains("BAD_1m.csv"));
    assert_eq!(trace.root().int("csv_import.failed_files"), 1);
    assert_eq!(trace.root().int("csv_import.total_rows_imported"), 10);
}

#[tokio::test]
async fn a_killed_worker_leaves_one_whole_tree_with_one_root() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &collector, &folder).await;
    let first = traced(&database, &collector, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .spawn();
    wait_for_rows(&database, 500).await;
    eventually("its first batches are exported", || async {
        (collector.spans().iter().filter(|s| s.name == "csv_import.insert_batch").count() >= 5).then_some(())
    })
    .await;
    first.signal(Signal::SIGKILL);
    first.wait().await;
    holder.commit().await.expect("let go");
    drain(&database, &collector).await;

    let trace = collector.trace();
    let attempts = trace.named("csv_import.import_symbol");
    assert_eq!(attempts.len(), 2);
    let (dead, alive): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|a| a.text("job.outcome") == "died");
    assert_eq!((dead[0].status, alive[0].status), (StatusCode::Error, StatusCode::Ok));
    assert_eq!(dead[0].text("error.type"), "WorkerDied");
    assert_eq!(dead[0].int("job.attempt"), 1);
    assert_eq!(dead[0].int("csv_import.rows_imported"), 500);
    assert!(dead[0].float("csv_import.phase.read.duration_ms") > 0.0);
    assert!(trace.children(dead[0]).len() >= 10, "what it had exported hangs below it");
    assert_eq!(alive[0].int("job.attempt"), 2);
    assert_eq!(alive[0].int("csv_import.rows_imported"), 500, "its own, not those of the attempt before");
    assert_eq!(trace.root().int("csv_import.total_rows_imported"), 1000);
}

#[tokio::test]
async fn a_frozen_worker_that_wakes_late_adds_no_second_span() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &collector, &folder).await;
    let frozen = traced(&database, &collector, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    frozen.signal(Signal::SIGSTOP);
    // Its COPY waits in the server, which only ends it when its transaction may go on.
    holder.commit().await.expect("let go");
    drain(&database, &collector).await;
    assert_eq!(database.bars().await, 1000);
    frozen.signal(Signal::SIGCONT);
    // It finds out at its next statement, and takes no harm.
    let outcome = "SELECT outcome FROM barlift.attempts WHERE fence = 1";
    assert_eq!(database.scalar::<String>(outcome).await, "rescued");
    frozen.signal(Signal::SIGTERM);
    assert_eq!(frozen.wait().await, Some(0));
    let trace = collector.trace();
    let mut told: Vec<_> =
        trace.named("csv_import.import_symbol").iter().map(|a| a.text("job.outcome").to_owned()).collect();
    told.sort();
    assert_eq!(told, ["died", "succeeded"]);
}

#[tokio::test]
async fn a_retried_attempt_stays_in_the_trace() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &collector, &folder).await;
    let worker = traced(&database, &collector, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    // The one that waits in its COPY, once it has got there: a passing error.
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE query LIKE 'COPY barlift.bars%' AND state = 'active' AND datname = current_database()";
    eventually("the COPY is ended", || async { (database.scalar::<i64>(end).await > 0).then_some(()) }).await;
    holder.commit().await.expect("let go");
    eventually("the operation ends", || async {
        (database.scalar::<String>("SELECT state FROM barlift.operations").await == "succeeded").then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    let trace = collector.trace();
    let mut attempts = trace.named("csv_import.import_symbol");
    attempts.sort_by_key(|a| a.start);
    let told: Vec<_> = attempts.iter().map(|a| (a.int("job.attempt"), a.text("job.outcome"))).collect();
    assert_eq!(told, [(1, "retried"), (2, "succeeded")]);
    assert_eq!(attempts[0].text("error.type"), "DatabaseError");
    assert_eq!(attempts[0].text("error.class"), "transient");
    // The retry's job was pushed from within the attempt that failed.
    assert_eq!(
        trace.parents("push barlift.v1"),
        BTreeSet::from(["csv_import.import_all", "csv_import.import_symbol"])
    );
    let inserts = trace.named("timescaledb.insert");
    assert_eq!(inserts.iter().filter(|s| s.status == StatusCode::Error).count(), 1);
}

#[tokio::test]
async fn the_span_budget_folds_batches_into_their_attempt() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    for i in 0..3 {
        folder.write(&format!("S{i}_1m.csv"), bars(1000, i));
    }
    let arguments = ["import", folder.arg(), "--json", "--batch-rows", "50"];
    let run = traced(&database, &collector, &arguments).env("BARLIFT__TRACE__MAX_SPANS", "100").run().await;
    run.json(0);
    let trace = collector.trace();
    assert!(trace.spans.len() <= 100, "{}", trace.spans.len());
    for attempt in trace.named("csv_import.import_symbol") {
        let folded = attempt.int("csv_import.batches_folded");
        assert!((1..20).contains(&folded), "{folded} of 20");
        assert_eq!(attempt.int("csv_import.batches"), 20);
        assert_eq!(attempt.int("csv_import.phase.insert_batch.count"), 20, "the sums have them all");
        let batches = trace.children(attempt).iter().filter(|s| s.name == "csv_import.insert_batch").count();
        assert_eq!(i64::try_from(batches), Ok(20 - folded));
    }

    // Room for nothing but the attempts themselves.
    let collector = Collector::start().await;
    let arguments = ["import", folder.arg(), "--json", "--force"];
    let run = traced(&database, &collector, &arguments).env("BARLIFT__TRACE__MAX_SPANS", "1").run().await;
    run.json(0);
    let trace = collector.trace();
    assert_eq!(trace.spans.len(), 1 + 1 + 1 + 3, "root, discovery, push, attempts");
}

#[tokio::test]
async fn row_detail_gives_every_row_its_spans() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(300, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    folder.write("A_1m.csv", bars(400, 1).replace(&bar(7, 1), &bar(7, 2)));
    let collector = Collector::start().await;
    let arguments = ["import", folder.arg(), "--trace-detail", "row", "--batch-rows", "100"];
    let run = traced(&database, &collector, &arguments).run().await;
    assert_eq!(run.status, 1, "one bar is left different: {}", run.stderr);
    assert!(run.stderr.contains("trace.detail is `row`: about"), "{}", run.stderr);
    let trace = collector.trace();
    let checks = trace.named("csv_import.check_exists");
    let rows: Vec<_> =
        checks.iter().filter(|s| !s.attributes.contains_key("csv_import.rows_checked")).collect();
    assert_eq!(rows.len(), 400);
    assert_eq!(rows.iter().filter(|s| s.flag("csv_import.row_exists")).count(), 300);
    let compared = trace.named("csv_import.compare_values");
    let rows: Vec<_> =
        compared.iter().filter(|s| !s.attributes.contains_key("csv_import.rows_compared")).collect();
    assert_eq!(rows.len(), 300);
    let differing: Vec<_> = rows.iter().filter(|s| !s.flag("csv_import.values_match")).collect();
    assert_eq!(differing.len(), 1);
    assert!(differing[0].attributes.contains_key("csv_import.csv_value"));
}

#[tokio::test]
async fn row_detail_says_first_how_many_spans_it_makes() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for i in 0..3 {
        folder.write(&format!("S{i}_1m.csv"), bars(500, i));
    }
    // No worker is there that could.
    let run = barlift(&database, &["enqueue", "import", folder.arg(), "--trace-detail", "row"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let said = run.stderr.lines().find(|l| l.starts_with("trace.detail is `row`: about ")).expect("a line");
    let number = said.split_whitespace().nth(4).expect("a number").replace(',', "");
    let rows: u64 = number.parse().expect(said);
    assert!((1450..1550).contains(&rows), "{said}");
}

#[tokio::test]
async fn row_detail_loses_no_span_however_long_the_file() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    // More than any queue of spans holds.
    folder.write("A_1m.csv", bars(20_000, 1));
    let trace = import(&collector, &database, &folder, &["--trace-detail", "row"]).await;
    let rows = trace.named("csv_import.check_exists").len() - 5;
    assert_eq!(rows, 20_000, "beside one for each of the five batches");
}

#[tokio::test]
async fn the_enqueuer_decides_whether_an_operation_is_traced() {
    for (enqueuer, worker, whole) in [("always_off", "always_on", false), ("always_on", "always_off", true)] {
        let (database, collector, folder) = setting().await;
        folder.write("A_1m.csv", bars(10, 1));
        let enqueue = traced(&database, &collector, &["enqueue", "import", folder.arg()]);
        assert_eq!(enqueue.env("OTEL_TRACES_SAMPLER", enqueuer).run().await.status, 0);
        let drain = traced(&database, &collector, &["worker", "--drain"]);
        assert_eq!(drain.env("OTEL_TRACES_SAMPLER", worker).run().await.status, 0);
        if whole {
            assert_eq!(collector.trace().named("csv_import.import_symbol").len(), 1);
        } else {
            assert_eq!(collector.spans().len(), 0, "dropped whole");
            let owed = "SELECT count(*) FROM barlift.attempts WHERE span_due_at IS NOT NULL";
            assert_eq!(database.scalar::<i64>(owed).await, 0, "and nothing of it is owed");
        }
    }
}

#[tokio::test]
async fn stable_database_names_replace_or_join_the_others() {
    for (opt_in, old, new) in [("database", false, true), ("database/dup", true, true), ("", true, false)] {
        let (database, collector, folder) = setting().await;
        folder.write("A_1m.csv", bars(10, 1));
        let run = traced(&database, &collector, &["import", folder.arg(), "--json"]);
        run.env("OTEL_SEMCONV_STABILITY_OPT_IN", opt_in).run().await.json(0);
        let spans = collector.spans();
        let query = spans.iter().find(|s| s.name == "timescaledb.query").expect("a query");
        for name in ["db.system", "db.name", "db.operation", "db.statement"] {
            assert_eq!(query.attributes.contains_key(name), old, "{opt_in}: {name}");
        }
        for name in ["db.system.name", "db.namespace", "db.operation.name", "db.query.text"] {
            assert_eq!(query.attributes.contains_key(name), new, "{opt_in}: {name}");
        }
        assert!(query.attributes.contains_key("db.query_duration_ms"));
    }
}

#[tokio::test]
async fn otlp_works_over_http_and_compressed() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::http().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let run = traced(&database, &collector, &["import", folder.arg(), "--json"]);
    run.env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf").run().await.json(0);
    assert_eq!(collector.trace().root().int("csv_import.total_rows_imported"), 10);

    let collector = Collector::start().await;
    let run = traced(&database, &collector, &["import", folder.arg(), "--json", "--force"]);
    run.env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip").run().await.json(0);
    assert_eq!(collector.trace().root().int("csv_import.total_rows_skipped"), 10);
}

#[tokio::test]
async fn service_name_and_resource_are_the_operators() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let run = traced(&database, &collector, &["import", folder.arg(), "--json"]);
    run.env("OTEL_SERVICE_NAME", "mine").run().await.json(0);
    assert!(collector.spans().iter().all(|s| s.service == "mine"));
}

/// What a collector does to an import that it does not take the spans of.
#[tokio::test]
async fn a_collector_that_is_away_or_hangs_costs_spans_and_nothing_else() {
    let hanging = Collector::hanging().await;
    let gone = Collector::start().await;
    let gone_endpoint = gone.endpoint();
    drop(gone);
    for endpoint in [gone_endpoint, hanging.endpoint()] {
        let (database, folder) = (TestDatabase::new().await, Folder::new());
        for i in 0..4 {
            folder.write(&format!("S{i}_1m.csv"), bars(1000, i));
        }
        let start = Instant::now();
        assert_eq!(barlift(&database, &["import", folder.arg(), "--dry-run"]).run().await.status, 0);
        let untraced = start.elapsed();
        let start = Instant::now();
        let run = barlift(&database, &["import", folder.arg(), "--json"])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
            .env("OTEL_BSP_SCHEDULE_DELAY", "10")
            .run()
            .await;
        let took = start.elapsed();
        let result = run.json(0);
        assert_eq!(result["totals"]["rows_imported"], 4000);
        // At most five seconds more, and some for the machine.
        assert!(took < untraced + Duration::from_secs(7), "{took:?}, {untraced:?} without");
        let said = run.stderr.matches("spans cannot be exported").count()
            + run.stderr.matches("the collector does not answer in time").count();
        assert_eq!(said, 1, "{}", run.stderr);
    }
}

#[tokio::test]
async fn a_collector_that_dies_midway_takes_nothing_with_it() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    let arguments = ["import", folder.arg(), "--json", "--batch-rows", "100"];
    let run = traced(&database, &collector, &arguments).env("OTEL_BSP_SCHEDULE_DELAY", "50");
    let run = tokio::spawn(run.run());
    wait_for_rows(&database, 500).await;
    eventually("it exports", || async { (collector.spans().len() > 10).then_some(()) }).await;
    drop(collector);
    holder.commit().await.expect("let go");
    let run = run.await.expect("ran");
    let result = run.json(0);
    assert_eq!(result["totals"]["rows_imported"], 1000);
    assert_eq!(run.stderr.matches("spans cannot be exported").count(), 1, "{}", run.stderr);
}

#[tokio::test]
async fn an_attempt_that_is_cut_off_by_its_workers_stop_has_a_span() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &collector, &folder).await;
    let first = traced(&database, &collector, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__WORKER__DRAIN_TIMEOUT", "200ms")
        .spawn();
    wait_for_rows(&database, 500).await;
    first.signal(Signal::SIGTERM);
    assert_eq!(first.wait().await, Some(0));
    holder.commit().await.expect("let go");
    drain(&database, &collector).await;
    let trace = collector.trace();
    let mut attempts = trace.named("csv_import.import_symbol");
    attempts.sort_by_key(|a| a.start);
    let told: Vec<_> =
        attempts.iter().map(|a| (a.int("csv_import.rows_imported"), a.text("job.outcome"))).collect();
    assert_eq!(told, [(500, "handed_back"), (500, "succeeded")]);
}

#[tokio::test]
async fn spans_that_waited_for_their_export_survive_their_worker() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    for i in 0..3 {
        folder.write(&format!("A{i}_1m.csv"), bars(100, i));
    }
    folder.write("Z_1m.csv", bars(1000, 9));
    let holder = hold_back(&database).await;
    enqueue(&database, &collector, &folder).await;
    // Nothing is exported before it is killed.
    let first = traced(&database, &collector, &["worker"]).env("OTEL_BSP_SCHEDULE_DELAY", "600000").spawn();
    let done = "SELECT count(*) FROM barlift.tasks WHERE state = 'succeeded'";
    eventually("the small ones are done, the long one runs", || async {
        let running: i64 =
            database.scalar("SELECT count(*) FROM barlift.attempts WHERE finished_at IS NULL").await;
        (database.scalar::<i64>(done).await == 3 && running == 1).then_some(())
    })
    .await;
    first.signal(Signal::SIGKILL);
    first.wait().await;
    holder.commit().await.expect("let go");
    drain(&database, &collector).await;
    let trace = collector.trace();
    let told: Vec<_> =
        trace.named("csv_import.import_symbol").iter().map(|a| a.text("job.outcome").to_owned()).collect();
    let count = |outcome: &str| told.iter().filter(|o| *o == outcome).count();
    assert_eq!((count("succeeded"), count("died")), (4, 1), "{told:?}");
    assert_eq!(trace.root().int("csv_import.total_rows_imported"), 1300);
    let owed = "SELECT count(*) FROM barlift.attempts WHERE span_due_at IS NOT NULL";
    assert_eq!(database.scalar::<i64>(owed).await, 0, "what was exported is not owed any more");
}

#[tokio::test]
async fn an_import_that_cannot_be_enqueued_is_a_failed_root() {
    let (collector, folder) = (Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let run = crate::support::barlift_alone(&["import", folder.arg()])
        .env("DATABASE_URL", "postgres://me@127.0.0.1:1/none")
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.endpoint())
        .run()
        .await;
    assert_eq!(run.status, 3, "{}", run.stderr);
    let trace = collector.trace();
    assert_eq!(trace.root().status, StatusCode::Error);
    assert_eq!(trace.root().text("error.type"), "DatabaseError");
    assert_eq!(trace.parents("csv_import.discover_symbols"), BTreeSet::from(["csv_import.import_all"]));
}

#[tokio::test]
async fn a_file_that_kills_its_workers_says_so_in_the_trace() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let _holder = hold_back(&database).await;
    enqueue(&database, &collector, &folder).await;
    let worker = traced(&database, &collector, &["worker"]).env("BARLIFT__RETRY__MAX_RESCUES", "0").spawn();
    eventually("an attempt runs", || async {
        (database.scalar::<i64>("SELECT count(*) FROM barlift.attempts").await == 1).then_some(())
    })
    .await;
    worker.signal(Signal::SIGKILL);
    worker.wait().await;
    let last = traced(&database, &collector, &["worker", "--drain"]).env("BARLIFT__RETRY__MAX_RESCUES", "0");
    assert_eq!(last.run().await.status, 0);
    let trace = collector.trace();
    let mut told: Vec<_> = trace
        .named("csv_import.import_symbol")
        .iter()
        .map(|a| (a.text("job.outcome").to_owned(), a.text("error.class").to_owned()))
        .collect();
    told.sort();
    let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(told, [own("died", "transient"), own("failed", "poisoned")]);
    assert_eq!(trace.root().int("csv_import.failed_files"), 1);
}

#[tokio::test]
async fn settings_that_nobody_understands_are_named_and_passwords_are_not() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    for (name, value, status, says) in [
        ("OTEL_TRACES_SAMPLER", "bogus", 0, "ignored: OTEL_TRACES_SAMPLER=bogus"),
        ("OTEL_TRACES_EXPORTER", "zipkin", 0, "ignored: OTEL_TRACES_EXPORTER=zipkin"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "x", 0, "ignored: OTEL_EXPORTER_OTLP_PROTOCOL=x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "me:hunter2@foo", 2, "does not begin with http://"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://m e:hunter2@foo", 2, "cannot be"),
    ] {
        let run = barlift(&database, &["import", folder.arg()]).env(name, value).run().await;
        assert_eq!(run.status, status, "{name}={value}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{name}={value}: {}", run.stderr);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}

#[tokio::test]
async fn a_root_that_no_collector_took_is_sent_when_one_is_there() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(100, 1));
    let first = Collector::start().await;
    let address = first.address();
    assert_eq!(traced(&database, &first, &["enqueue", "import", folder.arg()]).run().await.status, 0);
    let enqueued = first.spans().len();
    let late = traced(&database, &first, &["worker", "--drain"]);
    drop(first);
    // Nobody takes its spans; the operation ends.
    assert_eq!(late.run().await.status, 0);
    let stored = "SELECT count(*) FROM barlift.span_outbox";
    assert_eq!(database.scalar::<i64>(stored).await, 2, "the root and the attempt");
    assert!(enqueued > 0);

    let second = Collector::on(address).await;
    let worker = traced(&database, &second, &["worker"]).spawn();
    eventually("the root arrives", || async { (!second.spans().is_empty()).then_some(()) }).await;
    eventually("it is noted", || async { (database.scalar::<i64>(stored).await == 0).then_some(()) }).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    let mut spans = second.spans();
    spans.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = spans.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["csv_import.import_all", "csv_import.import_symbol"], "once each");
    assert_eq!(spans[0].int("csv_import.total_rows_imported"), 100);
}

#[tokio::test]
async fn a_recognised_file_says_so() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(100, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    let collector = Collector::start().await;
    let trace = import(&collector, &database, &folder, &[]).await;
    let attempt = trace.named("csv_import.import_symbol")[0];
    assert!(attempt.flag("csv_import.recognised"));
    assert_eq!(attempt.int("csv_import.rows_skipped"), 100);
}

#[tokio::test]
async fn what_nobody_exports_is_owed_to_nobody() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    // At any level of logging, which decides what spans there are inside the process.
    for level in ["warn", "trace"] {
        let arguments = ["import", folder.arg(), "--force", "--json", "--log-level", level];
        barlift(&database, &arguments).run().await.json(0);
    }
    let owed: i64 = database
        .scalar(
            "SELECT (SELECT count(span_due_at) FROM barlift.attempts) + (SELECT count(root_span_due_at) FROM barlift.operations)
                    + (SELECT count(*) FROM barlift.span_outbox)",
        )
        .await;
    assert_eq!(owed, 0);
}
