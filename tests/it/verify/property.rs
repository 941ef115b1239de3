//! Random files: after their import nothing differs, and after one change in the database exactly that bar does.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use super::{Verified, execute, import, verify};
use crate::properties::holds;
use crate::support::{Folder, HEADER, TestDatabase, bar};

/// A row of a file.
#[derive(Debug, Clone)]
enum Row {
    /// The bar of this minute.
    Bar(usize),
    /// Another bar of the same minute.
    Other(usize),
    Bad,
}

/// What happens to one bar of the database.
#[derive(Debug, Clone, Copy)]
enum Change {
    Value(&'static str),
    Delete,
    /// A bar half a minute behind it.
    Add,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = prop_oneof![
        12 => (0..60_usize).prop_map(Row::Bar),
        1 => (0..60_usize).prop_map(Row::Other),
        1 => Just(Row::Bad),
    ];
    let any_order = prop::collection::vec(row, 1..80);
    let in_order = (0..50_usize, 1..40_usize).prop_map(|(from, n)| (from..from + n).map(Row::Bar).collect());
    prop_oneof![any_order, in_order]
}

fn change() -> impl Strategy<Value = Change> {
    let column = prop::sample::select(vec!["open", "high", "low", "close", "volume"]);
    prop_oneof![column.prop_map(Change::Value), Just(Change::Delete), Just(Change::Add)]
}

fn text(rows: &[Row]) -> String {
    let line = |row: &Row| match row {
        Row::Bar(i) => bar(*i, 1),
        Row::Other(i) => bar(*i, 9).replace(".", ".0"),
        Row::Bad => "2024-01-01T00:00:00Z,1,2,bad,1,10\n".to_owned(),
    };
    let lines: String = rows.iter().map(line).collect();
    format!("{HEADER}{lines}")
}

#[test]
fn a_series_of_any_files_is_what_was_imported_until_one_bar_changes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let files = prop::collection::vec(rows(), 1..4);
    let strategy = (files, 1..70_usize, any::<Index>(), change());
    holds(20, &strategy, |(files, batch_rows, at, change)| {
        runtime.block_on(check(&files, batch_rows, at, change));
    });
}

async fn check(files: &[Vec<Row>], batch_rows: usize, at: Index, change: Change) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let batch_rows = batch_rows.to_string();
    for (i, rows) in files.iter().enumerate() {
        folder.write(&format!("{i}/A_1m.csv"), text(rows));
        // One file after the other: of rows that contradict each other, the first file's is the bar.
        let arguments = ["--batch-rows", &batch_rows, "--allow-empty", "--on-conflict-shape", "warn"];
        import(&database, folder.path().join(i.to_string()).to_str().expect("UTF-8"), &arguments).await;
    }
    let verify = async |more: &[&str]| -> Verified {
        verify(&database, folder.arg(), &[&["--batch-rows", &batch_rows], more].concat()).await
    };
    let found = verify(&["--force"]).await;
    let s = found.series();
    assert_eq!((found.status, found.counts()), (0, [0, 0, 0]), "{:#}", found.report);
    assert_eq!(s["untouched"], true);
    let rows: usize = files.iter().map(Vec::len).sum();
    assert_eq!(s["csv"]["rows"], rows);
    let counted: i64 =
        ["bars", "rejected", "duplicate"].iter().map(|n| s["csv"][n].as_i64().expect("a number")).sum();
    assert_eq!(counted, i64::try_from(rows).expect("small"));
    assert!(s["rejected_rows"].as_array().expect("a list").iter().all(|r| r["raw"] != ""), "{s:#}");
    let bars = s["csv"]["bars"].as_u64().expect("a number");
    if bars == 0 {
        return;
    }
    let n = at.index(usize::try_from(bars).expect("small"));
    let pick = format!("(SELECT time FROM barlift.bars ORDER BY time OFFSET {n} LIMIT 1)");
    let (sql, counts) = match change {
        Change::Value(column) => {
            (format!("UPDATE barlift.bars SET {column} = {column} + 0.5 WHERE time = {pick}"), [1, 0, 0])
        }
        Change::Delete => (format!("DELETE FROM barlift.bars WHERE time = {pick}"), [0, 1, 0]),
        Change::Add => (
            format!(
                "INSERT INTO barlift.bars SELECT series_id, time + interval '30 s', 1, 2, 0.5, 1, 7 FROM barlift.bars WHERE time = {pick}"
            ),
            [0, 0, 1],
        ),
    };
    let time: jiff_sqlx::Timestamp = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {pick}")))
        .fetch_one(&database.pool)
        .await
        .expect("a time");
    let shift = if matches!(change, Change::Add) { 30 } else { 0 };
    let time = time.to_jiff() + jiff::SignedDuration::from_secs(shift);
    assert_eq!(execute(&database, &sql).await, 1);
    // By way of hashes or not, in one pass or sorted: that bar alone.
    for more in [&["--force"][..], &[], &["--mode", "sample", "--sample-size", "1000"]] {
        let found = verify(more).await;
        assert_eq!((found.status, found.counts()), (1, counts), "{more:?}");
        assert_eq!(found.differences().len(), 1);
        let difference = &found.differences()[0];
        assert_eq!(difference["time"], json!(time), "{more:?}");
        if let Change::Value(column) = change {
            assert_eq!(difference["columns"][0]["column"], column);
            assert_eq!(difference["columns"].as_array().map(Vec::len), Some(1));
        }
    }
}
