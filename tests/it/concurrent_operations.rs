//! Operations over the same files at once, and operations of many files.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Folder, HEADER, TestDatabase, barlift, bars, drain, enqueue};

async fn operations(database: &TestDatabase) -> Vec<Value> {
    let listed = barlift(database, &["operations", "--limit", "100", "--json"]).run().await.json(0);
    listed.as_array().expect("a list").clone()
}

fn total(operations: &[Value], key: &str) -> i64 {
    operations.iter().map(|o| o["totals"][key].as_i64().expect("a number")).sum()
}

/// Files whose rows and their order differ between the runs' ends would show as mismatches or rejected rows.
fn write(folder: &Folder, files: u64, rows: usize) {
    for i in 0..files {
        folder.write(&format!("S{i:02}_1m.csv"), bars(rows, i));
    }
}

#[tokio::test]
async fn two_operations_over_the_same_files_at_once_write_each_row_once() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 8, 2000);
    // Each enqueues and works; --force makes both read everything.
    let import =
        |json| barlift(&database, &["import", folder.arg(), "--force", "--batch-rows", "200", json]).run();
    let (a, b) = tokio::join!(import("--json"), import("--json"));
    for run in [a, b] {
        let result = run.json(0);
        assert_eq!(result["totals"]["rows"], 16_000);
        assert_eq!(result["totals"]["rows_mismatched"], 0);
    }
    let both = operations(&database).await;
    assert_eq!(total(&both, "rows_imported"), 16_000);
    assert_eq!(total(&both, "rows_skipped"), 16_000);
    assert_eq!(database.bars().await, 16_000);
    let held: i64 = database.scalar("SELECT count(held_by) FROM barlift.series").await;
    assert_eq!(held, 0, "no series is left held");
}

#[tokio::test]
async fn the_same_files_enqueued_twenty_times_are_imported_once() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 5, 300);
    for _ in 0..20 {
        enqueue(&database, &folder).await;
    }
    let workers =
        [barlift(&database, &["worker", "--drain"]).run(), barlift(&database, &["worker", "--drain"]).run()];
    for worker in futures::future::join_all(workers).await {
        assert_eq!(worker.status, 0, "{}", worker.stderr);
    }
    let all = operations(&database).await;
    let states: BTreeSet<_> = all.iter().map(|o| o["state"].as_str().expect("a state")).collect();
    assert_eq!((all.len(), states), (20, BTreeSet::from(["succeeded"])));
    assert_eq!(total(&all, "rows"), 20 * 1500);
    assert_eq!(total(&all, "rows_imported"), 1500);
    assert_eq!(total(&all, "rows_skipped"), 19 * 1500);
    assert_eq!(database.bars().await, 1500);
    assert_eq!(database.scalar::<i64>("SELECT sum(attempts)::bigint FROM barlift.tasks").await, 100);
}

#[tokio::test]
async fn an_operation_may_have_ten_thousand_files() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let name = |i: u32| format!("S{i:05}");
    for i in 0..10_000 {
        folder.write(&format!("{}_1d.csv", name(i)), format!("{HEADER}2024-01-01T00:00:00Z,1,2,0.5,1,10\n"));
    }
    enqueue(&database, &folder).await;
    let paused = barlift(&database, &["pause", "latest", "--json"]).run().await.json(0);
    let resumed = barlift(&database, &["resume", "latest", "--json"]).run().await.json(0);
    assert_eq!((&paused["tasks"], &resumed["tasks"]), (&10_000.into(), &10_000.into()));
    // A few of them are worked here: all of them take minutes in a debug build.
    let most = (200..10_000).map(name).collect::<Vec<_>>().join(",");
    let cancelled =
        barlift(&database, &["cancel", "latest", "--symbols", &most, "--json"]).run().await.json(0);
    assert_eq!(cancelled["tasks"], 9_800);
    drain(&database).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    let totals = &status["totals"];
    assert_eq!(
        (&totals["tasks"], &totals["succeeded"], &totals["cancelled"]),
        (&10_000.into(), &200.into(), &9_800.into())
    );
    assert_eq!(status["tasks"].as_array().expect("tasks").len(), 10_000);
    assert_eq!(database.bars().await, 200);
    let shown = barlift(&database, &["status"]).run().await.stdout;
    assert!(shown.contains("10,000 files: 200 succeeded, 9,800 cancelled"), "{shown}");
    assert!(shown.lines().count() < 60, "a page, not a book");
    let again = barlift(&database, &["retry", "latest", "--cancelled", "--json"]).run().await.json(0);
    assert_eq!(again["tasks"], 9_800);
}

crate::support::also_on_the_columnstore! {
    two_operations_over_the_same_files_at_once_write_each_row_once,
    the_same_files_enqueued_twenty_times_are_imported_once,
}
