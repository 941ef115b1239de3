//! A sample finds what it looks at, as often as its size implies.
//!
//! Seeds are fixed, so each test gives the same every time.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{execute, import, shift, verify};
use crate::support::{Folder, HEADER, TestDatabase, bar, bars};

const BARS: u32 = 40;
const SIZE: u32 = 10;

/// A folder with one file, imported.
async fn setting(rows: u32) -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(usize::try_from(rows).expect("small"), 1));
    import(&database, folder.arg(), &[]).await;
    (database, folder)
}

async fn sampled(database: &TestDatabase, folder: &Folder, seed: u32, size: u32) -> super::Verified {
    let (seed, size) = (seed.to_string(), size.to_string());
    verify(database, folder.arg(), &["--mode", "sample", "--sample-size", &size, "--seed", &seed]).await
}

const CHANGED: &str = "UPDATE barlift.bars SET close = close + 1 WHERE time = '2024-01-01 00:17Z'";
const MISSING: &str = "DELETE FROM barlift.bars WHERE time = '2024-01-01 00:17Z'";
const EXTRA: &str = "INSERT INTO barlift.bars SELECT series_id, '2024-01-01 00:17:30Z', 1, 2, 0.5, 1, 7
                     FROM barlift.bars LIMIT 1";

/// Series of each kind. Each has days of its own, so each has its own draw, whatever the seed.
const SERIES: usize = 100;
const SEEDS: u32 = 3;

/// Many series in which the 18th bar was changed, is missing, or has an extra one behind it.
async fn many() -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for i in 0..SERIES {
        for (n, symbol) in ["CHANGED", "MISSING", "EXTRA"].into_iter().enumerate() {
            let first = (i * 3 + n) * 60;
            let lines: String = (first..first + 40).map(|row| bar(row, 1)).collect();
            folder.write(&format!("{symbol}{i:03}_1m.csv"), format!("{HEADER}{lines}"));
        }
    }
    import(&database, folder.arg(), &[]).await;
    let of = |symbol| {
        format!(
            "series_id IN (SELECT id FROM barlift.series WHERE symbol LIKE '{symbol}%') AND extract(minute FROM time) = 17"
        )
    };
    for sql in [
        format!("UPDATE barlift.bars SET close = close + 1 WHERE {}", of("CHANGED")),
        format!("DELETE FROM barlift.bars WHERE {}", of("MISSING")),
        format!(
            "INSERT INTO barlift.bars SELECT series_id, time + interval '30 s', 1, 2, 0.5, 1, 7 FROM barlift.bars WHERE {}",
            of("EXTRA")
        ),
    ] {
        assert_eq!(execute(&database, &sql).await, SERIES as u64, "{sql}");
    }
    (database, folder)
}

#[tokio::test]
async fn what_differs_is_named_as_often_as_it_is_drawn() {
    let (database, folder) = many().await;
    let mut named: HashMap<String, u32> = HashMap::new();
    for seed in 1..=SEEDS {
        let found = sampled(&database, &folder, seed, SIZE).await;
        let series = found.report["series"].as_array().expect("a list");
        assert_eq!(series.len(), 3 * SERIES);
        for s in series {
            let symbol = s["symbol"].as_str().expect("a symbol");
            let (kind, time) = match &symbol[..1] {
                "C" => ("different", ":17:00Z"),
                "M" => ("only_in_csv", ":17:00Z"),
                _ => ("only_in_db", ":17:30Z"),
            };
            let differences = s["differences"].as_array().expect("a list");
            let expected =
                |d: &Value| d["kind"] == kind && d["time"].as_str().is_some_and(|t| t.ends_with(time));
            assert!(differences.len() <= 1 && differences.iter().all(expected), "{symbol}: {differences:?}");
            // With as many bars as the file, only the sample can show it; else the counts always do.
            let differs = kind != "different" || differences.len() == 1;
            assert_eq!(s["verdict"], if differs { "differs" } else { "identical" }, "{symbol}");
            assert_eq!(s["compared"], SIZE);
            *named.entry(kind.to_owned()).or_default() += u32::from(differences.len() == 1);
        }
    }
    // A draw of k of n, so often; within four standard deviations.
    let (p, n) =
        (f64::from(SIZE) / f64::from(BARS), f64::from(SEEDS * u32::try_from(SERIES).expect("small")));
    let (mean, deviation) = (n * p, (n * p * (1.0 - p)).sqrt());
    assert_eq!(named.len(), 3);
    for (kind, named) in named {
        assert!(
            (f64::from(named) - mean).abs() < 4.0 * deviation,
            "{kind}: {named} of {n}, not about {mean}"
        );
    }
}

#[tokio::test]
async fn a_sample_of_all_bars_finds_whatever_differs() {
    for (change, counts) in [(CHANGED, [1, 0, 0]), (MISSING, [0, 1, 0]), (EXTRA, [0, 0, 1])] {
        let (database, folder) = setting(BARS).await;
        execute(&database, change).await;
        for (seed, size) in [(1, BARS), (2, BARS + 1), (3, 100_000)] {
            let found = sampled(&database, &folder, seed, size).await;
            assert_eq!(found.status, 1, "{change}");
            assert_eq!(found.counts(), counts, "{change}");
            assert_eq!(found.series()["compared"], BARS);
        }
    }
}

#[tokio::test]
async fn the_last_bar_stands_for_what_follows_it() {
    let (database, folder) = setting(BARS).await;
    let extra = "INSERT INTO barlift.bars SELECT series_id, '2024-01-02Z', 1, 2, 0.5, 1, 7
                 FROM barlift.bars LIMIT 1";
    execute(&database, extra).await;
    let all = sampled(&database, &folder, 1, BARS).await;
    assert_eq!(all.counts(), [0, 0, 1]);
    assert_eq!(all.differences()[0]["time"], "2024-01-02T00:00:00Z");
    // Before the first bar there is none that could stand for it: the counts show it, no sample names it.
    let before = "UPDATE barlift.bars SET time = '2023-12-31Z' WHERE time = '2024-01-02Z'";
    execute(&database, before).await;
    let all = sampled(&database, &folder, 1, BARS).await;
    assert_eq!((all.status, all.counts()), (1, [0, 0, 0]));
    assert_eq!(all.series()["db"]["first"], "2023-12-31T00:00:00Z");
    assert_eq!(all.series()["db"]["bars"], BARS + 1);
}

#[tokio::test]
async fn the_seed_that_a_report_names_gives_the_same_sample_again() {
    let (database, folder) = setting(500).await;
    // Which bars were drawn shows if all differ.
    execute(&database, "UPDATE barlift.bars SET volume = volume + 1 + extract(minute FROM time) ^ 3").await;
    let times = |found: &super::Verified| -> Vec<Value> {
        found.differences().iter().map(|d| d["time"].clone()).collect()
    };
    let first = verify(&database, folder.arg(), &["--mode", "sample", "--sample-size", "20"]).await;
    let seed = first.report["seed"].as_u64().expect("a seed");
    assert_eq!(
        (first.report["mode"].clone(), first.report["sample_size"].clone()),
        (json!("sample"), json!(20))
    );
    let again = sampled(&database, &folder, u32::try_from(seed).expect("small"), 20).await;
    assert_eq!(again.report["seed"], seed);
    assert_eq!(times(&first).len(), 20);
    assert_eq!(times(&again), times(&first));
    assert_eq!(again.differences(), first.differences());
    // Without one, another sample is drawn.
    let other = verify(&database, folder.arg(), &["--mode", "sample", "--sample-size", "20"]).await;
    assert_ne!(other.report["seed"], seed);
    assert_ne!(times(&other), times(&first));
}

#[tokio::test]
async fn a_sample_knows_a_halved_and_a_shifted_series() {
    let (database, folder) = setting(2000).await;
    execute(
        &database,
        "UPDATE barlift.bars SET open = open / 2, high = high / 2, low = low / 2, close = close / 2, volume = volume * 2",
    )
    .await;
    let found = sampled(&database, &folder, 5, 50).await;
    assert_eq!(found.counts(), [50, 0, 0]);
    let range = &found.series()["ranges"][0];
    assert_eq!(
        (&range["kind"], &range["price_ratio"], &range["volume_ratio"]),
        (&json!("ratio"), &json!(0.5), &json!(2.0))
    );
    assert_eq!(found.ranges().len(), 1);

    let (database, folder) = setting(2000).await;
    shift(&database, "true", "5 h").await;
    let found = sampled(&database, &folder, 5, 50).await;
    assert_eq!(found.status, 1);
    let range = &found.series()["ranges"][0];
    assert_eq!((&range["kind"], &range["shifted_by_seconds"]), (&json!("shifted"), &json!(18000.0)));
}

crate::support::also_on_the_columnstore! {
    what_differs_is_named_as_often_as_it_is_drawn,
    a_sample_of_all_bars_finds_whatever_differs,
    the_last_bar_stands_for_what_follows_it,
    the_seed_that_a_report_names_gives_the_same_sample_again,
    a_sample_knows_a_halved_and_a_shifted_series,
}
