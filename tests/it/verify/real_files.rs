//! Bar files as data vendors write them (tests/bars, and ../shared/data/ktrdr if it is there), verified as they are and
//! after changes in the database.

use serde_json::{Value, json};

use super::{Verified, execute, import, shift, verify};
use crate::support::{BarFiles, Folder, TestDatabase, barlift};

#[tokio::test]
async fn every_mode_passes_after_an_import() {
    for set in BarFiles::all() {
        every_mode(&set).await;
    }
}

async fn every_mode(set: &BarFiles) {
    let folder = set.arg();
    let database = TestDatabase::new().await;
    import(&database, folder, &[]).await;
    for (mode, compared) in [("counts", 0), ("sample", set.sampled), ("full", set.bars())] {
        let sample = ["--mode", mode, "--sample-size", set.sample_size];
        for more in [&sample[..], &[&sample[..], &["--force"]].concat()] {
            let found = verify(&database, folder, more).await;
            assert_eq!(found.status, 0, "{more:?}: {:#}", found.report);
            let totals = &found.report["totals"];
            assert_eq!(
                (&found.report["mode"], &totals["identical"]),
                (&json!(mode), &json!(set.files.len()))
            );
            assert_eq!((&totals["csv_bars"], &totals["db_bars"]), (&json!(set.bars()), &json!(set.bars())));
            assert_eq!(totals["compared"], compared, "{mode}");
            nothing_differs(set, &found);
        }
    }
}

fn nothing_differs(set: &BarFiles, found: &Verified) {
    let series = found.report["series"].as_array().expect("a list");
    assert_eq!(series.len(), set.files.len());
    for s in series {
        let name = format!("{} {}", s["symbol"], s["timeframe"]);
        assert_eq!(s["verdict"], "identical", "{name}");
        assert_eq!(s["differences"], json!([]), "{name}");
        assert_eq!(s["csv"]["hash"], s["db"]["hash"], "{name}");
        let kinds: Vec<_> = s["ranges"].as_array().expect("a list").iter().map(|r| &r["kind"]).collect();
        assert!(kinds.iter().all(|k| *k == "identical"), "{name}: {kinds:?}");
        let rejected = s["rejected_rows"].as_array().expect("a list");
        let lines: Vec<_> = rejected.iter().map(|r| r["line"].as_i64().expect("a number")).collect();
        if s["symbol"] == "DEMO" {
            assert_eq!(lines, demo_lines(set), "{rejected:?}");
            assert_eq!(s["csv"]["rejected"], set.rejected());
            assert!(rejected.iter().all(|r| r["source"] == "DEMO_1d.csv" && r["raw"] != ""));
        } else {
            assert_eq!(lines, [0; 0], "{name}");
        }
    }
    assert_eq!(found.report["totals"]["rows_rejected"], set.rejected());
}

/// Lines of DEMO_1d.csv with a field that is no number.
fn demo_lines(set: &BarFiles) -> Vec<i64> {
    let text = set.text("DEMO_1d.csv");
    let bad = |line: &str| line.split(',').skip(1).take(5).any(|f| f.parse::<f64>().is_err());
    (1..).zip(text.lines()).skip(1).filter(|(_, line)| bad(line)).map(|(n, _)| n).collect()
}

#[tokio::test]
async fn an_import_verifies_itself() {
    for set in BarFiles::all() {
        verifies_itself(&set).await;
    }
}

async fn verifies_itself(set: &BarFiles) {
    let folder = set.arg();
    let database = TestDatabase::new().await;
    // A second import recognises its files; the verification looks at all the same.
    for imported in [set.bars(), 0] {
        let result = import(&database, folder, &["--verify"]).await;
        assert_eq!(result["totals"]["rows_imported"], imported);
        let verification = &result["verification"];
        assert_eq!(verification["type"], "DATA_VERIFICATION");
        assert_eq!(verification["mode"], "full");
        assert_eq!(verification["follows"], result["operation_id"]);
        assert_ne!(verification["trace_id"], result["trace_id"]);
        assert_eq!(verification["totals"]["identical"], set.files.len(), "{verification:#}");
        assert_eq!(verification["totals"]["differing"], 0);
    }
    let shown = barlift(&database, &["import", folder, "--verify=counts"]).run().await;
    assert_eq!(shown.status, 0, "{}", shown.stderr);
    assert!(
        shown.stdout.contains(&format!(
            "IDENTICAL as far as compared: numbers of bars and time ranges of {} series",
            set.files.len()
        )),
        "{}",
        shown.stdout
    );
}

/// What is done to the database, and what must be said of it.
struct Case {
    name: &'static str,
    file: &'static str,
    change: Change,
    /// Different, only in the files, only in the database.
    counts: [i64; 3],
    ranges: Vec<(&'static str, i64)>,
    /// Of the first range that differs.
    of_range: Value,
    /// The first differing bar.
    first: Value,
}

enum Change {
    Sql(&'static str),
    /// Bars of which this holds, by this interval.
    Shift(&'static str, &'static str),
}

fn line_three() -> Value {
    json!({ "open": 202.3, "high": 202.72, "low": 202.3, "close": 202.5, "volume": 11550.0 })
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "a changed value",
            file: "AAPL_1h.csv",
            change: Change::Sql("UPDATE barlift.bars SET close = 202.75 WHERE time = '2025-05-22 09:00Z'"),
            counts: [1, 0, 0],
            ranges: vec![("identical", 1), ("revised", 1), ("identical", 151)],
            of_range: json!({ "first": "2025-05-22T09:00:00Z", "last": "2025-05-22T09:00:00Z" }),
            first: json!({
                "kind": "different", "time": "2025-05-22T09:00:00Z", "source": "AAPL_1h.csv", "line": 3,
                "csv": line_three(),
                "db": { "open": 202.3, "high": 202.72, "low": 202.3, "close": 202.75, "volume": 11550.0 },
                "columns": [{ "column": "close", "csv": 202.5, "db": 202.75, "by": 0.25 }],
            }),
        },
        Case {
            name: "the smallest change there is",
            file: "AAPL_1h.csv",
            change: Change::Sql(
                "UPDATE barlift.bars SET volume = 11550.000000000002 WHERE time = '2025-05-22 09:00Z'",
            ),
            counts: [1, 0, 0],
            ranges: vec![("identical", 1), ("revised", 1), ("identical", 151)],
            of_range: json!({}),
            first: json!({ "columns": [{ "column": "volume", "csv": 11550.0, "db": 11550.000000000002,
                                         "by": 0.000_000_000_001_818_989_403_545_856_5 }] }),
        },
        Case {
            name: "a value that is no number",
            file: "AAPL_1h.csv",
            change: Change::Sql("UPDATE barlift.bars SET open = 'NaN' WHERE time = '2025-05-22 09:00Z'"),
            counts: [1, 0, 0],
            ranges: vec![("identical", 1), ("revised", 1), ("identical", 151)],
            of_range: json!({}),
            first: json!({ "columns": [{ "column": "open", "csv": 202.3, "db": "NaN", "by": "NaN" }] }),
        },
        Case {
            name: "a missing bar",
            file: "AAPL_1h.csv",
            change: Change::Sql("DELETE FROM barlift.bars WHERE time = '2025-05-22 09:00Z'"),
            counts: [0, 1, 0],
            ranges: vec![("identical", 1), ("only_in_csv", 1), ("identical", 151)],
            of_range: json!({ "first": "2025-05-22T09:00:00Z", "last": "2025-05-22T09:00:00Z" }),
            first: json!({
                "kind": "only_in_csv", "time": "2025-05-22T09:00:00Z", "source": "AAPL_1h.csv", "line": 3,
                "csv": line_three(), "db": null, "columns": [],
            }),
        },
        Case {
            name: "an extra bar",
            file: "AAPL_1h.csv",
            change: Change::Sql(
                "INSERT INTO barlift.bars SELECT series_id, '2025-05-22 09:30Z', 1, 2, 0.5, 1.5, 7 FROM barlift.bars LIMIT 1",
            ),
            counts: [0, 0, 1],
            ranges: vec![("identical", 2), ("only_in_db", 1), ("identical", 151)],
            of_range: json!({ "first": "2025-05-22T09:30:00Z", "last": "2025-05-22T09:30:00Z" }),
            first: json!({
                "kind": "only_in_db", "time": "2025-05-22T09:30:00Z", "source": null, "line": null, "csv": null,
                "db": { "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 7.0 }, "columns": [],
            }),
        },
        Case {
            name: "a halved series",
            file: "AAPL_1h.csv",
            change: Change::Sql(
                "UPDATE barlift.bars SET open = open / 2, high = high / 2, low = low / 2, close = close / 2,
                                         volume = volume * 2",
            ),
            counts: [153, 0, 0],
            ranges: vec![("ratio", 153)],
            of_range: json!({ "price_ratio": 0.5, "volume_ratio": 2.0 }),
            first: json!({ "kind": "different", "line": 2 }),
        },
        Case {
            name: "a split in the middle",
            file: "AAPL_1h.csv",
            change: Change::Sql(
                "UPDATE barlift.bars SET open = open / 2, high = high / 2, low = low / 2, close = close / 2
                 WHERE time IN (SELECT time FROM barlift.bars ORDER BY time LIMIT 100)",
            ),
            counts: [100, 0, 0],
            ranges: vec![("ratio", 100), ("identical", 53)],
            of_range: json!({ "price_ratio": 0.5, "volume_ratio": 1.0 }),
            first: json!({ "kind": "different", "line": 2 }),
        },
    ]
}

#[tokio::test]
async fn what_was_done_to_the_database_is_found_named_and_classified() {
    for set in BarFiles::all() {
        changes(&set).await;
    }
}

async fn changes(set: &BarFiles) {
    for case in cases() {
        let (database, folder) = changed(set, &case.change, case.file).await;
        let found = verify(&database, folder.arg(), &[]).await;
        assert_eq!(found.status, 1, "{}", case.name);
        assert_eq!(found.counts(), case.counts, "{}: {:#}", case.name, found.report);
        assert_eq!(found.ranges(), case.ranges, "{}: {:#}", case.name, found.series()["ranges"]);
        let ranges = found.series()["ranges"].as_array().expect("a list");
        let range = ranges.iter().find(|r| r["kind"] != "identical").expect("one that differs");
        contains(range, &case.of_range, case.name);
        contains(&found.differences()[0], &case.first, case.name);
        let sum: i64 = case.counts.iter().sum();
        assert_eq!(found.differences().len(), usize::try_from(sum).expect("small"), "{}", case.name);
        assert_eq!(found.json["totals"]["differing"], 1, "{}", case.name);
        // A sample of all bars finds the same.
        let sampled = verify(&database, folder.arg(), &["--mode", "sample"]).await;
        assert_eq!(sampled.counts(), case.counts, "{}, sample", case.name);
        assert_eq!(sampled.ranges(), case.ranges, "{}, sample", case.name);
        assert_eq!(sampled.differences(), found.differences(), "{}, sample", case.name);
        let counted = verify(&database, folder.arg(), &["--mode", "counts"]).await;
        let shows = case.counts[1..] != [0, 0];
        assert_eq!(counted.status, i32::from(shows), "{}, counts", case.name);
    }
}

/// Imports one file, and changes the database.
async fn changed(set: &BarFiles, change: &Change, file: &str) -> (TestDatabase, Folder) {
    let folder = Folder::new();
    folder.write(file, set.text(file));
    let database = TestDatabase::new().await;
    import(&database, folder.arg(), &[]).await;
    match change {
        Change::Sql(sql) => assert!(execute(&database, sql).await > 0, "{sql}"),
        Change::Shift(condition, interval) => shift(&database, condition, interval).await,
    }
    (database, folder)
}

fn contains(found: &Value, wanted: &Value, name: &str) {
    for (key, value) in wanted.as_object().expect("an object") {
        assert_eq!(&found[key], value, "{name}: {key} of {found:#}");
    }
}

#[tokio::test]
async fn shifts_in_time_are_found_and_said_by_how_much() {
    for set in BarFiles::all() {
        shifts(&set).await;
    }
}

async fn shifts(set: &BarFiles) {
    for (file, condition, interval, seconds) in [
        ("AAPL_1h.csv", "true", "5 h", 18000.0),
        ("AAPL_1h.csv", "true", "-30 min", -1800.0),
        // As if summer time had not been seen.
        ("EURUSD_1h.csv", "time >= '2025-03-30'", "1 h", 3600.0),
        ("JEPI_1d.csv", "true", "1 day", 86400.0),
        ("JEPI_1d.csv", "true", "-5 h", -18000.0),
    ] {
        let name = format!("{file} {condition} {interval}");
        let (database, folder) = changed(set, &Change::Shift(condition, interval), file).await;
        let bars = database.bars().await;
        let before = execute(&database, &format!("SELECT FROM barlift.bars WHERE NOT ({condition})")).await;
        let before = i64::try_from(before).expect("small");
        let found = verify(&database, folder.arg(), &[]).await;
        assert_eq!(found.status, 1, "{name}");
        let [different, missing, extra] = found.counts();
        // Every bar that was moved is missing where it was (another one may have its place) and extra where it is.
        assert_eq!((missing, extra), (bars - before - different, bars - before - different), "{name}");
        let times = different + missing + extra;
        let wanted = if before > 0 {
            vec![("identical", before), ("shifted", times)]
        } else {
            vec![("shifted", times)]
        };
        assert_eq!(found.ranges(), wanted, "{name}");
        let ranges = found.series()["ranges"].as_array().expect("a list");
        assert_eq!(ranges.last().expect("one")["shifted_by_seconds"], seconds, "{name}");
    }
}

crate::support::also_on_the_columnstore! {
    every_mode_passes_after_an_import,
    an_import_verifies_itself,
    what_was_done_to_the_database_is_found_named_and_classified,
    shifts_in_time_are_found_and_said_by_how_much,
}
