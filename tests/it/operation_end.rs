//! An operation ends with its last file, whatever the database's default isolation level is. The workers' sweep ends
//! one that was left open.

use nix::sys::signal::Signal;

use crate::support::{Folder, TestDatabase, barlift, bars, drain, enqueue, eventually, hold_back};

async fn blocked(database: &TestDatabase, sessions: i64) {
    eventually("sessions wait for a lock", || async {
        let blocked = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
        (database.scalar::<i64>(blocked).await == sessions).then_some(())
    })
    .await;
}

/// Two files are settled at the same moment: neither transaction sees the other's, when it begins.
#[tokio::test]
async fn two_files_that_end_at_once_end_the_operation_under_repeatable_read() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let name: String = database.scalar("SELECT current_database()::text").await;
    let setting = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'");
    sqlx::query(sqlx::AssertSqlSafe(setting)).execute(&database.pool).await.expect("set");
    for i in 0..2 {
        folder.write(&format!("S{i}_1m.csv"), bars(600, i));
    }
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--concurrency", "2"])
        // Each file by itself, and no sweep that would help.
        .env("BARLIFT__RETRY__MAX_RESCUES", "0")
        .env("BARLIFT__WORKER__LEASE", "10m")
        .spawn();
    blocked(&database, 2).await;
    let mut operation = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT FROM barlift.operations FOR UPDATE").execute(&mut *operation).await.expect("locked");
    holder.commit().await.expect("let go");
    blocked(&database, 2).await;
    operation.commit().await.expect("let go");
    eventually("the operation ends", || async {
        let state: String = database.scalar("SELECT state FROM barlift.operations").await;
        (state == "succeeded").then_some(())
    })
    .await;
    assert_eq!(database.bars().await, 1200);
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn an_operation_that_was_left_open_is_ended_with_what_follows_it() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for i in 0..3 {
        folder.write(&format!("S{i}_1m.csv"), bars(50, i));
    }
    let enqueued = barlift(&database, &["enqueue", "import", folder.arg(), "--verify"]).run().await;
    assert_eq!(enqueued.status, 0, "{}", enqueued.stderr);
    // As an older build left it: all of its files are done, it runs, and what follows it waits.
    database
        .execute(
            "UPDATE barlift.tasks SET state = CASE symbol WHEN 'S1' THEN 'failed' ELSE 'succeeded' END, finished_at = now()
             WHERE starts_with(operation_id, 'op_migration')",
        )
        .await;
    database
        .execute(
            "UPDATE barlift.operations SET state = 'running', started_at = now(), traced = true
             WHERE type = 'DATA_MIGRATION'",
        )
        .await;
    drain(&database).await;
    // No process here exports spans, so nobody owes the verification's root.
    let left: Vec<(String, String, bool, bool)> = sqlx::query_as(
        "SELECT type, state, finished_at IS NOT NULL, root_span_due_at IS NOT NULL
         FROM barlift.operations ORDER BY type",
    )
    .fetch_all(&database.pool)
    .await
    .expect("asked");
    let row = |kind: &str, state: &str, due| (kind.to_owned(), state.to_owned(), true, due);
    assert_eq!(left, [row("DATA_MIGRATION", "failed", true), row("DATA_VERIFICATION", "succeeded", false)]);
    let verified = "SELECT count(*) FROM barlift.tasks
                    WHERE starts_with(operation_id, 'op_verify') AND verdict = 'differs'";
    assert_eq!(database.scalar::<i64>(verified).await, 3);
}
