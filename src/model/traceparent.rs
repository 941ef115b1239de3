//! The W3C trace context of an operation, as `operations.traceparent` and the metadata of jobs carry it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `00-<trace id>-<span id>-<flags>`, the root span of an operation. The database checks its form;
/// `barlift.is_sampled` and `barlift.span_id` read it in SQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Traceparent(pub String);

impl Traceparent {
    /// The 32 hexadecimal digits of the trace's id; empty if it has not the W3C form.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.field(1)
    }

    /// Whether the trace is kept: the lowest bit of the flags.
    #[must_use]
    pub fn sampled(&self) -> bool {
        u8::from_str_radix(self.field(3), 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn field(&self, place: usize) -> &str {
        self.0.split('-').nth(place).unwrap_or_default()
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_fields_are_read() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let traceparent = Traceparent(text.into());
        assert_eq!(traceparent.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert!(traceparent.sampled());
        assert_eq!(traceparent.to_string(), text);
        for (flags, sampled) in [("00", false), ("03", true), ("02", false)] {
            assert_eq!(Traceparent(format!("00-0-0-{flags}")).sampled(), sampled, "{flags}");
        }
        assert_eq!(Traceparent("nonsense".into()).trace_id(), "");
    }
}
