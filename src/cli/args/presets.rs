//! `barlift presets`.

use clap::Args;

pub(super) const PRESETS_EXAMPLES: &str = "\
Examples:
  barlift presets                            list all
  barlift presets histdata                   what one of them sets, and why
  barlift import bars/ --preset histdata     read files so

A preset of your own is a table [presets.NAME] in barlift.toml with keys of [import] and [csv]; \
`barlift inspect FILE --save-preset NAME` writes one.";

/// `barlift presets`
#[derive(Debug, Args)]
pub struct PresetsArgs {
    /// Print this one as TOML
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
