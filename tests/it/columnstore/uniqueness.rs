//! Each bar is there once: with a frozen worker, and with a save beside an import. A duplicate that another program
//! wrote is found.

use std::time::Duration;

use barlift::bar::{Bars, Ohlcv};
use barlift::import::ImportAttempt;
use barlift::repository::data::DataRepository;
use barlift::task::{Claim, Claimant, Lease, TaskInfo, TaskOptions};
use barlift::telemetry::AttemptTelemetry;
use nix::sys::signal::Signal;

use super::import;
use crate::support::{
    Child, Folder, HEADER, TestDatabase, bar, barlift, bars, enqueue, eventually, on_the_columnstore,
};
use crate::verify::{execute, verify};

#[test]
fn a_worker_frozen_between_look_and_commit_writes_nothing_more() {
    on_the_columnstore(frozen);
}

fn worker(database: &TestDatabase) -> Child {
    barlift(database, &["worker", "--concurrency", "1"]).env("BARLIFT__WORKER__LEASE", "2s").spawn()
}

/// The first worker has looked and found nothing; before it has sent a bar, another one does all of its work.
#[tokio::main(flavor = "current_thread")]
async fn frozen() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(5000, 1));
    // So that the chunk is there: whoever makes one waits before the COPY.
    let earlier = Folder::new();
    earlier.write("B_1m.csv", bars(300, 2));
    assert_eq!(barlift(&database, &["import", earlier.arg()]).run().await.status, 0);
    // Reading goes on, writing waits.
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("LOCK TABLE barlift.bars IN SHARE MODE").execute(&mut *holder).await.expect("locked");
    enqueue(&database, &folder).await;
    let first = worker(&database);
    eventually("the worker waits within its COPY", || async {
        let waiting: i64 = database
            .scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'COPY%'")
            .await;
        (waiting > 0).then_some(())
    })
    .await;
    first.signal(Signal::SIGSTOP);
    holder.rollback().await.expect("released");
    let second = worker(&database);
    eventually("the other one has imported it all", || async {
        let done: i64 = database
            .scalar("SELECT count(*) FROM barlift.tasks WHERE state = 'succeeded' AND symbol = 'A'")
            .await;
        (done == 1).then_some(())
    })
    .await;
    let open: i64 = database
        .scalar("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() AND query LIKE 'COPY%'")
        .await;
    assert_eq!(open, 1, "the first worker's transaction is open still");
    first.signal(Signal::SIGCONT);
    eventually("it gives up", || async {
        let open: i64 = database
            .scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state <> 'idle'")
            .await;
        (open == 0).then_some(())
    })
    .await;
    for worker in [first, second] {
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0));
    }
    assert_eq!(database.bars().await, 5300);
    assert_eq!(
        database.scalar::<i64>("SELECT rows_imported FROM barlift.tasks WHERE symbol = 'A'").await,
        5000
    );
    assert_eq!(verify(&database, folder.arg(), &["--force"]).await.status, 0);
}

#[test]
fn a_batch_whose_fence_moved_on_while_it_was_written_is_rolled_back() {
    on_the_columnstore(fenced);
}

/// The attempt itself, without the worker that would notice by its own.
#[tokio::main(flavor = "current_thread")]
async fn fenced() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(5000, 1));
    enqueue(&database, &folder).await;
    let (lease, info) = claim(&database).await;
    // The batch has written its bars when it comes to this row.
    let mut other = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT FROM barlift.series FOR UPDATE").execute(&mut *other).await.expect("locked");
    let (pool, newest) = (database.pool.clone(), database.newest_job().await);
    let late = tokio::spawn(async move {
        let stop = tokio_util::sync::CancellationToken::new();
        let context = barlift::task::AttemptContext { pool, batch_rows: 10_000, stop };
        let job = newest;
        let delivery = barlift::queue::Delivery { job, traceparent: None };
        let telemetry = AttemptTelemetry::start(&info.attempt(&lease, "a test", &delivery));
        let TaskOptions::Import(options) = &info.options else { panic!("an import") };
        let attempt =
            ImportAttempt { context: &context, lease: &lease, task: &info, options, telemetry: &telemetry };
        barlift::import::import(attempt).await
    });
    eventually("the batch waits behind its COPY", || async {
        let waiting: i64 = database
            .scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%SET content%'")
            .await;
        (waiting > 0).then_some(())
    })
    .await;
    // As whoever takes the task over does, and then writes the same bars.
    let taken = "UPDATE barlift.tasks SET fence = fence + 1";
    sqlx::query(taken).execute(&mut *other).await.expect(taken);
    other.commit().await.expect("committed");
    database
        .execute(
            "INSERT INTO barlift.bars
             SELECT (SELECT id FROM barlift.series), '2024-01-01Z'::timestamptz + i * interval '1 min', 1, 1, 1, 1, 1
             FROM generate_series(0, 4999) i",
        )
        .await;
    let error = late.await.expect("ran").expect_err("fenced");
    assert!(matches!(error, barlift::error::Error::LostLease), "{error}");
    let written: (i64, i64) =
        sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE close = 1) FROM barlift.bars")
            .fetch_one(&database.pool)
            .await
            .expect("counted");
    assert_eq!(written, (5000, 5000));
}

async fn claim(database: &TestDatabase) -> (Lease, TaskInfo) {
    let job = database.newest_job().await;
    let claimant =
        Claimant { worker: "a test", max_rescues: 3, traces: false, lease: Duration::from_secs(2) };
    let claimed = barlift::task::claim(&database.pool, &job, claimant).await.expect("claimed");
    let Claim::Started(started) = claimed.claim else { panic!("{claimed:?}") };
    *started
}

#[test]
fn nothing_is_saved_beside_a_running_import() {
    on_the_columnstore(saved_beside);
}

#[tokio::main(flavor = "current_thread")]
async fn saved_beside() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    let (lease, _) = claim(&database).await;
    let repository = DataRepository::new(database.pool.clone());
    let mut one = Bars::default();
    one.push(0, Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0));
    let error = repository.save("A", "1m", &one).await.expect_err("held");
    assert_eq!(error.to_string(), "A 1m is being imported right now; nothing was saved");
    assert!(error.hint().is_some_and(|hint| hint.starts_with("try again when that import has ended")));
    assert_eq!(repository.save("B", "1m", &one).await.expect("nobody holds it"), 1);
    lease.succeed(&database.pool, &Default::default(), None).await.expect("settled");
    assert_eq!(repository.save("A", "1m", &one).await.expect("nobody holds it any more"), 1);

    // And no import begins beside a save.
    let mut chunk = one.clone();
    chunk.time[0] = 60_000_000;
    let (send, receive) = tokio::sync::mpsc::channel(1);
    let chunks = futures::stream::unfold(receive, |mut r| async { r.recv().await.map(|c| (Ok(c), r)) });
    let saving = tokio::spawn(async move { repository.save_stream("C", "1m", chunks).await });
    send.send(one).await.expect("taken");
    send.send(chunk).await.expect("the first one is in work or written");
    folder.write("C_1m.csv", format!("{HEADER}1970-01-01T00:01:00Z,1,2,0.5,1.5,10\n"));
    let program = barlift(&database, &["import", folder.arg(), "--json", "--symbols", "C"]);
    let importing = tokio::spawn(program.run());
    eventually("the import waits for the save", || async {
        let waiting: i64 = database
            .scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
            .await;
        (waiting > 0).then_some(())
    })
    .await;
    drop(send);
    assert_eq!(saving.await.expect("ran").expect("saved"), 2);
    assert_eq!(importing.await.expect("ran").json(0)["totals"]["rows_skipped"], 1);
    assert_eq!(database.bars().await, 4);
}

#[test]
fn saves_at_once_take_turns() {
    on_the_columnstore(saves);
}

#[tokio::main(flavor = "current_thread")]
async fn saves() {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    let mut many = Bars::default();
    for i in 0..3000 {
        many.push(i * 60_000_000, Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0));
    }
    let saved = futures::future::join_all((0..4).map(|_| repository.save("A", "1m", &many))).await;
    assert_eq!(saved.iter().filter(|s| s.is_ok()).count(), 1, "{saved:?}");
    assert_eq!(database.bars().await, 3000);
    // Chunks of one save, out of order, each seen by the next.
    let parts = [1000..2000, 0..400, 2000..2100, 400..1000, 900..1000].map(|range| {
        let mut part = Bars::default();
        range.for_each(|i| part.push(many.time[i], many.values(i)));
        part
    });
    let error = repository.save_stream("B", "1m", futures::stream::iter(parts.clone().map(Ok))).await;
    assert!(error.is_err_and(|e| e.to_string().contains("already; nothing was saved")));
    let parts = futures::stream::iter(parts.into_iter().take(4).map(Ok));
    assert_eq!(repository.save_stream("B", "1m", parts).await.expect("saved"), 2100);
    let loaded = repository.load("B", "1m", i64::MIN, i64::MAX).await.expect("loaded");
    assert_eq!(loaded.time, many.time[..2100]);
}

#[test]
fn what_a_foreign_writer_doubles_is_found() {
    on_the_columnstore(doubled);
}

/// Bars 10 and 8191 (where a reader's chunk ends) twice with the same values, 20 with others, 30 three times; and the
/// last one.
#[tokio::main(flavor = "current_thread")]
async fn doubled() {
    let database = TestDatabase::new().await;
    let rows = 9000;
    assert_eq!(import(&database, 0..rows).await, 9000);
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(rows, 1));
    assert_eq!(verify(&database, folder.arg(), &["--force"]).await.status, 0);
    let time = |i: usize| bar(i, 1).split(',').next().expect("a time").to_owned();
    for (row, close) in [
        (10, "close"),
        (8191, "close"),
        (20, "close + 1"),
        (30, "close"),
        (30, "close + 2"),
        (rows - 1, "close"),
    ] {
        let sql = format!(
            "INSERT INTO barlift.bars SELECT series_id, time, open, high, low, {close}, volume
             FROM barlift.bars WHERE time = '{}' LIMIT 1",
            time(row)
        );
        execute(&database, &sql).await;
    }
    for more in [&[][..], &["--within-range"], &["--force"]] {
        let found = verify(&database, folder.arg(), more).await;
        assert_eq!((found.status, found.counts()), (1, [0, 0, 6]), "{:#}", found.report);
        let listed: Vec<_> = found.differences().iter().map(|d| d["time"].clone()).collect();
        assert_eq!(listed, [10, 20, 30, 30, 8191, rows - 1].map(time));
        assert!(found.differences().iter().all(|d| d["kind"] == "only_in_db"), "{:#}", found.report);
        assert_eq!(found.series()["identical"], 9000);
    }
    let counted = verify(&database, folder.arg(), &["--mode", "counts"]).await;
    assert_eq!(counted.status, 1);
    let sampled = verify(&database, folder.arg(), &["--mode", "sample", "--sample-size", "10000"]).await;
    assert_eq!((sampled.status, sampled.counts()), (1, [0, 0, 6]), "{:#}", sampled.report);

    // An import copes: nothing is written a third time, and bars that differ among themselves are mismatches.
    let arguments = ["import", folder.arg(), "--json"];
    let totals = barlift(&database, &arguments).run().await.json(1)["totals"].take();
    assert_eq!((totals["rows_imported"].as_i64(), totals["rows_mismatched"].as_i64()), (Some(0), Some(2)));
    assert_eq!(totals["rows_skipped"], 8998);
    assert_eq!(database.bars().await, 9006);
}
