//! `barlift report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  barlift report latest
  barlift report latest --format html --output report.html
  barlift report latest --format csv > findings.csv
  barlift report latest --rejected-to mend/    then correct the rows there and:
  barlift import mend/                         (no further flags needed)

The exit status of a verification's report is 1 if anything differs or could not be compared.";

/// `barlift report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP", default_value = "latest")]
    pub(crate) operation: String,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write the report to this file instead of stdout; the file appears when it is complete
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Number of findings of each kind to show in the table (verification: of each series)
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Also write the rejected rows, unchanged, to CSV files in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) rejected_to: Option<PathBuf>,
}

impl ReportArgs {
    pub(crate) fn format(&self) -> ReportFormat {
        if self.json { ReportFormat::Json } else { self.format }
    }
}

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text for people
    Table,
    /// One line for each finding
    Csv,
    /// One JSON object
    Json,
    /// One page, to keep, send or print
    Html,
}
