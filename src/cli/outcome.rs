//! The state of an operation as text: its tasks, their errors, and the sums.
//!
//! Invariant: the numbers are those of `--json`. If there are many tasks, only the noteworthy ones are listed.

use std::io::{self, Write};

use super::output::{count, counted, duration, files, visible};
use super::row_counters::{self, ShownCounter, row_counters};
use super::table::{self, Column, Table};
use super::when;
use crate::error::ErrorClass;
use crate::model::TaskState;
use crate::operation::status::{OperationStatus, TaskStatus, TaskTotals};

/// If there are more tasks than this, only noteworthy ones are listed, and at most so many.
pub(super) const MAX_TASKS: usize = 40;

/// Which tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// All, unless there are too many.
    All,
    /// Those with errors or findings, and running ones.
    Noteworthy,
}

impl Detail {
    /// Whether all tasks are listed.
    pub(super) fn lists_all(self, status: &OperationStatus) -> bool {
        self == Self::All && status.tasks.len() <= MAX_TASKS
    }
}

/// An operation without a verdict for people: its files, their errors, and the sums.
pub(super) fn show(out: &mut dyn Write, status: &OperationStatus, detail: Detail) -> io::Result<()> {
    let shown = tasks(out, status, detail)?;
    if shown < status.tasks.len() {
        writeln!(out, "({} more without anything to note)", files(status.tasks.len() - shown))?;
    }
    errors(out, status)?;
    sums(out, status)?;
    notes(out, status)
}

fn tasks(out: &mut dyn Write, status: &OperationStatus, detail: Detail) -> io::Result<usize> {
    let noteworthy = |t: &&TaskStatus| {
        t.error.is_some()
            || t.rows.rows_mismatched + t.rows.rows_rejected > 0
            || t.state == TaskState::Running
    };
    let all = detail.lists_all(status);
    let shown: Vec<&TaskStatus> =
        status.tasks.iter().filter(|t| all || noteworthy(t)).take(MAX_TASKS).collect();
    let counters = row_counters(status.dry_run);
    let columns = [table::SYMBOL, table::TIMEFRAME, Column::text("STATE"), Column::number("ROWS")];
    let columns = columns.into_iter().chain(counters.iter().map(ShownCounter::column));
    let mut table = Table::new(columns.chain([Column::number("TIME").spare(3)]));
    for t in &shown {
        let cells = [visible(&t.symbol), visible(&t.timeframe), t.state.to_string(), count(t.rows.rows)];
        let counts = counters.iter().map(|c| count((c.value)(&t.rows)));
        let time = t.duration_ms.map(duration).unwrap_or_default();
        table.row(cells.into_iter().chain(counts).chain([time]));
    }
    if !table.is_empty() {
        table.write(out)?;
        writeln!(out)?;
    }
    Ok(shown.len())
}

pub(super) fn errors(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let failed: Vec<_> = status.tasks.iter().filter_map(|t| Some((t, t.error.as_ref()?))).collect();
    for (task, error) in failed.iter().take(MAX_TASKS) {
        let class = error.class.as_str();
        // Most messages already begin with the file's name.
        let source = visible(&task.source);
        let place =
            if error.message.starts_with(&task.source) { String::new() } else { format!("{source}: ") };
        writeln!(
            out,
            "{}: {place}{} ({class}, attempt {})",
            task.state,
            visible(&error.message),
            task.attempts
        )?;
    }
    if failed.len() > MAX_TASKS {
        writeln!(
            out,
            "({} more errors: barlift status {} --json)",
            failed.len() - MAX_TASKS,
            status.operation_id
        )?;
    }
    if failed.is_empty() { Ok(()) } else { writeln!(out) }
}

fn sums(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let t = &status.totals;
    ended(out, status)?;
    let succeeded = [(t.succeeded, TaskState::Succeeded.as_str())];
    states(out, &counted(t.tasks, "file", "files"), &succeeded, t)?;
    if status.kind.imports() {
        writeln!(out, "{}", row_counters::sum(&t.rows, "", status.dry_run))?;
    }
    Ok(())
}

fn notes(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let r = &status.totals.rows;
    let recognised = status.tasks.iter().filter(|t| t.recognised).count();
    if recognised > 0 {
        let what = files(recognised);
        writeln!(out, "{what} recognised by content and not read again (--force reads all)")?;
    }
    let all_rejected = |t: &&TaskStatus| {
        t.state == TaskState::Succeeded && t.rows.rows > 0 && t.rows.rows_rejected == t.rows.rows
    };
    let rejected = status.tasks.iter().filter(all_rejected).count();
    if rejected > 0 {
        writeln!(
            out,
            "WARNING: every row of {} was rejected; are the times or columns read wrong?",
            files(rejected)
        )?;
    }
    mismatches(out, status)?;
    let conflicts = || status.tasks.iter().filter_map(|t| t.shape_conflict.as_ref());
    for conflict in conflicts().take(MAX_TASKS) {
        writeln!(out, "WARNING: {}", visible(conflict))?;
    }
    if conflicts().count() > MAX_TASKS {
        let more = conflicts().count() - MAX_TASKS;
        writeln!(out, "({more} more such warnings: barlift status {} --json)", status.operation_id)?;
    }
    let repeated = status.tasks.iter().filter(|t| t.attempts > 1).count();
    if repeated > 0 {
        let what = files(repeated);
        writeln!(
            out,
            "{what} took more than one attempt; bars that a given-up attempt had written count as skipped"
        )?;
    }
    if r.quality_issues > 0 {
        let what = counted(r.quality_issues, "bar breaks", "bars break");
        writeln!(out, "{what} a market-data rule")?;
    }
    for note in layout_notes(status) {
        writeln!(out, "{}", visible(&note))?;
    }
    for ignored in ignored_columns(status) {
        writeln!(out, "{ignored}")?;
    }
    unrecognised(out, status)?;
    let findings = r.findings() + status.shape_conflicts();
    if findings > 0 && !status.dry_run {
        writeln!(out, "details: barlift report {}", status.operation_id)?;
    }
    if status.totals.failed > 0 && !status.dry_run {
        writeln!(out, "{}", to_try_again(status))?;
    }
    Ok(())
}

/// How to retry failed files. With the same options, a permanent error stays until the file is corrected.
fn to_try_again(status: &OperationStatus) -> String {
    let mut errors =
        status.tasks.iter().filter(|t| t.state == TaskState::Failed).filter_map(|t| t.error.as_ref());
    let retry = format!("barlift retry {}", status.operation_id);
    if errors.any(|error| error.class == ErrorClass::Permanent) {
        format!(
            "to try failed files again, once they are mended: {retry}; with other flags: import them again"
        )
    } else {
        format!("to try failed files again: {retry}")
    }
}

/// What happened to bars that differ.
fn mismatches(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let differ = counted(status.totals.rows.rows_mismatched, "bar differs", "bars differ");
    let overwritten = counted(status.totals.rows.rows_mismatched, "bar", "bars");
    match (status.left_different(), status.totals.rows.rows_mismatched, status.dry_run) {
        (_, 0, _) => Ok(()),
        (0, _, true) => writeln!(out, "would overwrite {overwritten} of the database with the files' values"),
        (0, _, false) => writeln!(out, "overwrote {overwritten} of the database with the files' values"),
        (_, _, dry_run) => {
            let kept = if dry_run { "would keep" } else { "kept" };
            writeln!(
                out,
                "{differ} from the database's: {kept} the database's values (--on-mismatch overwrite takes the files')"
            )
        }
    }
}

/// CSV files in the directory that were not processed.
pub(super) fn unrecognised(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let what = status.kind.verb().done;
    for u in status.unrecognised.iter().take(MAX_TASKS) {
        writeln!(out, "not {what}: {} {}", visible(&u.path), u.reason)?;
    }
    if status.unrecognised.len() > MAX_TASKS {
        writeln!(out, "({} more that were not {what})", status.unrecognised.len() - MAX_TASKS)?;
    }
    Ok(())
}

/// The most lines about how files were read.
const MAX_NOTES: usize = 10;

/// One line for each thing that was decided about files, with their number.
fn layout_notes(status: &OperationStatus) -> Vec<String> {
    let mut notes: Vec<(&str, usize)> = Vec::new();
    for note in status.tasks.iter().flat_map(|t| &t.notes) {
        // What decided it differs from file to file.
        let kind = note.split(" (line ").next().unwrap_or(note);
        match notes.iter_mut().find(|(known, _)| known.split(" (line ").next() == Some(kind)) {
            Some((_, n)) => *n += 1,
            None => notes.push((note, 1)),
        }
    }
    let mut lines: Vec<String> =
        notes.iter().take(MAX_NOTES).map(|(note, n)| format!("in {}: {note}", files(*n))).collect();
    if notes.len() > MAX_NOTES {
        lines.push(format!(
            "({} more such notes: barlift status {} --json)",
            notes.len() - MAX_NOTES,
            status.operation_id
        ));
    }
    lines
}

/// The most columns that a line names.
const MAX_COLUMNS: usize = 10;

/// The most lines about ignored columns.
const MAX_SETS: usize = 10;

/// One line for each set of ignored columns.
fn ignored_columns(status: &OperationStatus) -> Vec<String> {
    let mut sets: Vec<(&[String], usize)> = Vec::new();
    for t in status.tasks.iter().filter(|t| !t.ignored_columns.is_empty()) {
        match sets.iter_mut().find(|(names, _)| *names == t.ignored_columns) {
            Some((_, n)) => *n += 1,
            None => sets.push((&t.ignored_columns, 1)),
        }
    }
    let shown = sets.iter().take(MAX_SETS);
    let mut lines: Vec<String> =
        shown.map(|(names, n)| format!("ignored columns in {}: {}", files(*n), some_of(names))).collect();
    let others: usize = sets.iter().skip(MAX_SETS).map(|(_, n)| n).sum();
    if others > 0 {
        lines.push(format!("({} more with other ignored columns)", files(others)));
    }
    lines
}

/// `a, b, c … and 4,991 more`
fn some_of(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_COLUMNS).cloned().collect();
    let more = match names.len().saturating_sub(MAX_COLUMNS) {
        0 => String::new(),
        more => format!(" … and {} more", count(more)),
    };
    format!("{}{more}", shown.join(", "))
}

/// `3 files: 2 succeeded, 1 failed`; `done` is the part for tasks that have succeeded.
pub(super) fn states(
    out: &mut dyn Write,
    what: &str,
    done: &[(i64, &str)],
    t: &TaskTotals,
) -> io::Result<()> {
    let others = t.not_succeeded().map(|(n, state)| (n, state.as_str()));
    let states = done.iter().chain(&others).filter(|(n, _)| *n > 0);
    let states: Vec<String> = states.map(|(n, name)| format!("{} {name}", count(*n))).collect();
    writeln!(out, "{what}: {}", states.join(", "))
}

/// `op_… succeeded in 1.2s`
pub(super) fn ended(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    writeln!(out, "{} {}{}", status.operation_id, status.shown_state(), took(status))?;
    match status.starts_later(jiff::Timestamp::now()) {
        Some(at) => writeln!(out, "it starts {}", when::starts(at)),
        None => Ok(()),
    }
}

/// ` in 1.2s`, once it has ended.
pub(super) fn took(status: &OperationStatus) -> String {
    let Some((start, end)) = status.started_at.zip(status.finished_at) else { return String::new() };
    format!(" in {}", duration(i64::try_from(end.duration_since(start).as_millis()).unwrap_or(0)))
}
