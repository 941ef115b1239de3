//! The W3C trace context: made by the enqueuer, carried by the operation and its jobs, taken up by workers.
//!
//! Invariant: all spans of one operation have one trace id, and the ids of its root span are fixed when it
//! is enqueued, so that any worker at any time can be its child.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The root span of an operation, known before it is emitted.
#[derive(Debug, Clone)]
pub struct RootContext(SpanContext);

impl RootContext {
    /// New ids, from the operating system's randomness.
    #[must_use]
    pub fn new() -> Self {
        // Ids of zeros mean "none"; their chance is that of guessing a key.
        let trace = TraceId::from(rand::random::<u128>().max(1));
        let span = SpanId::from(rand::random::<u64>().max(1));
        Self(SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default()))
    }

    /// As a W3C traceparent header.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.0.trace_id(), self.0.span_id(), self.0.trace_flags().to_u8())
    }
}

impl Default for RootContext {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes `span` a child of the span that `traceparent` names, wherever that one was or will be emitted.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract(&carrier);
    if !context.span().span_context().is_valid() {
        tracing::warn!(traceparent, "not a W3C traceparent; the trace begins anew");
        return;
    }
    // Fails only where no exporter is set up, and then nobody sees the trace.
    let _ = span.set_parent(context);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_has_the_w3c_form() {
        let text = RootContext::new().traceparent();
        let parts: Vec<&str> = text.split('-').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2].len(), parts[3]), ("00", 32, 16, "01"));
        assert_ne!(RootContext::new().traceparent(), text);
    }
}
