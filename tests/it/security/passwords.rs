//! A password goes to the server and nowhere else.

use crate::support::collector::{Collector, Span};
use crate::support::{Folder, PrivateServer, Program, TestDatabase, barlift, bars, encoded, eventually};

const PASSWORD: &str = "s3cret p@ss/w#rd?%";

/// Parts that no way of writing it takes apart, and none that stands anywhere else.
const PARTS: [&str; 4] = ["s3cret", "p@ss", "p%40ss", "w#rd"];

/// Where one looks for the password.
struct Seen {
    place: String,
    text: String,
}

fn leaks(seen: &Seen) -> bool {
    PARTS.iter().any(|part| seen.text.to_ascii_lowercase().contains(part))
}

/// Nothing leaks, and the place shows `known`: what is looked at is what was meant.
fn check(seen: &Seen, known: &str) {
    assert!(!leaks(seen), "a password in {}:\n{}", seen.place, seen.text);
    assert!(seen.text.contains(known), "{} has no {known}:\n{}", seen.place, seen.text);
}

#[test]
fn the_check_finds_passwords() {
    for text in [PASSWORD, &encoded(PASSWORD), "user:S3CRET+", "x w#rd%3F", "\"p%40ss\""] {
        assert!(leaks(&Seen { place: String::new(), text: format!("before {text} after") }), "{text}");
    }
    assert!(!leaks(&Seen { place: String::new(), text: "password authentication failed".into() }));
}

/// A server where `importer` has the password.
async fn setting() -> (PrivateServer, TestDatabase, String) {
    let server = PrivateServer::start().await;
    let database = server.database("market").await;
    server
        .execute(
            "market",
            &format!(
                "CREATE ROLE importer LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE market TO importer;
                 GRANT ALL ON SCHEMA barlift, apalis TO importer;
                 GRANT ALL ON ALL TABLES IN SCHEMA barlift, apalis TO importer;
                 GRANT ALL ON ALL SEQUENCES IN SCHEMA barlift, apalis TO importer"
            ),
        )
        .await;
    let url = server.url("importer", PASSWORD, "market");
    assert!(url.contains("s3cret%20p%40ss%2Fw%23rd%3F%25"), "{url}");
    (server, database, url)
}

/// Both streams of a run that ends with `status`.
async fn streams(program: Program, status: i32) -> Seen {
    let run = program.run().await;
    assert_eq!(run.status, status, "{}", run.stderr);
    Seen { place: "the output".into(), text: run.stdout + &run.stderr }
}

#[tokio::test]
async fn no_output_span_or_row_holds_it() {
    let (server, database, url) = setting().await;
    let (collector, folder) = (Collector::start().await, Folder::new());
    folder.write("A_1m.csv", format!("{}broken\n", bars(500, 1)));
    let program = |arguments: &[&str]| {
        barlift(&database, &[&["--log-level", "trace"], arguments].concat())
            .env("DATABASE_URL", &url)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
    };
    check(&streams(program(&["import", folder.arg()]), 0).await, "barlift.tasks");
    folder.write("B_1m.csv", bars(500, 2));
    folder.write("C_1m.csv", "broken\n");
    check(&streams(program(&["enqueue", "import", folder.arg()]), 0).await, "op_migration_");
    check(&streams(program(&["worker", "--drain"]), 0).await, "apalis");
    for (arguments, known) in [
        (&["status", "latest", "--json"][..], "B_1m.csv"),
        (&["operations", "--json"], "op_migration_"),
        (&["diagnose", "latest"], "B"),
        (&["report", "latest"], "1 rejected row"),
        // The one that shows the URL.
        (&["db", "info", "--json"], "postgres://importer@127.0.0.1:"),
        (&["db", "setup"], "postgres://importer@127.0.0.1:"),
    ] {
        check(&streams(program(arguments), 0).await, known);
    }
    let spans = collector.spans();
    assert!(spans.iter().any(|s| s.name == "csv_import.import_symbol"));
    for span in &spans {
        check(&shown(span), &span.name);
    }
    let rows = rows(&server).await;
    for known in ["B_1m.csv", "op_migration_", "barlift.v1", "broken"] {
        check(&rows, known);
    }
}

/// All of a span.
fn shown(span: &Span) -> Seen {
    Seen { place: format!("the span {}", span.name), text: format!("{span:?}") }
}

/// Every row of our tables and the queue's, bytes as the text that they are.
async fn rows(server: &PrivateServer) -> Seen {
    let pool = TestDatabase::at(server.admin_url("market")).await.pool;
    let mut connection = pool.acquire().await.expect("connected");
    sqlx::query("SET bytea_output = 'escape'").execute(&mut *connection).await.expect("set");
    let tables = "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p')
                  AND c.relnamespace IN ('barlift'::regnamespace, 'apalis'::regnamespace)";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut *connection).await.expect("tables");
    let mut text = String::new();
    for table in tables {
        let query = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let found: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&mut *connection).await.expect("read");
        text += &found;
    }
    Seen { place: "the tables".into(), text }
}

#[tokio::test]
async fn a_worker_that_loses_its_server_does_not_show_it() {
    let (server, database, url) = setting().await;
    let folder = Folder::new();
    let log = folder.write("log", "");
    let worker = barlift(&database, &["--log-level", "trace", "worker"])
        .env("DATABASE_URL", &url)
        .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "2s")
        .spawn_logging(&log);
    let sessions = "SELECT string_agg(a::text, E'\\n') FROM pg_stat_activity a
                    WHERE usename = 'importer' AND query ILIKE '%apalis%'";
    let works = async || {
        let text = eventually("the worker works", || database.scalar::<Option<String>>(sessions)).await;
        check(&Seen { place: "pg_stat_activity".into(), text }, "barlift");
    };
    works().await;
    let text = std::fs::read(format!("/proc/{}/cmdline", worker.pid())).expect("Linux");
    check(&Seen { place: "the command line".into(), text: String::from_utf8_lossy(&text).into() }, "worker");
    // Before that it would give up for want of a server.
    let read = || std::fs::read_to_string(&log).expect("the log");
    eventually("it has begun", || async { read().contains(" working ").then_some(()) }).await;
    server.stop_immediately();
    eventually("the worker misses its server", || async {
        read().contains("the database or the queue is in trouble").then_some(())
    })
    .await;
    server.start_again();
    works().await;
    check(&Seen { place: "the log".into(), text: read() }, "the database or the queue is in trouble");
}

#[tokio::test]
async fn a_connection_that_fails_does_not_tell_it() {
    let (server, database, url) = setting().await;
    let (collector, folder) = (Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let failed = |url: &str| {
        barlift(&database, &["--log-level", "trace", "import", folder.arg()])
            .env("DATABASE_URL", url)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
            .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "2s")
    };
    let wrong = server.url("importer", "another s3cret", "market");
    let refused = "password authentication failed for user \"importer\"\nhint: check user and password";
    check(&streams(failed(&wrong), 3).await, refused);
    let elsewhere = server.url("importer", PASSWORD, "elsewhere");
    check(&streams(failed(&elsewhere), 3).await, "database \"elsewhere\" does not exist");
    check(&streams(failed(&format!("{url}?sslmode=require")), 3).await, "server does not support TLS");
    // Forgotten to be encoded.
    let raw = url.replace(&encoded(PASSWORD), PASSWORD);
    check(&streams(failed(&raw), 2).await, "hint: write it as postgres://user:password@host:5432/name");
    server.stop_immediately();
    check(&streams(failed(&url), 3).await, "Connection refused");
    let spans = collector.spans();
    assert!(spans.iter().any(|s| s.message.contains("cannot connect to postgres://importer@")));
    for span in &spans {
        check(&shown(span), &span.name);
    }
}
