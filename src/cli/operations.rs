//! `barlift operations` and `barlift status`.

use super::args::{OperationsArgs, StatusArgs};
use super::{Outcome, outcome, output, progress, ready_database, signals};
use crate::config::Config;
use crate::error::Result;
use crate::operation::status;

/// Lists operations.
pub(super) async fn list(args: &OperationsArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let operations = status::list(&database.pool, args.limit).await?;
    if args.json {
        output::json(&operations)?;
        return Ok(Outcome::Well);
    }
    let header = ["OPERATION", "STATE", "CREATED", "FILES", "FAILED", "ROWS", "IMPORTED", "FROM"];
    let mut table = output::table(&header, 3);
    if let Some(last) = table.column_mut(header.len() - 1) {
        last.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    for o in &operations {
        let t = &o.totals;
        let created = jiff::fmt::strtime::format("%F %H:%M:%SZ", o.created_at).unwrap_or_default();
        let mut cells = vec![o.operation_id.clone(), o.shown_state(), created];
        // A dry run counts what it would import.
        let imported = if o.dry_run { 0 } else { t.rows.rows_imported };
        cells.extend([t.tasks, t.failed, t.rows.rows, imported].map(output::count));
        cells.push(o.root.clone());
        table.add_row(cells);
    }
    if operations.is_empty() {
        output::note("no operations yet; `barlift import DIR` makes one");
    } else {
        output::print(|out| writeln!(out, "{}", output::trimmed(&table)))?;
    }
    Ok(Outcome::Well)
}

/// Shows one operation.
pub(super) async fn status(args: &StatusArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let id = status::find(&database.pool, &args.operation).await?;
    let found = if args.watch {
        progress::watch(&database.pool, &id, &signals::stop_token(signals::STOPS_WATCHING)?).await?
    } else {
        status::read(&database.pool, &id, true).await?
    };
    if args.json {
        output::json(&found)?;
    } else {
        outcome::operation(&found)?;
    }
    // To look at a failed operation is no failure; to have waited for it is.
    Ok(if args.watch && found.has_failures() { Outcome::Failures } else { Outcome::Well })
}
