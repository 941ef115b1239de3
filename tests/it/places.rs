//! Files, folders and globs that are named: what is taken of them, together and with overlaps, and what is refused.

use serde_json::{Value, json};

use crate::support::{Folder, HEADER, Run, TestDatabase, barlift, barlift_alone, bars, drain};

/// `bars/` with two files and a folder, and `other/` beside it.
fn files() -> Folder {
    let folder = Folder::new();
    for (i, path) in (1..).zip(["bars/A_1m.csv", "bars/B_1m.csv", "bars/sub/C_1m.csv", "other/D_1m.csv"]) {
        folder.write(path, bars(20, i));
    }
    folder
}

async fn run(database: &TestDatabase, folder: &Folder, arguments: &[&str]) -> Run {
    barlift(database, arguments).current_dir(folder.path()).run().await
}

/// The same with `--json`, and the exit status 0.
async fn result(database: &TestDatabase, folder: &Folder, arguments: &[&str]) -> Value {
    run(database, folder, &[arguments, &["--json"]].concat()).await.json(0)
}

/// The root below the folder, and the paths of the tasks.
fn taken(result: &Value, folder: &Folder) -> (String, Vec<String>) {
    let root = result["root"].as_str().expect("a root");
    let above = format!("file://{}", folder.path().canonicalize().expect("a folder").display());
    let below = root.strip_prefix(&above).expect("a root below the folder");
    let tasks = result["tasks"].as_array().expect("tasks");
    let mut sources: Vec<String> =
        tasks.iter().map(|task| task["source"].as_str().expect("a path").to_owned()).collect();
    sources.sort();
    (below.to_owned(), sources)
}

async fn operations(database: &TestDatabase) -> i64 {
    let is_set_up = "SELECT to_regclass('barlift.operations') IS NOT NULL";
    match database.scalar(is_set_up).await {
        true => database.scalar("SELECT count(*) FROM barlift.operations").await,
        false => 0,
    }
}

#[tokio::test]
async fn only_what_is_named_is_taken_and_each_file_once() {
    let (database, folder) = (TestDatabase::new().await, files());
    folder.write("bars/sub/[x]_1m.csv", bars(20, 9));
    let absolute = folder.path().join("bars/A_1m.csv").display().to_string();
    let url = format!("file://{absolute}");
    let all = ["A_1m.csv", "B_1m.csv", "sub/C_1m.csv", "sub/[x]_1m.csv"];
    let cases: [(&[&str], &str, &[&str]); 14] = [
        (&["bars/A_1m.csv"], "/bars/", &all[..1]),
        (&["./bars/../bars/A_1m.csv"], "/bars/", &all[..1]),
        (&[&url], "/bars/", &all[..1]),
        (&["bars"], "/bars/", &all),
        (&["bars/sub/[x]_1m.csv"], "/bars/sub/", &["[x]_1m.csv"]),
        (&["bars/A_1m.csv", "bars/B_1m.csv"], "/bars/", &all[..2]),
        (&["bars/A_1m.csv", &absolute, &url], "/bars/", &all[..1]),
        (&["bars/A_1m.csv", "bars/sub/C_1m.csv"], "/bars/", &["A_1m.csv", "sub/C_1m.csv"]),
        (&["bars/A_1m.csv", "other/"], "/", &["bars/A_1m.csv", "other/D_1m.csv"]),
        (&["bars/sub/C_1m.csv", "bars", "bars/sub/", "bars/*"], "/bars/", &all),
        (&["bars/*_1m.csv"], "/bars/", &all[..2]),
        (&["bars/**/[BC]_1m.csv"], "/bars/", &["B_1m.csv", "sub/C_1m.csv"]),
        // A folder that fits stands for its files.
        (
            &["b*", "*/D_1m.csv"],
            "/",
            &["bars/A_1m.csv", "bars/B_1m.csv", "bars/sub/C_1m.csv", "bars/sub/[x]_1m.csv", "other/D_1m.csv"],
        ),
        (&["bars/?_1m.csv", "bars/A*"], "/bars/", &all[..2]),
    ];
    for (places, root, paths) in cases {
        let found = result(&database, &folder, &[&["import", "--dry-run"], places].concat()).await;
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(taken(&found, &folder), (root.to_owned(), paths), "{places:?}");
        assert_eq!(found["unrecognised"], json!([]), "{places:?}");
    }
    let shown = barlift_alone(&["inspect", "bars/B_1m.csv", "other", "--json"]).current_dir(folder.path());
    let shown = shown.run().await.json(0);
    let paths: Vec<&Value> = shown["files"].as_array().expect("files").iter().map(|f| &f["path"]).collect();
    assert_eq!(paths, ["bars/B_1m.csv", "other/D_1m.csv"]);
}

#[tokio::test]
async fn a_file_is_the_same_however_it_is_named() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("bars/1h/AAPL.csv", bars(5, 1));
    folder.write("bars/1d/AAPL.csv", bars(5, 2));
    folder.write("bars/MSFT_1m.csv", bars(5, 3));
    result(&database, &folder, &["import", "bars"]).await;
    // The folder tells the timeframe, and the file is recognised.
    for places in [
        &["bars/1h/AAPL.csv", "bars/1d/AAPL.csv", "bars/MSFT_1m.csv"][..],
        &["bars/1h", "bars/1d/", "bars/MSFT_1m.csv"],
        &["bars/*/*.csv", "bars/*.csv"],
        &["bars/1h/*.csv", "bars/1d/*", "bars/M*"],
    ] {
        let again = result(&database, &folder, &[&["import"], places].concat()).await;
        let tasks = again["tasks"].as_array().expect("tasks");
        let series: Vec<(&Value, &Value)> = tasks.iter().map(|t| (&t["symbol"], &t["timeframe"])).collect();
        assert_eq!(json!(series), json!([["AAPL", "1d"], ["AAPL", "1h"], ["MSFT", "1m"]]), "{places:?}");
        assert!(tasks.iter().all(|task| task["recognised"] == true), "{places:?}: {tasks:#?}");
    }
    let pattern = ["import", "--dry-run", "--pattern", "{timeframe}/{symbol}.csv"];
    for places in [&["bars/1h/AAPL.csv"][..], &["bars/1h/AAPL.csv", "bars/1d/*.csv"], &["bars/1h/*"]] {
        let found = result(&database, &folder, &[&pattern, places].concat()).await;
        let tasks = found["tasks"].as_array().expect("tasks");
        assert!(tasks.iter().all(|task| task["symbol"] == "AAPL" && task["rows_skipped"] == 5), "{tasks:#?}");
    }
    assert_eq!(database.bars().await, 15);
}

#[tokio::test]
async fn a_named_file_is_looked_at_whatever_its_extension() {
    let (database, folder) = (TestDatabase::new().await, files());
    let german = bars(20, 1).replace("2024-01-01T00", "01.01.2024 00").replace("Z,", ",");
    for (path, text) in [
        ("E_1m.bars", bars(20, 5)),
        ("F", bars(20, 6)),
        ("BRK.B", bars(20, 7)),
        ("README.md", "hello\n".to_owned()),
        ("G.txt", german),
        ("A_1m.txt.gz", "\x1f\u{8b}".to_owned()),
        ("empty.log", String::new()),
    ] {
        folder.write(path, text);
    }
    std::fs::write(folder.path().join("A_1m.txt.gz"), b"PAR1, and no more").expect("written");
    let found = result(&database, &folder, &["import", "E_1m.bars", "F", "--dry-run"]).await;
    assert_eq!(taken(&found, &folder).1, ["E_1m.bars", "F"]);
    assert_eq!(operations(&database).await, 1);
    let strict = ["--time-format", "%d/%m/%Y %H:%M:%S"];
    for (path, more, says) in [
        ("BRK.B", &[][..], "BRK.B has a name that does not tell the symbol: give --symbol"),
        ("README.md", &[], "README.md cannot be read: the header lacks a column for time"),
        ("A_1m.txt.gz", &[], "A_1m.txt.gz cannot be read: the file is damaged: its Parquet data"),
        ("empty.log", &[], "empty.log has no bars"),
        (
            "G.txt",
            &strict,
            "G.txt has no bar among its first rows (line 2: column 1: the time `01.01.2024 00:00:00` does not fit",
        ),
    ] {
        // Nothing is imported, whatever else is named.
        for command in [&["import"][..], &["enqueue", "import"], &["verify"]] {
            let refused = run(&database, &folder, &[command, &[path, "bars/A_1m.csv"], more].concat()).await;
            assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{path}: {}", refused.stderr);
            assert!(refused.stderr.contains(&format!("error: {says}")), "{says}: {}", refused.stderr);
        }
        let shown =
            barlift_alone(&[&["inspect", path], more].concat()).current_dir(folder.path()).run().await;
        assert_eq!(shown.status, 1, "{path}: {}", shown.stderr);
        assert!(shown.stdout.contains(says), "{says}: {}", shown.stdout);
    }
    assert_eq!(operations(&database).await, 1);
    let several = run(&database, &folder, &["import", "README.md", "BRK.B"]).await;
    assert!(
        several.stderr.contains("\nerror: 2 of the files that were named cannot be imported\n"),
        "{}",
        several.stderr
    );
    assert!(several.stderr.contains("not imported: BRK.B has a name"), "{}", several.stderr);
    // A glob takes what it can, and says what it cannot take.
    let tolerant = result(&database, &folder, &["import", "*", "--dry-run"]).await;
    let mut all =
        ["E_1m.bars", "F", "G.txt", "bars/A_1m.csv", "bars/B_1m.csv", "bars/sub/C_1m.csv", "other/D_1m.csv"];
    all.sort_unstable();
    assert_eq!(taken(&tolerant, &folder).1, all);
    let not_taken: Vec<&Value> =
        tolerant["unrecognised"].as_array().expect("a list").iter().map(|other| &other["path"]).collect();
    assert_eq!(not_taken, ["A_1m.txt.gz", "BRK.B", "README.md", "empty.log"]);
    // In a folder, such files are passed over, unless one is damaged: it may be one of bars.
    let quiet = result(&database, &folder, &["import", ".", "--dry-run"]).await;
    let named: Vec<&Value> =
        quiet["unrecognised"].as_array().expect("a list").iter().map(|other| &other["path"]).collect();
    assert_eq!(named, ["A_1m.txt.gz"]);
}

#[tokio::test]
async fn what_is_not_there_is_an_error_before_anything_is_written() {
    let (database, folder) = (TestDatabase::new().await, files());
    let absolute = folder.path().canonicalize().expect("a folder").display().to_string();
    let nothing = format!("error: nothing fits {absolute}/bars/*.xyz\n");
    for (places, status, says) in [
        (&["bars", "bars/X_1m.csv"][..], 3, "error: cannot open bars/X_1m.csv: No such file or directory"),
        (&["bars/A_1m.csv", "nowhere/"], 3, "error: cannot open nowhere/: No such file or directory"),
        (&["bars/A_1m.csv/"], 3, "error: cannot open bars/A_1m.csv/: Not a directory"),
        (&["bars", "bars/*.xyz"], 3, &nothing),
        (&["nowhere/*.csv"], 3, "nowhere/*.csv\n"),
        (&["bars/[.csv"], 3, "error: there is no bars/[.csv, and it is no glob: "),
        (
            &["s3://me:hunter2@bucket/bars", "bars"],
            2,
            "error: s3://me@bucket/bars is given beside other places",
        ),
        (&["bars", "s3://bucket/bars"], 2, "error: s3://bucket/bars is given beside other places"),
        (&["bars", "other", "--symbol", "A"], 2, "error: --symbol names one series, but there are 4 files"),
        (&[], 2, "<PATH>..."),
    ] {
        for command in
            [&["import"][..], &["enqueue", "import"], &["verify"], &["enqueue", "verify"], &["inspect"]]
        {
            let refused = run(&database, &folder, &[command, places].concat()).await;
            assert_eq!(
                (refused.status, refused.stdout.as_str()),
                (status, ""),
                "{places:?}: {}",
                refused.stderr
            );
            assert!(refused.stderr.contains(says), "{places:?}: {}", refused.stderr);
        }
    }
    assert_eq!(operations(&database).await, 0);
}

#[tokio::test]
async fn links_do_not_lead_out_of_the_place_that_was_named() {
    let (database, folder) = (TestDatabase::new().await, files());
    let link =
        |to: &str, path: &str| std::os::unix::fs::symlink(to, folder.path().join(path)).expect("linked");
    link("../other", "bars/out");
    link("../other/D_1m.csv", "bars/L_1m.csv");
    link(".", "bars/sub/loop");
    link("sub/C_1m.csv", "bars/M_1m.csv");
    // Below their common folder everything would be inside.
    let found = result(&database, &folder, &["import", "bars", "other", "--dry-run"]).await;
    let paths = ["bars/A_1m.csv", "bars/B_1m.csv", "bars/M_1m.csv", "bars/sub/C_1m.csv", "other/D_1m.csv"];
    assert_eq!(taken(&found, &folder).1, paths);
    let leads_out = "is a link that leads out of the source directory; not followed";
    let not_taken = json!([
        { "path": "bars/L_1m.csv", "reason": leads_out },
        { "path": "bars/out", "reason": leads_out },
        { "path": "bars/sub/loop", "reason": "is a link to one of its own folders; not followed" },
    ]);
    assert_eq!(found["unrecognised"], not_taken);
    let found = result(&database, &folder, &["import", "bars/**/?_1m.csv", "--dry-run"]).await;
    assert_eq!(taken(&found, &folder).1, ["A_1m.csv", "B_1m.csv", "M_1m.csv", "sub/C_1m.csv"]);
    assert_eq!(found["unrecognised"].as_array().map(Vec::len), Some(3), "{found:#}");
    let refused = run(&database, &folder, &["import", "bars/L_1m.csv"]).await;
    let real = folder.path().canonicalize().expect("a folder").join("other/D_1m.csv");
    let says = format!("L_1m.csv is a link that leads out of its folder: give {} itself", real.display());
    assert!(refused.status == 2 && refused.stderr.contains(&says), "{}", refused.stderr);
    // It stays in the folder that was given as well.
    let both = result(&database, &folder, &["import", ".", "bars/L_1m.csv", "--dry-run"]).await;
    assert!(taken(&both, &folder).1.contains(&"bars/L_1m.csv".to_owned()), "{both:#}");
}

#[tokio::test]
async fn settings_hold_for_the_files_of_their_folder_alone() {
    let (database, folder) = (TestDatabase::new().await, files());
    let local = |seed| bars(20, seed).replace("Z,", ",");
    folder.write("own/E_1m.csv", local(5));
    folder.write("own/F_1m.csv", local(6));
    folder.write("own/sub/G_1m.csv", local(7));
    let settings = folder.write("own/barlift-files.toml", "[import]\ntimezone = 'Asia/Tokyo'\n");
    let first = "SELECT min(time) = '2023-12-31 15:00Z' FROM barlift.bars";
    for (places, number) in [
        (&["own/E_1m.csv"][..], 1),
        (&["own/E_1m.csv", "own/F_1m.csv"], 2),
        (&["own/*.csv"], 2),
        (&["own", "own/sub", "own/sub/G_1m.csv", "own/*"], 3),
        (&["own/barlift-files.toml", "own/E_1m.csv", "own/E*"], 1),
    ] {
        let done = run(&database, &folder, &[&["import", "--json"], places].concat()).await;
        assert!(
            done.stderr.contains("barlift-files.toml says: import.timezone = Asia/Tokyo"),
            "{}",
            done.stderr
        );
        assert_eq!(done.json(0)["tasks"].as_array().map(Vec::len), Some(number), "{places:?}");
        assert!(database.scalar::<bool>(first).await, "{places:?}");
    }
    for places in [
        &["own/E_1m.csv", "bars/A_1m.csv"][..],
        &["own/E_1m.csv", "own/sub/G_1m.csv"],
        &["own/sub", "own/*.csv"],
        &["bars", "own"],
    ] {
        let refused = run(&database, &folder, &[&["import"], places].concat()).await;
        let says = "error: own has settings of its own (barlift-files.toml), and files elsewhere are given beside it\n\
                    hint: give that directory by itself\n";
        assert_eq!((refused.status, refused.stderr.as_str()), (2, says), "{places:?}");
    }
    // A file in a folder that is given is read as the folder's are: not at all.
    let refused = run(&database, &folder, &["import", ".", "own/E_1m.csv"]).await;
    let says =
        "own/E_1m.csv lies in own/, which has settings of its own (barlift-files.toml): give that directory";
    assert!(refused.status == 2 && refused.stderr.contains(says), "{}", refused.stderr);
    let others = result(&database, &folder, &["import", "*/*_1m.csv"]).await;
    assert_eq!(taken(&others, &folder).1, ["bars/A_1m.csv", "bars/B_1m.csv", "other/D_1m.csv"]);
    assert_eq!(others["unrecognised"].as_array().map(Vec::len), Some(2), "{others:#}");
    std::fs::remove_file(settings).expect("removed");
    let together =
        barlift_alone(&["inspect", "own/sub", "bars", "--json"]).current_dir(folder.path()).run().await;
    assert_eq!(together.json(0)["files"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn workers_read_the_files_that_were_enqueued_and_a_retry_reads_them_again() {
    let (database, folder) = (TestDatabase::new().await, files());
    folder.write("other/BAD_1m.csv", "time,open\n");
    let places = ["enqueue", "import", "bars/A_1m.csv", "bars/s*/*", "other", "--verify"];
    let enqueued = run(&database, &folder, &places).await;
    assert_eq!(enqueued.status, 0, "{}", enqueued.stderr);
    // A worker runs in another directory.
    drain(&database).await;
    let import = "SELECT string_agg(source || ' ' || t.state, ', ' ORDER BY source) FROM barlift.tasks t
                  JOIN barlift.operations o ON o.id = t.operation_id WHERE o.follows IS NULL";
    let done: String = database.scalar(import).await;
    assert_eq!(
        done,
        "bars/A_1m.csv succeeded, bars/sub/C_1m.csv succeeded, other/BAD_1m.csv failed, other/D_1m.csv succeeded"
    );
    assert_eq!(database.bars().await, 60);
    let verified = run(&database, &folder, &["report", "latest", "--json"]).await;
    let verified: Value = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!(verified["part"], "other/, bars/s*/*, bars/A_1m.csv", "{verified:#}");
    let id: String = database.scalar("SELECT id FROM barlift.operations WHERE follows IS NULL").await;
    folder.write("other/BAD_1m.csv", bars(20, 8));
    let retry = run(&database, &folder, &["retry", &id]).await;
    let bad = folder.path().canonicalize().expect("a folder").join("other/BAD_1m.csv");
    assert!(
        retry.stderr.contains(&format!("barlift import {} --column …", bad.display())),
        "{}",
        retry.stderr
    );
    drain(&database).await;
    assert_eq!(database.bars().await, 80);
}

#[tokio::test]
async fn a_verification_of_some_files_says_what_it_covers() {
    let (database, folder) = (TestDatabase::new().await, files());
    let minutes = bars(40, 5);
    let rows: Vec<&str> = minutes.lines().skip(1).collect();
    for (path, rows) in [("bars/2023/E_1m.csv", &rows[..20]), ("bars/2024/E_1m.csv", &rows[20..])] {
        folder.write(path, format!("{HEADER}{}\n", rows.join("\n")));
    }
    result(&database, &folder, &["import", "bars", "other"]).await;
    let one = run(&database, &folder, &["verify", "bars/A_1m.csv"]).await;
    assert_eq!(one.status, 0, "{}", one.stderr);
    for says in [
        "IDENTICAL: the database equals the files, 1 series, 20 bars; only these files: A_1m.csv\n",
        "\n4 series of the database are in none of the files\n",
    ] {
        assert!(one.stdout.contains(says), "{says}: {}", one.stdout);
    }
    let root = folder.path().canonicalize().expect("a folder");
    let report = run(&database, &folder, &["report", "latest"]).await;
    let says = format!("files A_1m.csv of file://{}/bars/; full: every bar\n", root.display());
    assert!(report.status == 0 && report.stdout.contains(&says), "{}", report.stdout);
    assert!(report.stdout.contains("in the database, in none of the files: B 1m\n"), "{}", report.stdout);
    let page = run(&database, &folder, &["report", "latest", "--format", "html"]).await.stdout;
    assert!(page.contains(&format!("A_1m.csv of file://{}/bars/", root.display())), "{page}");
    // Bars of a file that was not given are differences, and it is said where they may be from.
    let part = run(&database, &folder, &["verify", "bars/2024/E_1m.csv"]).await;
    assert_eq!(part.status, 1, "{}", part.stdout);
    for says in [
        "\nDIFFERS: 1 of 1 series differs; only these files: E_1m.csv\n",
        "may be of other files of their series: give all of them, or --within-range\n",
    ] {
        assert!(part.stdout.contains(says), "{says}: {}", part.stdout);
    }
    let within = run(&database, &folder, &["verify", "bars/2024/E_1m.csv", "--within-range"]).await;
    assert_eq!(within.status, 0, "{}", within.stdout);
    let both = result(&database, &folder, &["verify", "bars/*/E_1m.csv"]).await;
    assert_eq!((&both["verdict"], &both["part"]), (&json!("identical"), &json!("*/E_1m.csv")));
    // All of a folder is no part of it.
    for places in [&["bars"][..], &["bars", "bars/A_1m.csv", "bars/2024"]] {
        let whole = result(&database, &folder, &[&["verify"], places].concat()).await;
        assert_eq!((&whole["verdict"], whole.get("part")), (&json!("identical"), None), "{places:?}");
    }
}

#[tokio::test]
async fn rejected_rows_of_any_file_are_mended_and_count_as_its_own() {
    let (database, folder) = (TestDatabase::new().await, files());
    let text = bars(20, 5).replacen("100.", "x100.", 1);
    assert!(text.contains("x100."));
    folder.write("data/E_1m.bars", &text);
    folder.write("data/F_1m.csv", text.replace("x100.", "y100."));
    result(&database, &folder, &["import", "data/E_1m.bars", "data/F_1m.csv"]).await;
    let report = run(&database, &folder, &["report", "latest", "--rejected-to", "mend"]).await;
    assert!(
        report.stderr.contains("once they are mended: barlift import mend 'mend/**/*.bars'\n"),
        "{}",
        report.stderr
    );
    for name in ["mend/E_1m.bars", "mend/F_1m.csv"] {
        let path = folder.path().join(name);
        let mended = std::fs::read_to_string(&path).expect("rows").replace(['x', 'y'], "");
        std::fs::write(&path, mended).expect("mended");
    }
    let one = result(&database, &folder, &["import", "mend/F_1m.csv"]).await;
    assert_eq!(one["totals"]["rows_imported"], 1, "{one:#}");
    let both = result(&database, &folder, &["import", "mend", "mend/**/*.bars"]).await;
    assert_eq!(
        (&both["totals"]["tasks"], &both["totals"]["rows_imported"]),
        (&json!(2), &json!(1)),
        "{both:#}"
    );
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.mended_bars").await, 2);
    let verified = run(&database, &folder, &["verify", "data/E_1m.bars", "data/F_1m.csv"]).await;
    assert!(verified.status == 0 && verified.stdout.contains("2 bars of mended rows"), "{}", verified.stdout);
}
