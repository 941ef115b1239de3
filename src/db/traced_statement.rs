//! A query whose rows come bit by bit, traced.

use std::time::Duration;

use super::traced_pool::TracedPool;
use crate::counts::int;
use crate::error::Result;
use crate::telemetry::Span;

/// A query whose rows come bit by bit.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    db: TracedPool<'a>,
    span: Span,
    operation: &'static str,
    text: &'static str,
    rows: i64,
    took: Duration,
    ended: bool,
}

impl<'a> Statement<'a> {
    /// Of one attempt or call: traced from here to its [`end`](Self::end), or to its drop.
    #[must_use]
    pub(crate) fn start(db: TracedPool<'a>, operation: &'static str, text: &'static str) -> Self {
        let span = db.query_span(0, operation, text);
        Self { db, span, operation, text, rows: 0, took: Duration::ZERO, ended: false }
    }

    /// Adds time that the database was waited for.
    pub(crate) fn waited(&mut self, took: Duration) {
        self.took += took;
    }

    /// Adds rows that came.
    pub(crate) fn returned(&mut self, rows: usize) {
        self.rows += int(rows);
    }

    /// How long the database was waited for so far.
    #[must_use]
    pub(crate) fn took(&self) -> Duration {
        self.took
    }

    /// All rows are there, or the query failed.
    pub(crate) fn end<T>(&mut self, result: &Result<T>) {
        if !self.ended {
            self.ended = true;
            self.db.end_query((0, &self.span), (self.operation, self.text), result, self.rows, self.took);
        }
    }
}

/// Not reading all rows is no failure.
impl Drop for Statement<'_> {
    fn drop(&mut self) {
        self.end(&Ok(()));
    }
}
