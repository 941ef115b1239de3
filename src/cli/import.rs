//! `barlift import` and `barlift enqueue import`.

use super::args::{EnqueueImportArgs, ImportArgs, SourceArgs};
use super::enqueue::{Enqueuing, Prepared, Start};
use super::{Outcome, row_detail, verify, work};
use crate::config::{Config, TraceDetail};
use crate::db::Database;
use crate::error::Result;
use crate::model::OperationKind;
use crate::operation::create::{self, NewOperation};
use crate::source::places::Places;
use crate::task::ImportOptions;
use crate::telemetry::Telemetry;

/// `barlift import`: enqueues, runs, watches and reports.
pub(super) async fn import(
    args: &ImportArgs,
    places: Result<Places>,
    config: &Config,
    telemetry: &Telemetry,
) -> Result<Outcome> {
    let (database, new) = create(&args.source, places, config, Start::Here, telemetry).await?;
    work::here(&database, &new, config, telemetry, args.source.files.json).await
}

/// `barlift enqueue import`
pub(super) async fn enqueue(
    args: &EnqueueImportArgs,
    places: Result<Places>,
    config: &Config,
    telemetry: &Telemetry,
) -> Result<Outcome> {
    let start = Start::by_workers(&args.start)?;
    let (database, new) = create(&args.source, places, config, start, telemetry).await?;
    work::by_workers(&database, &new, config, args.wait.wait, args.source.files.json).await
}

async fn create(
    args: &SourceArgs,
    places: Result<Places>,
    config: &Config,
    start: Start,
    telemetry: &Telemetry,
) -> Result<(Database, Vec<NewOperation>)> {
    let kind = OperationKind::Import;
    let enqueuing = Enqueuing { kind, args: &args.files, config, telemetry, start };
    enqueuing
        .enqueue(places, async |database, prepared| {
            if config.trace.detail == TraceDetail::Row {
                row_detail::announce(&prepared.root, &prepared.found, config.csv.header).await;
            }
            let mut operations = vec![operation(args, &enqueuing, &prepared)?];
            if args.verifies() {
                operations.push(verify::following(&enqueuing, database, &prepared).await?);
            }
            Ok(operations)
        })
        .await
}

fn operation(args: &SourceArgs, enqueuing: &Enqueuing<'_>, prepared: &Prepared) -> Result<NewOperation> {
    let mut new = enqueuing.operation(prepared, prepared.id.clone(), OperationKind::Import);
    new.tasks = create::file_by_file(prepared.found.sources.clone());
    let trace = enqueuing.trace_options(new.tasks.len());
    let mut options = ImportOptions::from_config(enqueuing.config, args.dry_run, args.files.force, trace);
    options.batch_rows = args.files.batch_rows;
    options.read.symbols.clone_from(&args.files.symbols);
    new.options = create::stored(&options)?;
    Ok(new)
}
