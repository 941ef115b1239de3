//! A verification as one JSON object.

use crate::cli::report::destination::Destination;
use crate::cli::report::json_stream::{list, open_object};
use crate::cli::report::verification::PAGE;
use crate::error::Result;
use crate::operation::verification::{Order, Snapshot, Verification, VerifiedSeries};

/// Writes the verification, then series by series with its rejected rows and differing bars.
pub(in crate::cli::report) async fn json(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    head: &Verification,
) -> Result<()> {
    open_object(out, head)?;
    out.text(",\n\"series\":[")?;
    let mut separator = "\n";
    let mut offset = 0;
    loop {
        let page = snapshot.series(Order::Name, offset, PAGE).await?;
        for one in &page {
            out.text(separator)?;
            series(out, snapshot, one).await?;
            separator = ",\n";
        }
        offset += page.len();
        if page.len() < PAGE {
            return out.text("]}\n");
        }
    }
}

async fn series(out: &mut Destination, snapshot: &mut Snapshot, series: &VerifiedSeries) -> Result<()> {
    open_object(out, series)?;
    out.text(",")?;
    list(out, "rejected_rows", snapshot.rejected(series, None)).await?;
    out.text(",")?;
    list(out, "differences", snapshot.differences(series, None)).await?;
    out.text("}")
}
