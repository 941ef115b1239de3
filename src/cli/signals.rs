//! SIGTERM and Ctrl-C: the first asks to stop, the second stops.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::output;
use crate::config::LogConfig;
use crate::error::{Error, Result};

/// For commands that do the work themselves.
pub(super) const HANDS_BACK: &str =
    "stopping: running batches end, the rest goes back to the queue (again: stop at once)";
/// For commands that only look.
pub(super) const STOPS_WATCHING: &str = "no longer watching; the work goes on where workers run";

/// The shell's convention for "ended by a signal": 128 + SIGINT.
const STOPPED_AT_ONCE: i32 = 130;

/// Who is told what the first signal leads to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// The user, by a note; where log lines are JSON, so is this one.
    User,
    /// The log, which is the command's output.
    Log,
}

/// A token that the first signal cancels; the second one ends the process.
///
/// `says` tells what the first one leads to.
pub(super) fn stop_token(says: &'static str, told: Told, log: &LogConfig) -> Result<CancellationToken> {
    let json = log.is_json();
    let listen = |kind| signal(kind).map_err(|e| Error::Internal(format!("no signal handler: {e}")));
    let (mut term, mut int) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        either(&mut term, &mut int).await;
        match told {
            Told::Log => tracing::info!("{says}"),
            // A warning, since those are what commands for people log.
            Told::User if json => tracing::warn!("{says}"),
            Told::User => output::note(says),
        }
        token.cancel();
        either(&mut term, &mut int).await;
        std::process::exit(STOPPED_AT_ONCE);
    });
    Ok(stop)
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
