//! A success is one: a file without a bar fails and says why, bars that differ show in the exit status, and a
//! verification is shown by its verdict.

use serde_json::Value;

use crate::support::{Folder, HEADER, Run, TestDatabase, bar, barlift, bars, drain};

async fn import(database: &TestDatabase, folder: &Folder, more: &[&str]) -> Run {
    let mut arguments = vec!["import", folder.arg()];
    arguments.extend(more);
    barlift(database, &arguments).run().await
}

fn message(result: &Value) -> &str {
    result["tasks"][0]["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {result}"))
}

const VALUES: &str = "Open,High,Low,Close,Volume\n";

/// Files of which no row is a bar, the flags they are imported with, and what is said of them.
fn cases() -> Vec<(String, &'static [&'static str], &'static [&'static str])> {
    const QUOTED: &str = "\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\"\n\
        \"03/03/2026\",\"26,046.00\",\"25,944.00\",\"26,086.00\",\"25,876.00\",\"190.65K\"\n\
        \"03/02/2026\",\"25,941.00\",\"26,084.00\",\"26,149.00\",\"25,912.00\",\"-\"\n";
    let dated = |rows: &str| format!("Date,{VALUES}{rows}");
    vec![
        (
            format!("Timestamp,{VALUES}00:00:00,1.26,1.27,1.25,1.26,55\n00:01:00,1.26,1.27,1.25,1.26,41\n"),
            &[],
            &["line 1", "`Timestamp` holds a time of day, and no column the date", "--column time=Timestamp"],
        ),
        (
            dated("yesterday,1,2,0.5,1,1\n"),
            &[],
            &["line 2", "(1 of 1)", "`yesterday` is no time", "--time-format"],
        ),
        (
            dated("02/03/2026,1,2,0.5,1,1\n"),
            &[],
            &["give --time-format '%d/%m/%Y' or --time-format '%m/%d/%Y'"],
        ),
        (QUOTED.into(), &[], &["line 1", "give --time-format '%d/%m/%Y' or --time-format '%m/%d/%Y'"]),
        (
            QUOTED.into(),
            &["--thousands", "none", "--column", "volume=Vol.", "--time-format", "%m/%d/%Y"],
            &["column 3: open `25,944.00` is not a number", "give --thousands ,"],
        ),
        (
            dated("2026-03-02,1,2,0.5,190K,1\n"),
            &[],
            &["line 2", "close `190K` is not a number", "abbreviated"],
        ),
        (
            "Date;Open;High;Low;Close;Volume\n2026-03-02;1.25;2;1;1;1\n".into(),
            &["--decimal-comma", "--column", "volume=Volume"],
            &["leave out --decimal-comma"],
        ),
        (HEADER.into(), &[], &["A_1d.csv: it has no row (--allow-empty lets such files succeed)"]),
        (dated("2026-03-02,1,2\n"), &[], &["has 3 fields instead of 6", "one field for each column"]),
        (
            dated("2026-03-02,1,0.5,0.9,1,1\n"),
            &["--on-invalid", "reject"],
            &["breaks high_below_low", "--on-invalid warn"],
        ),
    ]
}

#[tokio::test]
async fn a_file_of_which_no_row_is_a_bar_fails_and_says_what_mends_it() {
    for (text, flags, parts) in cases() {
        let (database, folder) = (TestDatabase::new().await, Folder::new());
        folder.write("A_1d.csv", &text);
        // Of another dialect than some of the flags.
        let others = !flags.contains(&"--column");
        if others {
            folder.write("GOOD_1m.csv", bars(3, 1));
        }
        for dry_run in [true, false] {
            let mut more = vec!["--json"];
            more.extend(flags);
            more.extend(dry_run.then_some("--dry-run"));
            let result = import(&database, &folder, &more).await.json(1);
            let (task, error) = (&result["tasks"][0], message(&result));
            for part in parts {
                assert!(error.contains(part), "`{part}` is not in: {error}");
            }
            assert_eq!((&task["state"], &task["error"]["class"]), (&"failed".into(), &"permanent".into()));
            assert_eq!(task["attempts"], 1, "{error}");
            assert_eq!(task["rows"], task["rows_rejected"], "{task}");
            assert!(!others || result["tasks"][1]["state"] == "succeeded", "{result}");
            let report = barlift(&database, &["report", "--json"]).run().await.json(0);
            let kept = report["rejected_rows"].as_array().map_or(0, Vec::len);
            let rejected = if dry_run { Some(0) } else { task["rows_rejected"].as_u64() };
            assert_eq!(Some(kept as u64), rejected, "{report}");
        }
        assert_eq!(database.bars().await, if others { 3 } else { 0 });
    }
}

#[tokio::test]
async fn a_file_without_bars_succeeds_if_that_is_allowed() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", format!("{HEADER}x\ny\n"));
    folder.write("B_1m.csv", HEADER);
    let result = import(&database, &folder, &["--allow-empty", "--json"]).await.json(0);
    assert_eq!((&result["totals"]["succeeded"], &result["totals"]["rows_rejected"]), (&2.into(), &2.into()));
    let shown = import(&database, &folder, &["--allow-empty"]).await;
    assert!(shown.stdout.contains("WARNING: every row of 1 file was rejected"), "{}", shown.stdout);
    let enqueue = ["enqueue", "import", folder.arg(), "--allow-empty"];
    assert_eq!(barlift(&database, &enqueue).run().await.status, 0);
    drain(&database).await;
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["totals"]["succeeded"], 2);
    let configured =
        barlift(&database, &["import", folder.arg()]).env("BARLIFT__IMPORT__ALLOW_EMPTY", "true");
    assert_eq!(configured.run().await.status, 0);
    assert_eq!(import(&database, &folder, &[]).await.status, 1);
}

#[tokio::test]
async fn files_whose_bars_are_there_are_not_empty() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(3, 1));
    assert_eq!(import(&database, &folder, &[]).await.status, 0);
    assert_eq!(import(&database, &folder, &[]).await.status, 0, "recognised");
    let skipped = import(&database, &folder, &["--force", "--json"]).await.json(0);
    assert_eq!(skipped["totals"]["rows_skipped"], 3);
    folder.write("A_1m.csv", format!("{HEADER}{}", bar(1, 2)));
    let mismatched = import(&database, &folder, &["--on-mismatch", "overwrite", "--json"]).await.json(0);
    assert_eq!(mismatched["totals"]["rows_mismatched"], 1);
}

/// Rows of an attempt that broke off count with those of the next one, and so does what they say.
#[tokio::test]
async fn rejected_rows_of_earlier_attempts_count() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let rows: String = (1..=13).map(|day| format!("2026-03-{day:02},1,2,0.5,190K,1\n")).collect();
    folder.write("A_1d.csv", format!("Date,{VALUES}{rows}"));
    for statement in [
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.line = 10 AND nextval('tries') = 1 THEN
                 RAISE EXCEPTION 'for once' USING ERRCODE = 'serialization_failure';
             END IF;
             RETURN NEW;
         END $$",
        "CREATE TRIGGER break_off BEFORE INSERT ON barlift.rejected_rows FOR EACH ROW EXECUTE FUNCTION break_off()",
    ] {
        database.execute(statement).await;
    }
    let result = import(&database, &folder, &["--batch-rows", "4", "--json"]).await.json(1);
    let task = &result["tasks"][0];
    assert_eq!((&task["attempts"], &task["rows_rejected"]), (&2.into(), &13.into()), "{result:#}");
    let error = message(&result);
    assert!(error.contains("(13 of 13)"), "{error}");
    assert!(error.contains("abbreviated with K"), "{error}");
}

/// --max-rejects, which fails a file in its first batch, does not hide what would mend it.
#[tokio::test]
async fn too_many_rejected_rows_of_a_file_without_a_bar_say_what_mends_it() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let rows: String = (1..=6).map(|day| format!("2026-03-{day:02},1,2,0.5,190K,1\n")).collect();
    folder.write("A_1d.csv", format!("Date,{VALUES}{rows}"));
    for more in [&["--max-rejects", "2"][..], &["--max-rejects", "2", "--allow-empty"]] {
        let mut flags = vec!["--json", "--batch-rows", "3"];
        flags.extend(more);
        let result = import(&database, &folder, &flags).await.json(1);
        let error = message(&result);
        assert!(
            error.starts_with("A_1d.csv, line 2: 3 of 3 rows rejected, more than --max-rejects 2. "),
            "{error}"
        );
        assert!(error.contains("(3 of 3)") && error.contains("abbreviated with K"), "{error}");
    }
}

#[tokio::test]
async fn rows_that_end_with_a_delimiter_are_read() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write(
        "A_1d.csv",
        "date,open,high,low,close,volume\n2026-03-02,10,11,9,10.5,5,\n2026-03-03,10.5,11,10,10.7,6,\n",
    );
    let result = import(&database, &folder, &["--json"]).await.json(0);
    assert_eq!(result["totals"]["rows_imported"], 2);
    let verified = barlift(&database, &["verify", folder.arg()]).run().await;
    assert_eq!(verified.status, 0, "{}", verified.stdout);
}

#[tokio::test]
async fn bars_that_are_left_different_exit_with_1() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(20, 1));
    assert_eq!(import(&database, &folder, &[]).await.status, 0);
    folder.write("A_1m.csv", format!("{HEADER}{}{}", bar(4, 2), bar(30, 1)));
    for (flags, status, says) in [
        (&["--dry-run"][..], 1, "1 bar differs from the database's: would keep the database's values"),
        (&[], 1, "1 bar differs from the database's: kept the database's values (--on-mismatch overwrite"),
        (&["--dry-run", "--on-mismatch", "overwrite"], 0, "would overwrite 1 bar of the database"),
    ] {
        let run = import(&database, &folder, flags).await;
        assert_eq!(run.status, status, "{flags:?}: {}", run.stdout);
        assert!(run.stdout.contains(says), "{flags:?}: {}", run.stdout);
    }
    // Whoever waits for workers is told the same.
    let mut worker = barlift(&database, &["worker"]).spawn();
    let waiting = barlift(&database, &["enqueue", "import", folder.arg(), "--wait"]).run().await;
    assert_eq!(waiting.status, 1, "{}", waiting.stdout);
    assert_eq!(barlift(&database, &["status", "--watch"]).run().await.status, 1);
    assert_eq!(barlift(&database, &["status"]).run().await.status, 0, "to look is no failure");
    folder.write("B_1m.csv", HEADER);
    let waiting = barlift(&database, &["enqueue", "import", folder.arg(), "--wait"]).run().await;
    assert_eq!(waiting.status, 1);
    folder.write("B_1m.csv", bars(2, 1));
    let retried = barlift(&database, &["retry", "latest", "--wait"]).run().await;
    assert_eq!(retried.status, 1, "B is mended, A differs still: {}", retried.stdout);
    assert!(!worker.has_ended());
    drop(worker);
    let run = import(&database, &folder, &["--on-mismatch", "overwrite"]).await;
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("overwrote 1 bar of the database with the files' values"), "{}", run.stdout);
    assert_eq!(import(&database, &folder, &[]).await.status, 0);
}

#[tokio::test]
async fn operations_and_status_show_verdicts_and_dry_runs() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(20, 1));
    folder.write("B_1m.csv", HEADER);
    let dry = import(&database, &folder, &["--dry-run"]).await;
    assert_eq!(dry.status, 1, "{}", dry.stdout);
    assert!(
        dry.stdout.contains("failed (dry run) in") && !dry.stdout.contains("barlift retry"),
        "{}",
        dry.stdout
    );
    folder.write("B_1m.csv", bars(5, 2));
    assert_eq!(import(&database, &folder, &[]).await.status, 0);
    let verify = async || barlift(&database, &["verify", folder.arg()]).run().await;
    assert_eq!(verify().await.status, 0);
    let sampled = barlift(&database, &["verify", folder.arg(), "--mode", "sample"]).run().await;
    assert_eq!(sampled.status, 0, "{}", sampled.stdout);
    let status = barlift(&database, &["status"]).run().await.stdout;
    assert!(status.contains(" IDENTICAL (sample) in "), "{status}");
    database.execute("DELETE FROM barlift.bars WHERE time = '2024-01-01 00:03Z'").await;
    let differing = verify().await;
    assert!(
        differing.stdout.contains(" DIFFERS in ") && !differing.stdout.contains("succeeded in"),
        "{}",
        differing.stdout
    );
    folder.write("B_1m.csv", "nonsense\n");
    folder.write(
        "A_1m.csv",
        format!(
            "{HEADER}{}{}",
            bars(3, 1).replace(HEADER, ""),
            bars(20, 1).split_inclusive('\n').skip(5).collect::<String>()
        ),
    );
    let incomplete = verify().await;
    assert_eq!(incomplete.status, 1, "{}", incomplete.stdout);
    let list = barlift(&database, &["operations"]).run().await.stdout;
    let states = [
        "INCOMPLETE (failed)",
        "DIFFERS",
        "IDENTICAL (sample)",
        "IDENTICAL",
        "succeeded",
        "failed (dry run)",
    ];
    for (line, state) in list.lines().skip(1).zip(states) {
        assert!(line.contains(&format!("  {state}  ")), "{state} in {line}");
    }
    let verdicts: Vec<Value> = barlift(&database, &["operations", "--json"])
        .run()
        .await
        .json(0)
        .as_array()
        .expect("a list")
        .iter()
        .map(|o| o["verdict"].clone())
        .collect();
    assert_eq!(
        verdicts,
        [
            Value::from("incomplete"),
            "differs".into(),
            "identical".into(),
            "identical".into(),
            Value::Null,
            Value::Null
        ]
    );
    let dry_run = list.lines().last().expect("a line");
    assert!(!dry_run.contains("  20  file"), "a dry run imports nothing: {dry_run}");
}

#[tokio::test]
async fn a_file_of_no_bytes_is_one_without_bars() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", "");
    folder.write("B_1m.csv", "\n\r\n");
    // Alone, and together with others.
    for others in [0, 20] {
        for i in 0..others {
            folder.write(&format!("S{i:02}_1m.csv"), bars(3, i));
        }
        let refused = import(&database, &folder, &["--json"]).await.json(1);
        assert_eq!(refused["totals"]["failed"], 2, "{refused}");
        let says = "A_1m.csv: the file is empty: it has no header (--allow-empty lets such files succeed)";
        assert_eq!(message(&refused), says);
        let allowed = import(&database, &folder, &["--allow-empty", "--json"]).await.json(0);
        assert_eq!((&allowed["totals"]["failed"], &allowed["tasks"][0]["rows"]), (&0.into(), &0.into()));
    }
    // Its verification takes it as its import did.
    let both = import(&database, &folder, &["--allow-empty", "--verify", "--force", "--json"]).await.json(0);
    assert_eq!(both["verification"]["totals"]["identical"], 22, "{both}");
    for (flag, status, states) in
        [(None, 1, "20 identical, 2 failed"), (Some("--allow-empty"), 0, "22 identical")]
    {
        let arguments: Vec<&str> = ["verify", folder.arg()].into_iter().chain(flag).collect();
        let alone = barlift(&database, &arguments).run().await;
        assert_eq!(alone.status, status, "{}", alone.stdout);
        assert!(alone.stdout.contains(states), "{}", alone.stdout);
        let says = "A_1m.csv: the file is empty: it has no header (--allow-empty lets such files succeed)";
        assert_eq!(alone.stdout.contains(says), flag.is_none(), "{}", alone.stdout);
    }
    // What is to be saved stays an error: a pipe that brought nothing, and what cannot be empty.
    let others = Folder::new();
    for name in ["new.csv", "new.parquet"] {
        let file = others.write(name, "");
        let save = ["data", "save", "N", "1m", file.to_str().expect("UTF-8")];
        let save = barlift(&database, &save).env("BARLIFT__IMPORT__ALLOW_EMPTY", "true").run().await;
        assert!(save.status != 0 && save.stderr.contains("the file is empty"), "{name}: {}", save.stderr);
    }
}

crate::support::also_on_the_columnstore! {
    a_file_without_bars_succeeds_if_that_is_allowed,
    bars_that_are_left_different_exit_with_1,
}
