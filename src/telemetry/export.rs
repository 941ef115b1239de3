//! Exporters that trouble nobody: what fails is said once, what hangs is left behind.
//!
//! Invariant: an exporter is polled in the runtime's context, whatever thread asks for it (tonic and reqwest
//! need that), and no call takes longer than [`LIMIT`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::SpanData;
use tokio::runtime::Handle;

use crate::error::{Error, Result};

/// The longest that one export may take, beyond the exporter's own limit.
const LIMIT: Duration = Duration::from_secs(15);

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
        }
    }

    /// A variable of this signal, or else the one for all signals.
    fn variable(self, suffix: &str) -> Option<String> {
        let own = format!("OTEL_EXPORTER_OTLP_{}_{suffix}", self.name());
        set(&own).or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{suffix}")))
    }

    /// Whether the environment asks for this signal's export.
    pub(super) fn wanted(self) -> bool {
        if set("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return false;
        }
        match set(&format!("OTEL_{}_EXPORTER", self.name())) {
            Some(names) => names.split(',').any(|n| n.trim() == "otlp"),
            None => self.variable("ENDPOINT").is_some(),
        }
    }

    /// Values that nothing here answers to, with what does.
    pub(super) fn unknown(self) -> Vec<String> {
        let mut out = Vec::new();
        let names = set(&format!("OTEL_{}_EXPORTER", self.name())).unwrap_or_default();
        let known = ["", "otlp", "none", "prometheus"];
        if let Some(name) = names.split(',').map(str::trim).find(|n| !known.contains(n)) {
            out.push(format!("OTEL_{}_EXPORTER={name} (there are otlp and none)", self.name()));
        }
        let known = ["grpc", "http/protobuf", "http/json"];
        if let Some(protocol) = self.variable("PROTOCOL").filter(|p| !known.contains(&p.as_str())) {
            out.push(format!("OTEL_EXPORTER_OTLP_PROTOCOL={protocol} (there are {})", known.join(", ")));
        }
        out
    }

    /// The protocol that is set, else the one that the endpoint's port stands for, else gRPC.
    fn protocol(self) -> Protocol {
        match self.variable("PROTOCOL").as_deref() {
            Some("http/protobuf") => Protocol::HttpBinary,
            Some("http/json") => Protocol::HttpJson,
            Some("grpc") => Protocol::Grpc,
            _ => {
                let endpoint = self.variable("ENDPOINT").and_then(|e| url::Url::parse(&e).ok());
                if endpoint.and_then(|e| e.port()) == Some(4318) {
                    Protocol::HttpBinary
                } else {
                    Protocol::Grpc
                }
            }
        }
    }

    /// A text without the endpoint as it was given.
    fn without_endpoint(self, text: &str) -> String {
        match self.variable("ENDPOINT") {
            Some(endpoint) => text.replace(&endpoint, "the endpoint"),
            None => text.to_owned(),
        }
    }

    /// Whether the last export failed, by whichever exporter of this signal.
    pub(super) fn failing(self) -> &'static AtomicBool {
        static TRACES: AtomicBool = AtomicBool::new(false);
        static METRICS: AtomicBool = AtomicBool::new(false);
        match self {
            Self::Traces => &TRACES,
            Self::Metrics => &METRICS,
        }
    }

    /// Where it goes, for messages.
    fn place(self) -> String {
        self.variable("ENDPOINT").map_or_else(|| "localhost".to_owned(), |e| without_userinfo(&e))
    }
}

fn without_userinfo(endpoint: &str) -> String {
    match url::Url::parse(endpoint) {
        Ok(mut url) if ["http", "https"].contains(&url.scheme()) => {
            let _ = (url.set_username(""), url.set_password(None));
            url.set_query(None);
            url.to_string()
        }
        _ => "the endpoint".to_owned(),
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// The endpoint may hold a password, and the exporter's own words quote it.
fn unusable(signal: Signal, e: impl std::fmt::Display) -> Error {
    Error::config(
        format!("the OTLP exporter cannot be set up: {}", signal.without_endpoint(&e.to_string())),
        "check the OTEL_EXPORTER_OTLP_* variables",
    )
}

/// The HTTP client takes the process's default for TLS; the same one as for the database, which needs no C.
fn tls_for_http() {
    // Somebody else may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An endpoint that no client could use is said here, where it can be named.
fn check_endpoint(signal: Signal) -> Result<()> {
    let Some(endpoint) = signal.variable("ENDPOINT") else { return Ok(()) };
    if !["http://", "https://"].iter().any(|s| endpoint.starts_with(s)) {
        return Err(unusable(signal, "the endpoint does not begin with http:// or https://"));
    }
    url::Url::parse(&endpoint)
        .map(|_| ())
        .map_err(|e| unusable(signal, format!("the endpoint cannot be read: {e}")))
}

/// An OTLP exporter of spans.
pub(super) fn spans() -> Result<Spans> {
    check_endpoint(Signal::Traces)?;
    let built = match Signal::Traces.protocol() {
        Protocol::Grpc => SpanExporter::builder().with_tonic().build(),
        protocol => {
            tls_for_http();
            SpanExporter::builder().with_http().with_protocol(protocol).build()
        }
    };
    let built = built.map_err(|e| unusable(Signal::Traces, e))?;
    Ok(Spans(Watched::new(built, Signal::Traces)))
}

/// An OTLP exporter of metrics.
pub(super) fn metrics() -> Result<Metrics> {
    check_endpoint(Signal::Metrics)?;
    let built = match Signal::Metrics.protocol() {
        Protocol::Grpc => MetricExporter::builder().with_tonic().build(),
        protocol => {
            tls_for_http();
            MetricExporter::builder().with_http().with_protocol(protocol).build()
        }
    };
    let built = built.map_err(|e| unusable(Signal::Metrics, e))?;
    Ok(Metrics(Watched::new(built, Signal::Metrics)))
}

/// Spans over OTLP.
#[derive(Debug)]
pub(super) struct Spans(Watched<SpanExporter>);

/// Metrics over OTLP.
#[derive(Debug)]
pub(super) struct Metrics(Watched<MetricExporter>);

#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    signal: Signal,
    runtime: Handle,
}

impl<E> Watched<E> {
    fn new(exporter: E, signal: Signal) -> Self {
        Self { exporter, signal, runtime: Handle::current() }
    }

    async fn run(&self, export: impl Future<Output = OTelSdkResult>) -> OTelSdkResult {
        let limited = async move {
            tokio::time::timeout(LIMIT, export).await.unwrap_or(Err(OTelSdkError::Timeout(LIMIT)))
        };
        let mut limited = std::pin::pin!(limited);
        let result = std::future::poll_fn(|context| {
            let _in_runtime = self.runtime.enter();
            limited.as_mut().poll(context)
        });
        let result = result.await;
        self.tell(&result);
        result
    }

    /// Says that exporting fails, or works again; once each time.
    fn tell(&self, result: &OTelSdkResult) {
        let fails = result.is_err();
        if self.signal.failing().swap(fails, Ordering::Relaxed) == fails {
            return;
        }
        let to = self.signal.place();
        let error = result.as_ref().err().map(|e| self.signal.without_endpoint(&e.to_string()));
        match (self.signal, result) {
            (Signal::Traces, Err(_)) => tracing::warn!(
                error,
                to,
                "spans cannot be exported and are lost until that changes; the work goes on without them"
            ),
            // A trace store that takes no metrics is a usual thing.
            (Signal::Metrics, Err(_)) => tracing::info!(
                error,
                to,
                "metrics cannot be exported (OTEL_METRICS_EXPORTER=none turns them off); the work goes on"
            ),
            (_, Ok(())) => tracing::info!(to, signal = self.signal.name(), "exporting works again"),
        }
    }
}

impl opentelemetry_sdk::trace::SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.run(self.0.exporter.export(batch)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.exporter.set_resource(resource);
    }
}

impl PushMetricExporter for Metrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.0.run(self.0.exporter.export(metrics)).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.0.exporter.temporality()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_shown_without_its_secrets() {
        assert_eq!(without_userinfo("http://me:hunter2@host:4317/?key=hunter2"), "http://host:4317/");
        assert_eq!(without_userinfo("nonsense hunter2"), "the endpoint");
        assert_eq!(without_userinfo("me:hunter2@host"), "the endpoint");
    }
}
