//! A reader on a thread of its own, its batches through a short channel.
//!
//! Invariant: at most [`AHEAD`] batches wait, so memory stays bounded however slow the other end is. The
//! last message is always [`Fed::End`] or an error; dropping the receiver ends the thread at its next batch.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::open::OpenSource;
use super::reader::{Batch, ReadOptions};
use crate::error::FileError;

/// Batches read ahead of the one being written.
pub const AHEAD: usize = 2;

/// What a feed gives.
#[derive(Debug)]
pub enum Fed {
    /// The header was understood.
    Start {
        /// The header line, if the file has one.
        header: Option<Vec<u8>>,
        /// Columns that nothing is read from.
        ignored_columns: Vec<String>,
    },
    /// The next rows.
    Batch {
        /// The rows.
        batch: Box<Batch>,
        /// How long reading them took.
        took: Duration,
    },
    /// The file's end was reached and the file is what it was at the start.
    End {
        /// BLAKE3 of the whole file.
        content_hash: [u8; 32],
    },
}

/// Where an import of a source starts.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// How to read.
    pub read: ReadOptions,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Whether a file without any line is one without bars.
    pub allow_empty: bool,
    /// Rows before this byte are not given out: an earlier attempt has them.
    pub resume_at: u64,
}

/// Starts reading an opened source.
#[must_use]
pub fn start(source: OpenSource, options: FeedOptions) -> mpsc::Receiver<Result<Fed, FileError>> {
    let (out, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        // An error cannot be sent, and need not be, when the receiver is gone.
        _ = run(source, &options, &out).or_else(|e| out.blocking_send(Err(e)));
    });
    receiver
}

fn run(
    source: OpenSource,
    options: &FeedOptions,
    out: &mpsc::Sender<Result<Fed, FileError>>,
) -> Result<(), FileError> {
    let mut reader = source.bars(&options.read, options.allow_empty, options.resume_at)?;
    let start = Fed::Start {
        header: reader.header().map(<[u8]>::to_vec),
        ignored_columns: reader.ignored_columns().to_vec(),
    };
    if out.blocking_send(Ok(start)).is_err() {
        return Ok(());
    }
    let mut start = Instant::now();
    while let Some(batch) = reader.next_batch(options.batch_rows)? {
        let fed = Fed::Batch { batch: Box::new(batch), took: start.elapsed() };
        if out.blocking_send(Ok(fed)).is_err() {
            return Ok(());
        }
        start = Instant::now();
    }
    let content_hash = reader.finish()?.hash;
    _ = out.blocking_send(Ok(Fed::End { content_hash }));
    Ok(())
}
