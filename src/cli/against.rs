//! `barlift verify --against URL`: compares this database with another one.
//!
//! Invariant: nothing is written on either side. Memory holds only what is shown of each series.

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use super::args::VerifyArgs;
use super::output::{count, counted, visible};
use super::table::{self, Column, Table};
use super::{Outcome, output, ready_database};
use crate::config::Config;
use crate::counts::int;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::model::Verdict;
use crate::setup;
use crate::verify::against::{self, DifferenceBetween, SeriesComparison};

/// The result; this is the JSON that is printed.
#[derive(Debug, Serialize)]
struct DatabaseComparison {
    here: String,
    there: String,
    verdict: Verdict,
    series: Vec<SeriesComparison>,
}

/// Compares the databases and prints the result.
pub(super) async fn run(args: &VerifyArgs, config: &Config) -> Result<Outcome> {
    let here = ready_database(config).await?;
    let mut other = config.clone();
    other.database.url.clone_from(&args.against);
    // It belongs to this database.
    other.database.direct_url = None;
    let there = Database::connect(&other).await?;
    if !setup::is_there(&there.pool).await? {
        return Err(Error::usage(
            format!("{} has no bars of barlift's", there.shown_url()),
            "--against names the other database; this one is DATABASE_URL or database.url",
        ));
    }
    let (symbols, timeframes) = (&args.files.symbols, &args.files.timeframes);
    let pairs = against::pairs(&here.pool, &there.pool, symbols, timeframes).await?;
    if pairs.is_empty() {
        return Err(Error::usage("neither database has such a series", "`barlift data symbols` lists them"));
    }
    let at_once = config.worker.concurrency.max(1);
    let series: Vec<SeriesComparison> = futures::stream::iter(&pairs)
        .map(|pair| against::compare(&here.pool, &there.pool, pair, args.limit))
        .buffered(at_once)
        .try_collect()
        .await?;
    let differing = series.iter().filter(|s| s.verdict != Verdict::Identical).count();
    let verdict = if differing == 0 { Verdict::Identical } else { Verdict::Differs };
    let comparison = DatabaseComparison { here: here.shown_url(), there: there.shown_url(), verdict, series };
    if args.files.json {
        output::json(&comparison)?;
    } else {
        show(&comparison, differing)?;
    }
    Ok(if differing == 0 { Outcome::Well } else { Outcome::Failures })
}

fn show(comparison: &DatabaseComparison, differing: usize) -> Result<()> {
    let all = counted(comparison.series.len(), "series", "series");
    output::print(|out| {
        let mut shown = Table::new([
            table::SYMBOL,
            table::TIMEFRAME,
            Column::text("VERDICT"),
            Column::number("HERE"),
            Column::number("THERE"),
            Column::counter("DIFFERENT", "DIFF"),
            Column::counter("ONLY HERE", "+HERE"),
            Column::counter("ONLY THERE", "+THERE"),
            Column::number("CONTENT HERE").spare(1),
        ]);
        for s in &comparison.series {
            let cells = [visible(&s.series.symbol), visible(&s.series.timeframe), s.verdict.to_string()];
            let numbers = [s.here.bars, s.there.bars, s.different, s.only_here, s.only_there];
            let numbers = numbers.map(count);
            shown.row(cells.into_iter().chain(numbers).chain([s.here.hash.clone()]));
        }
        shown.write(out)?;
        for s in comparison.series.iter().filter(|s| s.verdict != Verdict::Identical) {
            writeln!(out, "\n{} {}", visible(&s.series.symbol), visible(&s.series.timeframe))?;
            for r in &s.ranges {
                let bars = counted(r.bars, "bar", "bars");
                writeln!(out, "  {} to {}  {bars}: {}", instant(r.first), instant(r.last), r.says)?;
            }
            for d in &s.differences {
                writeln!(out, "    {}", line(d))?;
            }
            let listed = int(s.differences.len()).unsigned_abs();
            let more = (s.different + s.only_here + s.only_there).saturating_sub(listed);
            if more > 0 {
                writeln!(out, "    ({more} more differing bars: --limit N)")?;
            }
        }
        writeln!(out, "\nhere   {}\nthere  {}", comparison.here, comparison.there)?;
        match differing {
            0 => writeln!(out, "IDENTICAL: {all}"),
            1 => writeln!(out, "DIFFERS: 1 of {all} differs"),
            n => writeln!(out, "DIFFERS: {} of {all} differ", count(n)),
        }
    })
}

fn line(d: &DifferenceBetween) -> String {
    let values = |v: &Option<crate::bar::Ohlcv>| v.map_or_else(|| "-".to_owned(), |v| v.to_string());
    format!("{}  here {}  there {}", instant(d.time), values(&d.here), values(&d.there))
}

fn instant(time: Option<jiff::Timestamp>) -> String {
    time.map_or_else(|| "?".to_owned(), |t| t.to_string())
}
