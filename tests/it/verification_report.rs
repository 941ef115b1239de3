//! The report of a verification as table, CSV and JSON, and its exit status. The tests write its rows into the
//! database themselves.

use serde_json::{Value, json};

use crate::support::verification::{Series, everything, operation};
use crate::support::{Folder, Run, TestDatabase, barlift};
use crate::verification_page::{check_page, keep};

pub async fn report(database: &TestDatabase, arguments: &[&str]) -> Run {
    let all: Vec<&str> = ["report", "latest"].iter().chain(arguments).copied().collect();
    barlift(database, &all).run().await
}

fn check(name: &str, run: &Run) {
    let seen = format!("exit status: {}\n--- stdout\n{}--- stderr\n{}", run.status, run.stdout, run.stderr);
    insta::assert_snapshot!(name, seen);
}

#[tokio::test]
async fn every_kind_of_difference() {
    let database = TestDatabase::new().await;
    everything(&database).await;
    check("table", &report(&database, &["--limit", "3"]).await);
    check("csv", &report(&database, &["--format", "csv"]).await);
    check("json", &report(&database, &["--format", "json"]).await);
}

#[tokio::test]
async fn the_json_agrees_with_itself() {
    let database = TestDatabase::new().await;
    everything(&database).await;
    let report = report(&database, &["--json"]).await.json(1);
    assert_eq!((&report["verdict"], &report["type"]), (&json!("differs"), &json!("DATA_VERIFICATION")));
    let series = report["series"].as_array().expect("series");
    let named: Vec<_> = series.iter().map(|s| s["symbol"].as_str().expect("text")).collect();
    assert_eq!(named, ["A", "HOLES", "ODD", "SPLIT", "ZONE"]);
    for key in ["compared", "different", "only_in_csv", "only_in_db"] {
        let sum: i64 = series.iter().map(|s| s[key].as_i64().expect("a number")).sum();
        assert_eq!(report["totals"][key], sum, "{key}");
    }
    for s in series {
        let differing: i64 =
            ["different", "only_in_csv", "only_in_db"].iter().filter_map(|k| s[k].as_i64()).sum();
        let kept = s["differences"].as_array().expect("a list").len();
        assert_eq!(differing, i64::try_from(kept).expect("few"));
        assert_eq!(s["differences_left_out"], 0);
        assert_eq!(s["csv"]["rejected"], s["rejected_rows"].as_array().expect("a list").len());
    }
    let last = &series[3]["differences"][103];
    assert_eq!(last["db"]["close"], "NaN");
    assert_eq!(
        last["columns"][4],
        json!({ "column": "volume", "csv": 1000.0, "db": "Infinity", "by": "Infinity" })
    );
}

#[tokio::test]
async fn verdicts_and_exit_statuses() {
    let differing = Series { verdict: "differs", bars: [10, 10, 2, 0, 0], ..Series::default() };
    let cases = [
        (
            "full",
            json!({}),
            0,
            "IDENTICAL: the database equals the files: 1 series, 10 bars; 1 file was not verified",
        ),
        (
            "within_range",
            json!({ "within_range": true }),
            0,
            "IDENTICAL within the files' range: the database equals the files there: 1 series, 10 bars; 1 file was not verified",
        ),
        (
            "sample",
            json!({ "mode": "sample", "sample_size": 1000, "seed": 42 }),
            0,
            "IDENTICAL as far as compared: up to 1,000 bars a series sampled, seed 42: 10 of 10 bars in 1 series; 1 file was not verified",
        ),
        (
            "counts",
            json!({ "mode": "counts" }),
            0,
            "IDENTICAL as far as compared: numbers of bars, first and last times alone, no values: 1 series, 10 bars; 1 file was not verified",
        ),
        ("differs", json!({}), 1, "DIFFERS: 1 of 1 series differs"),
        (
            "failed",
            json!({}),
            1,
            "INCOMPLETE: nothing differs so far; 0 of 1 series identical, 1 could not be compared",
        ),
        (
            "cancelled",
            json!({}),
            0,
            "INCOMPLETE: nothing differs so far; 0 of 1 series identical, 1 cancelled",
        ),
        (
            "open",
            json!({}),
            0,
            "INCOMPLETE: nothing differs so far; 0 of 1 series identical, 1 not compared yet",
        ),
        ("empty", json!({}), 0, "INCOMPLETE: there was nothing to compare"),
    ];
    for (name, options, status, verdict) in cases {
        let database = TestDatabase::new().await;
        operation(&database, options).await;
        match name {
            "differs" => drop(differing.insert(&database).await),
            "empty" => {}
            _ => drop(Series::default().insert(&database).await),
        }
        let statement = match name {
            "failed" => {
                "UPDATE barlift.tasks SET state = 'failed', verdict = NULL, error_class = 'permanent', error_message = 'A_1h.csv: no close'"
            }
            "cancelled" => "UPDATE barlift.tasks SET state = 'cancelled', verdict = NULL",
            "open" => "UPDATE barlift.tasks SET state = 'running', verdict = NULL",
            _ => "SELECT",
        };
        database.execute(statement).await;
        if name == "open" {
            database.execute("UPDATE barlift.operations SET state = 'running', finished_at = NULL").await;
        }
        let run = report(&database, &[]).await;
        assert_eq!(run.stdout.lines().next(), Some(verdict), "{name}");
        assert_eq!(run.status, status, "{name}");
        for format in ["json", "csv"] {
            assert_eq!(report(&database, &["--format", format]).await.status, status, "{name} {format}");
        }
        let page = report(&database, &["--format", "html"]).await;
        assert_eq!(page.status, status, "{name} html");
        check_page(&page.stdout);
        keep(name, &page.stdout);
    }
}

#[tokio::test]
async fn a_file_is_there_whole_or_not_at_all() {
    let database = TestDatabase::new().await;
    operation(&database, json!({})).await;
    Series::default().insert(&database).await;
    let folder = Folder::new();
    let file = folder.write("report.json", "old");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let name = link.to_str().expect("UTF-8");
    let run = report(&database, &["--json", "--output", name]).await;
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    assert!(link.is_symlink(), "the link stays");
    let written: Value = serde_json::from_slice(&std::fs::read(&file).expect("there")).expect("JSON");
    assert_eq!(written["verdict"], "identical");

    for (bad, why) in [("/dev/full", "No space left"), ("/nowhere/report", "No such file")] {
        let run = report(&database, &["--output", bad]).await;
        assert_eq!(run.status, 2);
        assert!(
            run.stderr.contains(&format!("cannot write {bad}")) && run.stderr.contains(why),
            "{}",
            run.stderr
        );
    }
    // A report that breaks off leaves the old file, and nothing else.
    database.execute("DROP TABLE barlift.difference_ranges").await;
    assert_eq!(report(&database, &["--format", "html", "--output", name]).await.status, 3);
    assert!(std::fs::read_to_string(&file).expect("there").contains("identical"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 2);
}

#[tokio::test]
async fn every_one_of_many_series_is_reported_once() {
    let database = TestDatabase::new().await;
    operation(&database, json!({})).await;
    database
        .execute(
            "INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, source_bytes, state, verdict, rows, rows_skipped)
             SELECT id, 'S' || lpad(i::text, 5, '0'), '1d', i || '.csv', 10, 'succeeded',
                    CASE WHEN i % 10 = 7 THEN 'differs' ELSE 'identical' END, 1, 1
             FROM barlift.operations, generate_series(1, 1234) i",
        )
        .await;
    database
        .execute(
            "INSERT INTO barlift.verifications (task_id, csv_bars, db_bars, compared, identical, different, only_in_csv, only_in_db)
             SELECT id, 1, 1, 1, 1, 0, 0, CASE WHEN verdict = 'differs' THEN 1 ELSE 0 END FROM barlift.tasks",
        )
        .await;
    let json = report(&database, &["--json"]).await.json(1);
    let named: Vec<_> =
        json["series"].as_array().expect("series").iter().filter_map(|s| s["symbol"].as_str()).collect();
    let want: Vec<String> = (1..=1234).map(|i| format!("S{i:05}")).collect();
    assert_eq!(named, want);
    let table = report(&database, &[]).await.stdout;
    assert!(table.starts_with("DIFFERS: 123 of 1,234 series differ\n"), "{table}");
    assert!(table.contains("\n(1,194 more series: --format json)\n"), "{table}");
    assert!(!table.contains("identical"), "the noteworthy first");
    let page = report(&database, &["--format", "html"]).await.stdout;
    check_page(&page);
    assert_eq!(page.matches("<section").count(), 100);
    assert!(page.contains("234 more: <code>barlift report"), "listed are 1,000");
}
