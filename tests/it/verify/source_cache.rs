//! Files and series that are unchanged since they were last read: what is skipped, and what is found all the same.

use std::collections::BTreeMap;

use barlift::bar::{Bars, Ohlcv};
use barlift::digest::SeriesDigest;
use barlift::repository::data::DataRepository;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::{execute, import, verify};
use crate::support::{
    Folder, HEADER, TestDatabase, bar, barlift, bars, drain, enqueue, eventually, hold_back, wait_for_rows,
};

async fn setting(rows: usize) -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(rows, 1));
    import(&database, folder.arg(), &[]).await;
    (database, folder)
}

#[tokio::test]
async fn an_unchanged_file_is_known_until_something_changes() {
    for (change, restore, counts) in [
        (
            "UPDATE barlift.bars SET volume = volume + 1 WHERE time = '2024-01-01 00:17Z'",
            "UPDATE barlift.bars SET volume = volume - 1 WHERE time = '2024-01-01 00:17Z'",
            [1, 0, 0],
        ),
        (
            "UPDATE barlift.bars SET time = '2024-01-03Z' WHERE time = '2024-01-01 00:17Z'",
            "UPDATE barlift.bars SET time = '2024-01-01 00:17Z' WHERE time = '2024-01-03Z'",
            [0, 1, 1],
        ),
        (
            // The same values, at each other's times.
            "UPDATE barlift.bars a SET (open, high, low, close, volume)
                 = (SELECT open, high, low, close, volume FROM barlift.bars b
                    WHERE b.time = CASE extract(minute FROM a.time)::int WHEN 17 THEN a.time + interval '1 min'
                                                                         ELSE a.time - interval '1 min' END)
             WHERE time IN ('2024-01-01 00:17Z', '2024-01-01 00:18Z')",
            "UPDATE barlift.bars a SET (open, high, low, close, volume)
                 = (SELECT open, high, low, close, volume FROM barlift.bars b
                    WHERE b.time = CASE extract(minute FROM a.time)::int WHEN 17 THEN a.time + interval '1 min'
                                                                         ELSE a.time - interval '1 min' END)
             WHERE time IN ('2024-01-01 00:17Z', '2024-01-01 00:18Z')",
            [2, 0, 0],
        ),
    ] {
        let (database, folder) = setting(100).await;
        // The import has read the file whole; --force believes only what it reads now.
        for (more, known) in [(&[][..], true), (&["--force"], false), (&[], true)] {
            let found = verify(&database, folder.arg(), more).await;
            assert_eq!((found.status, &found.series()["by_hash"]), (0, &json!(known)));
            assert_eq!((&found.series()["compared"], found.ranges()), (&json!(100), vec![("identical", 100)]));
            assert_eq!(found.json["tasks"][0]["verification"]["by_hash"], known);
        }
        execute(&database, change).await;
        for _ in 0..2 {
            let found = verify(&database, folder.arg(), &[]).await;
            assert_eq!((found.status, &found.series()["by_hash"]), (1, &json!(false)));
            assert_eq!(found.counts(), counts);
        }
        execute(&database, restore).await;
        assert_eq!(verify(&database, folder.arg(), &[]).await.series()["by_hash"], true);
    }
}

#[tokio::test]
async fn a_changed_file_is_read() {
    let (database, folder) = setting(100).await;
    assert_eq!(verify(&database, folder.arg(), &[]).await.series()["by_hash"], true);
    folder.write("A_1m.csv", bars(100, 1).replacen(",51\n", ",52\n", 1));
    for _ in 0..2 {
        let found = verify(&database, folder.arg(), &[]).await;
        assert_eq!((found.status, &found.series()["by_hash"]), (1, &json!(false)));
        assert_eq!(found.counts(), [1, 0, 0]);
        assert_eq!(
            found.differences()[0]["columns"],
            json!([{"column": "volume", "csv": 52.0, "db": 51.0, "by": -1.0}])
        );
    }
    // The old bytes are still known.
    folder.write("A_1m.csv", bars(100, 1));
    assert_eq!(verify(&database, folder.arg(), &[]).await.series()["by_hash"], true);
    // Bytes have a meaning only with the options that they are read with.
    let elsewhere = verify(&database, folder.arg(), &["--timezone", "America/New_York"]).await;
    assert_eq!((elsewhere.status, &elsewhere.series()["by_hash"]), (0, &json!(false)));
}

#[tokio::test]
async fn a_file_that_was_not_imported_is_known_from_its_second_verification_on() {
    let (database, folder) = setting(100).await;
    // The same bars in other bytes.
    folder.write("A_1m.csv", bars(100, 1).replace(",51\n", ",51.0\n"));
    for known in [false, true, true] {
        let found = verify(&database, folder.arg(), &[]).await;
        assert_eq!((found.status, &found.series()["by_hash"]), (0, &json!(known)));
    }
}

#[tokio::test]
async fn a_file_with_rows_that_are_no_bars_is_read_again_so_that_they_are_named() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(100, 1) + "no time,1,2,0.5,1,10\n" + &bar(3, 1));
    import(&database, folder.arg(), &[]).await;
    for _ in 0..3 {
        let found = verify(&database, folder.arg(), &[]).await;
        assert_eq!((found.status, &found.series()["by_hash"]), (0, &json!(false)));
        assert_eq!(found.series()["rejected_rows"][0]["line"], 102);
        assert_eq!(found.series()["duplicates"], json!([{ "source": "A_1m.csv", "line": 103 }]));
    }
}

/// What the table of series says of a symbol's content, and what it should.
async fn contents(database: &TestDatabase) -> BTreeMap<String, (Option<String>, String)> {
    let mut digests: BTreeMap<String, SeriesDigest> = BTreeMap::new();
    let rows = sqlx::query(
        "SELECT s.symbol, (extract(epoch FROM time) * 1000000)::bigint, open, high, low, close, volume
         FROM barlift.bars b JOIN barlift.series s ON s.id = b.series_id",
    );
    for row in rows.fetch_all(&database.pool).await.expect("bars") {
        let values = Ohlcv::new(row.get(2), row.get(3), row.get(4), row.get(5), row.get(6));
        digests.entry(row.get(0)).or_default().add(row.get(1), values);
    }
    let kept: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT symbol, content::text FROM barlift.series")
            .fetch_all(&database.pool)
            .await
            .expect("series");
    kept.into_iter()
        .map(|(symbol, content)| {
            let digest = digests.get(&symbol).copied().unwrap_or_default();
            (symbol, (content, digest.sum.to_string()))
        })
        .collect()
}

/// All series' contents are those of their bars.
async fn assert_kept(database: &TestDatabase, series: usize, when: &str) {
    let found = contents(database).await;
    assert_eq!(found.len(), series, "{when}");
    for (symbol, (kept, right)) in found {
        assert_eq!(kept.as_deref(), Some(right.as_str()), "{symbol} {when}");
    }
}

#[tokio::test]
async fn the_content_of_a_series_follows_its_bars() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(2500, 1));
    folder.write("B_1m.csv", bars(10, 2));
    import(&database, folder.arg(), &["--batch-rows", "1000"]).await;
    assert_kept(&database, 2, "after an import").await;
    let second = Folder::new();
    let changed: String = (2000..3000).map(|i| bar(i, if i < 2400 { 1 } else { 5 })).collect();
    second.write("A_1m.csv", format!("{HEADER}{changed}no bar\n"));
    import(&database, second.arg(), &[]).await;
    assert_kept(&database, 2, "after a second file, of which some bars are there").await;
    let overwritten = import(&database, second.arg(), &["--on-mismatch", "overwrite", "--force"]).await;
    assert_eq!(overwritten["totals"]["rows_mismatched"], 100);
    assert_kept(&database, 2, "after bars were overwritten").await;
    import(&database, second.arg(), &["--on-mismatch", "overwrite", "--force"]).await;
    assert_kept(&database, 2, "after nothing was left to overwrite").await;
    import(&database, folder.arg(), &["--dry-run", "--force", "--on-mismatch", "overwrite"]).await;
    assert_kept(&database, 2, "after a dry run").await;
    let repository = DataRepository::new(database.pool.clone());
    let mut more = Bars::default();
    for i in 0..100 {
        more.push(i * 60_000_000, Ohlcv::new(1.0, 2.0, -0.0, 1.5, 0.1));
    }
    repository.save("A", "1m", &more).await.expect("saved");
    repository.save("C", "1m", &more).await.expect("saved");
    assert_kept(&database, 3, "after the repository saved some").await;
    repository.save("A", "1m", &more).await.expect_err("they are there");
    assert_kept(&database, 3, "after it refused some").await;
}

#[tokio::test]
async fn the_content_outlives_a_killed_import() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(900, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "300").spawn();
    wait_for_rows(&database, 300).await;
    assert_kept(&database, 1, "in the middle").await;
    // The batch in work has its bars and has not committed.
    worker.signal(Signal::SIGKILL);
    worker.wait().await;
    holder.commit().await.expect("let go");
    let gone = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()";
    eventually("its sessions end", || async { (database.scalar::<i64>(gone).await == 0).then_some(()) })
        .await;
    drain(&database).await;
    assert_eq!(database.bars().await, 900);
    assert_kept(&database, 1, "after the rescue").await;
}

#[tokio::test]
async fn a_change_by_somebody_else_shows() {
    let (database, folder) = setting(100).await;
    let untouched = async |more: &[&str]| -> Value {
        verify(&database, folder.arg(), more).await.series()["untouched"].clone()
    };
    assert_eq!(untouched(&[]).await, true);
    assert_eq!(untouched(&[]).await, true, "by hash");
    for mode in ["counts", "sample"] {
        assert_eq!(untouched(&["--mode", mode]).await, Value::Null, "{mode} does not read all");
    }
    execute(&database, "UPDATE barlift.bars SET close = close + 1 WHERE time = '2024-01-01 00:17Z'").await;
    assert_eq!(untouched(&[]).await, false);
    assert_eq!(untouched(&[]).await, false, "it is told until it is mended");
    import(&database, folder.arg(), &["--on-mismatch", "overwrite", "--force"]).await;
    assert_eq!(untouched(&[]).await, false, "somebody was there, though nothing differs any more");
    assert_eq!(untouched(&[]).await, true);
    // Where it was not known, nothing is said, and from then on it is known.
    execute(&database, "UPDATE barlift.series SET content = NULL").await;
    assert_eq!(untouched(&["--force"]).await, Value::Null);
    assert_eq!(untouched(&["--force"]).await, true);
}

crate::support::also_on_the_columnstore! {
    an_unchanged_file_is_known_until_something_changes,
    a_changed_file_is_read,
    a_file_that_was_not_imported_is_known_from_its_second_verification_on,
    a_file_with_rows_that_are_no_bars_is_read_again_so_that_they_are_named,
    the_content_of_a_series_follows_its_bars,
    the_content_outlives_a_killed_import,
    a_change_by_somebody_else_shows,
}
