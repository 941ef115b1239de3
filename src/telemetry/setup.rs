//! Starts logging and, if asked for, the export of spans and metrics.
//!
//! Spans are exported over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`
//! is set, or `OTEL_TRACES_EXPORTER=otlp`; metrics likewise.
//!
//! Invariant: logs go to stderr, never to stdout.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tracing::Metadata;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::context::{Ids, sampler, unknown_sampler};
use super::delivery::AttemptSpanProcessor;
use super::export::{self, Signal};
use super::log::JsonLines;
use super::record::Recorder;
use super::span;
use super::stored::SCOPE;
use crate::config::LogConfig;
use crate::error::{Error, Result};

/// How long the last export may take when the process ends.
const STOP_LIMIT: Duration = Duration::from_secs(3);
/// How many spans may wait for their export, unless `OTEL_BSP_MAX_QUEUE_SIZE` is set. Many small files make more than
/// OpenTelemetry's default of 2048 before the first export ends.
const QUEUED_SPANS: usize = 16_384;

/// How to log and what to export.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) log: LogConfig,
    /// The level of logs if the configuration has none.
    pub(crate) default_level: &'static str,
    /// Whether this process counts anything that metrics are about.
    pub(crate) metrics: bool,
    /// Whether Prometheus reads metrics from this process.
    pub(crate) prometheus: bool,
}

/// The same after a worker, which has flushed before: both limits together stay below five seconds.
const STOP_LIMIT_AFTER_WORKER: Duration = Duration::from_millis(1500);
static WORKER_FLUSHED: AtomicBool = AtomicBool::new(false);

/// The provider of this process, for [`flush`].
static SPANS: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Exports the spans that wait, so that many at once do not overrun the queue. Once that has failed it is not tried
/// again: the work must not wait for a collector.
pub(crate) async fn flush() {
    static FAILED: AtomicBool = AtomicBool::new(false);
    if !FAILED.load(Ordering::Relaxed) {
        FAILED.store(!flush_within(STOP_LIMIT).await, Ordering::Relaxed);
    }
}

/// Exports the spans that wait, even if that has failed before.
pub(crate) async fn flush_at_the_end() {
    WORKER_FLUSHED.store(true, Ordering::Relaxed);
    flush_within(STOP_LIMIT).await;
}

/// False if not all was sent in time.
async fn flush_within(limit: Duration) -> bool {
    let Some(provider) = SPANS.get().cloned() else { return true };
    let (done, flushed) = tokio::sync::oneshot::channel();
    // On a thread of its own, as in `stop`.
    let flushing = std::thread::Builder::new().name("telemetry-flush".into()).spawn(move || {
        let _ = done.send(provider.force_flush());
    });
    flushing.is_ok() && matches!(tokio::time::timeout(limit, flushed).await, Ok(Ok(Ok(()))))
}

/// Running exporters; [`Telemetry::stop`] exports what is left.
#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    spans: Option<SdkTracerProvider>,
    recorder: Option<Recorder>,
    metrics: Option<SdkMeterProvider>,
    registry: Option<prometheus::Registry>,
}

/// Sets up logs, spans and metrics for this process. Call it once.
///
/// # Errors
/// [`Error::Config`] for a filter or an exporter setting that cannot be used.
pub(crate) fn start(settings: &Settings) -> Result<Telemetry> {
    let mut telemetry = Telemetry::default();
    let resource = resource();
    if Signal::Traces.wanted() {
        let provider = span_provider(&resource)?;
        // Telemetry is started once, so this cannot fail.
        let _ = SPANS.set(provider.clone());
        telemetry.spans = Some(provider);
        telemetry.recorder = Some(Recorder::new(export::spans()?, &resource));
    }
    let layer = telemetry.spans.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(SCOPE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_exported))
    });
    tracing_subscriber::registry()
        .with(layer)
        .with(log_lines(settings)?)
        .try_init()
        .map_err(|e| Error::Internal(e.to_string()))?;
    let mut unknown = Signal::Traces.unknown();
    unknown.extend(Signal::Metrics.unknown());
    unknown.extend(unknown_sampler());
    unknown.dedup();
    for variable in unknown {
        tracing::warn!("ignored: {variable}");
    }
    telemetry.start_metrics(settings, &resource)?;
    Ok(telemetry)
}

/// Exports spans of the catalogue, and warnings as their events.
fn is_exported(m: &Metadata<'_>) -> bool {
    if m.is_span() {
        m.target() == span::TARGET
    } else {
        m.target().starts_with("barlift") && *m.level() <= tracing::Level::WARN
    }
}

fn log_lines<S>(settings: &Settings) -> Result<Box<dyn tracing_subscriber::Layer<S> + Send + Sync>>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a> + Send + Sync,
{
    let level =
        settings.log.level.clone().or_else(|| std::env::var("RUST_LOG").ok().filter(|l| !l.is_empty()));
    let level = level.unwrap_or_else(|| settings.default_level.to_owned());
    let filter = EnvFilter::try_new(&level).map_err(|e| {
        Error::config(format!("log.level `{level}` cannot be used: {e}"), "try \"info\" or \"barlift=debug\"")
    })?;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let layer = match settings.log.is_json() {
        true => layer.fmt_fields(JsonFields::new()).event_format(JsonLines).boxed(),
        false => layer.compact().with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    // `export` logs a failing exporter once; the exporters themselves would log each try.
    let quiet: FilterFn = filter_fn(|m| {
        let exporter = m.target().starts_with("opentelemetry");
        m.target() != span::TARGET && (!exporter || m.name().contains("Dropp"))
    });
    Ok(layer.with_filter(filter).with_filter(quiet).boxed())
}

fn resource() -> Resource {
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over this.
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok_and(|n| !n.is_empty())
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|a| a.contains("service.name="));
    let mut builder =
        Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    // It distinguishes the metrics of several workers.
    if !std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|a| a.contains("service.instance.id=")) {
        builder = builder.with_attribute(KeyValue::new("service.instance.id", crate::instance::id()));
    }
    if named { builder.build() } else { builder.with_service_name("barlift").build() }
}

fn span_provider(resource: &Resource) -> Result<SdkTracerProvider> {
    let mut batches = BatchConfigBuilder::default();
    if std::env::var("OTEL_BSP_MAX_QUEUE_SIZE").is_err() {
        batches = batches.with_max_queue_size(QUEUED_SPANS);
    }
    let processor = BatchSpanProcessor::builder(export::spans()?).with_batch_config(batches.build()).build();
    Ok(SdkTracerProvider::builder()
        .with_span_processor(AttemptSpanProcessor::new(processor))
        .with_resource(resource.clone())
        .with_id_generator(Ids::default())
        // The process that enqueued has decided for the whole operation.
        .with_sampler(Sampler::ParentBased(Box::new(sampler())))
        .build())
}

impl Telemetry {
    fn start_metrics(&mut self, settings: &Settings, resource: &Resource) -> Result<()> {
        let (otlp, prometheus) = (settings.metrics && Signal::Metrics.wanted(), settings.prometheus);
        if !otlp && !prometheus {
            return Ok(());
        }
        let mut provider = SdkMeterProvider::builder().with_resource(resource.clone());
        if otlp {
            provider = provider.with_periodic_exporter(export::metrics()?);
        }
        if prometheus {
            let registry = prometheus::Registry::new();
            let reader = opentelemetry_prometheus::exporter()
                .with_registry(registry.clone())
                .scope_info_enabled(false)
                .build()
                .map_err(|e| Error::Internal(e.to_string()))?;
            provider = provider.with_reader(reader);
            self.registry = Some(registry);
        }
        let provider = provider.build();
        global::set_meter_provider(provider.clone());
        self.metrics = Some(provider);
        super::metrics::get().begin();
        Ok(())
    }

    #[must_use]
    pub(crate) fn has_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// What sends the spans of operations and attempts, if spans are exported.
    #[must_use]
    pub(crate) fn recorder(&self) -> Option<Recorder> {
        self.recorder.clone()
    }

    /// The metrics for Prometheus, if it reads them from this process.
    #[must_use]
    pub(crate) fn registry(&self) -> Option<prometheus::Registry> {
        self.registry.clone()
    }

    /// Exports what is left, for at most three seconds; half of that after a worker, which has flushed before.
    pub(crate) async fn stop(self) {
        let Self { spans, metrics, .. } = self;
        if spans.is_none() && metrics.is_none() {
            return;
        }
        let flushed = WORKER_FLUSHED.load(Ordering::Relaxed);
        let limit = if flushed { STOP_LIMIT_AFTER_WORKER } else { STOP_LIMIT };
        let (done, stopped) = tokio::sync::oneshot::channel();
        // On a thread of its own: the runtime would wait for a blocking task, however long it takes.
        let stopping = std::thread::Builder::new().name("telemetry-stop".into()).spawn(move || {
            let metrics = metrics.map(|m| std::thread::spawn(move || m.shutdown_with_timeout(limit)));
            let spans = spans.map_or(Ok(()), |s| s.shutdown_with_timeout(limit));
            let metrics = metrics.map(std::thread::JoinHandle::join);
            let _ = done.send((spans, metrics.is_some()));
        });
        let sent = stopping.is_ok() && tokio::time::timeout(limit, stopped).await.is_ok();
        if !sent && !Signal::Traces.failing().load(Ordering::Relaxed) {
            tracing::warn!("the collector does not answer in time: the last spans and metrics may be lost");
        }
    }
}
