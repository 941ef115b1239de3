//! Starts logging and, if asked for, the export of spans.
//!
//! Spans are exported over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`
//! is set, or `OTEL_TRACES_EXPORTER=otlp`. Invariant: logs go to stderr, never to stdout.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{LogConfig, LogFormat};
use crate::error::{Error, Result};

/// Where log lines go and which.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// The configuration.
    pub log: LogConfig,
    /// The level if the configuration names none.
    pub default_level: &'static str,
}

/// Running exporters; [`Telemetry::stop`] sends what is left.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Sets up logs and spans for this process. Call it once.
///
/// # Errors
/// [`Error::Config`] for a filter or an exporter setting that cannot be used.
pub fn start(settings: &LogSettings) -> Result<Telemetry> {
    let level = settings.log.level.clone();
    let level = level.unwrap_or_else(|| {
        std::env::var("RUST_LOG")
            .ok()
            .filter(|l| !l.is_empty())
            .unwrap_or_else(|| settings.default_level.into())
    });
    let filter = EnvFilter::try_new(&level).map_err(|e| {
        Error::config(format!("log.level `{level}` cannot be used: {e}"), "try \"info\" or \"barlift=debug\"")
    })?;
    let json = match settings.log.format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match json {
        true => lines.json().flatten_event(true).with_span_list(false).boxed(),
        false => lines.compact().with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    let provider = if export_wanted() { Some(provider()?) } else { None };
    let spans = provider.as_ref().map(|p| {
        let only_ours = tracing_subscriber::filter::filter_fn(|m| m.target().starts_with("barlift"));
        tracing_opentelemetry::layer().with_tracer(p.tracer("barlift")).with_filter(only_ours)
    });
    tracing_subscriber::registry()
        .with(spans)
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Telemetry { provider })
}

fn export_wanted() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    if set("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        return false;
    }
    match set("OTEL_TRACES_EXPORTER").as_deref() {
        Some(name) => name == "otlp",
        None => {
            set("OTEL_EXPORTER_OTLP_ENDPOINT").is_some()
                || set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some()
        }
    }
}

fn provider() -> Result<SdkTracerProvider> {
    let protocol = std::env::var("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        .or_else(|_| std::env::var("OTEL_EXPORTER_OTLP_PROTOCOL"))
        .unwrap_or_default();
    let built = match protocol.as_str() {
        "http/protobuf" => SpanExporter::builder().with_http().build(),
        _ => SpanExporter::builder().with_tonic().build(),
    };
    let exporter = built.map_err(|e| {
        Error::config(
            format!("the OTLP exporter cannot be set up: {e}"),
            "check the OTEL_EXPORTER_OTLP_* variables",
        )
    })?;
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over this.
    let resource = match std::env::var("OTEL_SERVICE_NAME") {
        Ok(_) => Resource::builder().build(),
        Err(_) => Resource::builder().with_service_name("barlift").build(),
    };
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

impl Telemetry {
    /// Sends what is left, for at most five seconds.
    pub async fn stop(self) {
        let Some(provider) = self.provider else { return };
        let limit = Duration::from_secs(5);
        let stopping = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limit));
        match tokio::time::timeout(limit, stopping).await {
            Ok(Ok(Ok(()))) => {}
            other => tracing::debug!(?other, "the last spans may be lost"),
        }
    }
}
