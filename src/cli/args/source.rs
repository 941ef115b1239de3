//! Which files an import or a verification takes, and how it reads them.

use clap::{Args, ValueEnum as _};

use crate::config::{OnConflictShape, OnInvalid, OnMismatch, Override, TraceDetail, VerifyMode};

/// Which files, and how to import them.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Directory (or URL) that holds the files, searched recursively
    #[arg(value_name = "DIR")]
    pub root: String,
    /// Which files, and how to read them
    #[command(flatten)]
    pub files: FilesArgs,
    /// Read and compare, but write nothing (rows that repeat a time of an earlier batch count as duplicates)
    #[arg(long)]
    pub dry_run: bool,
    /// When the database's bar differs [default: warn, which keeps it and records the mismatch]
    #[arg(long, value_name = "POLICY")]
    on_mismatch: Option<OnMismatch>,
    /// Fail a file with more rejected rows than this: a number, or a share like 5%
    #[arg(long, value_name = "N|P%")]
    max_rejects: Option<String>,
    /// When a file looks like its series in another time zone or with scaled prices, or has bars between the series'
    /// [default: fail, before anything is written]
    #[arg(long, value_name = "POLICY")]
    on_conflict_shape: Option<OnConflictShape>,
    /// Verify the copy when all files are done [with =MODE: counts, sample or full; default: verify.mode, full]
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
    /// Whether a verification follows.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.verify.is_some()
    }

    pub(super) fn overrides(&self) -> Vec<Override> {
        let mut out = self.files.overrides();
        let mut set = |key: &'static str, value: Option<String>| out.extend(value.map(|v| (key, v)));
        let policy = self.on_mismatch.and_then(|p| p.to_possible_value());
        set("import.on_mismatch", policy.map(|p| p.get_name().to_owned()));
        set("import.max_rejects", self.max_rejects.clone());
        let policy = self.on_conflict_shape.and_then(|p| p.to_possible_value());
        set("import.on_conflict_shape", policy.map(|p| p.get_name().to_owned()));
        set("verify.mode", self.verify.and_then(|v| v.0).map(|mode| mode.as_str().to_owned()));
        out
    }
}

/// Which files, and how to read them.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// Only these symbols, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub symbols: Vec<String>,
    /// Only these timeframes, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "1h,1d")]
    pub timeframes: Vec<String>,
    /// How a file's name tells symbol and timeframe [default: {symbol}_{timeframe}.csv]
    #[arg(long, value_name = "P")]
    pattern: Option<String>,
    /// Read files even if the same content was read before
    #[arg(long)]
    pub force: bool,
    /// When a bar breaks a market-data rule [default: warn, which imports it and records the issue]
    #[arg(long, value_name = "POLICY")]
    on_invalid: Option<OnInvalid>,
    /// Let a file succeed that has no bar: no row, or only rejected ones
    #[arg(long)]
    allow_empty: bool,
    /// Zone of times that name none, e.g. America/New_York [default: UTC]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Where a value stands: time, date, open, high, low, close or volume = column name or number
    #[arg(long, value_name = "VALUE=COLUMN", value_parser = parse_column)]
    column: Vec<(&'static str, String)>,
    /// The files have no header line
    #[arg(long)]
    no_header: bool,
    /// Character between fields, or `tab` [default: found from the header]
    #[arg(long, value_name = "C")]
    delimiter: Option<String>,
    /// Numbers are written 1,25
    #[arg(long)]
    decimal_comma: bool,
    /// Format of the times, e.g. '%d.%m.%Y %H:%M' [default: recognised]
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// Rows read, compared and committed together, whichever worker does it [default: import.batch_rows of each]
    #[arg(long, value_name = "N")]
    pub batch_rows: Option<usize>,
    /// How closely to trace: row makes spans for every row, for a single symbol [default: batch]
    #[arg(long, value_name = "DETAIL")]
    trace_detail: Option<TraceDetail>,
    /// Tries of each file when errors may pass [default: 5]
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
    /// 0 to 1000; higher ones run first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=1000))]
    pub priority: i32,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

impl FilesArgs {
    pub(super) fn overrides(&self) -> Vec<Override> {
        let mut out = self.column.clone();
        let mut set = |key: &'static str, value: Option<String>| out.extend(value.map(|v| (key, v)));
        let name =
            |v: &dyn Fn() -> Option<clap::builder::PossibleValue>| v().map(|p| p.get_name().to_owned());
        set("import.pattern", self.pattern.clone());
        set("import.on_invalid", self.on_invalid.and_then(|p| name(&|| p.to_possible_value())));
        set("import.allow_empty", self.allow_empty.then(|| "true".into()));
        set("import.timezone", self.timezone.clone());
        set("import.batch_rows", self.batch_rows.map(|n| n.to_string()));
        set("csv.header", self.no_header.then(|| "false".into()));
        set("csv.delimiter", self.delimiter.clone());
        set("csv.decimal_comma", self.decimal_comma.then(|| "true".into()));
        set("csv.time_format", self.time_format.clone());
        set("trace.detail", self.trace_detail.and_then(|d| name(&|| d.to_possible_value())));
        set("retry.max_attempts", self.max_attempts.map(|n| n.to_string()));
        out
    }
}

fn parse_column(text: &str) -> Result<(&'static str, String), String> {
    const KEYS: [(&str, &str); 7] = [
        ("time", "csv.columns.time"),
        ("date", "csv.columns.date"),
        ("open", "csv.columns.open"),
        ("high", "csv.columns.high"),
        ("low", "csv.columns.low"),
        ("close", "csv.columns.close"),
        ("volume", "csv.columns.volume"),
    ];
    let (value, column) = text.split_once('=').ok_or("write it as value=column, e.g. close=Settle")?;
    let key = KEYS.iter().find(|(name, _)| *name == value.trim());
    match key {
        Some((_, key)) if !column.trim().is_empty() => Ok((key, column.trim().to_owned())),
        Some(_) => Err("the column is missing".into()),
        None => Err(format!("`{value}` is none of time, date, open, high, low, close, volume")),
    }
}
