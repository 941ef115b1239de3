//! `barlift operations`, `status` and `diagnose`.

use clap::Args;

pub(super) const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  barlift diagnose latest
  barlift diagnose latest --symbol AAPL        each attempt of one symbol
  barlift diagnose latest --json | jq .advice";

/// `barlift operations`
#[derive(Debug, Args)]
pub struct OperationsArgs {
    /// Number of operations to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) limit: i64,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `barlift status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP", default_value = "latest")]
    pub(crate) operation: String,
    /// Watch the progress until the operation ends
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `barlift diagnose`
#[derive(Debug, Args)]
pub struct DiagnoseArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP", default_value = "latest")]
    pub(crate) operation: String,
    /// Show only this symbol, with each of its attempts
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Option<String>,
    /// Number of entries in each list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
