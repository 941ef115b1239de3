//! Fetches an object of a bucket ahead of who reads it.
//!
//! Invariant: at most [`AHEAD`] chunks wait, so memory is bounded however slow the reader is. Fetching ends with the reader.

use std::io::{self, Read};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::Result;
use tokio::sync::mpsc;

/// Bytess that are fetched ahead; each is what came in one piece from the network, some ten kilobytes.
const AHEAD: usize = 64;

/// Reads an object. It blocks, and must not be read on a thread of the runtime.
pub(super) struct Fetch {
    chunks: mpsc::Receiver<Result<Bytes>>,
    chunk: Bytes,
}

/// Begins to fetch.
pub(super) fn start(mut stream: BoxStream<'static, Result<Bytes>>) -> Fetch {
    let (out, chunks) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        while let Some(chunk) = stream.next().await {
            if out.send(chunk).await.is_err() {
                break;
            }
        }
    });
    Fetch { chunks, chunk: Bytes::new() }
}

impl Read for Fetch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let n = self.chunk.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.chunk.split_to(n));
        Ok(n)
    }
}
