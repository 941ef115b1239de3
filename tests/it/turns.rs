//! Tasks of one series: one after the other, each as soon as the one before lets go.
//!
//! The lease is so long that nothing here is found by the sweep.

use nix::sys::signal::Signal;

use crate::support::{Folder, TestDatabase, barlift, bars, enqueue, eventually, hold_back, wait_for_rows};

const WAITING: &str = "SELECT count(*) FROM barlift.tasks WHERE state = 'pending' AND waits_for IS NOT NULL";

async fn one_waits(database: &TestDatabase) {
    eventually("the second task waits", || async {
        (database.scalar::<i64>(WAITING).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn one_series_is_written_by_one_task_at_a_time() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("a/A_1m.csv", bars(1000, 1));
    folder.write("b/A_1m.csv", bars(1200, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--drain"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__WORKER__LEASE", "10m")
        .spawn();
    wait_for_rows(&database, 500).await;
    one_waits(&database).await;
    assert_eq!(database.scalar::<i64>("SELECT sum(attempts)::bigint FROM barlift.tasks").await, 1);
    holder.commit().await.expect("let go");
    assert_eq!(worker.wait().await, Some(0));
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["totals"]["rows_imported"], 1200);
    assert_eq!(status["totals"]["rows_skipped"], 1000);
    assert_eq!(status["totals"]["rows_mismatched"], 0);
    assert_eq!(database.scalar::<i64>("SELECT sum(attempts)::bigint FROM barlift.tasks").await, 2);
}

#[tokio::test]
async fn many_files_of_one_series_follow_each_other() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    for i in 0..60 {
        folder.write(&format!("{i:02}/A_1m.csv"), bars(100 + i, 1));
    }
    enqueue(&database, &folder).await;
    let worker = || barlift(&database, &["worker", "--drain"]).env("BARLIFT__WORKER__LEASE", "10m").spawn();
    for worker in [worker(), worker()] {
        assert_eq!(worker.wait().await, Some(0));
    }
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["state"], "succeeded");
    assert_eq!(status["totals"]["rows_mismatched"], 0);
    assert_eq!(database.bars().await, 159);
    assert_eq!(database.scalar::<i64>("SELECT max(attempts)::bigint FROM barlift.tasks").await, 1);
    // None was asked again and again: what waits has no job.
    let pushes: i64 = database.scalar("SELECT sum(pushes)::bigint FROM barlift.tasks").await;
    assert!(pushes <= 3 * 60, "{pushes}");
    assert_eq!(database.scalar::<i64>(WAITING).await, 0);
}

#[tokio::test]
async fn a_cancelled_task_lets_go_of_its_series() {
    let database = TestDatabase::new().await;
    let (first, second) = (Folder::new(), Folder::new());
    first.write("A_1m.csv", bars(1000, 1));
    second.write("A_1m.csv", bars(400, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &first).await;
    let worker = barlift(&database, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__WORKER__LEASE", "10m")
        .spawn();
    wait_for_rows(&database, 500).await;
    let id: String = database.scalar("SELECT id FROM barlift.operations").await;
    enqueue(&database, &second).await;
    one_waits(&database).await;
    assert_eq!(barlift(&database, &["cancel", &id]).run().await.status, 0);
    eventually("the second one is done", || async {
        let done = "SELECT count(*) FROM barlift.operations WHERE state = 'succeeded'";
        (database.scalar::<i64>(done).await == 1).then_some(())
    })
    .await;
    holder.commit().await.expect("let go");
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

crate::support::also_on_the_columnstore! {
    one_series_is_written_by_one_task_at_a_time,
    many_files_of_one_series_follow_each_other,
    a_cancelled_task_lets_go_of_its_series,
}
