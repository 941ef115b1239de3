//! Makes the dump with the program of 26bec58. How to, in a checkout of it and then in this one:
//!
//! ```sh
//! git worktree add ../barlift-26bec58 26bec58 && cargo build --manifest-path ../barlift-26bec58/Cargo.toml
//! BARLIFT_26BEC58=$(realpath ../barlift-26bec58/target/debug/barlift) \
//!     cargo test --test it old_database::make -- --ignored
//! ```

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;

use super::files;
use crate::support::collector::Collector;
use crate::support::{Child, Folder, Program, TestDatabase, eventually, installation, program_alone};

/// The old program on a database.
struct Old<'a>(&'a TestDatabase);

impl Old<'_> {
    /// With batches of 20 rows, and without taking over what a killed worker had.
    fn program(&self, arguments: &[&str]) -> Program {
        let program = std::env::var("BARLIFT_26BEC58").expect("BARLIFT_26BEC58 names the old program");
        program_alone(Path::new(&program), arguments)
            .env("DATABASE_URL", &self.0.url)
            .env("BARLIFT__IMPORT__BATCH_ROWS", "20")
            .env("BARLIFT__WORKER__LEASE", "1h")
            .env("BARLIFT__RETRY__INITIAL_BACKOFF", "1h")
            .env("BARLIFT__RETRY__MAX_BACKOFF", "1h")
    }

    async fn run(&self, arguments: &[&str], status: i32) {
        let run = self.program(arguments).run().await;
        assert_eq!(run.status, status, "{arguments:?}: {}{}", run.stdout, run.stderr);
    }

    fn worker(&self) -> Child {
        self.program(&["worker", "--concurrency", "1"]).spawn()
    }
}

#[tokio::test]
#[ignore = "makes the dump, with the program of 26bec58"]
async fn make() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new());
    assert!(!database.timescaledb, "the dump is of a plain PostgreSQL");
    files::write(&folder);
    let root = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let old = Old(&database);

    old.run(&["db", "setup"], 0).await;
    old.run(&["import", &root("before")], 0).await;
    old.run(&["import", &root("finished")], 0).await;
    old.run(&["verify", &root("finished")], 1).await;

    let holder = obstruct(&database).await;
    old.run(&["enqueue", "import", &root("paused")], 0).await;
    let worker = old.worker();
    wait_for("SELECT EXISTS (SELECT FROM barlift.tasks WHERE symbol = 'HALTED' AND rows = 40)", &database)
        .await;
    old.run(&["pause", "latest"], 0).await;
    wait_for("SELECT bool_and(outcome = 'handed_back') FROM barlift.attempts a JOIN barlift.tasks t ON t.id = a.task_id WHERE t.symbol = 'HALTED'", &database).await;
    end(worker, &database).await;

    old.run(&["enqueue", "import", &root("bundle")], 0).await;
    let worker = old.worker();
    wait_for(
        "SELECT count(*) = 2 FROM barlift.tasks WHERE symbol LIKE 'BOTH_' AND state = 'running'",
        &database,
    )
    .await;
    end(worker, &database).await;

    let collector = Collector::start().await;
    let traced = |program: Program| {
        program.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()).env("OTEL_METRICS_EXPORTER", "none")
    };
    assert_eq!(traced(old.program(&["enqueue", "import", &root("half")])).run().await.status, 0);
    let worker = traced(old.program(&["worker", "--concurrency", "1"])).spawn();
    wait_for("SELECT EXISTS (SELECT FROM barlift.tasks WHERE symbol = 'KILLED' AND rows = 40)", &database)
        .await;
    end(worker, &database).await;

    old.run(&["enqueue", "import", &root("turns")], 0).await;
    let worker = old.worker();
    wait_for("SELECT count(*) = 1 FROM barlift.tasks WHERE waits_for IS NOT NULL", &database).await;
    end(worker, &database).await;
    holder.rollback().await.expect("unlocked");
    database.execute("DROP FUNCTION obstruct CASCADE").await;

    old.run(&["enqueue", "import", &root("queued")], 0).await;
    old.run(&["enqueue", "import", &root("verified"), "--verify"], 0).await;
    old.run(&["enqueue", "verify", &root("finished")], 0).await;

    let dump = portable(&dump(&database).await, &folder);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/old_database/26bec58.sql");
    std::fs::write(file, dump).expect("written");
}

/// Lets the first try of DELAYED fail, and HALTED, KILLED and BOTH2 wait in the middle until the lock is released.
async fn obstruct(database: &TestDatabase) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let function = "CREATE FUNCTION obstruct() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE name text := (SELECT symbol FROM barlift.series WHERE id = NEW.series_id);
        BEGIN
            IF name = 'DELAYED' THEN RAISE 'away' USING ERRCODE = '57P01'; END IF;
            IF name IN ('HALTED', 'KILLED') AND NEW.time = '2024-01-01 00:45Z' OR name = 'BOTH2' THEN
                PERFORM pg_advisory_xact_lock(77);
            END IF;
            RETURN NEW;
        END $$";
    database.execute(function).await;
    let trigger =
        "CREATE TRIGGER obstruct BEFORE INSERT ON barlift.bars FOR EACH ROW EXECUTE FUNCTION obstruct()";
    database.execute(trigger).await;
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("SELECT pg_advisory_xact_lock(77)").execute(&mut *holder).await.expect("locked");
    holder
}

async fn wait_for(condition: &'static str, database: &TestDatabase) {
    eventually(condition, || async {
        (database.scalar::<Option<bool>>(condition).await == Some(true)).then_some(())
    })
    .await;
}

/// Kills a worker, and what it was doing in the database.
async fn end(worker: Child, database: &TestDatabase) {
    worker.signal(Signal::SIGKILL);
    assert_eq!(worker.wait().await, None);
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await;
    wait_for(
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        database,
    )
    .await;
}

async fn dump(database: &TestDatabase) -> String {
    let output = Command::new(installation().await.join("pg_dump"))
        .args(["--rows-per-insert", "100", "--no-owner", "--no-privileges", "--no-comments"])
        .args(["--dbname", &database.url])
        .env("PGTZ", "UTC")
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Without comments and psql's own commands, with placeholders, and a year older: it was made before any test runs,
/// whatever the clock says.
fn portable(dump: &str, folder: &Folder) -> String {
    let year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year();
    let mut text = String::new();
    for line in dump.lines().filter(|l| !l.is_empty() && !l.starts_with("--") && !l.starts_with('\\')) {
        text.push_str(line);
        text.push('\n');
    }
    for (placeholder, value) in files::placeholders(folder) {
        text = text.replace(&value, &placeholder);
    }
    text.replace(&format!("'{year}-"), &format!("'{}-", year - 1))
}
