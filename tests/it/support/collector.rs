//! An OTLP receiver in the test's process: it receives what `barlift` processes export, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::Query;
use barlift::telemetry::catalogue::{SPANS, SpanSpec};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// A span as it came in.
#[derive(Debug, Clone)]
pub struct Span {
    pub service: String,
    pub trace: String,
    pub id: String,
    /// Empty for a root.
    pub parent: String,
    pub name: String,
    pub kind: SpanKind,
    pub start: u64,
    pub end: u64,
    pub attributes: BTreeMap<String, Value>,
    pub status: StatusCode,
    pub message: String,
    /// Names, with their attributes as text.
    pub events: Vec<(String, BTreeMap<String, String>)>,
    /// All of it as protobuf, and the resource that it came with.
    pub encoded: Vec<u8>,
    pub resource: BTreeMap<String, String>,
}

impl Span {
    pub fn text(&self, key: &str) -> &str {
        match self.attributes.get(key) {
            Some(Value::StringValue(s)) => s,
            other => panic!("{}: {key} is {other:?}", self.name),
        }
    }

    pub fn int(&self, key: &str) -> i64 {
        match self.attributes.get(key) {
            Some(Value::IntValue(n)) => *n,
            other => panic!("{}: {key} is {other:?}", self.name),
        }
    }

    pub fn float(&self, key: &str) -> f64 {
        match self.attributes.get(key) {
            Some(Value::DoubleValue(n)) => *n,
            other => panic!("{}: {key} is {other:?}", self.name),
        }
    }

    /// As OTLP's JSON has it: integers of 64 bits are strings.
    fn as_otlp(&self) -> serde_json::Value {
        let value = |v: &Value| match v {
            Value::ArrayValue(list) => {
                serde_json::json!({ "arrayValue": { "values": strings(list, "stringValue") } })
            }
            Value::StringValue(s) => serde_json::json!({ "stringValue": s }),
            Value::IntValue(n) => serde_json::json!({ "intValue": n.to_string() }),
            Value::DoubleValue(n) => serde_json::json!({ "doubleValue": n }),
            Value::BoolValue(b) => serde_json::json!({ "boolValue": b }),
            other => panic!("{other:?}"),
        };
        let attributes: Vec<_> =
            self.attributes.iter().map(|(k, v)| serde_json::json!({ "key": k, "value": value(v) })).collect();
        serde_json::json!({
            "name": self.name, "attributes": attributes,
            "startTimeUnixNano": self.start.to_string(), "endTimeUnixNano": self.end.to_string(),
        })
    }

    /// As Jaeger's API v1 has it.
    fn as_jaeger(&self) -> serde_json::Value {
        let value = |v: &Value| match v {
            // It makes texts of lists.
            Value::ArrayValue(list) => serde_json::json!(serde_json::json!(strings(list, "")).to_string()),
            Value::StringValue(s) => serde_json::json!(s),
            Value::IntValue(n) => serde_json::json!(n),
            Value::DoubleValue(n) => serde_json::json!(n),
            Value::BoolValue(b) => serde_json::json!(b),
            other => panic!("{other:?}"),
        };
        let tags: Vec<_> =
            self.attributes.iter().map(|(k, v)| serde_json::json!({ "key": k, "value": value(v) })).collect();
        serde_json::json!({
            "operationName": self.name, "tags": tags, "duration": (self.end - self.start) / 1000,
        })
    }

    pub fn flag(&self, key: &str) -> bool {
        match self.attributes.get(key) {
            Some(Value::BoolValue(b)) => *b,
            other => panic!("{}: {key} is {other:?}", self.name),
        }
    }
}

/// Which Jaeger answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jaeger {
    /// With API v1 alone.
    Old,
    /// With API v3, too.
    Current,
    /// The same, and it has dropped copies of spans.
    DroppedCopies,
}

impl Jaeger {
    pub const ALL: [Self; 3] = [Self::Old, Self::Current, Self::DroppedCopies];
}

#[derive(Default)]
struct Received {
    spans: Mutex<Vec<Span>>,
    metrics: Mutex<BTreeSet<String>>,
    hangs: AtomicBool,
    loses_answers: AtomicBool,
}

/// The receiver; it ends when dropped.
pub struct Collector {
    address: SocketAddr,
    received: Arc<Received>,
    server: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Collector {
    pub async fn start() -> Self {
        Self::on("127.0.0.1:0".parse().expect("an address")).await
    }

    /// On a given address, for one that comes back.
    pub async fn on(address: SocketAddr) -> Self {
        let received = Arc::new(Received::default());
        let listener = TcpListener::bind(address).await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let (traces, metrics) = (Service(Arc::clone(&received)), Service(Arc::clone(&received)));
        let server = Server::builder()
            .add_service(TraceServiceServer::new(traces).accept_compressed(CompressionEncoding::Gzip))
            .add_service(MetricsServiceServer::new(metrics).accept_compressed(CompressionEncoding::Gzip))
            .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
        let server = tokio::spawn(async move { server.await.expect("served") });
        Self { address, received, server }
    }

    /// Takes everything and answers nothing.
    pub async fn hanging() -> Self {
        let collector = Self::start().await;
        collector.received.hangs.store(true, Ordering::Relaxed);
        collector
    }

    /// Whether the answers get lost on their way: it takes the spans, and whoever sent them does not know.
    pub fn lose_answers(&self, lose: bool) {
        self.received.loses_answers.store(lose, Ordering::Relaxed);
    }

    /// The same spans, over HTTP with protobuf.
    pub async fn http() -> Self {
        use axum::body::Bytes;
        let received = Arc::new(Received::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let service = Service(Arc::clone(&received));
        let router = axum::Router::new().route(
            "/v1/traces",
            axum::routing::post(move |body: Bytes| {
                let service = Service(Arc::clone(&service.0));
                async move {
                    service.take(ExportTraceServiceRequest::decode(body).expect("protobuf"));
                    ExportTraceServiceResponse::default().encode_to_vec()
                }
            }),
        );
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { address, received, server }
    }

    /// What Jaeger would answer to a search for these spans, on an address of its own.
    pub async fn jaeger(&self, jaeger: Jaeger) -> String {
        let operation = self.trace().root().text("operation.id").to_owned();
        let route = |answer: String, wanted: &'static str| {
            let operation = operation.clone();
            axum::routing::get(move |Query(asked): Query<HashMap<String, String>>| async move {
                let tag: serde_json::Value = serde_json::from_str(&asked[wanted]).expect("a JSON object");
                assert_eq!(tag["operation.id"], operation);
                answer
            })
        };
        let mut router = axum::Router::new().route("/api/traces", route(self.v1(), "tags"));
        if jaeger != Jaeger::Old {
            let answer = self.v3(jaeger == Jaeger::DroppedCopies);
            router = router.route("/api/v3/traces", route(answer, "query.attributes"));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        format!("http://{address}")
    }

    /// Each export has a `resourceSpans` of its own. Of one whose spans are all copies of others, Jaeger 2.20 leaves the
    /// scope, without the key `spans`.
    fn v3(&self, dropped_copies: bool) -> String {
        let (resource, scope) = (serde_json::json!({}), serde_json::json!({ "name": "barlift" }));
        let spans: Vec<_> = self.spans().iter().map(Span::as_otlp).collect();
        let mut exports: Vec<_> = spans
            .chunks(spans.len().div_ceil(2))
            .map(|spans| serde_json::json!({ "resource": resource, "scopeSpans": [{ "scope": scope, "spans": spans }] }))
            .collect();
        if dropped_copies {
            exports
                .insert(1, serde_json::json!({ "resource": resource, "scopeSpans": [{ "scope": scope }] }));
        }
        serde_json::json!({ "result": { "resourceSpans": exports } }).to_string()
    }

    fn v1(&self) -> String {
        let spans: Vec<_> = self.spans().iter().map(Span::as_jaeger).collect();
        serde_json::json!({ "data": [{ "spans": spans }] }).to_string()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<Span> {
        self.received.spans.lock().expect("not poisoned").clone()
    }

    /// The names of all metrics so far.
    pub fn metrics(&self) -> BTreeSet<String> {
        self.received.metrics.lock().expect("not poisoned").clone()
    }

    /// All spans, as the one trace that they must be.
    pub fn trace(&self) -> Trace {
        Trace::new(self.spans())
    }
}

/// The spans of one operation.
pub struct Trace {
    pub spans: Vec<Span>,
}

impl Trace {
    /// Checks what holds for every trace: one id, no span twice, no parent missing, exactly one root, every span
    /// in the catalogue with its kind, its required attributes and their types (of what failed, too), and within its parent's time
    /// where the parent waits for it.
    pub fn new(spans: Vec<Span>) -> Self {
        let traces: BTreeSet<_> = spans.iter().map(|s| &s.trace).collect();
        assert_eq!(traces.len(), 1, "one trace: {traces:?}");
        let by_id: HashMap<_, _> = spans.iter().map(|s| (s.id.as_str(), s)).collect();
        assert_eq!(by_id.len(), spans.len(), "no span twice");
        for span in &spans {
            assert_eq!(span.service, "barlift");
            let specification = specification(&span.name);
            check_kind(span, specification);
            check_required(span, specification);
            check_types(span, specification);
            if let Some(Value::StringValue(statement)) = span.attributes.get("db.statement") {
                assert!(statement.starts_with(|c: char| c.is_ascii_uppercase()), "{statement}");
            }
            if !span.parent.is_empty() {
                let parent = by_id.get(span.parent.as_str());
                let parent = parent.unwrap_or_else(|| panic!("{} has no parent", span.name));
                // Clocks of processes on one machine agree, but times of the database are cut to microseconds.
                let slack = 2_000_000;
                assert!(span.start + slack >= parent.start, "{} begins before {}", span.name, parent.name);
            }
        }
        let roots = spans.iter().filter(|s| s.parent.is_empty()).count();
        assert_eq!(roots, 1, "one root");
        Self { spans }
    }

    pub fn root(&self) -> &Span {
        self.spans.iter().find(|s| s.parent.is_empty()).expect("a root")
    }

    pub fn named(&self, name: &str) -> Vec<&Span> {
        specification(name);
        self.spans.iter().filter(|s| s.name == name).collect()
    }

    /// The names of the parents of all spans of a name.
    pub fn parents(&self, name: &str) -> BTreeSet<&str> {
        let parent = |s: &&Span| self.spans.iter().find(|p| p.id == s.parent).map_or("", |p| p.name.as_str());
        self.named(name).iter().map(parent).collect()
    }

    pub fn children(&self, of: &Span) -> Vec<&Span> {
        self.spans.iter().filter(|s| s.parent == of.id).collect()
    }
}

fn specification(name: &str) -> &'static SpanSpec {
    SPANS.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("{name} is not in the catalogue"))
}

fn check_kind(span: &Span, specification: &SpanSpec) {
    let kind = match span.kind {
        SpanKind::Internal => "internal",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        other => panic!("{}: {other:?}", span.name),
    };
    assert_eq!(kind, specification.kind.as_str(), "{}", span.name);
}

fn check_required(span: &Span, specification: &SpanSpec) {
    let error = span.attributes.get("error.type").map(as_text);
    let ended = if error.is_some() { StatusCode::Error } else { StatusCode::Ok };
    assert_eq!(span.status, ended, "{}", span.name);
    if error.as_deref() == Some("CutOff") {
        return;
    }
    for attribute in specification.required {
        assert!(span.attributes.contains_key(attribute.name), "{} has no {}", span.name, attribute.name);
    }
}

pub fn check_types(span: &Span, specification: &SpanSpec) {
    for (name, value) in &span.attributes {
        let kind = match value {
            Value::StringValue(s) => {
                assert!(s.chars().count() <= 500, "{}: {name} is too long", span.name);
                "str"
            }
            Value::IntValue(_) => "int",
            Value::DoubleValue(_) => "float",
            Value::BoolValue(_) => "bool",
            Value::ArrayValue(_) => "list[str]",
            other => panic!("{}: {name} is {other:?}", span.name),
        };
        let errors = barlift::telemetry::catalogue::ERRORS;
        let known = [specification.required, specification.optional, errors].concat();
        let known = known.iter().find(|a| a.name == name);
        let known = known.unwrap_or_else(|| panic!("{}: {name} is not in the catalogue", span.name));
        assert_eq!(kind, known.kind, "{}: {name}", span.name);
    }
}

struct Service(Arc<Received>);

impl Service {
    fn take(&self, request: ExportTraceServiceRequest) {
        let mut spans = self.0.spans.lock().expect("not poisoned");
        for resource in request.resource_spans {
            let about = attributes(resource.resource.map(|r| r.attributes).unwrap_or_default());
            let service = about.get("service.name").map(as_text).unwrap_or_default();
            let about: BTreeMap<_, _> = about.iter().map(|(k, v)| (k.clone(), as_text(v))).collect();
            for span in resource.scope_spans.into_iter().flat_map(|s| s.spans) {
                let status = span.status.clone().unwrap_or_default();
                let count = span.attributes.len();
                let attributes_by_name = attributes(span.attributes.clone());
                assert_eq!(attributes_by_name.len(), count, "{}: an attribute twice", span.name);
                spans.push(Span {
                    encoded: span.encode_to_vec(),
                    resource: about.clone(),
                    service: service.clone(),
                    trace: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    kind: span.kind(),
                    start: span.start_time_unix_nano,
                    end: span.end_time_unix_nano,
                    attributes: attributes_by_name,
                    status: status.code(),
                    message: status.message,
                    events: span.events.into_iter().map(|e| (e.name, texts(e.attributes))).collect(),
                    name: span.name,
                });
            }
        }
    }
}

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if self.0.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.take(request.into_inner());
        if self.0.loses_answers.load(Ordering::Relaxed) {
            return Err(Status::internal("the answer is lost"));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Service {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        if self.0.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let metrics = request.into_inner().resource_metrics.into_iter().flat_map(|r| r.scope_metrics);
        let names = metrics.flat_map(|s| s.metrics).map(|m| m.name);
        self.0.metrics.lock().expect("not poisoned").extend(names);
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, Value> {
    let value = |v: Option<AnyValue>| v.and_then(|v| v.value).expect("a value");
    pairs.into_iter().map(|p| (p.key, value(p.value))).collect()
}

fn texts(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes(pairs).into_iter().map(|(name, value)| (name, as_text(&value))).collect()
}

fn as_text(value: &Value) -> String {
    match value {
        Value::StringValue(s) => s.clone(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A list of texts, each alone or as the only member of an object.
fn strings(list: &ArrayValue, name: &str) -> Vec<serde_json::Value> {
    let text = |v: &AnyValue| match &v.value {
        Some(Value::StringValue(s)) if name.is_empty() => serde_json::json!(s),
        Some(Value::StringValue(s)) => serde_json::json!({ name: s }),
        other => panic!("{other:?}"),
    };
    list.values.iter().map(text).collect()
}
