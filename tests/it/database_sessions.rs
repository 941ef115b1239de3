//! What each session sets, checks and refuses, whatever the defaults of its database are.

use std::os::fd::OwnedFd;

use rustix::net::sockopt;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Folder, PrivateServer, TestDatabase, barlift, bars, drain, enqueue, eventually, hold_back, make_hostile,
    skipped, wait_for_rows,
};

/// Whoever writes into tasks leaves the settings of its session behind.
const RECORD: &str = "
    CREATE TABLE public.seen (name text, setting text);
    CREATE FUNCTION public.record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.seen SELECT name, setting FROM pg_settings;
        RETURN NULL;
    END $$;
    CREATE TRIGGER record AFTER UPDATE ON barlift.tasks FOR EACH STATEMENT EXECUTE FUNCTION public.record()";

#[tokio::test]
async fn every_session_sets_what_it_relies_on() {
    let server = PrivateServer::start().await;
    let (database, folder) = (server.database("market").await, Folder::new());
    server.execute("market", RECORD).await;
    let mut admin = PgConnection::connect(&server.admin_url("postgres")).await.expect("connected");
    make_hostile(&mut admin, "market", "serializable").await;
    for i in 0..10 {
        folder.write(&format!("S{i}_1m.csv"), bars(100, i));
    }
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    for (name, expected) in [
        ("default_transaction_isolation", "read committed"),
        ("default_transaction_deferrable", "off"),
        // Not lock_timeout: some transactions set one of their own.
        ("statement_timeout", "0"),
        ("transaction_timeout", "0"),
        ("idle_session_timeout", "0"),
        // The lease of the tests' program.
        ("idle_in_transaction_session_timeout", "10000"),
        ("search_path", "apalis,public"),
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("extra_float_digits", "1"),
        ("bytea_output", "hex"),
        ("standard_conforming_strings", "on"),
        ("random_page_cost", "1.1"),
    ] {
        let seen: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT setting FROM public.seen WHERE name = $1")
                .bind(name)
                .fetch_all(&database.pool)
                .await
                .expect("read");
        // Not every server has all of them.
        assert!(seen.iter().all(|s| s == expected), "{name}: {seen:?}");
    }
    assert!(database.scalar::<i64>("SELECT count(*) FROM public.seen").await > 0);
}

#[tokio::test]
async fn timeouts_of_the_database_do_not_end_a_batch_that_waits() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let mut admin = PgConnection::connect(&database.url).await.expect("connected");
    let name: String = database.scalar("SELECT current_database()::text").await;
    make_hostile(&mut admin, &name, "repeatable read").await;
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    // Longer than each of the timeouts, as the server counts it.
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'
                 AND datname = current_database() AND now() - query_start > interval '1500 ms'";
    eventually("the batch waits", || async { (database.scalar::<i64>(waits).await == 1).then_some(()) })
        .await;
    holder.commit().await.expect("let go");
    wait_for_rows(&database, 1000).await;
    drop(worker);
    drain(&database).await;
    let attempts: i64 =
        database.scalar("SELECT count(*) FROM barlift.attempts WHERE outcome = 'failed'").await;
    assert_eq!((database.bars().await, attempts), (1000, 0));
}

#[tokio::test]
async fn where_writes_are_off_reading_works_and_writing_is_refused() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$";
    database.execute(set).await;
    for reading in [
        &["status", "latest"][..],
        &["operations"],
        &["report", "latest"],
        &["diagnose", "latest"],
        &["data", "symbols"],
        &["data", "load", "A", "1m", "--format", "csv"],
        &["db", "info"],
    ] {
        let run = barlift(&database, reading).run().await;
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{reading:?}");
    }
    folder.write("B_1m.csv", bars(10, 1));
    for writing in
        [&["import", folder.arg()][..], &["enqueue", "import", folder.arg()], &["cancel", "latest"]]
    {
        let run = barlift(&database, writing).run().await;
        assert_eq!(run.status, 3, "{writing:?}: {}", run.stderr);
        assert!(
            run.stderr.contains("in a read-only transaction\nhint: the server takes no writes"),
            "{}",
            run.stderr
        );
    }
}

#[tokio::test]
async fn a_database_in_another_encoding_is_refused_in_a_sentence() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let name: String = database.scalar("SELECT current_database()::text").await;
    for encoding in ["LATIN1", "WIN1252", "SQL_ASCII"] {
        let other = format!("{name}_{}", encoding.to_lowercase());
        let create = format!("CREATE DATABASE {other} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0");
        sqlx::query(sqlx::AssertSqlSafe(create)).execute(&database.pool).await.expect("made");
        let url = database.url.replace(&name, &other);
        for command in [&["db", "setup"][..], &["import", folder.arg()], &["worker", "--drain"]] {
            let run = barlift(&database, command).env("DATABASE_URL", &url).run().await;
            assert_eq!(run.status, 3, "{}", run.stderr);
            let says = format!(
                "/{other} has the encoding {encoding}, and barlift needs UTF8\nhint: make another one: createdb"
            );
            assert!(run.stderr.contains(&says), "{}", run.stderr);
        }
        let info = barlift(&database, &["db", "info", "--json"]).env("DATABASE_URL", &url).run().await;
        assert_eq!(info.json(0)["schema_current"], false);
    }
}

/// The sockets of a process that lead to this port.
fn sockets(process: u32, port: u16) -> rustix::io::Result<Vec<OwnedFd>> {
    let pid = Pid::from_raw(i32::try_from(process).expect("a pid")).expect("a pid");
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{process}/fd")).expect("Linux").flatten() {
        let number = entry.file_name().to_str().and_then(|n| n.parse().ok()).expect("a number");
        let is_socket =
            std::fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
        if !is_socket {
            continue;
        }
        let socket = match pidfd_getfd(&pidfd, number, PidfdGetfdFlags::empty()) {
            // Closed meanwhile.
            Err(rustix::io::Errno::BADF) => continue,
            got => got?,
        };
        let peer = rustix::net::getpeername(&socket).ok().flatten();
        let peer = peer.and_then(|p| std::net::SocketAddr::try_from(p).ok());
        if peer.is_some_and(|p| p.port() == port) {
            found.push(socket);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn sockets_to_the_server_send_at_once_and_are_kept_alive() {
    let server = PrivateServer::start().await;
    let (mut database, folder) = (server.database("market").await, Folder::new());
    database.url += "?keepalives_idle=7&keepalives_count=3";
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let worker = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    let tuned = |socket: &OwnedFd| {
        sockopt::tcp_nodelay(socket) == Ok(true)
            && sockopt::socket_keepalive(socket) == Ok(true)
            && sockopt::tcp_keepidle(socket) == Ok(std::time::Duration::from_secs(7))
            && sockopt::tcp_keepcnt(socket) == Ok(3)
    };
    // One writes, one listens. A further one may have been opened this very moment.
    let all_tuned = || async {
        match sockets(worker.pid(), server.port()) {
            Ok(found) => (found.len() >= 2 && found.iter().all(tuned)).then_some(Ok(())),
            Err(e) => Some(Err(e)),
        }
    };
    // Containers may forbid to look into other processes.
    if let Err(e) = eventually("all sockets have their options", all_tuned).await {
        assert!(std::env::var_os("BARLIFT_TEST_TOOLS").is_none(), "{e}");
        skipped(&format!("no look into other processes: {e}"));
        return;
    }
    holder.commit().await.expect("let go");
    wait_for_rows(&database, 1000).await;
}

#[tokio::test]
async fn a_short_timeout_of_the_database_reaches_no_statement() {
    let server = PrivateServer::start().await;
    let (database, folder) = (server.database("market").await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    // What a session asks first takes longer than that.
    let slow = "CREATE SCHEMA slow;
        CREATE FUNCTION slow.pg_backend_pid() RETURNS integer LANGUAGE sql
            AS 'SELECT pg_catalog.pg_sleep(0.3); SELECT pg_catalog.pg_backend_pid()';
        CREATE FUNCTION slow.current_setting(text, boolean) RETURNS text LANGUAGE sql
            AS 'SELECT pg_catalog.pg_sleep(0.01); SELECT pg_catalog.current_setting($1, $2)';
        ALTER DATABASE market SET search_path = slow, pg_catalog;
        ALTER DATABASE market SET statement_timeout = '50ms'";
    server.execute("market", slow).await;
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    assert_eq!(barlift(&database, &["operations"]).run().await.status, 0);
    // One that is meant for barlift stays.
    let mut holder = PgConnection::connect(&database.url).await.expect("connected");
    sqlx::raw_sql("SET statement_timeout = 0; BEGIN; LOCK TABLE barlift.operations")
        .execute(&mut holder)
        .await
        .expect("locked");
    let meant = format!("{}?options=-c%20statement_timeout%3D2s", database.url);
    let run = barlift(&database, &["operations"]).env("DATABASE_URL", meant).run().await;
    assert!(run.status == 3 && run.stderr.contains("RESET statement_timeout"), "{}", run.stderr);
}
