//! A span as `barlift.span_outbox` keeps it.
//!
//! Invariant: [`StoredSpan::data`] depends on the stored content alone: whichever process sends it, and however often, the
//! collector gets the same span. The JSON form is stored, so fields are never renamed.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value as OtelValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use serde::{Deserialize, Serialize};

/// The instrumentation scope of all spans, and the tracer's name.
pub(super) const SCOPE: &str = "barlift";

/// An ended span with its resource. It has no links, since no span of an attempt or an operation has any.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredSpan {
    resource: Attributes,
    trace_id: String,
    span_id: String,
    /// W3C trace flags.
    flags: u8,
    /// The parent's span id; none for a root.
    parent: Option<String>,
    parent_is_remote: bool,
    kind: StoredKind,
    name: String,
    /// Nanoseconds since 1970.
    start: u64,
    end: u64,
    attributes: Attributes,
    dropped_attributes: u32,
    events: Vec<StoredEvent>,
    dropped_events: u32,
    status: StoredStatus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredEvent {
    name: String,
    time: u64,
    attributes: Attributes,
    dropped_attributes: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum StoredStatus {
    Unset,
    Ok,
    Error(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum StoredKind {
    Client,
    Server,
    Producer,
    Consumer,
    Internal,
}

type Attributes = Vec<(String, StoredValue)>;

/// The types that [`super::attribute`] and resources have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum StoredValue {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Texts(Vec<String>),
}

impl StoredSpan {
    pub(super) fn new(span: &SpanData, resource: &Resource) -> Self {
        let context = &span.span_context;
        let mut resource: Attributes =
            resource.iter().map(|(k, v)| (k.to_string(), StoredValue::from(v))).collect();
        // The order of a resource's attributes is random.
        resource.sort_by(|a, b| a.0.cmp(&b.0));
        Self {
            resource,
            trace_id: context.trace_id().to_string(),
            span_id: context.span_id().to_string(),
            flags: context.trace_flags().to_u8(),
            parent: (span.parent_span_id != SpanId::INVALID).then(|| span.parent_span_id.to_string()),
            parent_is_remote: span.parent_span_is_remote,
            kind: StoredKind::from(&span.span_kind),
            name: span.name.to_string(),
            start: nanoseconds(span.start_time),
            end: nanoseconds(span.end_time),
            attributes: stored(&span.attributes),
            dropped_attributes: span.dropped_attributes_count,
            events: span.events.iter().map(StoredEvent::from).collect(),
            dropped_events: span.events.dropped_count,
            status: StoredStatus::from(&span.status),
        }
    }

    /// In the form that an exporter takes.
    pub(super) fn data(&self) -> SpanData {
        let trace_id = TraceId::from_hex(&self.trace_id).unwrap_or(TraceId::INVALID);
        let span_id = SpanId::from_hex(&self.span_id).unwrap_or(SpanId::INVALID);
        let parent = self.parent.as_deref().and_then(|p| SpanId::from_hex(p).ok());
        let mut events = SpanEvents::default();
        events.events = self.events.iter().map(StoredEvent::event).collect();
        events.dropped_count = self.dropped_events;
        let flags = TraceFlags::new(self.flags);
        SpanData {
            span_context: SpanContext::new(trace_id, span_id, flags, false, TraceState::default()),
            parent_span_id: parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: self.parent_is_remote,
            span_kind: self.kind.otel(),
            name: self.name.clone().into(),
            start_time: time(self.start),
            end_time: time(self.end),
            attributes: pairs(&self.attributes),
            dropped_attributes_count: self.dropped_attributes,
            events,
            links: SpanLinks::default(),
            status: self.status.otel(),
            instrumentation_scope: InstrumentationScope::builder(SCOPE).build(),
        }
    }

    pub(super) fn resource(&self) -> Resource {
        Resource::builder_empty().with_attributes(pairs(&self.resource)).build()
    }

    /// Whether both can be sent in one request.
    #[must_use]
    pub(crate) fn has_resource_of(&self, other: &Self) -> bool {
        self.resource == other.resource
    }
}

impl StoredEvent {
    fn event(&self) -> Event {
        Event::new(self.name.clone(), time(self.time), pairs(&self.attributes), self.dropped_attributes)
    }
}

impl From<&Event> for StoredEvent {
    fn from(event: &Event) -> Self {
        Self {
            name: event.name.to_string(),
            time: nanoseconds(event.timestamp),
            attributes: stored(&event.attributes),
            dropped_attributes: event.dropped_attributes_count,
        }
    }
}

impl StoredStatus {
    fn otel(&self) -> Status {
        match self {
            Self::Unset => Status::Unset,
            Self::Ok => Status::Ok,
            Self::Error(text) => Status::error(text.clone()),
        }
    }
}

impl From<&Status> for StoredStatus {
    fn from(status: &Status) -> Self {
        match status {
            Status::Unset => Self::Unset,
            Status::Ok => Self::Ok,
            Status::Error { description } => Self::Error(description.to_string()),
        }
    }
}

impl StoredKind {
    fn otel(self) -> SpanKind {
        match self {
            Self::Client => SpanKind::Client,
            Self::Server => SpanKind::Server,
            Self::Producer => SpanKind::Producer,
            Self::Consumer => SpanKind::Consumer,
            Self::Internal => SpanKind::Internal,
        }
    }
}

impl From<&SpanKind> for StoredKind {
    fn from(kind: &SpanKind) -> Self {
        match kind {
            SpanKind::Client => Self::Client,
            SpanKind::Server => Self::Server,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
            SpanKind::Internal => Self::Internal,
        }
    }
}

impl From<&OtelValue> for StoredValue {
    fn from(value: &OtelValue) -> Self {
        match value {
            OtelValue::Bool(b) => Self::Bool(*b),
            OtelValue::I64(n) => Self::Int(*n),
            OtelValue::F64(n) => Self::Float(*n),
            OtelValue::Array(Array::String(texts)) => {
                Self::Texts(texts.iter().map(ToString::to_string).collect())
            }
            other => Self::Text(other.as_str().into_owned()),
        }
    }
}

impl StoredValue {
    fn otel(&self) -> OtelValue {
        match self {
            Self::Bool(b) => OtelValue::Bool(*b),
            Self::Int(n) => OtelValue::I64(*n),
            Self::Float(n) => OtelValue::F64(*n),
            Self::Text(text) => OtelValue::String(text.clone().into()),
            Self::Texts(texts) => {
                OtelValue::Array(Array::String(texts.iter().map(|t| StringValue::from(t.clone())).collect()))
            }
        }
    }
}

fn stored(attributes: &[KeyValue]) -> Attributes {
    attributes.iter().map(|a| (a.key.to_string(), StoredValue::from(&a.value))).collect()
}

fn pairs(attributes: &Attributes) -> Vec<KeyValue> {
    attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.otel())).collect()
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn time(nanoseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span() -> SpanData {
        let mut events = SpanEvents::default();
        let message = KeyValue::new("exception.message", "line 3: `a\0b` ö 日");
        events.events.push(Event::new("exception", time(1_764_000_000_123_456_789), vec![message], 2));
        events.dropped_count = 3;
        let texts = vec![StringValue::from("x"), StringValue::from("y")];
        SpanData {
            span_context: SpanContext::new(
                TraceId::from(7),
                SpanId::from(8),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: SpanId::from(9),
            parent_span_is_remote: true,
            span_kind: SpanKind::Consumer,
            name: "csv_import.import_symbol".into(),
            start_time: time(1_764_000_000_000_000_001),
            end_time: time(1_764_000_000_999_999_999),
            attributes: vec![
                KeyValue::new("z", 1),
                KeyValue::new("a", 5.0),
                KeyValue::new("b", true),
                KeyValue::new("t", "text"),
                KeyValue::new("l", OtelValue::Array(Array::String(texts))),
            ],
            dropped_attributes_count: 1,
            events,
            links: SpanLinks::default(),
            status: Status::error("it failed"),
            instrumentation_scope: InstrumentationScope::builder(SCOPE).build(),
        }
    }

    #[test]
    fn a_span_is_the_same_after_it_was_stored() {
        let resource = Resource::builder_empty().with_attribute(KeyValue::new("service.name", "me")).build();
        let stored = StoredSpan::new(&span(), &resource);
        let bytes = serde_json::to_vec(&stored).expect("encoded");
        let read: StoredSpan = serde_json::from_slice(&bytes).expect("decoded");
        assert_eq!(read.data(), span());
        assert_eq!(read.resource(), resource);
    }

    #[test]
    fn a_root_has_no_parent() {
        let mut root = span();
        root.parent_span_id = SpanId::INVALID;
        assert_eq!(StoredSpan::new(&root, &Resource::builder_empty().build()).data(), root);
    }
}
