//! The reader: whatever bytes come in, each data row comes out exactly once and in its place, however the bytes are
//! split and however many rows are asked for at once.

use std::collections::HashSet;
use std::io::{self, Read};

use barlift::bar::columns::{COLUMNS, COUNT};
use barlift::bar::{END_MICROS, FIRST_MICROS, Micros, known};
use barlift::config::OnInvalid;
use barlift::finding::QualityIssue;
use barlift::source::reader::{BarReader, Batch};
use proptest::prelude::*;

use super::corpus::{Input, inputs};
use super::holds;

/// Everything that a reader gives.
struct Reading {
    batches: Vec<Batch>,
    /// Hash and bytes of what was read, or what ended it.
    end: Result<([u8; 32], u64), String>,
    opened: bool,
    /// Lines that are not blank before the first row.
    before_data: usize,
}

/// More rows than any input has.
const ALL: usize = 1_000_000;

fn read(input: &Input, bytes: impl Read + Send, rows: usize, resume_at: u64) -> Reading {
    let mut batches = Vec::new();
    let mut reader = match BarReader::open(bytes, "A_1d.csv", &input.options, resume_at) {
        Ok(reader) => reader,
        Err(e) => return Reading { batches, end: Err(e.to_string()), opened: false, before_data: 0 },
    };
    let before_data = reader.layout().expect("it is not empty").lines_before_data();
    loop {
        match reader.next_batch(rows) {
            Ok(Some(batch)) => batches.push(batch),
            Ok(None) => break,
            Err(e) => return Reading { batches, end: Err(e.to_string()), opened: true, before_data },
        }
    }
    Reading { batches, end: Ok((reader.content_hash(), reader.bytes_read())), opened: true, before_data }
}

/// What became of a row; floats as their bits.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Bar(Micros, [u64; COUNT], Vec<&'static str>),
    Repeat(Micros, [u64; COUNT], Raw),
    Rejected(&'static str, String, Raw),
}

/// Offset and bytes of a row as it stands in the file.
type Raw = (u64, Vec<u8>);

/// The rules that a bar breaks by itself. Those that compare it with others depend on where the reader began.
fn of_bar(issue: &QualityIssue) -> Vec<&'static str> {
    let rules = issue.rules.iter().copied();
    rules.filter(|rule| !["price_jump", "time_out_of_order"].contains(rule)).collect()
}

/// Each row of a batch by its line.
fn fates(batch: &Batch) -> Vec<(u64, Fate)> {
    let bits = |v: barlift::bar::Ohlcv| v.to_array().map(f64::to_bits);
    let raw = |row: &barlift::finding::RawRow| (row.offset, row.bytes.clone());
    let rules = |line: u64| {
        let issue = batch.issues.iter().find(|i| i.line == line);
        issue.map(of_bar).unwrap_or_default()
    };
    let bars = (0..batch.bars.len()).map(|i| {
        let (line, time) = (batch.lines[i], batch.bars.time[i]);
        (line, Fate::Bar(time, bits(batch.bars.values(i)), rules(line)))
    });
    let repeats = batch.repeats.iter();
    let repeats = repeats.map(|r| (r.row.line, Fate::Repeat(r.time, bits(r.values), raw(&r.row))));
    let rejected = batch.rejected.iter();
    let rejected = rejected.map(|r| (r.row.line, Fate::Rejected(r.rule, r.reason.clone(), raw(&r.row))));
    let mut all: Vec<_> = bars.chain(repeats).chain(rejected).collect();
    all.sort_by_key(|(line, _)| *line);
    all
}

impl Reading {
    fn fates(&self) -> Vec<(u64, Fate)> {
        self.batches.iter().flat_map(fates).collect()
    }
}

/// A line that is not blank.
struct Row<'a> {
    line: u64,
    offset: u64,
    bytes: &'a [u8],
}

/// The rows of a file behind those lines, told apart without the crate.
fn rows(text: &[u8], before_data: usize) -> Vec<Row<'_>> {
    let mut offset = 0;
    let mut rows = Vec::new();
    for (i, bytes) in text.split(|b| *b == b'\n').enumerate() {
        let start = offset;
        offset += bytes.len() as u64 + 1;
        let bytes = if i == 0 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if !bytes.trim_ascii().is_empty() {
            rows.push(Row { line: i as u64 + 1, offset: start, bytes });
        }
    }
    rows.drain(..before_data);
    rows
}

fn has_long_line(input: &Input) -> bool {
    let limit = usize::try_from(input.options.csv.max_line.as_u64()).expect("small");
    let text = input.text();
    let mut lines = text.split(|b| *b == b'\n').enumerate();
    lines.any(|(i, line)| {
        let line = if i == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        line.strip_suffix(b"\r").unwrap_or(line).len() > limit
    })
}

/// Gives its bytes in pieces of changing sizes, and is interrupted now and then.
struct Chopped<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Chopped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().copied().unwrap_or(1);
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.bytes.take(size as u64).read(buffer).inspect(|&n| self.bytes = &self.bytes[n..])
    }
}

#[test]
fn each_row_comes_out_once_and_at_its_place() {
    holds(1000, &inputs(), |input| {
        let whole = read(&input, input.bytes.as_slice(), ALL, 0);
        for batch in &whole.batches {
            is_whole(batch, input.options.on_invalid);
        }
        match &whole.end {
            Ok(end) => is_complete(&input, &whole, *end),
            Err(reason) => is_a_reason(&input, &whole, reason),
        }
    });
}

/// What a batch promises of itself.
fn is_whole(batch: &Batch, on_invalid: OnInvalid) {
    assert_eq!(batch.rows as usize, batch.bars.len() + batch.repeats.len() + batch.rejected.len());
    assert_eq!(batch.bars.len(), batch.lines.len());
    assert!(batch.bars.time.is_sorted_by(|a, b| a < b), "{:?}", batch.bars.time);
    assert!(batch.bars.time.iter().all(|t| (FIRST_MICROS..END_MICROS).contains(t)));
    assert!(batch.bars.columns().iter().all(|c| c.len() == batch.bars.len()));
    for (column, values) in COLUMNS.iter().zip(batch.bars.columns()) {
        let may_lack_some = !column.is_required();
        assert!(
            values.iter().all(|v| v.is_finite() || may_lack_some && known(*v).is_none()),
            "{}",
            column.name
        );
    }
    let is_kept =
        |line: u64, time| batch.lines.iter().zip(&batch.bars.time).any(|(l, t)| (*l, *t) == (line, time));
    assert!(batch.issues.iter().all(|issue| !issue.rules.is_empty()));
    let mut of_bars = batch.issues.iter().filter(|issue| !of_bar(issue).is_empty());
    assert!(of_bars.clone().all(|issue| is_kept(issue.line, issue.time)));
    assert!(on_invalid == OnInvalid::Warn || of_bars.next().is_none());
    for row in &batch.rejected {
        assert!(row.reason.chars().count() < 2500, "{}", row.reason);
        assert!(!row.reason.chars().any(char::is_control), "{:?}", row.reason);
    }
}

fn is_complete(input: &Input, whole: &Reading, (hash, read): ([u8; 32], u64)) {
    assert_eq!(hash, *blake3::hash(&input.bytes).as_bytes());
    assert_eq!(read, input.bytes.len() as u64);
    assert!(!has_long_line(input), "a long line got through");
    let fates = whole.fates();
    let text = input.text();
    let rows = rows(&text, whole.before_data);
    let lines = |all: &mut dyn Iterator<Item = u64>| all.collect::<Vec<u64>>();
    assert_eq!(lines(&mut fates.iter().map(|f| f.0)), lines(&mut rows.iter().map(|r| r.line)));
    let mut times = HashSet::new();
    for ((_, fate), row) in fates.iter().zip(&rows) {
        match fate {
            Fate::Bar(time, ..) => assert!(times.insert(*time), "a time comes twice"),
            Fate::Repeat(time, _, raw) => {
                assert!(times.contains(time), "a repeat of nothing");
                assert_eq!((raw.0, raw.1.as_slice()), (row.offset, row.bytes));
            }
            Fate::Rejected(_, _, raw) => assert_eq!((raw.0, raw.1.as_slice()), (row.offset, row.bytes)),
        }
    }
}

/// A file may be refused at its start; behind that only for a line without an end, a bar without sense, or a row that shows
/// that others were read wrong.
fn is_a_reason(input: &Input, whole: &Reading, reason: &str) {
    assert!(reason.starts_with("A_1d.csv") && reason.chars().count() < 3000, "{reason}");
    assert!(!reason.chars().any(char::is_control), "{reason:?}");
    let too_long = reason.contains("bytes: no bar is") && has_long_line(input);
    let fails = reason.contains("--on-invalid is fail") && input.options.on_invalid == OnInvalid::Fail;
    let shows_more = ["several instruments", "a second header", "separate thousands", "no whole UTF-16"];
    let shows_more = shows_more.iter().any(|part| reason.contains(part));
    assert!(!whole.opened || too_long || fails || shows_more, "{reason}");
}

#[test]
fn neither_batches_nor_pieces_change_anything() {
    let sizes = proptest::collection::vec(0..9usize, 1..4)
        .prop_filter("it must go on", |sizes| sizes.iter().any(|n| *n > 0));
    holds(700, &(inputs(), 1..6usize, sizes), |(input, rows, sizes)| {
        let whole = read(&input, input.bytes.as_slice(), ALL, 0);
        let pieces = Chopped { bytes: &input.bytes, sizes: sizes.iter().cycle() };
        let small = read(&input, pieces, rows, 0);
        assert_eq!(small.end, whole.end);
        let (last, full) = small.batches.split_last().map_or((0, &[][..]), |(l, f)| (l.rows, f));
        assert!(full.iter().all(|b| b.rows == rows as u64) && last <= rows as u64, "batches of other sizes");
        if whole.end.is_ok() {
            assert_eq!(small.fates(), whole.fates());
        }
        for (done, batch) in small.batches.iter().enumerate() {
            resumes(&input, rows, batch.end.text, &small, done + 1);
        }
    });
}

/// A reader that goes on behind a batch gives what the first would have given.
fn resumes(input: &Input, rows: usize, at: u64, first: &Reading, done: usize) {
    let rest = read(input, input.bytes.as_slice(), rows, at);
    assert_eq!(rest.end, first.end);
    let wanted: Vec<_> = first.batches[done..].iter().map(|b| (fates(b), b.end.text)).collect();
    let got: Vec<_> = rest.batches.iter().map(|b| (fates(b), b.end.text)).collect();
    assert_eq!(got, wanted, "resumed at {at}");
}

/// Counts what is taken from it.
struct Counted<R>(R, u64);

impl<R: Read> Read for &mut Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).inspect(|n| self.1 += *n as u64)
    }
}

#[test]
fn a_line_without_an_end_is_not_read_on() {
    // The reader's buffer, twice: what lies in it, and what it grows to.
    const AHEAD: u64 = 2 * 256 * 1024;
    let limits = proptest::sample::select(vec!["64B", "1KB", "64KB", "1MB"]);
    let bytes = any::<u8>().prop_map(|b| if b == b'\n' { b'x' } else { b });
    holds(60, &(inputs(), bytes, limits), |(mut input, byte, limit)| {
        input.options.csv.max_line = limit.parse().expect("a size");
        let length = input.bytes.len() as u64;
        let mut endless = Counted(input.bytes.as_slice().chain(io::repeat(byte)), 0);
        let reading = read(&input, &mut endless, 10, 0);
        assert!(reading.end.is_err());
        let limit = input.options.csv.max_line.as_u64();
        assert!(endless.1 <= length + 2 * limit + AHEAD, "{} bytes for {limit}", endless.1);
    });
}
