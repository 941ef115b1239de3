//! Commands that change an operation: `barlift retry`, `cancel`, `pause`, `resume` and `priority`.

use clap::Args;

use crate::operation::control::Selection;

pub(super) const RETRY_EXAMPLES: &str = "\
Examples:
  barlift retry latest                         failed files and pending retries
  barlift retry latest --symbols AAPL,MSFT
  barlift retry latest --cancelled             cancelled files, too";

pub(super) const CANCEL_EXAMPLES: &str = "\
Examples:
  barlift cancel latest
  barlift cancel latest --symbols AAPL,MSFT    the other files continue";

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
    pub(crate) fn selection(&self) -> Selection {
        Selection { symbols: self.symbols.clone(), timeframes: self.timeframes.clone() }
    }
}

/// The operation to change. On their own, the arguments of `barlift pause` and `barlift resume`.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP")]
    pub(crate) operation: String,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `barlift retry`
#[derive(Debug, Args)]
pub struct RetryArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Also retry cancelled files
    #[arg(long)]
    pub(crate) cancelled: bool,
    /// Wait until the operation ends, and exit with the status that says how it ended
    #[arg(long)]
    pub(crate) wait: bool,
}

/// `barlift cancel`
#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// `barlift priority`
#[derive(Debug, Args)]
pub struct PriorityArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// 0 to 1000; operations with a higher number run first
    #[arg(value_name = "N", value_parser = clap::value_parser!(i32).range(0..=1000))]
    pub(crate) priority: i32,
}
