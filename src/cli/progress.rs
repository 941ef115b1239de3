//! How far an operation is, on stderr: a bar on a terminal, a line now and then elsewhere.
//!
//! Invariant: it only looks; without it the work would go on just the same.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::output;
use crate::error::{ErrorClass, Result};
use crate::operation::OperationId;
use crate::operation::status::{self, OperationStatus};

/// How soon the end of a short operation is noticed.
const LOOK: Duration = Duration::from_millis(50);
const DRAW: Duration = Duration::from_millis(250);
const LINE: Duration = Duration::from_secs(10);
/// Between looks for a database that is away.
const AWAY: Duration = Duration::from_millis(500);

/// Waits until the operation is settled or `stop`; returns what it then is.
///
/// An operation does not end because the database goes away for a moment, so this waits for its return.
pub(super) async fn watch(
    pool: &PgPool,
    id: &OperationId,
    stop: &CancellationToken,
) -> Result<OperationStatus> {
    let mut told = false;
    loop {
        match watch_connected(pool, id, stop).await {
            Err(e) if e.class() == ErrorClass::Transient && !stop.is_cancelled() => {
                if !told {
                    output::note(&format!("waiting for the database: {}", e.chain()));
                    told = true;
                }
                tokio::time::sleep(AWAY).await;
            }
            done => return done,
        }
    }
}

async fn watch_connected(
    pool: &PgPool,
    id: &OperationId,
    stop: &CancellationToken,
) -> Result<OperationStatus> {
    let mut view = View::new();
    let mut drawn = Instant::now();
    loop {
        if status::is_settled(pool, id).await? || stop.is_cancelled() {
            view.end();
            return status::read(pool, id, true).await;
        }
        if drawn.elapsed() >= DRAW {
            view.show(&status::read(pool, id, false).await?);
            drawn = Instant::now();
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}

struct View {
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl View {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("[{elapsed_precise}] {wide_bar} {percent}% {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, last_line: Instant::now() }
    }

    fn show(&mut self, s: &OperationStatus) {
        let t = &s.totals;
        let done = t.succeeded + t.failed + t.cancelled;
        let paused = if s.paused_at.is_some() { ", paused (`barlift resume` lets it go on)" } else { "" };
        let text = format!(
            "{}/{} files, {} rows{}{paused}",
            HumanCount(done.unsigned_abs()),
            HumanCount(t.tasks.unsigned_abs()),
            HumanCount(t.rows.rows.unsigned_abs()),
            if t.failed > 0 { format!(", {} failed", t.failed) } else { String::new() }
        );
        match &self.bar {
            Some(bar) => {
                bar.set_length(t.bytes.unsigned_abs().max(1));
                bar.set_position(t.bytes_done.unsigned_abs());
                bar.set_message(text);
            }
            None if self.last_line.elapsed() >= LINE => {
                output::note(&format!("{}: {text}", s.operation_id));
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
