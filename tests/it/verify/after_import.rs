//! The verification that depends on an import (`--verify`), from its waiting to its end.

use barlift::model::OperationId;
use serde_json::{Value, json};

use super::report;
use crate::support::{Folder, TestDatabase, barlift, bars, drain, eventually, hold_back, wait_for_rows};

/// An import with its verification, enqueued; the ids of both.
async fn enqueued(folder: &Folder, more: &[&str]) -> (TestDatabase, String, String) {
    let database = TestDatabase::new().await;
    let arguments = [&["enqueue", "import", folder.arg(), "--verify", "--json"], more].concat();
    let both = barlift(&database, &arguments).run().await.json(0);
    let id = |v: &Value| v["operation_id"].as_str().expect("an id").to_owned();
    assert_ne!(both["trace_id"], both["verification"]["trace_id"]);
    assert_eq!(both["verification"]["follows"], both["operation_id"]);
    let ids = (id(&both), id(&both["verification"]));
    (database, ids.0, ids.1)
}

fn folder(files: usize) -> Folder {
    let folder = Folder::new();
    for i in 0..files {
        folder.write(&format!("S{i}_1m.csv"), bars(900, i as u64));
    }
    folder
}

async fn status(database: &TestDatabase, id: &str) -> Value {
    barlift(database, &["status", id, "--json"]).run().await.json(0)
}

async fn state(database: &TestDatabase, id: &str) -> Value {
    status(database, id).await["state"].clone()
}

/// Jobs that the queue has of an operation.
async fn jobs(database: &TestDatabase, id: &str) -> i64 {
    let query = "SELECT count(*) FROM apalis.jobs WHERE starts_with(idempotency_key, $1) AND status IN ('Pending', 'Queued', 'Running')";
    sqlx::query_scalar(query).bind(id).fetch_one(&database.pool).await.expect("asked")
}

#[tokio::test]
async fn it_waits_without_jobs_and_one_worker_does_both() {
    let folder = folder(3);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    assert_eq!((jobs(&database, &import).await, jobs(&database, &verification).await), (3, 0));
    let waiting = status(&database, &verification).await;
    assert_eq!((&waiting["state"], &waiting["totals"]["pending"]), (&json!("scheduled"), &json!(3)));
    let shown = barlift(&database, &["status", &verification]).run().await;
    assert!(shown.stdout.contains(&format!("{verification} scheduled (after {import})")), "{}", shown.stdout);
    let listed =
        async |columns| barlift(&database, &["operations"]).env("COLUMNS", columns).run().await.stdout;
    let wide = listed("200").await;
    assert!(wide.contains(&format!("scheduled (after {import})")), "{wide}");
    // In a cell of several lines.
    let narrow = listed("80").await;
    for part in ["scheduled ", "(after", &format!("{})", &import[import.len() - 8..])] {
        assert!(narrow.contains(part), "{narrow}");
    }
    drain(&database).await;
    let (first, second) = (status(&database, &import).await, status(&database, &verification).await);
    assert_eq!((&first["state"], &second["state"]), (&json!("succeeded"), &json!("succeeded")));
    assert_eq!((&second["totals"]["identical"], &second["totals"]["rows"]), (&json!(3), &json!(2700)));
    let times: (bool, bool) = sqlx::query_as(
        "SELECT v.started_at >= i.finished_at, v.run_at >= i.finished_at - interval '1 s'
         FROM barlift.operations v JOIN barlift.operations i ON i.id = v.follows",
    )
    .fetch_one(&database.pool)
    .await
    .expect("asked");
    assert_eq!(times, (true, true));
    assert_eq!(report(&database, 0).await["verdict"], "identical");
}

#[tokio::test]
async fn whoever_waits_for_the_import_waits_for_both() {
    let (database, folder) = (TestDatabase::new().await, folder(2));
    let arguments = ["enqueue", "import", folder.arg(), "--verify=sample", "--wait", "--json"];
    let waiting = tokio::spawn(barlift(&database, &arguments).run());
    eventually("both are there", || async {
        (database.scalar::<i64>("SELECT count(*) FROM barlift.operations").await == 2).then_some(())
    })
    .await;
    drain(&database).await;
    let both = waiting.await.expect("ran").json(0);
    assert_eq!((&both["state"], &both["verification"]["state"]), (&json!("succeeded"), &json!("succeeded")));
    assert_eq!(both["verification"]["mode"], "sample");
}

#[tokio::test]
async fn cancelling_the_import_cancels_it() {
    let folder = folder(2);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    assert_eq!(barlift(&database, &["cancel", &import]).run().await.status, 0);
    for id in [&import, &verification] {
        let status = status(&database, id).await;
        assert_eq!((&status["state"], &status["totals"]["cancelled"]), (&json!("cancelled"), &json!(2)));
        assert_ne!(status["finished_at"], Value::Null);
    }
    drain(&database).await;
    assert_eq!(database.bars().await, 0);
    // Its files one by one, and it is cancelled as well.
    let (database, import, verification) = enqueued(&folder, &[]).await;
    for symbol in ["S0", "S1"] {
        assert_eq!(barlift(&database, &["cancel", &import, "--symbols", symbol]).run().await.status, 0);
    }
    assert_eq!(state(&database, &import).await, "cancelled");
    assert_eq!(state(&database, &verification).await, "cancelled");
}

#[tokio::test]
async fn cancelling_it_leaves_the_import_alone() {
    let folder = folder(2);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    assert_eq!(barlift(&database, &["cancel", &verification]).run().await.status, 0);
    drain(&database).await;
    assert_eq!(state(&database, &import).await, "succeeded");
    let status = status(&database, &verification).await;
    assert_eq!((&status["state"], &status["totals"]["cancelled"]), (&json!("cancelled"), &json!(2)));
    assert_eq!(status["started_at"], Value::Null);
    assert_eq!(barlift(&database, &["retry", &verification, "--cancelled"]).run().await.status, 0);
    drain(&database).await;
    assert_eq!(state(&database, &verification).await, "succeeded");
}

#[tokio::test]
async fn what_is_cancelled_while_it_waits_and_retried_waits_again() {
    let folder = folder(2);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    let cancel = ["cancel", &verification, "--symbols", "S0"];
    assert_eq!(barlift(&database, &cancel).run().await.status, 0);
    assert_eq!(barlift(&database, &["retry", &verification, "--cancelled"]).run().await.status, 0);
    assert_eq!(jobs(&database, &verification).await, 0, "the import has not ended");
    assert_eq!(barlift(&database, &["retry", &verification]).run().await.status, 2, "nothing has failed");
    drain(&database).await;
    assert_eq!(state(&database, &import).await, "succeeded");
    let status = status(&database, &verification).await;
    assert_eq!((&status["state"], &status["totals"]["identical"]), (&json!("succeeded"), &json!(2)));
}

#[tokio::test]
async fn paused_it_outlasts_the_import_until_it_is_resumed() {
    let folder = folder(2);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    assert_eq!(barlift(&database, &["pause", &verification]).run().await.status, 0);
    drain(&database).await;
    assert_eq!(state(&database, &import).await, "succeeded");
    assert_eq!(status(&database, &verification).await["totals"]["pending"], 2);
    assert_eq!(jobs(&database, &verification).await, 0);
    assert_eq!(barlift(&database, &["resume", &verification]).run().await.status, 0);
    assert_eq!(jobs(&database, &verification).await, 2);
    drain(&database).await;
    assert_eq!(status(&database, &verification).await["totals"]["identical"], 2);
    // Resumed before the import ends, it goes on waiting.
    let (database, import, verification) = enqueued(&folder, &[]).await;
    for command in ["pause", "resume"] {
        assert_eq!(barlift(&database, &[command, &verification]).run().await.status, 0);
    }
    assert_eq!(jobs(&database, &verification).await, 0);
    drain(&database).await;
    assert_eq!(state(&database, &import).await, "succeeded");
    assert_eq!(status(&database, &verification).await["totals"]["identical"], 2);
}

#[tokio::test]
async fn its_priority_is_the_one_that_it_was_given_last() {
    let folder = folder(2);
    let (database, import, verification) = enqueued(&folder, &["--priority", "3"]).await;
    assert_eq!(status(&database, &verification).await["priority"], 3);
    assert_eq!(barlift(&database, &["priority", &verification, "70"]).run().await.status, 0);
    let worker = tokio::spawn(barlift(&database, &["worker", "--drain"]).run());
    assert_eq!(worker.await.expect("ran").status, 0);
    assert_eq!(status(&database, &import).await["priority"], 3);
    assert_eq!(status(&database, &verification).await["state"], "succeeded");
    let priorities: Vec<i32> = sqlx::query_scalar(
        "SELECT DISTINCT priority FROM apalis.jobs WHERE starts_with(idempotency_key, $1)",
    )
    .bind(&verification)
    .fetch_all(&database.pool)
    .await
    .expect("asked");
    assert_eq!(priorities, [70]);
}

#[tokio::test]
async fn an_import_that_failed_is_verified_all_the_same() {
    let folder = folder(2);
    let database = TestDatabase::new().await;
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    folder.write("S0_1m.csv", bars(900, 0).replacen(",51\n", ",52\n", 1));
    let arguments = ["import", folder.arg(), "--verify", "--on-mismatch", "fail", "--json"];
    let both = barlift(&database, &arguments).run().await.json(1);
    assert_eq!((&both["state"], &both["totals"]["failed"]), (&json!("failed"), &json!(1)));
    let verification = &both["verification"];
    assert_eq!(
        (&verification["state"], &verification["totals"]["differing"]),
        (&json!("succeeded"), &json!(1))
    );
    let report = report(&database, 1).await;
    assert_eq!(
        (&report["series"][0]["symbol"], &report["series"][0]["different"]),
        (&json!("S0"), &json!(1))
    );
    assert_eq!(report["series"][1]["verdict"], "identical");
}

#[tokio::test]
async fn two_workers_share_its_series_and_none_is_done_twice() {
    let folder = folder(8);
    let database = TestDatabase::new().await;
    let holder = hold_back(&database).await;
    let arguments = ["enqueue", "import", folder.arg(), "--verify"];
    assert_eq!(barlift(&database, &arguments).run().await.status, 0);
    let worker = || {
        barlift(&database, &["worker", "--concurrency", "1"])
            .env("BARLIFT__IMPORT__BATCH_ROWS", "300")
            .spawn()
    };
    let workers = [worker(), worker()];
    wait_for_rows(&database, 600).await;
    // No verification begins while any of the import is in work.
    let begun = "SELECT count(*) FROM barlift.tasks t JOIN barlift.operations o ON o.id = t.operation_id
                 WHERE o.follows IS NOT NULL AND t.state <> 'pending'";
    assert_eq!(database.scalar::<i64>(begun).await, 0);
    holder.commit().await.expect("let go");
    eventually("both have ended", || async {
        let open = "SELECT count(*) FROM barlift.operations WHERE finished_at IS NULL";
        (database.scalar::<i64>(open).await == 0).then_some(())
    })
    .await;
    for worker in workers {
        worker.signal(nix::sys::signal::Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0));
    }
    let found = report(&database, 0).await;
    assert_eq!((&found["verdict"], &found["totals"]["identical"]), (&json!("identical"), &json!(8)));
    let attempts = "SELECT array_agg(format('%s %s %s', a.attempt, a.outcome, a.error_message))
                    FROM barlift.attempts a
                    JOIN barlift.tasks t ON t.id = a.task_id
                    JOIN barlift.operations o ON o.id = t.operation_id
                    WHERE o.follows IS NOT NULL";
    assert_eq!(database.scalar::<Vec<String>>(attempts).await, ["1 succeeded "; 8]);
}

#[tokio::test]
async fn exit_statuses_say_what_came_of_it() {
    let folder = folder(1);
    let database = TestDatabase::new().await;
    let run = async |arguments: &[&str]| barlift(&database, arguments).run().await;
    assert_eq!(run(&["verify", folder.arg()]).await.status, 1, "nothing was imported");
    assert_eq!(run(&["import", folder.arg(), "--verify"]).await.status, 0);
    assert_eq!(run(&["verify", folder.arg()]).await.status, 0);
    for (arguments, says) in [
        (&["verify", folder.arg(), "--mode", "most"][..], "most"),
        (&["import", folder.arg(), "--verify=most"], "most"),
        (&["import", folder.arg(), "--verify", "--dry-run"], "--dry-run"),
        (&["enqueue", "import", folder.arg(), "--verify", "--dry-run"], "--dry-run"),
        (&["verify"], "<PATH>"),
    ] {
        let run = run(arguments).await;
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    // A file that cannot be read.
    folder.write("S0_1m.csv", "nothing that could be bars\n1\n");
    assert_eq!(run(&["verify", folder.arg()]).await.status, 1);
    assert_eq!(run(&["verify", "/no/such/place"]).await.status, 3);
    let nobody = format!("postgres://u@127.0.0.1:{}/x", crate::support::free_port());
    let away = barlift(&database, &["verify", folder.arg()]).env("DATABASE_URL", nobody).run().await;
    assert_eq!(away.status, 3, "{}", away.stderr);
}

#[tokio::test]
async fn what_is_left_of_the_import_is_verified() {
    let folder = folder(3);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    assert_eq!(barlift(&database, &["cancel", &import, "--symbols", "S1"]).run().await.status, 0);
    drain(&database).await;
    assert_eq!(state(&database, &import).await, "cancelled");
    let found = status(&database, &verification).await;
    assert_eq!((&found["totals"]["identical"], &found["totals"]["differing"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn one_that_nobody_began_is_begun_by_whoever_looks() {
    let folder = folder(1);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    // As a worker of an older release leaves it: it ends the import and knows nothing of what follows.
    let ended = "UPDATE barlift.tasks SET state = 'succeeded', finished_at = now() WHERE operation_id = $1";
    sqlx::query(ended).bind(&import).execute(&database.pool).await.expect("ended");
    let ended = "UPDATE barlift.operations SET state = 'succeeded', started_at = now(), finished_at = now() WHERE id = $1";
    sqlx::query(ended).bind(&import).execute(&database.pool).await.expect("ended");
    drain(&database).await;
    let found = status(&database, &verification).await;
    assert_eq!((&found["state"], &found["totals"]["differing"]), (&json!("succeeded"), &json!(1)));
}

/// A newer build may have enqueued it; the operation that it depends on ends all the same.
#[tokio::test]
async fn one_of_a_kind_that_this_build_does_not_know_gets_no_job() {
    let folder = folder(1);
    let (database, import, verification) = enqueued(&folder, &[]).await;
    database.execute("UPDATE barlift.operations SET type = 'DATA_OTHER' WHERE follows IS NOT NULL").await;
    let mut tx = database.pool.begin().await.expect("begun");
    barlift::task::begin_dependents(&mut tx, &OperationId(import)).await.expect("the import may end");
    tx.commit().await.expect("committed");
    assert_eq!(jobs(&database, &verification).await, 0);
    assert!(
        !database.scalar::<bool>("SELECT waiting FROM barlift.operations WHERE follows IS NOT NULL").await
    );
}
