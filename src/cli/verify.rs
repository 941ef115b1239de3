//! `barlift verify`, `barlift enqueue verify`, and the verification that follows an import.

use super::args::{EnqueueVerifyArgs, FilesArgs, ModeArgs, VerifyArgs};
use super::enqueue::{Enqueuing, Prepared, Start};
use super::{Outcome, against, work};
use crate::config::Config;
use crate::db::Database;
use crate::error::Result;
use crate::model::{OperationId, OperationKind};
use crate::operation::create::{self, NewOperation};
use crate::repository::compared;
use crate::source::places::Places;
use crate::task::VerifyOptions;
use crate::telemetry::{RootContext, Telemetry};

/// Enqueues the verification, runs it in this process and prints its result.
pub(super) async fn verify(
    args: &VerifyArgs,
    places: Result<Places>,
    config: &Config,
    telemetry: &Telemetry,
) -> Result<Outcome> {
    if args.against.is_some() {
        return against::run(args, config).await;
    }
    let what = (places, &args.files, &args.mode);
    let (database, new) = create(what, config, Start::Here, telemetry).await?;
    work::here(&database, &new, config, telemetry, args.files.json).await
}

/// Enqueues the verification for workers, and waits for its end if the arguments say so.
pub(super) async fn enqueue(
    args: &EnqueueVerifyArgs,
    places: Result<Places>,
    config: &Config,
    telemetry: &Telemetry,
) -> Result<Outcome> {
    let start = Start::by_workers(&args.start)?;
    let what = (places, &args.files, &args.mode);
    let (database, new) = create(what, config, start, telemetry).await?;
    work::by_workers(&database, &new, config, args.wait.wait, args.files.json).await
}

async fn create(
    (places, files, mode): (Result<Places>, &FilesArgs, &ModeArgs),
    config: &Config,
    start: Start,
    telemetry: &Telemetry,
) -> Result<(Database, Vec<NewOperation>)> {
    let enqueuing = Enqueuing { kind: OperationKind::Verify, args: files, config, telemetry, start };
    enqueuing
        .enqueue(places, async |database, prepared| {
            let id = prepared.id.clone();
            Ok(vec![operation(&enqueuing, database, &prepared, id, mode.seed).await?])
        })
        .await
}

/// The verification that follows an import, in a trace of its own.
pub(super) async fn following(
    enqueuing: &Enqueuing<'_>,
    database: &Database,
    prepared: &Prepared,
) -> Result<NewOperation> {
    let mut new =
        operation(enqueuing, database, prepared, OperationId::generate(OperationKind::Verify), None).await?;
    new.depends_on = Some(prepared.id.clone());
    new.traceparent = RootContext::new().traceparent();
    Ok(new)
}

async fn operation(
    enqueuing: &Enqueuing<'_>,
    database: &Database,
    prepared: &Prepared,
    id: OperationId,
    seed: Option<u32>,
) -> Result<NewOperation> {
    let args = enqueuing.args;
    let mut new = enqueuing.operation(prepared, id, OperationKind::Verify);
    new.tasks = create::series_by_series(prepared.found.sources.clone());
    let names: Vec<_> = new.tasks.iter().map(|t| &t.series).collect();
    let seed = seed.unwrap_or_else(rand::random);
    let trace = enqueuing.trace_options(new.tasks.len());
    let mut options = VerifyOptions::from_config(enqueuing.config, u64::from(seed), trace);
    options.force = args.force;
    options.batch_rows = args.batch_rows;
    options.read.symbols.clone_from(&args.symbols);
    options.part.clone_from(&prepared.part);
    options.unexplained =
        compared::other_series(&database.pool, &names, &args.symbols, &args.timeframes).await?;
    // Which series a file of several symbols has is not known before it is read.
    let several: Vec<_> = names.iter().filter(|name| name.is_several()).map(|name| &name.timeframe).collect();
    options.unexplained.retain(|name| !several.contains(&&name.timeframe));
    new.options = create::stored(&options)?;
    Ok(new)
}
