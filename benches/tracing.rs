//! What tracing costs: imports whose spans go to a live receiver against imports without, in turns.
//!
//! ```text
//! cargo bench --bench tracing                      9 rounds of 4 files of 250,000 bars each
//! cargo bench --bench tracing -- 21 4 500000       rounds, files, rows a file
//! ```
//!
//! Prints each round, the medians and the ratios, and writes them to `target/bench-tracing.json`. The receiver runs
//! in this process, on the same cores as the import and the database.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, clippy::unwrap_used)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use barlift::db::Database;
use barlift::db::embedded::Embedded;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use sqlx::{Connection as _, PgConnection};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

#[derive(Clone, Default)]
struct Receiver(Arc<AtomicU64>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|r| r.scope_spans);
        let spans: usize = scopes.map(|s| s.spans.len()).sum();
        self.0.fetch_add(spans as u64, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::main]
async fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let number = |i: usize, default: u64| numbers.get(i).copied().unwrap_or(default);
    let (rounds, files, rows) = (number(0, 9), number(1, 4), number(2, 250_000));

    let work = tempfile::Builder::new().prefix("barlift-bench-").tempdir_in("/tmp").expect("a folder");
    open_to_all(work.path());
    let bars = work.path().join("bars");
    generate(&bars, files, rows);
    let server = Embedded::start(Some(&work.path().join("server"))).await.expect("a server");
    let receiver = Receiver::default();
    let endpoint = serve(receiver.clone()).await;

    let mut seconds = [Vec::new(), Vec::new()];
    let mut spans = 0;
    // One of each first, which does not count: caches, and the server's own start.
    for round in 0..=rounds {
        for traced in if round % 2 == 0 { [false, true] } else { [true, false] } {
            let url = fresh_database(&server, "bench").await;
            let before = receiver.0.load(Ordering::Relaxed);
            let endpoint = traced.then_some(endpoint.as_str());
            let (bars, url) = (bars.clone(), url.clone());
            let endpoint = endpoint.map(str::to_owned);
            let took = tokio::task::spawn_blocking(move || import(&bars, &url, endpoint.as_deref()));
            let took = took.await.expect("ran");
            let got = receiver.0.load(Ordering::Relaxed) - before;
            assert_eq!(got > 0, traced, "spans are exported only if asked for");
            if round > 0 {
                seconds[usize::from(traced)].push(took);
                spans = spans.max(got);
                println!(
                    "round {round}: tracing {}: {took:.3} s, {got} spans",
                    if traced { "on " } else { "off" }
                );
            }
        }
    }
    // Of neighbours in time, which a slow minute of the machine slows alike.
    let paired = median(seconds[0].iter().zip(&seconds[1]).map(|(off, on)| on / off).collect());
    let [off, on] = seconds.map(median);
    println!("{files} files of {rows} rows, {spans} spans: off {off:.3} s, on {on:.3} s");
    println!("ratio of the medians {:.4}, median of the rounds' ratios {paired:.4}", on / off);
    let result = serde_json::json!({
        "files": files, "rows_per_file": rows, "rounds": rounds, "spans": spans,
        "off_seconds": off, "on_seconds": on, "ratio": on / off, "paired_ratio": paired,
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-tracing.json");
    std::fs::write(path, format!("{result:#}\n")).expect("written");
}

/// Seconds of one import, as a process of its own.
fn import(bars: &std::path::Path, url: &str, endpoint: Option<&str>) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_barlift"));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("OTEL_") || n.starts_with("BARLIFT__")) {
        command.env_remove(name);
    }
    command.arg("import").arg(bars).args(["--concurrency", "2"]).env("DATABASE_URL", url);
    if let Some(endpoint) = endpoint {
        command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint);
    }
    let start = Instant::now();
    let output = command.output().expect("barlift");
    let took = start.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    took
}

async fn fresh_database(server: &Embedded, name: &str) -> String {
    let socket = server.socket().display().to_string().replace('/', "%2F");
    let url = |name: &str| format!("postgres://barlift@{socket}/{name}");
    let mut admin = PgConnection::connect(&url("postgres")).await.expect("the server answers");
    for statement in ["DROP DATABASE IF EXISTS bench WITH (FORCE)", "CREATE DATABASE bench", "CHECKPOINT"] {
        sqlx::query(statement).execute(&mut admin).await.expect(statement);
    }
    let config = barlift::config::load(None, &[("database.url", url(name))]).expect("defaults");
    let database = Database::connect(&config).await.expect("connected");
    barlift::setup::setup(&database, &config.database).await.expect("set up");
    database.pool.close().await;
    url(name)
}

async fn serve(receiver: Receiver) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server =
        Server::builder().add_service(TraceServiceServer::new(receiver)).serve_with_incoming(incoming);
    tokio::spawn(async move { server.await.expect("served") });
    endpoint
}

fn generate(directory: &std::path::Path, files: u64, rows: u64) {
    let status = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--locked", "--example", "generate_bars", "--"])
        .arg(directory)
        .args([files.to_string(), rows.to_string()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.expect("cargo").success());
}

/// Another user runs the server for root.
fn open_to_all(directory: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).expect("its mode");
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    if seconds.len() % 2 == 1 { seconds[middle] } else { f64::midpoint(seconds[middle - 1], seconds[middle]) }
}
