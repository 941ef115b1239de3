//! A series of several files, and files whose rows are in no order.

use serde_json::{Value, json};

use super::{Verified, execute, import, verify};
use crate::support::{Folder, HEADER, TestDatabase, bar, bars};

/// A file of these rows of [`bars`].
fn file(rows: impl IntoIterator<Item = usize>) -> String {
    let lines: String = rows.into_iter().map(|i| bar(i, 1)).collect();
    format!("{HEADER}{lines}")
}

/// The row with another close.
fn other(i: usize) -> String {
    let line = bar(i, 1);
    let fields: Vec<&str> = line.trim_end().split(',').collect();
    format!("{},{},{},{},{},{}\n", fields[0], fields[1], fields[2], fields[3], fields[1], fields[5])
}

/// Every row once, in an order that is none.
fn shuffled(rows: usize) -> impl Iterator<Item = usize> {
    // 7919 is a prime, and none of `rows`.
    (0..rows).map(move |i| i * 7919 % rows)
}

async fn imported(files: &[(&str, String)]) -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for (name, text) in files {
        folder.write(name, text);
    }
    // One after the other: of rows that contradict each other, the first file's is the bar.
    let arguments = ["import", folder.arg(), "--json", "--batch-rows", "1000", "--allow-empty"];
    let program = crate::support::barlift(&database, &arguments).env("BARLIFT__WORKER__CONCURRENCY", "1");
    program.run().await.imported();
    (database, folder)
}

async fn full(database: &TestDatabase, folder: &Folder) -> Verified {
    verify(database, folder.arg(), &["--batch-rows", "1000"]).await
}

fn sides(found: &Verified) -> [i64; 5] {
    let s = found.series();
    let n = |v: &Value| v.as_i64().expect("a number");
    assert_eq!(
        n(&s["csv"]["rows"]),
        n(&s["csv"]["bars"]) + n(&s["csv"]["rejected"]) + n(&s["csv"]["duplicate"])
    );
    [&s["csv"]["rows"], &s["csv"]["bars"], &s["csv"]["rejected"], &s["csv"]["duplicate"], &s["db"]["bars"]]
        .map(n)
}

fn rejected(found: &Verified) -> Vec<(&str, i64)> {
    let rows = found.series()["rejected_rows"].as_array().expect("a list");
    rows.iter()
        .map(|r| (r["source"].as_str().expect("a path"), r["line"].as_i64().expect("a line")))
        .collect()
}

#[tokio::test]
async fn whatever_their_order_files_are_what_was_imported() {
    let one = |text: String| vec![("A_1m.csv", text)];
    let two = |a: String, b: String| vec![("2020/A_1m.csv", a), ("2021/A_1m.csv", b)];
    // Rows, bars, rejected, duplicates.
    for (name, files, wanted) in [
        ("one behind the other", two(file(0..1500), file(1500..3000)), [3000, 3000, 0, 0]),
        ("the later one first", two(file(1500..3000), file(0..1500)), [3000, 3000, 0, 0]),
        (
            "interleaved",
            two(file((0..3000).filter(|i| i / 10 % 2 == 0)), file((0..3000).filter(|i| i / 10 % 2 == 1))),
            [3000, 3000, 0, 0],
        ),
        ("overlapping", two(file(0..1500), file(1400..3000)), [3100, 3000, 0, 100]),
        ("the same twice", two(file(0..1500), file(0..1500)), [3000, 1500, 0, 1500]),
        ("descending", one(file((0..2500).rev())), [2500, 2500, 0, 0]),
        ("descending within a batch", one(file((0..900).rev())), [900, 900, 0, 0]),
        ("shuffled", one(file(shuffled(12_000))), [12_000, 12_000, 0, 0]),
        ("one row too late", one(file((0..50).chain(51..2500).chain([50]))), [2500, 2500, 0, 0]),
        ("duplicates in one batch", one(file((0..500).chain(400..500))), [600, 500, 0, 100]),
        ("duplicates across batches", one(file((0..2500).chain(100..200))), [2600, 2500, 0, 100]),
        ("an empty one between", two(HEADER.into(), file(0..10)), [10, 10, 0, 0]),
    ] {
        let (database, folder) = imported(&files).await;
        for more in [&[][..], &["--force"]] {
            let found = verify(&database, folder.arg(), &[&["--batch-rows", "1000"], more].concat()).await;
            let [rows, bars, rejected, duplicate] = wanted;
            assert_eq!(sides(&found), [rows, bars, rejected, duplicate, bars], "{name} {more:?}");
            assert_eq!(found.counts(), [0, 0, 0], "{name}");
            assert_eq!(found.series()["identical"], bars, "{name}");
            assert_eq!(found.ranges(), [("identical", bars)], "{name}");
            assert_eq!(found.series()["sources"].as_array().map(Vec::len), Some(files.len()), "{name}");
            assert_eq!(found.series()["csv"]["hash"], found.series()["db"]["hash"], "{name}");
            let named = found.series()["duplicates"].as_array().expect("a list").len();
            assert_eq!(i64::try_from(named).expect("few"), duplicate.min(100), "{name}");
        }
        for mode in ["counts", "sample"] {
            let found = verify(&database, folder.arg(), &["--mode", mode]).await;
            assert_eq!((found.status, sides(&found)[1]), (0, wanted[1]), "{name} {mode}");
        }
    }
}

#[tokio::test]
async fn rows_that_contradict_an_earlier_one_are_named_and_no_difference() {
    let both = |text: String| vec![("A_1m.csv", text)];
    let across = |a: String, b: String| vec![("2020/A_1m.csv", a), ("2021/A_1m.csv", b)];
    for (name, files, line) in [
        ("in one batch", both(file(0..100) + &other(50)), ("A_1m.csv", 102)),
        ("across batches", both(file(0..2500) + &other(50)), ("A_1m.csv", 2502)),
        ("in another file", across(file(0..1500), file(1500..1600) + &other(7)), ("2021/A_1m.csv", 102)),
        (
            "in another file in order",
            across(file(0..100), file(100..200) + &other(199)),
            ("2021/A_1m.csv", 102),
        ),
    ] {
        let (database, folder) = imported(&files).await;
        for mode in ["full", "sample", "counts"] {
            let found = verify(&database, folder.arg(), &["--batch-rows", "1000", "--mode", mode]).await;
            assert_eq!(found.status, 0, "{name} {mode}: {:#}", found.report);
            assert_eq!(rejected(&found), [line], "{name} {mode}");
            let row = &found.series()["rejected_rows"][0];
            assert_eq!(
                (&row["rule"], &row["raw"]),
                (&json!("duplicate"), &json!(raw(&files, line))),
                "{name} {mode}"
            );
        }
    }
}

/// The line as it stands in the file.
fn raw(files: &[(&str, String)], (name, line): (&str, i64)) -> String {
    let text = &files.iter().find(|f| f.0 == name).expect("the file").1;
    text.lines().nth(usize::try_from(line - 1).expect("small")).expect("the line").to_owned()
}

#[tokio::test]
async fn a_bar_of_the_second_file_is_named_with_that_file_and_its_line() {
    for files in [
        // Straight through, and by way of sorting.
        [("2020/A_1m.csv", file(0..1500)), ("2021/A_1m.csv", file(1500..3000))],
        [("2020/A_1m.csv", file((0..1500).rev())), ("2021/A_1m.csv", file(1500..3000))],
    ] {
        let (database, folder) = imported(&files).await;
        // Row 1560: 2024-01-02 02:00Z.
        execute(&database, "UPDATE barlift.bars SET low = low - 1 WHERE time = '2024-01-02 02:00Z'").await;
        let found = full(&database, &folder).await;
        assert_eq!(found.counts(), [1, 0, 0]);
        let difference = &found.differences()[0];
        assert_eq!((&difference["source"], &difference["line"]), (&json!("2021/A_1m.csv"), &json!(62)));
        assert_eq!(difference["time"], "2024-01-02T02:00:00Z");
        assert_eq!(difference["columns"][0]["column"], "low");
    }
}

#[tokio::test]
async fn the_two_files_of_a_series_and_others_are_told_apart() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2020/A_1m.csv", file(0..10));
    folder.write("2021/A_1m.csv", file(10..20));
    folder.write("2020/B_1m.csv", bars(5, 2));
    folder.write("2020/A_1h.csv", bars(5, 3));
    import(&database, folder.arg(), &[]).await;
    let found = verify(&database, folder.arg(), &[]).await;
    assert_eq!(found.status, 0);
    let series = found.report["series"].as_array().expect("a list");
    let named: Vec<_> = series.iter().map(|s| (&s["symbol"], &s["timeframe"], &s["sources"])).collect();
    assert_eq!(
        json!(named),
        json!([
            ["A", "1h", ["2020/A_1h.csv"]],
            ["A", "1m", ["2020/A_1m.csv", "2021/A_1m.csv"]],
            ["B", "1m", ["2020/B_1m.csv"]],
        ])
    );
    // What one of the files alone would say: the other's bars are extra.
    let half = folder.path().join("2020");
    let found = verify(&database, half.to_str().expect("UTF-8"), &[]).await;
    assert_eq!((found.status, &found.report["totals"]["only_in_db"]), (1, &json!(10)));
}

crate::support::also_on_the_columnstore! {
    whatever_their_order_files_are_what_was_imported,
    rows_that_contradict_an_earlier_one_are_named_and_no_difference,
    a_bar_of_the_second_file_is_named_with_that_file_and_its_line,
    the_two_files_of_a_series_and_others_are_told_apart,
}
