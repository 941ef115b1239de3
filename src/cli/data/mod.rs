//! `barlift data`: [`DataRepository`] on the command line.

mod load;
mod merge;
mod rename;
mod save;

use serde::Serialize;

use super::args::{DataCommand, DataRangeArgs, DataSymbolsArgs};
use super::table::{self, Column, Table};
use super::{Outcome, output, ready_database};
use crate::bar::{Micros, format_time};
use crate::config::Config;
use crate::error::Result;
use crate::repository::data::{DataRepository, SeriesInfo};

/// Lists, shows, loads, saves, renames or merges.
pub(super) async fn run(command: &DataCommand, config: &Config) -> Result<Outcome> {
    match command {
        DataCommand::Symbols(args) => symbols(args, config).await,
        DataCommand::Range(args) => range(args, config).await,
        DataCommand::Load(args) => load::run(args, config).await,
        DataCommand::Save(args) => save::run(args, config).await,
        DataCommand::Rename(args) => rename::run(args, config).await,
        DataCommand::Merge(args) => merge::run(args, config).await,
    }
}

/// A series in JSON output.
#[derive(Serialize)]
struct SeriesJson<'a> {
    symbol: &'a str,
    timeframe: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bars: Option<u64>,
    first: Option<String>,
    last: Option<String>,
}

async fn symbols(args: &DataSymbolsArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let series = DataRepository::new(database.pool.clone()).list_series(args.timeframe.as_deref()).await?;
    if args.json {
        let list: Vec<_> = series
            .iter()
            .map(|s| json(s.name.symbol.as_str(), &s.name.timeframe, Some(s.bars), s.range))
            .collect();
        output::json(&list)?;
        return Ok(Outcome::Well);
    }
    match &args.timeframe {
        _ if !series.is_empty() => print(&series)?,
        Some(timeframe) => output::note(&format!(
            "no series at {}; `barlift data symbols` lists all",
            output::visible(timeframe)
        )),
        None => output::note("no series yet; `barlift import FILES` brings them in"),
    }
    Ok(Outcome::Well)
}

fn print(series: &[SeriesInfo]) -> Result<()> {
    let [first, last] = ["FIRST", "LAST"].map(|t| Column::text(t).shortened_by(minute));
    let mut table =
        Table::new([table::SYMBOL, table::TIMEFRAME, first.spare(1), last, Column::number("BARS")]);
    for s in series {
        let [first, last] = shown(s.range);
        let bars = output::count(s.bars);
        table.row([output::visible(&s.name.symbol), output::visible(&s.name.timeframe), first, last, bars]);
    }
    output::print(|out| table.write(out))
}

/// A time without its seconds if they are zero.
fn minute(time: &str) -> String {
    time.strip_suffix(":00Z").map_or_else(|| time.to_owned(), |t| format!("{t}Z"))
}

async fn range(args: &DataRangeArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let repository = DataRepository::new(database.pool.clone());
    let found = repository.get_date_range(&args.symbol, &args.timeframe).await?;
    if args.json {
        output::json(&json(&args.symbol, &args.timeframe, None, found))?;
    } else if found.is_none() {
        output::note("the series has no bars");
    } else {
        let [first, last] = shown(found);
        let times = ["FIRST", "LAST"].map(Column::text);
        let mut table = Table::new([table::SYMBOL, table::TIMEFRAME].into_iter().chain(times));
        table.row([output::visible(&args.symbol), output::visible(&args.timeframe), first, last]);
        output::print(|out| table.write(out))?;
    }
    Ok(Outcome::Well)
}

fn json<'a>(
    symbol: &'a str,
    timeframe: &'a str,
    bars: Option<u64>,
    range: Option<(Micros, Micros)>,
) -> SeriesJson<'a> {
    let (first, last) = range.unzip();
    SeriesJson { symbol, timeframe, bars, first: first.map(format_time), last: last.map(format_time) }
}

fn shown(range: Option<(Micros, Micros)>) -> [String; 2] {
    range.map_or_else(Default::default, |(first, last)| [first, last].map(format_time))
}
