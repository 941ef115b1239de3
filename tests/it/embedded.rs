//! The embedded server: made once, shared, stopped when its last user is gone.

use std::path::Path;

use barlift::backend::embedded::Embedded;
use nix::sys::signal::Signal;

use crate::support::{Folder, barlift_alone, bars, eventually, server_directory};

fn running(directory: &Path) -> bool {
    directory.join("data/postmaster.pid").exists()
}

async fn stopped(directory: &Path) {
    eventually("the server stops", || async { (!running(directory)).then_some(()) }).await;
}

#[tokio::test]
async fn two_commands_at_once_share_one_server_and_the_last_one_ends_it() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let import = |symbol: &str| {
        let folder = Folder::new();
        folder.write(&format!("{symbol}_1m.csv"), bars(100, 1));
        let program = barlift_alone(&["import", folder.arg(), "--json"])
            .env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
        async move {
            let result = program.run().await;
            drop(folder);
            result
        }
    };
    let (a, b) = tokio::join!(import("A"), import("B"));
    assert_eq!(a.json(0)["totals"]["rows_imported"], 100);
    assert_eq!(b.json(0)["totals"]["rows_imported"], 100);
    stopped(&directory).await;
    // Used again, it has both, and nothing listens on a network.
    let query = "SELECT count(*), current_setting('listen_addresses') FROM barlift.bars";
    let psql = barlift_alone(&["db", "psql", "--", "-XAtc", query])
        .env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
    assert_eq!(psql.run().await.stdout, "200|\n");
    stopped(&directory).await;
}

#[tokio::test]
async fn a_killed_command_leaves_no_server_and_no_lock() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let worker = barlift_alone(&["worker"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory).spawn();
    eventually("the server runs", || async { running(&directory).then_some(()) }).await;
    worker.signal(Signal::SIGKILL);
    assert_eq!(worker.wait().await, None);
    stopped(&directory).await;
    let info = barlift_alone(&["db", "info", "--json"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
    assert_eq!(info.run().await.json(0)["embedded"], true);
    stopped(&directory).await;
}

#[tokio::test]
async fn a_command_killed_while_it_starts_the_server_leaves_none() {
    // Moments of the start, not waits: making the data, starting the server, connecting.
    for milliseconds in [30, 300, 600, 1000] {
        let home = server_directory();
        let directory = home.path().join("pg");
        let setup =
            || barlift_alone(&["db", "setup", "--json"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
        let child = setup().spawn();
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        drop(child);
        setup().run().await.json(0);
        stopped(&directory).await;
    }
}

#[tokio::test]
async fn a_server_that_was_killed_is_started_again() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let info =
        || barlift_alone(&["db", "setup", "--json"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
    info().run().await.json(0);
    stopped(&directory).await;
    // What a power cut leaves: a pid file whose number is another program's by now (this test's own).
    let pid_file = directory.join("data/postmaster.pid");
    std::fs::write(&pid_file, format!("{}\n{}\n", std::process::id(), directory.join("data").display()))
        .expect("written");
    info().run().await.json(0);
    stopped(&directory).await;
}

#[tokio::test]
async fn only_its_user_may_enter() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = server_directory();
    let directory = home.path().join("pg");
    barlift_alone(&["db", "setup"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory).run().await;
    for folder in ["data", "run"] {
        let mode = std::fs::metadata(directory.join(folder)).expect(folder).permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    stopped(&directory).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_explained() {
    let home = server_directory();
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("written");
    let run =
        barlift_alone(&["db", "info"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", file.join("pg")).run().await;
    assert_eq!(run.status, 3);
    assert!(run.stderr.contains("the embedded database cannot use"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: set database.embedded_dir"), "{}", run.stderr);
}

#[tokio::test]
async fn a_server_that_dies_under_an_import_is_started_again() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let folder = Folder::new();
    for i in 0..40 {
        folder.write(&format!("S{i:02}_1m.csv"), bars(500, i));
    }
    let arguments = ["import", folder.arg(), "--batch-rows", "50", "--json"];
    let run =
        tokio::spawn(barlift_alone(&arguments).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory).run());
    let at_work = || async { Embedded::start(Some(&directory)).await.ok() };
    eventually("the server runs", || async { running(&directory).then_some(()) }).await;
    let server = eventually("it can be asked", at_work).await;
    let pool = sqlx::PgPool::connect_with(server.connect_options()).await.expect("connected");
    eventually("the import is at work", || async {
        let rows: Option<Option<i64>> =
            sqlx::query_scalar("SELECT sum(rows)::bigint FROM barlift.tasks").fetch_one(&pool).await.ok();
        (rows.flatten()? > 1000).then_some(())
    })
    .await;
    // Only the import is to look after the server now.
    pool.close().await;
    let file = std::fs::read_to_string(directory.join("data/postmaster.pid")).expect("it runs");
    drop(server);
    let pid: i32 = file.lines().next().and_then(|l| l.parse().ok()).expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).expect("killed");
    let result = run.await.expect("ran").json(0);
    assert_eq!(result["totals"]["rows_imported"], 20_000);
    assert_eq!(result["totals"]["rows_skipped"], 0);
    stopped(&directory).await;
}
