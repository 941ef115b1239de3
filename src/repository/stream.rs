//! The bars of a series as a stream, however many they are.
//!
//! Invariant: in time order and from one snapshot; a few chunks at most wait. A stream that is dropped before its
//! end closes its connection, since sqlx would leave the rest of the COPY on it. It ends well only where the COPY did.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::bound;
use crate::bar::{Bars, Micros};
use crate::db::copy::Decoder;
use crate::db::template::sql_template;
use crate::db::traced_pool::TracedPool;
use crate::db::traced_statement::Statement;
use crate::db::transaction::Transaction;
use crate::error::{During, Error, Result};
use crate::model::SeriesId;

/// Bars in a chunk.
const CHUNK: usize = 8_192;
/// Chunks read ahead of the one in work.
const AHEAD: usize = 4;

const WHAT: &str = "reading bars";

/// The bars of a series in time order, chunk by chunk.
#[derive(Debug)]
pub struct BarStream<'a> {
    /// The last one is none, or an error.
    chunks: mpsc::Receiver<Result<Option<Bars>>>,
    ended: bool,
    _reader: AbortOnDropHandle<()>,
    statement: Statement<'a>,
}

impl<'a> BarStream<'a> {
    /// The bars with `start <= time < end`, or all of them.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn open(db: TracedPool<'a>, series_id: SeriesId, range: Option<Range<Micros>>) -> Result<Self> {
        let sql = sql_template!("sql/copy_bars_out.sql");
        let tx = db.begin(WHAT).await?;
        // COPY takes no parameters: a number and two times that are written here.
        let copy = sql
            .replace("{series}", &series_id.to_string())
            .replace("{range}", &range.map(condition).unwrap_or_default());
        let statement = Statement::start(db, "COPY", sql);
        let (sender, chunks) = mpsc::channel(AHEAD);
        let reader = tokio::spawn(async move {
            let end = read(tx, &copy, &sender).await.map(|()| None);
            // The receiver may be gone already; then nobody wants to know.
            let _ = sender.send(end).await;
        });
        Ok(Self { chunks, ended: false, _reader: AbortOnDropHandle::new(reader), statement })
    }

    /// The next bars; none at the end.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn next(&mut self) -> Result<Option<Bars>> {
        if self.ended {
            return Ok(None);
        }
        let start = Instant::now();
        let broke_off = || Err(Error::Internal("the reading of bars broke off".into()));
        let next = self.chunks.recv().await.unwrap_or_else(broke_off);
        self.ended = !matches!(next, Ok(Some(_)));
        self.statement.waited(start.elapsed());
        match &next {
            Ok(Some(bars)) => self.statement.returned(bars.len()),
            Ok(None) | Err(_) => self.statement.end(&next),
        }
        next
    }

    /// How long the database was waited for so far.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.statement.took()
    }
}

async fn read(mut tx: Transaction, copy: &str, out: &mpsc::Sender<Result<Option<Bars>>>) -> Result<()> {
    let mut decoder = Decoder::default();
    let mut bars = Bars::with_capacity(CHUNK);
    let mut sent = tx.copy_out_raw(copy).await.during(WHAT)?;
    while let Some(bytes) = sent.try_next().await.during(WHAT)? {
        decoder.take(&bytes, &mut bars)?;
        if bars.len() >= CHUNK {
            let full = std::mem::replace(&mut bars, Bars::with_capacity(CHUNK));
            if out.send(Ok(Some(full))).await.is_err() {
                return Ok(());
            }
        }
    }
    decoder.finish()?;
    drop(sent);
    tx.commit().await.during(WHAT)?;
    if !bars.is_empty() {
        let _ = out.send(Ok(Some(bars))).await;
    }
    Ok(())
}

fn condition(range: Range<Micros>) -> String {
    format!("AND time >= '{}' AND time < '{}'", bound(range.start), bound(range.end))
}
