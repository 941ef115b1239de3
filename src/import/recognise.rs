//! The same file again: recognised by its content, not read.
//!
//! Invariant: the whole file was hashed just now, and the series still holds as many bars over the file's
//! range as its import left there.

use super::Attempt;
use crate::error::{Error, Result};
use crate::repository::known::{self, Content};
use crate::source::root::{Root, Version, hash};
use crate::task::RowCounts;

/// Counts every row as skipped if the series holds this very content; none if the file must be read.
pub(super) async fn recognise(
    attempt: Attempt<'_>,
    root: &Root,
    version: &Version,
) -> Result<Option<RowCounts>> {
    let Attempt { context, lease, task, options, telemetry } = attempt;
    let Some(series_id) =
        lease.series_id.filter(|_| !options.force && !options.dry_run && !lease.series_is_new)
    else {
        return Ok(None);
    };
    let key = options.content_key()?;
    if !known::any(&context.pool, series_id, &key).await? {
        return Ok(None);
    }
    let source = root.read(&task.source).await?;
    let path = task.source.clone();
    let hash = tokio::task::spawn_blocking(move || hash(source.input, &path))
        .await
        .map_err(|e| Error::Internal(e.to_string()))??;
    let content = Content { hash: &hash, options: &key };
    let Some(rows) = known::rows(&context.pool, attempt.database(), series_id, content).await? else {
        return Ok(None);
    };
    lease.recognised(&context.pool, rows, version.size).await?;
    telemetry.recognised();
    Ok(Some(RowCounts { rows, rows_skipped: rows, ..RowCounts::default() }))
}
