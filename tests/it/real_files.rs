//! The real bar files of ../shared/data/ktrdr, where they are there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Folder, TestDatabase, barlift, skipped};

/// Data rows, and how many of them no bar can be made of (read off the files by hand).
const FILES: [(&str, i64, i64); 13] = [
    ("AAPL_1d.csv", 50, 0),
    ("AAPL_1h.csv", 153, 0),
    ("AAPL_5m.csv", 1536, 0),
    ("DEMO_1d.csv", 120, 5),
    ("EURUSD_1h.csv", 2591, 0),
    ("GOOGL_1d.csv", 359, 0),
    ("JEPI_1d.csv", 255, 0),
    ("MSFT_1d.csv", 11, 0),
    ("MSFT_1h.csv", 20758, 0),
    ("MSFT_1m.csv", 5746, 0),
    ("NVDA_1h.csv", 1689, 0),
    ("RBLX_1d.csv", 817, 0),
    ("TSLA_1h.csv", 393, 0),
];

fn directory() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ktrdr");
    if path.is_dir() {
        return Some(path);
    }
    skipped("../shared/data/ktrdr is not there");
    None
}

fn tasks(result: &Value) -> HashMap<String, Value> {
    let tasks = result["tasks"].as_array().expect("tasks");
    tasks.iter().map(|t| (t["source"].as_str().expect("a path").to_owned(), t.clone())).collect()
}

#[tokio::test]
async fn all_thirteen_add_up_file_by_file_and_a_second_run_settles() {
    let Some(directory) = directory() else { return };
    let database = TestDatabase::new().await;
    let arguments = ["import", directory.to_str().expect("UTF-8"), "--json"];
    let first = barlift(&database, &arguments).run().await.json(0);
    let found = tasks(&first);
    assert_eq!(found.len(), FILES.len());
    for (file, rows, rejected) in FILES {
        let task = &found[file];
        assert_eq!(task["state"], "succeeded", "{file}");
        assert_eq!(task["rows"], rows, "{file}");
        assert_eq!(task["rows_rejected"], rejected, "{file}");
        assert_eq!(task["rows_imported"], rows - rejected, "{file}");
    }
    let all: i64 = FILES.iter().map(|(_, rows, rejected)| rows - rejected).sum();
    assert_eq!(database.bars().await, all);

    let second = barlift(&database, &arguments).run().await.json(0);
    assert_eq!(second["totals"]["rows_imported"], 0);
    assert_eq!(second["totals"]["rows_skipped"], all);
    assert_eq!(second["totals"]["rows_rejected"], FILES.iter().map(|(_, _, rejected)| rejected).sum::<i64>());
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
    let Some(directory) = directory() else { return };
    let database = TestDatabase::new().await;
    barlift(&database, &["import", directory.to_str().expect("UTF-8"), "--json"]).run().await.json(0);
    for (file, ..) in FILES {
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
        let text = std::fs::read_to_string(directory.join(file)).expect("the file");
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
    let Some(directory) = directory() else { return };
    let database = TestDatabase::new().await;
    barlift(&database, &["import", directory.to_str().expect("UTF-8"), "--json"]).run().await.json(0);
    let text = std::fs::read_to_string(directory.join("AAPL_1h.csv")).expect("the file");
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
