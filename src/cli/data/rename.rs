//! `barlift data rename`.

use crate::bar::SeriesName;
use crate::cli::args::DataRenameArgs;
use crate::cli::{Outcome, output, ready_database};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::repository::data::{DataRepository, Renaming};
use crate::timeframe;

pub(super) async fn run(args: &DataRenameArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let repository = DataRepository::new(database.pool.clone());
    let renamings = match args.names.as_slice() {
        [symbol, from, new_symbol, to] => vec![Renaming {
            from: SeriesName { symbol: symbol.clone(), timeframe: from.clone() },
            to: SeriesName { symbol: new_symbol.clone(), timeframe: timeframe::canonical(to) },
        }],
        [] if args.timeframes => repository.other_spellings().await?,
        _ => {
            return Err(Error::usage(
                "data rename needs four names",
                "barlift data rename AAPL daily AAPL 1d, or --timeframes for all that are not spelled as files are now",
            ));
        }
    };
    let mut refused = None;
    for renaming in &renamings {
        let Renaming { from, to } = renaming;
        match repository.rename(renaming).await {
            Ok(()) => {
                let text =
                    format!("{} {} is {} {} now", from.symbol, from.timeframe, to.symbol, to.timeframe);
                output::print(|out| writeln!(out, "{}", output::visible(&text)))?;
            }
            // The others are renamed all the same. The last error is printed at the end of the command.
            Err(e) if args.timeframes => {
                if let Some(before) = refused.replace(e) {
                    output::error(&before);
                }
            }
            Err(e) => return Err(e),
        }
    }
    if renamings.is_empty() {
        output::note("every timeframe is spelled as files are now: nothing is renamed");
    }
    refused.map_or(Ok(Outcome::Well), Err)
}
