//! Statements that are seen: each has a span, counts in its phase, and may be one of the slowest.
//!
//! Invariant: what a statement returns, and whether it fails, is the same as without being seen.

use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

use super::transaction::Transaction;
use crate::bar::Bars;
use crate::error::{During, Result};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CONNECTION_ACQUIRE, INSERT, QUERY, SpanSpec};
use crate::telemetry::phases::{Phase, milliseconds};
use crate::telemetry::{AttemptTelemetry, Span};

/// The database, as an attempt or a single call uses it.
#[derive(Debug, Clone, Copy)]
pub struct TracedPool<'a> {
    pool: &'a PgPool,
    attempt: Option<&'a AttemptTelemetry>,
}

impl<'a> TracedPool<'a> {
    /// For an attempt: within its span budget, and counted in its phases.
    #[must_use]
    pub fn attempt(pool: &'a PgPool, attempt: &'a AttemptTelemetry) -> Self {
        Self { pool, attempt: Some(attempt) }
    }

    /// For a single call.
    #[must_use]
    pub fn call(pool: &'a PgPool) -> Self {
        Self { pool, attempt: None }
    }

    fn symbol(&self) -> &str {
        self.attempt.map_or("", |a| &a.symbol)
    }

    fn span(&self, spec: &'static SpanSpec) -> Span {
        self.attempt.map_or_else(|| Span::start(spec), |a| a.span(spec))
    }

    /// How many more connections could be had at once.
    fn available(&self) -> i64 {
        let open = i64::from(self.pool.size());
        let idle = i64::try_from(self.pool.num_idle()).unwrap_or(i64::MAX).min(open);
        i64::from(self.pool.options().get_max_connections()) - open + idle
    }

    fn describe(&self, span: &Span, operation: &str) {
        let options = self.pool.connect_options();
        span.set(attr::DB_SYSTEM, "postgresql")
            .set(attr::DB_NAME, options.get_database().unwrap_or("postgres"))
            .set(attr::DB_OPERATION, operation);
    }

    /// Begins a transaction, once a connection is there.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn begin(&self, what: &str) -> Result<Transaction> {
        self.wait(async { Transaction::begin(self.pool).await.during(what) }).await
    }

    /// Begins a transaction that sees one moment of the database, once a connection is there.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn begin_reading(&self, what: &str) -> Result<Transaction> {
        let mut tx = self.begin(what).await?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *tx)
            .await
            .during(what)?;
        Ok(tx)
    }

    /// A connection, once one is there.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn acquire(&self, what: &str) -> Result<PoolConnection<Postgres>> {
        self.wait(async { self.pool.acquire().await.during(what) }).await
    }

    async fn wait<T>(&self, acquire: impl Future<Output = Result<T>>) -> Result<T> {
        let span = self.acquire_span();
        let start = Instant::now();
        let acquired = span.around(acquire).await;
        let took = start.elapsed();
        self.end_acquire(&span, &acquired, took);
        if let Some(attempt) = self.attempt {
            attempt.add(Phase::ConnectionWait, took);
        }
        acquired
    }

    pub(super) fn acquire_span(&self) -> Span {
        let span = self.span(&CONNECTION_ACQUIRE);
        span.set(attr::DB_POOL_SIZE, i64::from(self.pool.size()))
            .set(attr::DB_POOL_AVAILABLE, self.available());
        span
    }

    pub(super) fn end_acquire<T>(&self, span: &Span, acquired: &Result<T>, took: Duration) {
        span.set(attr::DB_POOL_WAIT_MS, milliseconds(took));
        span.end(acquired, self.symbol());
    }

    /// Runs a query; returns its rows and how long it took.
    ///
    /// # Errors
    /// The query's own.
    pub async fn query<T>(
        &self,
        statement: &'static str,
        run: impl Future<Output = Result<Vec<T>>>,
    ) -> Result<(Vec<T>, Duration)> {
        let (rows, took) = self.read(("SELECT", statement), run, Vec::len).await;
        rows.map(|rows| (rows, took))
    }

    /// Runs a query for bars: its operation and its text, and what gives the bars.
    ///
    /// # Errors
    /// The query's own.
    pub async fn bars(
        &self,
        statement: (&'static str, &'static str),
        run: impl Future<Output = Result<Bars>>,
    ) -> Result<Bars> {
        self.read(statement, run, Bars::len).await.0
    }

    async fn read<T>(
        &self,
        (operation, text): (&'static str, &'static str),
        run: impl Future<Output = Result<T>>,
        count: impl Fn(&T) -> usize,
    ) -> (Result<T>, Duration) {
        let span = self.query_span(operation, text);
        let start = Instant::now();
        let result = span.around(run).await;
        let took = start.elapsed();
        let rows = result.as_ref().map_or(0, |rows| i64::try_from(count(rows)).unwrap_or(i64::MAX));
        self.end_query(&span, (operation, text), &result, rows, took);
        (result, took)
    }

    /// Commits a transaction.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub async fn commit(&self, tx: Transaction, what: &str) -> Result<()> {
        let span = self.query_span("COMMIT", "COMMIT");
        let start = Instant::now();
        let result = span.around(tx.commit()).await.during(what);
        let took = start.elapsed();
        self.end_query(&span, ("COMMIT", "COMMIT"), &result, 0, took);
        if let Some(attempt) = self.attempt {
            attempt.add(Phase::Commit, took);
        }
        result
    }

    /// Runs a write of `batch` rows that returns how many it wrote.
    ///
    /// # Errors
    /// The write's own.
    pub async fn write(
        &self,
        (operation, statement): (&str, &'static str),
        batch: usize,
        run: impl Future<Output = Result<u64>>,
    ) -> Result<u64> {
        let span = self.write_span((operation, statement), batch);
        let start = Instant::now();
        let result = span.around(run).await;
        let rows = result.as_ref().map_or(0, |rows| i64::try_from(*rows).unwrap_or(i64::MAX));
        self.end_write(&span, (operation, statement), &result, rows, start.elapsed());
        result
    }

    pub(super) fn write_span(&self, (operation, statement): (&str, &str), batch: usize) -> Span {
        let span = self.span(&INSERT);
        self.describe(&span, operation);
        span.set(attr::DB_STATEMENT, attr::without_comments(statement))
            .set(attr::DB_BATCH_SIZE, i64::try_from(batch).unwrap_or(i64::MAX));
        span
    }

    pub(super) fn end_write<T>(
        &self,
        span: &Span,
        (operation, statement): (&str, &str),
        result: &Result<T>,
        rows: i64,
        took: Duration,
    ) {
        span.set(attr::DB_ROWS_AFFECTED, rows).set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
        span.end(result, self.symbol());
        self.note(took, operation, statement, rows);
    }

    /// A query whose rows come bit by bit: seen from here to its [`end`](Statement::end), or to its drop.
    #[must_use]
    pub fn statement(&self, operation: &'static str, text: &'static str) -> Statement<'a> {
        let span = self.query_span(operation, text);
        Statement { seen: *self, span, operation, text, rows: 0, took: Duration::ZERO, ended: false }
    }

    pub(super) fn query_span(&self, operation: &str, statement: &str) -> Span {
        let span = self.span(&QUERY);
        self.describe(&span, operation);
        span.set(attr::DB_STATEMENT, attr::without_comments(statement));
        span
    }

    pub(super) fn end_query<T>(
        &self,
        span: &Span,
        (operation, statement): (&str, &str),
        result: &Result<T>,
        rows: i64,
        took: Duration,
    ) {
        span.set(attr::DB_ROWS_AFFECTED, rows)
            .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
            .set(attr::DB_POOL_SIZE, i64::from(self.pool.size()))
            .set(attr::DB_POOL_AVAILABLE, self.available());
        span.end(result, self.symbol());
        self.note(took, operation, statement, rows);
    }

    fn note(&self, took: Duration, operation: &str, statement: &str, rows: i64) {
        if let Some(attempt) = self.attempt {
            attempt.statement(took, operation, attr::without_comments(statement), rows);
        }
    }
}

/// A query whose rows come bit by bit.
#[derive(Debug)]
pub struct Statement<'a> {
    seen: TracedPool<'a>,
    span: Span,
    operation: &'static str,
    text: &'static str,
    rows: i64,
    took: Duration,
    ended: bool,
}

impl Statement<'_> {
    /// The database was waited for.
    pub fn waited(&mut self, took: Duration) {
        self.took += took;
    }

    /// Rows came.
    pub fn returned(&mut self, rows: usize) {
        self.rows += i64::try_from(rows).unwrap_or(i64::MAX);
    }

    /// How long the database was waited for so far.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }

    /// All rows are there, or the query failed.
    pub fn end<T>(&mut self, result: &Result<T>) {
        if !self.ended {
            self.ended = true;
            self.seen.end_query(&self.span, (self.operation, self.text), result, self.rows, self.took);
        }
    }
}

/// Whoever has seen enough has not failed.
impl Drop for Statement<'_> {
    fn drop(&mut self) {
        self.end(&Ok(()));
    }
}
