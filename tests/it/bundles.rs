//! Small files in one bundle (claimed, written and settled in one transaction): each ends as if it had been alone,
//! whatever happens.
//!
//! Members of a bundle end at the same moment, to the microsecond: that of the transaction.

use nix::sys::signal::Signal;

use crate::support::collector::Collector;
use crate::support::{
    Child, Folder, HEADER, TestDatabase, bar, barlift, bars, drain, enqueue, eventually, hold_back,
};

/// Small files that are as they should be.
fn write(folder: &Folder, files: u64, rows: usize) {
    for i in 0..files {
        folder.write(&format!("S{i:02}_1m.csv"), bars(rows, i));
    }
}

/// How often attempts came to an end.
async fn ends(database: &TestDatabase) -> i64 {
    database.scalar("SELECT count(DISTINCT finished_at) FROM barlift.attempts").await
}

/// A worker whose files have no company: nobody risks others' attempts where one rescue is too many.
fn alone(program: crate::support::Program) -> crate::support::Program {
    program.env("BARLIFT__RETRY__MAX_RESCUES", "0")
}

/// Everything that an import leaves behind, but for ids and times of the clock.
async fn left(database: &TestDatabase) -> Vec<String> {
    let mut all = Vec::new();
    for query in [
        "SELECT source, symbol, timeframe, state, pushes, fence, attempts, failures, rescues, source_version, checkpoint, stored_read,
                header, ignored_columns, recognised, {each counter: *}, first_time, last_time, error_class,
                error_message, waits_for, finished_at >= started_at AS ended
         FROM barlift.tasks",
        "SELECT t.source, a.fence, a.attempt, a.outcome, a.rows, a.error_message, a.span_due_at, a.push
         FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id",
        "SELECT symbol, timeframe, content, held_by, waited_for FROM barlift.series",
        "SELECT s.symbol, b.* FROM barlift.bars b JOIN barlift.series s ON s.id = b.series_id",
        "SELECT s.symbol, i.content_hash, i.options_hash, i.rows, i.first_time, i.last_time, i.bars
         FROM barlift.imported_sources i JOIN barlift.series s ON s.id = i.series_id",
        "SELECT content_hash, read_hash, rows, bars, bars_hash FROM barlift.source_digests",
        "SELECT t.source, r.line, r.reason FROM barlift.rejected_rows r JOIN barlift.tasks t ON t.id = r.task_id",
        "SELECT t.source, q.line, q.time FROM barlift.quality_issues q JOIN barlift.tasks t ON t.id = q.task_id",
        "SELECT state, finished_at >= started_at AS ended FROM barlift.operations",
        // The last one a worker was handed may come back unacknowledged when it stops.
        "SELECT DISTINCT status, last_result FROM apalis.jobs WHERE status <> 'Pending'",
    ] {
        // Ids of series follow the order in which they were made.
        let query = barlift::db::template::expanded(query);
        let text = format!("SELECT (to_jsonb(x) - 'series_id')::text FROM ({query}) x ORDER BY 1");
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(text)).fetch_all(&database.pool).await.expect(&query);
        all.extend(rows);
    }
    all
}

#[tokio::test]
async fn each_file_is_left_as_if_it_had_been_alone() {
    let folder = Folder::new();
    write(&folder, 30, 200);
    let row = |i| bar(i, 1);
    for (name, text) in [
        ("EMPTY", String::new()),
        ("NOROWS", HEADER.to_owned()),
        ("NOTHING", "what,is,this\n1,2,3\n".to_owned()),
        ("REJECTED", format!("{HEADER}{}nonsense\n{}", row(0), row(1))),
        ("TWICE", format!("{HEADER}{}{}{}", row(0), row(1), row(0))),
        ("CONTRADICTS", format!("{HEADER}{}{}", row(0), row(0).replace(",100", ",101"))),
        ("BACKWARDS", format!("{HEADER}{}{}{}", row(2), row(1), row(0))),
        ("ODD", format!("{HEADER}2024-01-01T00:00:00Z,5,4,1,3,10\n{}", row(1))),
        ("MORE", format!("note,{HEADER}x,{}y,{}", row(0), row(1))),
        ("SAME1", bars(7, 99)),
        ("SAME2", bars(7, 99)),
        ("a/SEVERAL", bars(5, 3)),
        ("b/SEVERAL", bars(9, 3)),
    ] {
        folder.write(&format!("{name}_1m.csv"), text);
    }
    // Too large to go along, and one that becomes so after it was listed.
    folder.write("LARGE_1m.csv", bars(3000, 5));
    folder.write("GROWS_1m.csv", bars(10, 6));
    let (together, apart) = (TestDatabase::new().await, TestDatabase::new().await);
    for database in [&together, &apart] {
        enqueue(database, &folder).await;
    }
    folder.write("GROWS_1m.csv", bars(3000, 6));
    let worker = |database| barlift(database, &["worker", "--drain", "--concurrency", "1"]);
    assert_eq!(worker(&together).run().await.status, 0);
    assert_eq!(alone(worker(&apart)).run().await.status, 0);
    assert!(ends(&together).await < 25, "{} of 45", ends(&together).await);
    assert_eq!(ends(&apart).await, 45, "each for itself");
    let (left, wanted) = (left(&together).await, left(&apart).await);
    for (a, b) in left.iter().zip(&wanted) {
        assert_eq!(a, b);
    }
    assert_eq!(left.len(), wanted.len());
    let verified = barlift(&together, &["verify", folder.arg(), "--symbols", "S00,S29,SAME2", "--json"]);
    verified.run().await.json(0);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_settled_with_the_others() {
    let folder = Folder::new();
    write(&folder, 30, 20);
    for i in (0..30).step_by(2) {
        folder.write(
            &format!("S{i:02}_1m.csv"),
            "timestamp,open,high,low,volume\n2024-01-01T00:00:00Z,1,2,1,5\n",
        );
    }
    let (together, apart) = (TestDatabase::new().await, TestDatabase::new().await);
    for database in [&together, &apart] {
        enqueue(database, &folder).await;
    }
    let worker = |database| barlift(database, &["worker", "--drain", "--concurrency", "1"]);
    let run = worker(&together).run().await;
    assert_eq!((run.status, alone(worker(&apart)).run().await.status), (0, 0));
    let states: Vec<(String, i64)> =
        sqlx::query_as("SELECT state, count(*) FROM barlift.tasks GROUP BY 1 ORDER BY 1")
            .fetch_all(&together.pool)
            .await
            .expect("asked");
    assert_eq!(states, [("failed".to_owned(), 15), ("succeeded".to_owned(), 15)]);
    assert_eq!((ends(&together).await, ends(&apart).await), (1, 30));
    let (left, wanted) = (left(&together).await, left(&apart).await);
    for (a, b) in left.iter().zip(&wanted) {
        assert_eq!(a, b);
    }
    assert_eq!(left.len(), wanted.len());
    // Each says what is wrong with it, once.
    for i in (0..30).step_by(2) {
        let lines =
            run.stderr.lines().filter(|l| l.contains(&format!("S{i:02}_1m.csv")) && l.contains("close"));
        assert_eq!(lines.count(), 1, "{}", run.stderr);
    }
    // One that was mended goes through.
    folder.write("S00_1m.csv", bars(20, 0));
    assert_eq!(barlift(&together, &["retry", "latest"]).run().await.status, 0);
    drain(&together).await;
    assert_eq!(together.bars().await, 16 * 20);
}

/// Its series has more bars around it than are read of each of several files.
#[tokio::test]
async fn one_file_that_fills_a_gap_is_written_beside_those_that_cannot_be_read() {
    // Each second: 5,000 bars in less than two hours.
    let row = |i: usize| {
        let (hour, minute, second) = (i / 3600, i / 60 % 60, i % 60);
        format!("2024-01-01T{hour:02}:{minute:02}:{second:02}Z,{i},{},{i},{i},1\n", i + 1)
    };
    let rows = |places: std::ops::Range<usize>| places.map(row).collect::<String>();
    let file = |rows: &[String]| {
        let rows = rows.concat();
        format!("timestamp,open,high,low,close,volume\n{rows}")
    };
    let (earlier, folder) = (Folder::new(), Folder::new());
    earlier.write("A_1s.csv", file(&[rows(1..2500), rows(2520..5001)]));
    folder.write("A_1s.csv", file(&[rows(2500..2520)]));
    folder.write("B_1m.csv", "timestamp,open,high,low,volume\n2024-01-01T00:00:00Z,1,2,1,5\n");
    let (together, apart) = (TestDatabase::new().await, TestDatabase::new().await);
    for database in [&together, &apart] {
        assert_eq!(barlift(database, &["import", earlier.arg()]).run().await.status, 0);
        enqueue(database, &folder).await;
    }
    let worker = |database| barlift(database, &["worker", "--drain", "--concurrency", "1"]);
    assert_eq!((worker(&together).run().await.status, alone(worker(&apart)).run().await.status), (0, 0));
    assert_eq!((together.bars().await, apart.bars().await), (5000, 5000));
    assert_eq!(left(&together).await, left(&apart).await);
    assert_eq!((ends(&together).await, ends(&apart).await), (2, 3), "with the earlier import");
}

#[tokio::test]
async fn files_that_are_known_are_recognised_together() {
    let folder = Folder::new();
    write(&folder, 30, 200);
    folder.write("NOROWS_1m.csv", HEADER);
    let (together, apart) = (TestDatabase::new().await, TestDatabase::new().await);
    let import =
        |database| barlift(database, &["import", folder.arg(), "--concurrency", "1", "--allow-empty"]);
    for database in [&together, &apart] {
        assert_eq!(import(database).run().await.status, 0);
    }
    // A row more, another value, one file that is new; a bar that somebody has taken away.
    folder.write("S03_1m.csv", bars(201, 3));
    folder.write("S04_1m.csv", bars(200, 4).replace(",3\n", ",4\n"));
    folder.write("T_1m.csv", bars(200, 77));
    for database in [&together, &apart] {
        database
            .execute(
                "DELETE FROM barlift.bars WHERE time = '2024-01-01 00:10Z'
                 AND series_id = (SELECT id FROM barlift.series WHERE symbol = 'S05')",
            )
            .await;
    }
    let before = ends(&together).await;
    // One bar is left different.
    assert_eq!(import(&together).run().await.status, 1);
    assert_eq!(alone(import(&apart)).run().await.status, 1);
    let new = ends(&together).await - before;
    assert!(new < 10, "{new} of 32");
    let (left, wanted) = (left(&together).await, left(&apart).await);
    for (a, b) in left.iter().zip(&wanted) {
        assert_eq!(a, b);
    }
    assert_eq!(left.len(), wanted.len());
    let recognised: i64 = together.scalar("SELECT count(*) FROM barlift.tasks WHERE recognised").await;
    assert_eq!(recognised, 27);
    // Known or not, they are read if somebody wants it.
    let arguments = ["import", folder.arg(), "--force", "--allow-empty", "--json"];
    let forced = barlift(&together, &arguments).run().await.json(1);
    assert_eq!(forced["totals"]["rows_imported"], 0);
    let recognised: i64 = together.scalar("SELECT count(*) FROM barlift.tasks WHERE recognised").await;
    assert_eq!(recognised, 27);
}

#[tokio::test]
async fn files_that_have_grown_are_written_together() {
    let folder = Folder::new();
    write(&folder, 30, 100);
    let (together, apart) = (TestDatabase::new().await, TestDatabase::new().await);
    let import = |database| barlift(database, &["import", folder.arg(), "--concurrency", "1"]);
    for database in [&together, &apart] {
        assert_eq!(import(database).run().await.status, 0);
    }
    // Each has another number of rows more, one of them none, but a blank line; and one brings other values.
    for i in 0..30 {
        folder.write(&format!("S{i:02}_1m.csv"), bars(100 + usize::try_from(i).expect("small"), i));
    }
    folder.write("S00_1m.csv", format!("{}\n", bars(100, 0)));
    folder.write("S09_1m.csv", bars(109, 10));
    assert_eq!(import(&together).run().await.status, 1, "values that are left different");
    assert_eq!(alone(import(&apart)).run().await.status, 1);
    let most: i32 = together.scalar("SELECT max(together) FROM barlift.attempts WHERE attempt = 1").await;
    assert_eq!(most, 30, "the first time");
    let again = "SELECT max(a.together) FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id
                 WHERE t.rows_skipped > 0";
    assert_eq!(together.scalar::<i32>(again).await, 29, "without the one that differs");
    let (left, wanted) = (left(&together).await, left(&apart).await);
    for (a, b) in left.iter().zip(&wanted) {
        assert_eq!(a, b);
    }
    assert_eq!(left.len(), wanted.len());
    let verified = barlift(&together, &["verify", folder.arg(), "--symbols", "S00,S17,S29", "--json"]);
    verified.run().await.json(0);
}

#[tokio::test]
async fn what_was_paused_goes_on_together() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 10, 20);
    enqueue(&database, &folder).await;
    for command in ["pause", "resume"] {
        assert_eq!(barlift(&database, &[command, "latest"]).run().await.status, 0);
    }
    let worker = barlift(&database, &["worker", "--drain", "--concurrency", "1"]).run().await;
    assert_eq!(ends(&database).await, 1);
    // Each says what it has done, and for whom.
    let lines: Vec<&str> = worker.stderr.lines().filter(|l| l.contains("imported=20")).collect();
    assert_eq!(lines.len(), 10, "{}", worker.stderr);
    for i in 0..10 {
        assert_eq!(lines.iter().filter(|l| l.contains(&format!("S0{i}_1m.csv"))).count(), 1);
    }
}

#[tokio::test]
async fn a_job_that_is_just_being_taken_can_be_given_back() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 2, 20);
    enqueue(&database, &folder).await;
    database
        .execute("INSERT INTO apalis.workers (id, worker_type, storage_name, layers) VALUES ('w', 'barlift.v1', '', '')")
        .await;
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM apalis.jobs").fetch_all(&database.pool).await.expect("jobs");
    let mut tx = database.pool.begin().await.expect("begun");
    barlift::queue::take(&mut tx, "w", &ids).await.expect("taken");
    // Its answer is lost, while the server is still at the COMMIT.
    let (pool, taken) = (database.pool.clone(), ids.clone());
    let giving = tokio::spawn(async move { barlift::queue::give_back(&pool, "w", &taken).await });
    eventually("it waits for the other one", || async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                       AND cardinality(pg_blocking_pids(pid)) > 0";
        (database.scalar::<i64>(waiting).await == 1).then_some(())
    })
    .await;
    tx.commit().await.expect("committed");
    giving.await.expect("given back");
    let pending = "SELECT count(*) FROM apalis.jobs WHERE status = 'Pending' AND lock_by IS NULL";
    assert_eq!(database.scalar::<i64>(pending).await, 2);
}

/// The look for known content hangs, while a task of another operation comes for one of the series.
#[tokio::test]
async fn a_series_that_is_looked_at_together_is_held() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 5, 20);
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("LOCK TABLE barlift.imported_sources IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *holder)
        .await
        .expect("locked");
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--drain", "--concurrency", "1"]).spawn();
    let held = "SELECT count(*) FROM barlift.series s JOIN barlift.tasks t ON t.id = s.held_by AND t.state = 'running'";
    eventually("all are held", || async { (database.scalar::<i64>(held).await == 5).then_some(()) }).await;
    enqueue(&database, &folder).await;
    let second = barlift(&database, &["worker", "--drain", "--concurrency", "1"]).spawn();
    let waiting = "SELECT count(*) FROM barlift.tasks WHERE waits_for IS NOT NULL";
    eventually("the others wait", || async { (database.scalar::<i64>(waiting).await == 5).then_some(()) })
        .await;
    holder.commit().await.expect("let go");
    for worker in [worker, second] {
        assert_eq!(worker.wait().await, Some(0));
    }
    let open: i64 = database.scalar("SELECT count(*) FROM barlift.tasks WHERE state <> 'succeeded'").await;
    assert_eq!(open, 0);
    assert_eq!(database.scalar::<i64>("SELECT max(attempts)::bigint FROM barlift.tasks").await, 1);
    assert_eq!(database.scalar::<i64>("SELECT count(held_by) FROM barlift.series").await, 0);
    assert_eq!(database.bars().await, 100);
}

#[tokio::test]
async fn two_workers_take_each_file_once() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 99, 20);
    enqueue(&database, &folder).await;
    let workers = (0..2).map(|_| barlift(&database, &["worker", "--drain", "--concurrency", "3"]).run());
    for worker in futures::future::join_all(workers).await {
        assert_eq!(worker.status, 0, "{}", worker.stderr);
    }
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["totals"]["rows_imported"], 99 * 20);
    assert_eq!(database.bars().await, 99 * 20);
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.attempts").await, 99);
    // The last ones that the workers were handed may come back unacknowledged when they stop.
    let done: i64 = database.scalar("SELECT count(*) FROM apalis.jobs WHERE status = 'Done'").await;
    assert!((93..=99).contains(&done), "{done}");
    let open = "SELECT count(*) FROM apalis.jobs WHERE status IN ('Queued', 'Running')";
    assert_eq!(database.scalar::<i64>(open).await, 0);
    assert!(ends(&database).await < 50, "{}", ends(&database).await);
}

#[tokio::test]
async fn where_somebody_else_writes_each_file_is_looked_at_by_itself() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 10, 20);
    // As soon as the series is there, and before its file is looked at: its second bar, with other values.
    database
        .execute(
            "CREATE FUNCTION intrude() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.symbol = 'S07' THEN
                     INSERT INTO barlift.bars VALUES (NEW.id, '2024-01-01 00:01Z', 1, 1, 1, 1, 1);
                 END IF;
                 RETURN NULL;
             END $$",
        )
        .await;
    database
        .execute(
            "CREATE TRIGGER intrude AFTER INSERT ON barlift.series FOR EACH ROW EXECUTE FUNCTION intrude()",
        )
        .await;
    let run = barlift(&database, &["import", folder.arg(), "--json", "--concurrency", "1"]).run().await;
    let totals = run.json(1)["totals"].clone();
    assert_eq!((&totals["rows_mismatched"], &totals["rows_imported"]), (&1.into(), &199.into()));
    let together: i32 = database.scalar("SELECT max(together) FROM barlift.attempts").await;
    assert_eq!(together, 9, "without that one");
    let kept: f64 = database.scalar("SELECT db_close FROM barlift.mismatches").await;
    assert!((kept - 1.0).abs() < f64::EPSILON);
    assert_eq!(database.bars().await, 200);
}

#[tokio::test]
async fn what_the_database_refuses_fails_alone() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 10, 20);
    database
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.series_id = (SELECT id FROM barlift.series WHERE symbol = 'S04') THEN
                     RAISE 'not this one' USING ERRCODE = '23514';
                 END IF;
                 RETURN NEW;
             END $$",
        )
        .await;
    database
        .execute("CREATE TRIGGER refuse BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION refuse()")
        .await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker", "--drain", "--concurrency", "1"]).run().await;
    assert_eq!(worker.stderr.matches("not settled together").count(), 1, "{}", worker.stderr);
    let result = barlift(&database, &["status", "--json"]).run().await.json(0);
    let failed: Vec<_> = result["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .filter(|t| t["state"] != "succeeded")
        .map(|t| (t["source"].as_str().expect("a name"), t["error"]["message"].as_str().expect("why")))
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, "S04_1m.csv");
    assert!(failed[0].1.contains("not this one"), "{}", failed[0].1);
    assert_eq!(database.scalar::<i64>("SELECT count(*) FROM barlift.attempts").await, 10);
    assert_eq!(database.bars().await, 180);
    let held: i64 = database.scalar("SELECT count(held_by) FROM barlift.series").await;
    assert_eq!(held, 0);
}

/// A worker that hangs while it writes ten files of 600 rows together.
async fn hanging(
    database: &TestDatabase,
    folder: &Folder,
    settings: &[(&str, &str)],
) -> (Child, sqlx::Transaction<'static, sqlx::Postgres>) {
    write(folder, 10, 600);
    let holder = hold_back(database).await;
    enqueue(database, folder).await;
    let worker = barlift(database, &["worker", "--concurrency", "1"]);
    let worker = settings.iter().fold(worker, |w, (name, value)| w.env(name, value)).spawn();
    eventually("the worker hangs in its COPY", || async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        (database.scalar::<i64>(waiting).await == 1).then_some(())
    })
    .await;
    let running: i64 = database.scalar("SELECT count(*) FROM barlift.tasks WHERE state = 'running'").await;
    assert_eq!(running, 10);
    (worker, holder)
}

#[tokio::test]
async fn they_can_be_cancelled_while_their_writing_hangs() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let (worker, holder) = hanging(&database, &folder, &[]).await;
    let cancelled = barlift(&database, &["cancel", "latest", "--json"]).run().await.json(0);
    assert_eq!(cancelled["tasks"], 10);
    let lost = "SELECT count(*) FROM barlift.series WHERE held_by IS NOT NULL";
    eventually("the worker lets go", || async { (database.scalar::<i64>(lost).await == 0).then_some(()) })
        .await;
    holder.commit().await.expect("let go");
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    assert_eq!(database.bars().await, 0);
    let state: String = database.scalar("SELECT state FROM barlift.operations").await;
    assert_eq!(state, "cancelled");
}

#[tokio::test]
async fn one_cancelled_file_does_not_stop_the_others() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let (worker, holder) = hanging(&database, &folder, &[]).await;
    barlift(&database, &["cancel", "latest", "--symbols", "S03", "--json"]).run().await.json(0);
    holder.commit().await.expect("let go");
    eventually("the others are done", || async {
        let open = "SELECT count(*) FROM barlift.tasks WHERE state IN ('pending', 'running')";
        (database.scalar::<i64>(open).await == 0).then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    assert_eq!(database.bars().await, 9 * 600);
    let states: Vec<(String, i64)> =
        sqlx::query_as("SELECT state, count(*) FROM barlift.tasks GROUP BY 1 ORDER BY 1")
            .fetch_all(&database.pool)
            .await
            .expect("asked");
    assert_eq!(states, [("cancelled".to_owned(), 1), ("succeeded".to_owned(), 9)]);
    assert_eq!(database.scalar::<i64>("SELECT count(held_by) FROM barlift.series").await, 0);
}

#[tokio::test]
async fn a_worker_that_dies_leaves_them_to_another_one() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let (worker, holder) = hanging(&database, &folder, &[("BARLIFT__WORKER__LEASE", "2s")]).await;
    worker.signal(Signal::SIGKILL);
    assert_eq!(worker.wait().await, None);
    holder.commit().await.expect("let go");
    let drained = barlift(&database, &["worker", "--drain"]).env("BARLIFT__WORKER__LEASE", "2s").run().await;
    assert_eq!(drained.status, 0, "{}", drained.stderr);
    assert_eq!(database.bars().await, 6000);
    let attempts: Vec<(i32, i32, i64)> =
        sqlx::query_as("SELECT fence, attempts, count(*) FROM barlift.tasks GROUP BY 1, 2")
            .fetch_all(&database.pool)
            .await
            .expect("asked");
    assert_eq!(attempts, [(2, 2, 10)]);
    assert_eq!(ends(&database).await, 20, "what has killed a worker is tried by itself");
    let status = barlift(&database, &["status", "--json"]).run().await.json(0);
    assert_eq!((&status["state"], &status["totals"]["rows_imported"]), (&"succeeded".into(), &6000.into()));
}

#[tokio::test]
async fn a_worker_that_stops_hands_them_back() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let settings = [("BARLIFT__WORKER__DRAIN_TIMEOUT", "200ms")];
    let (worker, holder) = hanging(&database, &folder, &settings).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    let back = "SELECT count(*) FROM barlift.tasks t JOIN apalis.jobs j ON j.status = 'Pending'
                AND j.idempotency_key = t.operation_id || ':' || t.id || ':' || t.pushes
                WHERE t.state = 'pending' AND t.attempts = 0";
    assert_eq!(database.scalar::<i64>(back).await, 10);
    holder.commit().await.expect("let go");
    drain(&database).await;
    assert_eq!(database.bars().await, 6000);
    assert_eq!(database.scalar::<i64>("SELECT max(rescues)::bigint FROM barlift.tasks").await, 0);
}

#[tokio::test]
async fn what_hangs_together_is_handed_back_and_tried_alone() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let (worker, holder) = hanging(&database, &folder, &[("BARLIFT__WORKER__TASK_TIMEOUT", "3s")]).await;
    eventually("all are handed back", || async {
        let back = "SELECT count(*) FROM barlift.attempts WHERE fence = 1 AND outcome = 'handed_back'";
        (database.scalar::<i64>(back).await == 10).then_some(())
    })
    .await;
    holder.commit().await.expect("let go");
    eventually("all are done", || async {
        let done = "SELECT count(*) FROM barlift.tasks WHERE state = 'succeeded'";
        (database.scalar::<i64>(done).await == 10).then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    assert_eq!(database.bars().await, 6000);
    assert_eq!(database.scalar::<i32>("SELECT max(together) FROM barlift.attempts").await, 1);
}

#[tokio::test]
async fn a_job_of_a_newer_build_is_not_taken_along() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    write(&folder, 10, 20);
    enqueue(&database, &folder).await;
    database
        .execute(
            "UPDATE apalis.jobs j
             SET job = convert_to((convert_from(job, 'UTF8')::jsonb || '{\"version\": 99}')::text, 'UTF8')
             FROM barlift.tasks t
             WHERE t.source = 'S05_1m.csv' AND j.idempotency_key = t.operation_id || ':' || t.id || ':1'",
        )
        .await;
    let worker = barlift(&database, &["worker", "--concurrency", "1"]).spawn();
    eventually("the others are done", || async {
        let done = "SELECT count(*) FROM barlift.tasks WHERE state = 'succeeded'";
        (database.scalar::<i64>(done).await == 9).then_some(())
    })
    .await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    let left: (String, i32) =
        sqlx::query_as("SELECT state, fence FROM barlift.tasks WHERE source = 'S05_1m.csv'")
            .fetch_one(&database.pool)
            .await
            .expect("asked");
    assert_eq!(left, ("pending".to_owned(), 0));
}

#[tokio::test]
async fn each_has_the_spans_of_a_file_and_its_part_of_the_time() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let collector = Collector::start().await;
    write(&folder, 6, 20);
    let run = crate::tracing::traced(&database, &collector, &["import", folder.arg(), "--concurrency", "1"]);
    assert_eq!(run.run().await.status, 0);
    assert_eq!(ends(&database).await, 1, "they went together");
    let trace = collector.trace();
    let attempts = trace.named("csv_import.import_symbol");
    assert_eq!(attempts.len(), 6);
    for attempt in attempts {
        let names = |of| {
            let mut names: Vec<_> = trace.children(of).iter().map(|c| c.name.as_str()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(
            names(attempt),
            [
                "csv_import.check_exists",
                "csv_import.insert_batch",
                "data.repository.load",
                "timescaledb.connection_acquire",
                "timescaledb.insert",
                "timescaledb.query",
            ]
        );
        assert_eq!(attempt.int("csv_import.rows_imported"), 20);
        assert_eq!(attempt.int("csv_import.batches"), 1);
        for child in trace.children(attempt) {
            match child.name.as_str() {
                "csv_import.check_exists" => assert_eq!(names(child), ["timescaledb.query"]),
                "csv_import.insert_batch" => {
                    assert_eq!((names(child), child.int("db.batch_size")), (vec!["timescaledb.insert"], 20));
                    // The statement was for all of them; of its time, each has its sixth.
                    let (whole, part) = (
                        child.float("db.insert_duration_ms"),
                        attempt.float("csv_import.phase.insert_batch.duration_ms"),
                    );
                    assert!((whole / 6.0 - part).abs() < 0.01 * whole, "{part} of {whole}");
                }
                _ => {}
            }
        }
    }
}

crate::support::also_on_the_columnstore! {
    each_file_is_left_as_if_it_had_been_alone,
    files_that_are_known_are_recognised_together,
    files_that_have_grown_are_written_together,
    a_series_that_is_looked_at_together_is_held,
    two_workers_take_each_file_once,
    where_somebody_else_writes_each_file_is_looked_at_by_itself,
    what_the_database_refuses_fails_alone,
    they_can_be_cancelled_while_their_writing_hangs,
    one_cancelled_file_does_not_stop_the_others,
    a_worker_that_dies_leaves_them_to_another_one,
}
