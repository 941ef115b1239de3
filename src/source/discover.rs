//! Finds the sources under a root, and the series of each.
//!
//! Invariant: every file that has a source's name (`encoding`) is either a source or named among the
//! [`unrecognised`](Discovery::unrecognised); nothing is passed over silently. One unreadable entry
//! does not hide the others. Contents are read only where a name does not tell the timeframe.

use super::encoding;
pub use super::listing::Unrecognised;
use super::naming::{self, SeriesGuess, TimeframeGuess};
use super::open::OpenSource;
use super::pattern::{self, Pattern};
use super::reader::ReadOptions;
use super::root::Root;
use super::steps::{fits, usual};
use super::{layout, listing};
use crate::bar::{Micros, SeriesName};
use crate::config;
use crate::error::{Error, Result};
use crate::timeframe;

/// A file with bars of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The series, from the file's name.
    pub series: SeriesName,
    /// The path relative to the root, with `/` between folders.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// What was found under a root.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The sources, ordered by symbol, timeframe and path.
    pub sources: Vec<Source>,
    /// The other files that have a source's name, and what could not be looked into.
    pub unrecognised: Vec<Unrecognised>,
    /// How many sources the filter left out.
    pub filtered: usize,
}

/// Which series to take; an empty list takes all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Symbols, exactly as the files spell them.
    pub symbols: Vec<String>,
    /// Timeframes, in any spelling.
    pub timeframes: Vec<String>,
}

impl Filter {
    fn takes(&self, name: &SeriesName) -> bool {
        let takes_symbol = self.symbols.is_empty() || self.symbols.contains(&name.symbol);
        let mut timeframes = self.timeframes.iter();
        let takes_timeframe =
            self.timeframes.is_empty() || timeframes.any(|t| timeframe::canonical(t) == name.timeframe);
        takes_symbol && takes_timeframe
    }
}

/// How files tell their series.
#[derive(Debug, Clone)]
pub struct Naming {
    /// Where symbol and timeframe stand in a path; none: wherever vendors put them.
    pub pattern: Option<Pattern>,
    /// The symbol of the one file.
    pub symbol: Option<String>,
    /// The timeframe of files whose names do not tell it.
    pub timeframe: Option<String>,
    /// The path of the one file to look at.
    pub only: Option<String>,
    /// How to read files whose names do not tell the timeframe.
    pub read: ReadOptions,
}

/// Extensions of files that are sources if their contents are bars.
const TEXT_EXTENSIONS: [&str; 4] = [".txt", ".tsv", ".dat", ".prn"];

/// What a file's name and place tell.
struct Named {
    guess: SeriesGuess,
    /// Whether it has the extension of sources; another file is one only if it has bars.
    is_source: bool,
}

/// Why a file is not taken.
enum NotTaken {
    /// The reason.
    Because(String),
    /// It is no file of bars, and has no name of one.
    NoSource,
}

impl Naming {
    /// Whether to look at a file of this name at all.
    fn lists(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let has = |extension: &str| name.len() > extension.len() && name.ends_with(extension);
        match &self.pattern {
            Some(pattern) => encoding::is_source(&name) || pattern.extension().is_some_and(has),
            None => encoding::is_source(&name) || TEXT_EXTENSIONS.into_iter().any(has),
        }
    }

    /// What the path tells.
    fn named(&self, root: &Root, path: &str) -> Result<Named, String> {
        let plain = encoding::plain_path(path);
        let name = plain.rsplit('/').next().unwrap_or(plain);
        let is_source = encoding::is_source(name) || self.pattern.is_some();
        let mut guess = match &self.pattern {
            Some(pattern) => {
                let (symbol, timeframe) = pattern.parts(plain)?;
                let timeframe = timeframe.map_or(TimeframeGuess::Unknown, TimeframeGuess::Told);
                SeriesGuess { stem: symbol.clone(), symbol, timeframe }
            }
            None => naming::guess(name.rsplit_once('.').map_or(name, |(stem, _)| stem)),
        };
        let is_alone = guess.timeframe == TimeframeGuess::Unknown;
        if is_alone {
            let inside = plain.split('/').collect::<Vec<_>>();
            let folders = inside[..inside.len() - 1].iter().copied();
            let own = root.url();
            let own = own.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            if let Some(timeframe) = naming::of_folders(std::iter::once(own).chain(folders)) {
                guess.timeframe = TimeframeGuess::Told(timeframe);
            }
        }
        if let Some(given) = self.timeframe.as_deref().map(timeframe::canonical) {
            match &guess.timeframe {
                // A name that tells its timeframe is believed.
                TimeframeGuess::Told(_) if self.pattern.is_none() => {}
                TimeframeGuess::Likely(likely) if !likely.contains(&given) => {
                    // Then what looked like one belongs to the symbol.
                    guess.symbol.clone_from(&guess.stem);
                    guess.timeframe = TimeframeGuess::Told(given);
                }
                _ => guess.timeframe = TimeframeGuess::Told(given),
            }
        }
        let is_told =
            |name: &str| if is_alone { naming::may_be_symbol(name) } else { !naming::is_no_symbol(name) };
        match &self.symbol {
            Some(symbol) => guess.symbol.clone_from(symbol),
            None if self.pattern.is_none() && !is_told(&guess.symbol) => {
                return Err(
                    "has a name that does not tell the symbol: give --symbol, or --pattern for several files"
                        .into(),
                );
            }
            None => {}
        }
        pattern::check_symbol(&guess.symbol)?;
        Ok(Named { guess, is_source })
    }

    /// The series of a file.
    async fn series(&self, root: &Root, path: &str) -> Result<SeriesName, NotTaken> {
        let Named { guess, is_source } = match self.named(root, path) {
            Ok(named) => named,
            // Whether it holds bars, its contents tell.
            Err(reason) if !encoding::is_source(encoding::plain_path(path)) && self.pattern.is_none() => {
                let holds_bars = match self.times(root, path).await {
                    Ok(times) => !times.is_empty(),
                    Err(reason) => is_about_bars(&reason) || self.holds_other_bars(root, path).await,
                };
                return Err(if holds_bars { NotTaken::Because(reason) } else { NotTaken::NoSource });
            }
            Err(reason) => return Err(NotTaken::Because(reason)),
        };
        let SeriesGuess { symbol, timeframe, .. } = guess;
        let series = |timeframe: String| Ok(SeriesName { symbol: symbol.clone(), timeframe });
        if let (TimeframeGuess::Told(timeframe), true) = (&timeframe, is_source) {
            return series(timeframe.clone());
        }
        let is_told = matches!(timeframe, TimeframeGuess::Told(_));
        // A name that tells a timeframe is one of a file of bars.
        let is_source = is_source || timeframe != TimeframeGuess::Unknown;
        let times = match self.times(root, path).await {
            Ok(times) if !times.is_empty() || is_source => times,
            Ok(_) if self.holds_other_bars(root, path).await => {
                return Err(NotTaken::Because("has no bar as it would be read".to_owned()));
            }
            Err(reason) if is_source || is_about_bars(&reason) || self.holds_other_bars(root, path).await => {
                let purpose = if is_told { "" } else { " to tell its timeframe" };
                return Err(NotTaken::Because(format!("cannot be read{purpose}: {reason}")));
            }
            _ => return Err(NotTaken::NoSource),
        };
        let steps = layout::steps(&times);
        match timeframe {
            TimeframeGuess::Told(timeframe) => series(timeframe),
            TimeframeGuess::Likely(all) => match all.iter().find(|timeframe| fits(&steps, timeframe)) {
                Some(timeframe) => series(timeframe.clone()),
                None => Err(NotTaken::Because(format!(
                    "has a name that looks like {}, but its rows are not that far apart: give --timeframe",
                    all.join(" or ")
                ))),
            },
            TimeframeGuess::Unknown => match usual(&steps) {
                Some(timeframe) => series(timeframe),
                None => Err(NotTaken::Because(
                    "has a name that does not tell the timeframe, and its rows are too few or not evenly apart: give \
                     --timeframe"
                        .to_owned(),
                )),
            },
        }
    }

    /// Whether a file that these settings do not fit holds bars that the defaults read: then it is not passed over.
    async fn holds_other_bars(&self, root: &Root, path: &str) -> bool {
        let Ok(defaults) = config::defaults() else { return false };
        if self.read.csv == defaults.csv {
            return false;
        }
        let read = ReadOptions { csv: defaults.csv, ..self.read.clone() };
        match Self::first_times(read, root, path).await {
            Ok(times) => !times.is_empty(),
            Err(reason) => is_about_bars(&reason),
        }
    }

    /// The times of a file's first bars.
    async fn times(&self, root: &Root, path: &str) -> Result<Vec<Micros>, String> {
        Self::first_times(self.read.clone(), root, path).await
    }

    async fn first_times(read: ReadOptions, root: &Root, path: &str) -> Result<Vec<Micros>, String> {
        const ROWS: usize = 400;
        let source = OpenSource::open(root, path).await.map_err(|e| e.reason)?;
        let first = tokio::task::spawn_blocking(move || source.bars(&read, "", true, 0)?.next_batch(ROWS));
        let batch = first.await.map_err(|e| e.to_string())?.map_err(|e| e.reason)?.unwrap_or_default();
        Ok(batch.bars.time)
    }
}

/// Whether the reason why a file is refused is one that only a file of bars gives.
fn is_about_bars(reason: &str) -> bool {
    [
        "--time-format",
        "instruments",
        "--thousands",
        "column 6",
        "columns 2 to 5",
        "high and low",
        "--column volume",
    ]
    .iter()
    .any(|part| reason.contains(part))
        && !reason.contains("for time, open, high, low, close")
}

/// Lists the sources under `root`.
///
/// # Errors
/// [`Error::Source`] if the root itself cannot be listed; [`Error::Usage`] if one symbol is given for several files.
pub async fn discover(root: &Root, naming: &Naming, filter: &Filter) -> Result<Discovery> {
    let lists = naming.clone();
    let listing = listing::list(root, move |name| lists.lists(name)).await?;
    let mut discovery = Discovery { unrecognised: listing.unreadable, ..Discovery::default() };
    let is_looked_at = |path: &String| naming.only.as_ref().is_none_or(|only| only == path);
    discovery.unrecognised.retain(|other| is_looked_at(&other.path));
    for (path, size) in listing.files.into_iter().filter(|(path, _)| is_looked_at(path)) {
        match naming.series(root, &path).await {
            Ok(series) if !filter.takes(&series) => discovery.filtered += 1,
            Ok(series) => discovery.sources.push(Source { series, path, size }),
            Err(NotTaken::Because(reason)) => {
                discovery.unrecognised.push(Unrecognised { path, reason });
            }
            Err(NotTaken::NoSource) => {}
        }
    }
    if naming.symbol.is_some() && discovery.sources.len() > 1 {
        return Err(Error::usage(
            format!("--symbol names one series, but there are {} files", discovery.sources.len()),
            "give the directory of one file, or name the files so that they tell their symbols",
        ));
    }
    discovery.sources.sort_by(|a, b| (&a.series, &a.path).cmp(&(&b.series, &b.path)));
    discovery.unrecognised.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(discovery)
}
