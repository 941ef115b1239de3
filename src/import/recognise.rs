//! The same file again: recognised by its content, not read.
//!
//! Invariant: the whole file was hashed just now, and the series still holds as many bars over the file's
//! range as its import left there.

use super::Attempt;
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::digest::SeriesDigest;
use crate::error::Result;
use crate::model::SeriesId;
use crate::repository::known::{self, Content, Known, Learnt};
use crate::source::open::OpenSource;
use crate::source::root::{Root, Version};
use crate::task::{Progress, RowCounts, Settlement};

/// Counts the rows if the series holds this very content; none if the file must be read.
pub(super) async fn recognise(
    attempt: Attempt<'_>,
    root: &Root,
    version: &Version,
) -> Result<Option<RowCounts>> {
    let Attempt { context, lease, options, telemetry, .. } = attempt;
    let Some(series_id) = may_be_known(attempt) else { return Ok(None) };
    let key = options.content_key()?;
    if !known::any(&context.pool, series_id, &key).await? {
        return Ok(None);
    }
    let hash = OpenSource::open(root, &attempt.task.source).await?.hash().await?.hash;
    let content = Content { hash: &hash, options: &key };
    let Some(known) = known::find(&context.pool, attempt.database(), series_id, content).await? else {
        return Ok(None);
    };
    lease.recognised(&context.pool, &known, version.size).await?;
    telemetry.recognised();
    Ok(Some(known.rows()))
}

/// The series that may hold the file already.
fn may_be_known(attempt: Attempt<'_>) -> Option<SeriesId> {
    let Attempt { lease, options, .. } = attempt;
    lease.series_id.filter(|_| !options.force && !options.dry_run && !lease.series_is_new)
}

/// A small file that its series may hold already.
#[derive(Debug, Clone, Copy)]
pub struct Hashed<'a> {
    attempt: Attempt<'a>,
    series_id: SeriesId,
    hash: [u8; 32],
    size: u64,
}

impl<'a> Hashed<'a> {
    /// The file, if its series is there and the options let it be recognised.
    ///
    /// # Errors
    /// A [`FileError`](crate::error::FileError) if it cannot be read.
    pub async fn of(attempt: Attempt<'a>) -> Result<Option<Self>> {
        let Some(series_id) = may_be_known(attempt) else { return Ok(None) };
        let root = Root::open(&attempt.task.root).await?;
        let content = OpenSource::open(&root, &attempt.task.source).await?.hash().await?;
        Ok(Some(Self { attempt, series_id, hash: content.hash, size: content.bytes }))
    }

    /// The end of the attempt, if the series holds the file.
    fn settlement(&self, known: Known) -> Settlement<'a> {
        let rows = known.rows();
        let mut record = self.attempt.telemetry.record();
        record.rows = rows;
        Settlement {
            lease: self.attempt.lease,
            progress: Progress { rows, checkpoint: self.size, ..Progress::default() },
            digest: SeriesDigest::default(),
            recognised: Some(known),
            learnt: Learnt::default(),
            record,
            error: None,
        }
    }
}

/// Looks which of these files, all of one operation, their series hold: for each, how its attempt ends then.
///
/// # Errors
/// [`Error::Database`]
pub async fn known_together<'a>(
    tx: &mut Transaction,
    seen: TracedPool<'_>,
    files: &[Hashed<'a>],
) -> Result<Vec<Option<Settlement<'a>>>> {
    let Some(first) = files.first() else { return Ok(Vec::new()) };
    let key = first.attempt.options.content_key()?;
    let contents: Vec<_> = files.iter().map(|f| (f.series_id, f.hash)).collect();
    let known = known::find_together(tx, seen, &contents, &key).await?;
    Ok(files.iter().map(|f| known.get(&f.series_id).map(|known| f.settlement(*known))).collect())
}
