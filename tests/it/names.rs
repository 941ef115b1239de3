//! Files under the names that vendors ship them with: which series they are.

use serde_json::Value;

use crate::support::{Folder, HEADER, TestDatabase, barlift, bars};

/// So many daily bars from 2026-01-05 on, newest last.
fn days(count: i64) -> String {
    let rows: String = (0..count)
        .map(|i| {
            let date = jiff::civil::date(2026, 1, 5) + jiff::Span::new().days(i);
            format!("{date},{},{},{},{},{}\n", 10 + i, 12 + i, 9 + i, 11 + i, 100 + i)
        })
        .collect();
    format!("{HEADER}{rows}")
}

/// So many bars without a header, `step` seconds apart.
fn counts(count: i64, step: i64) -> String {
    (0..count).map(|i| format!("{},10,12,9,11,{}.5,7\n", 1_772_409_600 + i * step, 100 + i)).collect()
}

async fn import(database: &TestDatabase, folder: &Folder, more: &[&str], status: i32) -> Value {
    let mut arguments = vec!["import", folder.arg(), "--json"];
    arguments.extend(more);
    barlift(database, &arguments).run().await.json(status)
}

/// Path, symbol and timeframe of each file.
fn series(result: &Value) -> Vec<String> {
    let tasks = result["tasks"].as_array().expect("tasks");
    let text = |task: &Value, key: &str| task[key].as_str().expect(key).to_owned();
    let mut all: Vec<String> = tasks
        .iter()
        .map(|t| format!("{}: {} {}", text(t, "source"), text(t, "symbol"), text(t, "timeframe")))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn names_folders_and_rows_tell_the_series() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let minutes = bars(20, 1);
    let stooq = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
        ABCX.US,D,20260302,000000,44.10,44.85,43.90,44.60,8100,0\n\
        ABCX.US,D,20260303,000000,44.65,45.40,44.50,45.25,9120,0\n";
    for (path, text) in [
        ("XKZEUR_60.csv", counts(3, 3600)),
        ("data/daily/us/nasdaq stocks/1/abcx.us.txt", stooq.to_owned()),
        ("hour/leanx.csv", counts(20, 3600)),
        ("yahoo/AAPL.csv", days(20)),
        ("BTCUSDT-1m-2024-01.csv", minutes.clone()),
        ("EURUSD_M1_202401020000_202401312359.csv", minutes.clone()),
        ("BINANCE_ETHUSDT, 60.csv", counts(4, 3600)),
        ("daily_IBM.csv", days(3)),
        ("mt4/GBPUSD1440.csv", days(4)),
        ("MSFT_daily.csv", days(5)),
        // Neither of these is taken, and only the second is a source by its name.
        ("readme.txt", "hello\n".to_owned()),
        ("notes.csv", "a,b\n1,2\n".to_owned()),
        ("short/TSLA.csv", days(3)),
        ("other/DDD_1.csv", days(12)),
        ("HistoricalData_1700000000000.csv", days(12)),
    ] {
        folder.write(path, text);
    }
    let result = import(&database, &folder, &[], 0).await;
    assert_eq!(
        series(&result),
        [
            "BINANCE_ETHUSDT, 60.csv: BINANCE_ETHUSDT 1h",
            "BTCUSDT-1m-2024-01.csv: BTCUSDT 1m",
            "EURUSD_M1_202401020000_202401312359.csv: EURUSD 1m",
            "MSFT_daily.csv: MSFT 1d",
            "XKZEUR_60.csv: XKZEUR 1h",
            "daily_IBM.csv: IBM 1d",
            "data/daily/us/nasdaq stocks/1/abcx.us.txt: abcx.us 1d",
            "hour/leanx.csv: leanx 1h",
            "mt4/GBPUSD1440.csv: GBPUSD 1d",
            "yahoo/AAPL.csv: AAPL 1d",
        ]
    );
    let others: Vec<String> = result["unrecognised"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|u| {
            format!("{}: {}", u["path"].as_str().expect("a path"), u["reason"].as_str().expect("a reason"))
        })
        .collect();
    for (path, part) in [
        ("HistoricalData_1700000000000.csv", "give --symbol"),
        ("notes.csv", "cannot be read to tell its timeframe: the header lacks"),
        ("other/DDD_1.csv", "looks like 1m, but its rows are not that far apart: give --timeframe"),
        ("short/TSLA.csv", "its rows are too few or not evenly apart: give --timeframe"),
    ] {
        assert!(
            others.iter().any(|other| other.starts_with(path) && other.contains(part)),
            "{path}: {others:?}"
        );
    }
    assert_eq!(others.len(), 4, "{others:?}");
    let given = import(&database, &folder, &["--pattern", "short/{symbol}.csv", "--timeframe", "D"], 0).await;
    assert_eq!(series(&given), ["short/TSLA.csv: TSLA 1d"]);
    let named = ["--pattern", "{symbol}_1700000000000.csv", "--symbol", "NVDA"];
    assert_eq!(
        series(&import(&database, &folder, &named, 0).await),
        ["HistoricalData_1700000000000.csv: NVDA 1d"]
    );
}

#[tokio::test]
async fn files_that_differ_in_more_than_dates_are_not_one_series() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("AAPL_full_1min_adjsplit.csv", bars(20, 1));
    folder.write("AAPL_full_1min_UNADJUSTED.csv", bars(20, 2));
    folder.write("B_1m.csv", bars(20, 2));
    let result = import(&database, &folder, &[], 0).await;
    assert_eq!(
        series(&result),
        [
            "AAPL_full_1min_UNADJUSTED.csv: AAPL_UNADJUSTED 1m",
            "AAPL_full_1min_adjsplit.csv: AAPL_adjsplit 1m",
            "B_1m.csv: B 1m"
        ]
    );
}

#[tokio::test]
async fn what_is_not_taken_is_named() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(20, 1));
    // Nothing was traded in most minutes.
    let sparse = (0..30).map(|i| format!("{},10,12,9,11,5\n", 1_772_409_600 + i * (5 + i % 3) * 60));
    folder.write("SPARSE_1.csv", format!("{HEADER}{}", sparse.collect::<String>()));
    folder.write("own/B_1h.csv", bars(20, 1));
    folder.write("own/barlift-files.toml", "[csv]\n");
    // It holds bars, whatever its name.
    folder.write("notes of 2024-01-02.txt", bars(20, 1));
    folder.write("UST_10Y.csv", days(20));
    let result = import(&database, &folder, &[], 0).await;
    assert_eq!(series(&result), ["A_1m.csv: A 1m", "SPARSE_1.csv: SPARSE 1m"]);
    let reasons: Vec<&str> = result["unrecognised"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|other| other["reason"].as_str().expect("a reason"))
        .collect();
    for (reason, part) in reasons.iter().zip([
        "has a name that looks like 10y, but its rows are not that far apart",
        "does not tell the symbol: give --symbol",
        "lies in own/, which has settings of its own (barlift-files.toml): give that directory by itself",
    ]) {
        assert!(reason.contains(part), "{reasons:?}");
    }
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    // Where the name leaves it open, the flag tells, and what looked like a timeframe belongs to the symbol.
    let given = import(&database, &folder, &["--timeframe", "1d", "--symbols", "UST_10Y"], 0).await;
    assert_eq!(series(&given), ["UST_10Y.csv: UST_10Y 1d"]);
}

#[tokio::test]
async fn a_series_under_another_spelling_is_renamed_and_not_doubled() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("MSFT_daily.csv", days(5));
    folder.write("MSFT_60m.csv", counts(3, 3600));
    import(&database, &folder, &[], 0).await;
    // As an earlier version called them.
    database.execute("UPDATE barlift.series SET timeframe = 'daily' WHERE timeframe = '1d'").await;
    database.execute("UPDATE barlift.series SET timeframe = '60m' WHERE timeframe = '1h'").await;
    let refused = barlift(&database, &["import", folder.arg()]).run().await;
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("the database calls MSFT"), "{}", refused.stderr);
    assert!(refused.stderr.contains("barlift data merge --timeframes"), "{}", refused.stderr);
    let renamed = barlift(&database, &["data", "rename", "--timeframes"]).run().await;
    assert_eq!(
        (renamed.status, renamed.stdout.as_str()),
        (0, "MSFT 60m is MSFT 1h now\nMSFT daily is MSFT 1d now\n")
    );
    let again = import(&database, &folder, &["--force"], 0).await;
    assert_eq!(again["totals"]["rows_skipped"], 8);
    for (arguments, status, part) in [
        (&["MSFT", "1d", "MSFT", "1h"][..], 2, "MSFT 1h exists already"),
        (&["MSFX", "1d", "A", "1d"], 1, "there are no bars of MSFX at 1d"),
        (&["MSFT", "1d", "M", "1d"], 0, ""),
    ] {
        let run = barlift(&database, &[&["data", "rename"], arguments].concat()).run().await;
        assert_eq!(run.status, status, "{}", run.stderr);
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    assert_eq!(barlift(&database, &["data", "rename", "--timeframes"]).run().await.status, 0);
}

#[tokio::test]
async fn columns_tell_what_the_name_does_not() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let of = |symbol: &str| {
        let rows = (0..12).map(|i| format!("2024-01-02T09:{:02}:00Z,{symbol},1,2,0.5,1.5,7\n", i + 10));
        format!("time,symbol,open,high,low,close,volume\n{}", rows.collect::<String>())
    };
    folder.write("glbx-mdp3-20240116.ohlcv-1m.csv", of("ESH4"));
    folder.write("data.csv", of("AAPL"));
    folder.write("GE.csv", "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\nGE,D,20260302,000000,1,2,0.5,1.5,7\n");
    folder.write("table.csv", format!("{}2024-01-02T10:00:00Z,MSFT,1,2,0.5,1.5,7\n", of("AAPL")));
    let result = import(&database, &folder, &[], 0).await;
    let expected = [
        "GE.csv: GE 1d",
        "data.csv: AAPL 1m",
        "glbx-mdp3-20240116.ohlcv-1m.csv: ESH4 1m",
        // Of several symbols.
        "table.csv: * 1m",
    ];
    assert_eq!(series(&result), expected);
}

#[tokio::test]
async fn files_of_bars_that_are_refused_are_named_whatever_their_extension() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(20, 1));
    folder.write(
        "IBM.txt",
        "Date,Open,High,Low,Close,Volume\n03/04/2024,1,2,0.5,1.5,7\n04/04/2024,1,2,0.5,1.5,7\n",
    );
    folder.write("GE.dat", "03/04/2024;1;2;0,5;1,5;7\n04/04/2024;1;2;0,5;1,5;7\n");
    folder.write("weights.txt", "0.5 0.25 0.25\n0.1 0.2 0.7\n");
    folder.write("usTSLA_20130726_20160726", bars(20, 1));
    let result = import(&database, &folder, &[], 0).await;
    let others = result["unrecognised"].as_array().expect("a list");
    let paths: Vec<&str> = others.iter().map(|other| other["path"].as_str().expect("a path")).collect();
    assert_eq!(paths, ["GE.dat", "IBM.txt"]);
    // A pattern without an extension names files without one.
    let given =
        import(&database, &folder, &["--pattern", "{symbol}_20130726_*", "--timeframe", "1m"], 0).await;
    assert_eq!(series(&given), ["usTSLA_20130726_20160726: usTSLA 1m"]);
    folder.write("B_1m.xyz", bars(20, 2));
    let given = import(&database, &folder, &["--pattern", "{symbol}_{timeframe}.*"], 0).await;
    assert_eq!(series(&given), ["A_1m.csv: A 1m", "B_1m.xyz: B 1m"]);
}

#[tokio::test]
async fn a_file_whose_rows_do_not_fit_its_timeframe_is_refused_before_anything_is_written() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("AAPL_1d.csv", bars(20, 1));
    let refused = import(&database, &folder, &[], 1).await;
    assert_eq!(
        refused["tasks"][0]["error"]["message"].as_str().expect("an error"),
        "AAPL_1d.csv: the rows are 1m apart, and not 1d, as the timeframe is: name the file by the timeframe of its rows, \
         or give --on-step warn"
    );
    assert_eq!(database.bars().await, 0);
    let taken = import(&database, &folder, &["--on-step", "warn"], 0).await;
    assert_eq!(taken["tasks"][0]["notes"][0], "the rows are 1m apart, and not 1d");
    assert_eq!(database.bars().await, 20);
}

#[tokio::test]
async fn the_series_of_one_file_is_what_is_given_whatever_its_name_says() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("AAPL_INTRA_DAY.csv", bars(20, 1));
    let named = import(&database, &folder, &[], 1).await;
    assert_eq!(series(&named), ["AAPL_INTRA_DAY.csv: AAPL_INTRA 1d"], "refused, as its rows are minutes");
    let given = import(&database, &folder, &["--symbol", "AAPL", "--timeframe", "1m"], 0).await;
    assert_eq!(series(&given), ["AAPL_INTRA_DAY.csv: AAPL 1m"]);
    // For several files it is only what their names do not tell.
    let several = import(&database, &folder, &["--timeframe", "1m"], 1).await;
    assert_eq!(series(&several), ["AAPL_INTRA_DAY.csv: AAPL_INTRA 1d"]);
}
