//! A running span.
//!
//! Invariant: its name, kind and attributes come from the catalogue. It ends when it is dropped. A span that is not
//! exported, or that the span budget has no room for, costs next to nothing.

use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::trace::{Status, TraceContextExt as _};
use tracing::Instrument as _;
use tracing::instrument::Instrumented;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::attribute::{Attribute, ERROR_CLASS, ERROR_SYMBOL, ERROR_TYPE, ValueType, cut};
use super::catalogue::SpanSpec;
use super::context::remote;
use crate::error::{Error, ErrorClass, FileError};
use crate::model::Traceparent;

/// The `tracing` target of spans that are exported.
pub(super) const TARGET: &str = "barlift::span";

/// A running span.
#[derive(Debug)]
pub struct Span {
    inner: tracing::Span,
    spec: &'static SpanSpec,
    /// Whether its status is set.
    ended: AtomicBool,
}

impl Span {
    /// Begins a span below the current one.
    #[must_use]
    pub(crate) fn start(spec: &'static SpanSpec) -> Self {
        let inner = tracing::info_span!(
            target: TARGET,
            "span",
            otel.name = spec.name,
            otel.kind = spec.kind.as_str(),
        );
        Self { inner, spec, ended: AtomicBool::new(false) }
    }

    /// Begins a span below the current one or, where there is none, below the one that a W3C traceparent names.
    #[must_use]
    pub(crate) fn start_within(spec: &'static SpanSpec, traceparent: &Traceparent) -> Self {
        let context = opentelemetry::Context::current();
        if context.span().span_context().is_valid() {
            return Self::start(spec);
        }
        Self::start_below(spec, traceparent)
    }

    /// Begins a span below the one that a W3C traceparent names, whatever the current one is.
    #[must_use]
    pub(crate) fn start_below(spec: &'static SpanSpec, traceparent: &Traceparent) -> Self {
        let Some(parent) = remote(traceparent) else { return Self::none(spec) };
        let _within = opentelemetry::Context::new().with_remote_span_context(parent).attach();
        Self::start(spec)
    }

    /// A span that is not recorded.
    #[must_use]
    pub(crate) fn none(spec: &'static SpanSpec) -> Self {
        Self { inner: tracing::Span::none(), spec, ended: AtomicBool::new(true) }
    }

    #[must_use]
    pub(crate) fn is_recorded(&self) -> bool {
        !self.inner.is_disabled()
    }

    pub(crate) fn set<T: ValueType>(&self, attribute: Attribute<T>, value: T::Native<'_>) -> &Self {
        debug_assert!(self.spec.has(attribute.name), "{} has no {}", self.spec.name, attribute.name);
        if !self.inner.is_disabled() {
            self.extend(pairs(attribute, value));
        }
        self
    }

    /// Sets attributes of [`pairs`].
    pub(super) fn extend(&self, attributes: Vec<KeyValue>) {
        for pair in attributes {
            self.inner.set_attribute(pair.key, pair.value);
        }
    }

    /// Sets the status OK.
    pub(crate) fn ok(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.inner.set_status(Status::Ok);
    }

    /// Sets the status ERROR and records the exception.
    pub(crate) fn fail(&self, error: &Error, symbol: &str) {
        if !self.inner.is_disabled() {
            let (kind, class) = (error.kind(), error.class());
            self.failed(&SpanFailure { kind, class, message: error.chain(), symbol });
        }
    }

    /// The same for a file's fault.
    pub(crate) fn fail_with(&self, error: &FileError, symbol: &str) {
        let kind = "DataError";
        self.failed(&SpanFailure { kind, class: error.class, message: error.to_string(), symbol });
    }

    fn failed(&self, failure: &SpanFailure<'_>) {
        self.ended.store(true, Ordering::Relaxed);
        self.extend(failure.attributes());
        self.inner.set_status(failure.status());
        self.inner.add_event("exception", failure.exception());
    }

    /// Sets the status by a result.
    pub(crate) fn end<T>(&self, result: &Result<T, Error>, symbol: &str) {
        match result {
            Ok(_) => self.ok(),
            Err(e) => self.fail(e, symbol),
        }
    }

    /// Runs a future within this span. It is boxed, because nested futures of statements grow large.
    pub(crate) fn around<F: Future>(&self, future: F) -> Instrumented<Pin<Box<F>>> {
        Box::pin(future).instrument(self.inner.clone())
    }

    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        self.inner.in_scope(run)
    }

    pub(super) fn tracing(&self) -> &tracing::Span {
        &self.inner
    }
}

/// Runs statements and returns how long they took. What they log belongs to their span, if there is just one.
pub(crate) async fn run_within<T>(
    spans: &[Span],
    run: impl Future<Output = Result<T, Error>>,
) -> (Result<T, Error>, Duration) {
    let start = Instant::now();
    let result = match spans {
        [span] => span.around(run).await,
        _ => Box::pin(run).await,
    };
    (result, start.elapsed())
}

/// A span without a status was cut off, by its worker's stop or a panic.
impl Drop for Span {
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Relaxed) && !self.inner.is_disabled() {
            let message = "cut off before its end".to_owned();
            self.failed(&SpanFailure { kind: "CutOff", class: ErrorClass::Transient, message, symbol: "" });
        }
    }
}

/// Attributes, status and event of a failed span.
pub(super) struct SpanFailure<'a> {
    pub(super) kind: &'static str,
    pub(super) class: ErrorClass,
    pub(super) message: String,
    pub(super) symbol: &'a str,
}

impl SpanFailure<'_> {
    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        let mut out = pairs(ERROR_TYPE, self.kind);
        out.extend(pairs(ERROR_CLASS, self.class.as_str()));
        if !self.symbol.is_empty() {
            out.extend(pairs(ERROR_SYMBOL, self.symbol));
        }
        out
    }

    pub(super) fn status(&self) -> Status {
        Status::error(cut(&self.message).to_owned())
    }

    /// The attributes of an `exception` event, as OpenTelemetry's conventions name them.
    pub(super) fn exception(&self) -> Vec<KeyValue> {
        vec![
            KeyValue::new("exception.type", self.kind),
            KeyValue::new("exception.message", cut(&self.message).to_owned()),
        ]
    }
}

/// An attribute under the name, or names, that `OTEL_SEMCONV_STABILITY_OPT_IN` asks for.
pub(super) fn pairs<T: ValueType>(attribute: Attribute<T>, value: T::Native<'_>) -> Vec<KeyValue> {
    let value = T::value(value);
    match (attribute.stable, *NAMES) {
        (Some(stable), Names::Stable) => vec![KeyValue::new(stable, value)],
        (Some(stable), Names::Both) => {
            vec![KeyValue::new(attribute.name, value.clone()), KeyValue::new(stable, value)]
        }
        _ => vec![KeyValue::new(attribute.name, value)],
    }
}

/// The names of database attributes. `OTEL_SEMCONV_STABILITY_OPT_IN` is a list separated by commas in which `database/dup`
/// has precedence over `database`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Reference,
    Stable,
    Both,
}

static NAMES: LazyLock<Names> =
    LazyLock::new(|| names(&std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").unwrap_or_default()));

fn names(opt_in: &str) -> Names {
    let has = |wanted: &str| opt_in.split(',').any(|word| word.trim() == wanted);
    match (has("database/dup"), has("database")) {
        (true, _) => Names::Both,
        (_, true) => Names::Stable,
        _ => Names::Reference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opt_in_is_a_list() {
        for (text, want) in [
            ("", Names::Reference),
            ("http", Names::Reference),
            ("database", Names::Stable),
            ("http, database/dup", Names::Both),
            ("database,database/dup", Names::Both),
        ] {
            assert_eq!(names(text), want, "{text}");
        }
    }
}
