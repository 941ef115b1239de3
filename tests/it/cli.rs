//! What the user sees: texts, streams and exit statuses.

use crate::support::{Folder, HEADER, Run, TestDatabase, bar, barlift, barlift_alone, bars};

/// Compares all three of a run with the snapshot, with what differs from run to run replaced.
pub fn check(name: &str, run: &Run, folder: &Folder) {
    let seen = format!("exit status: {}\n--- stdout\n{}--- stderr\n{}", run.status, run.stdout, run.stderr);
    let seen = seen.replace(folder.arg(), "[folder]");
    insta::with_settings!({filters => vec![
        (r"op_migration_[0-9A-Z]{26}", "[operation]"),
        (r"\d+\.\d+s", "[time]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "[created]"),
    ]}, { insta::assert_snapshot!(name, seen) });
}

#[tokio::test]
async fn help() {
    let none = Folder::new();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_import", &["import", "--help"]),
        ("help_enqueue", &["enqueue", "import", "--help"]),
        ("help_worker", &["worker", "--help"]),
        ("help_report", &["report", "--help"]),
        ("help_diagnose", &["diagnose", "--help"]),
    ] {
        check(name, &barlift_alone(arguments).run().await, &none);
    }
}

#[tokio::test]
async fn the_exit_statuses_of_help_are_those_of_the_docs() {
    let statuses = |text: &str, before: &str, after: &str| -> Vec<u8> {
        let rows = text.lines().filter_map(|l| l.strip_prefix(before)?.split_once(after)?.0.parse().ok());
        rows.collect()
    };
    let help = barlift_alone(&["--help"]).run().await.stdout;
    let page = include_str!("../../docs/cli.md");
    let in_help = statuses(&help, "  ", "  ");
    assert_eq!(in_help, [0, 1, 2, 3, 4]);
    // A signal is the shell's business as well.
    assert_eq!(statuses(page, "| ", " |"), [&in_help[..], &[130]].concat());
}

#[tokio::test]
async fn an_internal_error_exits_with_4() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", format!("{}nonsense\n", bars(3, 1)));
    barlift(&database, &["import", folder.arg()]).run().await;
    // barlift never stores such a path.
    sqlx::query("UPDATE barlift.tasks SET source = '../A_1m.csv'")
        .execute(&database.pool)
        .await
        .expect("changed");
    let mend = folder.path().join("mend");
    let arguments = ["report", "latest", "--rejected-to", mend.to_str().expect("UTF-8")];
    let run = barlift(&database, &arguments).run().await;
    assert_eq!(run.status, 4, "{}", run.stderr);
    assert!(run.stderr.starts_with("error: internal error: "), "{}", run.stderr);
}

#[tokio::test]
async fn an_import_with_everything_in_it() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("AAPL_1m.csv", bars(1500, 1));
    folder.write("MSFT_1d.csv", "date,open,high,low,close,adj close,volume\n2024-01-02,1,2,0.5,1.5,1.4,10\n2024-01-03,1,0.9,0.5,1.5,1.4,10\nbad,1,2,0.5,1.5,1.4,10\n");
    folder.write("BAD_1h.csv", "time,open\n");
    folder.write("notes.csv", "");
    let run = barlift(&database, &["import", folder.arg(), "--concurrency", "1"]).run().await;
    check("import", &run, &folder);
}

#[tokio::test]
async fn a_dry_run() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("AAPL_1m.csv", bars(15, 1));
    let run = barlift(&database, &["import", folder.arg(), "--dry-run"]).run().await;
    check("dry_run", &run, &folder);
}

#[tokio::test]
async fn the_report() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(3, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    let text = format!("{HEADER}{}broken\n2024-02-01,1,0.5,0.9,1,-5\n", bar(1, 2));
    folder.write("A_1m.csv", text);
    barlift(&database, &["import", folder.arg()]).run().await;
    for (name, format) in [("report_table", "table"), ("report_csv", "csv"), ("report_json", "json")] {
        let run = barlift(&database, &["report", "latest", "--format", format]).run().await;
        check(name, &run, &folder);
    }
}

#[tokio::test]
async fn operations_and_their_names() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    check("operations_none", &barlift(&database, &["operations"]).run().await, &folder);
    folder.write("A_1m.csv", bars(3, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    check("operations", &barlift(&database, &["operations"]).env("COLUMNS", "160").run().await, &folder);
    check("status_unknown", &barlift(&database, &["status", "nonsense"]).run().await, &folder);
    barlift(&database, &["import", folder.arg()]).run().await;
    // What all ids have in common names none, so that a variable with nothing in it does no harm.
    check("status_too_short", &barlift(&database, &["cancel", "op_migration_"]).run().await, &folder);
    // The first digits of a ULID are those of its time.
    let id: String = database.scalar("SELECT max(id) FROM barlift.operations").await;
    let ambiguous = barlift(&database, &["status", &id["op_migration_".len()..][..5]]).run().await;
    assert_eq!(ambiguous.status, 2);
    assert!(
        ambiguous.stderr.contains("fits several operations\nhint: give more of the id"),
        "{}",
        ambiguous.stderr
    );
    let part = id[id.len() - 8..].to_lowercase();
    assert_eq!(barlift(&database, &["status", &part, "--json"]).run().await.json(0)["operation_id"], id);
}

/// All lines that belong to a table: from its header to the next empty line.
fn table_lines(stdout: &str) -> Vec<&str> {
    let mut inside = false;
    let lines = stdout.lines().filter(|line| {
        inside = !line.is_empty()
            && (inside || ["SYMBOL", "OPERATION", "FROM ", "TIME "].iter().any(|h| line.starts_with(h)));
        inside
    });
    lines.collect()
}

/// Files that give every column of every table something to show, with numbers of seven digits.
async fn findings_of_every_kind(database: &TestDatabase, folder: &Folder) {
    folder.write("LONGSYMBOL_1m.csv", bars(1200, 1));
    folder.write("B_1m.csv", bars(20, 1));
    barlift(database, &["import", folder.arg()]).run().await;
    let changed = bars(1200, 1).replace(&bar(1, 1), &bar(1, 2)).replace(&bar(2, 1), &bar(2, 2));
    let odd = "broken\n2024-02-01,1,0.5,0.9,1,-5\n2024-02-01,1,0.5,0.9,1,-5\n";
    folder.write("LONGSYMBOL_1m.csv", format!("{changed}{odd}"));
    folder.write("BAD_1h.csv", "time,open\n");
    barlift(database, &["import", folder.arg()]).run().await;
    // As of a large file.
    database
        .execute(
            "UPDATE barlift.tasks SET rows = rows + 6000000, rows_imported = rows_imported + 2000000,
             rows_skipped = rows_skipped + 1000000, rows_mismatched = rows_mismatched + 1000000,
             rows_rejected = rows_rejected + 1000000, rows_duplicate = rows_duplicate + 1000000,
             quality_issues = quality_issues + 1000000 WHERE symbol = 'LONGSYMBOL'",
        )
        .await;
}

#[tokio::test]
async fn tables_fit_the_terminal_and_break_no_word() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    findings_of_every_kind(&database, &folder).await;
    barlift(&database, &["verify", folder.arg()]).run().await;
    let import: String =
        database.scalar("SELECT max(id) FROM barlift.operations WHERE id LIKE 'op_m%'").await;
    for columns in ["60", "80", "100"] {
        for arguments in [
            &["status", &import][..],
            &["status", "latest"],
            &["operations"],
            &["report", &import],
            &["report", "latest"],
            &["data", "symbols"],
        ] {
            let run = barlift(&database, arguments).env("COLUMNS", columns).run().await;
            let shown = table_lines(&run.stdout);
            assert!(!shown.is_empty(), "{arguments:?}: {}", run.stdout);
            let room: usize = columns.parse().expect("a number");
            for line in &shown {
                assert!(line.chars().count() <= room, "{columns} columns, {arguments:?}:\n{}", run.stdout);
            }
            let words: Vec<&str> = shown.iter().flat_map(|line| line.split_whitespace()).collect();
            let whole =
                if arguments[0] == "operations" { &import[import.len() - 10..] } else { "LONGSYMBOL" };
            let found = words.iter().any(|w| *w == whole || w.ends_with(whole));
            assert!(found, "{columns} columns, {arguments:?}: no {whole} in\n{}", run.stdout);
        }
    }
    // What is left out for want of room is there in a wider terminal.
    let wide = barlift(&database, &["status", &import]).env("COLUMNS", "160").run().await;
    let header = wide.stdout.lines().next().expect("a header");
    for title in ["TIMEFRAME", "IMPORTED", "SKIPPED", "MISMATCHED", "REJECTED", "DUPLICATE", "ISSUES", "TIME"]
    {
        assert!(header.split_whitespace().any(|t| t == title), "{header}");
    }
}

#[tokio::test]
async fn a_short_id_of_the_list_names_its_operation() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(3, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    let list = barlift(&database, &["operations"]).env("COLUMNS", "80").run().await.stdout;
    let short = list.lines().nth(1).and_then(|l| l.split_whitespace().next()).expect("an id");
    let id: String = database.scalar("SELECT id FROM barlift.operations").await;
    assert!(id.len() > 30 && id.ends_with(short) && short.len() == 10, "{short}");
    assert_eq!(barlift(&database, &["status", short, "--json"]).run().await.json(0)["operation_id"], id);
}

#[tokio::test]
async fn the_json_of_status_keeps_its_contract() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", format!("{}x\n", bars(3, 1)));
    folder.write("B_1m.csv", "");
    barlift(&database, &["import", folder.arg()]).run().await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    for key in ["operation_id", "type", "state", "trace_id", "created_at", "started_at", "finished_at"] {
        assert!(status[key].is_string(), "{key}");
    }
    assert_eq!(status["type"], "DATA_MIGRATION");
    assert_eq!(status["trace_id"].as_str().map(str::len), Some(32));
    let counters = [
        "rows",
        "rows_imported",
        "rows_skipped",
        "rows_mismatched",
        "rows_rejected",
        "rows_duplicate",
        "quality_issues",
    ];
    for key in ["tasks", "pending", "running", "succeeded", "failed", "cancelled"].iter().chain(&counters) {
        assert!(status["totals"][key].is_i64(), "totals.{key}");
    }
    for task in status["tasks"].as_array().expect("tasks") {
        for key in ["symbol", "timeframe", "source", "state"] {
            assert!(task[key].is_string(), "{key}");
        }
        for key in ["attempts", "duration_ms"].iter().chain(&counters) {
            assert!(task[key].is_i64(), "{key}");
        }
    }
    assert_eq!(status["tasks"][0]["error"], serde_json::Value::Null);
    assert_eq!(status["tasks"][1]["error"]["class"], "permanent");
    assert!(status["tasks"][1]["error"]["message"].is_string());
}

#[tokio::test]
async fn usage_and_configuration_errors() {
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(3, 1));
    let config = folder.write("settings.toml", "[import]\nbatch_row = 5\n");
    let config = config.to_str().expect("UTF-8");
    for (name, program) in [
        ("no_command", barlift_alone(&[])),
        ("unknown_flag", barlift_alone(&["import", folder.arg(), "--batchrows", "5"])),
        ("bad_policy", barlift_alone(&["import", folder.arg(), "--on-mismatch", "ignore"])),
        ("bad_column", barlift_alone(&["import", folder.arg(), "--column", "price=x"])),
        ("bad_rejects", barlift_alone(&["import", folder.arg(), "--max-rejects", "some"])),
        ("unknown_key", barlift_alone(&["--config", config, "import", folder.arg()])),
        (
            "unknown_variable",
            barlift_alone(&["import", folder.arg()]).env("BARLIFT__WORKER__CONCURENCY", "2"),
        ),
        ("missing_config", barlift_alone(&["--config", "/nowhere.toml", "import", folder.arg()])),
        ("too_few_connections", barlift_alone(&["worker"]).env("BARLIFT__DATABASE__MAX_CONNECTIONS", "3")),
    ] {
        let run = program.run().await;
        assert_eq!(run.status, 2, "{name}: {}", run.stderr);
        check(name, &run, &folder);
    }
}

#[tokio::test]
async fn a_local_configuration_file_counts_and_flags_win() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A-1m.csv", bars(3, 1));
    folder.write("barlift.toml", "[import]\npattern = '{symbol}-{timeframe}.csv'\nmax_rejects = '0'\n");
    let run = barlift(&database, &["import", folder.arg(), "--json"]).current_dir(folder.path()).run().await;
    assert_eq!(run.json(0)["totals"]["rows_imported"], 3);
    let arguments = ["import", folder.arg(), "--json", "--pattern", "{symbol}_{timeframe}.csv"];
    assert_eq!(barlift(&database, &arguments).current_dir(folder.path()).run().await.status, 2);
}

#[tokio::test]
async fn completions_are_a_script() {
    for (shell, part) in
        [("bash", "_barlift()"), ("zsh", "#compdef barlift"), ("fish", "complete -c barlift")]
    {
        let run = barlift_alone(&["completions", shell]).run().await;
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains(part), "{shell}");
        assert!(!run.stdout.contains("embedded-keeper"), "hidden commands stay hidden in {shell}");
    }
}

#[tokio::test]
async fn a_reader_that_leaves_early_is_no_error() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", format!("{HEADER}{}", "broken\n".repeat(20_000)));
    barlift(&database, &["import", folder.arg()]).run().await;
    for format in ["table", "csv", "json"] {
        let arguments = ["report", "latest", "--limit", "20000", "--format", format];
        assert_eq!(barlift(&database, &arguments).run_unread().await, Some(0), "{format}");
    }
}
