//! Tasks of one series run one after the other, each as soon as the one before releases the series.
//!
//! The lease is so long that the sweep finds nothing here.

use std::time::Duration;

use barlift::bar::{Bars, Ohlcv};
use barlift::model::OperationId;
use barlift::operation::control::{self, Selection};
use barlift::repository::data::DataRepository;
use barlift::task::{self, Claim, Claimant};
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

/// What `data save` does in a columnstore from its first chunk to its last.
#[tokio::test]
async fn a_series_that_somebody_keeps_locked_holds_up_neither_other_files_nor_commands() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(400, 1));
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    folder.write("A_1m.csv", bars(500, 1));
    let mut holder = database.pool.begin().await.expect("begun");
    let lock = "SELECT FROM barlift.series WHERE symbol = 'A' FOR NO KEY UPDATE";
    sqlx::query(lock).execute(&mut *holder).await.expect("locked");
    enqueue(&database, &folder).await;
    folder.write("B_1m.csv", bars(300, 2));
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--concurrency", "1", "--drain"]).spawn();
    wait_for_bars(&database, "B", 300).await;
    let first: String =
        database.scalar("SELECT id FROM barlift.operations ORDER BY created_at OFFSET 1 LIMIT 1").await;
    assert_eq!(barlift(&database, &["priority", &first, "7"]).run().await.status, 0);
    let begun = "SELECT count(*) FROM barlift.tasks WHERE symbol = 'A' AND state <> 'pending'";
    assert_eq!(database.scalar::<i64>(begun).await, 1);
    holder.rollback().await.expect("let go");
    assert_eq!(worker.wait().await, Some(0));
    wait_for_bars(&database, "A", 500).await;
    let attempts = "SELECT max(attempts)::bigint FROM barlift.tasks";
    assert_eq!(database.scalar::<i64>(attempts).await, 1, "no attempt is lost to it");
}

/// Waits until a symbol has so many bars.
async fn wait_for_bars(database: &TestDatabase, symbol: &str, bars: i64) {
    eventually("its bars are there", || async {
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM barlift.bars_named WHERE symbol = $1")
            .bind(symbol)
            .fetch_one(&database.pool)
            .await
            .expect("counted");
        (found == bars).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_attempt_does_not_wait_to_release_a_series_that_somebody_keeps_locked() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    enqueue(&database, &folder).await;
    let id = OperationId(database.scalar("SELECT id FROM barlift.operations").await);
    let job = database.newest_job().await;
    let lease = Duration::from_secs(60);
    let claimant = Claimant { worker: "w", max_rescues: 2, traces: false, lease };
    let claimed = task::claim(&database.pool, &job, claimant).await.expect("claimed");
    let Claim::Started(started) = claimed.claim else { panic!("{claimed:?}") };
    let all = Selection::default();
    control::cancel(&database.pool, &id, &all).await.expect("cancelled");
    let mut keeper = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT FROM barlift.series FOR NO KEY UPDATE").execute(&mut *keeper).await.expect("locked");
    let release = tokio::time::timeout(Duration::from_secs(30), started.0.release(&database.pool)).await;
    let gave_up = release.expect("it gives up").expect_err("it is locked");
    assert!(gave_up.is_lock_timeout(), "{}", gave_up.chain());
    control::retry(&database.pool, &id, &all, true).await.expect("the task is free");
    keeper.rollback().await.expect("let go");
    crate::support::drain(&database).await;
    assert_eq!(database.bars().await, 1000);
}

#[tokio::test]
async fn a_save_that_goes_on_holds_up_nothing_but_its_series() {
    let (database, folder, before) = (TestDatabase::new().await, Folder::new(), Folder::new());
    // So that nobody makes a chunk: in TimescaleDB, others who make one wait for that.
    before.write("BEFORE_1m.csv", format!("{}2034-01-01T00:00:00Z,1,2,0.5,1.5,10\n", bars(300, 9)));
    assert_eq!(barlift(&database, &["import", before.arg()]).run().await.status, 0);
    folder.write("NEW_1m.csv", bars(300, 1));
    folder.write("OTHER_1m.csv", bars(200, 2));
    let (chunks, more) = tokio::sync::mpsc::channel::<barlift::error::Result<Bars>>(1);
    let repository = DataRepository::new(database.pool.clone());
    let saving = tokio::spawn(async move {
        repository.save_stream("NEW", "1m", tokio_stream::wrappers::ReceiverStream::new(more)).await
    });
    let mut late = Bars::default();
    late.push(2_019_686_400_000_000, Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0));
    chunks.send(Ok(late)).await.expect("taken");
    // The third one is taken when the first is written.
    for _ in 0..2 {
        chunks.send(Ok(Bars::default())).await.expect("taken");
    }
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--drain"]).spawn();
    wait_for_bars(&database, "OTHER", 200).await;
    assert_eq!(barlift(&database, &["priority", "latest", "7"]).run().await.status, 0);
    let pending = "SELECT count(*) FROM barlift.tasks WHERE symbol = 'NEW' AND state = 'pending'";
    assert_eq!(database.scalar::<i64>(pending).await, 1);
    drop(chunks);
    assert_eq!(saving.await.expect("no panic").expect("saved"), 1);
    assert_eq!(worker.wait().await, Some(0));
    wait_for_bars(&database, "NEW", 301).await;
}

crate::support::also_on_the_columnstore! {
    one_series_is_written_by_one_task_at_a_time,
    many_files_of_one_series_follow_each_other,
    a_cancelled_task_lets_go_of_its_series,
    a_series_that_somebody_keeps_locked_holds_up_neither_other_files_nor_commands,
    an_attempt_does_not_wait_to_release_a_series_that_somebody_keeps_locked,
    a_save_that_goes_on_holds_up_nothing_but_its_series,
}
