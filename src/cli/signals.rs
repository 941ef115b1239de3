//! SIGTERM and Ctrl-C: the first one stops gracefully, the second one at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::output;
use crate::config::LogConfig;
use crate::error::{Error, Result};

/// For commands that run tasks themselves.
pub(super) const HANDS_BACK: &str =
    "stopping: running batches end, the rest goes back to the queue (again: stop at once)";
/// For commands that only watch.
pub(super) const STOPS_WATCHING: &str = "no longer watching; the work goes on where workers run";

/// The shell's convention for "ended by a signal": 128 + SIGINT.
const STOPPED_AT_ONCE: i32 = 130;

/// Where the message of the first signal goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Audience {
    /// To the user, as a note on stderr, or as a log line if those are JSON.
    User,
    /// To the log, which is the command's output.
    Log,
}

/// A token that the first signal cancels, with `message`; the second signal ends the process.
pub(super) fn stop_token(
    message: &'static str,
    audience: Audience,
    log: &LogConfig,
) -> Result<CancellationToken> {
    let json = log.is_json();
    let listen = |kind| signal(kind).map_err(|e| Error::Internal(format!("no signal handler: {e}")));
    let (mut term, mut int) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        either(&mut term, &mut int).await;
        match audience {
            Audience::Log => tracing::info!("{message}"),
            // Commands for people log only warnings.
            Audience::User if json => tracing::warn!("{message}"),
            Audience::User => output::note(message),
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
