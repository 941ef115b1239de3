//! Files as vendors and programs write them, and what becomes of each.

mod decided;
mod given;
mod mutations;
mod others;
mod proven;
mod refused;
mod refused_columns;
mod refused_times;
mod said;
mod widths;

use crate::bar::{format_time, known};
use crate::config::Override;
use crate::source::reader::{BarReader, ReadOptions, SourceName};

/// A file that was read.
struct Read {
    /// Each bar: its time, open, high, low, close and volume, which is `-` if it is unknown.
    bars: Vec<String>,
    rejected: Vec<String>,
    notes: Vec<String>,
    /// How many bars break a market-data rule.
    issues: usize,
    /// Whether the rows are not as far apart as the timeframe says.
    odd_step: bool,
}

impl Read {
    fn times(&self) -> Vec<&str> {
        self.bars.iter().map(|bar| bar.split(' ').next().expect("a time")).collect()
    }
}

/// Reads a file of this timeframe.
fn read(text: &str, timeframe: &str, settings: &[(&'static str, &str)]) -> Result<Read, String> {
    read_named("A.csv", text, timeframe, settings)
}

/// Reads a file of this name and timeframe.
fn read_named(
    path: &str,
    text: &str,
    timeframe: &str,
    settings: &[(&'static str, &str)],
) -> Result<Read, String> {
    let settings: Vec<Override> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let config = crate::config::load(None, &settings).expect("valid settings");
    let options = ReadOptions::of(&config);
    let name = SourceName { path, timeframe: Some(timeframe) };
    let mut reader =
        BarReader::open_even_empty(text.as_bytes(), name, &options, 0).map_err(|e| e.to_string())?;
    let notes = reader.layout().map(|layout| layout.notes.clone()).unwrap_or_default();
    let odd_step = reader.layout().is_some_and(|layout| layout.odd_step.is_some());
    let mut read = Read { bars: Vec::new(), rejected: Vec::new(), notes, issues: 0, odd_step };
    while let Some(batch) = reader.next_batch(1000).map_err(|e| e.to_string())? {
        for i in 0..batch.bars.len() {
            let values = batch.bars.values(i).to_array();
            let values: Vec<String> =
                values.iter().map(|value| known(*value).map_or("-".into(), |v| v.to_string())).collect();
            read.bars.push(format!("{} {}", format_time(batch.bars.time[i]), values.join(" ")));
        }
        read.issues += batch.issues.len();
        read.rejected.extend(batch.rejected.iter().map(|row| format!("{}: {}", row.row.line, row.reason)));
        read.rejected.extend(batch.repeats.iter().map(|repeat| format!("{}: repeat", repeat.row.line)));
    }
    Ok(read)
}

/// A file of so many rows after this header; `row` makes each from its number.
fn file(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}
