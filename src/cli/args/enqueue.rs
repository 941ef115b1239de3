//! `barlift enqueue`.

use clap::{Args, Subcommand};

use super::{EnqueueImportArgs, EnqueueVerifyArgs, import, verify};

/// `barlift enqueue`
#[derive(Debug, Subcommand)]
pub enum EnqueueCommand {
    /// Enqueue the import of bar files
    #[command(after_help = import::ENQUEUE_EXAMPLES)]
    Import(Box<EnqueueImportArgs>),
    /// Enqueue the verification of bar files
    #[command(after_help = verify::ENQUEUE_EXAMPLES)]
    Verify(Box<EnqueueVerifyArgs>),
}

/// When an operation starts.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// Start after this delay, e.g. 2h or 30m
    #[arg(long = "in", value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "at")]
    pub(crate) delay: Option<std::time::Duration>,
    /// Start at this time, e.g. '2026-12-01 18:00' in this machine's time zone, or with an offset
    #[arg(long, value_name = "TIME", value_parser = crate::cli::when::parse)]
    pub(crate) at: Option<jiff::Timestamp>,
}

/// Whether to wait for the operation's end.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Wait until the operation ends, and exit with the status that says how it ended
    #[arg(long)]
    pub(crate) wait: bool,
}
