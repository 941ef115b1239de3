//! A source while an attempt reads it: what a feed gives, one after the other, and what was looked at ahead of that.
//!
//! Invariant: nothing is lost by looking ahead; what was looked at still comes. It writes nothing.

use std::collections::VecDeque;
use std::time::Duration;

use super::{ImportAttempt, recognise, row_spans};
use crate::bar::Micros;
use crate::config::{CsvConfig, OnStep};
use crate::error::{FileError, Result};
use crate::source::feed::{self, Feed, FeedEvent, FeedOptions};
use crate::source::layout::FileLayout;
use crate::source::open::OpenSource;
use crate::source::position::Position;
use crate::source::reader::Batch;
use crate::source::root::{Root, Version};
use crate::task::{LayoutRecord, Opening, Resume, RowCounts};
use crate::telemetry::{BatchReading, LoadSpan};

/// A source that an attempt has opened.
#[derive(Debug)]
pub enum Opened<'a> {
    /// The series has its bars already.
    Recognised(RowCounts),
    /// It is being read.
    Reading(Box<Reading<'a>>),
}

/// What a batch of a source tells of its reading.
pub trait ReadBatch {
    /// Data rows, the first and the last time of its bars, how long decoding took, and where the next row starts.
    fn extent(&self) -> (u64, Option<(Micros, Micros)>, Duration, Position);
}

impl ReadBatch for Batch {
    fn extent(&self) -> (u64, Option<(Micros, Micros)>, Duration, Position) {
        (self.rows, self.bars.range(), self.decoding, self.end)
    }
}

/// A source that is being read.
#[derive(Debug)]
pub struct Reading<'a, B = Batch> {
    pub(super) attempt: ImportAttempt<'a>,
    pub(super) version: Version,
    pub(super) resume: Resume,
    load: Option<LoadSpan<'a>>,
    feed: Feed<B>,
    ahead: VecDeque<Result<FeedEvent<B>, FileError>>,
}

/// A file that is one batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole<'r> {
    pub(super) layout: Option<&'r FileLayout>,
    pub(super) batch: &'r Batch,
    pub(super) hash: [u8; 32],
}

/// Opens a task's source and begins to read it where the attempt before has stopped. First asks the
/// source cache, unless the caller has (`looked`).
///
/// # Errors
/// Whatever ends the attempt.
pub async fn open(attempt: ImportAttempt<'_>, looked: bool) -> Result<Opened<'_>> {
    let ImportAttempt { context, lease, task, telemetry, .. } = attempt;
    let root = Root::open(&task.root).await?;
    let source = OpenSource::open_checked(&root, &task.source).await?;
    let version = source.version().clone();
    let resume = telemetry.bookkeeping(lease.begin(&context.pool, &version.text)).await?;
    if resume.checkpoint == 0
        && !looked
        && let Some(rows) = recognise::recognise(attempt, &root, &version).await?
    {
        telemetry.committed(&rows);
        return Ok(Opened::Recognised(rows));
    }
    let feed = feed::start(source, feed_options(attempt, &resume));
    Ok(Opened::Reading(Box::new(Reading::new(attempt, version, resume, feed))))
}

/// How to read a task's source, from where the attempt before has stopped.
pub(super) fn feed_options(attempt: ImportAttempt<'_>, resume: &Resume) -> FeedOptions {
    let ImportAttempt { context, task, options, telemetry, .. } = attempt;
    FeedOptions {
        read: options.read.clone(),
        timeframe: task.timeframe.clone(),
        batch_rows: if telemetry.row_detail() {
            context.batch_rows.min(row_spans::MAX_ROWS)
        } else {
            context.batch_rows
        },
        allow_empty: options.allow_empty,
        resume_at: resume.checkpoint,
    }
}

impl<'a, B: ReadBatch> Reading<'a, B> {
    pub(super) fn new(attempt: ImportAttempt<'a>, version: Version, resume: Resume, feed: Feed<B>) -> Self {
        let load = Some(LoadSpan::start(attempt.telemetry, &attempt.task.timeframe, &attempt.task.source));
        Self { attempt, version, resume, load, feed, ahead: VecDeque::new() }
    }

    /// What comes next; none after the end, or an error.
    pub(super) async fn next(&mut self) -> Result<Option<FeedEvent<B>>, FileError> {
        match self.ahead.pop_front() {
            Some(fed) => fed.map(Some),
            None => self.receive().await.transpose(),
        }
    }

    /// What the task keeps of the file, given how it is written.
    pub(super) fn opening(&self, layout: Option<&FileLayout>) -> Opening {
        let ImportAttempt { options, task, .. } = self.attempt;
        let opening = |layout| opening(layout, &options.read.csv, &task.symbol);
        Opening { version: self.version.text.clone(), ..layout.map(opening).unwrap_or_default() }
    }

    async fn receive(&mut self) -> Option<Result<FeedEvent<B>, FileError>> {
        let fed = self.feed.recv().await?.and_then(|fed| refuse_odd_step(self.attempt, fed));
        match (&fed, &mut self.load) {
            (Ok(FeedEvent::Batch { batch, took }), Some(load)) => {
                let (rows, range, decoding, read) = batch.extent();
                load.batch(rows, range, BatchReading { took: *took, decoding, read });
            }
            (Ok(FeedEvent::End { .. }), load) => *load = None,
            (Err(e), Some(load)) => load.fail(e),
            _ => {}
        }
        Some(fed)
    }
}

impl Reading<'_> {
    /// Looks as far ahead as it takes to tell whether the file is one batch.
    ///
    /// # Errors
    /// What is wrong with the file, if that shows before its first batch.
    pub async fn look_ahead(&mut self) -> Result<(), FileError> {
        let mut batches = false;
        while self.ahead.len() < 3 {
            match self.receive().await {
                Some(Err(e)) if !batches => return Err(e),
                Some(fed) => {
                    batches |= matches!(fed, Ok(FeedEvent::Batch { .. }));
                    self.ahead.push_back(fed);
                }
                None => break,
            }
        }
        Ok(())
    }

    /// The file, if it was read ahead and is one batch without findings.
    pub(super) fn whole(&self) -> Option<Whole<'_>> {
        let mut ahead = self.ahead.iter();
        let (Some(Ok(FeedEvent::Start { layout })), Some(Ok(FeedEvent::Batch { batch, .. }))) =
            (ahead.next(), ahead.next())
        else {
            return None;
        };
        let Some(Ok(FeedEvent::End { content_hash: hash })) = ahead.next() else { return None };
        let plain = batch.bars.len() as u64 == batch.rows && batch.issues.is_empty();
        plain.then_some(Whole { layout: layout.as_deref(), batch, hash: *hash })
    }
}

/// Refuses a file whose rows are not as far apart as its timeframe says. Rejected rows stand anywhere.
fn refuse_odd_step<B>(attempt: ImportAttempt<'_>, fed: FeedEvent<B>) -> Result<FeedEvent<B>, FileError> {
    let options = attempt.options;
    let is_refused = options.on_step == OnStep::Fail && options.mends.is_none();
    match &fed {
        FeedEvent::Start { layout: Some(layout) } if is_refused => match layout.refused_step() {
            Some(reason) => Err(FileError::permanent(&attempt.task.source, None, reason)),
            None => Ok(fed),
        },
        _ => Ok(fed),
    }
}

/// What is kept of how a file is written.
fn opening(layout: &FileLayout, csv: &CsvConfig, symbol: &str) -> Opening {
    let notes = layout.notes_of(symbol);
    let settled = (layout.is_noteworthy() || !notes.is_empty()).then(|| LayoutRecord {
        csv: layout.settled(csv),
        timezone: layout.proof.map(|proof| proof.timezone.clone()),
        notes,
    });
    Opening {
        version: String::new(),
        header: layout.header.clone(),
        ignored_columns: layout.columns.ignored.clone(),
        layout: settled,
    }
}
