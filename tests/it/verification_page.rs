//! The report as an HTML page: self-contained, escaped, small, and with the right numbers.

use serde_json::json;

use crate::support::verification::{Series, differences, everything, operation, range, rejected};
use crate::support::{Folder, HEADER, TestDatabase, bar, barlift, bars, server_directory};
use crate::verification_report::report;

/// Keeps a page to be looked at, if BARLIFT_KEEP_PAGES names a folder.
pub fn keep(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("BARLIFT_KEEP_PAGES") {
        let file = std::path::Path::new(&folder).join(format!("{name}.html"));
        std::fs::write(file, page).expect("written");
    }
}

/// Tags that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// Panics unless every tag that opens closes in turn, and nothing is loaded from anywhere.
pub fn check_page(page: &str) {
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
        "<dt>Database</dt><dd>postgres://",
        "looks like a 2:1 split: the database's prices are the file's × 0.5, volumes × 2",
        "shifted by +05:00 (looks like a time zone: the database's times are 5 h later)",
        "revised values",
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
                timestamptz '2024-01-01Z' + i * interval '20 h', timestamptz '2024-01-01Z' + i * interval '20 h', 1, 0
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
