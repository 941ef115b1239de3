//! Waiting for a free connection: a server or a pooler may have none for a moment.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use crate::error::NO_MORE_CLIENTS;

/// The time that all tries together may take.
#[derive(Debug)]
pub(super) struct Waiting {
    limit: Duration,
    deadline: Instant,
    warned: bool,
}

impl Waiting {
    pub(super) fn at_most(limit: Duration) -> Self {
        Self { limit, deadline: Instant::now() + limit, warned: false }
    }

    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Logs once that it waits.
    fn warn(&mut self, refusal: &sqlx::Error) {
        if !self.warned {
            self.warned = true;
            let limit = humantime::format_duration(self.limit);
            let who = if is_full_pooler(refusal) {
                "connection pooler (PgBouncer: max_client_conn)"
            } else {
                "server"
            };
            tracing::warn!("the {who} has no connection free; waiting up to {limit} for one");
        }
    }
}

/// Connects; while no connection is free, tries again until the time is up. The error is the last try's or, if that took
/// too long, the one before.
pub(super) async fn connect(options: &PgConnectOptions, waiting: &mut Waiting) -> sqlx::Result<PgConnection> {
    let mut pause = Duration::from_millis(50);
    let mut refusal = None;
    loop {
        let connected = tokio::time::timeout(waiting.left(), PgConnection::connect_with(options)).await;
        match connected {
            Err(_) => return Err(refusal.unwrap_or(sqlx::Error::PoolTimedOut)),
            Ok(Err(e)) if is_full(&e) && waiting.left() > pause => {
                waiting.warn(&e);
                refusal = Some(e);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
            Ok(done) => return done,
        }
    }
}

/// SQLSTATE 53300, or PgBouncer's own message.
fn is_full(e: &sqlx::Error) -> bool {
    let code = e.as_database_error().and_then(|d| d.code());
    code.as_deref() == Some("53300") || is_full_pooler(e)
}

fn is_full_pooler(e: &sqlx::Error) -> bool {
    e.as_database_error().is_some_and(|d| d.message().starts_with(NO_MORE_CLIENTS))
}
