//! An import's findings as one JSON object.

use sqlx::PgPool;

use crate::cli::report::destination::Destination;
use crate::cli::report::json_stream::{list, open_object};
use crate::error::Result;
use crate::model::OperationId;
use crate::operation::{report, status};

/// Writes the operation's sums, then a list for each kind of finding.
pub(in crate::cli::report) async fn json(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
) -> Result<()> {
    const NEXT: &str = ",\n";
    let status = status::read(pool, id, false).await?;
    let head = serde_json::json!({
        "operation_id": status.operation_id, "state": status.state, "totals": status.totals
    });
    open_object(out, &head)?;
    out.text(NEXT)?;
    list(out, "failed_files", report::failed(pool, id)).await?;
    out.text(NEXT)?;
    list(out, "shape_conflicts", report::shape_conflicts(pool, id)).await?;
    out.text(NEXT)?;
    list(out, "series_imported", report::series_imported(pool, id)).await?;
    out.text(NEXT)?;
    list(out, "mismatches", report::mismatches(pool, id)).await?;
    out.text(NEXT)?;
    list(out, "rejected_rows", report::rejected(pool, id)).await?;
    out.text(NEXT)?;
    list(out, "quality_issues", report::issues(pool, id)).await?;
    out.text("}\n")
}
