//! Each fault of a database by itself: whether it is tried again, and what the user is told.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::{
    Folder, PrivateServer, TestDatabase, barlift, bars, drain, enqueue, eventually, hold_back, skipped,
    wait_for_rows,
};

/// The first write of bars ends with this SQLSTATE, all others work.
async fn fail_once(database: &TestDatabase, sqlstate: &str) {
    for statement in [
        "DROP TRIGGER IF EXISTS fail_once ON barlift.bars".to_owned(),
        "DROP SEQUENCE IF EXISTS failures".to_owned(),
        "CREATE SEQUENCE failures".to_owned(),
        // A sequence, since it is not rolled back.
        format!(
            "CREATE OR REPLACE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('failures') = 1 THEN RAISE 'as the test wants it' USING ERRCODE = '{sqlstate}'; END IF;
                 RETURN NEW;
             END $$"
        ),
        "CREATE TRIGGER fail_once BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION fail_once()".to_owned(),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&database.pool).await.expect("made");
    }
}

#[tokio::test]
async fn errors_that_may_pass_are_tried_again_and_others_are_not() {
    const SAID: &str = "writing bars: as the test wants it";
    let database = TestDatabase::new().await;
    for (sqlstate, what, passes) in [
        ("40001", "serialization failure", true),
        ("53100", "disk full", true),
        ("53200", "out of memory", true),
        ("53300", "too many connections", true),
        ("55P03", "lock not available", true),
        ("57014", "statement timeout, cancelled by somebody", true),
        ("57P01", "server shuts down", true),
        ("58030", "I/O error", true),
        ("08006", "connection failure", true),
        ("25006", "read-only", true),
        ("22003", "a value out of range", false),
        ("23514", "a check that fails", false),
        ("42501", "no privilege", false),
        ("XX000", "internal error of the server", false),
    ] {
        fail_once(&database, sqlstate).await;
        let folder = Folder::new();
        folder.write(&format!("T{sqlstate}_1m.csv"), bars(10, 1));
        let run = barlift(&database, &["import", folder.arg(), "--json"]).run().await;
        let result = run.json(i32::from(!passes));
        let task = &result["tasks"][0];
        let state = if passes { "succeeded" } else { "failed" };
        assert_eq!(
            (task["state"].as_str(), task["attempts"].as_i64()),
            (Some(state), Some(1 + i64::from(passes))),
            "{what}"
        );
        let (class, message): (String, String) = sqlx::query_as(
            "SELECT error_class, error_message FROM barlift.attempts WHERE outcome = 'failed' ORDER BY started_at DESC LIMIT 1",
        )
        .fetch_one(&database.pool)
        .await
        .expect("a failed attempt");
        assert_eq!(class, if passes { "transient" } else { "permanent" }, "{what}");
        assert!(message.starts_with(SAID), "{what}: {message}");
    }

    // After a deadlock the batch is redone at once, by the same attempt.
    fail_once(&database, "40P01").await;
    let folder = Folder::new();
    folder.write("T40P01_1m.csv", bars(10, 1));
    let result = barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(
        (&result["totals"]["rows_imported"], &result["tasks"][0]["attempts"]),
        (&10.into(), &1.into())
    );
}

#[tokio::test]
async fn an_error_that_does_not_pass_ends_with_the_last_attempt_and_says_what_to_do() {
    let database = TestDatabase::new().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    database
        .execute("CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$")
        .await;
    database
        .execute("CREATE TRIGGER disk_full BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION disk_full()")
        .await;
    let run = barlift(&database, &["import", folder.arg(), "--max-attempts", "3"]).run().await;
    assert_eq!(run.status, 1);
    let line = "failed: A_1m.csv: writing bars: could not extend file: No space left on \
                device; the server's disk is full: free space (transient, attempt 3)\n";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    assert!(run.stdout.contains("to try failed files again: barlift retry op_migration_"), "{}", run.stdout);
    let waits: i64 = database.scalar("SELECT count(*) FROM barlift.attempts").await;
    assert_eq!(waits, 3);
}

/// An import that is held back in its sixth batch, and its worker.
async fn held_import(
    database: &TestDatabase,
    folder: &Folder,
) -> (crate::support::Child, sqlx::Transaction<'static, sqlx::Postgres>) {
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(database).await;
    enqueue(database, folder).await;
    let worker = barlift(database, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__RETRY__INITIAL_BACKOFF", "100ms")
        .spawn();
    wait_for_rows(database, 500).await;
    (worker, holder)
}

/// The first error of the import, once there is one.
async fn first_error(database: &TestDatabase) -> String {
    const QUERY: &str =
        "SELECT error_message FROM barlift.attempts WHERE outcome = 'failed' ORDER BY fence LIMIT 1";
    eventually("an attempt fails", || async {
        sqlx::query_scalar(QUERY).fetch_optional(&database.pool).await.ok().flatten()
    })
    .await
}

/// All of it is there, each row once, and the worker has lived through it.
async fn comes_out_well(database: &TestDatabase, mut worker: crate::support::Child) {
    eventually("the operation ends well", || async {
        let state: Result<String, _> =
            sqlx::query_scalar("SELECT state FROM barlift.operations").fetch_one(&database.pool).await;
        (state.ok()? == "succeeded").then_some(())
    })
    .await;
    assert_eq!(database.bars().await, 1000);
    let status = barlift(database, &["status", "--json"]).run().await.json(0);
    assert_eq!(status["totals"]["rows_imported"], 1000);
    assert_eq!(status["totals"]["rows_skipped"], 0);
    assert!(!worker.has_ended());
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn a_backend_terminated_in_the_middle_of_a_copy_costs_one_batch() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let (worker, holder) = held_import(&database, &folder).await;
    let copying = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND query LIKE 'COPY barlift.bars%' AND state = 'active'";
    eventually("the COPY is terminated", || async {
        (database.scalar::<i64>(copying).await == 1).then_some(())
    })
    .await;
    holder.commit().await.expect("let go");
    let said = first_error(&database).await;
    // The server's own words, unless it was gone before all bytes were on their way.
    let words = [
        "terminating connection due to administrator command",
        "Connection reset by peer",
        "Broken pipe",
        "EOF",
    ];
    assert!(said.starts_with("writing bars: ") && words.iter().any(|w| said.contains(w)), "{said}");
    comes_out_well(&database, worker).await;
}

#[tokio::test]
async fn a_statement_timeout_is_tried_again() {
    let (mut database, folder) = (TestDatabase::new().await, Folder::new());
    // What comes with the URL is meant for barlift; the database's own is not.
    database.url += "?options=-c%20statement_timeout%3D3s";
    let (worker, holder) = held_import(&database, &folder).await;
    let said = first_error(&database).await;
    assert!(said.starts_with("writing bars: canceling statement due to statement timeout"), "{said}");
    assert!(said.contains("statement_timeout"), "{said}");
    holder.commit().await.expect("let go");
    comes_out_well(&database, worker).await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_waited_for() {
    let server = PrivateServer::start().await;
    server.execute("postgres", "CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 3").await;
    server.create_database("market").await;
    server.execute("market", "ALTER DATABASE market OWNER TO few").await;
    server.execute("market", "CREATE EXTENSION hstore").await;
    let database = TestDatabase::at(server.admin_url("market")).await;
    let url = server.url("few", "few", "market");
    let folder = Folder::new();
    for i in 0..12 {
        folder.write(&format!("S{i}_1m.csv"), bars(300, i));
    }
    // Four files at once, on three connections that the rest of the program wants, too.
    let run = barlift(&database, &["import", folder.arg(), "--batch-rows", "50", "--json"])
        .env("DATABASE_URL", &url);
    let result = run.run().await.json(0);
    assert_eq!(result["totals"]["rows_imported"], 3600);
    assert_eq!(
        database.scalar::<i64>("SELECT sum(attempts)::bigint FROM barlift.tasks").await,
        12,
        "no try is burnt"
    );

    // A worker says what it cannot do without.
    server.execute("market", "ALTER ROLE few CONNECTION LIMIT 2").await;
    for command in [&["worker", "--drain"][..], &["import", folder.arg()]] {
        let refused = barlift(&database, command).env("DATABASE_URL", &url).run().await;
        assert_eq!(refused.status, 3, "{}", refused.stderr);
        let message = "error: the server grants only 2 connections at once, and a worker needs 3\nhint: raise the limit";
        assert!(refused.stderr.contains(message), "{}", refused.stderr);
    }
    assert_eq!(
        database.scalar::<i64>("SELECT count(*) FROM barlift.operations").await,
        1,
        "nothing was enqueued"
    );
    server.execute("market", "ALTER ROLE few CONNECTION LIMIT 3").await;

    // With none left it waits for one, and says so.
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(sqlx::PgPool::connect(&url).await.expect("connected"));
    }
    let none = barlift(&database, &["status"])
        .env("DATABASE_URL", &url)
        .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "5s")
        .run()
        .await;
    assert_eq!(none.status, 3);
    assert!(none.stderr.contains("no connection free; waiting up to 5s for one"), "{}", none.stderr);
    assert!(none.stderr.contains("too many connections for role \"few\""), "{}", none.stderr);
    assert!(none.stderr.contains("hint: the server has no connection free"), "{}", none.stderr);
}

fn says(log: &std::path::Path, what: &str) -> Option<()> {
    std::fs::read_to_string(log).ok()?.contains(what).then_some(())
}

#[tokio::test]
async fn a_server_that_falls_silent_is_found_out_and_nothing_is_written_twice() {
    let server = PrivateServer::start().await;
    let (database, folder) = (server.database("market").await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let log = folder.path().join("worker.log");
    let worker = barlift(&database, &["worker"])
        .env("BARLIFT__IMPORT__BATCH_ROWS", "100")
        .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "1s")
        .env("BARLIFT__WORKER__HEARTBEAT", "1s")
        .env("BARLIFT__WORKER__LEASE", "4s")
        .spawn_logging(&log);
    wait_for_rows(&database, 500).await;
    // The queue waits for an answer already, so it will not find out by asking.
    let mut jobs = database.pool.begin().await.expect("begun");
    sqlx::query("LOCK TABLE apalis.jobs IN ACCESS EXCLUSIVE MODE").execute(&mut *jobs).await.expect("locked");
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'barlift' AND (query LIKE '%apalis.get_jobs%' OR query LIKE '%heartbeat timeout%')
                 AND wait_event_type = 'Lock'";
    eventually("it waits for jobs", || async { (database.scalar::<i64>(waits).await > 0).then_some(()) })
        .await;
    // No answer, and no end of a connection either.
    server.freeze(true);
    eventually("it is found out", || async { says(&log, "the database has not answered for 4s") }).await;
    server.freeze(false);
    jobs.rollback().await.expect("let go");
    holder.commit().await.expect("let go");
    eventually("it is found to be back", || async {
        says(&log, "the queue answers again; the worker goes on")
    })
    .await;
    comes_out_well(&database, worker).await;
}

#[tokio::test]
async fn a_server_away_at_the_start_is_waited_for_by_workers_alone() {
    let server = PrivateServer::start().await;
    let (database, folder) = (server.database("market").await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    enqueue(&database, &folder).await;
    server.stop_immediately();
    let run = barlift(&database, &["status"]).run().await;
    assert_eq!(run.status, 3);
    assert!(run.stderr.starts_with("error: cannot connect to postgres://admin@127.0.0.1:"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: check that the server runs"), "{}", run.stderr);
    let worker = tokio::spawn(
        barlift(&database, &["worker", "--drain"]).env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "60s").run(),
    );
    // It has been there, and not gone, before the server is.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!worker.is_finished());
    server.start_again();
    let worker = worker.await.expect("ran");
    assert_eq!(worker.status, 0, "{}", worker.stderr);
    assert!(worker.stderr.contains("waiting for the database"), "{}", worker.stderr);
    assert_eq!(database.bars().await, 10);
    drain(&database).await;
}

/// A small file system for bars alone, so that the server's own files have room.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(options: &str, on: &std::path::Path) -> bool {
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(on)
            .output();
        mount.is_ok_and(|m| m.status.success())
    }

    /// None where this user may not mount anything.
    fn new() -> Option<Self> {
        let place = crate::support::server_directory();
        Self::mount("size=6m,mode=777", place.path()).then_some(Self(place))
    }

    fn enlarge(&self) {
        assert!(Self::mount("remount,size=200m", self.0.path()), "remounted");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server has its files open until it ends.
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_waited_out() {
    let Some(disk) = SmallDisk::new() else {
        skipped("this user may not mount a file system");
        return;
    };
    let server = PrivateServer::start().await;
    server
        .execute("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", server.place(disk.0.path())))
        .await;
    let database = server.database("market").await;
    database.execute("ALTER TABLE barlift.bars SET TABLESPACE small").await;
    let folder = Folder::new();
    for i in 0..4 {
        folder.write(&format!("S{i}_1m.csv"), bars(30_000, i));
    }
    let arguments = ["import", folder.arg(), "--max-attempts", "1000", "--batch-rows", "1000", "--json"];
    let run = tokio::spawn(barlift(&database, &arguments).env("BARLIFT__RETRY__MAX_BACKOFF", "200ms").run());
    let said = first_error(&database).await;
    assert!(said.starts_with("writing bars: could not extend file"), "{said}");
    assert!(said.ends_with("No space left on device; the server's disk is full: free space"), "{said}");
    disk.enlarge();
    let result = run.await.expect("ran").json(0);
    assert_eq!(result["totals"]["rows_imported"], 120_000);
    assert_eq!(result["totals"]["rows_skipped"], 0);
    assert_eq!(database.bars().await, 120_000);
}

crate::support::also_on_the_columnstore! {
    an_error_that_does_not_pass_ends_with_the_last_attempt_and_says_what_to_do,
    a_backend_terminated_in_the_middle_of_a_copy_costs_one_batch,
    a_statement_timeout_is_tried_again,
    a_server_that_falls_silent_is_found_out_and_nothing_is_written_twice,
}
