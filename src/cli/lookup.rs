//! Which files a command is about, as its arguments and the configuration say.

use super::args::FilesArgs;
use crate::config::Config;
use crate::error::Result;
use crate::source::discover::{Filter, Naming};
use crate::source::pattern::Pattern;
use crate::source::reader::ReadOptions;

/// How files tell their series, and which series are taken.
pub(super) fn lookup(args: &FilesArgs, config: &Config) -> Result<(Naming, Filter)> {
    let naming = Naming {
        pattern: config.import.pattern.as_deref().map(Pattern::new).transpose()?,
        symbol: config.import.symbol.clone(),
        timeframe: config.import.timeframe.clone(),
        read: ReadOptions::of(config),
    };
    Ok((naming, Filter { symbols: args.symbols.clone(), timeframes: args.timeframes.clone() }))
}
