//! What can be typed: the commands, their arguments and their help.
//!
//! Invariant: a flag with a configuration key does nothing but override that key (`Cli::overrides`). Commands
//! read the configuration and do not know where a value comes from. The one exception is `--batch-rows`: an
//! operation stores it, for workers whose configuration differs.

mod control;
mod data;
mod db;
mod enqueue;
mod import;
mod inspect;
mod operations;
mod overrides;
mod presets;
mod report;
mod source;
mod verify;
mod worker;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{LogFormat, Override};
use overrides::Overrides;

pub use control::{CancelArgs, PriorityArgs, RetryArgs, SelectionArgs, TargetArgs};
pub use data::{
    DataCommand, DataLoadArgs, DataMergeArgs, DataRangeArgs, DataRenameArgs, DataSaveArgs, DataSymbolsArgs,
    LoadFormat,
};
pub use db::DbCommand;
pub use enqueue::*;
pub use import::{EnqueueImportArgs, ImportArgs};
pub use inspect::InspectArgs;
pub use operations::{DiagnoseArgs, OperationsArgs, StatusArgs};
pub use presets::PresetsArgs;
pub use report::{ReportArgs, ReportFormat};
pub use source::{FilesArgs, SourceArgs};
pub use verify::{EnqueueVerifyArgs, ModeArgs, VerifyArgs};
pub use worker::WorkerArgs;

/// Imports OHLCV bar files (CSV) into TimescaleDB or PostgreSQL, and verifies the copy.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// Read settings from this file instead of ./barlift.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,
    /// Lowest level to log: error, warn, info, debug, trace; or a filter like barlift=debug
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Global options")]
    log_level: Option<String>,
    /// Log as text (human) or as JSON [default: human on a terminal, json otherwise]
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Global options")]
    log_format: Option<LogFormat>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  barlift inspect bars/                      show how the files would be read
  barlift import bars/                       import them, such as AAPL_1h.csv
  barlift import AAPL_1h.csv 'more/*_1d.csv' import these alone
  barlift import bars/ --dry-run             show what that would do
  barlift import bars/ --verify              import, then verify the copy
  barlift enqueue import bars/ --in 2h       let workers import it later
  barlift worker --concurrency 8             run such a worker
  barlift status latest --watch              watch the progress
  barlift report latest                      show findings; also as HTML or CSV
  barlift diagnose latest                    where the time went, and what to do

The database is DATABASE_URL or database.url, or what libpq's PGHOST, PGSERVICE and so on name; without any of them, \
barlift runs a private PostgreSQL.

Exit status:
  0  success
  1  some work failed, or files and database differ (import, verify, report, enqueue --wait, retry --wait, status \
--watch)
  2  wrong usage or configuration
  3  the database or the source cannot be reached
  4  an internal error; please report it
docs/cli.md has more on each.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import bar files now, in this process
    #[command(after_help = import::IMPORT_EXAMPLES)]
    Import(Box<ImportArgs>),
    /// Show how files would be read: their series, columns, times, and first and last bars
    #[command(after_help = inspect::INSPECT_EXAMPLES)]
    Inspect(Box<InspectArgs>),
    /// List the presets: settings for the files of a vendor or program
    #[command(after_help = presets::PRESETS_EXAMPLES)]
    Presets(PresetsArgs),
    /// Verify now, in this process, that the database has the same bars as files
    #[command(after_help = verify::VERIFY_EXAMPLES)]
    Verify(Box<VerifyArgs>),
    /// Put an import or a verification into the queue, for workers to run
    #[command(subcommand)]
    Enqueue(EnqueueCommand),
    /// Run work from the queue until stopped (Ctrl-C or SIGTERM: end the current batches, return the rest to the queue)
    Worker(WorkerArgs),
    /// List operations, the newest first
    Operations(OperationsArgs),
    /// Show an operation's progress, task by task
    Status(StatusArgs),
    /// Retry the failed files of an operation
    #[command(after_help = control::RETRY_EXAMPLES)]
    Retry(RetryArgs),
    /// Cancel an operation, or some of its files; running files stop, committed bars stay
    #[command(after_help = control::CANCEL_EXAMPLES)]
    Cancel(CancelArgs),
    /// Pause an operation; running files stop and continue at the same place after `resume`
    Pause(TargetArgs),
    /// Resume a paused operation
    Resume(TargetArgs),
    /// Change an operation's priority while it waits or runs
    Priority(PriorityArgs),
    /// Show what an operation found: an import's mismatches, rejected rows and quality issues, or a verification's
    /// verdict and differences
    #[command(after_help = report::REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Show where an operation's time went, what is wrong with its data, and what to do
    #[command(after_help = operations::DIAGNOSE_EXAMPLES)]
    Diagnose(DiagnoseArgs),
    /// List, export and save bars
    #[command(subcommand)]
    Data(DataCommand),
    /// Set up or inspect the database, or stop and delete the private server
    #[command(subcommand)]
    Db(DbCommand),
    /// Print a shell's completions (bash: source <(barlift completions bash))
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// The files and folders that the command is about; none of most commands.
    #[must_use]
    pub(crate) fn places(&self) -> &[String] {
        match &self.command {
            Command::Import(a) => &a.source.places,
            Command::Inspect(a) => &a.places,
            Command::Enqueue(EnqueueCommand::Import(a)) => &a.source.places,
            Command::Verify(a) => &a.places,
            Command::Enqueue(EnqueueCommand::Verify(a)) => &a.places,
            _ => &[],
        }
    }

    /// The configuration keys that flags set.
    #[must_use]
    pub(crate) fn overrides(&self) -> Vec<Override> {
        const CONCURRENCY: &str = "worker.concurrency";
        let mut out = Overrides::default();
        out.set("log.level", self.log_level.as_ref()).set("log.format", self.log_format);
        match &self.command {
            Command::Import(a) => a.source.overrides(out.set(CONCURRENCY, a.concurrency)),
            Command::Inspect(a) => a.files.overrides(&mut out),
            Command::Enqueue(EnqueueCommand::Import(a)) => a.source.overrides(&mut out),
            Command::Verify(a) => {
                a.files.overrides(out.set(CONCURRENCY, a.concurrency));
                a.mode.overrides(&mut out);
            }
            Command::Enqueue(EnqueueCommand::Verify(a)) => {
                a.files.overrides(&mut out);
                a.mode.overrides(&mut out);
            }
            Command::Worker(a) => {
                out.set(CONCURRENCY, a.concurrency).set("worker.http", a.http.as_ref());
            }
            Command::Data(a) => a.overrides(&mut out),
            Command::Db(DbCommand::Setup { storage, .. }) => {
                out.set("database.storage", *storage);
            }
            _ => {}
        }
        out.0
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// Commands and what they consist of, with their names.
    fn all(command: clap::Command, name: &str, out: &mut Vec<(String, clap::Command)>) {
        let name = format!("{name}{} ", command.get_name());
        for inner in command.get_subcommands() {
            all(inner.clone(), &name, out);
        }
        out.push((name, command));
    }

    /// Where a line of a paragraph ends although the next word would have found room in it.
    fn broken_early(text: &str, room: usize) -> Option<(&str, &str)> {
        let lines: Vec<&str> = text.lines().collect();
        let pairs = lines.windows(2).map(|pair| (pair[0], pair[1]));
        let is_text = |line: &str| line.starts_with(|c: char| c.is_alphanumeric() || "`-.".contains(c));
        pairs.into_iter().filter(|(line, next)| is_text(line) && is_text(next)).find(|(line, next)| {
            let word = next.split(' ').next().unwrap_or_default();
            line.chars().count() + 1 + word.chars().count() <= room
        })
    }

    #[test]
    fn help_fits_the_terminal_and_is_broken_where_it_ends() {
        let mut commands = Vec::new();
        all(Cli::command(), "", &mut commands);
        assert!(commands.len() > 20);
        for (name, command) in commands {
            let Some(text) = command.get_after_help().map(ToString::to_string) else { continue };
            for room in [80, 100] {
                let shown = command.clone().term_width(room).render_help().to_string();
                let (_, shown) = shown.split_once("\nExamples:\n").expect("examples");
                assert_eq!(broken_early(shown, room), None, "{name}at {room}");
                let examples = shown.lines().take_while(|line| !line.is_empty());
                let whole: Vec<&str> = examples.collect();
                for line in &whole {
                    let is_whole = line.starts_with("  barlift ") || text.contains(&format!("{line}\n"));
                    assert!(is_whole, "{name}at {room}: {line}");
                }
            }
        }
    }

    #[test]
    fn flags_become_keys() {
        let cli = Cli::parse_from([
            "barlift",
            "import",
            "x",
            "--on-mismatch",
            "overwrite",
            "--column",
            "close=Settle",
            "--no-header",
            "--concurrency",
            "3",
        ]);
        let got = cli.overrides();
        for want in [
            ("import.on_mismatch", "overwrite"),
            ("csv.columns.close", "Settle"),
            ("csv.header", "false"),
            ("worker.concurrency", "3"),
        ] {
            assert!(got.contains(&(want.0, want.1.to_owned())), "{want:?} in {got:?}");
        }
    }
}
