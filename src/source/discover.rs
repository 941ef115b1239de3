//! Finds the sources of places, and the series of each.
//!
//! Invariant: every file that has a source's name (`extension`) or was named itself is either a source or among the
//! [`unrecognised`](Discovery::unrecognised) and [`refused`](Discovery::refused); nothing is passed over silently. One
//! unreadable entry does not hide the others. Contents are read only where a name does not tell the timeframe.

use super::extension;
use super::first_rows::{FirstRows, rows_by_symbol, rows_of_one};
use super::listing;
use super::listing::Listed;
pub use super::listing::Unrecognised;
use super::members;
use super::naming::{self, SeriesGuess, TimeframeGuess};
use super::open::OpenSource;
use super::pattern::{self, Pattern};
use super::places::Places;
use super::reader::ReadOptions;
use super::root::Root;
use super::steps::{self, fits};
use crate::bar::{Micros, SeriesName};
use crate::config;
use crate::error::{Error, FileError, Result};
use crate::timeframe;

/// A file with bars of one series, or of several symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The series, from the file's name; or that it has several.
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
    /// The other files that have a source's name or fit a glob, and what could not be looked into.
    pub unrecognised: Vec<Unrecognised>,
    /// Files that were named themselves and are no sources.
    pub refused: Vec<Unrecognised>,
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
        let takes_symbol =
            self.symbols.is_empty() || name.is_several() || self.symbols.contains(&name.symbol);
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
    /// How to read files whose names do not tell the timeframe.
    pub read: ReadOptions,
}

/// What a file's name and place tell.
struct Named {
    guess: SeriesGuess,
    /// Whether the name tells the symbol; if not, a column may.
    has_symbol: bool,
    /// Whether it has the extension of sources; another file is one only if it has bars.
    is_source: bool,
}

/// Why a file is not taken.
enum NotTaken {
    /// The reason.
    Because(String),
    /// It is no file of bars, and has no name of one; the reason is for those who asked for it.
    NoSource(String),
}

impl Naming {
    /// Whether to look at a file of this name at all.
    fn lists(&self, name: &str) -> bool {
        match &self.pattern {
            Some(pattern) => {
                let plain = extension::plain_path(name);
                extension::is_source(name)
                    || pattern
                        .extension()
                        .map_or_else(|| pattern.may_fit(plain), |e| extension::ends_in(plain, e))
            }
            None => extension::may_be_source(name),
        }
    }

    /// What the path tells.
    fn named(&self, file: &Listed) -> Result<Named, String> {
        let plain = extension::plain_path(&file.inside);
        let name = plain.rsplit('/').next().unwrap_or(plain);
        let is_source = extension::is_source(name) || self.pattern.is_some();
        let mut guess = match &self.pattern {
            Some(pattern) => {
                let whole = file.absolute.as_deref().map(extension::plain_path);
                let (symbol, timeframe) = pattern.parts(whole.map_or(plain, |path| pattern.end_of(path)))?;
                let timeframe = timeframe.map_or(TimeframeGuess::Unknown, TimeframeGuess::Told);
                SeriesGuess { stem: symbol.clone(), symbol, timeframe }
            }
            None => naming::guess(name.rsplit_once('.').map_or(name, |(stem, _)| stem)),
        };
        let inside = plain.split('/').collect::<Vec<_>>();
        let folders = std::iter::once(&*file.folder).chain(inside[..inside.len() - 1].iter().copied());
        let (partition, timeframe) =
            naming::of_partitions(folders.clone().filter(|_| self.pattern.is_none()));
        if let Some(timeframe) = timeframe {
            guess.timeframe = TimeframeGuess::Told(timeframe);
        }
        let is_alone = guess.timeframe == TimeframeGuess::Unknown;
        if is_alone && let Some(timeframe) = naming::of_folders(folders) {
            guess.timeframe = TimeframeGuess::Told(timeframe);
        }
        if let Some(given) = self.timeframe.as_deref().map(timeframe::canonical) {
            match &guess.timeframe {
                // A name that tells its timeframe is believed, unless the one file's series is given.
                TimeframeGuess::Told(_) if self.pattern.is_none() && self.symbol.is_none() => {}
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
            || partition.is_some()
            || if is_alone {
                naming::may_be_symbol(&guess.symbol) && !has_odd_end(name)
            } else {
                !naming::is_no_symbol(&guess.symbol)
            };
        if let Some(symbol) = self.symbol.as_ref().or(partition.as_ref()) {
            guess.symbol.clone_from(symbol);
        }
        Ok(Named { guess, has_symbol, is_source })
    }

    /// The series of a file.
    async fn series(&self, root: &Root, path: &str, file: &Listed) -> Result<SeriesName, NotTaken> {
        let mut named = self.named(file).map_err(NotTaken::Because)?;
        if let (false, Some(inside)) = (named.has_symbol, &file.archive_inside) {
            let archive = Listed { inside: inside.clone(), ..file.clone() };
            named = self.named(&archive).ok().filter(|archive| archive.has_symbol).unwrap_or(named);
        }
        let Named { guess, has_symbol, is_source } = named;
        let SeriesGuess { symbol, timeframe, .. } = guess;
        let by_column = self.read.csv.columns.symbol.is_some();
        if let (TimeframeGuess::Told(timeframe), true, true) = (&timeframe, by_column, is_source) {
            return Ok(SeriesName::several(timeframe.clone()));
        }
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
            Err(reason) => return Err(NotTaken::NoSource(format!("cannot be read: {reason}"))),
        };
        let is_empty = first.times.is_empty();
        if is_empty && !is_source && timeframe == TimeframeGuess::Unknown && !self.has_bars(root, path).await
        {
            return Err(NotTaken::NoSource(first.no_bar()));
        }
        let several = first.are_several.then(|| SeriesName::SEVERAL.to_owned());
        let by_name = has_symbol.then_some(symbol);
        let symbol = several.or(by_name).or_else(|| first.symbol.clone()).ok_or_else(|| {
            NotTaken::Because(
                "has a name that does not tell the symbol: give --symbol, or --pattern for several files"
                    .into(),
            )
        })?;
        if !first.are_several {
            pattern::check_symbol(&symbol).map_err(NotTaken::Because)?;
        }
        if timeframe == TimeframeGuess::Unknown && is_empty && first.rejected.is_some() {
            return Err(NotTaken::Because(first.no_bar()));
        }
        let timeframe = match (timeframe, first.timeframe) {
            (TimeframeGuess::Unknown, Some(told)) => TimeframeGuess::Told(told),
            (guess, _) => guess,
        };
        let timeframe = confirmed(timeframe, &steps::between(&first.times)).map_err(NotTaken::Because)?;
        Ok(SeriesName { symbol, timeframe })
    }

    /// What the first rows of a file tell. Rows of several symbols count as such unless somebody has named the symbol.
    async fn first_rows(&self, root: &Root, path: &str) -> Result<FirstRows, String> {
        if self.read.csv.columns.symbol.is_some() {
            return self
                .read_first(root, path, rows_by_symbol)
                .await
                .map(|first| FirstRows { are_several: true, ..first });
        }
        let first = self.read_first(root, path, rows_of_one).await;
        let may_be_several = first.as_ref().map_or(true, |first| first.may_be_several);
        if !may_be_several || self.symbol.is_some() || self.pattern.is_some() {
            return first;
        }
        match self.read_first(root, path, rows_by_symbol).await {
            Ok(several) if several.are_several => Ok(several),
            _ => first,
        }
    }

    async fn read_first(
        &self,
        root: &Root,
        path: &str,
        rows: fn(OpenSource, &ReadOptions) -> Result<FirstRows, FileError>,
    ) -> Result<FirstRows, String> {
        let source = OpenSource::open(root, path).await.map_err(|e| e.reason)?;
        let read = self.read.clone();
        let first = tokio::task::spawn_blocking(move || rows(source, &read));
        first.await.map_err(|e| e.to_string())?.map_err(|e: FileError| e.reason)
    }

    /// Whether a file that is refused seems to be one of bars all the same. One that cannot be opened may be.
    async fn has_bars(&self, root: &Root, path: &str) -> bool {
        let Ok(source) = OpenSource::open(root, path).await else { return true };
        // What was given may be why it is refused.
        let Ok(defaults) = config::defaults() else { return false };
        tokio::task::spawn_blocking(move || source.looks_like_bars(&defaults.csv)).await.unwrap_or(false)
    }
}

/// Whether what follows a name's last dot may belong to its symbol: BRK.B is no file of BRK.
fn has_odd_end(name: &str) -> bool {
    name.contains('.') && !extension::may_be_source(name)
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
        TimeframeGuess::Unknown => steps::shown(steps).ok_or_else(|| {
            "has a name that does not tell the timeframe, and its rows are too few or not evenly apart: give --timeframe"
                .to_owned()
        }),
    }
}

/// Looks for the sources of `places`, which lie below `root`.
///
/// # Errors
/// [`Error::Source`] if a place itself cannot be listed; [`Error::Usage`] if one symbol is given for several files.
pub async fn discover(root: &Root, places: &Places, naming: &Naming, filter: &Filter) -> Result<Discovery> {
    let lists = naming.clone();
    let looks_at = move |name: &str| lists.lists(name) || extension::may_be_archive(name);
    let mut listing = listing::list(root, places, looks_at).await?;
    members::replace_archives(root, &mut listing, |name| naming.lists(name)).await;
    let mut discovery = Discovery::default();
    let mut others = listing.unreadable;
    for (path, file) in listing.files {
        match naming.series(root, &path, &file).await {
            Ok(series) if !filter.takes(&series) => discovery.filtered += 1,
            Ok(series) => discovery.sources.push(Source { series, path, size: file.size }),
            Err(NotTaken::NoSource(_)) if !file.is_asked_for => {}
            Err(NotTaken::Because(reason) | NotTaken::NoSource(reason)) => _ = others.insert(path, reason),
        }
    }
    let others = others.into_iter().map(|(path, reason)| {
        let is_damaged = listing.damaged.contains(&path);
        Unrecognised { path, reason, is_damaged }
    });
    (discovery.refused, discovery.unrecognised) =
        others.partition(|other| listing.named.contains(&other.path));
    if naming.symbol.is_some() && discovery.sources.len() > 1 {
        return Err(Error::usage(
            format!("--symbol names one series, but there are {} files", discovery.sources.len()),
            "give one file alone, or name the files so that they tell their symbols",
        ));
    }
    discovery.sources.sort_by(|a, b| (&a.series, &a.path).cmp(&(&b.series, &b.path)));
    Ok(discovery)
}
