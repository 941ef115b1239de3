//! The same file again: recognised by its fingerprint, and not parsed.
//!
//! Invariant: the whole file was hashed just now, and the series still has as many bars in the file's range as its import
//! left there.

use super::ImportAttempt;
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::error::{During, Result};
use crate::model::SeriesId;
use crate::repository::source_cache::{self, CachedFile, CachedImport};
use crate::source::open::OpenSource;
use crate::source::root::{Root, Version};
use crate::task::{End, Progress, RowCounts, Settlement};

/// Counts the rows if the series contains this very file; none if the file must be read.
pub(super) async fn recognise(
    attempt: ImportAttempt<'_>,
    root: &Root,
    version: &Version,
) -> Result<Option<RowCounts>> {
    let ImportAttempt { context, lease, options, telemetry, .. } = attempt;
    let Some(series_id) = cached_series(attempt) else { return Ok(None) };
    let key = options.content_key(&attempt.task.source)?;
    if !source_cache::any_import(&context.pool, series_id, &key).await? {
        return Ok(None);
    }
    let hash = OpenSource::open(root, &attempt.task.source).await?.hash().await?.hash;
    let mut connection = context.pool.acquire().await.during("looking in the source cache")?;
    let file = CachedFile { series_id, hash, options: key };
    let found = source_cache::find_imports(&mut connection, attempt.database(), &[file]).await?;
    drop(connection);
    let Some(import) = found.get(&series_id) else { return Ok(None) };
    lease.recognised(&context.pool, import, version.size).await?;
    telemetry.recognised();
    Ok(Some(import.rows()))
}

/// The series that may contain the file already.
fn cached_series(attempt: ImportAttempt<'_>) -> Option<SeriesId> {
    let ImportAttempt { lease, options, .. } = attempt;
    lease.series_id.filter(|_| !options.force && !options.dry_run && !lease.series_is_new)
}

/// A member of a bundle whose series may contain its file already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashed<'a> {
    attempt: ImportAttempt<'a>,
    series_id: SeriesId,
    hash: [u8; 32],
    size: u64,
}

impl<'a> Hashed<'a> {
    /// The file, if its series is there and the options let it be recognised.
    ///
    /// # Errors
    /// A [`FileError`](crate::error::FileError) if it cannot be read.
    pub(crate) async fn of(attempt: ImportAttempt<'a>) -> Result<Option<Self>> {
        let Some(series_id) = cached_series(attempt) else { return Ok(None) };
        let root = Root::open(&attempt.task.root).await?;
        let content = OpenSource::open_checked(&root, &attempt.task.source).await?.hash().await?;
        Ok(Some(Self { attempt, series_id, hash: content.hash, size: content.bytes }))
    }

    /// The end of the attempt, if the series contains the file.
    fn settlement(&self, import: &CachedImport) -> Settlement<'a> {
        let progress = Progress::recognised(import, self.size);
        let mut record = self.attempt.telemetry.record();
        record.rows = progress.rows;
        let settlement = Settlement::new(self.attempt.lease, End::Succeeded, record);
        Settlement { progress: Some(progress), ..settlement }
    }
}

/// Looks which of these files, all of one operation, their series contain: for each, how its attempt ends
/// then.
///
/// # Errors
/// [`crate::error::Error::Database`]
pub(crate) async fn recognise_bundle<'a>(
    tx: &mut Transaction,
    db: TracedPool<'_>,
    files: &[Hashed<'a>],
) -> Result<Vec<Option<Settlement<'a>>>> {
    let known = |f: &Hashed<'_>| {
        let options = f.attempt.options.content_key(&f.attempt.task.source)?;
        Ok(CachedFile { series_id: f.series_id, hash: f.hash, options })
    };
    let files_of_series = files.iter().map(known).collect::<Result<Vec<_>>>()?;
    let found = source_cache::find_imports(tx, db, &files_of_series).await?;
    Ok(files.iter().map(|f| found.get(&f.series_id).map(|import| f.settlement(import))).collect())
}
