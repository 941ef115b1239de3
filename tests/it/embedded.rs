//! The private server: started once, shared, stopped when its last user is gone.

use std::path::Path;

use barlift::db::embedded::Embedded;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::support::{
    Folder, WORKING_PROCESSES, barlift_alone, bars, eventually, program_alone, server_directory,
};

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
    let place = |name: &str| home.path().join(name);
    std::fs::write(place("file"), "").expect("written");
    std::os::unix::fs::symlink(place("nowhere"), place("link")).expect("linked");
    std::fs::create_dir_all(place("foreign/data")).expect("made");
    std::fs::write(place("foreign/data/prices.parquet"), "").expect("written");
    for (directory, why) in [
        ("file/pg", "Not a directory"),
        ("file", "it is no folder"),
        ("link", "a link to one that is not there"),
        ("foreign", "foreign/data is not the data of a server"),
    ] {
        let run = barlift_alone(&["db", "info"]).env("BARLIFT__DATABASE__EMBEDDED_DIR", place(directory));
        let run = run.run().await;
        assert_eq!(run.status, 3);
        assert!(run.stderr.contains(why), "{}", run.stderr);
        assert!(run.stderr.contains("hint: set database.embedded_dir"), "{}", run.stderr);
    }
    let left = std::fs::read_dir(place("foreign")).expect("read");
    let left: Vec<_> = left.map(|e| e.expect("read").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("unfinished-")), "{left:?}");
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

/// How a program comes by a name that is not its own.
const RENAMED: [(&str, &str); 4] = [
    ("copied", "cp \"$1\" \"$2\" && exec \"$2\" db setup"),
    ("a symbolic link", "ln -s \"$1\" \"$2\" && exec \"$2\" db setup"),
    ("a hard link", "ln \"$1\" \"$2\" && exec \"$2\" db setup"),
    // As after an upgrade: the file of a program that runs is gone.
    ("removed", "cp \"$1\" \"$2\" && exec 9<\"$2\" && rm \"$2\" && exec /proc/self/fd/9 db setup"),
];

#[tokio::test]
async fn a_program_of_another_name_ends_its_server_too() {
    let program = Path::new(env!("CARGO_BIN_EXE_barlift"));
    for (how, script) in RENAMED {
        let home = server_directory();
        let directory = home.path().join("pg");
        // On the file system of the program, for the hard link.
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let renamed = place.path().join("barlift-0.1");
        let paths = [program, &renamed].map(|p| p.to_str().expect("UTF-8"));
        let run = program_alone(Path::new("bash"), &["-c", script, "bash", paths[0], paths[1]])
            .env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory)
            .run()
            .await;
        assert_eq!(run.status, 0, "{how}: {}", run.stderr);
        assert_eq!(run.stderr, "", "{how}");
        stopped(&directory).await;
    }
}

/// The keeper of a folder's server.
fn keeper(directory: &Path) -> Option<Pid> {
    let directory = directory.to_str().expect("UTF-8");
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes.filter_map(|p| p.file_name().to_str()?.parse().ok()).map(Pid::from_raw).find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.split('\0').collect::<Vec<_>>().get(1..3) == Some(&["embedded-keeper", directory])
    })
}

#[tokio::test]
async fn db_stop_stops_a_server_that_nobody_looks_after() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let barlift =
        |arguments: &[&str]| barlift_alone(arguments).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
    let none = barlift(&["db", "stop"]).run().await;
    assert_eq!((none.status, none.stdout.as_str()), (0, ""));
    assert!(none.stderr.starts_with("there is no private server"), "{}", none.stderr);

    let worker = barlift(&["worker"]).spawn();
    eventually("the server runs", || async { running(&directory).then_some(()) }).await;
    let keeper = eventually("a keeper looks after it", || async { keeper(&directory) }).await;
    nix::sys::signal::kill(keeper, Signal::SIGKILL).expect("killed");
    worker.signal(Signal::SIGKILL);
    assert_eq!(worker.wait().await, None);
    let stop = barlift(&["db", "stop"]).run().await;
    let place = directory.canonicalize().expect("there").display().to_string();
    assert_eq!((stop.status, stop.stdout), (0, format!("stopped the private server in {place}\n")));
    assert!(!running(&directory));
    let again = barlift(&["db", "stop"]).run().await;
    assert_eq!((again.status, again.stdout.as_str()), (0, ""));
    assert!(again.stderr.contains("is not running"), "{}", again.stderr);
}

#[tokio::test]
async fn db_stop_spares_those_who_use_the_server_unless_told_otherwise() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let barlift =
        |arguments: &[&str]| barlift_alone(arguments).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
    barlift(&["db", "setup"]).run().await;
    let worker = barlift(&["worker"]).spawn();
    let works = || async {
        let status = barlift(&["db", "psql", "--", "-XAtc", WORKING_PROCESSES]);
        (status.run().await.stdout == "1\n").then_some(())
    };
    eventually("the worker works", works).await;
    for arguments in [&["db", "stop"][..], &["db", "remove", "--yes"]] {
        let refused = barlift(arguments).run().await;
        assert_eq!(refused.status, 2, "{}", refused.stderr);
        assert!(
            refused.stderr.contains("is in use by other barlift commands\nhint: end them"),
            "{}",
            refused.stderr
        );
        assert!(running(&directory));
    }
    let forced = barlift(&["db", "stop", "--force"]).run().await;
    assert_eq!(forced.status, 0, "{}", forced.stderr);
    assert!(!running(&directory));
    // The next command starts it again, and the worker goes on.
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100, 1));
    let done = barlift(&["enqueue", "import", folder.arg(), "--wait", "--json"]).run().await.json(0);
    assert_eq!(done["totals"]["rows_imported"], 100);
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
    stopped(&directory).await;
}

#[tokio::test]
async fn db_remove_says_what_goes_and_removes_nothing_else() {
    let home = server_directory();
    let directory = home.path().join("pg");
    let barlift =
        |arguments: &[&str]| barlift_alone(arguments).env("BARLIFT__DATABASE__EMBEDDED_DIR", &directory);
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(100, 1));
    barlift(&["import", folder.arg(), "--json"]).run().await.json(0);
    std::fs::write(directory.join("notes.txt"), "mine").expect("written");

    for (name, value) in [("DATABASE_URL", "postgres://x@127.0.0.1:1/x"), ("PGHOST", "127.0.0.1")] {
        let named = barlift(&["db", "remove", "--yes"]).env(name, value).run().await;
        assert_eq!(named.status, 2, "{name}: {}", named.stderr);
        assert!(
            named.stderr.contains("barlift removes its private server alone\nhint: unset it"),
            "{name}: {}",
            named.stderr
        );
    }
    let place = directory.canonicalize().expect("there").display().to_string();
    let asked = barlift(&["db", "remove"]).run().await;
    assert_eq!(asked.status, 2, "{}", asked.stderr);
    assert!(asked.stderr.starts_with(&format!("the private server in {place} (")), "{}", asked.stderr);
    assert!(asked.stderr.contains("1 series with 100 bars and all operations\n"), "{}", asked.stderr);
    assert!(asked.stderr.contains("hint: give --yes to remove the server"), "{}", asked.stderr);
    assert!(directory.join("data/PG_VERSION").exists());

    let removed = barlift(&["db", "remove", "--yes"]).run().await;
    assert_eq!((removed.status, removed.stdout), (0, format!("removed the private server in {place}\n")));
    let names = |folder: &Path| -> Vec<_> {
        std::fs::read_dir(folder).expect("read").flatten().map(|e| e.file_name()).collect()
    };
    // The keeper may have looked at its locks once more.
    let left: Vec<_> =
        names(&directory).into_iter().filter(|n| !n.to_string_lossy().ends_with(".lock")).collect();
    assert_eq!(left, ["notes.txt"]);
    assert!(removed.stderr.contains("the folder stays"), "{}", removed.stderr);

    // And all of it, where nothing else lies.
    std::fs::remove_file(directory.join("notes.txt")).expect("removed");
    barlift(&["import", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(barlift(&["db", "remove", "--yes"]).run().await.status, 0);
    assert!(!directory.exists());
}
