//! What a worker exposes: metrics, health, readiness, and log lines with the id of their trace.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};

use barlift::telemetry::metrics::METRICS;
use nix::sys::signal::Signal;

use crate::support::collector::Collector;
use crate::support::{
    Folder, TestDatabase, barlift, barlift_alone, bars, enqueue, eventually, free_port, http_client,
};

/// Status and body, once somebody listens.
async fn get(address: &str, path: &str) -> Option<(u16, String)> {
    // The client wants to know what to do TLS with, also where there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let response = http_client().get(format!("http://{address}{path}")).send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.text().await.ok()?))
}

async fn until_status(address: &str, path: &str, want: u16) -> String {
    eventually("the endpoint answers so", || async {
        get(address, path).await.filter(|(status, _)| *status == want).map(|(_, body)| body)
    })
    .await
}

/// One number of the text format: the first line that begins so.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find(|l| l.starts_with(series))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn a_worker_shows_every_metric() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for i in 0..3 {
        folder.write(&format!("S{i}_1m.csv"), bars(500, i));
    }
    folder.write("BAD_1m.csv", "time,open\n");
    enqueue(&database, &folder).await;
    barlift(&database, &["enqueue", "import", folder.arg(), "--in", "1h"]).run().await;
    let address = format!("127.0.0.1:{}", free_port());
    let port = address.rsplit(':').next().expect("a port");
    let worker = barlift(&database, &["worker", "--http", port]).spawn();
    let text = eventually("all is counted", || async {
        let (_, text) = get(&address, "/metrics").await?;
        let done = value(&text, "barlift_files_total{outcome=\"succeeded\"")? == 3.0
            && value(&text, "barlift_jobs{state=\"succeeded\"").unwrap_or(0.0) == 3.0
            && value(&text, "barlift_worker_heartbeat_age_seconds").is_some();
        done.then_some(text)
    })
    .await;
    for metric in METRICS {
        assert!(
            text.contains(&format!("# TYPE {} ", metric.prometheus)),
            "no {}:\n{text}",
            metric.prometheus
        );
    }
    // And nothing that the table does not know.
    let named: BTreeSet<_> = METRICS.iter().map(|m| m.prometheus).chain(["target_info"]).collect();
    for line in text.lines().filter(|l| l.starts_with("# TYPE ")) {
        let name = line.split(' ').nth(2).expect("a name");
        assert!(named.contains(name), "{name} is not in the table");
    }
    for (series, want) in [
        ("barlift_rows_total{outcome=\"imported\"", 1500.0),
        ("barlift_rows_total{outcome=\"rejected\"", 0.0),
        ("barlift_files_total{outcome=\"failed\"", 1.0),
        ("barlift_retries_total", 0.0),
        ("barlift_phase_duration_seconds_count{phase=\"insert_batch\"", 3.0),
        ("barlift_batch_duration_seconds_count", 3.0),
        ("barlift_queue_waiting", 0.0),
        ("barlift_queue_scheduled", 4.0),
        ("barlift_workers_alive", 1.0),
        ("barlift_jobs{state=\"pending\"", 4.0),
        ("barlift_pool_connections_max", 8.0),
        ("barlift_database_up", 1.0),
    ] {
        assert_eq!(value(&text, series), Some(want), "{series}\n{text}");
    }
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn health_and_readiness_tell_the_truth() {
    let database = TestDatabase::new().await;
    let address = format!("127.0.0.1:{}", free_port());
    let worker = barlift(&database, &["worker", "--http", &address]).spawn();
    assert_eq!(until_status(&address, "/healthz", 200).await, "ok\n");
    assert_eq!(until_status(&address, "/readyz", 200).await, "ready\n");
    // The queue does not answer: alive, but not ready.
    database.execute("ALTER TABLE apalis.workers RENAME TO gone").await;
    let why = until_status(&address, "/readyz", 503).await;
    assert_eq!(why, "the database cannot be asked; the log says why\n");
    assert_eq!(get(&address, "/healthz").await.expect("an answer").0, 200);
    database.execute("ALTER TABLE apalis.gone RENAME TO workers").await;
    until_status(&address, "/readyz", 200).await;
    // Somebody holds the table: no answer in time is no answer.
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("LOCK TABLE apalis.workers").execute(&mut *holder).await.expect("locked");
    until_status(&address, "/readyz", 503).await;
    holder.rollback().await.expect("let go");
    until_status(&address, "/readyz", 200).await;
    // Its heartbeats no longer arrive.
    database
        .execute(
            "CREATE FUNCTION stale() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 NEW.last_seen := now() - interval '1 hour';
                 RETURN NEW;
             END $$",
        )
        .await;
    database
        .execute("CREATE TRIGGER stale BEFORE UPDATE ON apalis.workers FOR EACH ROW EXECUTE FUNCTION stale()")
        .await;
    assert_eq!(until_status(&address, "/readyz", 503).await, "the last heartbeat is too old\n");
    assert_eq!(get(&address, "/nonsense").await.expect("an answer").0, 404);
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().await, Some(0));
}

#[tokio::test]
async fn without_a_database_a_worker_is_alive_and_not_ready() {
    // Something that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("postgres://me@{}/db", silent.local_addr().expect("an address"));
    let address = format!("127.0.0.1:{}", free_port());
    let worker = barlift_alone(&["worker", "--http", &address]).env("DATABASE_URL", url).spawn();
    until_status(&address, "/healthz", 200).await;
    assert_eq!(until_status(&address, "/readyz", 503).await, "not connected to the database yet\n");
    worker.signal(Signal::SIGKILL);
    worker.wait().await;
}

#[tokio::test]
async fn the_endpoint_listens_on_this_machine_only_unless_told_otherwise() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address: SocketAddr = taken.local_addr().expect("an address");
    for given in [address.port().to_string(), format!(":{}", address.port())] {
        let run = barlift_alone(&["worker", "--http", &given]).run().await;
        assert_eq!(run.status, 2);
        let message = format!("cannot listen on 127.0.0.1:{}", address.port());
        assert!(run.stderr.contains(&message), "{}", run.stderr);
    }
    let run = barlift_alone(&["worker", "--http", "everywhere"]).run().await;
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("worker.http `everywhere` is neither a port"), "{}", run.stderr);
}

#[tokio::test]
async fn metrics_go_over_otlp_too() {
    let (database, collector, folder) = (TestDatabase::new().await, Collector::start().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    let run = barlift(&database, &["import", folder.arg(), "--json"])
        .env("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", collector.endpoint())
        .run()
        .await;
    run.json(0);
    let names = collector.metrics();
    for name in ["barlift.rows", "barlift.files", "barlift.batch.duration", "barlift.phase.duration"] {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(collector.spans().is_empty(), "only what was asked for");
}

#[tokio::test]
async fn log_lines_lead_to_their_trace() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(10, 1));
    folder.write("BAD_1m.csv", "time,open\n");
    let operation = barlift(&database, &["enqueue", "import", folder.arg(), "--json"]).run().await.json(0);
    let run = barlift(&database, &["worker", "--drain", "--log-format", "json"]).run().await;
    assert_eq!(run.status, 0);
    let lines: Vec<serde_json::Value> =
        run.stderr.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert!(lines.len() >= 3, "{}", run.stderr);
    let about = |symbol: &str| lines.iter().find(|l| l["symbol"] == symbol).expect("a line of the attempt");
    for symbol in ["A", "BAD"] {
        let line = about(symbol);
        assert_eq!(line["operation.id"], operation["operation_id"]);
        assert_eq!(line["trace_id"], operation["trace_id"]);
        assert_eq!(line["timeframe"], "1m");
    }
    assert_eq!((&about("A")["level"], &about("A")["message"]), (&"INFO".into(), &"imported".into()));
    assert_eq!((&about("A")["rows"], &about("A")["imported"]), (&10.into(), &10.into()));
    assert!(about("BAD")["error"].as_str().expect("an error").contains("BAD_1m.csv"));

    // For people: the same on one line, and no JSON.
    let again = barlift(&database, &["enqueue", "import", folder.arg(), "--force"]).run().await;
    assert_eq!(again.status, 0);
    let run = barlift(&database, &["worker", "--drain", "--log-format", "human"]).run().await;
    let line = run.stderr.lines().find(|l| l.contains("imported")).expect("a line");
    assert!(line.contains("operation.id=\"op_migration_") && line.contains("trace_id=\""), "{line}");
}
