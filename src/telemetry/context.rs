//! The W3C trace context: the process that enqueues makes it, the operation and its jobs carry it, workers continue it.
//!
//! Invariant: all spans of one operation have one trace id. Enqueuing fixes the ids of the root span and decides
//! whether the operation is traced at all, so that any worker at any time can write children of the root. The id of an
//! attempt's span is computed from task and fence, so that another worker can write the span of an attempt whose worker
//! has died.

use std::cell::Cell;
use std::collections::HashMap;
use std::pin::Pin;

use opentelemetry::Context;
use opentelemetry::context::WithContext;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    FutureExt as _, SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample as _,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::model::{Fence, OperationId, TaskId, Traceparent};

/// The ids of an operation's root span, which is written when the operation has ended.
#[derive(Debug, Clone)]
pub(crate) struct RootContext(SpanContext);

impl RootContext {
    /// New random ids; `OTEL_TRACES_SAMPLER` decides whether the whole operation is traced.
    #[must_use]
    pub(crate) fn new() -> Self {
        // An id of zeros would mean "none".
        let trace = TraceId::from(rand::random::<u128>().max(1));
        let span = SpanId::from(rand::random::<u64>().max(1));
        let flags = TraceFlags::default().with_sampled(sampled(trace));
        Self(SpanContext::new(trace, span, flags, true, TraceState::default()))
    }

    pub(super) fn context(&self) -> &SpanContext {
        &self.0
    }

    pub(crate) fn traceparent(&self) -> Traceparent {
        let Self(context) = self;
        let flags = context.trace_flags().to_u8();
        Traceparent(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()))
    }

    /// Runs a future whose spans are children of the root.
    pub(crate) fn around<F: Future>(&self, future: F) -> WithContext<Pin<Box<F>>> {
        let context = Context::new().with_remote_span_context(self.0.clone());
        Box::pin(future).with_context(context)
    }
}

impl Default for RootContext {
    fn default() -> Self {
        Self::new()
    }
}

/// A new span id, as 16 hexadecimal digits.
#[must_use]
pub(crate) fn new_span_id() -> String {
    SpanId::from(rand::random::<u64>().max(1)).to_string()
}

/// The span that a traceparent names; none if it has not the W3C form.
pub(super) fn remote(traceparent: &Traceparent) -> Option<SpanContext> {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_string())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

pub(super) fn is_sampled(traceparent: &Traceparent) -> bool {
    remote(traceparent).is_some_and(|c| c.is_sampled())
}

/// Makes `span`, under this id, a child of the span that `traceparent` names, whichever process writes that one.
pub(super) fn continue_trace(span: &tracing::Span, traceparent: &Traceparent, id: SpanId) {
    let Some(parent) = remote(traceparent) else {
        tracing::warn!(traceparent = traceparent.as_str(), "not a W3C traceparent; the trace begins anew");
        return;
    };
    let parent = Context::new().with_remote_span_context(parent);
    // It fails only where no exporter is set up.
    let _ = span.set_parent(parent);
    NEXT.set(Some(id));
    // This starts the span in OpenTelemetry, which asks for an id.
    let _ = span.context();
    NEXT.set(None);
}

pub(super) fn attempt_span_id(operation_id: &OperationId, task_id: TaskId, fence: Fence) -> SpanId {
    let hash = blake3::hash(format!("{operation_id}:{task_id}:{fence}").as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    SpanId::from(u64::from_be_bytes(bytes).max(1))
}

thread_local! {
    /// The id that the next span on this thread gets.
    static NEXT: Cell<Option<SpanId>> = const { Cell::new(None) };
}

/// Generates random ids, except for the spans of attempts.
#[derive(Debug, Default)]
pub(super) struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        self.0.new_trace_id()
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.take().unwrap_or_else(|| self.0.new_span_id())
    }
}

/// The sampler of `OTEL_TRACES_SAMPLER`, for spans without a parent.
pub(super) fn sampler() -> Sampler {
    let sampler = std::env::var("OTEL_TRACES_SAMPLER").unwrap_or_default();
    let ratio = std::env::var("OTEL_TRACES_SAMPLER_ARG").ok().and_then(|r| r.parse().ok()).unwrap_or(1.0);
    match sampler.as_str() {
        "always_off" | "parentbased_always_off" => Sampler::AlwaysOff,
        "traceidratio" | "parentbased_traceidratio" => Sampler::TraceIdRatioBased(ratio),
        _ => Sampler::AlwaysOn,
    }
}

/// A sampler, or an argument of one, that barlift does not support, for a warning.
pub(super) fn unknown_sampler() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let known = ["always_on", "always_off", "traceidratio"];
    let sampler = set("OTEL_TRACES_SAMPLER")?;
    let name = sampler.strip_prefix("parentbased_").unwrap_or(&sampler);
    if !known.contains(&name) {
        return Some(format!(
            "OTEL_TRACES_SAMPLER={sampler} (there are {}, also as parentbased_…)",
            known.join(", ")
        ));
    }
    let argument = set("OTEL_TRACES_SAMPLER_ARG").filter(|_| name == "traceidratio")?;
    let ratio = argument.parse::<f64>().is_ok_and(|r| (0.0..=1.0).contains(&r));
    (!ratio).then(|| format!("OTEL_TRACES_SAMPLER_ARG={argument} (a ratio is 0 to 1)"))
}

/// Whether a new operation is traced. Workers keep to this decision, whatever their own sampler is.
fn sampled(trace: TraceId) -> bool {
    let result = sampler().should_sample(None, trace, "", &SpanKind::Internal, &[], &[]);
    result.decision == SamplingDecision::RecordAndSample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_has_the_w3c_form() {
        let traceparent = RootContext::new().traceparent();
        let parts: Vec<&str> = traceparent.as_str().split('-').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2].len(), parts[3]), ("00", 32, 16, "01"));
        assert_ne!(RootContext::new().traceparent(), traceparent);
        let read = remote(&traceparent).expect("valid");
        assert_eq!(read.span_id().to_string(), parts[2]);
        assert!(remote(&Traceparent("00-0-0-00".into())).is_none());
    }

    #[test]
    fn each_attempt_has_an_id_that_can_be_found_again() {
        let operation = OperationId("op_migration_1".into());
        let id_of = |task, fence| attempt_span_id(&operation, TaskId(task), Fence(fence));
        let id = id_of(7, 1);
        assert_eq!(id, id_of(7, 1));
        assert_ne!(id, id_of(7, 2));
        assert_ne!(id, id_of(8, 1));
    }
}
