//! barlift moves directories of OHLCV bar CSV files into TimescaleDB or plain PostgreSQL.
//!
//! # A tour, the way a bar goes
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | the command line: arguments in, text and an exit status out |
//! | [`config`] | settings, resolved once from flags, environment, file and defaults |
//! | [`operation`] | what was asked for: an operation with its tasks and jobs, made in one transaction; reading it back |
//! | [`queue`] | jobs in a Postgres-backed queue (apalis), and the loop that hands them out |
//! | [`worker`] | a job arrives: claim its task (small files: several), run an attempt, settle it |
//! | [`task`] | the life of a task: claims, fences, checkpoints, retries |
//! | [`import`] | one source: compare each batch with the database and write it, in one transaction; small ones together |
//! | [`source`] | finding the files, and turning their bytes into batches of bars |
//! | [`verify`] | one series: all its files against the database, bar by bar or by a sample; what kind of difference there is |
//! | [`digest`] | the content of a series as one number, whatever order its bars come in |
//! | [`repository`] | bars, findings and known content, as the tables hold them |
//! | [`mod@format`] | bars as CSV, JSON lines, Arrow IPC and Parquet, and back |
//! | [`db`] | the database itself: pool, set-up, COPY, the embedded server |
//! | [`telemetry`] | spans, metrics and logs, and the trace that crosses processes |
//! | [`monitor`] | what a worker shows of itself: metrics, health, readiness |
//! | [`setup`] | making a database ready: our schema and the queue's |
//! | [`bar`], [`timeframe`], [`finding`], [`counts`], [`error`], [`instance`] | the types that everybody shares |
//!
//! `source` and `repository` share only the types of [`bar`] and [`finding`] and know nothing of the queue;
//! apalis stays in `queue`, OpenTelemetry in `telemetry`. SQL stands in `.sql` files beside the code that runs it.
//! docs/architecture.md has the terms, and the order in which rows are locked.
//!
//! # Example
//!
//! Reading a file's bars without any database:
//!
//! ```
//! use barlift::source::reader::{BarReader, ReadOptions};
//!
//! let config = barlift::config::load(None, &[])?;
//! let options = ReadOptions {
//!     csv: config.csv,
//!     timezone: "America/New_York".into(),
//!     on_invalid: config.import.on_invalid,
//! };
//! let text = "date,open,high,low,close,volume\n2024-01-02,1,2,0.5,1.5,10\n2024-01-03,1,2,0.5,NaN,10\n";
//! let mut reader = BarReader::open(text.as_bytes(), "AAPL_1d.csv", &options, 0)?;
//! let batch = reader.next_batch(1000)?.expect("two rows");
//!
//! // Midnight in New York is 05:00 UTC in winter.
//! assert_eq!(barlift::bar::format_time(batch.bars.time[0]), "2024-01-02T05:00:00Z");
//! assert_eq!(batch.rejected[0].reason, "column 5: close `NaN` is not a finite number");
//! # Ok::<(), barlift::error::Error>(())
//! ```

pub mod bar;
pub mod cli;
pub mod config;
pub mod counts;
pub mod db;
pub mod digest;
pub mod error;
pub mod finding;
pub mod format;
pub mod import;
pub mod instance;
pub mod model;
pub mod monitor;
pub mod operation;
pub mod queue;
pub mod repository;
pub mod setup;
pub mod source;
pub mod task;
pub mod telemetry;
pub mod timeframe;
pub(crate) mod verify;
pub mod worker;
