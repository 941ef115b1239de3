//! Files that look like their series in another time zone or scaled, or that lie between its bars, are stopped before
//! anything is written.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Folder, TestDatabase, barlift};

/// Daily bars from 2024-01-01 on, naive: `date,open,high,low,close,volume`.
fn daily(days: std::ops::Range<i16>, seed: i16, clock: &str) -> String {
    let mut text = String::from("date,open,high,low,close,volume\n");
    for i in days {
        let date = jiff::civil::date(2024, 1, 1) + jiff::Span::new().days(i);
        let open = 100.0 + f64::from((i * 37 + seed * 11) % 89) / 8.0;
        let volume = 1000 + i32::from(i) * 7 + i32::from(seed);
        writeln!(text, "{date}{clock},{open},{},{},{},{volume}", open + 1.5, open - 1.25, open + 0.25)
            .expect("a string takes everything");
    }
    text
}

async fn import(database: &TestDatabase, folder: &Folder, more: &[&str], status: i32) -> Value {
    let mut arguments = vec!["import", folder.arg(), "--json", "--concurrency", "1"];
    arguments.extend(more);
    barlift(database, &arguments).run().await.json(status)
}

fn errors(result: &Value) -> Vec<&str> {
    let tasks = result["tasks"].as_array().expect("tasks");
    tasks.iter().map(|t| t["error"]["message"].as_str().unwrap_or("")).collect()
}

/// Whether any small files were settled together.
async fn went_together(database: &TestDatabase) -> bool {
    database
        .scalar("SELECT coalesce(max(together) > 1, false) FROM barlift.attempts WHERE outcome = 'succeeded'")
        .await
}

#[tokio::test]
async fn the_same_file_in_another_zone_is_stopped() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write(
        "UNDO_15m.csv",
        "date,open,high,low,close,volume\n2026-03-02 09:15:00,24010.5,24055.0,23990.0,24040.2,12500\n\
         2026-03-02 09:30:00,24040.2,24062.0,24012.3,24018.8,9800\n\
         2026-03-02 09:45:00,24018.8,24031.0,23980.0,23995.4,11020\n",
    );
    import(&database, &folder, &[], 0).await;
    for more in [&["--timezone", "Asia/Kolkata"][..], &["--timezone", "Asia/Kolkata", "--dry-run"]] {
        let result = import(&database, &folder, more, 1).await;
        assert_eq!(result["tasks"][0]["error"]["class"], "permanent");
        let error = errors(&result)[0];
        for part in [
            "UNDO_15m.csv, line 2: UNDO 15m: 3 of 3 bars are in the series at another time",
            "(2026-03-02T03:45:00Z) at 2026-03-02T09:15:00Z",
            "looks like a time zone: the database's times are 5 h 30 min later",
            "was imported with --timezone UTC, this file was read with Asia/Kolkata: give --timezone UTC",
            "--on-conflict-shape warn",
        ] {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
    assert_eq!(database.bars().await, 3);
    let warned = ["import", folder.arg(), "--timezone", "Asia/Kolkata", "--on-conflict-shape", "warn"];
    let run = barlift(&database, &warned).run().await;
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("WARNING: UNDO 15m: 3 of 3 bars are in the series"), "{}", run.stdout);
    assert!(run.stderr.contains("imported all the same"), "{}", run.stderr);
    assert_eq!(database.bars().await, 6);
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert!(status["tasks"][0]["shape_conflict"].is_string(), "{status}");
}

/// Small files that were settled together are looked at together, too.
#[tokio::test]
async fn many_small_files_in_another_zone_are_stopped() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let small = |from, to| {
        for i in 0..20 {
            folder.write(&format!("S{i:02}_1d.csv"), daily(from..to, i, " 00:00"));
        }
    };
    small(0, 299);
    import(&database, &folder, &[], 0).await;
    database.execute("DELETE FROM barlift.attempts").await;
    let result = import(&database, &folder, &["--timezone", "America/New_York"], 1).await;
    assert_eq!((&result["totals"]["failed"], database.bars().await), (&20.into(), 20 * 299));
    // Each by itself, with its own error.
    let together: i64 = database.scalar("SELECT count(*) FROM barlift.attempts WHERE together > 1").await;
    assert_eq!(together, 0);
    for error in errors(&result) {
        assert!(error.contains("299 of 299 bars are in the series at another time"), "{error}");
    }
    // What belongs behind the others goes on, and goes together.
    small(299, 320);
    database.execute("DELETE FROM barlift.attempts").await;
    import(&database, &folder, &[], 0).await;
    assert_eq!(database.bars().await, 20 * 320);
    assert!(went_together(&database).await);
    // The same once more in the other zone, one file with others and alone.
    let alone = import(&database, &folder, &["--timezone", "America/New_York", "--symbols", "S07"], 1).await;
    assert!(errors(&alone)[0].contains("21 of 21 bars"), "{alone}");
    assert_eq!(database.bars().await, 20 * 320);
}

#[tokio::test]
async fn scaled_prices_and_bars_in_between_are_stopped() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1d.csv", daily(0..100, 1, ""));
    import(&database, &folder, &[], 0).await;
    let halved: String = daily(0..100, 1, "")
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
            for field in fields[1..5].iter_mut().filter(|_| i > 0) {
                *field = (field.parse::<f64>().expect("a number") / 2.0).to_string();
            }
            fields.join(",") + "\n"
        })
        .collect();
    folder.write("A_1d.csv", &halved);
    let result = import(&database, &folder, &[], 1).await;
    let error = errors(&result)[0];
    assert!(error.contains("100 of 100 bars have other prices") && error.contains("2:1"), "{error}");
    assert!(error.contains("Give --on-mismatch overwrite to take the file's prices"), "{error}");
    let overwritten = import(&database, &folder, &["--on-mismatch", "overwrite"], 0).await;
    assert_eq!(overwritten["totals"]["rows_mismatched"], 100);
    folder.write("A_1d.csv", daily(0..100, 2, " 21:00"));
    let result = import(&database, &folder, &[], 1).await;
    let error = errors(&result)[0];
    assert!(error.contains("100 of 100 new bars lie between those of the series, nearer than 1d"), "{error}");
    assert_eq!(database.bars().await, 100);
    let configured =
        barlift(&database, &["import", folder.arg()]).env("BARLIFT__IMPORT__ON_CONFLICT_SHAPE", "warn");
    assert_eq!(configured.run().await.status, 0);
    assert_eq!(database.bars().await, 200);
}

/// 50,400 bars lie in the 14 hours around a file of one bar a second.
#[tokio::test]
async fn dense_series_are_looked_at_where_the_file_is() {
    let database = TestDatabase::new().await;
    let seconds = |folder: &Folder, range: std::ops::Range<i64>, timeframe: &str, hours: i64| {
        let mut text = String::from("date,open,high,low,close,volume\n");
        for i in range {
            let time = jiff::civil::datetime(2024, 1, 1, 0, 0, 0, 0) + jiff::SignedDuration::from_secs(i);
            let time = time + jiff::SignedDuration::from_hours(hours);
            let open = 100 + (i * 37) % 89;
            writeln!(text, "{time},{open},{},{},{open},{}", open + 1, open - 1, i + 1).expect("a string");
        }
        folder.write(&format!("A_{timeframe}.csv"), text);
    };
    // A month reaches far beyond the series.
    let more = ["--on-step", "warn"];
    for timeframe in ["1s", "monthly"] {
        let folder = Folder::new();
        seconds(&folder, 0..90_000, timeframe, 0);
        import(&database, &folder, &more, 0).await;
        let there = database.bars().await;
        seconds(&folder, 70_000..75_000, timeframe, -5);
        let result = import(&database, &folder, &more, 1).await;
        assert!(
            errors(&result)[0].contains("5000 of 5000 bars are in the series at another time"),
            "{result}"
        );
        // What goes on behind the series is none.
        seconds(&folder, 90_000..95_000, timeframe, 0);
        import(&database, &folder, &more, 0).await;
        assert_eq!(database.bars().await, there + 5_000);
    }
}

#[tokio::test]
async fn a_first_batch_without_bars_is_not_the_one_that_is_looked_at() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let text = daily(0..50, 1, " 00:00");
    folder.write("A_1d.csv", &text);
    import(&database, &folder, &[], 0).await;
    let (header, rows) = text.split_once('\n').expect("a header");
    folder.write("A_1d.csv", format!("{header}\n{}{rows}", "unknown,1,2,1,1,1\n".repeat(12)));
    let more = ["--timezone", "America/New_York", "--batch-rows", "10"];
    let result = import(&database, &folder, &more, 1).await;
    assert!(errors(&result)[0].contains("bars are in the series at another time"), "{result}");
    assert_eq!(database.bars().await, 50);
}

#[tokio::test]
async fn ordinary_work_is_not_stopped() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let all: Vec<String> = daily(0..300, 1, "").lines().map(|line| format!("{line}\n")).collect();
    let part = |keep: &dyn Fn(usize) -> bool| -> String {
        all.iter().enumerate().filter(|(i, _)| *i == 0 || keep(*i)).map(|(_, line)| line.as_str()).collect()
    };
    let mut revised = all.clone();
    revised[5] = revised[5].replace(",10", ",11");
    // Several files of a series in any order, holes, overlaps, a revised bar.
    for (text, status) in [
        (part(&|i| (100..200).contains(&i)), 0),
        (part(&|i| i < 50), 0),
        (part(&|i| i >= 180 && i % 2 == 0), 0),
        (part(&|i| i >= 150), 0),
        (revised.concat(), 1),
        (part(&|_| true), 0),
    ] {
        folder.write("A_1d.csv", text);
        let result = import(&database, &folder, &["--batch-rows", "37"], status).await;
        assert_eq!(result["totals"]["failed"], 0, "{result}");
    }
    assert_eq!(database.bars().await, 300);
}

/// What was imported all the same is a finding like any other.
#[tokio::test]
async fn a_conflict_that_was_imported_is_in_every_report() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1d.csv", daily(0..50, 1, " 00:00"));
    folder.write("B_1d.csv", daily(0..50, 2, " 00:00"));
    import(&database, &folder, &[], 0).await;
    let plain = barlift(&database, &["report"]).run().await.stdout;
    assert!(!plain.contains("does not fit"), "{plain}");
    std::fs::remove_file(folder.path().join("B_1d.csv")).expect("removed");
    let warned = ["import", folder.arg(), "--timezone", "America/New_York", "--on-conflict-shape", "warn"];
    let run = barlift(&database, &warned).run().await;
    assert!(run.stdout.contains("\ndetails: barlift report "), "{}", run.stdout);
    // Also where the file is recognised.
    for _ in 0..2 {
        let report = async |format| barlift(&database, &["report", "--format", format]).run().await;
        let says = "50 of 50 bars are in the series at another time";
        let table = report("table").await.stdout;
        assert!(
            table.contains("\n1 file that does not fit its series (--on-conflict-shape warn)\nFILE "),
            "{table}"
        );
        let words: Vec<&str> = table.split_whitespace().collect();
        assert!(words.join(" ").contains(says), "{table}");
        let json = report("json").await.json(0);
        let conflict = &json["shape_conflicts"][0];
        assert_eq!((&conflict["symbol"], &conflict["source"]), (&"A".into(), &"A_1d.csv".into()));
        assert!(conflict["message"].as_str().is_some_and(|m| m.contains(says)), "{json}");
        let csv = report("csv").await.stdout;
        assert!(csv.lines().any(|l| l.starts_with("conflict,A,1d,A_1d.csv,") && l.contains(says)), "{csv}");
        let page = report("html").await.stdout;
        assert!(page.contains("ROWS ADD UP, WITH FINDINGS") && page.contains(says), "{page}");
        let again = barlift(&database, &warned).run().await;
        assert!(again.stdout.contains("recognised by content"), "{}", again.stdout);
    }
}

crate::support::also_on_the_columnstore! {
    the_same_file_in_another_zone_is_stopped,
    many_small_files_in_another_zone_are_stopped,
    ordinary_work_is_not_stopped,
}
