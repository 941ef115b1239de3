//! JSON that is written as it is read.

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use serde::Serialize;

use super::destination::Destination;
use crate::error::{Error, Result};

/// Writes an object without its last brace, so that more fields can follow.
pub(super) fn open_object(out: &mut Destination, object: &impl Serialize) -> Result<()> {
    let text = text(object)?;
    out.text(text.strip_suffix('}').unwrap_or(&text))
}

/// Writes a stream as a list.
pub(super) async fn list<T: Serialize>(
    out: &mut Destination,
    name: &str,
    mut items: BoxStream<'_, Result<T>>,
) -> Result<()> {
    out.text(&format!("\"{name}\":["))?;
    let mut separator = "\n";
    while let Some(item) = items.try_next().await? {
        out.text(separator)?;
        out.text(&text(&item)?)?;
        separator = ",\n";
    }
    out.text("]")
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal(e.to_string()))
}
