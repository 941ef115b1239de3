//! Reads a source with the bars of several symbols, and splits its rows by symbol.
//!
//! Invariant: each row counts once, in the part of its symbol, or among the rejected rows that have no symbol. All rows
//! before the end of a batch are in this batch or an earlier one. The rows of a symbol are read as those of a file that
//! has nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::fields::FieldSplitter;
use super::super::layout::{FileLayout, SymbolColumns};
use super::super::lines::Line;
use super::super::pattern::check_symbol;
use super::super::position::Position;
use super::super::text::SourceText;
use super::classify::{RowClassifier, raw};
use super::rows::FileRows;
use super::series::SeriesState;
use super::{Batch, MAX_KEPT, OpenFile, Reader, Reading, finish};
use crate::bar::{Bars, Micros};
use crate::config::Ambiguous;
use crate::error::FileError;
use crate::finding::RejectedRow;

/// A batch goes on until it has so many rows a symbol: a few rows of each are dear to look up and to write
/// (`benches/peers`, scenario `several`).
const ROWS_OF_EACH: usize = 80;

/// The first batch is smaller, and each has twice as many as the one before, so that the writing begins soon.
const FIRST_ROWS_OF_EACH: usize = 20;

/// Or until it has so many rows, however many symbols there are.
const MOST_ROWS: u64 = 1_000_000;

/// Or until so many rows of symbols that are not wanted were passed over: whoever reads may be told to stop.
const MOST_LEFT_OUT: u64 = 200_000;

/// Most symbols of a file: each takes about a kilobyte of memory.
const MOST_SYMBOLS: usize = 250_000;

/// The rows of one symbol among those of a batch.
#[derive(Debug)]
pub struct Part {
    /// The symbol.
    pub symbol: Arc<str>,
    /// Which symbol of the file it is, by its first row: from 0.
    pub place: usize,
    /// Its rows.
    pub batch: Batch,
}

/// Consecutive rows of a file with several symbols.
#[derive(Debug, Default)]
pub struct SplitBatch {
    /// The symbols that have rows in it, in the order of their first rows in the file.
    pub parts: Vec<Part>,
    /// Rows that have no symbol.
    pub rejected: Vec<RejectedRow>,
    /// Data rows in the batch.
    pub rows: u64,
    /// Where the next row starts.
    pub end: Position,
    /// How long compressed bytes were decoded for it, with the reading of what was decoded.
    pub decoding: Duration,
    /// Bytes of raw rows in it.
    kept_bytes: usize,
    /// Rows of symbols that are not wanted, which were passed over.
    left_out: u64,
}

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

/// Reads a source with the bars of several symbols.
pub struct SymbolReader<'a> {
    rows: FileRows<'a>,
    /// None if the file has no line.
    splitter: Option<Splitter>,
    layout: Option<Arc<FileLayout>>,
    /// Rows a symbol in the next batch.
    rows_of_each: usize,
    /// Whether the rows at the end were compared with those around them.
    has_finished: bool,
}

struct Splitter {
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

impl<'a> SymbolReader<'a> {
    /// Reads the first rows and decides how the file is written.
    ///
    /// # Errors
    /// A [`FileError`] if this is not a file of bars, or nothing tells the symbol of a row.
    pub(in crate::source) fn open_with(
        text: SourceText<'a>,
        reading: Reading<'_>,
    ) -> Result<Self, FileError> {
        let mut file = OpenFile::new(text, reading, true)?;
        let layout = file.layout.take().map(Arc::new);
        let splitter = layout.as_ref().map(|layout| Splitter::new(&file, layout, reading));
        Ok(Self { rows: file.rows, splitter, layout, rows_of_each: FIRST_ROWS_OF_EACH, has_finished: false })
    }

    /// Whether the file has no line, not even a header.
    pub fn is_empty(&self) -> bool {
        self.splitter.is_none()
    }

    /// Whether the rows so far, or some later rows, are of several symbols.
    pub fn has_several(&self) -> bool {
        let Some(Splitter { symbols, places, later_symbols, .. }) = &self.splitter else { return false };
        let have_bars = symbols.iter().filter(|symbol| symbol.last_rows > 0).count();
        have_bars > 1 || have_bars == 1 && later_symbols.iter().any(|key| !places.contains_key(key))
    }

    /// With a first batch of so many rows a symbol.
    #[must_use]
    pub fn with_rows_of_each(self, rows_of_each: usize) -> Self {
        Self { rows_of_each, ..self }
    }

    /// The next rows: as many as are asked for, or more if they are of many symbols; none at the end of the file.
    ///
    /// # Errors
    /// A [`FileError`] if reading fails, a line is too long, a bar is invalid and `on_invalid` is `fail`, or a symbol has
    /// rows of several series.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<SplitBatch>, FileError> {
        let Some(splitter) = &mut self.splitter else { return Ok(None) };
        let mut batch = SplitBatch::default();
        let mut last = u64::MAX;
        while batch.is_open(max_rows, self.rows_of_each) || self.rows.offset() == last {
            let is_first = batch.is_empty();
            let next = self.rows.next(is_first, |line| {
                last = line.offset;
                splitter.take(line, &mut batch)
            })?;
            if !next {
                break;
            }
        }
        self.rows_of_each = (self.rows_of_each * 2).min(ROWS_OF_EACH);
        batch.end = self.rows.position();
        batch.decoding = self.rows.take_decoding();
        let has_ended = self.rows.has_ended();
        if !self.has_finished {
            splitter.finish(&mut batch, has_ended);
            self.has_finished = has_ended;
        }
        let is_nothing = batch.is_empty() && batch.parts.is_empty();
        Ok((!is_nothing).then_some(batch))
    }

    /// How the file is written; none if it has no line.
    pub fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout.as_ref()
    }
}

impl Reader for SymbolReader<'_> {
    type Batch = SplitBatch;

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<SplitBatch>, FileError> {
        self.next_batch(max_rows)
    }

    fn layout(&self) -> Option<&Arc<FileLayout>> {
        self.layout()
    }
}

impl SplitBatch {
    /// The first and the last time of its bars.
    #[must_use]
    pub fn range(&self) -> Option<(Micros, Micros)> {
        let ranges = self.parts.iter().filter_map(|part| part.batch.bars.range());
        ranges.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
    }

    fn is_open(&self, max_rows: usize, rows_of_each: usize) -> bool {
        let wanted = max_rows.max(self.parts.len() * rows_of_each) as u64;
        self.rows < wanted.min(MOST_ROWS.max(max_rows as u64))
            && self.kept_bytes < MAX_KEPT
            && self.left_out < MOST_LEFT_OUT
    }

    /// Whether no row was read for it.
    fn is_empty(&self) -> bool {
        self.rows + self.left_out == 0
    }

    /// Adds a row that has no symbol.
    fn reject(&mut self, line: Line<'_>, rule: &'static str, reason: String) {
        self.rows += 1;
        self.kept_bytes += line.bytes.len();
        self.rejected.push(RejectedRow { row: raw(line), rule, reason });
    }
}

impl Splitter {
    fn new(file: &OpenFile<'_>, layout: &Arc<FileLayout>, reading: Reading<'_>) -> Self {
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

    /// Adds a row to the part of its symbol.
    fn take(&mut self, line: Line<'_>, batch: &mut SplitBatch) -> Result<(), FileError> {
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
    fn finish(&mut self, batch: &mut SplitBatch, is_last: bool) {
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
