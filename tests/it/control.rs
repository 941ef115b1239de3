//! Pausing, resuming, cancelling, retrying and reordering operations while workers run.

use std::time::Duration;

use barlift::task::{self, Claim, Claimant};
use barlift::telemetry::AttemptRecord;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{
    Folder, HEADER, TestDatabase, barlift, bars, drain, enqueue, eventually, hold_back, wait_for_rows,
};
use crate::tracing::{self, setting, traced};

async fn status(database: &TestDatabase) -> Value {
    barlift(database, &["status", "latest", "--json"]).run().await.json(0)
}

/// A file that fails at its second row, for good.
fn broken() -> String {
    format!("{HEADER}2024-01-01T00:00:00Z,1,2,0.5,1,10\nno time,1,2,0.5,1,10\n")
}

#[tokio::test]
async fn retry_tries_what_failed_and_only_that() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("GOOD_1m.csv", bars(100, 1));
    for symbol in ["BAD", "WORSE"] {
        folder.write(&format!("{symbol}_1m.csv"), broken());
    }
    let arguments = ["import", folder.arg(), "--max-rejects", "0", "--json"];
    let first = barlift(&database, &arguments).run().await.json(1);
    assert_eq!(first["totals"]["failed"], 2);

    // One is mended, the other is not.
    folder.write("BAD_1m.csv", bars(50, 2));
    let one = barlift(&database, &["retry", "latest", "--symbols", "BAD", "--json"]).run().await.json(0);
    assert_eq!((&one["tasks"], &one["running"]), (&1.into(), &0.into()));
    let between = status(&database).await;
    assert_eq!((&between["state"], &between["finished_at"]), (&"running".into(), &Value::Null));
    drain(&database).await;
    let second = status(&database).await;
    assert_eq!(second["state"], "failed");
    assert_eq!(second["totals"]["succeeded"], 2);
    let attempts: Vec<_> =
        second["tasks"].as_array().expect("tasks").iter().map(|t| &t["attempts"]).collect();
    assert_eq!(attempts, [2, 1, 1], "BAD, GOOD, WORSE");

    folder.write("WORSE_1m.csv", bars(60, 3));
    let rest = tokio::spawn(barlift(&database, &["retry", "latest", "--wait", "--json"]).run());
    eventually("the retry is queued", || async {
        (status(&database).await["state"] == "running").then_some(())
    })
    .await;
    drain(&database).await;
    // The bar that each broken file had is left as it is.
    let third = rest.await.expect("ran").json(1);
    assert_eq!((&third["state"], &third["totals"]["rows_mismatched"]), (&"succeeded".into(), &2.into()));
    assert_eq!(database.bars().await, 210);
    let again = barlift(&database, &["retry", "latest"]).run().await;
    assert_eq!(again.status, 2, "{}", again.stdout);
    assert!(again.stderr.contains("error: no file of op_migration_"), "{}", again.stderr);
}

#[tokio::test]
async fn retry_does_not_wait_for_the_backoff_and_begins_with_a_clean_slate() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100, 1));
    database.execute("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'away' USING ERRCODE = '57P01'; END $$").await;
    database
        .execute("CREATE TRIGGER fail BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION fail()")
        .await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"])
        .env("BARLIFT__RETRY__INITIAL_BACKOFF", "1h")
        .env("BARLIFT__RETRY__MAX_BACKOFF", "1h")
        .spawn();
    let failures = "SELECT failures FROM barlift.tasks WHERE state = 'pending'";
    eventually("the first try fails", || async {
        let n: Option<i32> =
            sqlx::query_scalar(failures).fetch_optional(&database.pool).await.expect("asked");
        (n == Some(1)).then_some(())
    })
    .await;
    // What comes next is in the database, not in the worker.
    worker.signal(Signal::SIGKILL);
    assert_eq!(worker.wait().await, None);
    let waits = "SELECT count(*) FROM apalis.jobs WHERE status = 'Pending' AND run_at > now() AND run_at < now() + interval '1 hour'";
    assert_eq!(database.scalar::<i64>(waits).await, 1);
    database.execute("DROP TRIGGER fail ON barlift.bars").await;
    database.execute("UPDATE barlift.tasks SET rescues = 2").await;
    let changed = barlift(&database, &["retry", "latest", "--json"]).run().await.json(0);
    assert_eq!(changed["tasks"], 1);
    let slate: (i32, i32) = (
        database.scalar("SELECT failures FROM barlift.tasks").await,
        database.scalar("SELECT rescues FROM barlift.tasks").await,
    );
    assert_eq!(slate, (0, 0));
    let worker = barlift(&database, &["worker"]).spawn();
    eventually("it is tried at once", || async {
        (status(&database).await["state"] == "succeeded").then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    assert_eq!(database.bars().await, 100);
}

#[tokio::test]
async fn cancel_stops_a_running_file_at_its_batch_and_nothing_is_written_afterwards() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    folder.write("B_1m.csv", bars(1000, 2));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let mut worker = barlift(&database, &["worker", "--concurrency", "1"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .spawn();
    wait_for_rows(&database, 500).await;
    let changed = barlift(&database, &["cancel", "latest", "--json"]).run().await.json(0);
    assert_eq!((&changed["tasks"], &changed["running"]), (&2.into(), &1.into()));
    let ended = status(&database).await;
    assert_eq!(ended["state"], "cancelled");
    assert_eq!(ended["totals"]["cancelled"], 2);
    // The worker has its only hand free again, although the statement it was at still waits.
    let other = Folder::new();
    other.write("C_1m.csv", bars(10, 3));
    enqueue(&database, &other).await;
    eventually("the worker goes on with other work", || async {
        (status(&database).await["state"] == "succeeded").then_some(())
    })
    .await;
    assert!(!worker.has_ended());
    holder.commit().await.expect("let go");
    eventually("the statement is over", || async {
        let copying = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'";
        (database.scalar::<i64>(copying).await == 0).then_some(())
    })
    .await;
    assert_eq!(database.bars().await, 510);
    let outcome: String =
        database.scalar("SELECT outcome FROM barlift.attempts ORDER BY started_at LIMIT 1").await;
    assert_eq!(outcome, "cancelled");
    let jobs: i64 =
        database.scalar("SELECT count(*) FROM apalis.jobs WHERE status IN ('Pending', 'Failed')").await;
    assert_eq!(jobs, 0, "nothing is left in the queue");

    // Whoever wants it after all gets the rest.
    let first = "SELECT id FROM barlift.operations ORDER BY created_at LIMIT 1";
    let id: String = database.scalar(first).await;
    let none = barlift(&database, &["retry", &id]).run().await;
    assert_eq!(none.status, 2, "{}", none.stdout);
    assert!(none.stderr.contains("--cancelled"), "{}", none.stderr);
    let all = barlift(&database, &["retry", &id, "--cancelled", "--wait", "--json"]).run().await.json(0);
    assert_eq!(all["state"], "succeeded");
    assert_eq!(all["totals"]["rows_imported"], 2000);
    assert_eq!(all["totals"]["rows_skipped"], 0, "what was committed is not read again");
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn some_symbols_can_be_cancelled_and_the_rest_goes_on() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    for symbol in ["A", "B", "C"] {
        folder.write(&format!("{symbol}_1m.csv"), bars(100, 1));
    }
    enqueue(&database, &folder).await;
    let unknown = barlift(&database, &["cancel", "latest", "--symbols", "B,b"]).run().await;
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("has no file of b\n"), "{}", unknown.stderr);
    let changed = barlift(&database, &["cancel", "latest", "--symbols", "B", "--json"]).run().await.json(0);
    assert_eq!(changed["tasks"], 1);
    drain(&database).await;
    let ended = status(&database).await;
    assert_eq!((&ended["totals"]["succeeded"], &ended["totals"]["cancelled"]), (&2.into(), &1.into()));
    // Not all of it was done, so a script that waited is told.
    assert_eq!(ended["state"], "cancelled");
    let late = barlift(&database, &["cancel", "latest"]).run().await;
    assert_eq!(late.status, 2);
    assert!(late.stderr.contains("has ended and cannot be cancelled"), "{}", late.stderr);
}

#[tokio::test]
async fn a_paused_operation_waits_and_goes_on_where_it_was() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    folder.write("B_1m.csv", bars(300, 2));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--concurrency", "1"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .spawn();
    wait_for_rows(&database, 500).await;
    let changed = barlift(&database, &["pause", "latest", "--json"]).run().await.json(0);
    assert_eq!((&changed["tasks"], &changed["running"]), (&2.into(), &1.into()));
    holder.commit().await.expect("let go");
    let paused = status(&database).await;
    assert_eq!(paused["state"], "running");
    assert!(paused["paused_at"].is_string());
    // Other work passes it by, and a worker that drains does not wait for it.
    let other = Folder::new();
    other.write("C_1m.csv", bars(10, 3));
    enqueue(&database, &other).await;
    let pushes = "SELECT sum(pushes)::bigint FROM barlift.tasks WHERE symbol IN ('A', 'B')";
    let pushed: i64 = database.scalar(pushes).await;
    drain(&database).await;
    assert_eq!(database.bars().await, 510);
    assert_eq!(database.scalar::<i64>(pushes).await, pushed, "nobody takes its files for forgotten");

    let id: String = database.scalar("SELECT id FROM barlift.operations ORDER BY created_at LIMIT 1").await;
    for command in [&["operations"][..], &["status", &id], &["diagnose", &id]] {
        let shown = barlift(&database, command).run().await.stdout;
        assert!(shown.contains("running (paused)"), "{command:?}: {shown}");
    }
    barlift(&database, &["resume", &id, "--json"]).run().await.json(0);
    eventually("it goes on", || async {
        (database.scalar::<String>("SELECT state FROM barlift.operations ORDER BY created_at LIMIT 1").await
            == "succeeded")
            .then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    let done = barlift(&database, &["status", &id, "--json"]).run().await.json(0);
    assert_eq!(done["totals"]["rows_imported"], 1300);
    assert_eq!(done["totals"]["rows_skipped"], 0);
    let attempts: Vec<_> = done["tasks"].as_array().expect("tasks").iter().map(|t| &t["attempts"]).collect();
    assert_eq!(attempts, [1, 1], "a pause burns no attempt");
    let twice = barlift(&database, &["resume", &id]).run().await;
    assert_eq!(twice.status, 2, "{}", twice.stdout);
}

#[tokio::test]
async fn a_priority_takes_effect_on_work_that_waits() {
    let database = TestDatabase::new().await;
    let folders: Vec<Folder> = (0..3).map(|_| Folder::new()).collect();
    for (i, folder) in folders.iter().enumerate() {
        for n in 0..3 {
            folder.write(&format!("S{i}{n}_1m.csv"), bars(10, 1));
        }
    }
    enqueue(&database, &folders[0]).await;
    let high = ["enqueue", "import", folders[1].arg(), "--priority", "10"];
    assert_eq!(barlift(&database, &high).run().await.status, 0);
    enqueue(&database, &folders[2]).await;
    let raised = barlift(&database, &["priority", "latest", "20", "--json"]).run().await.json(0);
    assert_eq!(raised["tasks"], 3);
    let worker = barlift(&database, &["worker", "--drain", "--concurrency", "1"]).run().await;
    assert_eq!(worker.status, 0, "{}", worker.stderr);
    let order: Vec<String> = sqlx::query_scalar(
        "SELECT substr(t.symbol, 2, 1) FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id ORDER BY a.started_at",
    )
    .fetch_all(&database.pool)
    .await
    .expect("attempts");
    assert_eq!(order.concat(), "222111000");
    let outside = barlift(&database, &["priority", "latest", "1001"]).run().await;
    assert_eq!(outside.status, 2);
}

#[tokio::test]
async fn a_retry_has_a_span_below_the_root_with_its_attempts_below_that() {
    let (database, collector, folder) = setting().await;
    folder.write("GOOD_1m.csv", bars(10, 1));
    folder.write("BAD_1m.csv", broken());
    let arguments = ["import", folder.arg(), "--max-rejects", "0", "--json"];
    traced(&database, &collector, &arguments).run().await.json(1);
    let before = collector.trace();
    assert_eq!(before.root().int("csv_import.failed_files"), 1);

    // Twice: the second one is below the root, too.
    for rows in [0, 20] {
        folder.write("BAD_1m.csv", if rows == 0 { broken() } else { bars(rows, 2) });
        traced(&database, &collector, &["retry", "latest", "--json"]).run().await.json(0);
        tracing::drain(&database, &collector).await;
    }
    let trace = collector.trace();
    assert_eq!(trace.root().id, before.root().id);
    let mut retries = trace.named("csv_import.retry");
    retries.sort_by_key(|r| r.start);
    let told: Vec<_> = retries
        .iter()
        .map(|r| {
            (r.int("csv_import.failed_files"), r.text("operation.state"), r.int("csv_import.total_files"))
        })
        .collect();
    assert_eq!(told, [(1, "failed", 2), (0, "succeeded", 2)]);
    for retry in &retries {
        assert_eq!(retry.parent, trace.root().id);
        let mut names: Vec<_> = trace.children(retry).iter().map(|c| c.name.clone()).collect();
        names.sort();
        assert_eq!(names, ["csv_import.import_symbol", "push barlift.v1"]);
    }
    assert_eq!(trace.named("csv_import.import_symbol").len(), 4);
}

#[tokio::test]
async fn a_cancelled_operation_has_a_whole_trace_even_without_a_worker() {
    let (database, collector, folder) = setting().await;
    folder.write("A_1m.csv", bars(1000, 1));
    folder.write("B_1m.csv", bars(1000, 2));
    let holder = hold_back(&database).await;
    tracing::enqueue(&database, &collector, &folder).await;
    let worker = traced(&database, &collector, &["worker", "--concurrency", "1"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .spawn();
    wait_for_rows(&database, 500).await;
    worker.signal(Signal::SIGSTOP);
    traced(&database, &collector, &["cancel", "latest", "--json"]).run().await.json(0);
    let trace = collector.trace();
    assert_eq!(trace.root().text("operation.state"), "cancelled");
    assert_eq!(trace.root().int("csv_import.cancelled_files"), 2);
    let attempts = trace.named("csv_import.import_symbol");
    assert_eq!(attempts.len(), 1, "the other never began");
    assert_eq!(
        (attempts[0].text("job.outcome"), attempts[0].int("csv_import.rows_imported")),
        ("cancelled", 500)
    );
    // The frozen worker wakes and adds nothing of its own to the attempt.
    worker.signal(Signal::SIGCONT);
    holder.commit().await.expect("let go");
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    assert_eq!(collector.trace().named("csv_import.import_symbol").len(), 1);
    assert_eq!(database.bars().await, 500);
}

crate::support::also_on_the_columnstore! {
    retry_tries_what_failed_and_only_that,
    cancel_stops_a_running_file_at_its_batch_and_nothing_is_written_afterwards,
    a_paused_operation_waits_and_goes_on_where_it_was,
}

/// While the attempt's end waits for the task's row, the operation gets another priority.
#[tokio::test]
async fn a_task_that_goes_back_to_the_queue_has_the_priority_of_that_moment() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    let job = database.newest_job().await;
    let lease = Duration::from_secs(60);
    let claimant = Claimant { worker: "w", max_rescues: 2, traces: false, lease };
    let claimed = task::claim(&database.pool, &job, claimant).await.expect("claimed");
    let Claim::Started(started) = claimed.claim else { panic!("{claimed:?}") };
    let mut command = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT FROM barlift.tasks FOR NO KEY UPDATE").execute(&mut *command).await.expect("locked");
    let pool = database.pool.clone();
    let ending = tokio::spawn(async move { started.0.hand_back(&pool, &AttemptRecord::default()).await });
    eventually("it waits for the task", || async {
        let blocked = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
        (database.scalar::<i64>(blocked).await == 1).then_some(())
    })
    .await;
    sqlx::query("UPDATE barlift.operations SET priority = 7").execute(&mut *command).await.expect("changed");
    command.commit().await.expect("committed");
    ending.await.expect("no panic").expect("handed back");
    let priority = "SELECT j.priority FROM apalis.jobs j JOIN barlift.tasks t
                    ON j.idempotency_key = t.operation_id || ':' || t.id || ':2'";
    assert_eq!(database.scalar::<i32>(priority).await, 7);
}
