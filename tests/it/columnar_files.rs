//! Parquet, Arrow and Feather files as other programs write them (tests/columnar) are imported, verified and saved like the
//! CSV file of the same bars.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Folder, TestDatabase, barlift, barlift_alone};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/columnar")
}

/// The files but `bars.csv`, which has their bars as text.
fn files() -> Vec<String> {
    let entries =
        std::fs::read_dir(folder()).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let names = entries.map(|name| name.into_string().expect("UTF-8"));
    let mut names: Vec<String> =
        names.filter(|name| !name.ends_with(".csv") && !name.ends_with(".py")).collect();
    names.sort();
    names
}

/// The rows of a series as text that tells every bit.
async fn rows(database: &TestDatabase, symbol: &str) -> String {
    let sql = "SELECT string_agg(format('%s %s %s %s %s %s', extract(epoch FROM time), open, high, low, close, volume), E'\\n'
               ORDER BY time) FROM barlift.bars JOIN barlift.series ON series.id = bars.series_id WHERE symbol = $1";
    sqlx::query_scalar(sql).bind(symbol).fetch_one(&database.pool).await.expect("rows")
}

#[tokio::test]
async fn files_of_other_programs_hold_the_bars_of_the_csv_file() {
    let (database, bars) = (TestDatabase::new().await, Folder::new());
    let files = files();
    assert_eq!(files.len(), 22);
    // One series each, called like the file with its extension.
    let symbol = |name: &str| name.replace('.', "-");
    bars.write("csv_1m.csv", std::fs::read(folder().join("bars.csv")).expect("read"));
    for name in &files {
        let (_, extension) = name.rsplit_once('.').expect("an extension");
        bars.write(
            &format!("{}_1m.{extension}", symbol(name)),
            std::fs::read(folder().join(name)).expect("read"),
        );
    }
    let imported = barlift(&database, &["import", bars.arg(), "--json"]).run().await.imported();
    assert_eq!(imported["totals"]["rows_imported"], json!(40 * 23), "{imported:#}");
    let want = rows(&database, "csv").await;
    assert!(want.starts_with("1709908200.000000 0.30000000000000004 "), "{want}");
    for name in &files {
        assert_eq!(rows(&database, &symbol(name)).await, want, "{name}");
    }
    let verified = barlift(&database, &["verify", bars.arg(), "--force", "--json"]).run().await.json(0);
    assert_eq!(verified["totals"]["identical"], json!(23), "{verified:#}");
    let again = barlift(&database, &["import", bars.arg(), "--json"]).run().await.imported();
    assert_eq!(again["totals"]["rows_skipped"], json!(40 * 23));

    // The same door for `data save`, also from a pipe.
    for name in &files {
        let path = folder().join(name);
        let series = format!("saved-{name}");
        let saved =
            barlift(&database, &["data", "save", &series, "1m", path.to_str().expect("UTF-8")]).run().await;
        assert_eq!(saved.status, 0, "{name}: {}", saved.stderr);
        assert_eq!(rows(&database, &series).await, want, "{name}");
    }
    let piped = barlift(&database, &["data", "save", "piped", "1m", "-"]);
    let piped =
        piped.stdin(std::fs::File::open(folder().join("duckdb.parquet")).expect("opened")).run().await;
    assert_eq!(piped.status, 0, "{}", piped.stderr);
    assert_eq!(rows(&database, "piped").await, want);
}

/// Case 83.
#[tokio::test]
async fn a_local_time_is_of_the_zone_that_is_given() {
    for name in ["pandas-naive.parquet", "duckdb-naive.parquet"] {
        let path = folder().join(name);
        let arguments = [
            "inspect",
            path.to_str().expect("UTF-8"),
            "--symbol",
            "X",
            "--timeframe",
            "1m",
            "--json",
            "--timezone",
        ];
        let first = async |zone: &str| {
            let shown = barlift_alone(&[&arguments[..], &[zone]].concat()).run().await.json(0);
            shown["files"][0]["first"][0]["time"].clone()
        };
        assert_eq!(first("UTC").await, "2024-03-08T14:30:00Z", "{name}");
        assert_eq!(first("America/New_York").await, "2024-03-08T19:30:00Z", "{name}");
    }
}
