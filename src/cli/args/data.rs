//! `barlift data`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::overrides::Overrides;
use crate::bar::Micros;
use crate::config::OnConflict;
use crate::source::layout;

/// `barlift data`
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List all series: symbol, timeframe, number of bars, first and last time
    Symbols(DataSymbolsArgs),
    /// Show the first and the last time of a series
    Range(DataRangeArgs),
    /// Write the bars of a series as CSV, JSON lines, Arrow or Parquet, however many there are
    #[command(after_help = LOAD_EXAMPLES)]
    Load(DataLoadArgs),
    /// Save new bars of a series, all or none
    #[command(after_help = SAVE_EXAMPLES)]
    Save(DataSaveArgs),
    /// Give a series another name
    #[command(after_help = RENAME_EXAMPLES)]
    Rename(DataRenameArgs),
    /// Move all bars of a series into another one, and remove it
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(DataMergeArgs),
}

const RENAME_EXAMPLES: &str = "\
Examples:
  barlift data rename FB 1d META 1d
  barlift data rename --timeframes           every `daily` becomes `1d`

Files of one timeframe are one series, however their names spell it. A database of an earlier version may have other \
spellings. A name that another series has is refused: `barlift data merge` moves the bars into that series, and its \
--timeframes also renames what can be renamed.";

const MERGE_EXAMPLES: &str = "\
Examples:
  barlift data merge AAPL daily AAPL 1d      AAPL 1d has the bars of both then
  barlift data merge AAPL daily AAPL 1d --dry-run
  barlift data merge --timeframes            every `daily` goes into its `1d`

Bars of one time with equal values are the same bar. Different ones are conflicts; a volume that is unknown in one \
series and known in the other is one, too. Each series is merged in a transaction of its own: all its bars or none.";

/// `barlift data rename`
#[derive(Debug, Args)]
pub struct DataRenameArgs {
    /// Symbol and timeframe, and the new ones
    #[arg(value_names = ["SYMBOL", "TIMEFRAME", "NEW_SYMBOL", "NEW_TIMEFRAME"], num_args = 4,
        value_parser = NonEmptyStringValueParser::new())]
    pub(crate) names: Vec<String>,
    /// Spell all timeframes as files get them now: 1m, 1h, 1d, 1w, 1mo
    #[arg(long, conflicts_with = "names")]
    pub(crate) timeframes: bool,
}

/// `barlift data merge`
#[derive(Debug, Args)]
pub struct DataMergeArgs {
    /// Symbol and timeframe, and those of the series that takes the bars
    #[arg(value_names = ["SYMBOL", "TIMEFRAME", "INTO_SYMBOL", "INTO_TIMEFRAME"], num_args = 4,
        value_parser = NonEmptyStringValueParser::new())]
    pub(crate) names: Vec<String>,
    /// Bring all series to the spelling of timeframes that files get now: merge those whose series is there, rename the others
    #[arg(long, conflicts_with = "names")]
    pub(crate) timeframes: bool,
    /// What to do with bars of one time that differ
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnConflict::Fail)]
    pub(crate) on_conflict: OnConflict,
    /// Count, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const LOAD_EXAMPLES: &str = "\
Examples:
  barlift data load AAPL 1h                  show the first bars
  barlift data load AAPL 1h --start 2024-01-01 --output aapl.parquet
  barlift data load AAPL 1h --format csv > AAPL_1h.csv
  barlift data load AAPL 1h --format arrow | python3 read.py

Importing the CSV again gives the same bars, bit for bit. A program of yours (read.py) reads the Arrow stream with \
pyarrow.ipc.open_stream(sys.stdin.buffer).

Times are RFC 3339 (2024-01-02T09:30:00-05:00), YYYY-MM-DD HH:MM[:SS] or YYYY-MM-DD; without an \
offset they are UTC. A file appears when it is complete; its extension gives its format: \
.csv, .jsonl or .ndjson, .arrow (IPC file), .arrows (IPC stream), .parquet. Values that are not \
finite (barlift itself stores none) are NaN, inf and -inf in CSV and null in JSON lines.";

const SAVE_EXAMPLES: &str = "\
Examples:
  barlift data save AAPL 1h new.csv --timezone America/New_York
  barlift data load AAPL 1h --output a.parquet
  barlift data save AAPL.old 1h a.parquet
  curl -s https://example.com/aapl.csv | barlift data save AAPL 1d -

CSV is read as `import` reads it, with the configuration's [csv]; Parquet and Arrow files must be as \
`data load` writes them. A row that is not a bar, or a bar that the series already has, refuses the \
whole file; `barlift import` takes such files.";

/// `barlift data symbols`
#[derive(Debug, Args)]
pub struct DataSymbolsArgs {
    /// Only series of this timeframe
    #[arg(long, value_name = "T")]
    pub(crate) timeframe: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `barlift data range`
#[derive(Debug, Args)]
pub struct DataRangeArgs {
    /// The symbol, as `data symbols` spells it
    pub(crate) symbol: String,
    /// The timeframe
    pub(crate) timeframe: String,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `barlift data load`
#[derive(Debug, Args)]
pub struct DataLoadArgs {
    /// The symbol, as `data symbols` spells it
    pub(crate) symbol: String,
    /// The timeframe
    pub(crate) timeframe: String,
    /// First time to write [default: the first bar]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) start: Option<Micros>,
    /// Time to stop before; a bar at this time is not written [default: after the last bar]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) end: Option<Micros>,
    /// Output format [default: by the file's extension; table on a terminal, else csv]
    #[arg(long, value_enum)]
    pub(crate) format: Option<LoadFormat>,
    /// Write to this file, replacing it, instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write at most this many bars [default: 50 in a table, else all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// The format of written bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoadFormat {
    /// Text for people
    Table,
    /// One line for each bar; can be imported again
    Csv,
    /// One JSON object for each bar, each on its own line
    Jsonl,
    /// Arrow IPC: a stream to stdout and to .arrows files, else the file format
    Arrow,
    /// Parquet, compressed with Snappy
    Parquet,
}

/// `barlift data save`
#[derive(Debug, Args)]
pub struct DataSaveArgs {
    /// The symbol; may be new
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) symbol: String,
    /// The timeframe; may be new
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) timeframe: String,
    /// The file, or - for stdin
    pub(crate) file: PathBuf,
    /// Time zone of times that name none, e.g. America/New_York [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl DataCommand {
    pub(super) fn overrides(&self, out: &mut Overrides) {
        if let Self::Save(save) = self {
            out.set("import.timezone", save.timezone.as_ref());
        }
    }
}

fn time(text: &str) -> Result<Micros, String> {
    layout::decided_time(text)
}
