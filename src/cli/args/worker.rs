//! `barlift worker`.

use clap::Args;

/// `barlift worker`
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// Files or series to work on at the same time [default: 4]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
    /// Exit when no work is left
    #[arg(long)]
    pub(crate) drain: bool,
    /// Serve /metrics, /healthz and /readyz here: a port (this machine only) or an address like 0.0.0.0:9464
    #[arg(long, value_name = "ADDR")]
    pub(super) http: Option<String>,
}
