//! `barlift import` and `barlift enqueue import`.

use std::time::{Duration, Instant};

use super::args::{EnqueueImportArgs, ImportArgs, SourceArgs};
use super::{Outcome, output, progress, ready_database, signals};
use crate::backend::Database;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::operation::OperationId;
use crate::operation::create::{self, NewImport};
use crate::operation::status::{self, OperationStatus};
use crate::queue;
use crate::source::discover::{self, Discovery, Filter};
use crate::source::pattern::Pattern;
use crate::source::root::Root;
use crate::source::time;
use crate::task::ImportOptions;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::DISCOVER_SYMBOLS;
use crate::telemetry::phases::milliseconds;
use crate::telemetry::{RootContext, Span, Telemetry, TraceOptions};
use crate::worker::Worker;

/// Enqueues, works, watches, reports.
pub(super) async fn import(args: &ImportArgs, config: &Config, telemetry: &Telemetry) -> Result<Outcome> {
    let (database, new) = create(&args.source, config, Start::Here, telemetry).await?;
    announce(&new);
    let id = &new.id;
    let stop = signals::stop_token(signals::HANDS_BACK)?;
    let worker_stop = stop.child_token();
    let worker = Worker::new(database.pool.clone(), config, worker_stop.clone(), telemetry.recorder());
    let worker = tokio::spawn(worker.run());
    let watched = progress::watch(&database.pool, id, &stop).await;
    worker_stop.cancel();
    worker.await.map_err(|e| Error::Internal(e.to_string()))?;
    watched?;
    // Read again: what was stopped has been handed back by now.
    let status = status::read(&database.pool, id, true).await?;
    finish(&status, args.source.json)
}

/// Enqueues, and waits if asked to.
pub(super) async fn enqueue(
    args: &EnqueueImportArgs,
    config: &Config,
    telemetry: &Telemetry,
) -> Result<Outcome> {
    let run_at = run_at(args)?;
    let (database, new) = create(&args.source, config, Start::ByWorkers(run_at), telemetry).await?;
    let id = &new.id;
    if args.wait {
        announce(&new);
        if queue::heartbeats(&database.pool, config.worker.lease).await?.alive == 0 {
            output::note("no worker is running now; start one with `barlift worker`");
        }
        let stop = signals::stop_token(signals::STOPS_WATCHING)?;
        let status = progress::watch(&database.pool, id, &stop).await?;
        return finish(&status, args.source.json);
    }
    if args.source.json {
        output::json(&status::read(&database.pool, id, true).await?)?;
    } else {
        output::print(|out| writeln!(out, "{id}"))?;
        announce(&new);
    }
    Ok(Outcome::Well)
}

fn run_at(args: &EnqueueImportArgs) -> Result<Option<jiff::Timestamp>> {
    let Some(delay) = args.delay else { return Ok(args.at) };
    let at =
        jiff::SignedDuration::try_from(delay).ok().and_then(|d| jiff::Timestamp::now().checked_add(d).ok());
    at.map(Some).ok_or_else(|| Error::usage("--in is too long", "give at most some years"))
}

/// Who does the work, and when.
#[derive(Clone, Copy)]
enum Start {
    /// This process, now.
    Here,
    /// Whichever workers there are, not before that time.
    ByWorkers(Option<jiff::Timestamp>),
}

/// Finds the files, sets up what is missing and enqueues the operation, all within its trace.
async fn create(
    args: &SourceArgs,
    config: &Config,
    start: Start,
    telemetry: &Telemetry,
) -> Result<(Database, NewImport)> {
    let (root, id, began_at) = (RootContext::new(), OperationId::migration(), jiff::Timestamp::now());
    let create = async {
        let run_at = if let Start::ByWorkers(run_at) = start { run_at } else { None };
        let new = prepare(args, config, run_at, (&root, &id, telemetry)).await?;
        let database = ready_database(config).await?;
        if let Start::Here = start {
            database.require_connections()?;
        }
        create::import(&database.pool, &new).await?;
        Ok((database, new))
    };
    let created = root.around(create).await;
    if let (Err(e), Some(recorder)) = (&created, telemetry.recorder()) {
        // A collector that hangs must not keep the user from the error.
        let told = recorder.refused(&root, &id.0, began_at, e);
        let _ = tokio::time::timeout(Duration::from_millis(1500), told).await;
    }
    created
}

/// Finds the files and puts the operation together; nothing is written yet.
async fn prepare(
    args: &SourceArgs,
    config: &Config,
    run_at: Option<jiff::Timestamp>,
    (trace, id, telemetry): (&RootContext, &OperationId, &Telemetry),
) -> Result<NewImport> {
    let began = Instant::now();
    let root = Root::open(&args.root).await?;
    let pattern = Pattern::new(&config.import.pattern)?;
    time::zone(&config.import.timezone)?;
    let filter = Filter { symbols: args.symbols.clone(), timeframes: args.timeframes.clone() };
    let found = discover(&root, &pattern, &filter, id).await?;
    refuse_nothing(&root.url(), config, &found)?;
    warn_of_missing(args, &found);
    let (files, pushes) = (found.sources.len(), found.sources.len().div_ceil(create::CHUNK));
    let trace_options = TraceOptions::share(config.trace.detail, config.trace.max_spans, files, pushes);
    Ok(NewImport {
        id: id.clone(),
        began,
        traced: telemetry.recorder().is_some(),
        root: root.url(),
        sources: found.sources,
        unrecognised: found.unrecognised,
        options: ImportOptions::from_config(config, args.dry_run, args.force, trace_options),
        priority: args.priority,
        max_attempts: config.retry.max_attempts,
        run_at,
        traceparent: trace.traceparent(),
    })
}

async fn discover(root: &Root, pattern: &Pattern, filter: &Filter, id: &OperationId) -> Result<Discovery> {
    let span = Span::start(&DISCOVER_SYMBOLS);
    span.set(attr::DIRECTORY, &root.url()).set(attr::OPERATION_ID, &id.0);
    let start = Instant::now();
    let found = span.around(discover::discover(root, pattern, filter)).await;
    span.set(attr::DISCOVERY_DURATION_MS, milliseconds(start.elapsed()));
    if let Ok(found) = &found {
        span.set(attr::SYMBOLS_FOUND, i64::try_from(found.sources.len()).unwrap_or(i64::MAX));
    }
    span.end(&found, "");
    found
}

fn refuse_nothing(place: &str, config: &Config, found: &Discovery) -> Result<()> {
    if !found.sources.is_empty() {
        return Ok(());
    }
    for u in found.unrecognised.iter().take(10) {
        output::note(&format!("not imported: {} {}", output::visible(&u.path), u.reason));
    }
    let message = format!("nothing to import in {place}");
    Err(match (found.filtered, found.unrecognised.len()) {
        (0, 0) => Error::usage(
            format!("{message}: it holds no CSV file"),
            format!("files are expected to be called like `{}`", config.import.pattern),
        ),
        (0, n) => Error::usage(
            format!("{message}: none of its {n} CSV files can be imported"),
            "--pattern '{symbol}-{timeframe}.csv' and the like fit other names",
        ),
        (n, _) => Error::usage(
            format!("{message}: --symbols and --timeframes leave none of {n} files"),
            "symbols and timeframes are compared exactly, as the file names spell them",
        ),
    })
}

fn warn_of_missing(args: &SourceArgs, found: &Discovery) {
    for symbol in &args.symbols {
        if !found.sources.iter().any(|s| s.series.symbol == *symbol) {
            output::note(&format!("warning: no file for symbol {}", output::visible(symbol)));
        }
    }
    for timeframe in &args.timeframes {
        if !found.sources.iter().any(|s| s.series.timeframe == *timeframe) {
            output::note(&format!("warning: no file for timeframe {}", output::visible(timeframe)));
        }
    }
}

fn announce(new: &NewImport) {
    let bytes: u64 = new.sources.iter().map(|s| s.size).sum();
    let files = output::counted(i64::try_from(new.sources.len()).unwrap_or(i64::MAX), "file", "files");
    output::note(&format!("{}: {files}, {}, from {}", new.id, indicatif::HumanBytes(bytes), new.root));
}

/// Prints how an operation that was waited for has ended.
pub(super) fn finish(status: &OperationStatus, json: bool) -> Result<Outcome> {
    if json {
        output::json(status)?;
    } else {
        output::operation(status)?;
    }
    if !status.is_settled() {
        output::note(&format!(
            "not done yet: workers go on with it (`barlift worker --drain` is one), `barlift status {}` shows how far it is",
            status.operation_id
        ));
        return Ok(Outcome::Failures);
    }
    Ok(if status.state == "succeeded" { Outcome::Well } else { Outcome::Failures })
}
