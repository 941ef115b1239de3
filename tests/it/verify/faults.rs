//! Verifications that have few connections, are stopped, or lose the database halfway.

use nix::sys::signal::Signal;
use serde_json::json;

use super::{execute, import, report, verify};
use crate::support::{Folder, PrivateServer, TestDatabase, barlift, bars, drain, eventually, skipped};

#[tokio::test]
async fn three_connections_are_enough_for_many_series() {
    let server = PrivateServer::start().await;
    let superuser = server.database("few").await;
    let folder = Folder::new();
    for i in 0..10 {
        folder.write(&format!("S{i}_1m.csv"), bars(3000, i));
        // Of two files, the second one being out of order.
        folder.write(&format!("more/S{i}_1m.csv"), bars(100, i));
    }
    import(&superuser, folder.arg(), &[]).await;
    execute(&superuser, "UPDATE barlift.bars SET low = low - 1 WHERE time = '2024-01-01 00:13Z'").await;
    server
        .execute(
            "few",
            "CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 3;
             GRANT ALL ON DATABASE few TO few;
             GRANT ALL ON SCHEMA barlift, apalis, public TO few;
             GRANT ALL ON ALL TABLES IN SCHEMA barlift, apalis, public TO few;
             GRANT ALL ON ALL SEQUENCES IN SCHEMA barlift, apalis, public TO few;
             GRANT ALL ON ALL FUNCTIONS IN SCHEMA barlift, apalis, public TO few",
        )
        .await;
    let url = server.url("few", "few", "few");
    for mode in ["full", "sample", "counts"] {
        let arguments = ["verify", folder.arg(), "--mode", mode, "--json", "--sample-size", "100000"];
        let run = barlift(&superuser, &arguments).env("DATABASE_URL", &url).run().await;
        let found = run.json(i32::from(mode != "counts"));
        assert_eq!(found["totals"]["succeeded"], 10, "{mode}: {found:#}");
        assert_eq!(found["totals"]["differing"], if mode == "counts" { 0 } else { 10 }, "{mode}");
    }
}

/// A verification that is enqueued, and cannot use this table until the lock is let go of.
async fn held(
    table: &str,
    more: &[&str],
) -> (TestDatabase, Folder, sqlx::Transaction<'static, sqlx::Postgres>) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(20_000, 1));
    import(&database, folder.arg(), &[]).await;
    execute(&database, "UPDATE barlift.bars SET low = low - 1 WHERE time = '2024-01-01 00:13Z'").await;
    let arguments = [&["enqueue", "verify", folder.arg(), "--force"], more].concat();
    let run = barlift(&database, &arguments).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut holder = database.pool.begin().await.expect("begun");
    let lock = sqlx::AssertSqlSafe(format!("LOCK TABLE barlift.{table}"));
    sqlx::query(lock).execute(&mut *holder).await.expect("locked");
    (database, folder, holder)
}

/// Who waits for one of them.
const WAITS: &str = "FROM pg_locks WHERE NOT granted AND relation IN ('barlift.bars'::regclass, 'barlift.verifications'::regclass)
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

async fn until_it_waits(database: &TestDatabase) {
    let waits = format!("SELECT pid {WAITS}");
    eventually("it waits for the table", || async { (execute(database, &waits).await > 0).then_some(()) })
        .await;
}

async fn attempts(database: &TestDatabase) -> Vec<(i32, Option<String>)> {
    sqlx::query_as(
        "SELECT a.attempt, a.outcome FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id
         WHERE t.operation_id LIKE 'op_verify_%' ORDER BY a.fence",
    )
    .fetch_all(&database.pool)
    .await
    .expect("attempts")
}

#[tokio::test]
async fn a_worker_that_is_stopped_hands_it_back() {
    if TestDatabase::new().await.timescaledb {
        skipped("a worker looks at a hypertable before it begins, and would wait there");
        return;
    }
    let (database, _folder, holder) = held("bars", &[]).await;
    let worker = barlift(&database, &["worker"]).env("BARLIFT__WORKER__DRAIN_TIMEOUT", "1s").spawn();
    until_it_waits(&database).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    assert_eq!(
        database.scalar::<String>("SELECT state FROM barlift.tasks ORDER BY id DESC LIMIT 1").await,
        "pending"
    );
    assert_eq!(attempts(&database).await, [(1, Some("handed_back".to_owned()))]);
    holder.commit().await.expect("let go");
    drain(&database).await;
    let found = report(&database, 1).await;
    assert_eq!(
        (&found["series"][0]["different"], &found["series"][0]["compared"]),
        (&json!(1), &json!(20_000))
    );
}

#[tokio::test]
async fn terminated_sessions_are_tried_again() {
    let (database, _folder, holder) = held("verifications", &[]).await;
    let running = tokio::spawn(barlift(&database, &["worker", "--drain"]).run());
    until_it_waits(&database).await;
    execute(&database, &format!("SELECT pg_terminate_backend(pid) {WAITS}")).await;
    holder.commit().await.expect("let go");
    let run = running.await.expect("ran");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(report(&database, 1).await["series"][0]["different"], 1);
    let attempts = attempts(&database).await;
    assert_eq!(attempts.last(), Some(&(2, Some("succeeded".to_owned()))), "{attempts:?}");
}

#[tokio::test]
async fn a_file_that_grows_meanwhile_is_not_taken_for_what_it_was() {
    if TestDatabase::new().await.timescaledb {
        skipped("a worker looks at a hypertable before it begins, and would wait there");
        return;
    }
    let (database, folder, holder) = held("bars", &["--batch-rows", "100"]).await;
    let worker = barlift(&database, &["worker", "--drain"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100");
    let running = tokio::spawn(worker.run());
    until_it_waits(&database).await;
    // The reader is a few batches ahead and waits, too.
    folder.write("A_1m.csv", bars(20_001, 1));
    holder.commit().await.expect("let go");
    let run = running.await.expect("ran");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let found = report(&database, 1).await;
    assert_eq!(
        (&found["series"][0]["csv"]["bars"], &found["series"][0]["only_in_csv"]),
        (&json!(20_001), &json!(1))
    );
    assert_eq!(attempts(&database).await.last(), Some(&(2, Some("succeeded".to_owned()))));
    assert_eq!(verify(&database, folder.arg(), &[]).await.counts(), [1, 1, 0]);
}
