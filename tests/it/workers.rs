//! Worker processes share an operation, are killed, are stopped, and come back.

use std::collections::HashSet;

use nix::sys::signal::Signal;

use crate::support::{
    Folder, TestDatabase, WORKING_PROCESSES, barlift, bars, drain, enqueue, eventually, hold_back,
    wait_for_rows,
};

#[tokio::test]
async fn two_workers_share_an_operation() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    for i in 0..12 {
        folder.write(&format!("S{i:02}_1m.csv"), bars(3000, i));
    }
    let workers = [
        barlift(&database, &["worker", "--concurrency", "1"]).spawn(),
        barlift(&database, &["worker", "--concurrency", "1"]).spawn(),
    ];
    eventually("both workers are there", || async {
        (database.scalar::<i64>(WORKING_PROCESSES).await == 2).then_some(())
    })
    .await;
    let arguments = ["enqueue", "import", folder.arg(), "--wait", "--json", "--batch-rows", "500"];
    let result = barlift(&database, &arguments).run().await.json(0);
    assert_eq!(result["totals"]["succeeded"], 12);
    assert_eq!(result["totals"]["rows_imported"], 36_000);
    assert_eq!(database.bars().await, 36_000);
    let names: Vec<String> = sqlx::query_scalar("SELECT DISTINCT worker FROM barlift.attempts")
        .fetch_all(&database.pool)
        .await
        .expect("workers");
    let processes: HashSet<&str> = names.iter().filter_map(|n| n.rsplit('-').nth(1)).collect();
    assert_eq!(
        processes,
        workers.iter().map(|w| w.pid().to_string()).collect::<Vec<_>>().iter().map(String::as_str).collect()
    );
    for worker in workers {
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0), "SIGTERM ends a worker well");
    }
}

#[tokio::test]
async fn a_killed_workers_task_goes_on_elsewhere_at_its_checkpoint() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let first = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    first.signal(Signal::SIGKILL);
    assert_eq!(first.wait().await, None);
    holder.commit().await.expect("let go");
    drain(&database).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["state"], "succeeded");
    assert_eq!(status["totals"]["rows_imported"], 1000);
    assert_eq!(status["totals"]["rows_skipped"], 0, "what was committed is not read again");
    assert_eq!(status["tasks"][0]["attempts"], 2);
    assert_eq!(database.bars().await, 1000);
    let outcomes: Vec<String> = sqlx::query_scalar("SELECT outcome FROM barlift.attempts ORDER BY fence")
        .fetch_all(&database.pool)
        .await
        .expect("attempts");
    assert_eq!(outcomes, ["rescued", "succeeded"]);
}

#[tokio::test]
async fn a_stopped_worker_hands_its_task_back_without_burning_an_attempt() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let first = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    first.signal(Signal::SIGTERM);
    holder.commit().await.expect("let go");
    assert_eq!(first.wait().await, Some(0));
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    let task = &status["tasks"][0];
    assert_eq!(task["state"], "pending");
    assert_eq!(task["attempts"], 0);
    assert_eq!(task["rows"], 600, "the running batch ended");
    drain(&database).await;
    assert_eq!(database.bars().await, 1000);
    let after = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(after["tasks"][0]["attempts"], 1);
}

#[tokio::test]
async fn a_worker_that_cannot_drain_in_time_leaves_nothing_claimed() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let first = barlift(&database, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__WORKER__DRAIN_TIMEOUT", "200ms")
        .spawn();
    wait_for_rows(&database, 500).await;
    first.signal(Signal::SIGTERM);
    assert_eq!(first.wait().await, Some(0));
    assert_eq!(database.scalar::<String>("SELECT state FROM barlift.tasks").await, "pending");
    let claimed = "SELECT count(*) FROM apalis.jobs WHERE status IN ('Queued', 'Running')";
    assert_eq!(database.scalar::<i64>(claimed).await, 0);
    holder.commit().await.expect("let go");
    drain(&database).await;
    assert_eq!(database.bars().await, 1000);
}

#[tokio::test]
async fn a_file_that_kills_its_workers_is_parked() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let _holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    for deaths in 1..=2 {
        let worker = barlift(&database, &["worker"]).env("BARLIFT__RETRY__MAX_RESCUES", "1").spawn();
        eventually("an attempt runs", || async {
            let running = "SELECT count(*) FROM barlift.attempts WHERE finished_at IS NULL AND attempt = (SELECT max(attempt) FROM barlift.attempts)";
            let attempts: i64 = database.scalar("SELECT count(*) FROM barlift.attempts").await;
            (attempts == deaths && database.scalar::<i64>(running).await == 1).then_some(())
        })
        .await;
        worker.signal(Signal::SIGKILL);
        worker.wait().await;
    }
    let arguments = ["worker", "--drain"];
    let last = barlift(&database, &arguments).env("BARLIFT__RETRY__MAX_RESCUES", "1").run().await;
    assert_eq!(last.status, 0, "{}", last.stderr);
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["state"], "failed");
    assert_eq!(status["tasks"][0]["error"]["class"], "poisoned");
}

#[tokio::test]
async fn scheduled_work_starts_in_its_time() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let later =
        barlift(&database, &["enqueue", "import", folder.arg(), "--in", "1h", "--json"]).run().await.json(0);
    assert_eq!(later["state"], "scheduled");
    let soon =
        barlift(&database, &["enqueue", "import", folder.arg(), "--in", "1s", "--json"]).run().await.json(0);
    let worker = barlift(&database, &["worker"]).spawn();
    let id = soon["operation_id"].as_str().expect("an id").to_owned();
    let state = "SELECT state FROM barlift.operations WHERE id = $1";
    eventually("the operation runs when it is due", || async {
        let state: String =
            sqlx::query_scalar(state).bind(&id).fetch_one(&database.pool).await.expect("a state");
        (state == "succeeded").then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    // What is not due is not waited for.
    drain(&database).await;
    let pending = barlift(&database, &["operations", "--json"]).run().await.json(0);
    let states: Vec<_> =
        pending.as_array().expect("a list").iter().map(|o| o["state"].as_str().expect("a state")).collect();
    assert_eq!(states, ["succeeded", "scheduled"]);
}

#[tokio::test]
async fn a_worker_outlives_a_lost_connection() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    let mut worker = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    enqueue(&database, &folder).await;
    wait_for_rows(&database, 500).await;
    database
        .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'barlift' AND datname = current_database()")
        .await;
    holder.commit().await.expect("let go");
    eventually("the operation ends all the same", || async {
        (database.scalar::<String>("SELECT state FROM barlift.operations").await == "succeeded").then_some(())
    })
    .await;
    assert_eq!(database.bars().await, 1000);
    assert!(!worker.has_ended());
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn import_waits_for_a_database_that_goes_away() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    let running =
        tokio::spawn(barlift(&database, &["import", folder.arg(), "--json", "--batch-rows", "100"]).run());
    wait_for_rows(&database, 500).await;
    database
        .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'barlift' AND datname = current_database()")
        .await;
    holder.commit().await.expect("let go");
    let result = running.await.expect("ran").json(0);
    assert_eq!(result["totals"]["rows_imported"], 1000);
    assert_eq!(result["totals"]["rows_skipped"], 0);
    assert_eq!(database.bars().await, 1000);
}

#[tokio::test]
async fn many_running_files_are_drained_without_waiting_for_the_timeout() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    for i in 0..8 {
        folder.write(&format!("S{i}_1m.csv"), bars(1000, i));
    }
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--concurrency", "8"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        // Far beyond this test's patience.
        .env("BARLIFT__WORKER__DRAIN_TIMEOUT", "10m")
        .spawn();
    wait_for_rows(&database, 8 * 500).await;
    worker.signal(Signal::SIGTERM);
    holder.commit().await.expect("let go");
    assert_eq!(worker.wait().await, Some(0));
    let left: i64 = database
        .scalar("SELECT count(*) FROM barlift.tasks WHERE state = 'pending' AND attempts = 0 AND rescues = 0")
        .await;
    assert_eq!(left, 8);
    drain(&database).await;
    assert_eq!(database.bars().await, 8000);
}

/// Puts a job into the queue as another build of barlift might, before all others.
async fn push_raw(database: &TestDatabase, id: &str, payload: &str) {
    let insert =
        "INSERT INTO apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority)
         VALUES ($1, 'barlift.v1', $2, 'Pending', 0, 25, now() - interval '1 hour', 9)";
    sqlx::query(insert).bind(id).bind(payload.as_bytes()).execute(&database.pool).await.expect("pushed");
}

#[tokio::test]
async fn a_job_of_another_version_is_left_alone() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let newer = r#"{"kind":"import-symbol","operation_id":"op","task_id":1,"push":1,"version":4}"#;
    push_raw(&database, "01ARZ3NDEKTSV4RRFFQ69G5FAV", newer).await;
    push_raw(&database, "01ARZ3NDEKTSV4RRFFQ69G5FAW", r#"{"kind":"fly","to":"the moon"}"#).await;
    enqueue(&database, &folder).await;
    let run = barlift(&database, &["worker", "--drain"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(database.bars().await, 10);
    for why in ["version 4 of jobs, this worker knows 3", "unknown variant `fly`"] {
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
    assert!(run.stderr.contains("it is left alone for a worker that knows it"), "{}", run.stderr);
    let left = "SELECT count(*) FROM apalis.jobs
                WHERE priority = 9 AND status = 'Pending' AND lock_by IS NULL AND attempts = 0 AND run_at > now() - interval '1 minute'";
    assert_eq!(database.scalar::<i64>(left).await, 2);
    // As it was, for the worker that knows it.
    let payload: Vec<u8> = database.scalar("SELECT job FROM apalis.jobs WHERE id LIKE '%FAV'").await;
    assert_eq!(String::from_utf8(payload).expect("text"), newer);
}

#[tokio::test]
async fn what_is_no_job_at_all_does_not_stop_the_queue() {
    for odd in [
        "job = 'no JSON'",
        "id = 'nope'",
        "run_at = '-infinity'",
        "run_at = '1969-01-01'",
        "done_at = '-infinity'",
        "attempts = -5",
        "attempts = 2147483647, max_attempts = 2147483647, status = 'Pending'",
        "metadata = 'traceparent=>NULL'",
    ] {
        let database = TestDatabase::new().await;
        let folder = Folder::new();
        folder.write("A_1m.csv", bars(10, 1));
        push_raw(&database, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "{}").await;
        let set = sqlx::AssertSqlSafe(format!("UPDATE apalis.jobs SET {odd}"));
        sqlx::query(set).execute(&database.pool).await.expect(odd);
        enqueue(&database, &folder).await;
        let run = barlift(&database, &["worker", "--drain"]).run().await;
        assert_eq!(run.status, 0, "{odd}: {}", run.stderr);
        assert_eq!(database.bars().await, 10, "{odd}");
        assert!(
            run.stderr.contains("that cannot be read; they are set to `Killed`"),
            "{odd}: {}",
            run.stderr
        );
        let status: String = database.scalar("SELECT status FROM apalis.jobs WHERE priority = 9").await;
        assert_eq!(status, "Killed", "{odd}");
    }
}

#[tokio::test]
async fn a_worker_that_ends_well_is_gone_at_once_and_old_jobs_go() {
    const SILENT: &str = "SELECT count(*) FROM apalis.workers WHERE last_seen < now() - interval '1 hour'";
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    drain(&database).await;
    let alive = "SELECT count(*) FROM apalis.workers WHERE last_seen > now() - interval '1 hour'";
    assert_eq!(database.scalar::<i64>(alive).await, 0);
    // A worker may end before apalis has acknowledged its last job; then the next one finds that it is done.
    database.execute("UPDATE apalis.jobs SET status = 'Done', done_at = now() - interval '25 hours'").await;
    database.execute("UPDATE apalis.workers SET last_seen = now() - interval '25 hours'").await;
    folder.write("B_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"]).spawn();
    eventually("only the second operation's jobs and the new workers are left", || async {
        let left: (i64, i64, i64) = (
            database.scalar("SELECT count(*) FROM apalis.jobs WHERE status = 'Done'").await,
            database.scalar(WORKING_PROCESSES).await,
            database.scalar(SILENT).await,
        );
        (left == (2, 1, 0)).then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn an_attempt_that_hangs_ends_and_the_next_one_goes_on() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--drain"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__WORKER__TASK_TIMEOUT", "1500ms")
        .spawn();
    eventually("the first attempt is given up", || async {
        let failed: i64 =
            database.scalar("SELECT count(*) FROM barlift.attempts WHERE outcome = 'failed'").await;
        (failed > 0).then_some(())
    })
    .await;
    holder.commit().await.expect("let go");
    assert_eq!(worker.wait().await, Some(0));
    let message: String =
        database.scalar("SELECT error_message FROM barlift.attempts ORDER BY fence LIMIT 1").await;
    assert_eq!(
        message,
        "A_1m.csv: did not end within worker.task_timeout (1s 500ms); what was committed stays"
    );
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["state"], "succeeded");
    assert_eq!(status["totals"]["rows_skipped"], 0, "what was committed is not read again");
    assert_eq!(database.bars().await, 1000);
    let odd: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT error_message FROM barlift.attempts WHERE error_message NOT LIKE '%task_timeout%'",
    )
    .fetch_all(&database.pool)
    .await
    .expect("messages");
    assert_eq!(odd, Vec::<String>::new(), "the connection that was cut off is not used again");
}

#[tokio::test]
async fn a_second_signal_ends_a_worker_at_once_and_its_file_goes_on_elsewhere() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__WORKER__DRAIN_TIMEOUT", "10m")
        .spawn();
    wait_for_rows(&database, 500).await;
    worker.signal(Signal::SIGTERM);
    eventually("it no longer takes work", || async {
        let other = Folder::new();
        other.write("B_1m.csv", bars(1, 1));
        enqueue(&database, &other).await;
        let taken = "SELECT count(*) FROM apalis.jobs WHERE status = 'Pending'";
        (database.scalar::<i64>(taken).await > 0).then_some(())
    })
    .await;
    worker.signal(Signal::SIGINT);
    assert_eq!(worker.wait().await, Some(130));
    holder.commit().await.expect("let go");
    drain(&database).await;
    let outcomes: Vec<String> =
        sqlx::query_scalar("SELECT outcome FROM barlift.attempts WHERE task_id = (SELECT min(id) FROM barlift.tasks) ORDER BY fence")
            .fetch_all(&database.pool)
            .await
            .expect("attempts");
    assert_eq!(outcomes, ["rescued", "succeeded"]);
}

#[tokio::test]
async fn options_of_another_version_fail_the_task_and_end_the_operation() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    database.execute("UPDATE barlift.operations SET options = '{}'").await;
    drain(&database).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["state"], "failed");
    let message = status["tasks"][0]["error"]["message"].as_str().expect("a message");
    assert!(message.contains("enqueued by another version of barlift"), "{message}");
}

#[tokio::test]
async fn a_task_without_a_job_is_queued_again() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    database.execute("UPDATE apalis.jobs SET status = 'Done'").await;
    drain(&database).await;
    assert_eq!(database.bars().await, 10);
}

#[tokio::test]
async fn a_file_that_takes_longer_than_the_lease_stays_with_its_living_worker() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    folder.write("B_1m.csv", bars(1000, 2));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = || {
        barlift(&database, &["worker", "--concurrency", "1"])
            .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
            .env("BARLIFT__WORKER__LEASE", "3s")
            .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "1s")
            .env("BARLIFT__WORKER__DRAIN_TIMEOUT", "10m")
    };
    let workers = [worker().spawn(), worker().spawn()];
    wait_for_rows(&database, 2 * 500).await;
    // One has no hand free, the other is about to stop.
    workers[1].signal(Signal::SIGTERM);
    eventually("the attempts are older than three leases, within one statement", || async {
        let age: Option<f64> = database
            .scalar(
                "SELECT extract(epoch FROM now() - max(started_at))::double precision FROM barlift.attempts",
            )
            .await;
        age.filter(|seconds| *seconds > 11.0)
    })
    .await;
    // The one that is about to stop may have a worker of another queue, which has nothing to do and is gone.
    let heard_of = "SELECT count(*) FROM apalis.workers w JOIN apalis.jobs j ON j.lock_by = w.id
                    WHERE j.status = 'Running' AND w.last_seen > now() - interval '3 seconds'";
    assert_eq!(database.scalar::<i64>(heard_of).await, 2, "both are heard of all the time");
    holder.commit().await.expect("let go");
    eventually("it ends", || async {
        (database.scalar::<String>("SELECT state FROM barlift.operations").await == "succeeded").then_some(())
    })
    .await;
    let outcomes: Vec<String> = sqlx::query_scalar("SELECT outcome FROM barlift.attempts ORDER BY outcome")
        .fetch_all(&database.pool)
        .await
        .expect("attempts");
    assert_eq!(outcomes, ["handed_back", "succeeded", "succeeded"]);
    let [first, second] = workers;
    assert_eq!(second.wait().await, Some(0));
    first.signal(Signal::SIGTERM);
    assert_eq!(first.wait().await, Some(0));
}

crate::support::also_on_the_columnstore! {
    two_workers_share_an_operation,
    a_killed_workers_task_goes_on_elsewhere_at_its_checkpoint,
    a_stopped_worker_hands_its_task_back_without_burning_an_attempt,
    an_attempt_that_hangs_ends_and_the_next_one_goes_on,
    a_second_signal_ends_a_worker_at_once_and_its_file_goes_on_elsewhere,
    a_file_that_takes_longer_than_the_lease_stays_with_its_living_worker,
}

crate::support::also_over_tcp_with_hostile_defaults! {
    two_workers_share_an_operation,
    a_killed_workers_task_goes_on_elsewhere_at_its_checkpoint,
    a_stopped_worker_hands_its_task_back_without_burning_an_attempt,
    a_worker_that_cannot_drain_in_time_leaves_nothing_claimed,
    a_file_that_kills_its_workers_is_parked,
    scheduled_work_starts_in_its_time,
    a_worker_outlives_a_lost_connection,
    import_waits_for_a_database_that_goes_away,
    many_running_files_are_drained_without_waiting_for_the_timeout,
    a_job_of_another_version_is_left_alone,
    what_is_no_job_at_all_does_not_stop_the_queue,
    a_worker_that_ends_well_is_gone_at_once_and_old_jobs_go,
    an_attempt_that_hangs_ends_and_the_next_one_goes_on,
    a_second_signal_ends_a_worker_at_once_and_its_file_goes_on_elsewhere,
    options_of_another_version_fail_the_task_and_end_the_operation,
    a_task_without_a_job_is_queued_again,
    a_file_that_takes_longer_than_the_lease_stays_with_its_living_worker,
}
