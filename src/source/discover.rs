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
use crate::error::{Error, FileError, Result};
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
const TEXT_EXTENSIONS: [&str; 8] = [".txt", ".tsv", ".tab", ".dat", ".prn", ".asc", ".dly", ".mst"];

/// What a file's name and place tell.
struct Named {
    guess: SeriesGuess,
    /// Whether the name tells the symbol; if not, a column may.
    has_symbol: bool,
    /// Whether it has the extension of sources; another file is one only if it has bars.
    is_source: bool,
}

/// What a file's first rows tell.
#[derive(Default)]
struct FirstRows {
    times: Vec<Micros>,
    /// Those that columns have in every row.
    symbol: Option<String>,
    timeframe: Option<String>,
    /// Why the first row that is no bar is none.
    rejected: Option<String>,
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
            Some(pattern) => {
                encoding::is_source(&name) || pattern.extension().map_or(!name.contains('.'), has)
            }
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
        let has_symbol = self.symbol.is_some()
            || self.pattern.is_some()
            || if is_alone {
                naming::may_be_symbol(&guess.symbol)
            } else {
                !naming::is_no_symbol(&guess.symbol)
            };
        if let Some(symbol) = &self.symbol {
            guess.symbol.clone_from(symbol);
        }
        Ok(Named { guess, has_symbol, is_source })
    }

    /// The series of a file.
    async fn series(&self, root: &Root, path: &str) -> Result<SeriesName, NotTaken> {
        let Named { guess, has_symbol, is_source } = self.named(root, path).map_err(NotTaken::Because)?;
        let SeriesGuess { symbol, timeframe, .. } = guess;
        if let (TimeframeGuess::Told(timeframe), true, true) = (&timeframe, has_symbol, is_source) {
            pattern::check_symbol(&symbol).map_err(NotTaken::Because)?;
            return Ok(SeriesName { symbol, timeframe: timeframe.clone() });
        }
        let purpose = match (&timeframe, has_symbol) {
            (_, false) => " to tell its symbol",
            (TimeframeGuess::Told(_), true) => "",
            (_, true) => " to tell its timeframe",
        };
        let first = match self.first_rows(root, path).await {
            Ok(first) => first,
            // A name that tells a timeframe is one of a file of bars.
            Err(reason)
                if is_source || timeframe != TimeframeGuess::Unknown || self.has_bars(root, path).await =>
            {
                return Err(NotTaken::Because(format!("cannot be read{purpose}: {reason}")));
            }
            Err(_) => return Err(NotTaken::NoSource),
        };
        let is_empty = first.times.is_empty();
        if is_empty && !is_source && timeframe == TimeframeGuess::Unknown && !self.has_bars(root, path).await
        {
            return Err(NotTaken::NoSource);
        }
        let symbol = if has_symbol { Some(symbol) } else { first.symbol };
        let symbol = symbol.ok_or_else(|| {
            NotTaken::Because(
                "has a name that does not tell the symbol: give --symbol, or --pattern for several files"
                    .into(),
            )
        })?;
        pattern::check_symbol(&symbol).map_err(NotTaken::Because)?;
        if let (TimeframeGuess::Unknown, true, Some(rejected)) = (&timeframe, is_empty, first.rejected) {
            return Err(NotTaken::Because(format!("has no bar among its first rows ({rejected})")));
        }
        let timeframe = match (timeframe, first.timeframe) {
            (TimeframeGuess::Unknown, Some(told)) => TimeframeGuess::Told(told),
            (guess, _) => guess,
        };
        let timeframe = confirmed(timeframe, &layout::steps(&first.times)).map_err(NotTaken::Because)?;
        Ok(SeriesName { symbol, timeframe })
    }

    /// What the first rows of a file tell.
    async fn first_rows(&self, root: &Root, path: &str) -> Result<FirstRows, String> {
        const ROWS: usize = 400;
        let source = OpenSource::open(root, path).await.map_err(|e| e.reason)?;
        let read = self.read.clone();
        let first = tokio::task::spawn_blocking(move || {
            let mut bars = source.bars(&read, "", true, 0)?;
            let layout = bars.layout();
            let symbol = layout.as_ref().and_then(|layout| layout.symbol());
            let timeframe = layout.as_ref().and_then(|layout| layout.timeframe());
            let batch = bars.next_batch(ROWS)?.unwrap_or_default();
            let rejected = batch.rejected.first().map(|row| format!("line {}: {}", row.row.line, row.reason));
            Ok(FirstRows { times: batch.bars.time, symbol, timeframe, rejected })
        });
        first.await.map_err(|e| e.to_string())?.map_err(|e: FileError| e.reason)
    }

    /// Whether a file that is refused seems to be one of bars all the same.
    async fn has_bars(&self, root: &Root, path: &str) -> bool {
        let Ok(source) = OpenSource::open(root, path).await else { return false };
        // What was given may be why it is refused.
        let Ok(defaults) = config::defaults() else { return false };
        tokio::task::spawn_blocking(move || source.looks_like_bars(&defaults.csv)).await.unwrap_or(false)
    }
}

/// The timeframe that a name tells, or that the rows show or confirm.
fn confirmed(timeframe: TimeframeGuess, steps: &[Micros]) -> Result<String, String> {
    match timeframe {
        TimeframeGuess::Told(timeframe) => Ok(timeframe),
        TimeframeGuess::Likely(all) => match all.iter().find(|timeframe| fits(steps, timeframe)) {
            Some(timeframe) => Ok(timeframe.clone()),
            None => Err(format!(
                "has a name that looks like {}, but its rows are not that far apart: give --timeframe",
                all.join(" or ")
            )),
        },
        TimeframeGuess::Unknown => usual(steps).ok_or_else(|| {
            "has a name that does not tell the timeframe, and its rows are too few or not evenly apart: give --timeframe"
                .to_owned()
        }),
    }
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
