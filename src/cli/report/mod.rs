//! `barlift report`.
//!
//! [`findings`] prints an import, [`verification`] a verification, [`html`] either as a page, and [`rejected`] writes
//! rejected rows to files. [`destination`] is stdout or a file. Invariant: a report is written as it is read, so memory
//! stays bounded however much was found. The file of a report appears when it is complete; those of rejected rows are
//! written in place.

mod csv_lines;
mod destination;
mod findings;
mod html;
mod json_stream;
mod rejected;
mod settings;
mod verification;

use super::args::{ReportArgs, ReportFormat};
use super::{Outcome, ready_database};
use crate::config::Config;
use crate::error::Result;
use crate::operation::status;
use crate::operation::verification::Snapshot;
use destination::Destination;

/// Prints the report of an operation.
pub(super) async fn run(args: &ReportArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let (pool, shown_url) = (&database.pool, database.shown_url());
    let id = status::find(pool, &args.operation).await?;
    if let Some(directory) = &args.rejected_to {
        rejected::write(pool, &id, directory).await?;
    }
    let mut out = Destination::open(args.output.as_deref())?;
    let outcome = if status::kind(pool, &id).await?.has_verdict() {
        let mut snapshot = Snapshot::take(pool, &id).await?;
        let head = snapshot.head().await?;
        match args.format() {
            ReportFormat::Table => verification::table(&mut out, &mut snapshot, &head, args.limit).await,
            ReportFormat::Csv => verification::csv(&mut out, &mut snapshot).await,
            ReportFormat::Json => verification::json(&mut out, &mut snapshot, &head).await,
            ReportFormat::Html => html::verification(&mut out, &mut snapshot, &head, &shown_url).await,
        }?;
        if head.has_failed() { Outcome::Failures } else { Outcome::Well }
    } else {
        match args.format() {
            ReportFormat::Table => findings::table(&mut out, pool, &id, args.limit).await,
            ReportFormat::Csv => findings::csv(&mut out, pool, &id).await,
            ReportFormat::Json => findings::json(&mut out, pool, &id).await,
            ReportFormat::Html => html::import(&mut out, pool, &id, &shown_url).await,
        }?;
        Outcome::Well
    };
    out.finish()?;
    Ok(outcome)
}
