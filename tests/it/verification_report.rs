//! The report of a verification, of rows that the test puts there itself.

use serde_json::{Value, json};

use crate::support::{Folder, HEADER, Run, TestDatabase, bar, barlift, bars, server_directory};

pub const ID: &str = "op_verify_01M8187VZZZZT8MP5T3NS6RN5T";

/// A settled full verification of nothing, with these options besides.
async fn operation(database: &TestDatabase, options: Value) {
    let mut all = json!({ "mode": "full", "within_range": false, "unexplained": [] });
    all.as_object_mut().expect("an object").extend(options.as_object().expect("an object").clone());
    sqlx::query(
        "INSERT INTO barlift.operations (id, type, state, root, options, unrecognised, max_attempts, traceparent,
                                         created_at, run_at, started_at, finished_at)
         VALUES ($1, 'DATA_VERIFICATION', 'succeeded', 'file:///data/bars', $2,
                 '[{\"path\": \"notes.csv\", \"reason\": \"its name does not fit the pattern\"}]', 3,
                 '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
                 '2024-03-01 10:00Z', '2024-03-01 10:00Z', '2024-03-01 10:00:01Z', '2024-03-01 10:00:09Z')",
    )
    .bind(ID)
    .bind(all)
    .execute(&database.pool)
    .await
    .expect("an operation");
}

/// One series of it.
struct Series<'a> {
    symbol: &'a str,
    verdict: &'a str,
    /// Bars of the files, of the database, different ones, only in the files, only in the database.
    bars: [i64; 5],
    rejected: i64,
    duplicates: Value,
}

impl Default for Series<'_> {
    fn default() -> Self {
        Self {
            symbol: "A",
            verdict: "identical",
            bars: [10, 10, 0, 0, 0],
            rejected: 0,
            duplicates: json!([]),
        }
    }
}

impl Series<'_> {
    /// Puts it there; the task's id. Its bars are hourly from 2024-01-01 on.
    async fn insert(&self, database: &TestDatabase) -> i64 {
        let [csv, db, different, only_csv, only_db] = self.bars;
        let duplicate = i64::try_from(self.duplicates.as_array().expect("a list").len()).expect("few");
        let identical = csv - different - only_csv;
        let task: i64 = sqlx::query_scalar(
            "INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, more_sources, source_bytes, state,
                                        verdict, rows, rows_skipped, rows_mismatched, rows_missing, rows_rejected,
                                        rows_duplicate)
             VALUES ($1, $2, '1h', $2 || '_1h.csv', CASE $2 WHEN 'SPLIT' THEN ARRAY['2/SPLIT_1h.csv'] ELSE '{}' END,
                     1000, 'succeeded', $3, $4 + $8 + $9, $5, $6, $7, $8, $9)
             RETURNING id",
        )
        .bind(ID)
        .bind(self.symbol)
        .bind(self.verdict)
        .bind(csv)
        .bind(identical)
        .bind(different)
        .bind(only_csv)
        .bind(self.rejected)
        .bind(duplicate)
        .fetch_one(&database.pool)
        .await
        .expect("a task");
        sqlx::query(
            "INSERT INTO barlift.verifications (task_id, csv_bars, db_bars, csv_first, csv_last, db_first, db_last,
                                                compared, identical, different, only_in_csv, only_in_db,
                                                csv_hash, db_hash, by_hash, untouched, duplicates)
             SELECT $1, $2, $3, first, first + ($2 - 1) * interval '1 h', first, first + ($3 - 1) * interval '1 h',
                    $2, $4, $5, $6, $7, decode(md5('csv'), 'hex'),
                    decode(md5(CASE WHEN $5 + $6 + $7 > 0 THEN 'db' ELSE 'csv' END), 'hex'), $5 + $6 + $7 = 0, true, $8
             FROM (VALUES (timestamptz '2024-01-01Z')) AS t (first)",
        )
        .bind(task)
        .bind(csv)
        .bind(db)
        .bind(identical)
        .bind(different)
        .bind(only_csv)
        .bind(only_db)
        .bind(&self.duplicates)
        .execute(&database.pool)
        .await
        .expect("a verification");
        task
    }
}

/// A range from hour to hour since 2024-01-01.
async fn range(database: &TestDatabase, task: i64, kind: &str, hours: [i64; 2], more: [Option<f64>; 3]) {
    let [price, volume, shifted] = more;
    sqlx::query(
        "INSERT INTO barlift.difference_ranges
         SELECT $1, count(*) + 1, $2, timestamptz '2024-01-01Z' + $3 * interval '1 h',
                timestamptz '2024-01-01Z' + $4 * interval '1 h', $4 - $3 + 1, $5, $6, $7 * interval '1 s'
         FROM barlift.difference_ranges WHERE task_id = $1",
    )
    .bind(task)
    .bind(kind)
    .bind(hours[0])
    .bind(hours[1])
    .bind(price)
    .bind(volume)
    .bind(shifted)
    .execute(&database.pool)
    .await
    .expect("a range");
}

/// Differing bars of these hours: the database's values are `$price` and `$volume` times the file's.
async fn differences(database: &TestDatabase, task: i64, kind: &str, hours: [i64; 2], ratios: [f64; 2]) {
    sqlx::query(
        "INSERT INTO barlift.differences
         SELECT $1, (SELECT count(*) FROM barlift.differences WHERE task_id = $1) + row_number() OVER (), $2,
                timestamptz '2024-01-01Z' + i * interval '1 h',
                CASE WHEN csv THEN (SELECT source FROM barlift.tasks WHERE id = $1) END, CASE WHEN csv THEN i + 2 END,
                CASE WHEN csv THEN 100 + i % 50 END, CASE WHEN csv THEN 101.5 + i % 50 END,
                CASE WHEN csv THEN 99 + i % 50 END, CASE WHEN csv THEN 100.25 + i % 50 END,
                CASE WHEN csv THEN 1000 END,
                CASE WHEN db THEN (100 + i % 50) * $5 END, CASE WHEN db THEN (101.5 + i % 50) * $5 END,
                CASE WHEN db THEN (99 + i % 50) * $5 END, CASE WHEN db THEN (100.25 + i % 50) * $5 END,
                CASE WHEN db THEN 1000 * $6 END
         FROM generate_series($3::bigint, $4) i, (VALUES ($2 <> 'only_in_db', $2 <> 'only_in_csv')) k (csv, db)",
    )
    .bind(task)
    .bind(kind)
    .bind(hours[0])
    .bind(hours[1])
    .bind(ratios[0])
    .bind(ratios[1])
    .execute(&database.pool)
    .await
    .expect("differences");
}

async fn rejected(database: &TestDatabase, task: i64, line: i64, reason: &str) {
    sqlx::query(
        "INSERT INTO barlift.rejected_rows VALUES ($1, $2, $2 * 50, 'number', $3, '2024-01-01,\"x\",1')",
    )
    .bind(task)
    .bind(line)
    .bind(reason)
    .execute(&database.pool)
    .await
    .expect("a rejected row");
}

/// Series with every kind of difference, beside identical ones.
async fn everything(database: &TestDatabase) {
    operation(database, json!({ "unexplained": [{ "symbol": "OLD", "timeframe": "1d" }] })).await;
    Series::default().insert(database).await;
    let odd = Series {
        symbol: "ODD",
        rejected: 2,
        duplicates: json!([{"source": "ODD_1h.csv", "line": 7}]),
        ..Series::default()
    };
    let task = odd.insert(database).await;
    rejected(database, task, 4, "column 3: high `x` is not a number").await;
    rejected(database, task, 5, "column 3: high `y` is not a number").await;

    let split =
        Series { symbol: "SPLIT", verdict: "differs", bars: [200, 200, 104, 0, 0], ..Series::default() };
    let task = split.insert(database).await;
    range(database, task, "ratio", [0, 99], [Some(0.5), Some(2.0), None]).await;
    range(database, task, "identical", [100, 149], [None; 3]).await;
    range(database, task, "revised", [150, 153], [None; 3]).await;
    range(database, task, "identical", [154, 199], [None; 3]).await;
    differences(database, task, "different", [0, 99], [0.5, 2.0]).await;
    differences(database, task, "different", [150, 152], [1.01, 1.0]).await;
    differences(database, task, "different", [153, 153], [f64::NAN, f64::INFINITY]).await;

    let shift = Series { symbol: "ZONE", verdict: "differs", bars: [60, 60, 0, 24, 24], ..Series::default() };
    let task = shift.insert(database).await;
    range(database, task, "identical", [0, 11], [None; 3]).await;
    range(database, task, "shifted", [12, 35], [None, None, Some(18_000.0)]).await;
    range(database, task, "identical", [36, 59], [None; 3]).await;
    differences(database, task, "only_in_csv", [12, 35], [1.0; 2]).await;
    differences(database, task, "only_in_db", [17, 40], [1.0; 2]).await;

    let holes = Series { symbol: "HOLES", verdict: "differs", bars: [50, 48, 0, 5, 3], ..Series::default() };
    let task = holes.insert(database).await;
    range(database, task, "identical", [0, 9], [None; 3]).await;
    range(database, task, "only_in_csv", [10, 14], [None; 3]).await;
    range(database, task, "identical", [15, 46], [None; 3]).await;
    range(database, task, "only_in_db", [47, 49], [None; 3]).await;
    differences(database, task, "only_in_csv", [10, 14], [1.0; 2]).await;
    differences(database, task, "only_in_db", [47, 49], [1.0; 2]).await;
}

async fn report(database: &TestDatabase, arguments: &[&str]) -> Run {
    let all: Vec<&str> = ["report", "latest"].iter().chain(arguments).copied().collect();
    barlift(database, &all).run().await
}

fn check(name: &str, run: &Run) {
    let seen = format!("exit status: {}\n--- stdout\n{}--- stderr\n{}", run.status, run.stdout, run.stderr);
    insta::assert_snapshot!(name, seen);
}

#[tokio::test]
async fn every_kind_of_difference() {
    let database = TestDatabase::new().await;
    everything(&database).await;
    check("table", &report(&database, &["--limit", "3"]).await);
    check("csv", &report(&database, &["--format", "csv"]).await);
    check("json", &report(&database, &["--format", "json"]).await);
}

#[tokio::test]
async fn the_json_agrees_with_itself() {
    let database = TestDatabase::new().await;
    everything(&database).await;
    let report = report(&database, &["--json"]).await.json(1);
    assert_eq!((&report["verdict"], &report["type"]), (&json!("differs"), &json!("DATA_VERIFICATION")));
    let series = report["series"].as_array().expect("series");
    let named: Vec<_> = series.iter().map(|s| s["symbol"].as_str().expect("text")).collect();
    assert_eq!(named, ["A", "HOLES", "ODD", "SPLIT", "ZONE"]);
    for key in ["compared", "different", "only_in_csv", "only_in_db"] {
        let sum: i64 = series.iter().map(|s| s[key].as_i64().expect("a number")).sum();
        assert_eq!(report["totals"][key], sum, "{key}");
    }
    for s in series {
        let differing: i64 =
            ["different", "only_in_csv", "only_in_db"].iter().filter_map(|k| s[k].as_i64()).sum();
        let kept = s["differences"].as_array().expect("a list").len();
        assert_eq!(differing, i64::try_from(kept).expect("few"));
        assert_eq!(s["differences_left_out"], 0);
        assert_eq!(s["csv"]["rejected"], s["rejected_rows"].as_array().expect("a list").len());
    }
    let last = &series[3]["differences"][103];
    assert_eq!(last["db"]["close"], "NaN");
    assert_eq!(
        last["columns"][4],
        json!({ "column": "volume", "csv": 1000.0, "db": "Infinity", "by": "Infinity" })
    );
}

#[tokio::test]
async fn verdicts_and_exit_statuses() {
    let differing = Series { verdict: "differs", bars: [10, 10, 2, 0, 0], ..Series::default() };
    let cases = [
        ("full", json!({}), 0, "IDENTICAL: the database equals the files: 1 series, 10 bars"),
        (
            "within_range",
            json!({ "within_range": true }),
            0,
            "IDENTICAL within the files' range: the database equals the files there: 1 series, 10 bars",
        ),
        (
            "sample",
            json!({ "mode": "sample", "sample_size": 1000, "seed": 42 }),
            0,
            "IDENTICAL as far as was looked: up to 1,000 bars a series sampled, seed 42: 10 of 10 bars in 1 series",
        ),
        (
            "counts",
            json!({ "mode": "counts" }),
            0,
            "IDENTICAL as far as was looked: numbers of bars, first and last times alone, no values: 1 series, 10 bars",
        ),
        ("differs", json!({}), 1, "DIFFERS: 1 of 1 series differs"),
        (
            "failed",
            json!({}),
            1,
            "INCOMPLETE: nothing differs so far; 0 of 1 series identical, 1 could not be compared",
        ),
        (
            "cancelled",
            json!({}),
            0,
            "INCOMPLETE: nothing differs so far; 0 of 1 series identical, 1 cancelled",
        ),
        (
            "open",
            json!({}),
            0,
            "INCOMPLETE: nothing differs so far; 0 of 1 series identical, 1 not compared yet",
        ),
        ("empty", json!({}), 0, "INCOMPLETE: there was nothing to compare"),
    ];
    for (name, options, status, verdict) in cases {
        let database = TestDatabase::new().await;
        operation(&database, options).await;
        match name {
            "differs" => drop(differing.insert(&database).await),
            "empty" => {}
            _ => drop(Series::default().insert(&database).await),
        }
        let statement = match name {
            "failed" => {
                "UPDATE barlift.tasks SET state = 'failed', verdict = NULL, error_class = 'permanent', error_message = 'A_1h.csv: no close'"
            }
            "cancelled" => "UPDATE barlift.tasks SET state = 'cancelled', verdict = NULL",
            "open" => "UPDATE barlift.tasks SET state = 'running', verdict = NULL",
            _ => "SELECT",
        };
        database.execute(statement).await;
        if name == "open" {
            database.execute("UPDATE barlift.operations SET state = 'running', finished_at = NULL").await;
        }
        let run = report(&database, &[]).await;
        assert_eq!(run.stdout.lines().next(), Some(verdict), "{name}");
        assert_eq!(run.status, status, "{name}");
        for format in ["json", "csv"] {
            assert_eq!(report(&database, &["--format", format]).await.status, status, "{name} {format}");
        }
        let page = report(&database, &["--format", "html"]).await;
        assert_eq!(page.status, status, "{name} html");
        check_page(&page.stdout);
        keep(name, &page.stdout);
    }
}

/// Keeps a page to be looked at, if BARLIFT_KEEP_PAGES names a folder.
fn keep(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("BARLIFT_KEEP_PAGES") {
        let file = std::path::Path::new(&folder).join(format!("{name}.html"));
        std::fs::write(file, page).expect("written");
    }
}

/// Tags that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// Panics unless every tag that opens closes in turn, and nothing is loaded from anywhere.
fn check_page(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page:.200}");
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(2) {
        let (tag, rest) = part.split_once('>').unwrap_or_else(|| panic!("no end of a tag: {part}"));
        assert!(!rest.contains('>') || open.last() == Some(&"style"), "a bare > in {part}");
        let name = tag.split([' ', '/']).find(|n| !n.is_empty()).expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed by </{name}>");
        } else if !VOID.contains(&name) {
            open.push(name);
        }
        // Every second piece is a value.
        let pieces: Vec<&str> = tag.split('"').collect();
        for (attribute, value) in pieces.chunks_exact(2).map(|pair| (pair[0], pair[1])) {
            assert!(!attribute.contains("src") && !attribute.contains(" on"), "<{tag}>");
            assert!(!attribute.contains("href") || value.starts_with('#'), "<{tag}>");
        }
        assert!(!["script", "link", "img", "iframe", "object", "base", "form"].contains(&name), "<{tag}>");
    }
    assert_eq!(open, Vec::<&str>::new(), "left open");
    assert_eq!(page.matches("url(").count(), page.matches("url(#").count());
    assert!(!page.contains("@import"));
    let texts = page.replace("http-equiv", "");
    assert!(!texts.contains("http:") && !texts.contains("https:"));
}

#[tokio::test]
async fn the_page_needs_nothing_else() {
    let database = TestDatabase::new().await;
    everything(&database).await;
    let page = report(&database, &["--format", "html"]).await;
    assert_eq!((page.status, page.stderr.as_str()), (1, ""));
    check_page(&page.stdout);
    keep("everything", &page.stdout);
    for text in [
        "<h1>DIFFERS</h1>",
        "3 of 5 series differ",
        "looks like a 2:1 split: the database's prices are the file's × 0.5, volumes × 2",
        "shifted: the database's times are 5 h later (looks like a time zone)",
        "revised values: no constant ratio",
        "0af7651916cd43dd8448eb211c80319c",
        "column 3: high `x` is not a number",
        "ODD_1h.csv:7",
        "OLD 1d",
        "notes.csv",
        "role=\"img\" aria-label=\"SPLIT 1h, 2024-01-01 00:00 to 2024-01-09 07:00: 104 bars with other values\"",
    ] {
        assert!(page.stdout.contains(text), "{text}");
    }
}

#[tokio::test]
async fn what_files_are_called_stays_text() {
    const BAD: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>&\u{1b}[31m\u{202e}";
    let database = TestDatabase::new().await;
    operation(&database, json!({ "unexplained": [{ "symbol": BAD, "timeframe": BAD }] })).await;
    let series = Series {
        symbol: BAD,
        verdict: "differs",
        bars: [50, 50, 10, 0, 0],
        rejected: 1,
        duplicates: json!([{"source": BAD, "line": 7}]),
    };
    let task = series.insert(&database).await;
    range(&database, task, "revised", [0, 9], [None; 3]).await;
    differences(&database, task, "different", [0, 9], [2.0, 1.0]).await;
    rejected(&database, task, 4, BAD).await;
    for statement in [
        "UPDATE barlift.tasks SET error_class = 'transient', error_message = symbol",
        "UPDATE barlift.operations SET root = symbol, unrecognised = jsonb_build_array(jsonb_build_object('path', symbol, 'reason', symbol))
         FROM barlift.tasks t WHERE t.operation_id = operations.id",
        "UPDATE barlift.rejected_rows SET rule = 'number', raw = convert_to(reason, 'UTF8')",
    ] {
        database.execute(statement).await;
    }
    let page = report(&database, &["--format", "html"]).await.stdout;
    check_page(&page);
    assert!(page.matches("&lt;script&gt;").count() > 15, "{}", page.matches("&lt;script&gt;").count());
    let table = report(&database, &[]).await.stdout;
    for text in [&page, &table] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }
    assert_eq!(report(&database, &["--json"]).await.json(1)["series"][0]["symbol"], BAD);
}

#[tokio::test]
async fn however_much_differs_memory_and_page_stay_small() {
    let database = TestDatabase::new().await;
    operation(&database, json!({})).await;
    let series = Series { verdict: "differs", bars: [100_000, 100_000, 100_000, 0, 0], ..Series::default() };
    let task = series.insert(&database).await;
    differences(&database, task, "different", [0, 99_999], [1.01, 1.0]).await;
    sqlx::query(
        "INSERT INTO barlift.difference_ranges
         SELECT $1, i, CASE WHEN i % 2 = 0 THEN 'ratio' ELSE 'revised' END,
                timestamptz '2024-01-01Z' + i * interval '20 h', timestamptz '2024-01-01Z' + i * interval '20 h', 1
         FROM generate_series(1, 5000) i",
    )
    .bind(task)
    .execute(&database.pool)
    .await
    .expect("ranges");
    let folder = server_directory();
    let mut sizes = Vec::new();
    for format in ["table", "csv", "json", "html"] {
        let file = folder.path().join(format);
        // The megabytes that a program of this size needs anyway, and far less than a report.
        let status = std::process::Command::new("sh")
            .args([
                "-c",
                "ulimit -d 30000; exec \"$@\"",
                "sh",
                env!("CARGO_BIN_EXE_barlift"),
                "report",
                "latest",
            ])
            .args(["--format", format, "--output"])
            .arg(&file)
            .env("DATABASE_URL", &database.url)
            .status()
            .expect("started");
        assert_eq!(status.code(), Some(1), "{format}");
        sizes.push(std::fs::metadata(file).expect("a report").len());
    }
    let [table, csv, json, html] = sizes[..] else { panic!("four") };
    assert!(table < 100_000, "{table}");
    assert!(csv > 15_000_000 && json > 50_000_000, "all of them: {csv} {json}");
    assert!(html < 1_200_000, "{html}");
    let page = std::fs::read_to_string(folder.path().join("html")).expect("a page");
    check_page(&page);
    keep("large", &page);
    let plots: usize = page.split("<svg").skip(1).map(|s| s.find("</svg>").expect("an end")).sum();
    assert!(plots < 300_000, "{plots}");
    assert!(page.contains("99,000 more: <code>barlift report"), "what is left out is counted");
}

#[tokio::test]
async fn a_file_is_there_whole_or_not_at_all() {
    let database = TestDatabase::new().await;
    operation(&database, json!({})).await;
    Series::default().insert(&database).await;
    let folder = Folder::new();
    let file = folder.write("report.json", "old");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let name = link.to_str().expect("UTF-8");
    let run = report(&database, &["--json", "--output", name]).await;
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    assert!(link.is_symlink(), "the link stays");
    let written: Value = serde_json::from_slice(&std::fs::read(&file).expect("there")).expect("JSON");
    assert_eq!(written["verdict"], "identical");

    for (bad, why) in [("/dev/full", "No space left"), ("/nowhere/report", "No such file")] {
        let run = report(&database, &["--output", bad]).await;
        assert_eq!(run.status, 2);
        assert!(
            run.stderr.contains(&format!("cannot write {bad}")) && run.stderr.contains(why),
            "{}",
            run.stderr
        );
    }
    // A report that breaks off leaves the old file, and nothing else.
    database.execute("DROP TABLE barlift.difference_ranges").await;
    assert_eq!(report(&database, &["--format", "html", "--output", name]).await.status, 3);
    assert!(std::fs::read_to_string(&file).expect("there").contains("identical"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 2);
}

#[tokio::test]
async fn the_page_of_an_import() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(3, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    let text = format!("{HEADER}{}<b>broken\n2024-02-01,1,0.5,0.9,1,-5\n", bar(1, 2));
    folder.write("A_1m.csv", text);
    folder.write("B_1m.csv", "");
    folder.write("notes.csv", "");
    barlift(&database, &["import", folder.arg()]).run().await;
    let page = report(&database, &["--format", "html"]).await;
    assert_eq!((page.status, page.stderr.as_str()), (0, ""));
    check_page(&page.stdout);
    for text in [
        "<h1>FAILED</h1>",
        "1 file failed; 3 rows in 2 files = 1 imported + 0 skipped + 1 mismatched + 1 rejected + 0 duplicate",
        "&lt;b&gt;broken",
        "Mismatches, file → database: 1",
        "Rejected rows: 1",
        "Quality issues: 1",
        "volume_negative",
        "notes.csv",
    ] {
        assert!(page.stdout.contains(text), "{text}");
    }
    keep("import", &page.stdout);
}

#[tokio::test]
async fn every_one_of_many_series_is_reported_once() {
    let database = TestDatabase::new().await;
    operation(&database, json!({})).await;
    database
        .execute(
            "INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, source_bytes, state, verdict, rows, rows_skipped)
             SELECT id, 'S' || lpad(i::text, 5, '0'), '1d', i || '.csv', 10, 'succeeded',
                    CASE WHEN i % 10 = 7 THEN 'differs' ELSE 'identical' END, 1, 1
             FROM barlift.operations, generate_series(1, 1234) i",
        )
        .await;
    database
        .execute(
            "INSERT INTO barlift.verifications (task_id, csv_bars, db_bars, compared, identical, different, only_in_csv, only_in_db)
             SELECT id, 1, 1, 1, 1, 0, 0, CASE WHEN verdict = 'differs' THEN 1 ELSE 0 END FROM barlift.tasks",
        )
        .await;
    let json = report(&database, &["--json"]).await.json(1);
    let named: Vec<_> =
        json["series"].as_array().expect("series").iter().filter_map(|s| s["symbol"].as_str()).collect();
    let want: Vec<String> = (1..=1234).map(|i| format!("S{i:05}")).collect();
    assert_eq!(named, want);
    let table = report(&database, &[]).await.stdout;
    assert!(table.starts_with("DIFFERS: 123 of 1,234 series differ\n"), "{table}");
    assert!(table.contains("\n(1,194 more series: --format json)\n"), "{table}");
    assert!(!table.contains("identical"), "the noteworthy first");
    let page = report(&database, &["--format", "html"]).await.stdout;
    check_page(&page);
    assert_eq!(page.matches("<section").count(), 100);
    assert!(page.contains("234 more: <code>barlift report"), "listed are 1,000");
}
