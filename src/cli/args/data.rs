//! The `DataRepository` on the command line.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use crate::bar::Micros;
use crate::config::Override;
use crate::source::time::TimeParser;

/// `barlift data`
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List all series: symbol, timeframe, number of bars, first and last time
    Symbols(DataSymbolsArgs),
    /// Show the first and the last time of a series
    Range(DataRangeArgs),
    /// Write the bars of a series as CSV, JSON lines, Arrow or Parquet, however many they are
    #[command(after_help = LOAD_EXAMPLES)]
    Load(DataLoadArgs),
    /// Save bars that the series does not have yet, all or none
    #[command(after_help = SAVE_EXAMPLES)]
    Save(DataSaveArgs),
}

const LOAD_EXAMPLES: &str = "\
Examples:
  barlift data load AAPL 1h                  the first bars, to look at
  barlift data load AAPL 1h --start 2024-01-01 --output aapl.parquet
  barlift data load AAPL 1h --format csv > AAPL_1h.csv
  barlift data load AAPL 1h --format arrow | python3 read.py

The CSV imports again, bit for bit. The Arrow stream is what pyarrow.ipc.open_stream(sys.stdin.buffer) takes in \
read.py, a program of yours.

Times are RFC 3339 (2024-01-02T09:30:00-05:00), YYYY-MM-DD HH:MM[:SS] or YYYY-MM-DD; without an \
offset they are UTC. A file appears under its name when it is whole; its extension is its format: \
.csv, .jsonl or .ndjson, .arrow (IPC file), .arrows (IPC stream), .parquet. Values that are not \
finite (barlift writes none) are NaN, inf and -inf in CSV and null in JSON lines.";

const SAVE_EXAMPLES: &str = "\
Examples:
  barlift data save AAPL 1h new.csv --timezone America/New_York
  barlift data load AAPL 1h --output a.parquet
  barlift data save AAPL.old 1h a.parquet
  curl -s https://example.com/aapl.csv | barlift data save AAPL 1d -

CSV is read as `import` reads it, with the configuration's [csv]; Parquet and Arrow files as \
`data load` writes them. A row that is no bar, or a bar that the series has already, refuses the \
whole file; `barlift import` takes such files.";

/// `barlift data symbols`
#[derive(Debug, Args)]
pub struct DataSymbolsArgs {
    /// Only series of this timeframe
    #[arg(long, value_name = "T")]
    pub timeframe: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift data range`
#[derive(Debug, Args)]
pub struct DataRangeArgs {
    /// The symbol, as `data symbols` spells it
    pub symbol: String,
    /// The timeframe
    pub timeframe: String,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift data load`
#[derive(Debug, Args)]
pub struct DataLoadArgs {
    /// The symbol, as `data symbols` spells it
    pub symbol: String,
    /// The timeframe
    pub timeframe: String,
    /// From this time on [default: the first bar]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub start: Option<Micros>,
    /// Up to this time, without it [default: past the last bar]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub end: Option<Micros>,
    /// How to write them [default: by the file's extension; table on a terminal, else csv]
    #[arg(long, value_enum)]
    pub format: Option<LoadFormat>,
    /// Write to this file, replacing it, instead of to stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The first bars only [default: 50 in a table, else all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// How bars are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoadFormat {
    /// For people
    Table,
    /// A line a bar; imports again
    Csv,
    /// A JSON object a line
    Jsonl,
    /// Arrow IPC: a stream to stdout and to .arrows, else a file
    Arrow,
    /// Parquet with Snappy
    Parquet,
}

/// `barlift data save`
#[derive(Debug, Args)]
pub struct DataSaveArgs {
    /// The symbol; made if it is new
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub symbol: String,
    /// The timeframe
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub timeframe: String,
    /// The file, or - for stdin
    pub file: PathBuf,
    /// Zone of times that name none, e.g. America/New_York [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

impl DataCommand {
    pub(super) fn overrides(&self) -> Vec<Override> {
        let Self::Save(save) = self else { return Vec::new() };
        save.timezone.iter().map(|zone| ("import.timezone", zone.clone())).collect()
    }
}

fn time(text: &str) -> Result<Micros, String> {
    TimeParser::new(jiff::tz::TimeZone::UTC, None).parse(text.as_bytes())
}
