//! `barlift inspect`.

use clap::Args;

use super::FilesArgs;

pub(super) const INSPECT_EXAMPLES: &str = "\
Examples:
  barlift inspect AAPL.csv                   how it would be read
  barlift inspect bars/ --limit 100          the same of many files
  barlift inspect bars/ --json | jq '.files[].notes'
  barlift inspect bars/ --save-preset mine   keep that as a preset

It reads the files and needs no database. The flags are those of import.";

/// `barlift inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A bar file, or a directory (or URL) with such files
    #[arg(value_name = "FILE|DIR")]
    pub(crate) path: String,
    /// Show at most this many files
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Write how these files are read to the configuration file (./barlift.toml), as a preset of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) save_preset: Option<String>,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
}
