//! Finds files and enqueues operations for them.
//!
//! Invariant: everything that may be refused is checked before anything is written.

use std::time::{Duration, Instant};

use super::args::{FilesArgs, StartArgs};
use super::lookup::lookup;
use super::{output, ready_database, when};
use crate::config::Config;
use crate::counts::int;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::model::{OperationId, OperationKind};
use crate::operation::create::{self, NewOperation};
use crate::queue;
use crate::repository::data::{DataRepository, Renaming};
use crate::source::discover::{self, Discovery, Filter, Naming, Unrecognised};
use crate::source::extension;
use crate::source::places::Places;
use crate::source::root::Root;
use crate::source::time;
use crate::telemetry::attribute as attr;
use crate::telemetry::catalogue::DISCOVER_SYMBOLS;
use crate::telemetry::phases::milliseconds;
use crate::telemetry::{RootContext, Span, Telemetry, TraceOptions};
use crate::timeframe;

/// Which process does the work, and when.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// This process, now.
    Here,
    /// Any worker, not before that time.
    ByWorkers(Option<jiff::Timestamp>),
}

impl Start {
    pub(super) fn by_workers(args: &StartArgs) -> Result<Self> {
        if let Some(at) = args.at.filter(|at| *at <= jiff::Timestamp::now()) {
            output::note(&format!("--at {} is past: the work begins at once", when::shown(at)));
        }
        let Some(delay) = args.delay else { return Ok(Self::ByWorkers(args.at)) };
        let at = jiff::SignedDuration::try_from(delay)
            .ok()
            .and_then(|d| jiff::Timestamp::now().checked_add(d).ok());
        let at = at.ok_or_else(|| Error::usage("--in is too long", "give at most some years"))?;
        Ok(Self::ByWorkers(Some(at)))
    }
}

/// What the operations of a command have in common.
pub(super) struct Enqueuing<'a> {
    /// Of the first one.
    pub(super) kind: OperationKind,
    pub(super) args: &'a FilesArgs,
    pub(super) config: &'a Config,
    pub(super) telemetry: &'a Telemetry,
    pub(super) start: Start,
}

/// The files that were found, and the operation they are for.
pub(super) struct Prepared {
    pub(super) id: OperationId,
    pub(super) began: Instant,
    pub(super) root: Root,
    pub(super) found: Discovery,
    /// What of the root was given; none if all of it.
    pub(super) part: Option<String>,
    pub(super) trace: RootContext,
}

impl Enqueuing<'_> {
    /// Finds the files of `places`, sets up the schema if needed, and enqueues the operations that `operations` returns;
    /// the first of them has the prepared id.
    pub(super) async fn enqueue(
        &self,
        places: Result<Places>,
        operations: impl AsyncFnOnce(&Database, Prepared) -> Result<Vec<NewOperation>>,
    ) -> Result<(Database, Vec<NewOperation>)> {
        let id = OperationId::generate(self.kind);
        let (trace, began_at) = (RootContext::new(), jiff::Timestamp::now());
        let create = async {
            let prepared = self.prepare(&places?, &id, &trace).await?;
            let database = ready_database(self.config).await?;
            database.require_utf8()?;
            if let Start::Here = self.start {
                database.require_connections()?;
            }
            let operations = operations(&database, prepared).await?;
            refuse_other_spellings(&database, &operations).await?;
            create::enqueue(&database.pool, &operations).await?;
            Ok((database, operations))
        };
        let created = trace.around(create).await;
        if let (Err(e), Some(recorder)) = (&created, self.telemetry.recorder()) {
            // A collector that hangs must not delay the error message.
            let exported = recorder.refused(&trace, (&id, self.kind), began_at, e);
            let _ = tokio::time::timeout(Duration::from_millis(1500), exported).await;
        }
        created
    }

    async fn prepare(&self, places: &Places, id: &OperationId, trace: &RootContext) -> Result<Prepared> {
        let began = Instant::now();
        let config = self.config;
        let root = Root::open(places.root()).await?;
        let looked_for = lookup(self.args, config)?;
        config.import.timezone.as_deref().map(time::zone).transpose()?;
        let found = discover(&root, places, &looked_for, id).await?;
        let part = places.part().or_else(|| root.part());
        let place = match &part {
            Some(part) => format!("{} ({part})", root.url()),
            None => root.url(),
        };
        refuse_named(self.kind, &found)?;
        refuse_empty(self.kind, &place, config, &found)?;
        warn_of_missing(self.args, &found);
        Ok(Prepared { id: id.clone(), began, root, found, part, trace: trace.clone() })
    }

    /// How closely to trace an operation with so many tasks.
    pub(super) fn trace_options(&self, tasks: usize) -> TraceOptions {
        let trace = &self.config.trace;
        TraceOptions::share(trace.detail, trace.max_spans, tasks, tasks.div_ceil(queue::CHUNK))
    }

    /// An operation without tasks and options.
    pub(super) fn operation(
        &self,
        prepared: &Prepared,
        id: OperationId,
        kind: OperationKind,
    ) -> NewOperation {
        NewOperation {
            id,
            kind,
            depends_on: None,
            began: prepared.began,
            traced: self.telemetry.recorder().is_some(),
            root: prepared.root.url(),
            tasks: Vec::new(),
            unrecognised: prepared.found.unrecognised.clone(),
            options: serde_json::Value::Null,
            priority: self.args.priority,
            max_attempts: self.config.retry.max_attempts,
            run_at: if let Start::ByWorkers(at) = self.start { at } else { None },
            traceparent: prepared.trace.traceparent(),
        }
    }
}

async fn discover(
    root: &Root,
    places: &Places,
    (naming, filter): &(Naming, Filter),
    id: &OperationId,
) -> Result<Discovery> {
    let span = Span::start(&DISCOVER_SYMBOLS);
    span.set(attr::DIRECTORY, &root.url()).set(attr::OPERATION_ID, id.as_str());
    let start = Instant::now();
    let found = span.around(discover::discover(root, places, naming, filter)).await;
    span.set(attr::DISCOVERY_DURATION_MS, milliseconds(start.elapsed()));
    let files = found.as_ref().map_or(0, |found| found.sources.len());
    span.set(attr::SYMBOLS_FOUND, int(files));
    span.end(&found, "");
    found
}

/// Refuses files that were named themselves and cannot be taken: none of several is left out silently.
fn refuse_named(kind: OperationKind, found: &Discovery) -> Result<()> {
    let done = kind.verb().done;
    let hint = format!(
        "nothing was {done}: leave such a file out, or give its folder or a glob in quotes, which take what can be {done}"
    );
    match found.refused.as_slice() {
        [] => Ok(()),
        [one] => Err(Error::usage(format!("{} {}", output::visible(&one.path), one.reason), hint)),
        all => {
            note_not_done(done, all);
            Err(Error::usage(format!("{} of the files that were named cannot be {done}", all.len()), hint))
        }
    }
}

/// Names files, a few at most.
fn note_not_done(done: &str, files: &[Unrecognised]) {
    for file in files.iter().take(10) {
        output::note(&format!("not {done}: {} {}", output::visible(&file.path), file.reason));
    }
}

fn refuse_empty(kind: OperationKind, place: &str, config: &Config, found: &Discovery) -> Result<()> {
    let verb = kind.verb();
    if !found.sources.is_empty() {
        return Ok(());
    }
    note_not_done(verb.done, &found.unrecognised);
    let message = format!("nothing to {} in {place}", verb.to_do);
    Err(match (found.filtered, found.unrecognised.len()) {
        (0, 0) => Error::usage(
            format!("{message}: it holds no {} file", extension::KIND),
            match &config.import.pattern {
                Some(pattern) => format!("file names must match `{pattern}` (--pattern)"),
                None => "a file is called like AAPL_1h.csv, or --pattern says how".to_owned(),
            },
        ),
        (0, _) if found.unrecognised.iter().any(|file| file.is_damaged) => {
            Error::source(format!("{message}: what is there is damaged"), "replace it by a sound copy")
        }
        (0, n) => Error::usage(
            format!("{message}: none of its {n} {} files can be {}", extension::KIND, verb.done),
            "--pattern '{symbol}-{timeframe}.csv' and the like fit other names, and --timeframe says what names do not",
        ),
        (n, _) => Error::usage(
            format!("{message}: --symbols and --timeframes leave none of {n} files"),
            "symbols are compared exactly, as the file names spell them",
        ),
    })
}

/// Refuses files whose series is in the database under another spelling of its timeframe.
async fn refuse_other_spellings(database: &Database, operations: &[NewOperation]) -> Result<()> {
    let others = DataRepository::new(database.pool.clone()).other_spellings().await?;
    let mut series = operations.iter().flat_map(|operation| &operation.tasks).map(|task| &task.series);
    let clash = series.find_map(|name| others.iter().find(|other| other.to == *name));
    match clash {
        Some(Renaming { from, to }) => Err(Error::usage(
            format!(
                "the database calls {} {} by another spelling, {}: as two series, their bars would be there twice",
                to.symbol, to.timeframe, from.timeframe
            ),
            "barlift data merge --timeframes renames all such series, or merges them with those that are there",
        )),
        None => Ok(()),
    }
}

fn warn_of_missing(args: &FilesArgs, found: &Discovery) {
    // Which symbols are in a file of several shows when it is read.
    let has_several = found.sources.iter().any(|s| s.series.is_several());
    for symbol in args.symbols.iter().filter(|_| !has_several) {
        if !found.sources.iter().any(|s| s.series.symbol == *symbol) {
            output::note(&format!("warning: no file for symbol {}", output::visible(symbol)));
        }
    }
    for timeframe in &args.timeframes {
        let timeframe = &timeframe::canonical(timeframe);
        if !found.sources.iter().any(|s| s.series.timeframe == *timeframe) {
            output::note(&format!("warning: no file for timeframe {}", output::visible(timeframe)));
        }
    }
}

/// Prints what was enqueued.
pub(super) fn announce(new: &NewOperation) {
    let bytes: u64 = new.tasks.iter().map(|t| t.size).sum();
    let files: usize = new.tasks.iter().map(|t| 1 + t.more_sources.len()).sum();
    let files = output::counted(files, "file", "files");
    let root = output::visible(&new.root);
    output::note(&format!("{}: {files}, {}, from {root}", new.id, indicatif::HumanBytes(bytes)));
    if let Some(at) = new.run_at.filter(|at| new.depends_on.is_none() && *at > jiff::Timestamp::now()) {
        output::note(&format!("it starts {}", when::starts(at)));
    }
}
