//! Statements that are traced: each has a span, counts in its phase, and may be one of the slowest.
//!
//! Invariant: what a statement returns, and whether it fails, is the same as without tracing.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgQueryResult;
use sqlx::{PgPool, Postgres};

use super::transaction::Transaction;
use crate::counts::int;
use crate::error::{During, Result};
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::{CONNECTION_ACQUIRE, INSERT, QUERY, SpanSpec};
use crate::telemetry::phases::{Phase, milliseconds};
use crate::telemetry::{AttemptTelemetry, Span, run_within};

/// The pool, with every statement traced for the attempts that run it: none (a single call), one, or several in a bundle.
#[derive(Debug, Clone, Copy)]
pub struct TracedPool<'a> {
    pool: &'a PgPool,
    attempts: Attempts<'a>,
    /// In a bundle, the parent of each attempt's spans; if empty, the attempts' own spans are the parents.
    parents: &'a [Span],
}

/// Whose statements they are.
#[derive(Debug, Clone, Copy)]
enum Attempts<'a> {
    /// Nobody's: a single call. Its spans have no budget.
    None,
    /// Its spans are children of the current one.
    One(&'a AttemptTelemetry),
    /// Each attempt has a span for every statement, as long as the statement took, and its part of the time.
    Bundle(&'a [&'a AttemptTelemetry]),
}

impl<'a> TracedPool<'a> {
    /// For an attempt: within its span budget, and counted in its phases.
    #[must_use]
    pub(crate) fn attempt(pool: &'a PgPool, attempt: &'a AttemptTelemetry) -> Self {
        Self { pool, attempts: Attempts::One(attempt), parents: &[] }
    }

    /// For a single call.
    #[must_use]
    pub(crate) fn call(pool: &'a PgPool) -> Self {
        Self { pool, attempts: Attempts::None, parents: &[] }
    }

    /// For attempts that share their statements.
    #[must_use]
    pub(crate) fn bundle(pool: &'a PgPool, attempts: &'a [&'a AttemptTelemetry]) -> Self {
        Self { pool, attempts: Attempts::Bundle(attempts), parents: &[] }
    }

    /// The same bundle, with spans below these: one an attempt.
    #[must_use]
    pub(crate) fn below<'b>(&self, parents: &'b [Span]) -> TracedPool<'b>
    where
        'a: 'b,
    {
        TracedPool { parents, ..*self }
    }

    /// How many spans a statement has.
    fn len(&self) -> usize {
        match self.attempts {
            Attempts::None | Attempts::One(_) => 1,
            Attempts::Bundle(attempts) => attempts.len(),
        }
    }

    /// Whether several attempts share the statements.
    pub(crate) fn is_shared(&self) -> bool {
        self.len() > 1
    }

    fn get(&self, place: usize) -> Option<&'a AttemptTelemetry> {
        match self.attempts {
            Attempts::None => None,
            Attempts::One(attempt) => Some(attempt),
            Attempts::Bundle(attempts) => attempts.get(place).copied(),
        }
    }

    fn symbol(&self, place: usize) -> &str {
        self.get(place).map_or("", |a| &a.symbol)
    }

    /// The same for the attempt at this place alone.
    #[must_use]
    pub(crate) fn only(&self, place: usize) -> Self {
        let attempts = match self.attempts {
            Attempts::Bundle(attempts) => Attempts::Bundle(attempts.get(place..=place).unwrap_or_default()),
            one => one,
        };
        Self { attempts, parents: self.parents.get(place..=place).unwrap_or_default(), ..*self }
    }

    /// Runs something below the parent of this attempt's spans.
    pub(crate) fn within<T>(&self, place: usize, run: impl FnOnce() -> T) -> T {
        match (self.parents.get(place), self.attempts) {
            (Some(parent), _) => parent.within(run),
            (None, Attempts::Bundle(attempts)) => attempts[place].within(run),
            (None, _) => run(),
        }
    }

    /// A span for each attempt, below its parent.
    pub(crate) fn spans(&self, start: impl Fn(usize) -> Span) -> Vec<Span> {
        (0..self.len()).map(|place| self.within(place, || start(place))).collect()
    }

    /// A span of the attempt at this place, within its budget.
    pub(crate) fn span(&self, place: usize, spec: &'static SpanSpec) -> Span {
        self.get(place).map_or_else(|| Span::start(spec), |a| a.span(spec))
    }

    /// An attempt's part of time that passed for all of them. What the parts add up to passed once.
    #[must_use]
    pub(crate) fn part(&self, took: Duration) -> Duration {
        took / u32::try_from(self.len()).unwrap_or(u32::MAX).max(1)
    }

    /// Adds a part of the time to a phase of each attempt.
    pub(crate) fn add(&self, phase: Phase, took: Duration) {
        (0..self.len()).filter_map(|i| self.get(i)).for_each(|a| a.add(phase, self.part(took)));
    }

    /// How many more connections could be had at once.
    fn available(&self) -> i64 {
        let open = i64::from(self.pool.size());
        let idle = int(self.pool.num_idle()).min(open);
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
    pub(crate) async fn begin(&self, what: &str) -> Result<Transaction> {
        self.wait(async { Transaction::begin(self.pool).await.during(what) }).await
    }

    /// Begins a transaction that sees one moment of the database, once a connection is there.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub(crate) async fn begin_reading(&self, what: &str) -> Result<Transaction> {
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
    pub(crate) async fn acquire(&self, what: &str) -> Result<PoolConnection<Postgres>> {
        self.wait(async { self.pool.acquire().await.during(what) }).await
    }

    async fn wait<T>(&self, acquire: impl Future<Output = Result<T>>) -> Result<T> {
        let spans = self.spans(|place| {
            let span = self.span(place, &CONNECTION_ACQUIRE);
            span.set(attr::DB_POOL_SIZE, i64::from(self.pool.size()))
                .set(attr::DB_POOL_AVAILABLE, self.available());
            span
        });
        let (acquired, took) = run_within(&spans, acquire).await;
        for (place, span) in spans.iter().enumerate() {
            span.set(attr::DB_POOL_WAIT_MS, milliseconds(took));
            span.end(&acquired, self.symbol(place));
        }
        self.add(Phase::ConnectionWait, took);
        acquired
    }

    /// Runs a query and returns its rows; `what` is what barlift does with it.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub(crate) async fn fetch<T>(
        &self,
        statement: &'static str,
        run: impl Future<Output = sqlx::Result<Vec<T>>>,
        what: &str,
    ) -> Result<Vec<T>> {
        self.read(("SELECT", statement), async { run.await.during(what) }, |rows, _| rows.len()).await
    }

    /// Runs a query that returns something for each attempt: `rows` says how many rows are of the attempt at a place.
    ///
    /// # Errors
    /// The query's own.
    pub(crate) async fn read<T>(
        &self,
        statement: (&str, &'static str),
        run: impl Future<Output = Result<T>>,
        rows: impl Fn(&T, usize) -> usize,
    ) -> Result<T> {
        self.timed(statement, run, rows).await.0
    }

    async fn timed<T>(
        &self,
        (operation, text): (&str, &'static str),
        run: impl Future<Output = Result<T>>,
        rows: impl Fn(&T, usize) -> usize,
    ) -> (Result<T>, Duration) {
        let spans = self.spans(|place| self.query_span(place, operation, text));
        let (result, took) = run_within(&spans, run).await;
        for (place, span) in spans.iter().enumerate() {
            let rows = result.as_ref().map_or(0, |result| int(rows(result, place)));
            self.end_query((place, span), (operation, text), &result, rows, took);
        }
        (result, took)
    }

    /// Commits a transaction.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub(crate) async fn commit(&self, tx: Transaction, what: &str) -> Result<()> {
        let run = async { tx.commit().await.during(what) };
        let (result, took) = self.timed(("COMMIT", "COMMIT"), run, |(), _| 0).await;
        self.add(Phase::Commit, took);
        result
    }

    /// Runs a write that returns how many rows it wrote. `sizes` says how many rows are of the attempt at a place; one that
    /// has none in a bundle has no span for it.
    ///
    /// # Errors
    /// The write's own.
    pub(crate) async fn write(
        &self,
        (operation, statement): (&str, &'static str),
        sizes: impl Fn(usize) -> usize,
        run: impl Future<Output = Result<u64>>,
    ) -> Result<u64> {
        let spans = self.spans(|place| match sizes(place) {
            0 => Span::none(&INSERT),
            rows => self.write_span(place, (operation, statement), rows),
        });
        let (result, took) = run_within(&spans, run).await;
        for (place, span) in spans.iter().enumerate().filter(|(place, _)| sizes(*place) > 0) {
            let rows = match &result {
                Ok(written) if spans.len() == 1 => int(*written),
                Ok(_) => int(sizes(place)),
                Err(_) => 0,
            };
            span.set(attr::DB_ROWS_AFFECTED, rows).set(attr::DB_INSERT_DURATION_MS, milliseconds(took));
            span.end(&result, self.symbol(place));
            self.note(place, took, (operation, statement), rows);
        }
        result
    }

    /// [`write`](Self::write) for a statement; `what` is what barlift does with it.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`]
    pub(crate) async fn execute(
        &self,
        statement: (&str, &'static str),
        sizes: impl Fn(usize) -> usize,
        run: impl Future<Output = sqlx::Result<PgQueryResult>>,
        what: &str,
    ) -> Result<()> {
        self.write(statement, sizes, async { Ok(run.await.during(what)?.rows_affected()) }).await.map(|_| ())
    }

    fn write_span(&self, place: usize, (operation, statement): (&str, &str), batch: usize) -> Span {
        let span = self.span(place, &INSERT);
        self.describe(&span, operation);
        span.set(attr::DB_STATEMENT, attr::without_comments(statement)).set(attr::DB_BATCH_SIZE, int(batch));
        span
    }

    pub(super) fn query_span(&self, place: usize, operation: &str, statement: &str) -> Span {
        let span = self.span(place, &QUERY);
        self.describe(&span, operation);
        span.set(attr::DB_STATEMENT, attr::without_comments(statement));
        span
    }

    pub(super) fn end_query<T>(
        &self,
        (place, span): (usize, &Span),
        (operation, statement): (&str, &str),
        result: &Result<T>,
        rows: i64,
        took: Duration,
    ) {
        span.set(attr::DB_ROWS_AFFECTED, rows)
            .set(attr::DB_QUERY_DURATION_MS, milliseconds(took))
            .set(attr::DB_POOL_SIZE, i64::from(self.pool.size()))
            .set(attr::DB_POOL_AVAILABLE, self.available());
        span.end(result, self.symbol(place));
        self.note(place, took, (operation, statement), rows);
    }

    /// One of the slowest statements of an attempt is kept with it.
    fn note(&self, place: usize, took: Duration, (operation, statement): (&str, &str), rows: i64) {
        if let Some(attempt) = self.get(place) {
            attempt.statement(took, operation, attr::without_comments(statement), rows);
        }
    }
}
