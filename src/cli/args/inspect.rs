//! `barlift inspect`.

use clap::Args;

use super::FilesArgs;

pub(super) const INSPECT_EXAMPLES: &str = "\
Examples:
  barlift inspect AAPL.csv                   how it would be read
  barlift inspect bars/ --limit 100          the same of many files
  barlift inspect 'bars/*_1h.csv' new.txt    the same of these alone
  barlift inspect bars/ --json | jq '.files[].notes'
  barlift inspect bars/ --save-preset mine   keep that as a preset

It reads the files and needs no database. The flags are those of import.";

/// `barlift inspect`
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Files, folders, globs in quotes ('bars/*_1h.csv'), or one URL; folders are searched recursively
    #[arg(value_name = "PATH", required = true)]
    pub(crate) places: Vec<String>,
    /// Show at most this many files
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Write how these files are read to the configuration file (./barlift.toml), as a preset of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) save_preset: Option<String>,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
}
