//! Statements that several attempts share: each of them has its span, as long as the statement took, and its part of the time.
//!
//! Invariant: what the parts of an attempt add up to is time that passed once, not once for each of them.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::traced_pool::TracedPool;
use super::transaction::Transaction;
use crate::error::{During, Result};
use crate::telemetry::catalogue::INSERT;
use crate::telemetry::phases::Phase;
use crate::telemetry::{AttemptTelemetry, Span};

/// The database, as several attempts use it together.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    pool: &'a PgPool,
    attempts: &'a [&'a AttemptTelemetry],
    /// The spans that those of statements are below of; none for those of the attempts.
    within: &'a [Span],
}

impl<'a> Shared<'a> {
    /// For these attempts.
    #[must_use]
    pub fn new(pool: &'a PgPool, attempts: &'a [&'a AttemptTelemetry]) -> Self {
        Self { pool, attempts, within: &[] }
    }

    /// The same, with spans below these: one an attempt.
    #[must_use]
    pub fn within<'b>(&self, spans: &'b [Span]) -> Shared<'b>
    where
        'a: 'b,
    {
        Shared { within: spans, ..*self }
    }

    /// A span of each attempt.
    pub fn spans(&self, start: impl Fn(usize, &AttemptTelemetry) -> Span) -> Vec<Span> {
        self.attempts.iter().enumerate().map(|(i, a)| self.enter(i, || start(i, a))).collect()
    }

    /// An attempt's part of time that passed for all of them.
    #[must_use]
    pub fn part(&self, took: Duration) -> Duration {
        took / u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).max(1)
    }

    /// Adds a part of the time to a phase of each.
    pub fn add(&self, phase: Phase, took: Duration) {
        self.attempts.iter().for_each(|a| a.add(phase, self.part(took)));
    }

    /// Begins a transaction, once a connection is there.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn begin(&self, what: &str) -> Result<Transaction> {
        let spans = self.spans(|_, a| self.seen(a).acquire_span());
        let (start, begun) = (Instant::now(), Transaction::begin(self.pool).await.during(what));
        let took = start.elapsed();
        for (span, a) in spans.iter().zip(self.attempts) {
            self.seen(a).end_acquire(span, &begun, took);
        }
        self.add(Phase::ConnectionWait, took);
        begun
    }

    /// Commits a transaction.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn commit(&self, tx: Transaction, what: &str) -> Result<()> {
        let run = async { tx.commit().await.during(what) };
        let start = Instant::now();
        let result = self.query(("COMMIT", "COMMIT"), run, |(), _| 0).await;
        self.add(Phase::Commit, start.elapsed());
        result
    }

    /// Runs a query that returns something for all of them; each is told how many `rows` of it are its own.
    ///
    /// # Errors
    /// The query's own.
    pub async fn query<T>(
        &self,
        (operation, statement): (&str, &'static str),
        run: impl Future<Output = Result<T>>,
        rows: impl Fn(&T, usize) -> usize,
    ) -> Result<T> {
        let spans = self.spans(|_, a| self.seen(a).query_span(operation, statement));
        let (start, result) = (Instant::now(), run.await);
        let took = start.elapsed();
        for (i, (span, a)) in spans.iter().zip(self.attempts).enumerate() {
            let rows = result.as_ref().map_or(0, |r| i64::try_from(rows(r, i)).unwrap_or(i64::MAX));
            self.seen(a).end_query(span, (operation, statement), &result, rows, took);
        }
        result
    }

    /// Runs a write of so many rows of each attempt; one that has none takes no part in it.
    ///
    /// # Errors
    /// The write's own.
    pub async fn write<T>(
        &self,
        (operation, statement): (&str, &'static str),
        sizes: impl Fn(usize) -> usize,
        run: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let spans = self.spans(|i, a| match sizes(i) {
            0 => Span::none(&INSERT),
            rows => self.seen(a).write_span((operation, statement), rows),
        });
        let (start, result) = (Instant::now(), run.await);
        let took = start.elapsed();
        for (i, (span, a)) in spans.iter().zip(self.attempts).enumerate().filter(|(i, _)| sizes(*i) > 0) {
            let rows = if result.is_ok() { i64::try_from(sizes(i)).unwrap_or(i64::MAX) } else { 0 };
            self.seen(a).end_write(span, (operation, statement), &result, rows, took);
        }
        result
    }

    fn seen(&self, attempt: &'a AttemptTelemetry) -> TracedPool<'a> {
        TracedPool::attempt(self.pool, attempt)
    }

    fn enter<T>(&self, place: usize, run: impl FnOnce() -> T) -> T {
        match self.within.get(place) {
            Some(span) => span.within(run),
            None => self.attempts[place].within(run),
        }
    }
}
