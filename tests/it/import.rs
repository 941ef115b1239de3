//! What becomes of rows (imported, skipped, mismatched, rejected, duplicate), and where a retry continues.

use barlift::counts::RowCounts;
use barlift::import::ImportAttempt;
use barlift::model::Fence;
use barlift::repository::source_cache::CachedImport;
use barlift::task::{Claim, Claimant, Lease, Opening, TaskInfo};
use barlift::telemetry::{AttemptRecord, AttemptTelemetry};
use serde_json::Value;

use crate::support::{Folder, HEADER, TestDatabase, bar, barlift, bars, drain, enqueue};

async fn import(database: &TestDatabase, folder: &Folder, more: &[&str]) -> Value {
    let mut arguments = vec!["import", folder.arg(), "--json"];
    arguments.extend(more);
    barlift(database, &arguments).run().await.imported()
}

/// rows, imported, skipped, mismatched, rejected, duplicate
fn counts(result: &Value) -> [i64; 6] {
    ["rows", "rows_imported", "rows_skipped", "rows_mismatched", "rows_rejected", "rows_duplicate"]
        .map(|name| result["totals"][name].as_i64().expect(name))
}

#[tokio::test]
async fn a_file_that_grew_adds_only_its_new_rows() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(500, 1));
    assert_eq!(counts(&import(&database, &folder, &[]).await), [500, 500, 0, 0, 0, 0]);
    folder.write("A_1m.csv", bars(700, 1));
    assert_eq!(counts(&import(&database, &folder, &["--batch-rows", "64"]).await), [700, 200, 500, 0, 0, 0]);
    assert_eq!(database.bars().await, 700);
}

/// Such batches look at what is there by COPY; the last one's range holds far more bars than the batch.
#[tokio::test]
async fn large_batches_are_compared_bar_by_bar() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(18_000, 1));
    assert_eq!(counts(&import(&database, &folder, &[]).await), [18_000, 18_000, 0, 0, 0, 0]);
    let all: Vec<String> = (0..18_000).map(|i| bar(i, if i == 12_000 { 2 } else { 1 })).collect();
    let mut new = all.clone();
    new.extend((18_000..18_100).map(|i| bar(i, 1)));
    for (rows, want) in [
        (&all[..], [18_000, 0, 17_999, 1, 0, 0]),
        (&new[..], [18_100, 100, 17_999, 1, 0, 0]),
        (&all.iter().step_by(3).cloned().collect::<Vec<_>>()[..], [6_000, 0, 5_999, 1, 0, 0]),
    ] {
        folder.write("A_1m.csv", format!("{HEADER}{}", rows.concat()));
        assert_eq!(counts(&import(&database, &folder, &["--force", "--on-step", "warn"]).await), want);
        let report = barlift(&database, &["report", "--json"]).run().await.json(0);
        assert_eq!(report["mismatches"].as_array().expect("a list").len(), 1);
    }
    // While the series was new, there was nothing to be read.
    let ways = "SELECT array_agg(DISTINCT (t.rows_skipped > 0) || ' ' || (s ->> 'operation'))
                FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id, jsonb_array_elements(slowest) s
                WHERE s ->> 'statement' LIKE '%FROM barlift.bars%ORDER BY time%'";
    assert_eq!(database.scalar::<Vec<String>>(ways).await, ["false SELECT", "true COPY"]);
}

#[tokio::test]
async fn unsorted_rows_and_duplicates_within_and_across_batches() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    let mut lines: Vec<String> = (0..300).map(|i| bar(i, 1)).collect();
    // A fixed shuffle.
    lines.sort_by_key(|l| blake3_of(l));
    let same = lines[5].clone();
    let contradiction = lines[7].replacen(',', ",999", 1);
    lines.insert(8, same.clone());
    lines.push(same);
    lines.push(contradiction.clone());
    folder.write("A_1m.csv", format!("{HEADER}{}", lines.concat()));
    for batch_rows in ["17", "1000"] {
        database.execute("TRUNCATE barlift.bars").await;
        let result = import(&database, &folder, &["--batch-rows", batch_rows, "--force"]).await;
        assert_eq!(counts(&result), [303, 300, 0, 0, 1, 2], "batches of {batch_rows}");
        let report = barlift(&database, &["report", "--json"]).run().await.json(0);
        let rejected = &report["rejected_rows"][0];
        assert_eq!(rejected["rule"], "duplicate");
        assert_eq!(rejected["line"], 304);
        assert_eq!(rejected["raw"], contradiction.trim_end());
    }
    // Against what is there now, the first row of each time still decides.
    let again = import(&database, &folder, &["--batch-rows", "17", "--force"]).await;
    assert_eq!(counts(&again), [303, 0, 300, 0, 1, 2]);
}

fn blake3_of(line: &str) -> u64 {
    line.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[tokio::test]
async fn duplicates_of_a_mismatched_row_are_judged_by_the_file() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    import(&database, &folder, &[]).await;
    // Row 0 differs from the database's; its copy, batches later, equals the file's first row.
    let changed = bar(0, 2);
    let lines: String = (1..10).map(|i| bar(i, 1)).collect();
    folder.write("A_1m.csv", format!("{HEADER}{changed}{lines}{changed}"));
    let result = import(&database, &folder, &["--batch-rows", "3"]).await;
    assert_eq!(counts(&result), [11, 0, 9, 1, 0, 1]);
}

#[tokio::test]
async fn a_sparse_file_in_a_dense_series_is_looked_up() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(5000, 1));
    import(&database, &folder, &[]).await;
    let sparse: String = (0..5000).step_by(500).map(|i| bar(i, 1)).collect();
    folder.write("A_1m.csv", format!("{HEADER}{sparse}"));
    assert_eq!(counts(&import(&database, &folder, &[]).await), [10, 0, 10, 0, 0, 0]);
}

#[tokio::test]
async fn recognition_needs_the_bars_to_be_there_still() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100, 1));
    import(&database, &folder, &[]).await;
    let again = import(&database, &folder, &[]).await;
    assert_eq!(again["tasks"][0]["recognised"], true);

    database.execute("DELETE FROM barlift.bars WHERE time = '2024-01-01 00:10Z'").await;
    let mended = import(&database, &folder, &[]).await;
    assert_eq!(mended["tasks"][0]["recognised"], false);
    assert_eq!(counts(&mended), [100, 1, 99, 0, 0, 0]);

    // Other options give the same bytes another meaning.
    let elsewhere =
        import(&database, &folder, &["--timezone", "Asia/Tokyo", "--on-conflict-shape", "warn"]).await;
    assert_eq!(elsewhere["tasks"][0]["recognised"], false);

    // Another file overwrites a value: the count is the same, the content is not.
    let other = Folder::new();
    other.write("A_1m.csv", format!("{HEADER}{}", bar(3, 2)));
    import(&database, &other, &["--on-mismatch", "overwrite"]).await;
    let after = import(&database, &folder, &[]).await;
    assert_eq!(after["tasks"][0]["recognised"], false);
    assert_eq!(counts(&after), [100, 0, 99, 1, 0, 0]);
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", format!("{}nonsense\n{}", bars(50, 1), bar(3, 1)));
    let dry = import(&database, &folder, &["--dry-run"]).await;
    assert_eq!(counts(&dry), [52, 50, 0, 0, 1, 1]);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(database.bars().await, 0);
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.series").await, 0);
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.rejected_rows").await, 0);

    import(&database, &folder, &[]).await;
    folder.write("A_1m.csv", format!("{HEADER}{}{}{}", bar(0, 1), bar(1, 2), bar(60, 1)));
    let dry = import(&database, &folder, &["--dry-run"]).await;
    assert_eq!(counts(&dry), [3, 1, 1, 1, 0, 0]);
    assert_eq!(database.bars().await, 50);
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.mismatches").await, 0);
}

#[tokio::test]
async fn mended_rejects_import_again() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    let bad = bar(5, 1).replace('\n', ",extra\n");
    folder.write("sub/A_1m.csv", format!("{}{bad}\u{0}broken\n", bars(5, 1)));
    let result = import(&database, &folder, &[]).await;
    assert_eq!(counts(&result), [7, 5, 0, 0, 2, 0]);
    let mend = Folder::new();
    let run = barlift(&database, &["report", "latest", "--rejected-to", mend.arg()]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let written = std::fs::read_to_string(mend.path().join("sub/A_1m.csv")).expect("written");
    assert_eq!(written, format!("{HEADER}{bad}\u{0}broken\n"));
    mend.write("sub/A_1m.csv", written.replace(",extra", "").replace("\u{0}broken\n", ""));
    assert_eq!(counts(&import(&database, &mend, &[]).await), [1, 1, 0, 0, 0, 0]);
    assert_eq!(database.bars().await, 6);
}

#[tokio::test]
async fn other_dialects_mean_the_same_bars() {
    let plain = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write(
        "A_1d.csv",
        "date,open,high,low,close,volume\n2024-01-02,1.5,2,1,1.75,10\n2024-01-03,1.5,2,1,1.25,20\n",
    );
    import(&plain, &folder, &[]).await;
    let query = "SELECT string_agg(concat_ws(' ', time, open, high, low, close, volume), ';' ORDER BY time) FROM barlift.bars";
    let want: String = plain.scalar(query).await;

    let cases: [(&str, &[&str]); 6] = [
        (
            "\u{feff}Volume;Close;Low;High;Open;Date\r\n10;1.75;1;2;1.5;20240102\r\n20;1.25;1;2;1.5;20240103\r\n",
            &[],
        ),
        (
            "Date\tO\tH\tL\tC\tVol\n1704153600000\t1.5\t2\t1\t1.75\t10\n1704240000000\t1.5\t2\t1\t1.25\t20",
            &[],
        ),
        ("2024-01-02,1.5,2,1,1.75,10\n2024-01-03,1.5,2,1,1.25,20\n", &["--no-header"]),
        (
            "d|t|o|h|l|Settle|v\n02.01.2024|00:00|1,5|2|1|1,75|10\n03.01.2024|00:00|1,5|2|1|1,25|20\n",
            &[
                "--decimal-comma",
                "--time-format",
                "%d.%m.%Y %H:%M",
                "--column",
                "date=d",
                "--column",
                "time=2",
                "--column",
                "close=settle",
            ],
        ),
        (
            "\"timestamp\",\"open\",\"high\",\"low\",\"close\",\"volume\"\n\"2024-01-02\",\"1.5\",\"2\",\"1\",\"1.75\",\"10\"\n2024-01-03,1.5,2,1,1.25,20\n",
            &[],
        ),
        (
            "timestamp,open,high,low,close,volume\n2024-01-01 19:00,1.5,2,1,1.75,10\n2024-01-02 19:00,1.5,2,1,1.25,20\n",
            &["--timezone", "America/New_York"],
        ),
    ];
    for (text, flags) in cases {
        let database = TestDatabase::new().await;
        let folder = Folder::new();
        folder.write("A_1d.csv", text);
        let result = import(&database, &folder, flags).await;
        assert_eq!(counts(&result), [2, 2, 0, 0, 0, 0], "{text}");
        assert_eq!(database.scalar::<String>(query).await, want, "{text}");
    }
}

#[tokio::test]
async fn ignored_columns_and_stray_files_are_named() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1d.csv", "date,open,high,low,close,adj close,volume\n2024-01-02,1.5,2,1,1.75,9,10\n");
    folder.write("notes.csv", "a,b\n");
    folder.write("README.txt", "not a CSV file");
    let result = import(&database, &folder, &[]).await;
    assert_eq!(result["tasks"][0]["ignored_columns"][0], "adj close");
    assert_eq!(result["unrecognised"][0]["path"], "notes.csv");
    assert_eq!(result["unrecognised"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn a_foreign_writer_in_between_is_no_failure() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(2000, 1));
    import(&database, &folder, &["--batch-rows", "10"]).await;
    database.execute("DELETE FROM barlift.bars").await;
    // A transaction that has written one of the bars, and commits only when the import waits for it.
    let mut foreign = database.pool.begin().await.expect("begun");
    sqlx::query("INSERT INTO barlift.bars SELECT id, '2024-01-01 00:05Z', 9, 9, 9, 9, 9 FROM barlift.series")
        .execute(&mut *foreign)
        .await
        .expect("inserted");
    let running = tokio::spawn({
        let program = barlift(&database, &["import", folder.arg(), "--json", "--force"]);
        program.run()
    });
    crate::support::eventually("the import waits for the foreign writer", || async {
        let waiting: i64 = database
            .scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'COPY%'")
            .await;
        (waiting > 0).then_some(())
    })
    .await;
    foreign.commit().await.expect("committed");
    let result = running.await.expect("ran").imported();
    assert_eq!(counts(&result), [2000, 1999, 0, 1, 0, 0]);
}

#[tokio::test]
async fn a_retry_goes_on_at_the_checkpoint_and_counts_nothing_twice() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(1000, 1));
    // The first tries meet a database that refuses the second half.
    database
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.time >= '2024-01-01 08:20Z' AND (SELECT count(*) < 3 FROM barlift.attempts) THEN
                     RAISE EXCEPTION 'no room' USING ERRCODE = '53100';
                 END IF;
                 RETURN NEW;
             END $$",
        )
        .await;
    database
        .execute("CREATE TRIGGER refuse BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION refuse()")
        .await;
    let result = import(&database, &folder, &["--batch-rows", "100"]).await;
    assert_eq!(counts(&result), [1000, 1000, 0, 0, 0, 0]);
    assert_eq!(result["tasks"][0]["attempts"], 3);
    assert_eq!(database.bars().await, 1000);
    let outcomes: Vec<String> = sqlx::query_scalar(
        "SELECT outcome || ' ' || coalesce(error_class, '') FROM barlift.attempts ORDER BY fence",
    )
    .fetch_all(&database.pool)
    .await
    .expect("attempts");
    assert_eq!(outcomes, ["failed transient", "failed transient", "succeeded "]);
    let read: (i64, Option<i64>) =
        sqlx::query_as("SELECT source_bytes - checkpoint, stored_read FROM barlift.tasks")
            .fetch_one(&database.pool)
            .await
            .expect("progress");
    assert_eq!(read, (0, None), "in plain text both are one number");
}

#[tokio::test]
async fn an_interrupted_recognition_vouches_for_nothing() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100, 1));
    import(&database, &folder, &[]).await;
    // The second time, the worker recognises the file and dies before it settles the task.
    enqueue(&database, &folder).await;
    let job = database.newest_job().await;
    let (lease, info) = claim(&database, &job, "dies").await;
    let root = barlift::source::root::Root::open(&info.root).await.expect("a root");
    let version = root.version(&info.source).await.expect("a version");
    lease.begin(&database.pool, &version.text).await.expect("begun");
    let known = CachedImport { of_file: RowCounts { rows: 100, ..RowCounts::default() }, task_id: None };
    lease.recognised(&database.pool, &known, version.size).await.expect("recognised");
    lease.hand_back(&database.pool, &AttemptRecord::default()).await.expect("handed back");
    drain(&database).await;

    database.execute("DELETE FROM barlift.bars").await;
    assert_eq!(counts(&import(&database, &folder, &[]).await), [100, 100, 0, 0, 0, 0]);
}

#[tokio::test]
async fn an_attempt_that_lost_its_task_can_write_nothing() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100, 1));
    enqueue(&database, &folder).await;
    let job = database.newest_job().await;
    let mut leases = Vec::new();
    for worker in ["frozen", "rescuer"] {
        let (lease, info) = claim(&database, &job, worker).await;
        leases.push(lease);
        if worker == "frozen" {
            continue;
        }
        let frozen = &leases[0];
        let lost = |e: barlift::error::Error| assert!(matches!(e, barlift::error::Error::LostLease), "{e}");
        // The first attempt has nothing to begin from, but one like the second has.
        let late = Lease { fence: Fence(leases[1].fence.0 + 1), ..leases[1].clone() };
        lost(late.begin(&database.pool, "v").await.expect_err("fenced"));
        let opening = Opening { version: "1 2 3".into(), ..Opening::default() };
        let mut connection = database.pool.acquire().await.expect("free");
        lost(frozen.open(&mut connection, &opening).await.expect_err("fenced"));
        lost(frozen.recognised(&database.pool, &CachedImport::default(), 1).await.expect_err("fenced"));
        lost(frozen.succeed(&database.pool, &AttemptRecord::default(), None).await.expect_err("fenced"));
        lost(frozen.hand_back(&database.pool, &AttemptRecord::default()).await.expect_err("fenced"));
        let context = barlift::task::AttemptContext {
            pool: database.pool.clone(),
            batch_rows: 10,
            stop: tokio_util::sync::CancellationToken::new(),
        };
        let delivery = barlift::queue::Delivery { job: job.clone(), traceparent: None };
        let telemetry = AttemptTelemetry::start(&info.attempt(frozen, "a test", &delivery));
        let barlift::task::TaskOptions::Import(options) = &info.options else { panic!("an import") };
        let attempt =
            |lease| ImportAttempt { context: &context, lease, task: &info, options, telemetry: &telemetry };
        lost(barlift::import::import(attempt(frozen)).await.expect_err("fenced"));
        assert_eq!(database.bars().await, 0);
        let rows = barlift::import::import(attempt(&leases[1])).await.expect("imported");
        assert_eq!(rows.rows.rows_imported, 100);
        leases[1].succeed(&database.pool, &AttemptRecord::default(), None).await.expect("settled");
    }
    assert_eq!(database.bars().await, 100);
}

async fn claim(database: &TestDatabase, job: &barlift::queue::Job, worker: &str) -> (Lease, TaskInfo) {
    let lease = std::time::Duration::from_secs(2);
    let claimant = Claimant { worker, max_rescues: 3, traces: false, lease };
    let claimed = barlift::task::claim(&database.pool, job, claimant).await.expect("claimed");
    let Claim::Started(started) = claimed.claim else { panic!("{claimed:?}") };
    *started
}

#[tokio::test]
async fn jobs_of_a_schema_that_was_dropped_disturb_nobody() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    import(&database, &folder, &[]).await;
    barlift(&database, &["enqueue", "import", folder.arg(), "--force"]).run().await;
    database.execute("DROP SCHEMA barlift CASCADE").await;
    assert_eq!(counts(&import(&database, &folder, &[]).await), [10, 10, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_file_without_a_bar_is_never_recognised() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", format!("{HEADER}x,1,1,1,1,1\ny,1,1,1,1,1\n"));
    for _ in 0..2 {
        assert_eq!(counts(&import(&database, &folder, &["--allow-empty"]).await), [2, 0, 0, 0, 2, 0]);
    }
}

// But for the foreign writer: nothing tells the import of it; columnstore/uniqueness.rs has what it leaves.
crate::support::also_on_the_columnstore! {
    a_file_that_grew_adds_only_its_new_rows,
    unsorted_rows_and_duplicates_within_and_across_batches,
    duplicates_of_a_mismatched_row_are_judged_by_the_file,
    a_sparse_file_in_a_dense_series_is_looked_up,
    recognition_needs_the_bars_to_be_there_still,
    a_dry_run_counts_and_writes_nothing,
    mended_rejects_import_again,
    other_dialects_mean_the_same_bars,
    ignored_columns_and_stray_files_are_named,
    a_retry_goes_on_at_the_checkpoint_and_counts_nothing_twice,
    an_interrupted_recognition_vouches_for_nothing,
    an_attempt_that_lost_its_task_can_write_nothing,
    a_file_without_a_bar_is_never_recognised,
}

crate::support::also_over_tcp_with_hostile_defaults! {
    a_file_that_grew_adds_only_its_new_rows,
    large_batches_are_compared_bar_by_bar,
    unsorted_rows_and_duplicates_within_and_across_batches,
    duplicates_of_a_mismatched_row_are_judged_by_the_file,
    a_sparse_file_in_a_dense_series_is_looked_up,
    recognition_needs_the_bars_to_be_there_still,
    a_dry_run_counts_and_writes_nothing,
    mended_rejects_import_again,
    other_dialects_mean_the_same_bars,
    ignored_columns_and_stray_files_are_named,
    a_foreign_writer_in_between_is_no_failure,
    a_retry_goes_on_at_the_checkpoint_and_counts_nothing_twice,
    an_interrupted_recognition_vouches_for_nothing,
    an_attempt_that_lost_its_task_can_write_nothing,
    jobs_of_a_schema_that_was_dropped_disturb_nobody,
    a_file_without_a_bar_is_never_recognised,
}
