//! `barlift import` and `barlift enqueue import`.

use clap::Args;

use super::{SourceArgs, StartArgs, WaitArgs};

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  barlift import AAPL_1h.csv MSFT_1h.csv daily/
  barlift import 'bars/**/*_1h.csv'
  barlift import bars/ --symbols AAPL,MSFT --timeframes 1h
  barlift import bars/ --timezone America/New_York --on-mismatch overwrite
  barlift import bars/ --pattern '{timeframe}/{symbol}.csv'
  barlift import bars/ --no-header --column time=1 --column volume=7
  barlift import bars/ --json | jq .totals";

pub(super) const ENQUEUE_EXAMPLES: &str = "\
Examples:
  barlift enqueue import /data/bars --wait
  barlift enqueue import /data/bars --at '2026-12-01 18:00' --priority 10
  barlift enqueue import /data/bars --at 2026-12-01T18:00:00-05:00
  barlift enqueue import /data/AAPL_1h.csv '/data/daily/*.csv'

Workers read the files themselves, so each of them must find the files under the same paths. A glob is looked up by \
this command alone.";

/// `barlift import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Files to import at the same time [default: 4]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
}

/// `barlift enqueue import`
#[derive(Debug, Args)]
pub struct EnqueueImportArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}
