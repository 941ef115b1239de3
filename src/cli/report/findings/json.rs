//! An import's findings as one JSON object.

use futures::TryStreamExt as _;
use serde::Serialize;
use sqlx::PgPool;

use crate::cli::report::destination::Destination;
use crate::error::{Error, Result};
use crate::model::OperationId;
use crate::operation::report;
use crate::operation::status;

/// One object, written as it is read.
pub(in crate::cli::report) async fn json(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
) -> Result<()> {
    let status = status::read(pool, id, false).await?;
    let head = serde_json::json!({ "operation_id": status.operation_id, "state": status.state, "totals": status.totals });
    // The object `totals` ends the head, and its brace goes with the outer one.
    out.text(head.to_string().trim_end_matches('}'))?;
    out.text("}")?;
    list(out, "failed_files", report::failed(pool, id)).await?;
    list(out, "shape_conflicts", report::shape_conflicts(pool, id)).await?;
    list(out, "mismatches", report::mismatches(pool, id)).await?;
    list(out, "rejected_rows", report::rejected(pool, id)).await?;
    list(out, "quality_issues", report::issues(pool, id)).await?;
    out.text("}\n")
}

async fn list<T: Serialize>(
    out: &mut Destination,
    name: &str,
    mut items: futures::stream::BoxStream<'_, Result<T>>,
) -> Result<()> {
    out.text(&format!(",\n\"{name}\":["))?;
    let mut separator = "\n";
    while let Some(item) = items.try_next().await? {
        let text = serde_json::to_string(&item).map_err(|e| Error::Internal(e.to_string()))?;
        out.text(separator)?;
        out.text(&text)?;
        separator = ",\n";
    }
    out.text("]")
}
