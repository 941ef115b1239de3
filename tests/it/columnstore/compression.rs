//! What is compressed as it is written, what is not, and that everything is read in order.

use super::{check, chunks, fold, import, reads};
use crate::support::{Folder, TestDatabase, bar, barlift, bars, eventually, on_the_columnstore, skipped};

#[test]
fn a_file_is_compressed_by_the_copy_itself() {
    on_the_columnstore(copied);
}

#[tokio::main(flavor = "current_thread")]
async fn copied() {
    let database = TestDatabase::new().await;
    // Five batches in two chunks.
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100_000, 1));
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(chunks(&database).await, (vec!["COMPRESSED".to_owned()], 0));
    let rows: Vec<usize> = (0..100_000).collect();
    check(&database, &rows).await;
    assert_eq!(import(&database, rows).await, 0, "all are there");
}

#[test]
fn small_files_are_compressed_together_if_each_has_enough() {
    on_the_columnstore(small);
}

#[tokio::main(flavor = "current_thread")]
async fn small() {
    for (rows, state) in [(600, vec!["COMPRESSED"]), (60, vec![""])] {
        let database = TestDatabase::new().await;
        let folder = Folder::new();
        for i in 0..12 {
            folder.write(&format!("S{i:02}_1m.csv"), bars(rows, i));
        }
        folder.write("A_1m.csv", bars(rows, 1));
        barlift(&database, &["import", folder.arg(), "--concurrency", "1"]).run().await;
        let at_once: i64 = database.scalar("SELECT count(DISTINCT finished_at) FROM barlift.attempts").await;
        assert_eq!(at_once, 1, "they went together");
        assert_eq!(chunks(&database).await.0, state);
        assert_eq!(database.bars().await, 13 * i64::try_from(rows).expect("small"));
        let verified = barlift(&database, &["verify", folder.arg(), "--json", "--force"]).run().await.json(0);
        assert_eq!(verified["totals"]["identical"], 13);
        let rows: Vec<usize> = (0..rows).collect();
        reads(&database, &rows).await;
    }
}

#[test]
fn backwards_is_in_order_too() {
    on_the_columnstore(backwards);
}

#[tokio::main(flavor = "current_thread")]
async fn backwards() {
    let database = TestDatabase::new().await;
    for from in [4000, 2000, 1000, 0] {
        assert_eq!(import(&database, from..from + 1000).await, 1000);
    }
    // The newest first, in batches of 400.
    let folder = Folder::new();
    let rows: String = (5000..8000).rev().map(|i| bar(i, 1)).collect();
    folder.write("A_1m.csv", format!("{}{rows}", crate::support::HEADER));
    barlift(&database, &["import", folder.arg(), "--json"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "400")
        .run()
        .await
        .json(0);
    let rows: Vec<usize> = (0..3000).chain(4000..8000).collect();
    let (states, _) = chunks(&database).await;
    // The first batch behind the others and the last of them are, those between two that are there are not.
    assert_eq!(states, ["COMPRESSED PARTIAL"]);
    check(&database, &rows).await;
    fold(&database).await;
    assert_eq!(chunks(&database).await.0, ["COMPRESSED"]);
    check(&database, &rows).await;
}

#[test]
fn a_hole_is_filled_in_order() {
    on_the_columnstore(hole);
}

#[tokio::main(flavor = "current_thread")]
async fn hole() {
    let database = TestDatabase::new().await;
    // A hole within one compressed batch, large enough to be worth one of its own.
    assert_eq!(import(&database, (0..300).chain(800..1100)).await, 600);
    assert_eq!(chunks(&database).await.0, ["COMPRESSED"]);
    assert_eq!(import(&database, 300..800).await, 500);
    assert_eq!(chunks(&database).await.0, ["COMPRESSED PARTIAL"]);
    let rows: Vec<usize> = (0..1100).collect();
    check(&database, &rows).await;
    // Behind all of them again, compressed beside the plain rows.
    assert_eq!(import(&database, 1000..2000).await, 900);
    let rows: Vec<usize> = (0..2000).collect();
    check(&database, &rows).await;
    fold(&database).await;
    assert_eq!(chunks(&database).await.0, ["COMPRESSED"]);
    check(&database, &rows).await;
    assert_eq!(import(&database, rows).await, 0);
}

#[test]
fn files_that_interleave_are_in_order() {
    on_the_columnstore(interleaved);
}

#[tokio::main(flavor = "current_thread")]
async fn interleaved() {
    let database = TestDatabase::new().await;
    assert_eq!(import(&database, (0..5000).step_by(2)).await, 2500);
    assert_eq!(import(&database, (0..6000).skip(1).step_by(2)).await, 3000);
    let rows: Vec<usize> = (0..5000).chain((5001..6000).step_by(2)).collect();
    check(&database, &rows).await;
    fold(&database).await;
    check(&database, &rows).await;
    assert_eq!(import(&database, rows).await, 0);
}

#[test]
fn a_hypertable_that_compresses_every_copy_is_in_order() {
    on_the_columnstore(always_direct);
}

const SENDS_SORTED: &str = "DO $$ BEGIN EXECUTE format(
    'ALTER DATABASE %I SET timescaledb.enable_direct_compress_copy_client_sorted = on', current_database()); END $$";

#[tokio::main(flavor = "current_thread")]
async fn always_direct() {
    let database = TestDatabase::new().await;
    let always = "ALTER TABLE barlift.bars SET (timescaledb.direct_compress)";
    if sqlx::query(always).execute(&database.pool).await.is_err() {
        skipped("timescaledb compresses every COPY only since 2.29");
        return;
    }
    // As a writer wants it that sends everything in order.
    database.execute(SENDS_SORTED).await;
    assert_eq!(import(&database, (0..5000).step_by(2)).await, 2500);
    // Between the others, and too few to be compressed by barlift itself.
    assert_eq!(import(&database, (1..401).step_by(2)).await, 200);
    let rows: Vec<usize> = (0..400).chain((400..5000).step_by(2)).collect();
    check(&database, &rows).await;
}

#[test]
fn plain_rows_of_others_stay_visible_while_chunks_are_made() {
    on_the_columnstore(beside);
}

/// Another writer has made the chunk and not committed; the import has bars enough for a compressed one.
#[tokio::main(flavor = "current_thread")]
async fn beside() {
    let database = TestDatabase::new().await;
    let mut other = database.pool.begin().await.expect("begun");
    sqlx::query("INSERT INTO barlift.bars SELECT 77, '2024-01-01'::timestamptz + i * interval '1 min', 1, 1, 1, 1, 1 FROM generate_series(1, 10) i")
        .execute(&mut *other)
        .await
        .expect("inserted");
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(2000, 1));
    let importing = tokio::spawn(barlift(&database, &["import", folder.arg(), "--json"]).run());
    eventually("the import waits for the chunk", || async {
        let waiting: i64 = database
            .scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
            .await;
        (waiting > 0).then_some(())
    })
    .await;
    other.commit().await.expect("committed");
    importing.await.expect("ran").json(0);
    assert_eq!(database.bars().await, 2010);
    assert_eq!(chunks(&database).await.0, ["COMPRESSED PARTIAL"]);
}

#[test]
fn few_bars_wait_for_the_policy() {
    on_the_columnstore(few);
}

#[tokio::main(flavor = "current_thread")]
async fn few() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    for i in 0..20_u64 {
        folder.write(&format!("S{i}_1m.csv"), bars(100, i));
    }
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    let (states, plain) = chunks(&database).await;
    assert!(states == [""] && plain > 0, "{states:?}, {plain} bytes");
    fold(&database).await;
    assert_eq!(chunks(&database).await, (vec!["COMPRESSED".to_owned()], 0));
    let again = barlift(&database, &["import", folder.arg(), "--json", "--force"]).run().await.json(0);
    assert_eq!(again["totals"]["rows_skipped"], 2000);
    assert_eq!(database.bars().await, 2000);
}

#[test]
fn bars_in_compressed_batches_are_overwritten_and_nothing_else() {
    on_the_columnstore(overwritten);
}

#[tokio::main(flavor = "current_thread")]
async fn overwritten() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    for name in ["A_1m.csv", "B_1m.csv"] {
        folder.write(name, bars(10_000, 1));
    }
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    folder.write("A_1m.csv", bars(10_000, 1).replace(&bar(5500, 1), &bar(5500, 2)));
    let arguments = ["import", folder.arg(), "--json", "--force", "--on-mismatch", "overwrite"];
    let result = barlift(&database, &arguments).run().await.json(0);
    assert_eq!(result["totals"]["rows_mismatched"], 1);
    let verified = barlift(&database, &["verify", folder.arg(), "--json", "--force"]).run().await;
    verified.json(0);
    // One batch of a thousand, of one of the two series, was taken apart: all would be 1.5 MB.
    let (_, plain) = chunks(&database).await;
    assert!((1..=200_000).contains(&plain), "{plain} bytes");
}
