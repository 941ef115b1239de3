//! Bars and series that only the files or only the database have.

use serde_json::json;

use super::{execute, import, verify};
use crate::support::{Folder, TestDatabase, barlift, bars};

async fn setting() -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(100, 1));
    import(&database, folder.arg(), &[]).await;
    (database, folder)
}

/// Two bars before the file's first, three behind its last.
const AROUND: &str = "
    INSERT INTO barlift.bars
    SELECT s.id, t::timestamptz, 1, 2, 0.5, 1, 7
    FROM barlift.series s, unnest(ARRAY['2023-12-31 00:00Z', '2023-12-31 23:59:59.999999Z',
                                        '2024-01-01 01:39:00.000001Z', '2024-01-01 02:00Z', '2025-01-01Z']) t
    WHERE s.symbol = 'A'";

const MODES: [&str; 3] = ["counts", "sample", "full"];

#[tokio::test]
async fn bars_around_the_files_are_differences() {
    let (database, folder) = setting().await;
    execute(&database, AROUND).await;
    for mode in MODES {
        let found = verify(&database, folder.arg(), &["--mode", mode]).await;
        assert_eq!(found.status, 1, "{mode}");
        let series = found.series();
        assert_eq!((&series["csv"]["bars"], &series["db"]["bars"]), (&json!(100), &json!(105)), "{mode}");
        assert_eq!(series["outside"], 0);
        assert_eq!(series["db"]["first"], "2023-12-31T00:00:00Z", "{mode}");
        assert_eq!(series["db"]["last"], "2025-01-01T00:00:00Z", "{mode}");
    }
    let found = verify(&database, folder.arg(), &[]).await;
    assert_eq!(found.counts(), [0, 0, 5]);
    assert_eq!(found.ranges(), [("only_in_db", 2), ("identical", 100), ("only_in_db", 3)]);
    assert_eq!(found.differences()[1]["time"], "2023-12-31T23:59:59.999999Z");
    assert_eq!(found.differences()[2]["time"], "2024-01-01T01:39:00.000001Z");
}

#[tokio::test]
async fn within_the_range_of_the_files_they_are_none() {
    let (database, folder) = setting().await;
    execute(&database, AROUND).await;
    for mode in MODES {
        let found = verify(&database, folder.arg(), &["--mode", mode, "--within-range"]).await;
        assert_eq!(found.status, 0, "{mode}: {:#}", found.report);
        assert_eq!((found.counts(), &found.series()["outside"]), ([0, 0, 0], &json!(5)), "{mode}");
        assert_eq!(found.series()["db"]["bars"], 105, "{mode}");
        assert_eq!(found.report["within_range"], true);
    }
    // What lies between the first and the last bar still is.
    let inside = "INSERT INTO barlift.bars SELECT series_id, '2024-01-01 01:38:30Z', 1, 2, 0.5, 1, 7
                  FROM barlift.bars LIMIT 1";
    execute(&database, inside).await;
    for mode in MODES {
        let found = verify(&database, folder.arg(), &["--mode", mode, "--within-range"]).await;
        assert_eq!((found.status, &found.series()["outside"]), (1, &json!(5)), "{mode}");
        let named = i64::from(mode != "counts");
        assert_eq!(found.counts(), [0, 0, named], "{mode}");
    }
    // And so is a bar of the files that is missing at their edge.
    execute(
        &database,
        "DELETE FROM barlift.bars WHERE time IN ('2024-01-01 01:38:30Z', '2024-01-01 01:39Z')",
    )
    .await;
    for mode in MODES {
        let found = verify(&database, folder.arg(), &["--mode", mode, "--within-range"]).await;
        assert_eq!((found.status, &found.series()["outside"]), (1, &json!(5)), "{mode}");
        assert_eq!(found.counts(), [0, i64::from(mode != "counts"), 0], "{mode}");
    }
}

#[tokio::test]
async fn a_file_without_a_bar_explains_none() {
    let (database, folder) = setting().await;
    folder.write("A_1m.csv", "timestamp,open,high,low,close,volume\n");
    for mode in MODES {
        let found = verify(&database, folder.arg(), &["--mode", mode]).await;
        assert_eq!(found.status, 1, "{mode}");
        assert_eq!(found.series()["csv"]["bars"], 0, "{mode}");
        let within = verify(&database, folder.arg(), &["--mode", mode, "--within-range"]).await;
        assert_eq!((within.status, &within.series()["outside"]), (0, &json!(100)), "{mode}");
    }
}

#[tokio::test]
async fn a_series_without_a_file_is_listed_and_no_difference() {
    let (database, folder) = setting().await;
    let other = Folder::new();
    other.write("A_1h.csv", bars(1, 1));
    other.write("B_1m.csv", bars(10, 2));
    import(&database, other.arg(), &[]).await;
    let found = verify(&database, folder.arg(), &[]).await;
    assert_eq!(found.status, 0);
    let unexplained = json!([{ "symbol": "A", "timeframe": "1h" }, { "symbol": "B", "timeframe": "1m" }]);
    assert_eq!(found.report["unexplained"], unexplained);
    let shown = barlift(&database, &["verify", folder.arg()]).run().await;
    assert!(
        shown.stdout.contains("\n2 series of the database are in none of the files\n"),
        "{}",
        shown.stdout
    );
    // Of those that were asked for.
    let one = verify(&database, folder.arg(), &["--symbols", "A"]).await;
    assert_eq!(one.report["unexplained"], json!([{ "symbol": "A", "timeframe": "1h" }]));
}

#[tokio::test]
async fn a_file_without_a_series_misses_all_its_bars() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(100, 1));
    for mode in MODES {
        let found = verify(&database, folder.arg(), &["--mode", mode]).await;
        assert_eq!(found.status, 1, "{mode}");
        let series = found.series();
        assert_eq!((&series["csv"]["bars"], &series["db"]["bars"]), (&json!(100), &json!(0)), "{mode}");
        assert_eq!(found.counts(), [0, if mode == "counts" { 0 } else { 100 }, 0], "{mode}");
    }
    let found = verify(&database, folder.arg(), &[]).await;
    assert_eq!(found.ranges(), [("only_in_csv", 100)]);
    assert_eq!(found.series()["db"]["first"], json!(null));
    // Looking does not make the series.
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.series").await, 0);
}

crate::support::also_on_the_columnstore! {
    bars_around_the_files_are_differences,
    within_the_range_of_the_files_they_are_none,
    a_file_without_a_bar_explains_none,
    a_series_without_a_file_is_listed_and_no_difference,
    a_file_without_a_series_misses_all_its_bars,
}
