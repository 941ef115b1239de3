//! Rows of several symbols are read as if each symbol had a file of its own.

use std::collections::BTreeMap;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::batches::file;
use super::*;
use crate::finding::QualityIssue;

/// What is found of a symbol: bars, repeats, rejected rows and issues, each with which of its rows it is.
#[derive(Debug, Default, PartialEq)]
struct Found {
    bars: Vec<(usize, Micros, [u64; 5])>,
    repeats: Vec<usize>,
    rejected: Vec<(usize, &'static str)>,
    issues: BTreeMap<usize, Vec<&'static str>>,
}

impl Found {
    /// Adds a batch; `row_of` tells which row of the symbol a line is.
    fn add(&mut self, batch: Batch, row_of: impl Fn(u64) -> usize) {
        for (i, line) in batch.lines.iter().enumerate() {
            let values = batch.bars.values(i).to_array().map(f64::to_bits);
            self.bars.push((row_of(*line), batch.bars.time[i], values));
        }
        self.repeats.extend(batch.repeats.iter().map(|repeat| row_of(repeat.row.line)));
        self.rejected.extend(batch.rejected.iter().map(|row| (row_of(row.row.line), row.rule)));
        for QualityIssue { line, rules, .. } in batch.issues {
            assert_eq!(self.issues.insert(row_of(line), rules), None, "line {line} is reported twice");
        }
    }

    fn sorted(mut self) -> Self {
        self.bars.sort_unstable();
        self
    }
}

fn source() -> SourceName<'static> {
    SourceName { path: "days.csv", timeframe: Some("1d") }
}

fn reader<'t>(text: &'t str, options: &ReadOptions, resume_at: u64) -> SymbolReader<'t> {
    let text = SourceText::new(text.as_bytes()).expect("opens");
    let reading = Reading { source: source(), options, resume_at, later: None };
    SymbolReader::open_with(text, reading).expect("a file of several symbols").with_rows_of_each(1)
}

/// The rows of each symbol, from where they are in the text on.
fn by_symbol(
    text: &str,
    rows: usize,
    resume_at: u64,
    place: &BTreeMap<u64, usize>,
    found: &mut BTreeMap<String, Found>,
) -> Vec<u64> {
    let options = options(OnInvalid::Warn);
    let (mut reader, mut ends) = (reader(text, &options, resume_at), Vec::new());
    while let Some(batch) = reader.next_batch(rows).expect("reads") {
        assert!(batch.rejected.is_empty(), "{batch:?}");
        assert_eq!(batch.rows, batch.parts.iter().map(|part| part.batch.rows).sum::<u64>());
        ends.push(batch.end.text);
        for part in batch.parts {
            found.entry(part.symbol.to_string()).or_default().add(part.batch, |line| place[&line]);
        }
    }
    ends
}

#[test]
fn each_symbol_is_read_as_in_a_file_of_its_own() {
    let options = options(OnInvalid::Warn);
    let (mut compared, mut resumed) = (0, 0);
    for seed in 0..200 {
        let mut rng = SmallRng::seed_from_u64(seed);
        let symbols: Vec<String> = (0..rng.random_range(2..5)).map(|i| format!("S{i}")).collect();
        let files: Vec<String> = symbols.iter().map(|_| file(&mut rng)).collect();
        let mut want = BTreeMap::new();
        let mut is_odd = Vec::new();
        for (symbol, text) in symbols.iter().zip(&files) {
            let mut own = BarReader::open_even_empty(text.as_bytes(), source(), &options, 0).expect("opens");
            is_odd.push(own.layout().is_some_and(|layout| layout.odd_step.is_some()));
            let mut found = Found::default();
            while let Some(batch) = own.next_batch(1000).expect("reads") {
                found.add(batch, |line| usize::try_from(line).expect("small") - 2);
            }
            want.insert(symbol.clone(), found.sorted());
        }
        // The rows of all symbols: sorted by symbol, in turn, or as chance has it.
        let mut rest: Vec<std::vec::IntoIter<&str>> =
            files.iter().map(|text| text.lines().skip(1).collect::<Vec<_>>().into_iter()).collect();
        let (mut text, mut place, mut line) =
            ("date,open,high,low,close,volume,ticker\n".to_owned(), BTreeMap::new(), 1);
        let (order, mut counts, mut turn) = (seed % 3, vec![0; rest.len()], 0);
        while rest.iter().any(|rows| rows.len() > 0) {
            turn = match order {
                0 => rest.iter().position(|rows| rows.len() > 0).expect("one"),
                1 => (turn + 1) % rest.len(),
                _ => rng.random_range(0..rest.len()),
            };
            let Some(row) = rest[turn].next() else { continue };
            line += 1;
            place.insert(line, counts[turn]);
            counts[turn] += 1;
            text.push_str(&format!("{row},{}\n", symbols[turn]));
        }
        let layout_is_odd =
            reader(&text, &options, 0).layout().is_some_and(|layout| layout.odd_step.is_some());
        if is_odd.iter().any(|odd| *odd != layout_is_odd) {
            continue;
        }
        compared += 1;
        for rows in [1, 3, 25, 1000] {
            let mut found = BTreeMap::new();
            let ends = by_symbol(&text, rows, 0, &place, &mut found);
            let found: BTreeMap<_, _> =
                found.into_iter().map(|(symbol, found)| (symbol, found.sorted())).collect();
            assert_eq!(found, want, "seed {seed} by {rows}:\n{text}");
            // From the end of any batch on, the rest follows, and nothing comes twice.
            let end = ends[rng.random_range(0..ends.len())];
            let mut rest = BTreeMap::new();
            by_symbol(&text, rows, end, &place, &mut rest);
            let first = text[..usize::try_from(end).expect("small")].lines().count() as u64;
            for (symbol, want) in &want {
                let later = |row: &usize| {
                    place.iter().any(|(line, at)| {
                        at == row
                            && *line > first
                            && text
                                .lines()
                                .nth(usize::try_from(*line).expect("small") - 1)
                                .is_some_and(|line| line.ends_with(&format!(",{symbol}")))
                    })
                };
                let rows: Vec<usize> = want.bars.iter().map(|bar| bar.0).filter(later).collect();
                let got: Vec<usize> =
                    rest.remove(symbol).unwrap_or_default().sorted().bars.iter().map(|bar| bar.0).collect();
                assert_eq!(got, rows, "seed {seed} by {rows:?}: {symbol} from {end} on\n{text}");
                resumed += rows.len();
            }
        }
    }
    assert!(compared > 100 && resumed > 1000, "{compared} {resumed}");
}

#[test]
fn what_is_no_row_of_a_symbol_is_rejected() {
    let text = "ticker,date,open,high,low,close,volume\nA,2024-01-01,1,2,0.5,1.5,10\n,2024-01-01,1,2,0.5,1.5,10\n\
                ticker,date,open,high,low,close,volume\nB,2024-01-01,1,2,0.5,1.5,10\n*,2024-01-01,1,2,0.5,1.5,10\nA\n\
                \"C, Inc.\",2024-01-01,1,2,0.5,1.5,10\n";
    let options = options(OnInvalid::Warn);
    let batch = reader(text, &options, 0).next_batch(100).expect("reads").expect("rows");
    let rejected: Vec<_> = batch.rejected.iter().map(|row| (row.row.line, row.rule)).collect();
    assert_eq!(rejected, [(3, "ticker"), (4, "header"), (6, "ticker")]);
    let parts: Vec<_> = batch
        .parts
        .iter()
        .map(|part| (&*part.symbol, part.batch.bars.len(), part.batch.rejected.len()))
        .collect();
    assert_eq!(parts, [("A", 1, 1), ("B", 1, 0), ("C, Inc.", 1, 0)]);
    assert_eq!(batch.rows, 7);
}

#[test]
fn a_batch_ends_with_a_line() {
    let mut text = String::from("time,A:open,A:high,A:low,A:close,B:open,B:high,B:low,B:close\n");
    for day in 1..=9 {
        text.push_str(&format!("2024-01-0{day},1,2,0.5,1.5,11,12,10,11\n"));
    }
    let options = options(OnInvalid::Warn);
    let mut reader = reader(&text, &options, 0);
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch(3).expect("reads") {
        assert!(text[..usize::try_from(batch.end.text).expect("small")].ends_with('\n'));
        rows.push(batch.rows);
    }
    assert_eq!(rows, [4, 4, 8, 2], "each batch may have twice as many rows a symbol");
}

#[test]
fn only_the_picked_symbols_are_read() {
    let text = "ticker,date,open,high,low,close,volume\nA,2024-01-01,1,2,0.5,1.5,10\nB,2024-01-01,x,2,0.5,1.5,10\nC,2024-01-01,1,2,0.5,1.5,10\n";
    let options = ReadOptions { symbols: vec!["C".into(), "A".into()], ..options(OnInvalid::Warn) };
    let batch = reader(text, &options, 0).next_batch(100).expect("reads").expect("rows");
    let parts: Vec<_> = batch.parts.iter().map(|part| &*part.symbol).collect();
    assert_eq!((parts, batch.rows), (vec!["A", "C"], 2));
}

#[test]
fn a_batch_ends_though_no_row_is_wanted() {
    let row = |symbol: &str| format!("{symbol},2024-01-01,1,2,1,1,1\n");
    let text = format!("ticker,date,open,high,low,close,volume\n{}{}", row("B").repeat(200_001), row("A"));
    let options = ReadOptions { symbols: vec!["A".into()], ..options(OnInvalid::Warn) };
    let mut reader = reader(&text, &options, 0);
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch(100).expect("reads") {
        rows.push((batch.rows, batch.end.text == text.len() as u64));
    }
    assert_eq!(rows, [(0, false), (1, true)]);
}

#[test]
fn a_symbol_has_rows_of_one_kind() {
    let text = "SYMBOL,SERIES,DATE,OPEN,HIGH,LOW,CLOSE,VOLUME\nA,EQ,2024-01-01,1,2,0.5,1.5,10\nA,BE,2024-01-02,1,2,0.5,1.5,10\n";
    let mut options = options(OnInvalid::Warn);
    let refused = reader(text, &options, 0).next_batch(100).expect_err("two kinds");
    assert!(refused.reason.contains("give --symbol-column SYMBOL,SERIES to tell them apart"), "{refused:?}");
    options.csv.columns.symbol = Some("SYMBOL,SERIES".into());
    let batch = reader(text, &options, 0).next_batch(100).expect("reads").expect("rows");
    let parts: Vec<_> = batch.parts.iter().map(|part| &*part.symbol).collect();
    assert_eq!(parts, ["A.EQ", "A.BE"]);
}
