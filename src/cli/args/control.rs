//! What can be done to an operation that is there.

use clap::Args;

use crate::operation::control::Selection;

pub(super) const RETRY_EXAMPLES: &str = "\
Examples:
  barlift retry latest                         what failed or waits for a retry
  barlift retry latest --symbols AAPL,MSFT
  barlift retry latest --cancelled             also what was cancelled";

pub(super) const CANCEL_EXAMPLES: &str = "\
Examples:
  barlift cancel latest
  barlift cancel latest --symbols AAPL,MSFT    the rest goes on";

/// Which files of an operation.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Only these symbols, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    symbols: Vec<String>,
    /// Only these timeframes, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "1h,1d")]
    timeframes: Vec<String>,
}

impl SelectionArgs {
    /// As the library takes it.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection { symbols: self.symbols.clone(), timeframes: self.timeframes.clone() }
    }
}

/// `barlift retry`
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP")]
    pub operation: String,
    /// Which files
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Also files that were cancelled
    #[arg(long)]
    pub cancelled: bool,
    /// Wait until it is done, and exit as `import` would
    #[arg(long)]
    pub wait: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift cancel`
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP")]
    pub operation: String,
    /// Which files
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift pause` and `barlift resume`
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP")]
    pub operation: String,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift priority`
#[derive(Debug, Args)]
pub struct PriorityArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP")]
    pub operation: String,
    /// 0 to 1000; higher ones run first
    #[arg(value_name = "N", value_parser = clap::value_parser!(i32).range(0..=1000))]
    pub priority: i32,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
