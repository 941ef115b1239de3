//! `barlift verify` and `barlift enqueue verify`.

use clap::Args;

use super::source::FilesArgs;
use super::{StartArgs, WaitArgs};
use crate::config::{Override, VerifyMode};

pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  barlift verify bars/                         every bar of files and database
  barlift verify bars/ --mode sample --sample-size 5000
  barlift verify --against postgres://me@other.example/market
  barlift report latest --format html --output report.html

The files must be read as their import read them: give the same --timezone, --pattern and so on.";

pub(super) const ENQUEUE_EXAMPLES: &str = "\
Examples:
  barlift enqueue verify /data/bars --wait
  barlift enqueue verify /data/bars --mode sample --in 2h

The files must be read as their import read them: give the same --timezone, --pattern and so on.";

/// How closely to look.
#[derive(Debug, Args)]
pub struct ModeArgs {
    /// counts: number of bars and time range; sample: also some random bars; full: every bar [default: full]
    #[arg(long, value_name = "MODE")]
    mode: Option<VerifyMode>,
    /// Bars a series that a sample looks at [default: 1000]
    #[arg(long, value_name = "N")]
    sample_size: Option<usize>,
    /// Look at the same sample again: the seed that a report names
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Bars of the database before a file's first and behind its last one are no difference
    #[arg(long)]
    within_range: bool,
}

impl ModeArgs {
    pub(super) fn overrides(&self) -> Vec<Override> {
        let mut out = Vec::new();
        let mut set = |key: &'static str, value: Option<String>| out.extend(value.map(|v| (key, v)));
        set("verify.mode", self.mode.map(|mode| mode.as_str().to_owned()));
        set("verify.sample_size", self.sample_size.map(|n| n.to_string()));
        set("verify.within_range", self.within_range.then(|| "true".into()));
        out
    }
}

/// `barlift verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Directory (or URL) that holds the files, searched recursively
    #[arg(value_name = "DIR", required_unless_present = "against")]
    pub root: Option<String>,
    /// Compare with the bars of another database of barlift's instead; a password is better kept in ~/.pgpass
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["root", "mode", "sample_size", "seed", "within_range"]
    )]
    pub against: Option<String>,
    /// With --against: differing bars that are shown, a series
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Which files, and how to read them
    #[command(flatten)]
    pub files: FilesArgs,
    /// How closely to look
    #[command(flatten)]
    pub mode: ModeArgs,
    /// Series at once [default: 4]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
}

/// `barlift enqueue verify`
#[derive(Debug, Args)]
pub struct EnqueueVerifyArgs {
    /// Directory (or URL) that holds the files, searched recursively
    #[arg(value_name = "DIR")]
    pub root: String,
    /// Which files, and how to read them
    #[command(flatten)]
    pub files: FilesArgs,
    /// How closely to look
    #[command(flatten)]
    pub mode: ModeArgs,
    /// When
    #[command(flatten)]
    pub start: StartArgs,
    /// Whether to wait
    #[command(flatten)]
    pub wait: WaitArgs,
}
