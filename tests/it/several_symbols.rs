//! Files with the bars of several symbols: each symbol goes into a series of its own and is verified by itself.

use std::fmt::Write as _;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::archives::gzipped;
use crate::support::{
    Folder, TestDatabase, barlift, bars, drain, enqueue, eventually, hold_back, wait_for_rows,
};

const HEADER: &str = "ticker,volume,open,close,high,low,window_start\n";

/// A row of a symbol's bar of this minute.
fn row(symbol: &str, minute: u64, close: f64) -> String {
    // From 2024-01-01 07:20 UTC on.
    let time = 1_704_093_600_000_000_000 + minute * 60_000_000_000;
    format!("{symbol},{},10,{close},{},9,{time}\n", 100 + minute, close.max(10.0) + 1.0)
}

/// Bars of all symbols, minute by minute.
fn by_time(symbols: u64, minutes: std::ops::Range<u64>) -> String {
    let mut text = String::from(HEADER);
    for minute in minutes {
        for symbol in 0..symbols {
            text.push_str(&row(&format!("S{symbol}"), minute, 10.0 + 0.5 * symbol as f64));
        }
    }
    text
}

/// How many bars each series has, by symbol.
async fn counts(database: &TestDatabase) -> Value {
    database
        .scalar(
            "SELECT coalesce(jsonb_object_agg(symbol, bars), '{}') FROM (
                 SELECT s.symbol, count(*) AS bars
                 FROM barlift.bars b JOIN barlift.series s ON s.id = b.series_id GROUP BY 1) c",
        )
        .await
}

async fn import(database: &TestDatabase, folder: &Folder, flags: &[&str]) -> Value {
    let arguments = [&["import", folder.arg(), "--json"], flags].concat();
    barlift(database, &arguments).run().await.imported()
}

async fn verify(database: &TestDatabase, folder: &Folder, status: i32) -> Value {
    barlift(database, &["verify", folder.arg(), "--json"]).run().await.json(status)
}

#[tokio::test]
async fn the_rows_of_each_symbol_go_into_a_series_of_its_own() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2024-01-02.csv.gz", gzipped(&by_time(7, 0..60)));
    let mut sorted = String::from("date,open,high,low,close,volume,Name\n");
    for symbol in ["AAL", "ABC", "BRK.B"] {
        for day in 1..=28 {
            writeln!(sorted, "2018-02-{day:02},10,12,9,11.{day},{},{symbol}", 100 * day).expect("text");
        }
    }
    folder.write("all_stocks_5yr.csv", sorted);
    let imported = import(&database, &folder, &[]).await;
    let tasks: Vec<_> = imported["tasks"].as_array().expect("tasks").iter().collect();
    assert_eq!(tasks.len(), 2, "{imported:#}");
    assert!(tasks.iter().all(|task| task["symbol"] == "*"), "{imported:#}");
    assert_eq!(
        counts(&database).await,
        json!({"S0": 60, "S1": 60, "S2": 60, "S3": 60, "S4": 60, "S5": 60, "S6": 60, "AAL": 28, "ABC": 28, "BRK.B": 28})
    );
    // Each has the values of its own rows.
    let closes: Vec<f64> = database
        .scalar(
            "SELECT array_agg(DISTINCT b.close ORDER BY b.close) FROM barlift.bars b
             JOIN barlift.series s ON s.id = b.series_id WHERE s.symbol = 'S3'",
        )
        .await;
    assert_eq!(closes, [11.5]);
    let verified = verify(&database, &folder, 0).await;
    assert_eq!(verified["totals"]["identical"], json!(10), "{verified:#}");
    let again = import(&database, &folder, &["--force"]).await;
    assert_eq!(again["totals"]["rows_skipped"], json!(7 * 60 + 3 * 28), "{again:#}");
}

#[tokio::test]
async fn counters_and_findings_are_of_their_symbols() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2024-01-02.csv", by_time(3, 0..40));
    import(&database, &folder, &[]).await;
    let mut text = by_time(3, 0..40);
    // Another value of S1; a row of S2 that is none; S0 again, as it was and otherwise; no symbol; a bar that breaks a rule.
    text = text.replacen(&row("S1", 5, 10.5), &row("S1", 5, 10.75), 1);
    text.push_str("S2,7,no,1,1,1,1704093600000000000\n");
    text.push_str(&row("S0", 3, 10.0));
    text.push_str(&row("S0", 4, 10.25));
    text.push_str(",7,10,10,11,9,1704093600000000000\n");
    text.push_str("S2,7,10,10,8,9,1704120000000000000\n");
    folder.write("2024-01-02.csv", text);
    let imported = import(&database, &folder, &[]).await;
    let totals = &imported["totals"];
    let expected = [
        ("rows", 125),
        ("rows_imported", 1),
        ("rows_skipped", 119),
        ("rows_mismatched", 1),
        ("rows_rejected", 3),
        ("rows_duplicate", 1),
        ("quality_issues", 1),
    ];
    for (counter, count) in expected {
        assert_eq!(totals[counter], json!(count), "{counter} of {totals:#}");
    }
    let id = imported["operation_id"].as_str().expect("an id");
    let report = barlift(&database, &["report", id, "--json"]).run().await.json(0);
    let found = |kind: &str| -> Vec<(String, u64)> {
        let all = report[kind].as_array().expect(kind).iter();
        all.map(|f| (f["symbol"].as_str().expect("a symbol").to_owned(), f["line"].as_u64().expect("a line")))
            .collect()
    };
    assert_eq!(found("mismatches"), [("S1".to_owned(), 18)]);
    let rejected = [("S2".to_owned(), 122), ("S0".to_owned(), 124), ("*".to_owned(), 125)];
    assert_eq!(found("rejected_rows"), rejected, "{report:#}");
    assert_eq!(found("quality_issues"), [("S2".to_owned(), 126)]);
    let counters = [
        "rows",
        "rows_imported",
        "rows_skipped",
        "rows_mismatched",
        "rows_rejected",
        "rows_duplicate",
        "quality_issues",
    ];
    let series: Vec<Value> = report["series_imported"]
        .as_array()
        .expect("series")
        .iter()
        .map(|series| json!([series["symbol"], counters.map(|counter| series[counter].clone())]))
        .collect();
    let wanted = [
        json!(["S0", [42, 0, 40, 0, 1, 1, 0]]),
        json!(["S1", [40, 0, 39, 1, 0, 0, 0]]),
        json!(["S2", [42, 1, 40, 0, 1, 0, 1]]),
    ];
    assert_eq!(series, wanted, "{report:#}");
}

#[tokio::test]
async fn a_verification_tells_which_symbol_differs() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2024-01-02.csv", by_time(5, 0..30));
    folder.write("2024-01-03.csv", by_time(5, 1440..1470));
    import(&database, &folder, &[]).await;
    let same = verify(&database, &folder, 0).await;
    assert_eq!(same["totals"]["identical"], json!(5), "{same:#}");
    database
        .execute(
            "UPDATE barlift.bars SET close = 77 WHERE series_id = (SELECT id FROM barlift.series WHERE symbol = 'S2')
             AND time = (SELECT min(time) FROM barlift.bars)",
        )
        .await;
    database
        .execute("DELETE FROM barlift.bars WHERE series_id = (SELECT id FROM barlift.series WHERE symbol = 'S4') AND close > 0")
        .await;
    let differs = verify(&database, &folder, 1).await;
    let verdicts: Vec<(&str, &str)> = differs["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .map(|task| {
            let verdict = task["verification"]["verdict"].as_str().expect("a verdict");
            (task["symbol"].as_str().expect("a symbol"), verdict)
        })
        .collect();
    assert_eq!(
        verdicts,
        [("S0", "identical"), ("S1", "identical"), ("S2", "differs"), ("S3", "identical"), ("S4", "differs")]
    );
    let id = differs["operation_id"].as_str().expect("an id");
    let report = barlift(&database, &["report", id, "--json"]).run().await.json(1);
    let mut series = report["series"].as_array().expect("series").iter();
    let series = series.find(|series| series["symbol"] == "S2").expect("S2");
    assert_eq!(series["different"], json!(1), "{report:#}");
    assert_eq!(series["sources"], json!(["2024-01-02.csv", "2024-01-03.csv"]));
}

#[tokio::test]
async fn rejected_rows_are_reported_with_and_without_a_symbol() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for (day, other) in [("2024-01-02", 10.0), ("2024-01-03", 10.25)] {
        let mut text = by_time(2, 0..30);
        // The second file has another value of S0, a row without a symbol, and one that is no bar.
        text = text.replacen(&row("S0", 7, 10.0), &row("S0", 7, other), 1);
        if other > 10.0 {
            text.push_str(",7,10,10,11,9,1704093600000000000\nS1,7,no,1,1,1,1704093600000000000\n");
        }
        folder.write(&format!("{day}.csv"), text);
    }
    import(&database, &folder, &[]).await;
    let verified = verify(&database, &folder, 0).await;
    let totals = &verified["totals"];
    assert_eq!(
        (&totals["tasks"], &totals["identical"], &totals["rows_rejected"]),
        (&json!(2), &json!(2), &json!(3))
    );
    let id = verified["operation_id"].as_str().expect("an id");
    let report = barlift(&database, &["report", id, "--json"]).run().await.json(0);
    let rejected: Vec<_> = report["series"]
        .as_array()
        .expect("series")
        .iter()
        .flat_map(|series| {
            let rows = series["rejected_rows"].as_array().expect("rows").iter();
            rows.map(|row| json!([series["symbol"], row["source"], row["line"], row["raw"]]))
        })
        .collect();
    let wanted = [
        json!(["*", "2024-01-03.csv", 62, ",7,10,10,11,9,1704093600000000000"]),
        json!(["S0", "2024-01-03.csv", 16, row("S0", 7, 10.25).trim_end()]),
        json!(["S1", "2024-01-03.csv", 63, "S1,7,no,1,1,1,1704093600000000000"]),
    ];
    assert_eq!(rejected, wanted, "{report:#}");
    let table = barlift(&database, &["report", id]).run().await;
    assert_eq!(table.status, 0, "{}", table.stderr);
    let out = folder.path().join("rejected");
    let out = out.to_str().expect("UTF-8");
    let written = barlift(&database, &["report", id, "--rejected-to", out]).run().await;
    assert_eq!(written.status, 0, "{}", written.stderr);
}

#[tokio::test]
async fn only_some_symbols_may_be_picked() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2024-01-02.csv", by_time(5, 0..30));
    let picked = ["--symbols", "S1,S4", "--symbol-column", "ticker", "--timeframe", "1m"];
    let imported = import(&database, &folder, &picked).await;
    assert_eq!(counts(&database).await, json!({"S1": 30, "S4": 30}), "{imported:#}");
    assert_eq!(imported["totals"]["rows"], json!(60));
    let verified =
        barlift(&database, &[&["verify", folder.arg(), "--json"], &picked[..]].concat()).run().await.json(0);
    assert_eq!((&verified["totals"]["identical"], &verified["totals"]["tasks"]), (&json!(2), &json!(2)));
    // Where there is none of them, nothing has succeeded.
    for command in ["import", "verify"] {
        let none = [
            command,
            folder.arg(),
            "--json",
            "--symbols",
            "APPL",
            "--symbol-column",
            "ticker",
            "--timeframe",
            "1m",
        ];
        let failed = barlift(&database, &none).run().await.json(1);
        let error = failed["tasks"][0]["error"]["message"].as_str().expect("an error");
        assert!(error.contains("it has no row of APPL (--allow-empty lets such files succeed)"), "{error}");
    }
}

#[tokio::test]
async fn a_wide_file_has_a_series_for_each_group_of_columns() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let mut text = String::from(
        "time,BTC:open,BTC:high,BTC:low,BTC:close,BTC:volume,ETH:open,ETH:high,ETH:low,ETH:close\n",
    );
    for hour in 0..24 {
        let eth = if hour < 4 { ",,,".to_owned() } else { format!("{hour},{},{hour},{hour}", hour + 1) };
        writeln!(text, "2024-01-01 {hour:02}:00:00,100,110,90,10{},7,{eth}", hour % 10).expect("text");
    }
    // A bad value of one symbol is no fault of the other.
    text.push_str("2024-01-02 00:00:00,100,x,90,101,7,1,2,1,1\n");
    folder.write("crypto.csv", text);
    let imported = import(&database, &folder, &[]).await;
    assert_eq!(counts(&database).await, json!({"BTC": 24, "ETH": 21}), "{imported:#}");
    assert_eq!(imported["totals"]["rows_rejected"], json!(1));
    let verified = verify(&database, &folder, 0).await;
    assert_eq!(verified["totals"]["identical"], json!(2), "{verified:#}");
}

#[tokio::test]
async fn two_series_never_become_one() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    // The name tells one series.
    folder.write("S0_1m.csv", by_time(2, 0..30));
    let refused = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    let error = refused["tasks"][0]["error"]["message"].as_str().expect("an error");
    assert!(
        error.contains("does `ticker` name several instruments? Then give --symbol-column ticker"),
        "{error}"
    );
    assert_eq!(counts(&database).await, json!({}));
    // Of one symbol, two kinds.
    let text =
        by_time(2, 0..30).replace("window_start\n", "window_start,series\n").replace("000\n", "000,EQ\n");
    folder.write("S0_1m.csv", text.replacen(",EQ\n", ",BE\n", 1));
    let flags = ["import", folder.arg(), "--json", "--symbol-column", "ticker"];
    let refused = barlift(&database, &flags).run().await.json(1);
    let error = refused["tasks"][0]["error"]["message"].as_str().expect("an error");
    assert!(error.contains("give --symbol-column ticker,series"), "{error}");
    import(&database, &folder, &["--symbol-column", "ticker,series"]).await;
    assert_eq!(counts(&database).await, json!({"S0.BE": 1, "S0.EQ": 29, "S1.EQ": 30}));
}

#[tokio::test]
async fn a_killed_import_goes_on_and_counts_nothing_twice() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("2024-01-02.csv.gz", gzipped(&by_time(20, 0..200)));
    let worker = || {
        barlift(&database, &["worker", "--drain"])
            .env("BARLIFT__IMPORT__BATCH_ROWS", "400")
            .env("BARLIFT__WORKER__LEASE", "2s")
            .env("BARLIFT__WORKER__HEARTBEAT", "200ms")
            .spawn()
    };
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let killed = worker();
    // The first two batches: 20 and 40 rows of each symbol.
    wait_for_rows(&database, 1200).await;
    killed.signal(Signal::SIGKILL);
    killed.wait().await;
    holder.commit().await.expect("let go");
    assert_eq!(worker().wait().await, Some(0));
    assert_eq!(database.bars().await, 4000);
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["totals"]["rows_imported"], json!(4000), "{status:#}");
    let series: (i64, i64) = sqlx::query_as(
        "SELECT count(*), sum(rows_imported)::bigint FROM barlift.series_imported WHERE rows = 200 AND rows_imported = 200",
    )
    .fetch_one(&database.pool)
    .await
    .expect("counters");
    assert_eq!(series, (20, 4000));
}

#[tokio::test]
async fn an_import_that_goes_on_compares_repeats_with_what_it_has_written() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    // Corrections stand at the end: the last batch has nothing else.
    let mut text = by_time(20, 0..140);
    for symbol in 0..20 {
        text.push_str(&row(&format!("S{symbol}"), 3, 77.0));
    }
    folder.write("2024-01-02.csv", text);
    let batches = |program: crate::support::Program| {
        program
            .env("BARLIFT__IMPORT__BATCH_ROWS", "400")
            .env("BARLIFT__WORKER__LEASE", "2s")
            .env("BARLIFT__WORKER__HEARTBEAT", "200ms")
    };
    database
        .execute(
            "CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 PERFORM pg_advisory_xact_lock(77);
                 RETURN NEW;
             END $$",
        )
        .await;
    database
        .execute(
            "CREATE TRIGGER hold_back BEFORE INSERT ON barlift.rejected_rows FOR EACH ROW EXECUTE FUNCTION hold_back()",
        )
        .await;
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT pg_advisory_xact_lock(77)").execute(&mut *holder).await.expect("locked");
    enqueue(&database, &folder).await;
    let killed = batches(barlift(&database, &["worker", "--drain"])).spawn();
    eventually("the last batch is compared", || async {
        (database.scalar::<Option<i64>>("SELECT sum(rows)::bigint FROM barlift.tasks").await >= Some(2800))
            .then_some(())
    })
    .await;
    killed.signal(Signal::SIGKILL);
    killed.wait().await;
    holder.commit().await.expect("let go");
    assert_eq!(batches(barlift(&database, &["worker", "--drain"])).spawn().wait().await, Some(0));
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(
        (&status["totals"]["rows_rejected"], &status["totals"]["rows_imported"]),
        (&json!(20), &json!(2800)),
        "{status:#}"
    );
}

#[tokio::test]
async fn files_with_the_same_symbols_are_imported_side_by_side() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for day in 0..12 {
        folder.write(&format!("2024-01-{:02}.csv", day + 1), by_time(9, day * 1440..day * 1440 + 50));
    }
    enqueue(&database, &folder).await;
    let worker =
        || barlift(&database, &["worker", "--drain"]).env("BARLIFT__IMPORT__BATCH_ROWS", "90").spawn();
    for worker in [worker(), worker()] {
        assert_eq!(worker.wait().await, Some(0));
    }
    assert_eq!(database.bars().await, 12 * 9 * 50);
    let verified = verify(&database, &folder, 0).await;
    assert_eq!(verified["totals"]["identical"], json!(9), "{verified:#}");
}

#[tokio::test]
async fn a_series_that_another_task_writes_is_waited_for() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("S1_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let single = barlift(&database, &["worker", "--drain"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    let several = Folder::new();
    several.write("2024-01-02.csv", by_time(3, 5000..5030));
    enqueue(&database, &several).await;
    let other = barlift(&database, &["worker", "--drain"]).spawn();
    eventually("the file of several symbols is handed back", || async {
        let waits = "SELECT count(*) FROM barlift.attempts WHERE outcome = 'handed_back'";
        (database.scalar::<i64>(waits).await > 0).then_some(())
    })
    .await;
    let there: i64 = database
        .scalar("SELECT count(*) FROM barlift.series WHERE symbol = 'S1' AND held_by IS NOT NULL")
        .await;
    assert_eq!(there, 1);
    holder.commit().await.expect("let go");
    assert_eq!((single.wait().await, other.wait().await), (Some(0), Some(0)));
    drain(&database).await;
    assert_eq!(counts(&database).await, json!({"S0": 30, "S1": 1030, "S2": 30}));
}
