//! `barlift inspect`: how files would be read, and why. It needs no database.
//!
//! With `--save-preset` that is kept as a preset (`save_preset`).

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::args::InspectArgs;
use super::lookup::lookup;
use super::save_preset::NewPreset;
use super::{Outcome, output};
use crate::bar::columns::COLUMNS;
use crate::bar::{Bars, Ohlcv, SeriesName, format_time, known};
use crate::config::{Config, CsvConfig, OnStep};
use crate::error::{Error, FileError, Result};
use crate::finding::RejectedRow;
use crate::source::discover::{self, Discovery, Source};
use crate::source::layout::FileLayout;
use crate::source::open::{OpenSource, SourceReader};
use crate::source::places::Places;
use crate::source::reader::{Batch, ReadOptions, Reader, SplitBatch, UTC};
use crate::source::root::Root;

/// Bars that are shown of each end of a file.
const ENDS: usize = 3;

/// Rows in a batch.
const ROWS: usize = 20_000;

/// What is known of one file.
#[derive(Serialize)]
struct Inspected {
    path: String,
    #[serde(flatten)]
    series: SeriesName,
    /// What would read it with nothing left to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<CsvConfig>,
    /// The zone of times without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    /// What a preset says that reads other files like it.
    #[serde(skip)]
    for_others: Option<ReadOptions>,
    columns: Vec<(String, String)>,
    /// Those that the file has, in the order of their first rows; empty if it has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    symbols: Vec<String>,
    notes: Vec<String>,
    ignored_columns: Vec<String>,
    rows: u64,
    rejected: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_rejected: Option<String>,
    /// Bars that break a market-data rule.
    issues: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_issue: Option<String>,
    first: Vec<Bar>,
    last: Vec<Bar>,
    /// Why an import does not take it all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Inspected {
    /// Whether an import would not take it, or none of its rows is a bar.
    fn has_failed(&self) -> bool {
        self.error.is_some() || self.refused.is_some() || self.rows > 0 && self.rows == self.rejected
    }
}

/// A bar as it would be stored.
#[derive(Debug, Clone, Serialize)]
struct Bar {
    time: String,
    #[serde(flatten)]
    values: Ohlcv,
}

pub(super) async fn run(
    args: &InspectArgs,
    places: Result<Places>,
    settings: Option<&Path>,
    config: &Config,
) -> Result<Outcome> {
    let preset =
        args.save_preset.as_deref().map(|name| NewPreset::named(name, settings, config)).transpose()?;
    let places = places?;
    let root = Root::open(places.root()).await?;
    let (naming, filter) = lookup(&args.files, config)?;
    let Discovery { sources, unrecognised, refused, .. } =
        discover::discover(&root, &places, &naming, &filter).await?;
    let not_taken: Vec<_> = refused.into_iter().chain(unrecognised).collect();
    if sources.is_empty() && not_taken.is_empty() {
        return Err(Error::usage(
            format!("no bar file in {}", args.places.join(", ")),
            "give a bar file, or a directory of them",
        ));
    }
    let mut all = Vec::new();
    for source in sources.iter().take(args.limit) {
        all.push(inspect(&root, source, &naming.read, config.import.on_step).await);
    }
    if let Some(preset) = preset {
        if sources.len() > all.len() {
            return Err(Error::usage(
                format!("there are {} files, and only {} were looked at", sources.len(), all.len()),
                "look at all of them (--limit), or give one file",
            ));
        }
        let read = all.iter().map(|file| (file.path.as_str(), file.for_others.as_ref()));
        let others = not_taken.iter().map(|other| (other.path.as_str(), None));
        preset.save(read.chain(others), config)?;
    }
    let has_failed = !not_taken.is_empty() || all.iter().any(Inspected::has_failed);
    if args.files.json {
        output::json(&serde_json::json!({ "files": all, "unrecognised": not_taken }))?;
    } else {
        output::print(|out| {
            all.iter().try_for_each(|file| show(out, file))?;
            for other in &not_taken {
                writeln!(out, "{} {}", output::visible(&other.path), output::visible(&other.reason))?;
            }
            if sources.len() > args.limit {
                writeln!(out, "({} more files; --limit shows more)", sources.len() - args.limit)?;
            }
            Ok(())
        })?;
    }
    Ok(if has_failed { Outcome::Failures } else { Outcome::Well })
}

async fn inspect(root: &Root, source: &Source, read: &ReadOptions, on_step: OnStep) -> Inspected {
    let mut file = of_nothing(source);
    let opened = OpenSource::open(root, &source.path).await;
    let read = read.clone();
    let task = tokio::task::spawn_blocking(move || {
        let done = opened.and_then(|opened| fill(&mut file, opened, &read, on_step));
        file.error = done.err().map(|e| e.to_string());
        file
    });
    match task.await {
        Ok(file) => file,
        Err(e) => Inspected { error: Some(e.to_string()), ..of_nothing(source) },
    }
}

fn of_nothing(source: &Source) -> Inspected {
    Inspected {
        path: source.path.clone(),
        series: source.series.clone(),
        csv: None,
        timezone: None,
        for_others: None,
        columns: Vec::new(),
        symbols: Vec::new(),
        notes: Vec::new(),
        ignored_columns: Vec::new(),
        rows: 0,
        rejected: 0,
        first_rejected: None,
        issues: 0,
        first_issue: None,
        first: Vec::new(),
        last: Vec::new(),
        refused: None,
        error: None,
    }
}

/// Reads the whole file.
fn fill(
    file: &mut Inspected,
    opened: OpenSource,
    read: &ReadOptions,
    on_step: OnStep,
) -> Result<(), FileError> {
    let timeframe = file.series.timeframe.clone();
    if file.series.is_several() {
        let reader = opened.bars_by_symbol(read, &timeframe, true, 0)?;
        fill_from(file, reader, (read, on_step), |file, batch, ends| file.add_parts(&batch, ends))
    } else {
        let reader = opened.bars(read, &timeframe, true, 0)?;
        fill_from(file, reader, (read, on_step), |file, batch, ends| file.add(&batch, Some(ends)))
    }
}

fn fill_from<R: Reader>(
    file: &mut Inspected,
    mut reader: SourceReader<R>,
    (read, on_step): (&ReadOptions, OnStep),
    add: impl Fn(&mut Inspected, R::Batch, &mut Bars),
) -> Result<(), FileError> {
    if let Some(layout) = reader.layout() {
        let proven = layout.proof.map(|proof| proof.timezone.clone());
        let timezone = proven.or_else(|| read.timezone.clone());
        file.csv = Some(layout.settled(&read.csv));
        file.timezone = Some(timezone.clone().unwrap_or_else(|| UTC.to_owned()));
        file.for_others =
            Some(ReadOptions { csv: layout.settled_for_others(&read.csv), timezone, ..read.clone() });
        file.columns = columns(&layout);
        file.notes = layout.notes_of(&file.series.symbol);
        file.ignored_columns.clone_from(&layout.columns.ignored);
        file.refused = layout.refused_step().filter(|_| on_step == OnStep::Fail);
    }
    let mut ends = Bars::default();
    while let Some(batch) = reader.next_batch(ROWS)? {
        add(file, batch, &mut ends);
    }
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_unstable_by_key(|i| ends.time[*i]);
    let bar = |i: &usize| Bar { time: format_time(ends.time[*i]), values: ends.values(*i) };
    file.first = order.iter().take(ENDS).map(bar).collect();
    file.last = order.iter().skip(ENDS.max(order.len().saturating_sub(ENDS))).map(bar).collect();
    reader.finish().map(drop)
}

impl Inspected {
    /// Adds a batch; the bars at its ends if they are wanted.
    fn add(&mut self, batch: &Batch, ends: Option<&mut Bars>) {
        self.rows += batch.rows;
        self.add_rejected(&batch.rejected);
        self.issues += batch.issues.len() as u64;
        if let (None, Some(issue)) = (&self.first_issue, batch.issues.first()) {
            self.first_issue = Some(format!("line {}: {}", issue.line, issue.rules.join(", ")));
        }
        let (bars, Some(ends)) = (&batch.bars, ends) else { return };
        let ends_of_batch = (0..bars.len()).filter(|i| *i < ENDS || i + ENDS >= bars.len());
        ends_of_batch.for_each(|i| ends.push(bars.time[i], bars.values(i)));
    }

    fn add_rejected(&mut self, rejected: &[RejectedRow]) {
        self.rejected += rejected.len() as u64;
        if let (None, Some(row)) = (&self.first_rejected, rejected.first()) {
            self.first_rejected = Some(format!("line {}: {}", row.row.line, row.reason));
        }
    }

    /// Adds a batch with several symbols; bars are shown of the first one.
    fn add_parts(&mut self, batch: &SplitBatch, ends: &mut Bars) {
        self.rows += batch.rejected.len() as u64;
        self.add_rejected(&batch.rejected);
        for part in &batch.parts {
            if part.place >= self.symbols.len() {
                self.symbols.push(part.symbol.to_string());
            }
            self.add(&part.batch, (part.place == 0).then_some(&mut *ends));
        }
    }
}

/// What each value is read from: a column's name, or its number.
fn columns(layout: &FileLayout) -> Vec<(String, String)> {
    let columns = &layout.columns;
    let mut all: Vec<_> = columns.symbol.iter().map(|at| ("symbol".to_owned(), layout.called(*at))).collect();
    if let Some(date) = columns.date {
        all.push(("date".to_owned(), layout.called(date)));
    }
    all.push(("time".to_owned(), layout.called(columns.time)));
    for (column, at) in COLUMNS.iter().zip(columns.values) {
        let from = at.map_or_else(|| "unknown".to_owned(), |at| layout.called(at));
        all.push((column.name.to_owned(), from));
    }
    all
}

fn show(out: &mut dyn Write, file: &Inspected) -> io::Result<()> {
    let SeriesName { symbol, timeframe } = &file.series;
    writeln!(
        out,
        "{}: {} {}",
        output::visible(&file.path),
        output::visible(symbol),
        output::visible(timeframe)
    )?;
    if let Some(error) = &file.error {
        return writeln!(out, "  cannot be read: {}\n", output::visible(error));
    }
    let columns: Vec<String> = file.columns.iter().map(|(value, from)| format!("{value} {from}")).collect();
    writeln!(out, "  columns   {}", output::visible(&columns.join(", ")))?;
    if let Some(first) = file.symbols.first() {
        const SHOWN: usize = 8;
        let names = file.symbols[..file.symbols.len().min(SHOWN)].join(", ");
        let more = if file.symbols.len() > SHOWN { ", …" } else { "" };
        let shown = format!("{}: {names}{more}; the bars below are {first}'s", file.symbols.len());
        writeln!(out, "  symbols   {}", output::visible(&shown))?;
    }
    if let Some(csv) = &file.csv {
        let form = csv.time_format.as_ref().map_or_else(String::new, ToString::to_string);
        writeln!(out, "  times     {}", output::visible(&form))?;
    }
    for note in &file.notes {
        writeln!(out, "  note      {}", output::visible(note))?;
    }
    if let Some(reason) = &file.refused {
        writeln!(out, "  refused   by an import: {}", output::visible(reason))?;
    }
    if !file.ignored_columns.is_empty() {
        writeln!(out, "  ignored   {}", output::visible(&file.ignored_columns.join(", ")))?;
    }
    let rejected = match &file.first_rejected {
        Some(first) => format!(", {} rejected, the first one {first}", file.rejected),
        None => String::new(),
    };
    writeln!(out, "  rows      {}{}", file.rows, output::visible(&rejected))?;
    if let Some(first) = &file.first_issue {
        writeln!(out, "  issues    {} bars break a market-data rule, the first one in {first}", file.issues)?;
    }
    for (title, bars) in [("first", &file.first), ("last", &file.last)] {
        for bar in bars {
            let values = bar
                .values
                .to_array()
                .map(|value| known(value).map_or_else(|| "-".to_owned(), |v| v.to_string()));
            writeln!(out, "  {title:<8}  {}  {}", bar.time, values.join(" "))?;
        }
    }
    writeln!(out)
}
