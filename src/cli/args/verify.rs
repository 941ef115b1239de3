//! `barlift verify` and `barlift enqueue verify`.

use clap::Args;

use super::overrides::Overrides;
use super::{FilesArgs, StartArgs, WaitArgs};
use crate::config::VerifyMode;

pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  barlift verify bars/                         compare every bar
  barlift verify AAPL_1h.csv                   only this file
  barlift verify bars/ --mode sample --sample-size 5000
  barlift verify --against postgres://me@other.example/market
  barlift report latest --format html --output report.html

Give all files of a series, or --within-range: bars of the others are differences.

The files must be read as their import read them: give the same --timezone, --pattern and so on.";

pub(super) const ENQUEUE_EXAMPLES: &str = "\
Examples:
  barlift enqueue verify /data/bars --wait
  barlift enqueue verify /data/bars --mode sample --in 2h

The files must be read as their import read them: give the same --timezone, --pattern and so on.";

/// How closely to compare.
#[derive(Debug, Args)]
pub struct ModeArgs {
    /// How closely to compare [default: full]
    #[arg(long, value_name = "MODE")]
    mode: Option<VerifyMode>,
    /// Number of bars in a sample, for each series [default: 1000]
    #[arg(long, value_name = "N")]
    sample_size: Option<usize>,
    /// Compare the same sample again: the seed that its report shows
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
    /// Ignore bars of the database before a file's first bar and after its last one
    #[arg(long)]
    within_range: bool,
}

impl ModeArgs {
    pub(super) fn overrides(&self, out: &mut Overrides) {
        out.set("verify.mode", self.mode).set("verify.sample_size", self.sample_size).switch(
            "verify.within_range",
            self.within_range,
            true,
        );
    }
}

/// `barlift verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Files, folders, globs in quotes ('bars/*_1h.csv'), or one URL; folders are searched recursively
    #[arg(value_name = "PATH", required_unless_present = "against")]
    pub(crate) places: Vec<String>,
    /// Compare with another barlift database instead of files; better keep its password in ~/.pgpass
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["places", "mode", "sample_size", "seed", "within_range"]
    )]
    pub(crate) against: Option<String>,
    /// With --against: number of differing bars to show for each series
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
    #[command(flatten)]
    pub(crate) mode: ModeArgs,
    /// Series to verify at the same time [default: 4]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
}

/// `barlift enqueue verify`
#[derive(Debug, Args)]
pub struct EnqueueVerifyArgs {
    /// Files, folders, globs in quotes ('bars/*_1h.csv'), or one URL; folders are searched recursively
    #[arg(value_name = "PATH", required = true)]
    pub(crate) places: Vec<String>,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
    #[command(flatten)]
    pub(crate) mode: ModeArgs,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}
