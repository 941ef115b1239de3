//! Two databases are compared with each other.

use serde_json::{Value, json};

use super::{execute, import, shift};
use crate::support::{Folder, PrivateServer, Run, TestDatabase, barlift, bars};

async fn against(here: &TestDatabase, there: &TestDatabase, more: &[&str]) -> Run {
    let arguments = [&["verify", "--against", &there.url], more].concat();
    barlift(here, &arguments).run().await
}

/// Two databases with the same two series.
async fn twins() -> (TestDatabase, TestDatabase) {
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(9000, 1));
    folder.write("B_1m.csv", bars(10, 2));
    let (here, there) = (TestDatabase::new().await, TestDatabase::new().await);
    // Ids are each database's own.
    execute(&there, "INSERT INTO barlift.series (symbol, timeframe) VALUES ('AA', '1m')").await;
    for database in [&here, &there] {
        import(database, folder.arg(), &[]).await;
    }
    (here, there)
}

#[tokio::test]
async fn the_same_bars_are_identical() {
    let (here, there) = twins().await;
    let found = against(&here, &there, &["--json"]).await.json(0);
    assert_eq!(found["verdict"], "identical");
    let series = found["series"].as_array().expect("a list");
    // A series without bars is none.
    assert_eq!(series.len(), 2);
    for (s, bars) in series.iter().zip([9000, 10]) {
        assert_eq!((&s["verdict"], &s["identical"]), (&json!("identical"), &json!(bars)));
        assert_eq!(s["here"], s["there"]);
        assert_eq!((&s["here"]["bars"], &s["differences"]), (&json!(bars), &json!([])));
    }
    let shown = against(&here, &there, &[]).await;
    assert_eq!(shown.status, 0);
    assert!(shown.stdout.ends_with("IDENTICAL: 2 series\n"), "{}", shown.stdout);
    // Nothing is kept of it.
    let operations = "SELECT count(*) FROM barlift.operations WHERE type = 'DATA_VERIFICATION'";
    assert_eq!(here.scalar::<i64>(operations).await, 0);
}

#[tokio::test]
async fn what_differs_is_found_named_and_classified() {
    const A: &str = "series_id = (SELECT id FROM barlift.series WHERE symbol = 'A')";
    // Different, only here, only there; ranges; the first differing bar's time and close on each side.
    for (name, change, counts, ranges, first) in [
        (
            "changed",
            format!("UPDATE barlift.bars SET close = 7 WHERE {A} AND time = '2024-01-01 00:01Z'"),
            [1, 0, 0],
            json!(["identical", "revised", "identical"]),
            json!(["2024-01-01T00:01:00Z", 102.957_142_857_142_86, 7.0]),
        ),
        (
            "missing",
            format!("DELETE FROM barlift.bars WHERE {A} AND time = '2024-01-01 00:01Z'"),
            [0, 1, 0],
            json!(["identical", "only_in_csv", "identical"]),
            json!(["2024-01-01T00:01:00Z", 102.957_142_857_142_86, null]),
        ),
        (
            "extra",
            "INSERT INTO barlift.bars SELECT id, '2024-01-01 00:01:30Z', 1, 2, 0.5, 1.5, 7 FROM barlift.series
             WHERE symbol = 'A'"
                .to_owned(),
            [0, 0, 1],
            json!(["identical", "only_in_db", "identical"]),
            json!(["2024-01-01T00:01:30Z", null, 1.5]),
        ),
        (
            "halved",
            format!(
                "UPDATE barlift.bars SET open = open / 2, high = high / 2, low = low / 2, close = close / 2,
                                         volume = volume * 2 WHERE {A}"
            ),
            [9000, 0, 0],
            json!(["ratio"]),
            json!(["2024-01-01T00:00:00Z", 101.957_142_857_142_86, 50.978_571_428_571_43]),
        ),
    ] {
        let (here, there) = twins().await;
        execute(&there, &change).await;
        let found = against(&here, &there, &["--json", "--limit", "5"]).await.json(1);
        assert_eq!(found["verdict"], "differs", "{name}");
        let s = &found["series"][0];
        assert_eq!((&s["symbol"], &s["verdict"]), (&json!("A"), &json!("differs")), "{name}");
        assert_eq!([&s["different"], &s["only_here"], &s["only_there"]], counts.map(|n| json!(n)).each_ref(), "{name}");
        assert_eq!(json!(kinds(s)), ranges, "{name}: {:#}", s["ranges"]);
        let d = &s["differences"][0];
        assert_eq!(json!([d["time"], d["here"]["close"], d["there"]["close"]]), first, "{name}: {d:#}");
        let listed = s["differences"].as_array().expect("a list").len() as u64;
        assert_eq!(listed, counts.iter().sum::<u64>().min(5), "{name}");
        assert_eq!(found["series"][1]["verdict"], "identical", "{name}");
        if name == "halved" {
            assert_eq!((&s["ranges"][0]["price"], &s["ranges"][0]["volume"]), (&json!(0.5), &json!(2.0)));
        }
        let shown = against(&here, &there, &[]).await;
        assert_eq!(shown.status, 1);
        assert!(shown.stdout.ends_with("DIFFERS: 1 of 2 series differs\n"), "{}", shown.stdout);
        // The series that was not asked for is not looked at.
        assert_eq!(against(&here, &there, &["--symbols", "B"]).await.status, 0);
    }
}

fn kinds(series: &Value) -> Vec<&str> {
    series["ranges"].as_array().expect("a list").iter().map(|r| r["kind"].as_str().expect("a kind")).collect()
}

#[tokio::test]
async fn a_shifted_series_is_known() {
    let (here, there) = twins().await;
    shift(&there, "series_id = (SELECT id FROM barlift.series WHERE symbol = 'A')", "5 h").await;
    let found = against(&here, &there, &["--json"]).await.json(1);
    let s = &found["series"][0];
    assert_eq!(kinds(s), ["shifted"], "{:#}", s["ranges"]);
    assert_eq!(s["ranges"][0]["by"], 18_000_000_000_i64);
    assert_eq!([&s["only_here"], &s["only_there"]], [&json!(300), &json!(300)]);
}

#[tokio::test]
async fn a_series_in_one_database_alone_differs() {
    let (here, there) = twins().await;
    execute(
        &there,
        "DELETE FROM barlift.bars WHERE series_id = (SELECT id FROM barlift.series WHERE symbol = 'B')",
    )
    .await;
    let found = against(&here, &there, &["--json"]).await.json(1);
    let s = &found["series"][1];
    assert_eq!((&s["symbol"], &s["only_here"], &s["there"]["bars"]), (&json!("B"), &json!(10), &json!(0)));
    assert_eq!(kinds(s), ["only_in_csv"]);
    let turned = against(&there, &here, &["--json"]).await.json(1);
    assert_eq!(
        (&turned["series"][1]["only_there"], kinds(&turned["series"][1])),
        (&json!(10), vec!["only_in_db"])
    );
    for (text, says) in [
        (against(&here, &there, &[]).await.stdout, "this database"),
        (against(&there, &here, &[]).await.stdout, "the other one"),
    ] {
        assert!(text.contains(says) && !text.contains("file"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_with_a_hint() {
    let (here, empty) = (TestDatabase::new().await, TestDatabase::empty().await);
    for (other, more, says) in
        [(&empty, &[][..], "has no bars of barlift's"), (&here, &[], "neither database has such a series")]
    {
        let run = against(&here, other, more).await;
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains(says) && run.stderr.contains("\nhint: "), "{}", run.stderr);
    }
    assert_eq!(empty.scalar::<i64>("SELECT count(*) FROM pg_namespace WHERE nspname = 'barlift'").await, 0);
    let folder = Folder::new();
    let both = barlift(&here, &["verify", folder.arg(), "--against", &empty.url]).run().await;
    assert_eq!(both.status, 2, "{}", both.stderr);
}

#[tokio::test]
async fn passwords_are_not_shown_and_few_connections_are_enough() {
    let server = PrivateServer::start().await;
    let there = server.database("other").await;
    let folder = Folder::new();
    for i in 0..12 {
        folder.write(&format!("S{i:02}_1m.csv"), bars(3000, i));
    }
    let here = TestDatabase::new().await;
    import(&here, folder.arg(), &[]).await;
    import(&there, folder.arg(), &[]).await;
    server.execute("other", "CREATE ROLE reader LOGIN PASSWORD 's3cret!word' CONNECTION LIMIT 3").await;
    server.execute("other", "GRANT USAGE ON SCHEMA barlift, apalis TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA barlift, apalis TO reader").await;
    let url = server.url("reader", "s3cret!word", "other");
    let run = barlift(&here, &["verify", "--against", &url, "--json"]).run().await;
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.json(0)["series"].as_array().map(Vec::len), Some(12));
    let wrong = server.url("reader", "s3cret!wurd", "other");
    for url in [&url, &wrong] {
        for arguments in [&["verify", "--against", url][..], &["verify", "--against", url, "--json"]] {
            let run = barlift(&here, arguments).run().await;
            assert_eq!(run.status, if url == &wrong { 3 } else { 0 }, "{}", run.stderr);
            let text = format!("{}{}", run.stdout, run.stderr);
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}

crate::support::also_on_the_columnstore! {
    the_same_bars_are_identical,
    what_differs_is_found_named_and_classified,
    a_shifted_series_is_known,
    a_series_in_one_database_alone_differs,
    what_cannot_be_compared_is_refused_with_a_hint,
    passwords_are_not_shown_and_few_connections_are_enough,
}
