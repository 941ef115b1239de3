//! The same file again: recognised by its content, not read.
//!
//! Invariant: the whole file was hashed just now, and the series still holds as many bars over the file's
//! range as its import left there.

use std::io::Read;

use super::Attempt;
use crate::error::{Error, FileError, Result};
use crate::repository::known::{self, Content};
use crate::source::root::{Root, Version};
use crate::task::RowCounts;

/// Counts every row as skipped if the series holds this very content; none if the file must be read.
pub(super) async fn recognise(
    attempt: Attempt<'_>,
    root: &Root,
    version: &Version,
) -> Result<Option<RowCounts>> {
    let Attempt { context, lease, task, telemetry } = attempt;
    let Some(series_id) = lease.series_id.filter(|_| !task.options.force && !task.options.dry_run) else {
        return Ok(None);
    };
    let options = task.options.content_key()?;
    if !known::any(&context.pool, series_id, &options).await? {
        return Ok(None);
    }
    let source = root.read(&task.source).await?;
    let path = task.source.clone();
    let hash = tokio::task::spawn_blocking(move || hash(source.input, &path))
        .await
        .map_err(|e| Error::Internal(e.to_string()))??;
    let content = Content { hash: &hash, options: &options };
    let Some(rows) = known::rows(&context.pool, attempt.database(), series_id, content).await? else {
        return Ok(None);
    };
    lease.recognised(&context.pool, rows, version.size).await?;
    telemetry.recognised();
    Ok(Some(RowCounts { rows, rows_skipped: rows, ..RowCounts::default() }))
}

fn hash(mut input: Box<dyn Read + Send>, path: &str) -> Result<[u8; 32], FileError> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(*hasher.finalize().as_bytes()),
            Ok(n) => {
                hasher.update(&buffer[..n]);
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(crate::source::root::io_error(path, &e)),
        }
    }
}
