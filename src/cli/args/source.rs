//! Flags of imports and verifications: which files they take, and how they read them.

use clap::Args;

use super::overrides::Overrides;
use crate::bar::columns::{self, COLUMNS};
use crate::config::{
    Ambiguous, Dates, OnConflictShape, OnInvalid, OnMismatch, OnStep, TraceDetail, VerifyMode,
};

/// What to import, and how.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Files, folders, globs in quotes ('bars/*_1h.csv'), or one URL; folders are searched recursively
    #[arg(value_name = "PATH", required = true)]
    pub(crate) places: Vec<String>,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
    /// Read and compare, but write nothing (a row that repeats a time of an earlier batch counts as a duplicate)
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What to do when the database has other values for a bar [default: warn]
    #[arg(long, value_name = "POLICY")]
    on_mismatch: Option<OnMismatch>,
    /// Fail a file with more rejected rows than this: a number, or a share like 5% [default: no limit]
    #[arg(long, value_name = "N|P%")]
    max_rejects: Option<String>,
    /// What to do when a file's bars look like its series in another time zone or with scaled prices, or lie between
    /// the series' bars [default: fail]
    #[arg(long, value_name = "POLICY")]
    on_conflict_shape: Option<OnConflictShape>,
    /// What to do when a file's rows are not as far apart as its timeframe says [default: fail]
    #[arg(long, value_name = "POLICY")]
    on_step: Option<OnStep>,
    /// Verify the copy once all files are imported [with =MODE: counts, sample or full; default: verify.mode, full]
    #[arg(
        long,
        value_name = "MODE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "configured",
        value_parser = parse_verify,
        conflicts_with = "dry_run"
    )]
    verify: Option<Verify>,
}

/// `--verify`, with a mode or as configured.
#[derive(Debug, Clone, Copy)]
struct Verify(Option<VerifyMode>);

fn parse_verify(text: &str) -> Result<Verify, String> {
    match text {
        "configured" => Ok(Verify(None)),
        text => VerifyMode::try_from(text.to_owned()).map(|mode| Verify(Some(mode))),
    }
}

impl SourceArgs {
    /// Whether a verification follows the import.
    pub(crate) fn verifies(&self) -> bool {
        self.verify.is_some()
    }

    pub(super) fn overrides(&self, out: &mut Overrides) {
        self.files.overrides(out);
        out.set("import.on_mismatch", self.on_mismatch)
            .set("import.max_rejects", self.max_rejects.as_ref())
            .set("import.on_conflict_shape", self.on_conflict_shape)
            .set("import.on_step", self.on_step)
            .set("verify.mode", self.verify.and_then(|v| v.0));
    }
}

/// Which files, and how to read them.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// Only these symbols, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub(crate) symbols: Vec<String>,
    /// Only these timeframes, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "1h,1d")]
    pub(crate) timeframes: Vec<String>,
    /// Read the files by this preset (`barlift presets` lists them); other flags override it
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Where symbol and timeframe stand in a file's name, e.g. '{timeframe}/{symbol}.txt' [default: as vendors name
    /// files]
    #[arg(long, value_name = "P")]
    pattern: Option<String>,
    /// The symbol of the one file
    #[arg(long, value_name = "S", conflicts_with = "symbols")]
    symbol: Option<String>,
    /// The timeframe of files whose names do not tell it; with --symbol, whatever the name says [default: from their
    /// folders or rows]
    #[arg(long, value_name = "T", conflicts_with = "timeframes")]
    timeframe: Option<String>,
    /// Read files even if a file with the same content was read before
    #[arg(long)]
    pub(crate) force: bool,
    /// What to do with a bar that breaks a market-data rule [default: warn]
    #[arg(long, value_name = "POLICY")]
    on_invalid: Option<OnInvalid>,
    /// Do not fail a file without bars (no rows, or only rejected ones)
    #[arg(long)]
    allow_empty: bool,
    /// Time zone of times that name none, e.g. America/New_York [default: UTC, or what a preset says that the file proves]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// What bare dates of daily and longer bars are: utc (00:00 UTC) or zone (00:00 in the time zone) [default: utc]
    #[arg(long, value_name = "RULE")]
    dates: Option<Dates>,
    /// Which instant a local time is that came twice as clocks went back [default: infer]
    #[arg(long, value_name = "RULE")]
    ambiguous: Option<Ambiguous>,
    /// Name or number of the column of time, date, open, high, low, close or volume, e.g. close=Settle; volume=none
    /// if there is none
    #[arg(long, value_name = "VALUE=COLUMN", value_parser = parse_column)]
    column: Vec<(&'static str, String)>,
    /// Name or number of the column with the symbol, in files of several symbols (of several columns: NAME,NAME); `auto`
    /// if it is to be found [default: where a file's name tells no symbol, what its rows show]
    #[arg(long, value_name = "NAME", conflicts_with = "symbol")]
    symbol_column: Option<String>,
    /// The files have no header line, though their first line may look like one
    #[arg(long)]
    no_header: bool,
    /// Character between fields, or `tab` [default: detected from the header]
    #[arg(long, value_name = "C")]
    delimiter: Option<String>,
    /// Numbers have a decimal comma: 1,25
    #[arg(long)]
    decimal_comma: bool,
    /// What separates thousands in numbers: , . ' space or none [default: what each file proves]
    #[arg(long, value_name = "SIGN")]
    thousands: Option<String>,
    /// Decimals of prices that are written as whole numbers, e.g. 9 of Databento's [default: none]
    #[arg(long, value_name = "N")]
    price_decimals: Option<u8>,
    /// How times are written: iso, unix, unix-ms, unix-us, unix-ns or a format such as '%d.%m.%Y %H:%M' [default:
    /// decided for each file]
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// Rows to read, compare and commit at once, on every worker [default: import.batch_rows of each worker]
    #[arg(long, value_name = "N")]
    pub(crate) batch_rows: Option<usize>,
    /// How closely to trace; row makes spans for every row, so use it for a single symbol [default: batch]
    #[arg(long, value_name = "DETAIL")]
    trace_detail: Option<TraceDetail>,
    /// Attempts for each file when errors may be temporary [default: 5]
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
    /// 0 to 1000; operations with a higher number run first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=1000))]
    pub(crate) priority: i32,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl FilesArgs {
    pub(super) fn overrides(&self, out: &mut Overrides) {
        out.0.extend(self.column.iter().cloned());
        out.set("import.preset", self.preset.as_ref())
            .set("import.pattern", self.pattern.as_ref())
            .set("import.symbol", self.symbol.as_ref())
            .set("import.timeframe", self.timeframe.as_ref())
            .set("import.on_invalid", self.on_invalid)
            .switch("import.allow_empty", self.allow_empty, true)
            .set("import.timezone", self.timezone.as_ref())
            .set("import.dates", self.dates)
            .set("import.ambiguous", self.ambiguous)
            .set("import.batch_rows", self.batch_rows)
            .set("csv.columns.symbol", self.symbol_column.as_ref())
            .switch("csv.header", self.no_header, false)
            .set("csv.delimiter", self.delimiter.as_ref())
            .switch("csv.decimal_comma", self.decimal_comma, true)
            .set("csv.thousands", self.thousands.as_ref())
            .set("csv.price_decimals", self.price_decimals)
            .set("csv.time_format", self.time_format.as_ref())
            .set("trace.detail", self.trace_detail)
            .set("retry.max_attempts", self.max_attempts);
    }
}

fn parse_column(text: &str) -> Result<(&'static str, String), String> {
    let times = [("time", "csv.columns.time"), ("date", "csv.columns.date")];
    let mut keys = times.into_iter().chain(COLUMNS.iter().map(|column| (column.name, column.setting)));
    let (value, column) = text.split_once('=').ok_or("write it as value=column, e.g. close=Settle")?;
    let key = keys.find(|(name, _)| *name == value.trim());
    match key {
        Some((_, key)) if !column.trim().is_empty() => Ok((key, column.trim().to_owned())),
        Some(_) => Err("the column is missing".into()),
        None => {
            let values: Vec<_> = columns::names().collect();
            Err(format!("`{value}` is none of time, date, {}", values.join(", ")))
        }
    }
}
