//! `barlift report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  barlift report latest
  barlift report latest --format html --output report.html
  barlift report latest --format csv > findings.csv
  barlift report latest --rejected-to mend/    then mend the rows in mend/ and:
  barlift import mend/                         (no flags again)

Exit status of a verification's report: 1 if anything differs, or could not be compared.";

/// `barlift report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP", default_value = "latest")]
    pub operation: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write it to this file, all at once, instead of stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Findings of each kind (a verification: of each series) that the table shows
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Also write the rejected rows, as they stand in the files, to CSV files in this directory
    #[arg(long, value_name = "DIR")]
    pub rejected_to: Option<PathBuf>,
}

impl ReportArgs {
    /// What it is to be printed as.
    #[must_use]
    pub fn format(&self) -> ReportFormat {
        if self.json { ReportFormat::Json } else { self.format }
    }
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Table,
    /// One line a finding
    Csv,
    /// One object
    Json,
    /// One page, to be kept, sent or printed
    Html,
}
