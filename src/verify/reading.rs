//! Reads a series' files and adds its mended rows. Also records what is read: the load span, the phases, the task's
//! progress.
//!
//! Invariant: a worker that stops ends the reading at its next batch.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::VerifyAttempt;
use super::files::{FileEvent, Files, FilesOptions, FilesSummary, PassEnd};
use super::mended::Mended;
use super::sorted;
use crate::error::{Error, FileError, Result};
use crate::source::root::Root;
use crate::telemetry::LoadSpan;

/// Batches that are read ahead of the one that is compared.
const AHEAD: usize = 2;
/// Time between two writes of the task's progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// What a series' files have, event by event.
pub(super) trait FileEventSource {
    async fn next(&mut self) -> Result<FileEvent>;
}

/// The bars of a series' files and of its mended rows, in time order.
pub(super) struct WithMended<'a, S> {
    attempt: VerifyAttempt<'a>,
    files: S,
    /// Read from the database with the first bars.
    mended: Option<Mended>,
    /// The end of the files, while the last mended rows are given out before it.
    end: Option<Box<FilesSummary>>,
}

impl<'a, S: FileEventSource> WithMended<'a, S> {
    pub(super) fn new(attempt: VerifyAttempt<'a>, files: S) -> Self {
        Self { attempt, files, mended: None, end: None }
    }
}

impl<S: FileEventSource> FileEventSource for WithMended<'_, S> {
    async fn next(&mut self) -> Result<FileEvent> {
        if let Some(end) = self.end.take() {
            return Ok(FileEvent::End(end));
        }
        let mended = match &mut self.mended {
            Some(mended) => mended,
            None => self.mended.insert(Mended::read(self.attempt).await?),
        };
        match self.files.next().await? {
            FileEvent::Bars(bars) => Ok(FileEvent::Bars(Box::new(mended.merge(*bars)))),
            FileEvent::Restart => {
                mended.restart();
                Ok(FileEvent::Restart)
            }
            FileEvent::End(mut summary) => {
                let rest = mended.rest();
                summary.mended = mended.given;
                summary.rows += mended.given;
                let Some(rest) = rest else { return Ok(FileEvent::End(summary)) };
                self.end = Some(summary);
                Ok(FileEvent::Bars(Box::new(rest)))
            }
        }
    }
}

/// How to read the files of an attempt.
pub(super) fn files_options(attempt: VerifyAttempt<'_>) -> FilesOptions {
    let VerifyAttempt { context, task, options, .. } = attempt;
    FilesOptions {
        read: options.read.clone(),
        timeframe: task.timeframe.clone(),
        batch_rows: context.batch_rows,
        allow_empty: options.allow_empty,
        max_kept: options.max_differences,
    }
}

/// Writes how far the reading of an attempt's files is.
pub(super) struct ReadingProgress<'a> {
    attempt: VerifyAttempt<'a>,
    at: Instant,
}

impl<'a> ReadingProgress<'a> {
    pub(super) fn new(attempt: VerifyAttempt<'a>) -> Self {
        Self { attempt, at: Instant::now() }
    }

    /// Only if a connection is free: an attempt that streams the series holds one and must not wait for a second.
    pub(super) async fn write(&mut self, bytes: u64) -> Result<()> {
        if self.at.elapsed() < PROGRESS_EVERY {
            return Ok(());
        }
        self.at = Instant::now();
        match self.attempt.context.pool.try_acquire() {
            Some(mut connection) => self.attempt.lease.read_to(&mut connection, bytes).await,
            None => Ok(()),
        }
    }
}

/// The bars of a series' files.
pub(super) struct FilesReader<'a> {
    attempt: VerifyAttempt<'a>,
    receiver: mpsc::Receiver<Result<FileEvent, FileError>>,
    load: LoadSpan<'a>,
    progress: ReadingProgress<'a>,
}

impl<'a> FilesReader<'a> {
    pub(super) fn start(attempt: VerifyAttempt<'a>, root: Root) -> WithMended<'a, Self> {
        let load = LoadSpan::start(attempt.telemetry, &attempt.task.timeframe, &attempt.task.source);
        let receiver = spawn(root, attempt.paths(), files_options(attempt));
        WithMended::new(attempt, Self { attempt, receiver, load, progress: ReadingProgress::new(attempt) })
    }
}

impl FileEventSource for FilesReader<'_> {
    async fn next(&mut self) -> Result<FileEvent> {
        self.attempt.refuse_stopped()?;
        let Some(event) = self.receiver.recv().await else {
            return Err(Error::Internal("the reader ended without saying how".into()));
        };
        let event = event.inspect_err(|e| self.load.fail(e))?;
        match &event {
            FileEvent::Bars(bars) => {
                self.load.batch(bars.rows, bars.bars.range(), bars.reading);
                self.progress.write(bars.bytes).await?;
            }
            FileEvent::Restart => self.load.again(),
            FileEvent::End(_) => {}
        }
        Ok(event)
    }
}

/// Reads the files in a thread of their own: in their own order, and once more, sorted, if that is not time order.
fn spawn(
    root: Root,
    paths: Vec<String>,
    options: FilesOptions,
) -> mpsc::Receiver<Result<FileEvent, FileError>> {
    let (out, receiver) = mpsc::channel(AHEAD);
    let files = Files::new(root, paths, options);
    tokio::task::spawn_blocking(move || {
        let end = match files.in_order(&out) {
            Ok(PassEnd::OutOfOrder) => sorted::send(&files, &out),
            other => other,
        };
        // The attempt may have ended and dropped the receiver.
        let _ = match end {
            Ok(PassEnd::Complete(summary)) => out.blocking_send(Ok(FileEvent::End(summary))),
            Ok(PassEnd::OutOfOrder | PassEnd::ReceiverGone) => Ok(()),
            Err(e) => out.blocking_send(Err(e)),
        };
    });
    receiver
}
