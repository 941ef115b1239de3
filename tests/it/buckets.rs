//! Sources in a bucket: a real S3 server (moto), which the tests start, and a proxy before it that does what networks and
//! servers do now and then.
//!
//! Without moto a test says that it is skipped; `.ci/run` installs it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child as Process, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::json;

use crate::archives::gzipped;
use crate::support::{Folder, Program, TestDatabase, barlift, bars, eventually, http_client, skipped};

const BUCKET: &str = "test-bars";

/// An S3 server, gone when dropped.
struct S3 {
    process: Process,
    port: u16,
}

/// What the proxy does to the next requests for objects.
#[derive(Default)]
struct Faults {
    /// So many are answered with 503.
    unavailable: AtomicUsize,
    /// So many bodies break off in the middle.
    cut: AtomicUsize,
    /// After the first half of the next body the object gets this content.
    replace: std::sync::Mutex<Option<Vec<u8>>>,
    /// Requests for objects, and those for a part of one.
    gets: AtomicUsize,
    parts: AtomicUsize,
}

/// Takes one of what is left, if anything is.
fn one_of(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}

impl S3 {
    /// Starts it with an empty bucket; none where it is not installed.
    async fn start() -> Option<Self> {
        // On a port of its own, which it names.
        let started = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut process) = started else {
            assert!(std::env::var_os("BARLIFT_TEST_TOOLS").is_none(), "moto_server is not installed");
            skipped("moto_server is not installed");
            return None;
        };
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let port = lines.find_map(|line| {
            let line = line.expect("a line");
            line.split_once("http://127.0.0.1:").and_then(|(_, port)| port.trim().parse().ok())
        });
        // It writes a line for each request, which somebody has to read.
        std::thread::spawn(move || lines.for_each(drop));
        let server = Self { process, port: port.expect("a port") };
        eventually("the bucket is made", async || {
            let made = http_client().put(server.url(BUCKET)).send().await.ok()?;
            made.status().is_success().then_some(())
        })
        .await;
        Some(server)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    async fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        put(&self.url(&format!("{BUCKET}/{key}")), content.into()).await;
    }

    /// Starts a proxy; its address.
    async fn proxy(&self, faults: Arc<Faults>) -> String {
        let to = self.url("");
        let handler = move |request: Request| forward(to.clone(), request, faults.clone());
        let router = axum::Router::new().fallback(handler);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        address
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn put(url: &str, content: Vec<u8>) {
    // Nobody may overwrite an object without a name.
    let signed = http_client().put(url).header("authorization", "AWS test:test");
    let put = signed.body(content).send().await.expect("sent");
    assert!(put.status().is_success(), "{}", put.status());
}

async fn forward(to: String, request: Request, faults: Arc<Faults>) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("{to}{path}{query}");
    let is_object = request.method() == Method::GET && query.is_empty();
    if is_object {
        faults.gets.fetch_add(1, Ordering::SeqCst);
        faults.parts.fetch_add(usize::from(request.headers().contains_key("range")), Ordering::SeqCst);
        if one_of(&faults.unavailable) {
            return Response::builder()
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .body(Body::empty())
                .expect("a response");
        }
    }
    let mut headers: HeaderMap = request.headers().clone();
    headers.remove("host");
    let sent = http_client().request(request.method().clone(), &url).headers(headers).send().await;
    let answer = sent.expect("answered");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let is_head = request.method() == Method::HEAD;
    let content = if is_head { Vec::new() } else { answer.bytes().await.expect("a body").to_vec() };
    let mut response = Response::builder().status(status);
    for (name, value) in
        headers.iter().filter(|(name, _)| *name != "transfer-encoding" && *name != "connection")
    {
        response = response.header(name, value);
    }
    let replacement = if is_object { faults.replace.lock().expect("unlocked").take() } else { None };
    let body = if let Some(replacement) = replacement {
        put(&url, replacement).await;
        broken_off(&content)
    } else if is_object && status.is_success() && one_of(&faults.cut) {
        broken_off(&content)
    } else if is_head {
        Body::empty()
    } else {
        Body::from(content)
    };
    response.body(body).expect("a response")
}

/// The first half, and the end of the connection.
fn broken_off(content: &[u8]) -> Body {
    let half = content[..content.len() / 2].to_vec();
    let parts = [Ok(half), Err(std::io::Error::other("cut"))];
    Body::from_stream(futures::stream::iter(parts).then(async |part| {
        tokio::task::yield_now().await;
        part
    }))
}

/// The program with the credentials of the bucket behind this address.
fn at(program: Program, address: &str) -> Program {
    program
        .env("AWS_ENDPOINT_URL", address)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
}

#[tokio::test]
async fn a_bucket_is_listed_imported_and_verified() {
    let Some(s3) = S3::start().await else { return };
    let database = TestDatabase::new().await;
    s3.put("bars/A_1m.csv", bars(50, 1)).await;
    s3.put("bars/deep/B_1m.csv.gz", gzipped(&bars(50, 2))).await;
    let parquet =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/columnar/spark.parquet")).expect("read");
    s3.put("bars/C_1m.parquet", parquet).await;
    s3.put("bars/README.md", "x").await;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, seed) in [("D_1m.csv", 3), ("E_1m.csv", 4)] {
        use std::io::Write as _;
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        zip.write_all(bars(50, seed).as_bytes()).expect("written");
    }
    s3.put("bars/two.zip", zip.finish().expect("ended").into_inner()).await;
    let run = |arguments: &[&str]| at(barlift(&database, arguments), &s3.url("")).run();
    let place = format!("s3://{BUCKET}/bars");
    let imported = run(&["import", &place, "--json"]).await.imported();
    assert_eq!(
        (&imported["totals"]["tasks"], &imported["totals"]["rows_imported"]),
        (&json!(5), &json!(240)),
        "{imported:#}"
    );
    assert_eq!(imported["root"], format!("{place}/"));
    let verified = run(&["verify", &place, "--json"]).await.json(0);
    assert_eq!(verified["totals"]["identical"], json!(5), "{verified:#}");
    let again = run(&["import", &place, "--json"]).await.imported();
    assert_eq!(again["totals"]["rows_skipped"], json!(240));
    for (place, tasks) in [("A_1m.csv", 1), ("deep/", 1), ("*.csv", 1), ("**/*_1m.csv*", 2), ("two.zip", 2)] {
        let found =
            run(&["import", &format!("s3://{BUCKET}/bars/{place}"), "--dry-run", "--json"]).await.imported();
        assert_eq!(found["totals"]["tasks"], json!(tasks), "{place}: {found:#}");
    }
    let member = format!("s3://{BUCKET}/bars/two.zip!E_1m.csv");
    let found = run(&["import", &member, "--dry-run", "--json"]).await.imported();
    assert_eq!(found["tasks"][0]["source"], "two.zip!E_1m.csv", "{found:#}");
    let none = run(&["import", &format!("s3://{BUCKET}/none")]).await;
    assert!(none.status == 2 && none.stderr.contains("it holds no CSV or Parquet file"), "{}", none.stderr);
}

/// A key is what the user writes, and no encoded form of it.
#[tokio::test]
async fn each_key_is_the_one_that_is_named() {
    let Some(s3) = S3::start().await else { return };
    let database = TestDatabase::new().await;
    // As a URL has them, and the rows of each.
    let keys = [
        ("A%20A_1m.csv", "A A_1m.csv", 10),
        ("A%2520A_1m.csv", "A%20A_1m.csv", 20),
        ("%C3%89_1m.csv", "\u{c9}_1m.csv", 30),
        ("%5BB%5D_1m.csv", "[B]_1m.csv", 40),
        ("B_1m.csv", "B_1m.csv", 50),
        ("C%2BC_1m.csv", "C+C_1m.csv", 60),
    ];
    for (encoded, _, rows) in keys {
        s3.put(&format!("odd/{encoded}"), bars(rows, 1)).await;
    }
    let run =
        |place: String| at(barlift(&database, &["import", &place, "--dry-run", "--json"]), &s3.url("")).run();
    for (_, key, rows) in keys {
        let found = run(format!("s3://{BUCKET}/odd/{key}")).await.imported();
        assert_eq!(
            (&found["totals"]["rows"], &found["tasks"][0]["source"]),
            (&json!(rows), &json!(key)),
            "{found:#}"
        );
    }
    let all = run(format!("s3://{BUCKET}/odd")).await.imported();
    assert_eq!(all["totals"]["rows"], json!(210));
}

#[tokio::test]
async fn settings_in_a_bucket_are_refused() {
    let Some(s3) = S3::start().await else { return };
    let database = TestDatabase::new().await;
    s3.put("own/A_1m.csv", bars(10, 1)).await;
    s3.put("own/barlift-files.toml", "[import]\ntimezone = 'Asia/Tokyo'\n").await;
    let run = |place: String| at(barlift(&database, &["import", &place]), &s3.url("")).run();
    let refused = run(format!("s3://{BUCKET}/own")).await;
    let says = "has settings of its own (barlift-files.toml), which are not read from a bucket";
    assert!(refused.status == 3 && refused.stderr.contains(says), "{}", refused.stderr);
    s3.put("B_1m.csv", bars(10, 2)).await;
    let above = run(format!("s3://{BUCKET}/")).await;
    assert!(
        above.stdout.contains("not imported: own/A_1m.csv lies in own/, which has settings"),
        "{}",
        above.stdout
    );
    assert_eq!(database.bars().await, 10);
}

#[tokio::test]
async fn faults_of_the_network_are_got_over() {
    let Some(s3) = S3::start().await else { return };
    let (database, faults) = (TestDatabase::new().await, Arc::<Faults>::default());
    let address = s3.proxy(faults.clone()).await;
    s3.put("A_1m.csv", bars(20_000, 1)).await;
    s3.put("B_1m.csv.gz", gzipped(&bars(20_000, 2))).await;
    faults.unavailable.store(3, Ordering::SeqCst);
    faults.cut.store(4, Ordering::SeqCst);
    let place = format!("s3://{BUCKET}/");
    let imported = at(barlift(&database, &["import", &place, "--json"]), &address).run().await.imported();
    assert_eq!(imported["totals"]["rows_imported"], json!(40_000), "{imported:#}");
    assert_eq!(database.bars().await, 40_000);
    assert_eq!(
        (faults.unavailable.load(Ordering::SeqCst), faults.cut.load(Ordering::SeqCst)),
        (0, 0),
        "all happened"
    );
    let verified = at(barlift(&database, &["verify", &place, "--json"]), &address).run().await.json(0);
    assert_eq!(verified["totals"]["identical"], json!(2), "{verified:#}");
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_read_is_read_anew() {
    let Some(s3) = S3::start().await else { return };
    let (database, faults) = (TestDatabase::new().await, Arc::<Faults>::default());
    let address = s3.proxy(faults.clone()).await;
    let old = bars(20_000, 1);
    // The same bars, and more.
    let new = bars(30_000, 1);
    assert!(new.starts_with(&old));
    s3.put("A_1m.csv", old).await;
    *faults.replace.lock().expect("unlocked") = Some(new.into_bytes());
    let place = format!("s3://{BUCKET}/");
    let run = at(barlift(&database, &["import", &place, "--json"]), &address)
        .env("BARLIFT__RETRY__INITIAL_BACKOFF", "100ms");
    let imported = run.run().await.imported();
    assert_eq!((&imported["totals"]["failed"], database.bars().await), (&json!(0), 30_000), "{imported:#}");
    let attempts: i64 = database.scalar("SELECT count(*) FROM barlift.attempts").await;
    assert_eq!(attempts, 2, "the first one has seen that it changed");
}

#[tokio::test]
async fn a_long_listing_comes_in_pages() {
    let Some(s3) = S3::start().await else { return };
    // A page has a thousand keys.
    const KEYS: usize = 2_100;
    let client = http_client();
    let put = |i: usize| {
        let url = s3.url(&format!("{BUCKET}/many/S{i:05}_1d.csv"));
        let client = &client;
        async move { client.put(url).body("date,open,high,low,close,volume\n").send().await.expect("sent") }
    };
    futures::stream::iter((0..KEYS).map(put)).buffer_unordered(8).for_each(async |_| {}).await;
    let folder = Folder::new();
    let database = TestDatabase::new().await;
    let place = format!("s3://{BUCKET}/many");
    let enqueued = at(barlift(&database, &["enqueue", "import", &place, "--json"]), &s3.url(""));
    let enqueued = enqueued.current_dir(folder.path()).run().await;
    assert_eq!(enqueued.status, 0, "{}", enqueued.stderr);
    let tasks: i64 = database.scalar("SELECT count(*) FROM barlift.tasks").await;
    assert_eq!(tasks, i64::try_from(KEYS).expect("small"));
}

#[tokio::test]
async fn wrong_credentials_are_told_and_not_tried_for_long() {
    let Some(s3) = S3::start().await else { return };
    let database = TestDatabase::new().await;
    s3.put("A_1m.csv", bars(50, 1)).await;
    let place = format!("s3://{BUCKET}/");
    let enqueued = at(barlift(&database, &["enqueue", "import", &place]), &s3.url("")).run().await;
    assert_eq!(enqueued.status, 0, "{}", enqueued.stderr);
    // From now on the server looks at them.
    let strict = http_client().post(s3.url("moto-api/reset-auth")).body("0").send().await.expect("sent");
    assert!(strict.status().is_success());
    let refused = at(barlift(&database, &["import", &place]), &s3.url("")).run().await;
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("check the URL and the credentials"), "{}", refused.stderr);
    let worked = at(barlift(&database, &["worker", "--drain"]), &s3.url("")).run().await;
    assert_eq!(worked.status, 0, "{}", worked.stderr);
    let error: String = database.scalar("SELECT error_message FROM barlift.attempts").await;
    assert!(error.contains("the bucket refuses to give it"), "{error}");
}
