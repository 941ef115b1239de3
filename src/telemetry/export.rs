//! OTLP exporters: set up from the `OTEL_*` variables; a failing one is logged once, a hanging one is given up.
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

    /// Whether the environment asks to export this signal.
    pub(super) fn wanted(self) -> bool {
        if set("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return false;
        }
        match set(&format!("OTEL_{}_EXPORTER", self.name())) {
            Some(names) => names.split(',').any(|n| n.trim() == "otlp"),
            None => self.variable("ENDPOINT").is_some(),
        }
    }

    /// Variables with values that barlift does not support, with the values that it does.
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

    /// The protocol that is set, else the one that the endpoint's port is known for, else gRPC.
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

    /// A text in which the endpoint's URL, which may hold a password, is replaced.
    fn without_endpoint(self, text: &str) -> String {
        match self.variable("ENDPOINT") {
            Some(endpoint) => text.replace(&endpoint, "the endpoint"),
            None => text.to_owned(),
        }
    }

    /// Whether the last export failed, of any exporter of this signal.
    pub(super) fn failing(self) -> &'static AtomicBool {
        static TRACES: AtomicBool = AtomicBool::new(false);
        static METRICS: AtomicBool = AtomicBool::new(false);
        match self {
            Self::Traces => &TRACES,
            Self::Metrics => &METRICS,
        }
    }

    /// The endpoint, for messages.
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

/// The exporter's own message quotes the endpoint, which may hold a password.
fn unusable(signal: Signal, e: impl std::fmt::Display) -> Error {
    Error::config(
        format!("the OTLP exporter cannot be set up: {}", signal.without_endpoint(&e.to_string())),
        "check the OTEL_EXPORTER_OTLP_* variables",
    )
}

/// The HTTP client uses the process's default TLS provider: the one that the database connections use, which needs no C.
fn tls_for_http() {
    // It fails if there is a default already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Refuses an endpoint that no client could use, while the variable can still be named.
fn check_endpoint(signal: Signal) -> Result<()> {
    let Some(endpoint) = signal.variable("ENDPOINT") else { return Ok(()) };
    if !["http://", "https://"].iter().any(|s| endpoint.starts_with(s)) {
        return Err(unusable(signal, "the endpoint does not begin with http:// or https://"));
    }
    url::Url::parse(&endpoint)
        .map(|_| ())
        .map_err(|e| unusable(signal, format!("the endpoint cannot be read: {e}")))
}

/// Builds the exporter of a signal; the two builders have the same methods and no common trait.
macro_rules! otlp {
    ($exporter:ident, $signal:expr) => {{
        check_endpoint($signal)?;
        let built = match $signal.protocol() {
            Protocol::Grpc => $exporter::builder().with_tonic().build(),
            protocol => {
                tls_for_http();
                crate::crypto::choose();
                $exporter::builder().with_http().with_protocol(protocol).build()
            }
        };
        let exporter = built.map_err(|e| unusable($signal, e))?;
        Ok(Otlp { exporter, signal: $signal, runtime: Handle::current() })
    }};
}

pub(super) fn spans() -> Result<Otlp<SpanExporter>> {
    otlp!(SpanExporter, Signal::Traces)
}

pub(super) fn metrics() -> Result<Otlp<MetricExporter>> {
    otlp!(MetricExporter, Signal::Metrics)
}

/// An OTLP exporter that logs once when it begins to fail, and whose exports end in time.
#[derive(Debug)]
pub(super) struct Otlp<E> {
    exporter: E,
    signal: Signal,
    runtime: Handle,
}

impl<E> Otlp<E> {
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
        self.log_change(&result);
        result
    }

    /// Logs once that exporting fails, and once that it works again.
    fn log_change(&self, result: &OTelSdkResult) {
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
            // Many trace stores take no metrics.
            (Signal::Metrics, Err(_)) => tracing::info!(
                error,
                to,
                "metrics cannot be exported (OTEL_METRICS_EXPORTER=none turns them off); the work goes on"
            ),
            (_, Ok(())) => tracing::info!(to, signal = self.signal.name(), "exporting works again"),
        }
    }
}

impl opentelemetry_sdk::trace::SpanExporter for Otlp<SpanExporter> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.run(self.exporter.export(batch)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl PushMetricExporter for Otlp<MetricExporter> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.run(self.exporter.export(metrics)).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
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
