//! `barlift operations` and `barlift status`.

use super::args::{OperationsArgs, StatusArgs};
use super::outcome::Detail;
use super::signals::Audience;
use super::table::{Column, Table};
use super::{Outcome, output, progress, ready_database, signals, summary, when, work};
use crate::config::Config;
use crate::error::Result;
use crate::model::OperationState;
use crate::operation::status::{self, OperationStatus};

pub(super) async fn list(args: &OperationsArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let operations = status::list(&database.pool, args.limit).await?;
    if args.json {
        output::json(&operations)?;
        return Ok(Outcome::Well);
    }
    let mut table = Table::new([
        Column::text("OPERATION").shortened_by(output::short_id),
        Column::text("STATE").shortened_by(short_state).wrapping(),
        Column::text("CREATED").shortened_by(minute),
        Column::number("FILES"),
        Column::counter("FAILED", "FAILED"),
        Column::number("ROWS").spare(2),
        Column::number("IMPORTED").spare(1),
        Column::text("FROM").shortened_by(end_of_path).spare(3),
    ]);
    for o in &operations {
        let t = &o.totals;
        let created = jiff::fmt::strtime::format("%F %H:%M:%SZ", o.created_at).unwrap_or_default();
        // A dry run counts what it would import.
        let imported = if o.dry_run { 0 } else { t.rows.rows_imported };
        let counts = [t.tasks, t.failed, t.rows.rows, imported].map(output::count);
        let cells = [o.operation_id.to_string(), state(o), created];
        table.row(cells.into_iter().chain(counts).chain([output::visible(&o.root)]));
    }
    if operations.is_empty() {
        output::note("no operations yet; `barlift import FILES` makes one");
    } else {
        output::print(|out| table.write(out))?;
    }
    Ok(Outcome::Well)
}

fn state(o: &OperationStatus) -> String {
    let now = jiff::Timestamp::now();
    match o.starts_later(now) {
        Some(at) => format!("{} ({})", o.shown_state(), when::until(at, now)),
        None => o.shown_state(),
    }
}

/// Shortens the id in `scheduled (after op_…)`, so that the state is no wider than other states.
fn short_state(state: &str) -> String {
    let room = OperationState::Succeeded.as_str().len() - ")".len();
    let short = |word: &str| match word.strip_suffix(')') {
        Some(id) if id.starts_with("op_") => format!("{})", output::last_of_id(id, room)),
        _ => word.to_owned(),
    };
    state.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// A time without its seconds.
fn minute(time: &str) -> String {
    time.get(.."YYYY-MM-DD HH:MM".len()).map_or_else(|| time.to_owned(), |t| format!("{t}Z"))
}

/// The end of a directory, which tells it from others: `…/bars/1d/`.
fn end_of_path(root: &str) -> String {
    const KEPT: usize = 12;
    let from = root.char_indices().rev().nth(KEPT).map_or(0, |(i, _)| i);
    // It begins with a whole name, if there is one.
    match root[from..].find('/').filter(|i| from > 0 && from + i + 1 < root.len()) {
        _ if from == 0 => root.to_owned(),
        Some(i) => format!("…{}", &root[from + i..]),
        None => format!("…{}", &root[from..]),
    }
}

pub(super) async fn status(args: &StatusArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let id = status::find(&database.pool, &args.operation).await?;
    let found = if args.watch {
        let stop = signals::stop_token(signals::STOPS_WATCHING, Audience::User, &config.log)?;
        progress::watch(&database.pool, &id, &stop).await?
    } else {
        status::read(&database.pool, &id, true).await?
    };
    if args.json {
        output::json(&found)?;
    } else {
        summary::print(&found, Detail::All)?;
    }
    if !found.is_settled() && found.paused_at.is_none() {
        work::note_if_no_worker(&database.pool, config).await?;
    }
    // Only a command that waited for the operation fails with it.
    Ok(if args.watch && found.has_failures() { Outcome::Failures } else { Outcome::Well })
}
