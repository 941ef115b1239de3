//! barlift moves directories of OHLCV bar CSV files into TimescaleDB or plain PostgreSQL.
//!
//! # A tour, in the order in which a bar passes the modules
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | the command line: arguments in, text and an exit status out |
//! | [`config`] | settings, read once from flags, environment, files and defaults |
//! | [`operation`] | stores an operation with its tasks and jobs, in one transaction; reads it back |
//! | [`queue`] | jobs in a PostgreSQL queue (apalis), and the loop that delivers them |
//! | [`worker`] | for each delivered job: claims its task (or a bundle of small files), runs an attempt, settles it |
//! | [`task`] | the life of a task: claims, fences, checkpoints, retries |
//! | [`import`] | compares each batch of a file with the database and writes it, in one transaction |
//! | [`source`] | finds the files, and parses their bytes into batches of bars |
//! | `verify` | compares all files of a series with the database, and classifies differences |
//! | [`digest`] | a hash of a series' bars that does not depend on their order |
//! | [`repository`] | reads and writes the tables of bars, findings and the source cache |
//! | [`mod@format`] | bars as CSV, JSON lines, Arrow IPC and Parquet, and back |
//! | [`db`] | the database itself: connections, pool, schema, COPY, the private server |
//! | [`telemetry`] | spans, metrics and logs; traces that cross processes |
//! | [`monitor`] | a worker's metrics, health and readiness |
//! | [`setup`] | creates and updates barlift's schema and the queue's |
//! | [`model`] | ids, kinds, states and the trace context, as their columns store them |
//! | [`bar`], [`timeframe`], [`finding`], [`counts`], [`error`], [`instance`] | types that all modules share |
//!
//! `source` knows no database, `repository` no queue. Only `queue` uses apalis, only `telemetry` uses OpenTelemetry.
//! docs/architecture.md explains the terms and the order in which rows are locked.
//!
//! # Example
//!
//! Reads a file's bars, without a database:
//!
//! ```
//! use barlift::source::reader::{BarReader, ReadOptions};
//!
//! let config = barlift::config::load(None, &[])?;
//! let options = ReadOptions { timezone: Some("America/New_York".into()), ..ReadOptions::of(&config) };
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
mod crypto;
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
