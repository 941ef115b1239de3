//! Finds the symbol of each row of a file with several, and reads it as a row of that symbol alone.
//!
//! Invariant: each row goes into the part of its symbol, or among the rejected rows that have none. Two symbols, or two kinds
//! of one, never share a part.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::fields::FieldSplitter;
use super::super::layout::{FileLayout, SymbolColumns};
use super::super::lines::Line;
use super::super::pattern::check_symbol;
use super::classify::RowClassifier;
use super::series::SeriesState;
use super::split::{Part, SplitBatch};
use super::{Batch, OpenFile, Reading, finish};
use crate::bar::Bars;
use crate::config::Ambiguous;
use crate::error::FileError;

/// Most symbols of a file: each takes about a kilobyte of memory.
const MOST_SYMBOLS: usize = 250_000;

/// A symbol, and its rows so far.
struct Symbol {
    /// The texts of its columns.
    key: Vec<u8>,
    name: Arc<str>,
    series: SeriesState,
    /// The texts of the columns that must be the same in all of its rows.
    kinds: Vec<Vec<u8>>,
    /// Its part of the current batch.
    part: Option<usize>,
    /// How many rows it had in the batch before.
    last_rows: usize,
}

/// Splits the rows of one file by symbol.
pub(super) struct Splitter {
    path: String,
    classifier: RowClassifier,
    layout: Arc<FileLayout>,
    columns: SymbolColumns,
    /// Delimiter and quote.
    dialect: (u8, Option<u8>),
    /// The symbols to be read; none: all.
    wanted: Option<HashSet<Vec<u8>>>,
    fields: FieldSplitter,
    key: Vec<u8>,
    symbols: Vec<Symbol>,
    /// That of the row before.
    last: usize,
    places: HashMap<Vec<u8>, usize>,
    /// The symbols that are put together of several columns.
    joined: HashSet<Arc<str>>,
    later_symbols: HashSet<Vec<u8>>,
    ambiguous: Ambiguous,
    resume_at: u64,
}

impl Splitter {
    pub(super) fn new(file: &OpenFile<'_>, layout: &Arc<FileLayout>, reading: Reading<'_>) -> Self {
        let Reading { source, options, resume_at, .. } = reading;
        let (delimiter, quote) = (layout.columns.delimiter, file.csv.quote);
        let wanted = options.symbols.iter().map(|symbol| symbol.clone().into_bytes()).collect::<HashSet<_>>();
        Self {
            path: source.path.to_owned(),
            classifier: file.classifier(layout, reading),
            columns: layout.symbols.clone().unwrap_or_default(),
            layout: layout.clone(),
            dialect: (delimiter, quote),
            wanted: Some(wanted).filter(|wanted| !wanted.is_empty()),
            fields: FieldSplitter::new(delimiter, quote),
            key: Vec::new(),
            symbols: Vec::new(),
            last: 0,
            places: HashMap::new(),
            joined: HashSet::new(),
            later_symbols: file.later_symbols.clone(),
            ambiguous: options.ambiguous,
            resume_at,
        }
    }

    /// Whether the rows so far, or some later rows, are of several symbols.
    pub(super) fn has_several(&self) -> bool {
        let have_bars = self.symbols.iter().filter(|symbol| symbol.last_rows > 0).count();
        let has_other = || self.later_symbols.iter().any(|key| !self.places.contains_key(key));
        have_bars > 1 || have_bars == 1 && has_other()
    }

    /// Adds a row to the part of its symbol.
    #[inline]
    pub(super) fn take(&mut self, line: Line<'_>, batch: &mut SplitBatch) -> Result<(), FileError> {
        let is_new = line.offset >= self.resume_at;
        let Some(key) = self.columns.key(line.bytes, self.dialect, &mut self.fields, &mut self.key) else {
            if is_new {
                let reason = format!(
                    "{} is empty or missing (of a wide file, the line has another number of fields)",
                    self.columns.name
                );
                batch.reject(line, "ticker", reason);
            }
            return Ok(());
        };
        let guess = guessed(&self.symbols, self.last, key);
        let place = match guess.or_else(|| self.places.get(key).copied()) {
            Some(place) => place,
            None => match self.add(line, batch)? {
                Some(place) => place,
                None => return Ok(()),
            },
        };
        self.last = place;
        let symbol = &mut self.symbols[place];
        let layout = (&*self.path, &*self.layout, &self.columns);
        if let Some(empty) = check_kinds(layout, &mut self.fields, symbol, line)? {
            if is_new {
                batch.reject(line, "ticker", format!("{} is empty", self.layout.called(empty)));
            }
            return Ok(());
        }
        let part = *symbol.part.get_or_insert_with(|| {
            let bars = Bars::with_capacity(symbol.last_rows);
            let rows = Batch { bars, lines: Vec::with_capacity(symbol.last_rows), ..Batch::default() };
            batch.parts.push(Part { symbol: symbol.name.clone(), place, batch: rows });
            batch.parts.len() - 1
        });
        let part = &mut batch.parts[part].batch;
        let before = part.kept_bytes;
        self.classifier.classify(line, &mut symbol.series, part)?;
        batch.kept_bytes += part.kept_bytes - before;
        batch.rows += u64::from(is_new);
        Ok(())
    }

    /// Adds the symbol of a line, whose key is the current one; none if the line is no row of it.
    #[cold]
    fn add(&mut self, line: Line<'_>, batch: &mut SplitBatch) -> Result<Option<usize>, FileError> {
        let is_new = line.offset >= self.resume_at;
        let mut refuse = |rule, reason| {
            if is_new {
                batch.reject(line, rule, reason);
            }
        };
        if self.layout.is_same_header(line.bytes) {
            refuse("header", "repeats the header".into());
            return Ok(None);
        }
        let Ok(name) = std::str::from_utf8(&self.key).map(SymbolColumns::symbol) else {
            refuse("ticker", format!("{} is no UTF-8 text", self.columns.name));
            return Ok(None);
        };
        if let Err(reason) = check_symbol(&name) {
            refuse("ticker", format!("{} {reason}", self.columns.name));
            return Ok(None);
        }
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(name.as_bytes())) {
            batch.left_out += u64::from(is_new);
            return Ok(None);
        }
        let is_joined = self.columns.columns.len() > 1;
        let name: Arc<str> = name.into();
        if is_joined && !self.joined.insert(name.clone()) {
            let reason = format!(
                "{} make the symbol {name} of other texts than before: name the columns in another order",
                self.columns.name
            );
            return Err(FileError::permanent(&self.path, line.number, reason));
        }
        if self.symbols.len() == MOST_SYMBOLS {
            let reason = format!(
                "{} has more than {MOST_SYMBOLS} different texts: give --symbol-column if another column is the symbol, or \
                 --symbols for some of them, or split the file",
                self.columns.name
            );
            return Err(FileError::permanent(&self.path, line.number, reason));
        }
        let series = SeriesState::new(&self.layout, self.ambiguous);
        let key = self.key.clone();
        self.symbols.push(Symbol { key, name, series, kinds: Vec::new(), part: None, last_rows: 0 });
        self.places.insert(self.key.clone(), self.symbols.len() - 1);
        Ok(Some(self.symbols.len() - 1))
    }

    /// Compares the rows of each symbol with those around them. At the end of the file also those that waited for others.
    pub(super) fn finish(&mut self, batch: &mut SplitBatch, is_last: bool) {
        if is_last {
            let without = self.symbols.iter().enumerate().filter(|(_, symbol)| symbol.part.is_none());
            let part = |(place, symbol): (usize, &Symbol)| Part {
                symbol: symbol.name.clone(),
                place,
                batch: Batch::default(),
            };
            batch.parts.extend(without.map(part));
        }
        for part in &mut batch.parts {
            let symbol = &mut self.symbols[part.place];
            symbol.part = None;
            symbol.last_rows = part.batch.bars.len();
            finish(&mut part.batch, &mut symbol.series, is_last);
        }
        batch.parts.retain(|part| part.batch.rows > 0 || !part.batch.issues.is_empty());
        batch.parts.sort_unstable_by_key(|part| part.place);
    }
}

/// The symbol of a row, if it is that of the row before or the one that came after it first: so it is in files that are
/// sorted by symbol or by time, and a look into the map takes longer than all else.
fn guessed(symbols: &[Symbol], last: usize, key: &[u8]) -> Option<usize> {
    let next = if last + 1 < symbols.len() { last + 1 } else { 0 };
    [last, next].into_iter().find(|place| symbols.get(*place).is_some_and(|symbol| symbol.key == key))
}

/// Refuses a row of another kind than those of its symbol before. Returns the column of a kind that it lacks, as they did not.
fn check_kinds(
    (path, layout, columns): (&str, &FileLayout, &SymbolColumns),
    fields: &mut FieldSplitter,
    symbol: &mut Symbol,
    line: Line<'_>,
) -> Result<Option<usize>, FileError> {
    if columns.kinds.is_empty() {
        return Ok(None);
    }
    let row = fields.split(line.bytes);
    // A row of another width is rejected for that.
    if row.len() != layout.columns.width && !layout.ends_with_delimiter {
        return Ok(None);
    }
    if symbol.kinds.is_empty() {
        symbol.kinds = columns.kinds.iter().map(|at| row.get(*at).trim_ascii().to_vec()).collect();
        return Ok(None);
    }
    for (at, before) in columns.kinds.iter().zip(&symbol.kinds) {
        let value = row.get(*at).trim_ascii();
        // Of some symbols, futures among options, each row lacks it.
        if value.is_empty() && !before.is_empty() {
            return Ok(Some(*at));
        }
        if value != before {
            let reason = columns.other_kind((&symbol.name, &layout.called(*at)), value, before);
            return Err(FileError::permanent(path, line.number, reason));
        }
    }
    Ok(None)
}
