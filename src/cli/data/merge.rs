//! `barlift data merge`.

use std::collections::HashMap;

use serde::Serialize;

use crate::bar::SeriesName;
use crate::cli::args::DataMergeArgs;
use crate::cli::{Outcome, output, ready_database};
use crate::config::{Config, OnConflict};
use crate::error::{Error, Result};
use crate::repository::data::{Conflict, DataRepository, Merged, Renaming, Respelled};

pub(super) async fn run(args: &DataMergeArgs, config: &Config) -> Result<Outcome> {
    let name = |symbol: &String, timeframe: &String| SeriesName {
        symbol: symbol.clone(),
        timeframe: timeframe.clone(),
    };
    let pair = match args.names.as_slice() {
        [symbol, timeframe, into, at] => Some(Renaming { from: name(symbol, timeframe), to: name(into, at) }),
        [] if args.timeframes => None,
        _ => {
            return Err(Error::usage(
                "data merge needs four names",
                "barlift data merge AAPL daily AAPL 1d, or --timeframes for all that are not spelled as files are now",
            ));
        }
    };
    let database = ready_database(config).await?;
    let merge = Merge { repository: DataRepository::new(database.pool.clone()), args };
    match pair {
        Some(pair) => merge.one(&pair).await,
        None => merge.all_spellings().await,
    }
}

struct Merge<'a> {
    repository: DataRepository,
    args: &'a DataMergeArgs,
}

impl Merge<'_> {
    async fn one(&self, pair: &Renaming) -> Result<Outcome> {
        let merged = if self.args.dry_run {
            self.preview(pair).await?
        } else {
            self.repository.merge(pair, self.args.on_conflict).await?
        };
        let done = Done::new(pair, &Respelled::Merged(merged), self.args);
        if self.args.json {
            output::json(&done)?;
        } else {
            done.print()?;
        }
        Ok(if done.is_refused() { Outcome::Failures } else { Outcome::Well })
    }

    /// Brings every series to the spelling of its timeframe that files get now. One that is refused holds up no other.
    async fn all_spellings(&self) -> Result<Outcome> {
        let pairs = self.repository.other_spellings().await?;
        // Whose name a dry run would have changed.
        let mut respelled: HashMap<SeriesName, SeriesName> = HashMap::new();
        let (mut done, mut broken_off) = (Vec::new(), None);
        for pair in &pairs {
            let result = if self.args.dry_run {
                let there = respelled.get(&pair.to).unwrap_or(&pair.to);
                self.preview_spelling(&Renaming { from: pair.from.clone(), to: there.clone() }).await
            } else {
                self.repository.respell(pair, self.args.on_conflict).await
            };
            done.push(match result {
                Ok(result) => {
                    if result == Respelled::Renamed {
                        respelled.insert(pair.to.clone(), pair.from.clone());
                    }
                    Done::new(pair, &result, self.args)
                }
                // The server or the network said it, and would say it again.
                Err(e @ Error::Database { source: Some(_), .. }) => {
                    broken_off = Some(e);
                    break;
                }
                Err(e) => {
                    output::error(&e);
                    Done::refused(pair, &e, self.args)
                }
            });
            if !self.args.json
                && let Some(last) = done.last().filter(|last| last.error.is_none())
            {
                last.print()?;
            }
        }
        if self.args.json {
            output::json(&done)?;
        } else if pairs.is_empty() {
            output::note("every timeframe is spelled as files are now: nothing is merged");
        }
        match broken_off {
            Some(e) => Err(e),
            None if done.iter().any(Done::is_refused) => Ok(Outcome::Failures),
            None => Ok(Outcome::Well),
        }
    }

    async fn preview_spelling(&self, pair: &Renaming) -> Result<Respelled> {
        if self.repository.exists(&pair.to).await? {
            self.preview(pair).await.map(Respelled::Merged)
        } else {
            Ok(Respelled::Renamed)
        }
    }

    /// Counts, and shows the first conflicts.
    async fn preview(&self, pair: &Renaming) -> Result<Merged> {
        let (merged, first) = self.repository.preview_merge(pair).await?;
        for conflict in &first {
            output::note(&output::visible(&Conflict::says(conflict, pair)));
        }
        Ok(merged)
    }
}

/// What became of one series, as JSON has it.
#[derive(Serialize)]
struct Done<'a> {
    symbol: &'a str,
    timeframe: &'a str,
    into_symbol: &'a str,
    into_timeframe: &'a str,
    dry_run: bool,
    /// `merged`, `renamed` or `refused`.
    outcome: &'static str,
    moved: Option<u64>,
    equal: Option<u64>,
    conflicts: Option<u64>,
    /// What is done with conflicts.
    on_conflict: OnConflict,
    error: Option<String>,
}

impl<'a> Done<'a> {
    fn new(pair: &'a Renaming, result: &Respelled, args: &DataMergeArgs) -> Self {
        let (outcome, merged) = match result {
            Respelled::Renamed => ("renamed", None),
            Respelled::Merged(merged) if args.on_conflict == OnConflict::Fail && merged.conflicts > 0 => {
                ("refused", Some(merged))
            }
            Respelled::Merged(merged) => ("merged", Some(merged)),
        };
        Self {
            symbol: &pair.from.symbol,
            timeframe: &pair.from.timeframe,
            into_symbol: &pair.to.symbol,
            into_timeframe: &pair.to.timeframe,
            dry_run: args.dry_run,
            outcome,
            moved: merged.map(|m| m.moved),
            equal: merged.map(|m| m.equal),
            conflicts: merged.map(|m| m.conflicts),
            on_conflict: args.on_conflict,
            error: None,
        }
    }

    fn refused(pair: &'a Renaming, e: &Error, args: &DataMergeArgs) -> Self {
        let error = Some(e.with_advice());
        Self { outcome: "refused", error, ..Self::new(pair, &Respelled::Renamed, args) }
    }

    fn is_refused(&self) -> bool {
        self.outcome == "refused"
    }

    fn print(&self) -> Result<()> {
        let text = output::visible(&self.says());
        output::print(|out| writeln!(out, "{text}"))
    }

    fn says(&self) -> String {
        let from = format!("{} {}", self.symbol, self.timeframe);
        let into = format!("{} {}", self.into_symbol, self.into_timeframe);
        let (Some(moved), Some(equal), Some(conflicts)) = (self.moved, self.equal, self.conflicts) else {
            return if self.dry_run {
                format!("{from} would be renamed to {into}")
            } else {
                format!("{from} is {into} now")
            };
        };
        let conflicts = match self.on_conflict {
            _ if conflicts == 0 => String::new(),
            OnConflict::Fail => format!(", {}", output::counted(conflicts, "conflict", "conflicts")),
            OnConflict::Keep => format!(", {} kept", output::count(conflicts)),
            OnConflict::Overwrite => format!(", {} overwritten", output::count(conflicts)),
        };
        let moved = output::counted(moved, "bar", "bars");
        let counts = format!("{moved} moved, {} equal{conflicts}", output::count(equal));
        match (self.is_refused(), self.dry_run) {
            (true, _) => format!("{from} needs --on-conflict keep or overwrite to go into {into}: {counts}"),
            (false, true) => format!("{from} would be merged into {into}: {counts}"),
            (false, false) => format!("{from} is merged into {into}: {counts}"),
        }
    }
}
