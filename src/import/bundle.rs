//! The files of a bundle: small ones, written by one COPY, to be settled on its transaction.
//!
//! `task::claim_bundle` has chosen them by size. Invariant: a file that was read stays eligible only if it is one batch
//! without findings, and none of its bars is in the database with other values; everything else is for
//! [`Opened::finish`](super::Opened::finish). All of the files are written, or none: then each is still to be finished
//! by itself, which shows what was wrong.

use super::batch::{ComparedBatch, Cursor, FileBatch, Target};
use super::reading::{Reading, Whole};
use super::source_entry;
pub(crate) use super::write::NotEligible;
use super::write::{Accept, write};
use crate::db::transaction::Transaction;
use crate::error::Result;
use crate::model::SeriesId;
use crate::task::{End, Settlement};

/// A file that was read and is eligible.
#[derive(Debug)]
pub(crate) struct BundledFile<'r> {
    file: FileBatch<'r>,
    hash: [u8; 32],
}

impl<'r> BundledFile<'r> {
    /// The file, if it is eligible by itself.
    #[must_use]
    pub(crate) fn of(reading: &'r Reading<'_>) -> Option<Self> {
        let attempt = reading.attempt;
        // The bars of mended rows are kept apart, too.
        let is_eligible = attempt.options.mends.is_none() && attempt.lease.series_id.is_some();
        let Whole { layout, batch, hash } = reading.whole().filter(|_| is_eligible)?;
        let mut cursor = Cursor::new(&reading.resume);
        cursor.opening = Some(reading.opening(layout));
        Some(Self { file: FileBatch::new((attempt, Target::of(attempt)), batch, cursor), hash })
    }

    /// The series it goes into.
    #[must_use]
    pub(crate) fn series_id(&self) -> Option<SeriesId> {
        self.file.attempt.lease.series_id
    }

    fn settlement(&self, written: &ComparedBatch<'_>) -> Result<Settlement<'r>> {
        let (attempt, progress) = (self.file.attempt, written.progress());
        let rows = (&progress.rows, written.cursor().coverage);
        let mut record = attempt.telemetry.record();
        record.rows = progress.rows;
        Ok(Settlement {
            source: Some(source_entry(attempt, self.hash, rows, Some(self.file.digest))?),
            progress: Some(progress),
            added: written.change(),
            ..Settlement::new(attempt.lease, End::Succeeded, record)
        })
    }
}

/// Writes the files, all of one operation and in the order of their series; returns how to settle their attempts, on the
/// same transaction.
///
/// # Errors
/// [`Error::Database`](crate::error::Error::Database): the caller must roll back.
pub(crate) async fn write_bundle<'r>(
    tx: &mut Transaction,
    files: &[&BundledFile<'r>],
) -> Result<Result<Vec<Settlement<'r>>, NotEligible>> {
    let batches: Vec<_> = files.iter().map(|f| &f.file).collect();
    match write(tx, &batches, Accept::Eligible).await? {
        Ok(written) => {
            files.iter().zip(&written).map(|(f, w)| f.settlement(w)).collect::<Result<_>>().map(Ok)
        }
        Err(not_eligible) => Ok(Err(not_eligible)),
    }
}
