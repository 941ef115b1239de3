//! Settings: read once from all layers at the start of a command, then passed down as plain values.
//!
//! Invariant: `config/default.toml` lists every key with its default; a key that it does not list is an error.
//! [`load`] and [`load_for`] are the only ways to make a [`Config`], and nothing reads the environment afterwards.

mod choice;
mod columns;
mod directory;
mod keys;
mod load;
pub mod presets;
mod rules;
mod time_form;
mod values;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

pub use choice::{
    Ambiguous, Dates, Layout, LogFormat, OnConflict, OnConflictShape, OnInvalid, OnMismatch, OnStep,
    TraceDetail, VerifyMode,
};
pub use columns::{AUTO_COLUMN, ColumnsConfig, NO_COLUMN};
pub use directory::{DirectorySettings, FILE as DIRECTORY_FILE};
pub use load::{Override, defaults, load, load_for};
pub use time_form::{TimeForm, TimeFormat, UnixUnit};
pub use values::{Delimiter, MaxRejects, Thousands};
pub(crate) use values::{MAX_RATIO, MAX_TEXT};

/// The configuration file of a working directory.
pub const LOCAL_FILE: &str = "barlift.toml";

/// All settings. `config/default.toml` describes each key.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct Config {
    pub database: DatabaseConfig,
    pub import: ImportConfig,
    pub csv: CsvConfig,
    pub verify: VerifyConfig,
    pub worker: WorkerConfig,
    pub retry: RetryConfig,
    pub trace: TraceConfig,
    pub log: LogConfig,
    /// The presets of the configuration file.
    #[serde(skip)]
    pub own_presets: Vec<presets::Preset>,
}

/// `[database]`
#[derive(Clone, Deserialize)]
#[allow(missing_docs)]
pub struct DatabaseConfig {
    #[serde(deserialize_with = "values::optional")]
    pub url: Option<String>,
    #[serde(deserialize_with = "values::optional")]
    pub direct_url: Option<String>,
    pub max_connections: u32,
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    #[serde(deserialize_with = "values::storage")]
    pub storage: Option<Layout>,
    pub chunk_interval: String,
    #[serde(deserialize_with = "values::optional")]
    pub compress_after: Option<String>,
    #[serde(deserialize_with = "values::optional")]
    pub embedded_dir: Option<PathBuf>,
}

impl Config {
    /// How many connections this process may open: the setting, or by default four more than its tasks.
    #[must_use]
    pub fn max_connections(&self) -> u32 {
        match self.database.max_connections {
            0 => u32::try_from(self.worker.concurrency).unwrap_or(u32::MAX).saturating_add(4),
            n => n,
        }
    }
}

/// Leaves the URLs out, since they may contain a password.
impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("url", &self.url.as_ref().map(|_| "(set)"))
            .field("direct_url", &self.direct_url.as_ref().map(|_| "(set)"))
            .field("max_connections", &self.max_connections)
            .field("embedded_dir", &self.embedded_dir)
            .finish_non_exhaustive()
    }
}

/// `[import]`
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct ImportConfig {
    #[serde(deserialize_with = "values::optional")]
    pub preset: Option<String>,
    #[serde(deserialize_with = "values::optional")]
    pub pattern: Option<String>,
    #[serde(deserialize_with = "values::optional")]
    pub symbol: Option<String>,
    #[serde(deserialize_with = "values::optional")]
    pub timeframe: Option<String>,
    #[serde(deserialize_with = "values::optional")]
    pub timezone: Option<String>,
    pub batch_rows: usize,
    pub on_mismatch: OnMismatch,
    pub on_invalid: OnInvalid,
    #[serde(deserialize_with = "values::optional")]
    pub max_rejects: Option<MaxRejects>,
    pub allow_empty: bool,
    pub on_conflict_shape: OnConflictShape,
    pub on_step: OnStep,
    pub dates: Dates,
    pub ambiguous: Ambiguous,
    #[serde(deserialize_with = "values::optional")]
    pub mends: Option<String>,
}

/// `[csv]`: the format of the files. An operation stores it, so that every worker reads them alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CsvConfig {
    pub header: bool,
    pub delimiter: Delimiter,
    #[serde(with = "values::quote")]
    pub quote: Option<u8>,
    pub decimal_comma: bool,
    // Operations of earlier versions do not have it.
    #[serde(default, skip_serializing_if = "Thousands::is_auto")]
    pub thousands: Thousands,
    #[serde(default, deserialize_with = "values::optional_number", skip_serializing_if = "Option::is_none")]
    pub price_decimals: Option<u8>,
    #[serde(deserialize_with = "values::optional")]
    pub time_format: Option<TimeForm>,
    #[serde(serialize_with = "values::exact_size")]
    pub max_line: ByteSize,
    // What is not the default is stored: operations of earlier versions do not have them.
    #[serde(
        default = "values::max_text",
        serialize_with = "values::exact_size",
        skip_serializing_if = "values::is_max_text"
    )]
    pub max_text: ByteSize,
    #[serde(default = "values::max_ratio", skip_serializing_if = "values::is_max_ratio")]
    pub max_ratio: u32,
    pub columns: ColumnsConfig,
}

impl CsvConfig {
    /// How to read text that was made of columns: whose values are those of the file, whatever is said of the files.
    #[must_use]
    pub(crate) fn of_columns(&self, delimiter: u8) -> Self {
        Self {
            header: true,
            delimiter: Delimiter::Byte(delimiter),
            quote: Some(b'"'),
            decimal_comma: false,
            thousands: Thousands::None,
            ..self.clone()
        }
    }
}

/// `[verify]`
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct VerifyConfig {
    pub mode: VerifyMode,
    pub sample_size: usize,
    pub within_range: bool,
    pub max_differences: usize,
}

/// `[worker]`
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct WorkerConfig {
    pub concurrency: usize,
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
    #[serde(with = "humantime_serde")]
    pub heartbeat: Duration,
    #[serde(with = "humantime_serde")]
    pub poll_interval: Duration,
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub task_timeout: Duration,
    #[serde(deserialize_with = "values::http_address")]
    pub http: Option<SocketAddr>,
}

/// `[retry]`
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct RetryConfig {
    pub max_attempts: u32,
    #[serde(with = "humantime_serde")]
    pub initial_backoff: Duration,
    #[serde(with = "humantime_serde")]
    pub max_backoff: Duration,
    pub max_rescues: u32,
}

/// `[trace]`
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct TraceConfig {
    pub detail: TraceDetail,
    pub max_spans: u32,
    pub ui_url: String,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)]
pub struct LogConfig {
    pub format: LogFormat,
    #[serde(deserialize_with = "values::optional")]
    pub level: Option<String>,
}

impl LogConfig {
    /// Whether log lines are JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        match self.format {
            LogFormat::Json => true,
            LogFormat::Human => false,
            LogFormat::Auto => !std::io::stderr().is_terminal(),
        }
    }
}
