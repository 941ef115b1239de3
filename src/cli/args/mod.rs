//! What can be typed.
//!
//! Invariant: a flag that has a configuration key only overrides that key ([`Cli::overrides`]); commands
//! read the configuration and never ask whether a value came from a flag. Only `--batch-rows` is looked at by itself,
//! since an operation carries it to workers that are configured otherwise.

mod control;
mod data;
mod report;
mod source;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum as _};

use crate::config::{Layout, LogFormat, Override};

pub use control::{CancelArgs, PauseArgs, PriorityArgs, RetryArgs, SelectionArgs};
pub use data::{DataCommand, DataLoadArgs, DataRangeArgs, DataSaveArgs, DataSymbolsArgs, LoadFormat};
pub use report::{ReportArgs, ReportFormat};
pub use source::{FilesArgs, SourceArgs};
pub use verify::{EnqueueVerifyArgs, ModeArgs, VerifyArgs};

/// Moves directories of OHLCV bar CSV files into TimescaleDB or PostgreSQL, and proves the copy.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// Read settings from this file instead of ./barlift.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Log this and above: error, warn, info, debug, trace, or a filter like barlift=debug
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Global options")]
    log_level: Option<String>,
    /// Log for people or for machines [default: human on a terminal, json otherwise]
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Global options")]
    log_format: Option<LogFormat>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  barlift import bars/                       import every SYMBOL_TIMEFRAME.csv
  barlift import bars/ --dry-run             see what that would do
  barlift import bars/ --verify              and prove that the copy is right
  barlift enqueue import bars/ --in 2h       let workers do it later
  barlift worker --concurrency 8             be such a worker
  barlift status latest --watch              see how far it is
  barlift report latest                      what was found, also as HTML or CSV
  barlift diagnose latest                    where the time went, and what to do

The database is DATABASE_URL or database.url, or what PGHOST and the like name; without any of them, \
barlift runs a private PostgreSQL.

Exit status:
  0  all well
  1  some of the work failed, or files and database differ (import, verify, report, enqueue --wait, \
retry --wait, status --watch)
  2  usage or configuration
  3  the database or the source cannot be reached
  4  an internal error of barlift; please report it
docs/cli.md has more on each.";

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Command {
    /// Import a directory of bar files: enqueue, work, watch and report, all on this machine
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Box<ImportArgs>),
    /// Verify that the database equals a directory of bar files, on this machine
    #[command(after_help = verify::VERIFY_EXAMPLES)]
    Verify(Box<VerifyArgs>),
    /// Put work into the queue for workers to do
    #[command(subcommand)]
    Enqueue(EnqueueCommand),
    /// Work the queue until stopped (Ctrl-C or SIGTERM: end the running batches, hand back the rest)
    Worker(WorkerArgs),
    /// List operations, the newest first
    Operations(OperationsArgs),
    /// Show how far an operation is, task by task
    Status(StatusArgs),
    /// Try failed files of an operation again
    #[command(after_help = control::RETRY_EXAMPLES)]
    Retry(RetryArgs),
    /// End an operation, or some files of it; a running file stops, what is committed stays
    #[command(after_help = control::CANCEL_EXAMPLES)]
    Cancel(CancelArgs),
    /// Let nothing of an operation run for now; a running file stops and goes on later where it was
    Pause(PauseArgs),
    /// Let a paused operation go on
    Resume(PauseArgs),
    /// Change an operation's priority while it waits or runs
    Priority(PriorityArgs),
    /// Show what an operation found: an import's mismatches, rejected rows and quality issues, a verification's
    /// verdict and differences
    #[command(after_help = report::REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Show where an operation's time went, what is wrong with its data, and what to do
    #[command(after_help = DIAGNOSE_EXAMPLES)]
    Diagnose(DiagnoseArgs),
    /// Look at bars, or bring them to other tools and back
    #[command(subcommand)]
    Data(DataCommand),
    /// Set up the database, look at it, or stop and remove the private server
    #[command(subcommand)]
    Db(DbCommand),
    /// Print a shell's completions (bash: source <(barlift completions bash))
    Completions { shell: clap_complete::Shell },
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  barlift import bars/ --symbols AAPL,MSFT --timeframes 1h
  barlift import bars/ --timezone America/New_York --on-mismatch overwrite
  barlift import bars/ --pattern '{timeframe}/{symbol}.csv'
  barlift import bars/ --no-header --column time=1 --column volume=7
  barlift import bars/ --json | jq .totals";

const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  barlift diagnose latest
  barlift diagnose latest --symbol AAPL        each attempt of one symbol
  barlift diagnose latest --json | jq .advice";

/// `barlift import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What to import
    #[command(flatten)]
    pub source: SourceArgs,
    /// Files at once [default: 4]
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
}

/// `barlift enqueue`
#[derive(Debug, Subcommand)]
pub enum EnqueueCommand {
    /// Enqueue the import of a directory
    #[command(after_help = ENQUEUE_EXAMPLES)]
    Import(Box<EnqueueImportArgs>),
    /// Enqueue the verification of a directory
    #[command(after_help = verify::ENQUEUE_EXAMPLES)]
    Verify(Box<EnqueueVerifyArgs>),
}

const ENQUEUE_EXAMPLES: &str = "\
Examples:
  barlift enqueue import /data/bars --wait
  barlift enqueue import /data/bars --at '2026-12-01 18:00' --priority 10
  barlift enqueue import /data/bars --at 2026-12-01T18:00:00-05:00

Workers read the files themselves: the directory must be there under the same path for each of them.";

/// `barlift enqueue import`
#[derive(Debug, Args)]
pub struct EnqueueImportArgs {
    /// What to import
    #[command(flatten)]
    pub source: SourceArgs,
    /// When
    #[command(flatten)]
    pub start: StartArgs,
    /// Whether to wait
    #[command(flatten)]
    pub wait: WaitArgs,
}

/// When an operation starts.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// Start after this time, e.g. 2h or 30m
    #[arg(long = "in", value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "at")]
    pub delay: Option<std::time::Duration>,
    /// Start at this time, e.g. '2026-12-01 18:00' in this machine's time zone, or with an offset
    #[arg(long, value_name = "TIME", value_parser = crate::cli::when::parse)]
    pub at: Option<jiff::Timestamp>,
}

/// Whether to wait for its end.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Wait until it is done, and exit as if it were done here
    #[arg(long)]
    pub wait: bool,
}

/// `barlift worker`
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// Files at once [default: 4]
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
    /// Exit when nothing is left to do
    #[arg(long)]
    pub drain: bool,
    /// Show /metrics, /healthz and /readyz here: a port (this machine only) or an address like 0.0.0.0:9464
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
}

/// `barlift operations`
#[derive(Debug, Args)]
pub struct OperationsArgs {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
    pub limit: i64,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP", default_value = "latest")]
    pub operation: String,
    /// Follow it until it is done
    #[arg(long)]
    pub watch: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift diagnose`
#[derive(Debug, Args)]
pub struct DiagnoseArgs {
    /// The operation's id, a unique part of it, or `latest`
    #[arg(value_name = "OP", default_value = "latest")]
    pub operation: String,
    /// Only this symbol, with each of its attempts
    #[arg(long, value_name = "S")]
    pub symbol: Option<String>,
    /// Entries of each list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `barlift db`
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Create or update barlift's tables, and the hypertable where TimescaleDB is there
    Setup {
        /// How to store the bars; cannot be changed once there are some [default: as it is, rowstore in a new
        /// database]
        #[arg(long, value_name = "STORAGE")]
        storage: Option<Layout>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what is there
    Info {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop the private server, if it runs; the next command that needs it starts it again
    Stop {
        /// Also while other commands use it
        #[arg(long)]
        force: bool,
    },
    /// Remove the private server with all its bars
    Remove {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Run psql on the embedded database, e.g. barlift db psql -- -c 'SELECT * FROM barlift.bars_named LIMIT 5'
    Psql {
        /// Arguments of psql
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

impl Cli {
    /// The directory on this machine whose files are imported or verified, if there is one.
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        let root = match &self.command {
            Command::Import(a) => Some(&a.source.root),
            Command::Enqueue(EnqueueCommand::Import(a)) => Some(&a.source.root),
            Command::Verify(a) => a.root.as_ref(),
            Command::Enqueue(EnqueueCommand::Verify(a)) => Some(&a.root),
            _ => None,
        }?;
        let path = root.strip_prefix("file://").unwrap_or(root);
        (!path.contains("://")).then(|| PathBuf::from(path))
    }

    /// The configuration keys that flags set.
    #[must_use]
    pub fn overrides(&self) -> Vec<Override> {
        let mut out = Vec::new();
        let mut set = |key: &'static str, value: Option<String>| out.extend(value.map(|v| (key, v)));
        set("log.level", self.log_level.clone());
        set(
            "log.format",
            self.log_format.and_then(|f| f.to_possible_value()).map(|f| f.get_name().to_owned()),
        );
        if let Command::Worker(a) = &self.command {
            set("worker.http", a.http.clone());
        }
        if let Command::Db(DbCommand::Setup { storage, .. }) = &self.command {
            set("database.storage", storage.map(|s| s.as_str().to_owned()));
        }
        let concurrency = match &self.command {
            Command::Import(a) => a.concurrency,
            Command::Verify(a) => a.concurrency,
            Command::Worker(a) => a.concurrency,
            _ => None,
        };
        set("worker.concurrency", concurrency.map(|n| n.to_string()));
        match &self.command {
            Command::Import(a) => out.extend(a.source.overrides()),
            Command::Enqueue(EnqueueCommand::Import(a)) => out.extend(a.source.overrides()),
            Command::Verify(a) => out.extend(a.files.overrides().into_iter().chain(a.mode.overrides())),
            Command::Enqueue(EnqueueCommand::Verify(a)) => {
                out.extend(a.files.overrides().into_iter().chain(a.mode.overrides()));
            }
            _ => {}
        }
        if let Command::Data(a) = &self.command {
            out.extend(a.overrides());
        }
        out
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
