//! Reading a series' files and its mended rows, with whoever wants to know of it: the span, the sums, the progress.
//!
//! Invariant: a worker that stops ends the reading at its next batch.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Attempt;
use super::files::{self, Fed, FileBars, FilesOptions, Summary};
use super::mended::Mended;
use crate::error::{Error, FileError, Result};
use crate::source::root::Root;
use crate::telemetry::LoadSpan;

/// The files, as they are read, with whoever wants to know how far that is.
pub(super) struct Reading<'a> {
    attempt: Attempt<'a>,
    receiver: mpsc::Receiver<Result<Fed, FileError>>,
    load: LoadSpan<'a>,
    told: Instant,
    /// Read with the first bars.
    mended: Option<Mended>,
    /// What comes behind the last bars of mended rows.
    end: Option<Box<Summary>>,
}

/// Between notes of how far the reading is.
const TELL_EVERY: Duration = Duration::from_millis(500);

impl<'a> Reading<'a> {
    pub(super) fn start(attempt: Attempt<'a>, root: Root) -> Self {
        let Attempt { context, task, options, telemetry, .. } = attempt;
        let read = FilesOptions {
            read: options.read.clone(),
            batch_rows: context.batch_rows,
            allow_empty: options.allow_empty,
            max_kept: options.max_differences,
        };
        let load = LoadSpan::start(telemetry, &task.timeframe, &task.source);
        let receiver = files::start(root, attempt.paths(), read);
        Self { attempt, receiver, load, told: Instant::now(), mended: None, end: None }
    }

    pub(super) async fn next(&mut self) -> Result<Fed> {
        self.attempt.refuse_stopped()?;
        if let Some(end) = self.end.take() {
            return Ok(Fed::End(end));
        }
        let mended = match &mut self.mended {
            Some(mended) => mended,
            None => self.mended.insert(Mended::read(self.attempt).await?),
        };
        let Some(fed) = self.receiver.recv().await else {
            return Err(Error::Internal("the reader ended without saying how".into()));
        };
        match fed.inspect_err(|e| self.load.fail(e))? {
            Fed::Bars(bars) => {
                self.load.batch(bars.rows, &bars.bars, bars.took);
                let bars = Box::new(mended.merge(*bars));
                self.tell(&bars).await?;
                Ok(Fed::Bars(bars))
            }
            Fed::Again => {
                self.load.again();
                mended.again();
                Ok(Fed::Again)
            }
            Fed::End(mut summary) => {
                let rest = mended.rest();
                summary.mended = mended.given;
                summary.rows += mended.given;
                let Some(rest) = rest else { return Ok(Fed::End(summary)) };
                self.end = Some(summary);
                Ok(Fed::Bars(Box::new(rest)))
            }
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
