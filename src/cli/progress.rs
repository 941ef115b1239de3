//! Shows the progress of an operation on stderr: a bar on a terminal, else a line every ten seconds.
//!
//! Invariant: it only reads; the work does not depend on it.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{output, when};
use crate::error::{ErrorClass, Result};
use crate::model::OperationId;
use crate::operation::status::{self, OperationStatus};

/// How often to check whether the operation has ended.
const CHECK_EVERY: Duration = Duration::from_millis(50);
/// How often to redraw the bar.
const DRAW_EVERY: Duration = Duration::from_millis(250);
/// How often to print a line.
const PRINT_EVERY: Duration = Duration::from_secs(10);
/// How long to wait between attempts to reach the database.
const RECONNECT_EVERY: Duration = Duration::from_millis(500);

/// Waits until the operation ends or `stop` is cancelled, and returns its status then. If the database goes away, this
/// waits for its return, as workers do.
pub(super) async fn watch(
    pool: &PgPool,
    id: &OperationId,
    stop: &CancellationToken,
) -> Result<OperationStatus> {
    let mut noted = false;
    loop {
        match watch_connected(pool, id, stop).await {
            Err(e) if e.class() == ErrorClass::Transient && !stop.is_cancelled() => {
                if !noted {
                    output::note(&format!("waiting for the database: {}", e.chain()));
                    noted = true;
                }
                tokio::time::sleep(RECONNECT_EVERY).await;
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
        if drawn.elapsed() >= DRAW_EVERY {
            view.show(&status::read(pool, id, false).await?);
            drawn = Instant::now();
        }
        tokio::select! {
            () = tokio::time::sleep(CHECK_EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

struct View {
    /// Counts bytes. Hidden unless stderr is a terminal, it still estimates the remaining time.
    bytes: ProgressBar,
    /// Counts rows. Always hidden; it estimates their rate.
    rows: ProgressBar,
    drawn: bool,
    begun: bool,
    last_line: Instant,
}

impl View {
    fn new() -> Self {
        let drawn = std::io::stderr().is_terminal();
        let target = if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("[{elapsed_precise}] {wide_bar} {percent}% {msg}");
        let bytes = ProgressBar::with_draw_target(None, target)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let rows = ProgressBar::hidden();
        Self { bytes, rows, drawn, begun: false, last_line: Instant::now() }
    }

    fn show(&mut self, s: &OperationStatus) {
        self.bytes.set_length(s.totals.bytes.unsigned_abs().max(1));
        self.bytes.set_position(s.totals.bytes_done.unsigned_abs());
        self.rows.set_position(s.totals.rows.rows.unsigned_abs());
        if !self.begun {
            // Work that was done before says nothing about the current rate.
            self.bytes.reset_eta();
            self.rows.reset_eta();
            self.begun = true;
        }
        let text = text(s, self.rows.per_sec(), self.bytes.eta());
        if self.drawn {
            self.bytes.set_message(text);
        } else if self.last_line.elapsed() >= PRINT_EVERY {
            output::note(&format!("{}: {text}", s.operation_id));
            self.last_line = Instant::now();
        }
    }

    fn end(&mut self) {
        self.bytes.finish_and_clear();
    }
}

/// `2/6 files, 1,123,000 rows, 310,000 rows/s, 12s left`
fn text(s: &OperationStatus, rows_per_second: f64, left: Duration) -> String {
    let t = &s.totals;
    let count = |n: i64| HumanCount(n.unsigned_abs());
    let done = t.succeeded + t.failed + t.cancelled;
    let mut text = format!("{}/{} files, {} rows", count(done), count(t.tasks), count(t.rows.rows));
    let now = jiff::Timestamp::now();
    if s.paused_at.is_some() {
        text.push_str(", paused (`barlift resume` continues it)");
    } else if let Some(at) = s.starts_later(now) {
        text.push_str(&format!(", starts {}", when::until(at, now)));
    } else if rows_per_second >= 1.0 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rate = HumanCount(rows_per_second as u64);
        text.push_str(&format!(", {rate} rows/s"));
        if left.as_secs() > 0 {
            let left = Duration::from_secs(left.as_secs());
            text.push_str(&format!(", {} left", humantime::format_duration(left)));
        }
    }
    if t.failed > 0 {
        text.push_str(&format!(", {} failed", count(t.failed)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OperationState;

    #[test]
    fn it_tells_how_fast_rows_come_and_how_long_the_rest_takes() {
        let mut s = OperationStatus { state: OperationState::Running, ..OperationStatus::default() };
        (s.totals.tasks, s.totals.succeeded) = (6, 2);
        s.totals.rows.rows = 1_123_000;
        let told = |s: &OperationStatus| text(s, 310_400.7, Duration::from_millis(72_900));
        assert_eq!(told(&s), "2/6 files, 1,123,000 rows, 310,400 rows/s, 1m 12s left");
        assert_eq!(text(&s, 0.0, Duration::ZERO), "2/6 files, 1,123,000 rows", "nothing is known yet");
        s.totals.failed = 1;
        assert_eq!(told(&s), "3/6 files, 1,123,000 rows, 310,400 rows/s, 1m 12s left, 1 failed");
        s.paused_at = Some(jiff::Timestamp::now());
        assert!(told(&s).contains(" rows, paused (`barlift resume` continues it)"));
        let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(61);
        s = OperationStatus {
            state: OperationState::Scheduled,
            run_at: in_an_hour,
            ..OperationStatus::default()
        };
        assert!(told(&s).contains(" rows, starts in 1h"), "{}", told(&s));
    }

    #[test]
    fn what_was_done_before_anybody_looked_is_no_speed() {
        let mut view = View::new();
        let mut s = OperationStatus::default();
        (s.totals.bytes, s.totals.bytes_done) = (1_000_000, 900_000);
        s.totals.rows.rows = 900_000;
        view.show(&s);
        assert_eq!(view.rows.per_sec(), 0.0);
        s.totals.rows.rows = 900_010;
        std::thread::sleep(Duration::from_millis(20));
        view.show(&s);
        assert!(view.rows.per_sec() < 10_000.0, "{}", view.rows.per_sec());
    }
}
