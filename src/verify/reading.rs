//! Reading a series' files, with whoever wants to know of it: the span, the sums, the progress.
//!
//! Invariant: a worker that stops ends the reading at its next batch.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Attempt;
use super::files::{self, Fed, FileBars, FilesOptions};
use crate::error::{Error, FileError, Result};
use crate::source::root::Root;
use crate::telemetry::LoadSpan;

/// The files, as they are read, with whoever wants to know how far that is.
pub(super) struct Reading<'a> {
    attempt: Attempt<'a>,
    receiver: mpsc::Receiver<Result<Fed, FileError>>,
    load: LoadSpan<'a>,
    told: Instant,
}

/// Between notes of how far the reading is.
const TELL_EVERY: Duration = Duration::from_millis(500);

impl<'a> Reading<'a> {
    pub(super) fn start(attempt: Attempt<'a>, root: Root) -> Self {
        let Attempt { context, task, options, telemetry, .. } = attempt;
        let read = FilesOptions {
            read: options.read.clone(),
            batch_rows: context.batch_rows,
            max_kept: options.max_differences,
        };
        let load = LoadSpan::start(telemetry, &task.timeframe, &task.source);
        let receiver = files::start(root, attempt.paths(), read);
        Self { attempt, receiver, load, told: Instant::now() }
    }

    pub(super) async fn next(&mut self) -> Result<Fed> {
        self.attempt.refuse_stopped()?;
        let Some(fed) = self.receiver.recv().await else {
            return Err(Error::Internal("the reader ended without saying how".into()));
        };
        match fed.inspect_err(|e| self.load.fail(e))? {
            Fed::Bars(bars) => {
                self.load.batch(bars.rows, &bars.bars, bars.took);
                self.tell(&bars).await?;
                Ok(Fed::Bars(bars))
            }
            Fed::Again => {
                self.load.again();
                Ok(Fed::Again)
            }
            end @ Fed::End(_) => Ok(end),
        }
    }

    /// For progress bars. Only if a connection is free: whoever reads the database must not wait for another one.
    async fn tell(&mut self, bars: &FileBars) -> Result<()> {
        if self.told.elapsed() < TELL_EVERY {
            return Ok(());
        }
        self.told = Instant::now();
        match self.attempt.context.pool.try_acquire() {
            Some(mut connection) => self.attempt.lease.read_to(&mut connection, bars.bytes).await,
            None => Ok(()),
        }
    }
}
