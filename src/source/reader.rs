//! CSV bytes in, batches of bars out.
//!
//! Invariant: every data row (a line that is not blank, behind the header) counts once, as a bar, a
//! repeat or a rejected row, so the three add up to [`Batch::rows`]. Bars of a batch are in time order
//! and no time comes twice in a file's bars; a repeat is left to whoever can look up the first.
//! It does not compare with the database and does not decide what too many rejects are.

use std::io::Read;

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::header::{self, Columns, VALUE_NAMES};
use super::lines::{LineError, Lines};
use super::seen::Seen;
use super::time::TimeParser;
use super::{number, quality};
use crate::bar::{Bars, Micros, Ohlcv, format_time};
use crate::config::{CsvConfig, OnInvalid};
use crate::error::FileError;
use crate::finding::{QualityIssue, RawRow, RejectedRow};

/// How to read a source. Stored with the operation, so that every worker reads alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// The files' dialect and columns.
    pub csv: CsvConfig,
    /// The zone of naive times.
    pub timezone: String,
    /// What to do with bars that break a market-data rule.
    pub on_invalid: OnInvalid,
}

/// Consecutive data rows of one file.
#[derive(Debug, Default)]
pub struct Batch {
    /// New bars, in time order.
    pub bars: Bars,
    /// The line of each bar.
    pub lines: Vec<u64>,
    /// Rows whose time an earlier row of the file has.
    pub repeats: Vec<Repeat>,
    /// Rows that cannot become bars.
    pub rejected: Vec<RejectedRow>,
    /// Bars (among `bars`) that break a market-data rule.
    pub issues: Vec<QualityIssue>,
    /// Data rows in the batch.
    pub rows: u64,
    /// Where the file goes on behind it, in bytes.
    pub end_offset: u64,
    /// Bytes of raw rows in it; a batch ends early when they become many.
    pub kept_bytes: usize,
}

/// Raw rows that a batch keeps, in bytes, before it ends.
const MAX_KEPT: usize = 8 * 1024 * 1024;

/// A row with a time that the file had before.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// The time.
    pub time: Micros,
    /// This row's values.
    pub values: Ohlcv,
    /// The row as it stands in the file, should it turn out to contradict the first.
    pub row: RawRow,
}

/// Reads one source.
pub struct BarReader<R> {
    lines: Lines<R>,
    rows: Rows,
    header: Option<Vec<u8>>,
    /// The first row of a file without a header, read to find the columns.
    first: Option<RawRow>,
}

impl<R: Read> BarReader<R> {
    /// Reads up to the header and finds the columns. Rows that start before `resume_at` bytes are
    /// taken note of but not given out: an earlier attempt has them.
    ///
    /// # Errors
    /// A [`FileError`] if this is no file of bars.
    pub fn open(input: R, path: &str, options: &ReadOptions, resume_at: u64) -> Result<Self, FileError> {
        let csv = &options.csv;
        let zone = super::time::zone(&options.timezone)
            .map_err(|e| FileError::permanent(path, None, e.to_string()))?;
        let max_line = usize::try_from(csv.max_line.as_u64()).unwrap_or(usize::MAX);
        let mut lines = Lines::new(input, max_line);
        let first = first_line(&mut lines, path)?;
        let columns =
            header::resolve(&first.bytes, csv).map_err(|e| FileError::permanent(path, first.line, e))?;
        let (header, first) = if csv.header { (Some(first.bytes), None) } else { (None, Some(first)) };
        let rows = Rows {
            path: path.to_owned(),
            fields: Fields::new(columns.delimiter, csv.quote),
            columns,
            times: TimeParser::new(zone, csv.time_format.clone()),
            decimal_comma: csv.decimal_comma,
            on_invalid: options.on_invalid,
            seen: Seen::default(),
            resume_at,
            scratch: Vec::new(),
        };
        Ok(Self { lines, rows, header, first })
    }

    /// Up to `max_rows` further rows; none at the file's end.
    ///
    /// # Errors
    /// A [`FileError`] when reading fails, a line has no end, or `on_invalid = fail` strikes.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>, FileError> {
        let mut batch = Batch { bars: Bars::with_capacity(max_rows.min(4096)), ..Batch::default() };
        if let Some(first) = self.first.take() {
            self.rows.take(&first.bytes, first.line, first.offset, &mut batch)?;
        }
        while batch.rows < max_rows as u64 && batch.kept_bytes < MAX_KEPT {
            let next = self.lines.next_line();
            let Some(line) = next.map_err(|e| line_error(&self.rows.path, e))? else { break };
            if !line.bytes.trim_ascii().is_empty() {
                self.rows.take(line.bytes, line.number, line.offset, &mut batch)?;
            }
        }
        batch.end_offset = self.lines.offset();
        if batch.rows == 0 {
            return Ok(None);
        }
        sort_by_time(&mut batch);
        Ok(Some(batch))
    }

    /// The header line as it stands in the file.
    pub fn header(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    /// Columns that nothing is read from.
    pub fn ignored_columns(&self) -> &[String] {
        &self.rows.columns.ignored
    }

    /// BLAKE3 of the bytes read so far; of the whole file after the last batch.
    pub fn content_hash(&self) -> [u8; 32] {
        self.lines.hash()
    }

    /// Bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }
}

/// The part of a reader that turns rows into something, apart from the lines they come from.
struct Rows {
    path: String,
    columns: Columns,
    fields: Fields,
    times: TimeParser,
    decimal_comma: bool,
    on_invalid: OnInvalid,
    seen: Seen,
    resume_at: u64,
    scratch: Vec<u8>,
}

impl Rows {
    fn take(&mut self, bytes: &[u8], line: u64, offset: u64, batch: &mut Batch) -> Result<(), FileError> {
        let parsed = self.parse(bytes);
        let rules = match &parsed {
            Ok((_, values)) => quality::broken_rules(values),
            Err(_) => Vec::new(),
        };
        let barred = !rules.is_empty() && self.on_invalid != OnInvalid::Warn;
        if offset < self.resume_at {
            if let (Ok((time, _)), false) = (&parsed, barred) {
                self.seen.insert(*time);
            }
            return Ok(());
        }
        batch.rows += 1;
        let row = || RawRow { line, offset, bytes: bytes.to_vec() };
        let (time, values) = match parsed {
            Ok(bar) => bar,
            Err((rule, reason)) => {
                batch.kept_bytes += bytes.len();
                batch.rejected.push(RejectedRow { row: row(), rule, reason });
                return Ok(());
            }
        };
        if barred {
            let reason = format!("breaks {} ({values})", rules.join(", "));
            if self.on_invalid == OnInvalid::Fail {
                let reason = format!("the bar of {} {reason}; --on-invalid is fail", format_time(time));
                return Err(FileError::permanent(&self.path, line, reason));
            }
            batch.kept_bytes += bytes.len();
            batch.rejected.push(RejectedRow { row: row(), rule: "quality", reason });
        } else if self.seen.insert(time) {
            batch.bars.push(time, values);
            batch.lines.push(line);
            if !rules.is_empty() {
                batch.issues.push(QualityIssue { line, time, values, rules });
            }
        } else {
            batch.kept_bytes += bytes.len();
            batch.repeats.push(Repeat { time, values, row: row() });
        }
        Ok(())
    }

    /// Time and values of a row, or the rule it breaks and why.
    fn parse(&mut self, bytes: &[u8]) -> Result<(Micros, Ohlcv), (&'static str, String)> {
        let row = self.fields.split(bytes);
        let columns = &self.columns;
        if row.len() != columns.width {
            let reason = format!("has {} fields instead of {}", row.len(), columns.width);
            return Err(("ragged", reason));
        }
        let at = |column: usize, reason: String| format!("column {}: {reason}", column + 1);
        let time = match columns.date {
            None => self.times.parse(row.get(columns.time)),
            Some(date) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(row.get(date).trim_ascii());
                self.scratch.push(b' ');
                self.scratch.extend_from_slice(row.get(columns.time).trim_ascii());
                self.times.parse(&self.scratch)
            }
        };
        let time = time.map_err(|e| ("time", at(columns.time, e)))?;
        let mut v = [0.0; 5];
        for (i, &column) in columns.values.iter().enumerate() {
            v[i] = number::parse(row.get(column), self.decimal_comma)
                .map_err(|e| ("number", at(column, format!("{} {e}", VALUE_NAMES[i]))))?;
        }
        let [open, high, low, close, volume] = v;
        Ok((time, Ohlcv { open, high, low, close, volume }))
    }
}

fn sort_by_time(batch: &mut Batch) {
    if batch.bars.time.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..batch.bars.len()).collect();
    order.sort_unstable_by_key(|&i| batch.bars.time[i]);
    let mut sorted = Bars::with_capacity(order.len());
    for &i in &order {
        sorted.push(batch.bars.time[i], batch.bars.values(i));
    }
    batch.lines = order.iter().map(|&i| batch.lines[i]).collect();
    batch.bars = sorted;
}

/// The first line that is not blank, if this is text at all.
fn first_line<R: Read>(lines: &mut Lines<R>, path: &str) -> Result<RawRow, FileError> {
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Err(FileError::permanent(path, None, "the file is empty: it has no header")),
            Err(LineError::TooLong(1, max)) => {
                let reason = format!(
                    "the first line is longer than {max} bytes: this is no CSV file of bars \
                     (csv.max_line raises the limit)"
                );
                return Err(FileError::permanent(path, 1, reason));
            }
            Err(e) => return Err(line_error(path, e)),
        };
        if let Some(kind) = foreign(line.bytes) {
            return Err(FileError::permanent(path, line.number, kind));
        }
        if !line.bytes.trim_ascii().is_empty() {
            return Ok(RawRow { line: line.number, offset: line.offset, bytes: line.bytes.to_vec() });
        }
    }
}

/// What a file is that is no text.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("the file is gzip-compressed: unpack it first"),
        [b'P', b'K', 3, 4, ..] => Some("the file is a zip archive: unpack it first"),
        [b'P', b'A', b'R', b'1', ..] => Some("the file is Parquet, not CSV"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("the file is UTF-16: convert it to UTF-8 first"),
        _ if bytes.contains(&b'\r') => {
            Some("the lines end with a carriage return alone: convert them to line feeds")
        }
        _ if bytes.contains(&0) => Some("the file is binary: its first line holds NUL bytes"),
        _ => None,
    }
}

fn line_error(path: &str, e: LineError) -> FileError {
    match e {
        LineError::Io(e) => super::root::io_error(path, &e),
        LineError::TooLong(line, max) => FileError::permanent(
            path,
            line,
            format!("the line is longer than {max} bytes: no bar is (csv.max_line raises the limit)"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;

    fn options(on_invalid: OnInvalid) -> ReadOptions {
        let config = crate::config::load(None, &[]).expect("defaults");
        ReadOptions { csv: config.csv, timezone: "UTC".into(), on_invalid }
    }

    fn read(data: &[u8], max_rows: usize, resume_at: u64) -> Vec<Batch> {
        let options = options(OnInvalid::Warn);
        let mut reader = BarReader::open(data, "A_1d.csv", &options, resume_at).expect("opens");
        std::iter::from_fn(|| reader.next_batch(max_rows).expect("reads")).collect()
    }

    const GOOD: &str = "date,open,high,low,close,volume\n\
        2024-01-01,1,2,0.5,1.5,10\n2024-01-02,1,2,0.5,1.5,11\n2024-01-03,1,2,0.5,1.5,12\n";

    #[test]
    fn batches_have_the_size_asked_for() {
        let batches = read(GOOD.as_bytes(), 2, 0);
        assert_eq!(batches.iter().map(|b| b.rows).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(batches[1].bars.volume, [12.0]);
        assert_eq!(batches[1].end_offset, GOOD.len() as u64);
        assert_eq!(batches[1].lines, [4]);
    }

    #[test]
    fn each_bad_row_is_rejected_with_its_place() {
        let text = "date,open,high,low,close,volume\r\n\
            2024-01-01,1,2,0.5\r\n2024-01-02,1,2,0.5,NaN,1\r\n\r\nyesterday,1,2,0.5,1,1\r\n\
            2024-01-03,1,2,0.5,1.5,\"1\"\r\n";
        let batches = read(text.as_bytes(), 10, 0);
        let got: Vec<_> = batches[0]
            .rejected
            .iter()
            .map(|r| {
                (r.row.line, r.rule, r.reason.as_str(), String::from_utf8_lossy(&r.row.bytes).into_owned())
            })
            .collect();
        assert_eq!(got[0].0, 2);
        assert_eq!(got[0].2, "has 4 fields instead of 6");
        assert_eq!(got[1].2, "column 5: close `NaN` is not a finite number");
        assert_eq!((got[2].0, got[2].1), (5, "time"));
        assert_eq!(got[2].3, "yesterday,1,2,0.5,1,1");
        assert_eq!(batches[0].rows, 4);
        assert_eq!(batches[0].bars.volume, [1.0]);
        let offset = usize::try_from(batches[0].rejected[1].row.offset).expect("small");
        assert!(text[offset..].starts_with("2024-01-02"));
    }

    #[test]
    fn unsorted_rows_come_out_sorted_and_repeats_apart() {
        let text = "date,open,high,low,close,volume\n2024-01-03,1,2,0.5,1.5,3\n\
            2024-01-01,1,2,0.5,1.5,1\n2024-01-03,1,2,0.5,1.5,9\n2024-01-02,1,2,0.5,1.5,2\n";
        let batch = &read(text.as_bytes(), 10, 0)[0];
        assert_eq!(batch.bars.volume, [1.0, 2.0, 3.0]);
        assert_eq!(batch.lines, [3, 5, 2]);
        assert_eq!(batch.repeats.len(), 1);
        assert_eq!(batch.repeats[0].values.volume, 9.0);
        assert_eq!(batch.rows, 4);
    }

    #[test]
    fn resuming_gives_only_the_rest_but_remembers_the_times() {
        let first = read(GOOD.as_bytes(), 2, 0)[0].end_offset;
        let text = format!("{GOOD}2024-01-01,1,2,0.5,1.5,99\n");
        let batches = read(text.as_bytes(), 10, first);
        assert_eq!(batches[0].rows, 2);
        assert_eq!(batches[0].bars.volume, [12.0]);
        assert_eq!(batches[0].repeats.len(), 1);
    }

    #[test]
    fn invalid_bars_follow_the_policy() {
        let text = "date,open,high,low,close,volume\n2024-01-01,1,0.7,0.5,1.5,10\n";
        assert_eq!(read(text.as_bytes(), 10, 0)[0].issues.len(), 1);
        let mut reject =
            BarReader::open(text.as_bytes(), "A_1d.csv", &options(OnInvalid::Reject), 0).expect("opens");
        let batch = reject.next_batch(10).expect("reads").expect("rows");
        assert_eq!((batch.bars.len(), batch.rejected[0].rule), (0, "quality"));
        let mut fail =
            BarReader::open(text.as_bytes(), "A_1d.csv", &options(OnInvalid::Fail), 0).expect("opens");
        let e = fail.next_batch(10).expect_err("fails").to_string();
        assert!(e.contains("line 2") && e.contains("high_below_open"), "{e}");
    }

    #[test]
    fn what_is_no_csv_is_named() {
        for (data, part) in [
            (&b""[..], "is empty"),
            (b"\n\n", "is empty"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"PAR1....", "Parquet"),
            (b"\xff\xfet\x00", "UTF-16"),
            (b"\x7fELF\x00\x01,open", "binary"),
        ] {
            let e = BarReader::open(data, "A_1d.csv", &options(OnInvalid::Warn), 0).err().expect("fails");
            assert!(e.to_string().contains(part), "{e}");
            assert_eq!(e.class, ErrorClass::Permanent);
        }
    }
}
