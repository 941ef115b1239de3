//! Rows that prove nothing, files that contradict each other, and times and values that only another program can have
//! written.

use serde_json::{Value, json};

use super::{execute, import, report, verify};
use crate::support::{Folder, HEADER, TestDatabase, bar, barlift, bars};

async fn setting(rows: usize) -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(rows, 1));
    import(&database, folder.arg(), &[]).await;
    (database, folder)
}

#[tokio::test]
async fn a_file_of_which_no_row_can_be_read_proves_nothing() {
    let (database, folder) = setting(50).await;
    folder.write("A_1m.csv", format!("{HEADER}yesterday,1,2,0.5,1.5,1\ntoday,1,2,0.5,1.5,1\n"));
    for mode in ["full", "sample", "counts"] {
        for range in [&[][..], &["--within-range"]] {
            let wrong = ["verify", folder.arg(), "--mode", mode, "--json"];
            let run = barlift(&database, &[&wrong[..], range].concat()).run().await.json(1);
            assert_eq!(run["state"], "failed", "{mode}");
            let error = &run["tasks"][0]["error"];
            assert_eq!(error["class"], "permanent");
            let message = error["message"].as_str().expect("a text");
            assert!(message.contains("no row of it can be a bar: column 1"), "{message}");
            assert_eq!(run["totals"]["identical"], 0);
            assert_eq!(report(&database, 1).await["verdict"], "incomplete");
        }
    }
}

#[tokio::test]
async fn a_value_that_the_database_lacks_differs() {
    let (database, folder) = setting(50).await;
    for statement in ["UPDATE barlift.bars SET volume = NULL WHERE time = '2024-01-01 00:07Z'"] {
        execute(&database, statement).await;
    }
    for mode in ["full", "sample"] {
        let found = verify(&database, folder.arg(), &["--mode", mode]).await;
        assert_eq!((found.status, found.counts()), (1, [1, 0, 0]), "{mode}");
        let bar = &found.differences()[0];
        assert!(bar["db"].get("volume").is_none() && bar["csv"]["volume"].is_number(), "{bar}");
        let columns = bar["columns"].as_array().expect("a list");
        let named: Vec<_> = columns.iter().map(|c| (&c["column"], &c["db"], &c["by"])).collect();
        assert_eq!(named, [(&json!("volume"), &Value::Null, &Value::Null)]);
        let table = barlift(&database, &["report", "latest"]).run().await.stdout;
        assert!(table.contains("→ unknown"), "{table}");
    }
    let csv = barlift(&database, &["data", "load", "A", "1m"]).run().await.stdout;
    assert!(csv.lines().nth(8).is_some_and(|line| line.ends_with(',')), "{csv}");
    let mut import = vec!["import", folder.arg(), "--force", "--json"];
    let run = barlift(&database, &import).run().await.json(1);
    assert_eq!(run["totals"]["rows_mismatched"], 1, "{run:#}");
    let found = report(&database, 0).await;
    assert!(found["mismatches"][0]["db"].get("volume").is_none(), "{found:#}");
    import.extend(["--on-mismatch", "overwrite"]);
    barlift(&database, &import).run().await.json(0);
    assert_eq!(verify(&database, folder.arg(), &[]).await.status, 0);
}

#[tokio::test]
async fn of_files_that_contradict_each_other_either_bar_is_right() {
    let folder = Folder::new();
    let changed = bars(40, 1).replace(&bar(7, 1), &bar(7, 2)).replace(&bar(39, 1), &bar(39, 3));
    folder.write("2020/A_1m.csv", bars(40, 1));
    folder.write("2021/A_1m.csv", changed);
    for policy in ["warn", "overwrite"] {
        let database = TestDatabase::new().await;
        import(&database, folder.arg(), &["--on-mismatch", policy]).await;
        for mode in ["full", "sample"] {
            let found = verify(&database, folder.arg(), &["--mode", mode]).await;
            assert_eq!((found.status, found.counts()), (0, [0, 0, 0]), "{policy} {mode}");
            let rejected = found.series()["rejected_rows"].as_array().expect("a list");
            let named: Vec<_> = rejected.iter().map(|r| (&r["source"], &r["line"])).collect();
            let second = json!("2021/A_1m.csv");
            assert_eq!(named, [(&second, &json!(9)), (&second, &json!(41))]);
            assert_eq!(rejected[0]["raw"], bar(7, 2).trim_end());
        }
        // What neither file has is a difference.
        execute(&database, "UPDATE barlift.bars SET volume = 77 WHERE time = '2024-01-01 00:07Z'").await;
        for mode in ["full", "sample"] {
            let found = verify(&database, folder.arg(), &["--mode", mode]).await;
            assert_eq!((found.status, found.counts()), (1, [1, 0, 0]), "{policy} {mode}");
        }
    }
}

#[tokio::test]
async fn of_one_file_only_the_first_row_of_a_time_is_right() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2020/A_1m.csv", bars(10, 1));
    // The same bars, and behind them one of them with other values.
    folder.write("2021/A_1m.csv", format!("{}{}", bars(10, 1), bar(7, 2)));
    import(&database, folder.arg(), &[]).await;
    assert_eq!(verify(&database, folder.arg(), &[]).await.status, 0);
    let columns = bar(7, 2).trim_end().split(',').skip(1).collect::<Vec<_>>().join(", ");
    let other = format!(
        "UPDATE barlift.bars SET (open, high, low, close, volume) = ROW ({columns}) WHERE time = '2024-01-01 00:07Z'"
    );
    execute(&database, &other).await;
    for mode in ["full", "sample"] {
        let found = verify(&database, folder.arg(), &["--mode", mode]).await;
        assert_eq!((found.status, found.counts()), (1, [1, 0, 0]), "{mode}");
    }
}

#[tokio::test]
async fn a_file_without_a_bar_is_identical_to_a_series_without_one() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", HEADER);
    import(&database, folder.arg(), &["--allow-empty"]).await;
    for mode in ["full", "sample", "counts"] {
        let found = verify(&database, folder.arg(), &["--mode", mode]).await;
        assert_eq!((found.status, found.counts()), (0, [0, 0, 0]), "{mode}");
        assert_eq!(found.series()["db"]["first"], Value::Null);
    }
}

#[tokio::test]
async fn values_that_others_have_too_are_no_bars_of_the_database_alone() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let time = |i: i64| jiff::Timestamp::from_second(1_704_067_200 + 3600 * i).expect("in range");
    let flat: String = (0..500).map(|i| format!("{},5,5,5,5,0\n", time(i))).collect();
    folder.write("FLAT_1h.csv", format!("{HEADER}{flat}"));
    import(&database, folder.arg(), &[]).await;
    let revised =
        "UPDATE barlift.bars SET close = 5 + extract(epoch FROM time)::int / 3600 % 7 / 10.0, high = 9
                   WHERE extract(epoch FROM time)::int / 3600 % 50 = 3";
    assert_eq!(execute(&database, revised).await, 10);
    let found = verify(&database, folder.arg(), &["--mode", "sample", "--sample-size", "300"]).await;
    assert_eq!(found.status, 1);
    let [different, only_in_csv, only_in_db] = found.counts();
    assert!(different >= 3 && only_in_csv + only_in_db == 0);
    assert!(
        found.ranges().iter().all(|(kind, _)| ["identical", "revised"].contains(kind)),
        "{:?}",
        found.ranges()
    );
}

#[tokio::test]
async fn times_beyond_the_calendar_are_differences_in_every_mode() {
    let (database, folder) = setting(30).await;
    for (time, end) in [("infinity", "last"), ("200000-01-01Z", "last"), ("-infinity", "first")] {
        let insert = format!(
            "INSERT INTO barlift.bars SELECT series_id, '{time}', 1, 2, 0.5, 1, 7 FROM barlift.bars LIMIT 1"
        );
        if database.timescaledb && time.ends_with("infinity") {
            continue;
        }
        execute(&database, &insert).await;
        for mode in ["full", "sample", "counts"] {
            let found = verify(&database, folder.arg(), &["--mode", mode]).await;
            assert_eq!(found.status, 1, "{time} {mode}");
            assert_eq!(found.series()["db"]["bars"], 31);
            let text = found.report.to_string();
            assert!(!text.contains("1970-01-01"), "{text}");
            let shown = found.series()["db"][end].as_str().expect("a time");
            assert!(shown.starts_with(if end == "last" { "9999-12-" } else { "-004712-01-01" }), "{shown}");
        }
        execute(&database, &format!("DELETE FROM barlift.bars WHERE time = '{time}'")).await;
    }
}

#[tokio::test]
async fn no_number_on_both_sides_is_the_same() {
    let (here, folder) = setting(30).await;
    let there = TestDatabase::new().await;
    import(&there, folder.arg(), &[]).await;
    let nothing = "UPDATE barlift.bars SET volume = 'NaN' WHERE time = '2024-01-01 00:07Z'";
    execute(&here, nothing).await;
    let against = ["verify", "--against", &there.url, "--json"];
    let found = barlift(&here, &against).run().await.json(1);
    assert_eq!((&found["series"][0]["different"], &found["series"][0]["identical"]), (&json!(1), &json!(29)));
    execute(&there, nothing).await;
    let found = barlift(&here, &against).run().await.json(0);
    assert_eq!(found["series"][0]["here"], found["series"][0]["there"]);
    // The file has a number there.
    assert_eq!(verify(&here, folder.arg(), &[]).await.counts(), [1, 0, 0]);
}

#[tokio::test]
async fn whoever_reads_a_file_last_knows_its_bars_best() {
    let (database, folder) = setting(30).await;
    let wrong = "UPDATE barlift.source_digests SET bars_hash = decode(repeat('77', 16), 'hex')";
    assert_eq!(execute(&database, wrong).await, 1);
    let by_hash = async |more: &[&str]| -> Value {
        let found = verify(&database, folder.arg(), more).await;
        assert_eq!(found.status, 0);
        found.series()["by_hash"].clone()
    };
    assert_eq!(by_hash(&[]).await, false, "hashes that differ prove nothing; the bars are compared");
    assert_eq!(by_hash(&[]).await, true, "and what was read replaces what was known");
    // The rules of a zone may change, so what was read by them is read again.
    assert_eq!(by_hash(&["--timezone", "Europe/Berlin"]).await, false);
    assert_eq!(by_hash(&["--timezone", "Europe/Berlin"]).await, false);
}

#[tokio::test]
async fn a_verdict_of_an_attempt_that_was_not_settled_counts_for_nothing() {
    let (database, folder) = setting(30).await;
    verify(&database, folder.arg(), &[]).await;
    execute(&database, "UPDATE barlift.tasks SET state = 'failed', error_class = 'transient', error_message = 'away' WHERE verdict IS NOT NULL").await;
    let report = report(&database, 1).await;
    assert_eq!((&report["verdict"], &report["totals"]["identical"]), (&json!("incomplete"), &json!(0)));
    let status = barlift(&database, &["status", "latest"]).run().await;
    assert!(status.stdout.contains("INCOMPLETE: 0 of 1 series verified"), "{}", status.stdout);
}

crate::support::also_on_the_columnstore! {
    a_file_of_which_no_row_can_be_read_proves_nothing,
    of_files_that_contradict_each_other_either_bar_is_right,
    of_one_file_only_the_first_row_of_a_time_is_right,
    a_file_without_a_bar_is_identical_to_a_series_without_one,
    values_that_others_have_too_are_no_bars_of_the_database_alone,
    times_beyond_the_calendar_are_differences_in_every_mode,
    no_number_on_both_sides_is_the_same,
    whoever_reads_a_file_last_knows_its_bars_best,
    a_verdict_of_an_attempt_that_was_not_settled_counts_for_nothing,
}
