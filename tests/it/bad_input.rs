//! One table of bad files and what the user is told about each. A sound file lies beside each of them and must be
//! imported whole.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use barlift::error::ErrorClass;
use barlift::source::feed::{self, FeedEvent, FeedOptions};
use barlift::source::open::OpenSource;
use barlift::source::reader::ReadOptions;
use barlift::source::root::Root;

use crate::support::{
    Folder, HEADER, TestDatabase, bar, barlift, barlift_alone, bars, drain, enqueue, skipped,
};

/// What becomes of the bad file.
enum Then {
    /// Its task fails with this.
    Fails(&'static str),
    /// It is imported; so many bars, and rejected rows with these reasons, by line.
    Imports(i64, &'static [(i64, &'static str)]),
    /// It is not taken; this is why.
    NotTaken(&'static str),
}
use Then::{Fails, Imports, NotTaken};

struct Case {
    file: &'static str,
    content: Vec<u8>,
    then: Then,
}

fn case(file: &'static str, content: impl AsRef<[u8]>, then: Then) -> Case {
    Case { file, content: content.as_ref().to_vec(), then }
}

/// One good row behind the bad one, so that a file is never given up for a row.
fn row(bad: &str) -> Vec<u8> {
    format!("{HEADER}{bad}\n2024-01-02,1,2,0.5,1.5,10\n").into_bytes()
}

fn cases() -> Vec<Case> {
    let with_value = |v: &str| row(&format!("2024-01-01,1,2,0.5,{v},10"));
    let with_time = |t: &str| row(&format!("{t},1,2,0.5,1.5,10"));
    vec![
        case("EMPTY_1d.csv", "", Fails("EMPTY_1d.csv: the file is empty: it has no header")),
        case("BLANK_1d.csv", "\n\r\n", Fails("BLANK_1d.csv: the file is empty")),
        case("HEADERONLY_1d.csv", HEADER, Fails("it has no row (--allow-empty lets such files succeed)")),
        case("NOHEADER_1d.csv", "2024-01-01,1,2,0.5,1.5,10\n", Imports(1, &[])),
        case(
            "OTHERORDER_1d.csv",
            "2024-01-01,1.5,1,2,0.5,10\n",
            Fails(
                "line 1: the file has no header, and columns 2 to 5 are not open, high, low and close in this order",
            ),
        ),
        case(
            "LACKS_1d.csv",
            "date,open,high,low,volume\n2024-01-01,1,2,0.5,1\n",
            Fails("line 1: the header lacks a column for close; it has: `date`, `open`"),
        ),
        case("BINARY_1d.csv", b"\x7fELF\x02\x01\x01\x00\x00\n\x00\x01", Fails("the file is binary")),
        case(
            "GZIP_1d.csv",
            b"\x1f\x8b\x08\x00rest",
            Fails("the file is damaged: it is cut off: its gzip data end too early"),
        ),
        case(
            "UTF16_1d.csv",
            b"\xff\xfed\x00a",
            Fails("the file is damaged: its UTF-16 data: it is no whole UTF-16"),
        ),
        case("a'b\"c;--_1d.csv", row("2024-01-01,1,2,0.5,1.5,9"), Imports(2, &[])),
        case("..%2f..%2fetc_1d.csv", row("2024-01-01,1,2,0.5,1.5,9"), Imports(2, &[])),
        case("..\\x_1d.csv", row("2024-01-01,1,2,0.5,1.5,9"), Imports(2, &[])),
        case(
            "LATIN1_1d.csv",
            [HEADER.as_bytes(), b"2024-01-01,1,2,0.5,\xe9,1\n2024-01-02,1,2,0.5,1.5,10\n"].concat(),
            Imports(1, &[(2, "column 5: close `\u{fffd}` is not a number")]),
        ),
        case(
            "CRLF_1d.csv",
            format!("{HEADER}2024-01-01,1,2,0.5,1.5,10\n").replace('\n', "\r\n"),
            Imports(1, &[]),
        ),
        case(
            "CR_1d.csv",
            "\"date\",open,high,low,close,volume\r2024-01-01,1,2,0.5,1.5,10\r",
            Fails("line 1: the lines end with a carriage return alone"),
        ),
        case("BOM_1d.csv", format!("\u{feff}{HEADER}2024-01-01,1,2,0.5,1.5,10\n"), Imports(1, &[])),
        case(
            "NUL_1d.csv",
            row("2024-01-01,1,2,0\0.5,1.5,10"),
            Imports(1, &[(2, "column 4: low `0\\0.5` is not a number")]),
        ),
        case(
            "NULTIME_1d.csv",
            row("2024\0,1,2,0.5,1.5,10"),
            Imports(1, &[(2, "column 1: `2024\\0` is no time")]),
        ),
        case("SHORT_1d.csv", row("2024-01-01,1,2"), Imports(1, &[(2, "has 3 fields instead of 6")])),
        case(
            "LONG_1d.csv",
            row("2024-01-01,1,2,0.5,1.5,10,11"),
            Imports(1, &[(2, "has 7 fields instead of 6")]),
        ),
        case(
            "QUOTE_1d.csv",
            row("\"2024-01-01,1,2,0.5,1.5,10"),
            Imports(1, &[(2, "has 1 field instead of 6")]),
        ),
        case(
            "NAN_1d.csv",
            with_value("NaN"),
            Imports(1, &[(2, "column 5: close `NaN` is not a finite number")]),
        ),
        case(
            "INF_1d.csv",
            with_value("-inf"),
            Imports(1, &[(2, "column 5: close `-inf` is not a finite number")]),
        ),
        case(
            "HUGE_1d.csv",
            with_value("1e400"),
            Imports(1, &[(2, "column 5: close `1e400` is not a finite number")]),
        ),
        case("NOVALUE_1d.csv", with_value(""), Imports(1, &[(2, "column 5: close is empty")])),
        case("NOTIME_1d.csv", with_time(""), Imports(1, &[(2, "column 1: the time is empty")])),
        case(
            "YEAR0_1d.csv",
            with_time("0000-01-01"),
            Imports(1, &[(2, "column 1: the time `0000-01-01` lies outside the years 1700 to 2299")]),
        ),
        case(
            "YEAR9999999_1d.csv",
            with_time("9999999-01-01"),
            Imports(1, &[(2, "column 1: `9999999-01-01` is no time")]),
        ),
        case(
            "FEB30_1d.csv",
            with_time("2024-02-30"),
            Imports(1, &[(2, "column 1: `2024-02-30` is no time")]),
        ),
        case("notes.csv", "a,b\n", NotTaken("cannot be read to tell its timeframe: the header lacks")),
        case("_1d.csv", row("2024-01-01,1,2,0.5,1.5,9"), NotTaken("does not tell the symbol: give --symbol")),
        case("NL\nX_1d.csv", row("2024-01-01,1,2,0.5,1.5,9"), NotTaken("control character")),
    ]
}

#[tokio::test]
async fn each_bad_file_is_explained_and_the_others_go_on() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("GOOD_1m.csv", bars(100, 1));
    for case in cases() {
        folder.write(case.file, &case.content);
    }
    long_line(folder.path(), "ONELINE_1d.csv", b"x");
    long_line(folder.path(), "LONGLINE_1d.csv", format!("{HEADER}2024-01-01,1,2,0.5,1.5,10\nx").as_bytes());
    links(folder.path());

    let result = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    let report = barlift(&database, &["report", "--json"]).run().await.json(0);
    let tasks = result["tasks"].as_array().expect("tasks");
    let task = |file: &str| {
        tasks.iter().find(|t| t["source"] == file).unwrap_or_else(|| panic!("no task for {file}"))
    };
    let failed_with = |file: &str, part: &str| {
        let error = &task(file)["error"];
        let message = error["message"].as_str().unwrap_or_else(|| panic!("{file} did not fail"));
        assert!(message.contains(part) && message.contains(file), "{file}: {message}");
        assert_eq!(error["class"], "permanent", "{file}");
        assert_eq!(task(file)["attempts"], 1, "{file}");
    };
    let not_taken = |file: &str, part: &str| {
        let list = result["unrecognised"].as_array().expect("a list");
        let found =
            list.iter().find(|u| u["path"] == file).unwrap_or_else(|| panic!("{file} is passed over"));
        assert!(found["reason"].as_str().expect("a reason").contains(part), "{file}: {found}");
    };
    for case in cases() {
        match case.then {
            Fails(part) => failed_with(case.file, part),
            NotTaken(part) => not_taken(case.file, part),
            Imports(bars, rejected) => {
                assert_eq!(task(case.file)["state"], "succeeded", "{}", case.file);
                assert_eq!(task(case.file)["rows_imported"], bars, "{}", case.file);
                let rows = report["rejected_rows"].as_array().expect("rows");
                let rows: Vec<_> = rows.iter().filter(|r| r["source"] == case.file).collect();
                assert_eq!(rows.len(), rejected.len(), "{}: {rows:?}", case.file);
                for (row, (line, part)) in rows.iter().zip(rejected) {
                    assert_eq!(row["line"], *line, "{}", case.file);
                    assert!(row["reason"].as_str().expect("a reason").contains(part), "{}: {row}", case.file);
                }
            }
        }
    }
    failed_with("ONELINE_1d.csv", "line 1: the first line is longer than 64000 bytes");
    failed_with("LONGLINE_1d.csv", "line 3: the line is longer than 64000 bytes");
    not_taken("OUT_1d.csv", "leads out of the source directory");
    not_taken("etc", "leads out of the source directory");
    not_taken("DANGLING_1d.csv", "link to nothing");
    not_taken("loop", "link to one of its own folders");
    assert_eq!(task("GOOD_1m.csv")["rows_imported"], 100);
    // Rows add up everywhere, and in the database.
    for t in tasks {
        let n = |name: &str| t[name].as_i64().expect(name);
        let sum = n("rows_imported")
            + n("rows_skipped")
            + n("rows_mismatched")
            + n("rows_rejected")
            + n("rows_duplicate");
        assert_eq!(sum, n("rows"), "{t}");
    }
    assert_eq!(database.bars().await, result["totals"]["rows_imported"].as_i64().expect("a number"));
}

/// 10 GB without a line end; nothing of it takes room on the disk.
fn long_line(directory: &Path, name: &str, start: &[u8]) {
    let mut file = File::create(directory.join(name)).expect("created");
    file.write_all(start).expect("written");
    file.set_len(10 * 1024 * 1024 * 1024).expect("grown");
}

fn links(directory: &Path) {
    symlink("/etc", directory.join("etc")).expect("linked");
    symlink("/etc/hostname", directory.join("OUT_1d.csv")).expect("linked");
    symlink("nowhere", directory.join("DANGLING_1d.csv")).expect("linked");
    symlink(directory, directory.join("loop")).expect("linked");
}

#[tokio::test]
async fn a_file_that_vanishes_fails_alone() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let gone = folder.write("B_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    std::fs::remove_file(gone).expect("removed");
    drain(&database).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["state"], "failed");
    assert_eq!(status["tasks"][0]["state"], "succeeded");
    let message = status["tasks"][1]["error"]["message"].as_str().expect("a message");
    assert!(message.contains("B_1m.csv: the file is gone"), "{message}");
}

#[tokio::test]
async fn a_file_that_is_swapped_for_a_link_is_not_followed() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    let path = folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    let outside = Folder::new();
    let other = outside.write("A_1m.csv", bars(20, 1));
    std::fs::remove_file(&path).expect("removed");
    symlink(other, &path).expect("linked");
    drain(&database).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    let message = status["tasks"][0]["error"]["message"].as_str().expect("a message");
    assert!(message.contains("leads out of the source directory"), "{message}");
    assert_eq!(database.bars().await, 0);
}

#[tokio::test]
async fn a_file_that_never_stays_the_same_is_given_up() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let path = folder.write("A_1m.csv", bars(2000, 1));
    let arguments = ["import", folder.arg(), "--batch-rows", "50", "--max-attempts", "3", "--json"];
    let run = tokio::spawn(barlift(&database, &arguments).run());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let mut row = 2000;
    while !run.is_finished() {
        assert!(std::time::Instant::now() < deadline, "it is given up within a minute");
        let mut file = File::options().append(true).open(&path).expect("opened");
        std::io::Write::write_all(&mut file, bar(row, 1).as_bytes()).expect("written");
        row += 1;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let result = run.await.expect("ran").json(1);
    let task = &result["tasks"][0];
    assert_eq!((&task["attempts"], &task["error"]["class"]), (&3.into(), &"transient".into()));
    let message = task["error"]["message"].as_str().expect("a message");
    assert!(message.contains("the file changed while it was read"), "{message}");
}

#[tokio::test]
async fn what_is_no_file_any_more_is_not_opened() {
    let pipe = |path: &Path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let directory = |path: &Path| std::fs::create_dir(path).expect("a directory");
    let become_: [&dyn Fn(&Path); 2] = [&pipe, &directory];
    for make in become_ {
        let (database, folder) = (TestDatabase::new().await, Folder::new());
        let path = folder.write("A_1m.csv", bars(1000, 1));
        folder.write("B_1m.csv", bars(10, 2));
        enqueue(&database, &folder).await;
        std::fs::remove_file(&path).expect("removed");
        make(&path);
        // Whoever opened the pipe would wait for ever.
        drain(&database).await;
        let status = barlift(&database, &["status", "--json"]).run().await.json(0);
        assert_eq!(status["tasks"][0]["error"]["message"], "A_1m.csv: is not a regular file any more");
        assert_eq!(status["tasks"][0]["error"]["class"], "permanent");
        assert_eq!(database.bars().await, 10);
    }
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_read_is_tried_again() {
    let folder = Folder::new();
    let path = folder.write("A_1m.csv", bars(1000, 1));
    let root = Root::open(folder.arg()).await.expect("opened");
    let source = OpenSource::open(&root, "A_1m.csv").await.expect("opened");
    File::options().write(true).open(&path).expect("opened").set_len(5000).expect("cut");
    let config = barlift::config::load(None, &[]).expect("defaults");
    let read = ReadOptions::of(&config);
    let options =
        FeedOptions { read, timeframe: "1m".into(), batch_rows: 100, allow_empty: false, resume_at: 0 };
    let mut feed = feed::start(source, options);
    let mut last = None;
    while let Some(fed) = feed.recv().await {
        assert!(!matches!(fed, Ok(FeedEvent::End { .. })), "it must not end as if nothing had happened");
        last = Some(fed);
    }
    let error = last.expect("something").expect_err("an error");
    assert_eq!(error.class, ErrorClass::Transient);
    assert!(error.to_string().contains("A_1m.csv: the file changed while it was read"), "{error}");
}

#[tokio::test]
async fn an_unreadable_folder_hides_only_itself() {
    if nix::unistd::geteuid().is_root() {
        skipped("root may read everything");
        return;
    }
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let unreadable = folder.write("B_1m.csv", bars(10, 1));
    folder.write("closed/C_1m.csv", bars(10, 1));
    std::fs::set_permissions(folder.path().join("closed"), std::fs::Permissions::from_mode(0o000))
        .expect("closed");
    std::fs::set_permissions(&unreadable, std::fs::Permissions::from_mode(0o000)).expect("closed");
    let result = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    std::fs::set_permissions(folder.path().join("closed"), std::fs::Permissions::from_mode(0o700))
        .expect("opened");
    assert_eq!(result["tasks"][0]["rows_imported"], 10);
    assert_eq!(result["unrecognised"][0]["path"], "closed");
    let message = result["tasks"][1]["error"]["message"].as_str().expect("a message");
    assert!(message.contains("permission denied"), "{message}");
}

#[tokio::test]
async fn places_and_databases_that_are_not_there() {
    let database = TestDatabase::new().await;
    let empty = Folder::new();
    let strays = Folder::new();
    strays.write("notes.csv", "a");
    let good = Folder::new();
    good.write("A_1m.csv", bars(1, 1));
    let cases: [(&[&str], i32, &str); 7] = [
        (&["import", "/nowhere/at/all"], 3, "error: cannot open /nowhere/at/all: No such file or directory"),
        (&["import", empty.arg()], 2, "it holds no CSV or Parquet file"),
        (&["import", strays.arg()], 2, "none of its 1 CSV or Parquet files can be imported"),
        (
            &["import", good.arg(), "--symbols", "../../etc,b'c"],
            2,
            "--symbols and --timeframes leave none of 1 files",
        ),
        (&["import", "ftp://server/bars"], 2, "cannot read from ftp://server/bars"),
        (&["import", good.arg(), "--pattern", "{ticker}.csv"], 2, "the pattern `{ticker}.csv`"),
        (&["import", good.arg(), "--timezone", "Mars/Olympus"], 2, "there is no time zone `Mars/Olympus`"),
    ];
    for (arguments, status, part) in cases {
        let run = barlift(&database, arguments).run().await;
        assert_eq!(run.status, status, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(part) && run.stderr.contains("hint: "), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
    let urls = [
        ("postgres://me:hunter2@127.0.0.1:1/x", 3, "cannot connect to postgres://me@127.0.0.1:1/x"),
        ("mysql://me:hunter2@127.0.0.1/x", 2, "does not start with postgres://"),
        ("hunter2", 2, "does not start with postgres://"),
        ("postgres:/me:hunter2@127.0.0.1/x", 2, "does not start with postgres://"),
        ("postgres://me:hun@ter2/hunter2@127.0.0.1:1/x", 2, "has more than a name behind its host"),
        ("postgres://me:1#hunter2@127.0.0.1:1/x", 2, "has a # in it"),
        ("postgres://me:1?hunter2@127.0.0.1:1/x", 2, "has more than a name behind its host"),
        (
            "postgres://me@127.0.0.1:1/x?pasword=hunter2",
            2,
            "the parameter `pasword` of the database URL is not understood",
        ),
    ];
    for (url, status, part) in urls {
        let run = barlift_alone(&["import", good.arg()])
            .env("DATABASE_URL", url)
            .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "1s")
            .run()
            .await;
        assert_eq!(run.status, status, "{url}: {}", run.stderr);
        assert!(run.stderr.contains(part) && run.stderr.contains("hint: "), "{url}: {}", run.stderr);
        assert!(!run.stderr.contains("hunter2"), "a password got out: {}", run.stderr);
    }
}
