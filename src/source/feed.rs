//! Reads a source on a thread of its own and sends its batches through a channel.
//!
//! Invariant: at most [`AHEAD`] batches are read or wait, so memory is bounded however slow the receiver is. The
//! last event is [`FeedEvent::End`] or an error. The thread ends at its next batch once the receiver is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::layout::FileLayout;
use super::open::{OpenSource, SourceReader};
use super::reader::{Batch, ReadOptions, Reader, SplitBatch};
use crate::error::FileError;

/// Batches read ahead of the one being written, with the one that is being read.
pub const AHEAD: usize = 3;
/// The same of batches of several symbols, which are large.
pub const LARGE_AHEAD: usize = 1;

/// What the reading thread sends.
#[derive(Debug)]
pub enum FeedEvent<B> {
    /// It was decided how the file is written.
    Start {
        /// How; none if the file has no line.
        layout: Option<Arc<FileLayout>>,
    },
    /// The next batch.
    Batch {
        /// Its rows.
        batch: Box<B>,
        /// How long it took to read.
        took: Duration,
    },
    /// All of the file was read, and it did not change meanwhile.
    End {
        /// BLAKE3 of the whole file.
        content_hash: [u8; 32],
    },
}

/// How to read a source, and from where.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// How to read.
    pub read: ReadOptions,
    /// The timeframe of its bars.
    pub timeframe: String,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Whether a file without any line counts as a file without bars.
    pub allow_empty: bool,
    /// Rows that start before this byte are left out: an earlier attempt wrote them.
    pub resume_at: u64,
}

/// What a source is read through.
pub type Feed<B> = mpsc::Receiver<Result<FeedEvent<B>, FileError>>;

/// Starts reading an opened source of one series.
#[must_use]
pub fn start(source: OpenSource, options: FeedOptions) -> Feed<Batch> {
    spawn(AHEAD, move |out| {
        let FeedOptions { read, timeframe, allow_empty, resume_at, batch_rows } = &options;
        run(source.bars(read, timeframe, *allow_empty, *resume_at)?, *batch_rows, out)
    })
}

/// Starts reading an opened source of several symbols.
#[must_use]
pub fn start_by_symbol(source: OpenSource, options: FeedOptions) -> Feed<SplitBatch> {
    spawn(LARGE_AHEAD, move |out| {
        let FeedOptions { read, timeframe, allow_empty, resume_at, batch_rows } = &options;
        run(source.bars_by_symbol(read, timeframe, *allow_empty, *resume_at)?, *batch_rows, out)
    })
}

type Out<B> = mpsc::Sender<Result<FeedEvent<B>, FileError>>;

fn spawn<B: Send + 'static>(
    ahead: usize,
    run: impl FnOnce(&Out<B>) -> Result<(), FileError> + Send + 'static,
) -> Feed<B> {
    let (out, receiver) = mpsc::channel(ahead);
    tokio::task::spawn_blocking(move || {
        // If the receiver is gone, nobody needs the error.
        _ = run(&out).or_else(|e| out.blocking_send(Err(e)));
    });
    receiver
}

fn run<R: Reader>(
    mut reader: SourceReader<R>,
    batch_rows: usize,
    out: &Out<R::Batch>,
) -> Result<(), FileError> {
    let start = FeedEvent::Start { layout: reader.layout() };
    if out.blocking_send(Ok(start)).is_err() {
        return Ok(());
    }
    loop {
        // A batch is read once there is room for it.
        let Ok(room) = Handle::current().block_on(out.reserve()) else { return Ok(()) };
        let start = Instant::now();
        let Some(batch) = reader.next_batch(batch_rows)? else { break };
        room.send(Ok(FeedEvent::Batch { batch: Box::new(batch), took: start.elapsed() }));
    }
    let content_hash = reader.finish()?.hash;
    _ = out.blocking_send(Ok(FeedEvent::End { content_hash }));
    Ok(())
}
