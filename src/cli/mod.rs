//! The command line: arguments in, text and an exit status out.
//!
//! [`args`] declares the commands, and one file for each runs it; `output` prints results to stdout, `progress` shows
//! progress on stderr. Invariant: stdout has nothing but results, so `--json` can be piped; an error is printed once,
//! with its causes and a hint. Commands have no logic that a user of the library would miss.

mod against;
pub mod args;
mod control;
mod data;
mod db;
mod diagnose;
mod enqueue;
mod import;
mod inspect;
mod lookup;
mod new_file;
mod operations;
mod outcome;
mod output;
mod presets;
mod private_server;
mod progress;
mod report;
mod row_counters;
mod row_detail;
mod save_preset;
mod signals;
mod summary;
mod table;
mod toml;
mod verification;
mod verify;
mod when;
mod work;
mod worker;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{self, Config};
use crate::db::Database;
use crate::db::embedded::keeper;
use crate::error::{Error, Result};
use crate::setup;
use crate::source::places::Places;
use crate::telemetry::{self, Settings, Telemetry};
use args::{Cli, Command};

/// How a command ended that ran without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit status 0.
    Well,
    /// Some of the work failed, or something differs: exit status 1.
    Failures,
}

/// Runs the program with these arguments; the first is its name.
///
/// It creates the async runtime, so that `main` stays trivial and everything is compiled once, with the library.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    keeper::this_program_can_keep();
    crate::crypto::choose();
    ExitCode::from(exit_status(block_on(run_async(arguments))))
}

/// Runs `work` on a new runtime. A panic is an internal error; the panic hook has printed where it happened.
fn block_on(work: impl Future<Output = Result<Outcome>>) -> Result<Outcome> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|e| Error::Internal(format!("the runtime cannot be started: {e}")))?;
    let result = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(work)));
    // Dropping the runtime would wait for blocking calls that hang, such as a name server that does not answer.
    std::mem::forget(runtime);
    result.unwrap_or_else(|_| Err(Error::Internal("barlift panicked".into())))
}

/// Prints the error, if it is one. docs/cli.md lists what each status means.
fn exit_status(result: Result<Outcome>) -> u8 {
    match result {
        Ok(Outcome::Well) => 0,
        Ok(Outcome::Failures) => 1,
        Err(e) => {
            output::error(&e);
            e.exit_status()
        }
    }
}

async fn run_async(arguments: Vec<OsString>) -> Result<Outcome> {
    // The keeper is not for people, so neither help nor completions list it.
    match keeper::directory(&arguments) {
        Some(directory) => keeper::keep(directory).await.map(|()| Outcome::Well),
        None => dispatch(Cli::parse_from(arguments)).await,
    }
}

async fn dispatch(cli: Cli) -> Result<Outcome> {
    let places = Places::find(cli.places());
    let directory = match &places {
        Ok(places) => places.settings_folder()?,
        // The command says what is wrong, if it needs places.
        Err(_) => None,
    };
    let (config, settings) = config::load_for(cli.config.as_deref(), &cli.overrides(), directory)?;
    if let Some(settings) = settings {
        output::note(&settings.to_string());
    }
    // A worker's log is its output. Other commands print the results of tasks themselves.
    let default_level = match cli.command {
        Command::Worker(_) => "warn,barlift=info",
        _ => "warn,barlift::worker=off",
    };
    let prometheus = matches!(cli.command, Command::Worker(_)) && config.worker.http.is_some();
    let metrics = matches!(cli.command, Command::Worker(_) | Command::Import(_) | Command::Verify(_));
    let settings = Settings { log: config.log.clone(), default_level, metrics, prometheus };
    let telemetry = telemetry::start(&settings)?;
    let outcome = command(&cli, places, &config, &telemetry).await;
    telemetry.stop().await;
    outcome
}

async fn command(
    cli: &Cli,
    places: Result<Places>,
    config: &Config,
    telemetry: &Telemetry,
) -> Result<Outcome> {
    match &cli.command {
        Command::Import(args) => import::import(args, places, config, telemetry).await,
        Command::Inspect(args) => inspect::run(args, places, cli.config.as_deref(), config).await,
        Command::Presets(args) => presets::run(args, config),
        Command::Enqueue(args::EnqueueCommand::Import(args)) => {
            import::enqueue(args, places, config, telemetry).await
        }
        Command::Verify(args) => verify::verify(args, places, config, telemetry).await,
        Command::Enqueue(args::EnqueueCommand::Verify(args)) => {
            verify::enqueue(args, places, config, telemetry).await
        }
        Command::Worker(args) => worker::run(args, config, telemetry).await,
        Command::Operations(args) => operations::list(args, config).await,
        Command::Status(args) => operations::status(args, config).await,
        Command::Retry(args) => control::retry(args, config).await,
        Command::Cancel(args) => control::cancel(args, config, telemetry).await,
        Command::Pause(args) => control::pause(args, config).await,
        Command::Resume(args) => control::resume(args, config).await,
        Command::Priority(args) => control::priority(args, config).await,
        Command::Report(args) => report::run(args, config).await,
        Command::Diagnose(args) => diagnose::run(args, config).await,
        Command::Data(args) => data::run(args, config).await,
        Command::Db(args) => db::run(args, config).await,
        Command::Completions { shell } => output::completions(*shell),
    }
}

/// Connects, and sets up the schema if it is missing or old.
async fn ready_database(config: &Config) -> Result<Database> {
    let mut database = Database::connect(config).await?;
    setup::ensure(&mut database, &config.database).await?;
    Ok(database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_exit_status() {
        for (result, status) in [
            (Ok(Outcome::Well), 0),
            (Ok(Outcome::Failures), 1),
            (Err(Error::LostLease), 1),
            (Err(Error::usage("a flag", "leave it out")), 2),
            (Err(Error::config("a key", "leave it out")), 2),
            (Err(Error::database("no server", "start one")), 3),
            (Err(Error::source("no folder", "make one")), 3),
            (Err(Error::Internal("a thread broke".into())), 4),
        ] {
            let name = format!("{result:?}");
            assert_eq!(exit_status(block_on(async { result })), status, "{name}");
        }
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let result = block_on(async { panic!("on purpose") });
        assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
        assert_eq!(exit_status(result), 4);
    }
}
