//! `barlift data`: what the user sees, and that bars stay the same through every format.

use barlift::bar::columns::COUNT;
use barlift::bar::{Bars, Micros, Ohlcv};
use barlift::format::BarFile;
use barlift::repository::data::DataRepository;
use barlift::source::reader::ReadOptions;
use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::cli::check;
use crate::support::collector::Collector;
use crate::support::{Folder, TestDatabase, bar, barlift, barlift_alone, bars, eventually, skipped};

/// What is easily lost on the way: signs of zeros, subnormals, the last digit, microseconds, years far away.
fn nasty() -> Bars {
    const VALUES: [f64; 9] = [
        -0.0,
        5e-324,
        1.797_693_134_862_315_7e308,
        0.1 + 0.2,
        1e-7,
        1e22,
        123_456_789_012_345_680.0,
        202.02,
        -3.0,
    ];
    let times: [Micros; 9] = [
        barlift::bar::FIRST_MICROS,
        -86_400_000_001,
        -1,
        0,
        1,
        250_000,
        1_704_187_800_250_001,
        1_704_187_801_000_000,
        barlift::bar::END_MICROS - 1,
    ];
    let mut bars = Bars::default();
    for (i, time) in times.into_iter().enumerate() {
        let at = |n: usize| VALUES[(i + n * 2) % VALUES.len()];
        bars.push(time, Ohlcv::new(at(0), at(1), at(2), at(3), at(4)));
    }
    bars
}

/// Bit by bit: `==` takes -0.0 for 0.0.
fn bits(bars: &Bars) -> Vec<(Micros, [u64; COUNT])> {
    let of = |i| {
        let v = bars.values(i);
        (bars.time[i], v.to_array().map(f64::to_bits))
    };
    (0..bars.len()).map(of).collect()
}

async fn saved(bars: &Bars) -> (TestDatabase, DataRepository) {
    let database = TestDatabase::new().await;
    let repository = DataRepository::new(database.pool.clone());
    repository.save("NASTY", "1m", bars).await.expect("saved");
    (database, repository)
}

async fn all(repository: &DataRepository, symbol: &str) -> Bars {
    repository.load(symbol, "1m", Micros::MIN, Micros::MAX).await.expect("loaded")
}

#[tokio::test]
async fn help() {
    let none = Folder::new();
    for (name, arguments) in [
        ("help_data", &["data", "--help"][..]),
        ("help_data_load", &["data", "load", "--help"]),
        ("help_data_save", &["data", "save", "--help"]),
        ("help_data_rename", &["data", "rename", "--help"]),
        ("help_data_merge", &["data", "merge", "--help"]),
    ] {
        check(name, &barlift_alone(arguments).run().await, &none);
    }
}

#[tokio::test]
async fn looking_at_series() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    check("data_symbols_none", &barlift(&database, &["data", "symbols"]).run().await, &folder);
    folder.write("AAPL_1m.csv", bars(120, 1));
    folder.write("AAPL_1h.csv", bars(3, 1));
    folder.write("BRK.B_1h.csv", bars(2, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    for (name, arguments) in [
        ("data_symbols", &["data", "symbols"][..]),
        ("data_symbols_timeframe", &["data", "symbols", "--timeframe", "1h", "--json"]),
        ("data_symbols_unknown_timeframe", &["data", "symbols", "--timeframe", "1w"]),
        ("data_range", &["data", "range", "AAPL", "1m"]),
        ("data_range_json", &["data", "range", "AAPL", "1m", "--json"]),
        ("data_range_unknown", &["data", "range", "APPL", "1m"]),
        ("data_load_table", &["data", "load", "AAPL", "1m", "--format", "table", "--limit", "3"]),
        (
            "data_load_csv",
            &["data", "load", "AAPL", "1h", "--start", "2024-01-01 00:01", "--end", "2024-01-02"],
        ),
        (
            "data_load_jsonl",
            &["data", "load", "BRK.B", "1h", "--format", "jsonl", "--end", "2024-01-01T01:01:00+01:00"],
        ),
        ("data_load_other_range", &["data", "load", "AAPL", "1h", "--start", "2025-01-01"]),
        ("data_load_unknown", &["data", "load", "AAPL", "1d"]),
    ] {
        check(name, &barlift(&database, arguments).run().await, &folder);
    }
    let table = barlift(&database, &["data", "load", "AAPL", "1m", "--format", "table"]).run().await;
    assert_eq!(table.stdout.lines().count(), 1 + 50 + 1);
    assert!(table.stdout.ends_with("(the first 50; more with --limit N, --format csv or --output FILE)\n"));
    let limited = barlift(&database, &["data", "load", "AAPL", "1m", "--limit", "7"]).run().await;
    assert_eq!(limited.stdout.lines().count(), 1 + 7);
}

#[tokio::test]
async fn usage_errors() {
    let folder = Folder::new();
    let path = |name: &str| format!("{}/{name}", folder.arg());
    let (txt, csv) = (path("bars.txt"), path("bars.csv"));
    for (name, more) in [
        ("data_load_no_format", &["--output", txt.as_str()][..]),
        ("data_load_table_file", &["--output", csv.as_str(), "--format", "table"]),
        ("data_load_backwards", &["--start", "2024-01-02", "--end", "2024-01-01"]),
        ("data_load_bad_time", &["--start", "yesterday"]),
    ] {
        let run = barlift_alone(&[&["data", "load", "AAPL", "1h"], more].concat()).run().await;
        assert_eq!(run.status, 2, "{name}: {}", run.stderr);
        check(name, &run, &folder);
    }
    let missing = barlift_alone(&["data", "save", "AAPL", "1h", &csv]).run().await;
    assert_eq!(missing.status, 3, "{}", missing.stderr);
    assert_eq!(barlift_alone(&["data", "save", "", "1h", &csv]).run().await.status, 2);
}

#[tokio::test]
async fn every_format_carries_every_bit() {
    let bars = nasty();
    let (database, repository) = saved(&bars).await;
    let folder = Folder::new();
    for extension in ["csv", "arrow", "arrows", "parquet"] {
        let path = format!("{}/NASTY_1m.{extension}", folder.arg());
        let run = barlift(&database, &["data", "load", "NASTY", "1m", "--output", &path]).run().await;
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
        assert_eq!(run.stderr, format!("wrote 9 bars to {path}\n"));
        let symbol = format!("FROM_{extension}");
        let run = barlift(&database, &["data", "save", &symbol, "1m", &path]).run().await;
        assert_eq!(run.status, 0, "{extension}: {}", run.stderr);
        assert_eq!(run.stdout, format!("saved 9 bars of {symbol} 1m\n"));
        assert_eq!(bits(&all(&repository, &symbol).await), bits(&bars), "{extension}");
    }
    // An import takes each of them, too, and finds nothing new in it.
    let status = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!((&status["totals"]["rows"], &status["totals"]["rows_skipped"]), (&36.into(), &36.into()));
}

#[tokio::test]
async fn pipes_carry_every_bit() {
    let bars = nasty();
    let (database, repository) = saved(&bars).await;
    for (format, symbol) in [("csv", "CSV"), ("arrow", "ARROW")] {
        let script = format!(
            "set -o pipefail; \"$0\" data load NASTY 1m --format {format} | \"$0\" data save {symbol} 1m - --json"
        );
        let output = tokio::task::spawn_blocking({
            let url = database.url.clone();
            move || {
                std::process::Command::new("bash")
                    .args(["-c", &script, env!("CARGO_BIN_EXE_barlift")])
                    .env("DATABASE_URL", url)
                    .output()
            }
        });
        let output = output.await.expect("ran").expect("ran");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(result["rows_saved"], 9);
        assert_eq!(bits(&all(&repository, symbol).await), bits(&bars), "{format}");
    }
}

#[tokio::test]
async fn long_series_survive_every_format() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let text = bars(30_000, 1);
    folder.write("A_1m.csv", &text);
    barlift(&database, &["import", folder.arg()]).run().await;
    let repository = DataRepository::new(database.pool.clone());
    let want = all(&repository, "A").await;
    assert_eq!(want.len(), 30_000);
    let config = barlift::config::load(None, &[]).expect("defaults");
    let options = ReadOptions::of(&config);
    for extension in ["csv", "arrow", "arrows", "parquet"] {
        let path = folder.path().join(format!("bars.{extension}"));
        let arguments = ["data", "load", "A", "1m", "--output", path.to_str().expect("UTF-8")];
        assert_eq!(barlift(&database, &arguments).run().await.status, 0);
        let (mut file, mut got) = (BarFile::open(&path, "1m", &options).expect("opened"), Bars::default());
        while let Some(bars) = file.next_chunk().expect("read") {
            got.append(&bars);
        }
        assert_eq!(got, want, "{extension}");
    }
    for format in ["csv", "jsonl", "arrow", "parquet", "table"] {
        let arguments = ["data", "load", "A", "1m", "--format", format, "--limit", "30000"];
        assert_eq!(barlift(&database, &arguments).run_unread().await, Some(0), "{format}: nobody reads");
    }
}

#[tokio::test]
async fn a_file_is_saved_whole_or_not_at_all() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let save = |name: &str, content: String| {
        let path = folder.write(name, content);
        let arguments = ["data", "save", "A", "1m", path.to_str().expect("UTF-8")].map(str::to_owned);
        let program = barlift(&database, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        program.run()
    };
    check("data_save", &save("good.csv", bars(3, 1)).await, &folder);
    check("data_save_there", &save("more.csv", bars(5, 1)).await, &folder);
    let long = |last: &str| format!("{}{last}", bars(10_000, 1).replace("2024-", "2025-"));
    check("data_save_bad_row", &save("bad.csv", long("2026-01-01T00:00Z,1,2,0.5,x,1\n")).await, &folder);
    check("data_save_twice", &save("twice.csv", long(&bar(3, 1).replace("2024-", "2025-"))).await, &folder);
    check("data_save_no_bars", &save("notes.csv", "hello\n".into()).await, &folder);
    assert_eq!(database.bars().await, 3);
    // Bars that break a rule of the market are told of; naive times are in the zone that is named.
    let path =
        folder.write("odd.csv", "date,open,high,low,close,volume\n2024-07-01 09:30,1,0.7,0.5,1.5,10\n");
    let arguments = ["data", "save", "ODD", "1m", "-", "--timezone", "America/New_York"];
    let run = barlift(&database, &arguments).stdin(std::fs::File::open(path).expect("opened")).run().await;
    check("data_save_odd", &run, &folder);
    let range = barlift(&database, &["data", "range", "ODD", "1m", "--json"]).run().await.json(0);
    assert_eq!(range["first"], "2024-07-01T13:30:00Z");
}

#[tokio::test]
async fn a_load_that_ends_early_leaves_no_file() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    if database.timescaledb {
        skipped("a load looks at a hypertable before it begins, and would wait there");
        return;
    }
    DataRepository::new(database.pool.clone()).save("A", "1m", &nasty()).await.expect("saved");
    let path = folder.write("bars.csv", "what was there");
    let arguments = ["data", "load", "A", "1m", "--output", path.to_str().expect("UTF-8")];
    let mut holder = database.pool.begin().await.expect("begun");
    let lock = "LOCK TABLE barlift.bars IN ACCESS EXCLUSIVE MODE";
    sqlx::query(lock).execute(&mut *holder).await.expect("locked");
    let names = || {
        let entries = std::fs::read_dir(folder.path()).expect("read");
        entries.map(|e| e.expect("read").file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let load = barlift(&database, &arguments).spawn();
    eventually("the load begins its file", || async { (names().len() == 2).then_some(()) }).await;
    load.signal(Signal::SIGINT);
    assert_eq!(load.wait().await, Some(1));
    assert_eq!(names(), ["bars.csv"]);
    // The server ends the connections that wait: that of the load that is gone, then that of another.
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE 'COPY (%' AND wait_event_type = 'Lock'";
    eventually("nobody waits", || async { (database.scalar::<i64>(end).await == 0).then_some(()) }).await;
    let load = tokio::spawn(barlift(&database, &arguments).run());
    eventually("the load waits", || async { (database.scalar::<i64>(end).await == 1).then_some(()) }).await;
    let load = load.await.expect("ran");
    assert_eq!(load.status, 3, "{}", load.stderr);
    holder.rollback().await.expect("let go");
    assert_eq!(names(), ["bars.csv"]);
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "what was there");

    let full = barlift(&database, &["data", "load", "A", "1m", "--format", "csv", "--output", "/dev/full"]);
    let full = full.run().await;
    assert_eq!(full.status, 2);
    assert!(full.stderr.starts_with("error: cannot write /dev/full: No space left"), "{}", full.stderr);
}

#[tokio::test]
async fn every_command_is_traced() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    let path = folder.write("bars.csv", bars(20, 1));
    let path = path.to_str().expect("UTF-8");
    for (arguments, status) in [
        (&["data", "save", "A", "1m", path][..], 0),
        (&["data", "save", "A", "1m", path], 1),
        (&["data", "load", "A", "1m"], 0),
        (&["data", "load", "A", "1m", "--limit", "1"], 0),
        (&["data", "load", "AA", "1m"], 1),
        (&["data", "symbols"], 0),
        (&["data", "range", "A", "1m"], 0),
    ] {
        let program = barlift(&database, arguments)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
            .env("OTEL_METRICS_EXPORTER", "none");
        assert_eq!(program.run().await.status, status, "{arguments:?}");
    }
    let spans = collector.spans();
    let of = |name: &str| {
        let name = format!("data.repository.{name}");
        spans.iter().filter(|s| s.name == name).collect::<Vec<_>>()
    };
    let failed = |name: &str| of(name).iter().filter(|s| s.status == StatusCode::Error).count();
    assert_eq!((of("save").len(), failed("save")), (2, 1));
    assert_eq!((of("load").len(), failed("load")), (3, 1));
    assert_eq!(of("load").iter().map(|s| s.int("data.rows_loaded")).max(), Some(20));
    assert_eq!((of("list_symbols").len(), of("get_date_range").len()), (1, 1));
    for load in of("load").iter().filter(|s| s.status == StatusCode::Ok) {
        assert!(load.parent.is_empty());
        let query = spans.iter().find(|s| s.name == "timescaledb.query" && s.parent == load.id);
        assert_eq!(query.map(|q| q.text("db.operation")), Some("COPY"));
    }
}

#[tokio::test]
async fn a_file_that_failed_leaves_no_series() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(3, 1));
    folder.write("BAD_1h.csv", "time,open\n");
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    let listed = barlift(&database, &["data", "symbols", "--json"]).run().await.json(0);
    let symbols: Vec<_> = listed.as_array().expect("a list").iter().map(|s| &s["symbol"]).collect();
    assert_eq!(symbols, ["A"]);
    assert_eq!(barlift(&database, &["db", "info", "--json"]).run().await.json(0)["series"], 1);
}
