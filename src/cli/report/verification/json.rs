//! The report as one JSON object, written as it is read.

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use serde::Serialize;

use super::PAGE;
use crate::cli::report::destination::Destination;
use crate::error::{Error, Result};
use crate::operation::verification::{Order, Series, Snapshot, Verification};

/// The head, then series after series with its rejected rows and differing bars.
pub(in crate::cli::report) async fn json(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    head: &Verification,
) -> Result<()> {
    open(out, head)?;
    out.text(",\n\"series\":[")?;
    let mut separator = "\n";
    let mut offset = 0;
    loop {
        let page = snapshot.series(Order::Name, offset, PAGE).await?;
        for series in &page {
            out.text(separator)?;
            one(out, snapshot, series).await?;
            separator = ",\n";
        }
        offset += page.len();
        if page.len() < PAGE {
            return out.text("]}\n");
        }
    }
}

async fn one(out: &mut Destination, snapshot: &mut Snapshot, series: &Series) -> Result<()> {
    open(out, series)?;
    list(out, "rejected_rows", snapshot.rejected(series, None)).await?;
    list(out, "differences", snapshot.differences(series, None)).await?;
    out.text("}")
}

/// An object without its last brace.
fn open(out: &mut Destination, object: &impl Serialize) -> Result<()> {
    let text = text(object)?;
    out.text(text.strip_suffix('}').unwrap_or(&text))
}

async fn list<T: Serialize>(
    out: &mut Destination,
    name: &str,
    mut items: BoxStream<'_, Result<T>>,
) -> Result<()> {
    out.text(&format!(",\"{name}\":["))?;
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
