//! A reader on a thread of its own, its batches through a short channel.
//!
//! Invariant: at most [`AHEAD`] batches wait, so memory stays bounded however slow the other end is. The
//! last message is always [`Fed::End`] or an error; dropping the receiver ends the thread at its next batch.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::reader::{self, BarReader, Batch, ReadOptions};
use super::root::{OpenSource, Root, Version};
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
pub fn start(
    root: Root,
    path: String,
    source: OpenSource,
    options: FeedOptions,
) -> mpsc::Receiver<Result<Fed, FileError>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let check = |bytes_read: u64, version: &Version| {
            if bytes_read != version.size {
                return Err(changed(&path));
            }
            let now = runtime.block_on(root.version(&path))?;
            if now == *version { Ok(()) } else { Err(changed(&path)) }
        };
        if let Err(e) = run(source, &path, &options, &sender, check) {
            // The receiver may be gone already; then nobody wants to know.
            let _ = sender.blocking_send(Err(e));
        }
    });
    receiver
}

fn run(
    source: OpenSource,
    path: &str,
    options: &FeedOptions,
    out: &mpsc::Sender<Result<Fed, FileError>>,
    unchanged: impl Fn(u64, &Version) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let mut reader = BarReader::open_even_empty(source.input, path, &options.read, options.resume_at)?;
    if reader.is_empty() && !options.allow_empty {
        return Err(reader::empty(path));
    }
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
    unchanged(reader.bytes_read(), &source.version)?;
    let end = Fed::End { content_hash: reader.content_hash() };
    let _ = out.blocking_send(Ok(end));
    Ok(())
}

fn changed(path: &str) -> FileError {
    FileError::transient(path, "the file changed while it was read; it will be read again from its start")
}
