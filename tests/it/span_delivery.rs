//! The spans of attempts and operations arrive once or, if an answer got lost, in equal copies.

use std::collections::BTreeMap;

use crate::support::collector::{Collector, Span};
use crate::support::{Folder, TestDatabase, barlift, bars};
use crate::tracing::{drain, setting, traced};

/// What is owed is due at once, and a worker looks.
async fn sweep(database: &TestDatabase, collector: &Collector) {
    database.execute("UPDATE barlift.attempts SET span_due_at = now() WHERE span_due_at IS NOT NULL").await;
    database.execute("UPDATE barlift.span_outbox SET due_at = now()").await;
    drain(database, collector).await;
}

fn copies(collector: &Collector) -> BTreeMap<String, Vec<Span>> {
    let mut copies: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for span in collector.spans() {
        copies.entry(span.id.clone()).or_default().push(span);
    }
    copies
}

fn small_files(folder: &Folder) {
    for i in 0..5 {
        folder.write(&format!("S{i}_1m.csv"), bars(100, i));
    }
}

#[tokio::test]
async fn what_arrived_is_not_sent_again() {
    let (database, collector, folder) = setting().await;
    small_files(&folder);
    for command in ["import", "verify"] {
        let run = traced(&database, &collector, &["enqueue", command, folder.arg()]).run().await;
        assert_eq!(run.status, 0, "{}", run.stderr);
        drain(&database, &collector).await;
    }
    sweep(&database, &collector).await;
    let copies = copies(&collector);
    for name in ["csv_import.import_symbol", "migration.verify_data"] {
        assert_eq!(copies.values().filter(|c| c[0].name == name).count(), 5, "{name}");
    }
    for spans in copies.values() {
        assert_eq!(spans.len(), 1, "{} arrived {} times", spans[0].name, spans.len());
    }
}

#[tokio::test]
async fn copies_of_a_span_are_equal() {
    let (database, collector, folder) = setting().await;
    small_files(&folder);
    folder.write("BAD_1m.csv", "time,open\n");
    collector.lose_answers(true);
    let alone = |arguments: &[&str]| {
        traced(&database, &collector, arguments).env("BARLIFT__WORKER__CONCURRENCY", "1").run()
    };
    alone(&["import", folder.arg(), "--json"]).await.json(1);
    assert_eq!(barlift(&database, &["retry", "latest"]).run().await.status, 0);
    assert_eq!(alone(&["worker", "--drain"]).await.status, 0);
    alone(&["verify", folder.arg(), "--json"]).await.json(1);
    let together: i64 = database.scalar("SELECT count(*) FROM barlift.attempts WHERE together > 1").await;
    assert!(together >= 2, "small files went together");
    // What a slow machine had no time for, goes out now.
    let expected = [
        ("csv_import.import_symbol", 7),
        ("migration.verify_data", 6),
        ("csv_import.import_all", 1),
        ("csv_import.retry", 1),
        ("migration.verify_all", 1),
    ];
    let all: usize = expected.iter().map(|(_, n)| n).sum();
    let of_records = |copies: &BTreeMap<String, Vec<Span>>| {
        copies.values().filter(|c| expected.iter().any(|(name, _)| c[0].name == *name)).count()
    };
    for _ in 0..10 {
        if of_records(&copies(&collector)) < all {
            sweep(&database, &collector).await;
        }
    }
    collector.lose_answers(false);
    let stored = "SELECT count(*) FROM barlift.span_outbox";
    for _ in 0..10 {
        if database.scalar::<i64>(stored).await > 0 {
            sweep(&database, &collector).await;
        }
    }
    assert_eq!(database.scalar::<i64>(stored).await, 0, "all were taken in the end");

    let copies = copies(&collector);
    let again: Vec<&Vec<Span>> = copies.values().filter(|c| c.len() > 1).collect();
    for spans in &again {
        let first = &spans[0];
        for copy in &spans[1..] {
            assert_eq!((copy.start, copy.end), (first.start, first.end), "{}: times", first.name);
            assert_eq!(copy.attributes, first.attributes, "{}", first.name);
            assert_eq!(copy.encoded, first.encoded, "{}", first.name);
            assert_eq!(copy.resource, first.resource, "{}", first.name);
        }
    }
    for (name, n) in expected {
        assert_eq!(again.iter().filter(|c| c[0].name == name).count(), n, "{name}");
    }
    assert_eq!(again.len(), all, "nothing else arrived twice");
}

#[tokio::test]
async fn an_attempt_that_its_worker_could_not_store_is_built_from_its_record_once() {
    let (database, collector, folder) = setting().await;
    small_files(&folder);
    // Its worker stores nothing: somebody holds the table.
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("LOCK TABLE barlift.span_outbox").execute(&mut *holder).await.expect("locked");
    let run = traced(&database, &collector, &["import", folder.arg(), "--json"]).run().await;
    run.json(0);
    assert!(collector.spans().iter().all(|s| s.name != "csv_import.import_symbol"));
    holder.commit().await.expect("let go");
    sweep(&database, &collector).await;
    sweep(&database, &collector).await;
    let trace = collector.trace();
    assert_eq!(trace.named("csv_import.import_symbol").len(), 5);
    assert_eq!(trace.root().int("csv_import.total_rows_imported"), 500);
}
