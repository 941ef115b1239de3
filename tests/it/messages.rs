//! What commands say beside their results: who works, on what, when, and with which flags.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{
    Folder, HEADER, TestDatabase, WORKING_PROCESSES, bar, barlift, bars, drain, eventually, hold_back,
    wait_for_rows,
};

const NO_WORKER: &str = "no worker is running now; start one with `barlift worker`";

/// Waits until a worker has been heard of.
async fn until_a_worker_is_heard_of(database: &TestDatabase) {
    eventually("a worker is heard of", || async {
        (database.scalar::<i64>(WORKING_PROCESSES).await > 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn work_that_nobody_does_is_told_of() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("BAD_1h.csv", "time,open\n");
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    for arguments in
        [&["retry", "latest"][..], &["status"], &["enqueue", "import", folder.arg()], &["status", "latest"]]
    {
        let run = barlift(&database, arguments).run().await;
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stderr.contains(NO_WORKER), "{arguments:?}: {}", run.stderr);
        assert!(!run.stdout.contains(NO_WORKER), "{arguments:?}: {}", run.stdout);
    }
    let worker = barlift(&database, &["worker"]).spawn();
    until_a_worker_is_heard_of(&database).await;
    let run = barlift(&database, &["enqueue", "import", folder.arg()]).run().await;
    assert!(!run.stderr.contains(NO_WORKER), "{}", run.stderr);
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn a_retry_says_that_it_reads_with_the_same_flags() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("BAD_1h.csv", "time,open\n");
    let import = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    let id = import["operation_id"].as_str().expect("an id");
    let retry = barlift(&database, &["retry", "latest"]).run().await;
    let says = format!(
        "a retry reads files with the flags that {id} was given; to read this one with other flags: \
         barlift import {}/BAD_1h.csv --column …",
        folder.arg()
    );
    assert!(retry.stderr.contains(&says), "{}", retry.stderr);
}

#[tokio::test]
async fn an_import_says_that_it_works_on_other_files_too() {
    let (database, folder, other) = (TestDatabase::new().await, Folder::new(), Folder::new());
    for symbol in ["A", "B"] {
        other.write(&format!("{symbol}_1m.csv"), bars(10, 1));
    }
    folder.write("C_1m.csv", bars(10, 1));
    let enqueued =
        barlift(&database, &["enqueue", "import", other.arg(), "--priority", "9", "--json"]).run().await;
    let id = enqueued.json(0)["operation_id"].as_str().expect("an id").to_owned();
    let run = barlift(&database, &["import", folder.arg(), "--concurrency", "1"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    for says in [
        format!("the queue holds 2 files of {id}; this command works on them, too\n"),
        format!("this command also worked on 2 files of {id} (`barlift status OP`)\n"),
    ] {
        assert!(run.stderr.contains(&says), "{says}{}", run.stderr);
    }
    let alone = barlift(&database, &["import", folder.arg(), "--force"]).run().await;
    assert!(!alone.stderr.contains("this command"), "{}", alone.stderr);
}

#[tokio::test]
async fn a_scheduled_operation_says_when_it_starts() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let berlin = |arguments: &[&str]| barlift(&database, arguments).env("TZ", "Europe/Berlin");
    let run = berlin(&["enqueue", "import", folder.arg(), "--at", "2126-07-01 18:00"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let starts = "it starts 2126-07-01 18:00 +02:00 (Europe/Berlin), in ";
    assert!(run.stderr.contains(starts), "{}", run.stderr);
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!((&status["state"], &status["run_at"]), (&"scheduled".into(), &"2126-07-01T16:00:00Z".into()));
    let shown = berlin(&["status"]).run().await.stdout;
    assert!(shown.contains(&format!(" scheduled\n{starts}")), "{shown}");
    let listed = barlift(&database, &["operations"]).run().await.stdout;
    assert!(listed.contains("  scheduled (in "), "{listed}");

    for (at, says) in [
        ("2027-03-28 02:30", "clocks in Europe/Berlin change at that time"),
        ("tomorrow", "write a time as '2026-12-01 18:00'"),
    ] {
        let refused = berlin(&["enqueue", "import", folder.arg(), "--at", at]).run().await;
        assert_eq!(refused.status, 2, "{at}");
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
    // What is due and waits for a worker alone is not called scheduled.
    barlift(&database, &["enqueue", "import", folder.arg()]).run().await;
    let shown = barlift(&database, &["status"]).run().await.stdout;
    assert!(shown.contains(" queued\n"), "{shown}");
}

#[tokio::test]
async fn the_rows_of_a_batch_go_with_the_operation() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    for (command, phase, batches) in [("import", "insert_batch", 10), ("verify", "read", 10)] {
        let arguments = ["enqueue", command, folder.arg(), "--force", "--batch-rows", "100"];
        assert_eq!(barlift(&database, &arguments).run().await.status, 0);
        drain(&database).await;
        let found = barlift(&database, &["diagnose", "--json"]).run().await.json(0);
        let phases = found["phases"].as_array().expect("a list");
        let phase = phases.iter().find(|p| p["phase"] == phase).expect(phase);
        assert_eq!(phase["count"], batches, "{command}");
    }
}

#[tokio::test]
async fn an_import_that_is_verified_tells_in_a_line_what_is_fine() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for symbol in ["A", "B"] {
        folder.write(&format!("{symbol}_1m.csv"), bars(20, 1));
    }
    let run = barlift(&database, &["import", folder.arg(), "--verify"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stdout.contains("SYMBOL"), "{}", run.stdout);
    let last = run.stdout.lines().last().expect("a line");
    assert!(
        last.starts_with("IDENTICAL: the database equals the files, 2 series, 40 bars (op_verify_"),
        "{}",
        run.stdout
    );
    // What is not, is listed.
    folder.write("B_1m.csv", bars(20, 1).replace(&bar(3, 1), &bar(3, 2)));
    let run = barlift(&database, &["import", folder.arg(), "--verify"]).run().await;
    let listed: Vec<&str> =
        run.stdout.lines().filter(|l| l.starts_with("A ") || l.starts_with("B ")).collect();
    assert_eq!(listed.len(), 2, "B of the import and of the verification: {}", run.stdout);
    assert!(listed.iter().all(|l| l.starts_with("B ")), "{}", run.stdout);
}

#[tokio::test]
async fn a_report_lists_the_files_that_failed() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    folder.write("BAD_1h.csv", "time,open\n");
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(1);
    let report =
        async |format: &str| barlift(&database, &["report", "latest", "--format", format]).run().await;
    let table = report("table").await.stdout;
    assert!(
        table.contains("\n1 failed file\nSYMBOL  TIMEFRAME  ERROR\nBAD     1h         BAD_1h.csv, line 1: "),
        "{table}"
    );
    let csv = report("csv").await.stdout;
    assert!(
        csv.contains("\nfailed,BAD,1h,BAD_1h.csv,,,permanent,\"BAD_1h.csv, line 1: the header lacks"),
        "{csv}"
    );
    let json: Value = report("json").await.json(0);
    let failed = &json["failed_files"][0];
    assert_eq!((&failed["symbol"], &failed["class"]), (&"BAD".into(), &"permanent".into()));
    let message = failed["message"].as_str().expect("a text");
    assert!(message.starts_with("BAD_1h.csv, line 1: the header lacks"), "{message}");
    assert!(report("html").await.stdout.contains("BAD_1h.csv, line 1: the header lacks"));
}

/// The lines of a log, each as JSON.
fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

#[tokio::test]
async fn a_worker_that_is_stopped_logs_json_to_the_end() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let log = folder.path().join("log");
    let worker = barlift(&database, &["worker"]).env("BARLIFT__LOG__FORMAT", "json").spawn_logging(&log);
    until_a_worker_is_heard_of(&database).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    let lines = json_lines(&std::fs::read_to_string(&log).expect("a log"));
    let stopping =
        lines.iter().filter(|l| l["message"].as_str().is_some_and(|m| m.starts_with("stopping: ")));
    let levels: Vec<&Value> = stopping.map(|l| &l["level"]).collect();
    assert_eq!(levels, ["INFO"], "{lines:?}");
}

#[tokio::test]
async fn an_import_that_is_stopped_logs_json_where_its_log_is_json() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let log = folder.path().join("log");
    let holder = hold_back(&database).await;
    let import = barlift(&database, &["import", folder.arg(), "--batch-rows", "100"])
        .env("BARLIFT__LOG__FORMAT", "json")
        .env("BARLIFT__WORKER__DRAIN_TIMEOUT", "1s")
        .spawn_logging(&log);
    wait_for_rows(&database, 500).await;
    import.signal(Signal::SIGTERM);
    assert_eq!(import.wait().await, Some(1));
    drop(holder);
    let text = std::fs::read_to_string(&log).expect("a log");
    let stopping: Vec<&str> = text.lines().filter(|l| l.contains("stopping: ")).collect();
    assert_eq!(stopping.len(), 1, "{text}");
    assert_eq!(json_lines(stopping[0])[0]["level"], "WARN");
}

#[tokio::test]
async fn a_recognised_file_has_the_rejected_rows_of_the_run_that_read_it() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let text = format!("{}nonsense\n2024-02-01,1,0.5,0.9,1,5\n", bars(3, 1));
    folder.write("A_1m.csv", &text);
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    // The same content at another place: what is mended lies there.
    let moved = Folder::new();
    moved.write("new/A_1m.csv", &text);
    let again = barlift(&database, &["import", moved.arg(), "--json"]).run().await.json(0);
    assert_eq!(
        (&again["tasks"][0]["recognised"], &again["totals"]["rows_rejected"]),
        (&true.into(), &1.into())
    );

    let report = barlift(&database, &["report", "latest", "--json"]).run().await.json(0);
    let rejected = report["rejected_rows"].as_array().expect("a list");
    assert_eq!(rejected.len(), 1, "{report}");
    let place = (&rejected[0]["source"], &rejected[0]["line"], &rejected[0]["raw"]);
    assert_eq!(place, (&"new/A_1m.csv".into(), &5.into(), &"nonsense".into()));
    assert_eq!(report["quality_issues"].as_array().map(Vec::len), Some(1));
    let mend = folder.path().join("mend");
    let arguments = ["report", "latest", "--rejected-to", mend.to_str().expect("UTF-8")];
    let table = barlift(&database, &arguments).run().await;
    assert!(table.stderr.contains("wrote the rejected rows of 1 file to "), "{}", table.stderr);
    let written = std::fs::read_to_string(mend.join("new/A_1m.csv")).expect("written");
    assert_eq!(written, format!("{HEADER}nonsense\n"));
    assert!(
        table.stdout.contains("\n1 file recognised by content: what is listed was found when"),
        "{}",
        table.stdout
    );
    assert!(table.stdout.contains("A       1m         5     ragged"), "{}", table.stdout);
}

#[tokio::test]
async fn a_verification_is_called_by_its_verdict_everywhere() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for symbol in ["A", "B"] {
        folder.write(&format!("{symbol}_1m.csv"), bars(20, 1));
    }
    barlift(&database, &["import", folder.arg()]).run().await;
    folder.write("B_1m.csv", bars(20, 1).replace(&bar(3, 1), &bar(3, 2)));
    let verify = barlift(&database, &["verify", folder.arg(), "--mode", "full"]).run().await;
    let status = barlift(&database, &["status"]).run().await;
    let report = barlift(&database, &["report"]).run().await;
    let page = barlift(&database, &["report", "--format", "html"]).run().await;
    for run in [&verify, &status, &report, &page] {
        assert!(run.stdout.contains(" DIFFERS") && !run.stdout.contains("succeeded"), "{}", run.stdout);
    }
    for run in [&verify, &status] {
        assert!(run.stdout.contains("\n2 series: 1 identical, 1 differs\n"), "{}", run.stdout);
    }
    let id: String = database.scalar("SELECT max(id) FROM barlift.operations WHERE id LIKE 'op_v%'").await;
    assert!(report.stdout.contains(&format!("\n{id} DIFFERS\n")), "{}", report.stdout);
    assert!(page.stdout.contains(&format!("{id}: DIFFERS")));
    // One that could not be compared, and a sample.
    folder.write("A_1m.csv", "nonsense\n");
    barlift(&database, &["verify", folder.arg(), "--mode", "sample"]).run().await;
    let list = barlift(&database, &["operations", "--json"]).run().await.json(0);
    let id = list[0]["operation_id"].as_str().expect("an id");
    let says = format!("\n{id} DIFFERS (sample, failed)");
    for command in ["status", "report"] {
        let run = barlift(&database, &[command]).run().await;
        assert!(run.stdout.contains(&says), "{}", run.stdout);
    }
}

#[tokio::test]
async fn a_long_state_takes_no_column_from_the_list() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    // As wide as it may be beside states of one word.
    database
        .execute("UPDATE barlift.tasks SET rows = rows + 50000, rows_skipped = rows_skipped + 50000")
        .await;
    let header = async || {
        let list = barlift(&database, &["operations"]).env("COLUMNS", "80").run().await.stdout;
        (
            list.lines().next().expect("a header").split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            list,
        )
    };
    let usual = ["OPERATION", "STATE", "CREATED", "FILES", "ROWS", "IMPORTED", "FROM"];
    assert_eq!(header().await.0, usual);
    let later = ["enqueue", "import", folder.arg(), "--verify", "--in", "400h"];
    assert_eq!(barlift(&database, &later).run().await.status, 0);
    let (found, list) = header().await;
    assert_eq!(found, usual, "{list}");
    let import: String =
        database.scalar("SELECT follows FROM barlift.operations WHERE follows IS NOT NULL").await;
    assert!(
        list.contains("(after") && list.contains(&format!(" {})", &import[import.len() - 8..])),
        "{list}"
    );
}

#[tokio::test]
async fn a_report_of_mismatches_ends_with_what_the_database_has() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let volume = |volume| format!("{HEADER}2024-01-01T00:00:00Z,1,2,0.5,1,{volume}\n");
    folder.write("A_1m.csv", volume(10));
    barlift(&database, &["import", folder.arg()]).run().await;
    folder.write("A_1m.csv", volume(11));
    for (policy, title, change, page_title) in [
        ("warn", "FILE → DATABASE", "volume 11 → 10", "Mismatches, file → database: 1"),
        ("overwrite", "DATABASE BEFORE → NOW", "volume 10 → 11", "Mismatches, database before → now: 1"),
    ] {
        barlift(&database, &["import", folder.arg(), "--on-mismatch", policy]).run().await;
        let report = barlift(&database, &["report"]).run().await.stdout;
        assert!(report.contains(title) && report.contains(change), "{report}");
        let page = barlift(&database, &["report", "--format", "html"]).run().await.stdout;
        let (before, now) = change.trim_start_matches("volume ").split_once(" → ").expect("an arrow");
        assert!(page.contains(page_title), "{policy}");
        assert!(page.contains(&format!("<td>{before} → <b>{now}</b>")), "{policy}");
        // Machines get both sides by name.
        let json = barlift(&database, &["report", "--json"]).run().await.json(0);
        let found = &json["mismatches"][0];
        assert_eq!((&found["csv"]["volume"], &found["db"]["volume"]), (&11.0.into(), &10.0.into()));
        assert_eq!(found["overwritten"], policy == "overwrite");
    }
}

#[tokio::test]
async fn a_retry_of_what_is_scheduled_tells_when_it_starts() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    for command in [&["enqueue", "import", folder.arg(), "--in", "1h"][..], &["cancel", "latest"]] {
        assert_eq!(barlift(&database, command).run().await.status, 0);
    }
    let retry = barlift(&database, &["retry", "latest", "--cancelled"]).run().await;
    assert_eq!(retry.status, 0, "{}", retry.stderr);
    assert!(retry.stderr.contains(" is scheduled: it starts 20"), "{}", retry.stderr);
}

#[tokio::test]
async fn a_start_in_the_past_is_told_of() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    for command in [&["enqueue", "import"][..], &["enqueue", "verify"]] {
        for json in [&[][..], &["--json"]] {
            let arguments = [command, &[folder.arg(), "--at", "2020-07-01 18:00"], json].concat();
            let run = barlift(&database, &arguments).env("TZ", "Europe/Berlin").run().await;
            assert_eq!(run.status, 0, "{}", run.stderr);
            let says = "--at 2020-07-01 18:00 +02:00 (Europe/Berlin) is past: the work begins at once\n";
            assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
        }
    }
    let now = barlift(&database, &["enqueue", "import", folder.arg(), "--in", "0s"]).run().await;
    assert!(!now.stderr.contains("is past"), "{}", now.stderr);
}
