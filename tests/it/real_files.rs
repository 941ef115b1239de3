//! Bar files as data vendors write them: the small ones of tests/bars, and those of ../shared/data/ktrdr if they are there.

use std::collections::HashMap;

use serde_json::Value;

use crate::support::{BarFiles, Folder, TestDatabase, barlift};

fn tasks(result: &Value) -> HashMap<String, Value> {
    let tasks = result["tasks"].as_array().expect("tasks");
    tasks.iter().map(|t| (t["source"].as_str().expect("a path").to_owned(), t.clone())).collect()
}

#[tokio::test]
async fn all_add_up_file_by_file_and_a_second_run_settles() {
    for set in BarFiles::all() {
        add_up(&set).await;
    }
}

async fn add_up(set: &BarFiles) {
    let database = TestDatabase::new().await;
    let arguments = ["import", set.arg(), "--json"];
    let first = barlift(&database, &arguments).run().await.json(0);
    let found = tasks(&first);
    assert_eq!(found.len(), set.files.len());
    for &(file, rows, rejected) in set.files {
        let task = &found[file];
        assert_eq!(task["state"], "succeeded", "{file}");
        assert_eq!(task["rows"], rows, "{file}");
        assert_eq!(task["rows_rejected"], rejected, "{file}");
        assert_eq!(task["rows_imported"], rows - rejected, "{file}");
    }
    let all = set.bars();
    assert_eq!(database.bars().await, all);

    let second = barlift(&database, &arguments).run().await.json(0);
    assert_eq!(second["totals"]["rows_imported"], 0);
    assert_eq!(second["totals"]["rows_skipped"], all);
    assert_eq!(second["totals"]["rows_rejected"], set.rejected());
    assert!(tasks(&second).values().all(|t| t["recognised"] == true));
    assert_eq!(database.bars().await, all);

    let mut forced = arguments.to_vec();
    forced.push("--force");
    let third = barlift(&database, &forced).run().await.json(0);
    assert_eq!(third["totals"]["rows_imported"], 0);
    assert_eq!(third["totals"]["rows_skipped"], all);
    assert_eq!(third["totals"]["rows_mismatched"], 0);
}

#[tokio::test]
async fn every_float_reads_back_as_the_file_writes_it() {
    for set in BarFiles::all() {
        floats(&set).await;
    }
}

async fn floats(set: &BarFiles) {
    let database = TestDatabase::new().await;
    barlift(&database, &["import", set.arg(), "--json"]).run().await.json(0);
    for &(file, ..) in set.files {
        let (symbol, timeframe) = file.trim_end_matches(".csv").rsplit_once('_').expect("a name");
        // As text, the way psql shows it.
        let rows: Vec<(i64, Vec<String>)> = sqlx::query_as(
            "SELECT extract(epoch FROM time)::bigint, ARRAY[open::text, high::text, low::text, close::text, volume::text]
             FROM barlift.bars_named WHERE symbol = $1 AND timeframe = $2",
        )
        .bind(symbol)
        .bind(timeframe)
        .fetch_all(&database.pool)
        .await
        .expect("bars");
        let shown: HashMap<i64, Vec<String>> = rows.into_iter().collect();
        let text = set.text(file);
        let mut compared = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            if fields[1..].iter().any(|f| f.parse::<f64>().is_err()) {
                continue;
            }
            let time = fields[0].replace("+00:00", "").replace(' ', "T");
            let time = if time.contains('T') { time } else { format!("{time}T00:00:00") };
            let time: jiff::Timestamp = format!("{time}Z").parse().expect("a time");
            for (written, stored) in fields[1..].iter().zip(&shown[&time.as_second()]) {
                // 15812.0 and 15812 are the same text but for the point and the zero.
                let written = written.strip_suffix(".0").unwrap_or(written);
                assert_eq!(written, stored, "{file}: {line}");
            }
            compared += 1;
        }
        assert_eq!(compared, shown.len(), "{file}");
    }
}

#[tokio::test]
async fn one_changed_value_is_one_mismatch_with_both_values() {
    for set in BarFiles::all() {
        one_change(&set).await;
    }
}

async fn one_change(set: &BarFiles) {
    let database = TestDatabase::new().await;
    barlift(&database, &["import", set.arg(), "--json"]).run().await.json(0);
    let text = set.text("AAPL_1h.csv");
    let copy = Folder::new();
    let changed = text.replacen("202.3,202.72,202.3,202.5,11550.0", "202.3,202.72,202.3,202.6,11550.0", 1);
    assert_ne!(changed, text);
    copy.write("AAPL_1h.csv", changed);

    // Twice: what was not taken over must not be recognised as imported.
    for _ in 0..2 {
        let result = barlift(&database, &["import", copy.arg(), "--json"]).run().await.json(1);
        assert_eq!(result["totals"]["rows_mismatched"], 1);
        assert_eq!(result["totals"]["rows_skipped"], 152);
        let report = barlift(&database, &["report", "latest", "--json"]).run().await.json(0);
        let mismatches = report["mismatches"].as_array().expect("a list");
        assert_eq!(mismatches.len(), 1);
        assert_eq!(mismatches[0]["csv"]["close"], 202.6);
        assert_eq!(mismatches[0]["db"]["close"], 202.5);
        assert_eq!(mismatches[0]["line"], 3);
        assert_eq!(mismatches[0]["time"], "2025-05-22T09:00:00Z");
    }
}
