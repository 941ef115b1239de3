//! Printing: results to stdout, errors to stderr.
//!
//! Invariant: the only module that writes to stdout. A reader that has gone away (`| head`) is no error.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use indicatif::HumanCount;
use serde::Serialize;

use super::Outcome;
use crate::error::{Error, Result};
use crate::operation::status::{OperationStatus, TaskStatus};
use crate::task::RowCounts;

/// Tasks that a table shows before it keeps to the noteworthy ones.
const MAX_TASKS: usize = 40;

/// Writes to stdout.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = stdout();
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|e| Error::Usage { message: format!("cannot write to stdout: {e}"), hint: None })
}

/// Stdout, for what is written piece by piece.
pub(super) fn stdout() -> impl Write {
    Stdout(io::stdout().lock())
}

struct Stdout(io::StdoutLock<'static>);

/// A reader that has seen enough is not an error.
fn unless_reader_left<T>(result: io::Result<T>, otherwise: T) -> io::Result<T> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(otherwise),
        other => other,
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_reader_left(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_reader_left(self.0.flush(), ())
    }
}

/// A value as indented JSON.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::Internal(e.to_string()))?;
    print(|out| writeln!(out, "{text}"))
}

/// An error with its causes and what to do, once.
pub(super) fn error(e: &Error) {
    let mut text = format!("error: {}\n", e.chain());
    if let Some(hint) = e.hint() {
        text.push_str(&format!("hint: {hint}\n"));
    }
    // Without a stderr there is nobody to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A note that is no result.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A shell's completions.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Outcome> {
    let mut text = Vec::new();
    let mut command = <super::args::Cli as clap::CommandFactory>::command();
    clap_complete::generate(shell, &mut command, "barlift", &mut text);
    print(|out| out.write_all(&text))?;
    Ok(Outcome::Well)
}

/// A table without lines; columns from `numbers_from` on are aligned right.
pub(super) fn table(header: &[&str], numbers_from: usize) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if i >= numbers_from {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

pub(super) fn count(n: i64) -> String {
    HumanCount(n.unsigned_abs()).to_string()
}

/// `1 file`, `1,234 files`.
pub(super) fn counted(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

fn files(n: usize) -> String {
    counted(i64::try_from(n).unwrap_or(i64::MAX), "file", "files")
}

pub(super) fn duration(milliseconds: i64) -> String {
    let seconds = std::time::Duration::from_millis(milliseconds.unsigned_abs());
    if seconds.as_secs() < 60 {
        format!("{:.1}s", seconds.as_secs_f64())
    } else {
        humantime::format_duration(std::time::Duration::from_secs(seconds.as_secs())).to_string()
    }
}

/// An operation for people: its tasks, their errors, and the sums.
pub(super) fn operation(status: &OperationStatus) -> Result<()> {
    print(|out| {
        let shown = tasks(out, status)?;
        if shown < status.tasks.len() {
            writeln!(out, "({} more without anything to note)", files(status.tasks.len() - shown))?;
        }
        errors(out, status)?;
        sums(out, status)?;
        notes(out, status)
    })
}

fn tasks(out: &mut dyn Write, status: &OperationStatus) -> io::Result<usize> {
    let noteworthy = |t: &&TaskStatus| {
        t.error.is_some() || t.rows.rows_mismatched + t.rows.rows_rejected > 0 || t.state == "running"
    };
    let all = status.tasks.len() <= MAX_TASKS;
    let shown: Vec<&TaskStatus> =
        status.tasks.iter().filter(|t| all || noteworthy(t)).take(MAX_TASKS).collect();
    let imported = if status.dry_run { "NEW" } else { "IMPORTED" };
    let header = [
        "SYMBOL",
        "TIMEFRAME",
        "STATE",
        "ROWS",
        imported,
        "SKIPPED",
        "MISMATCHED",
        "REJECTED",
        "DUPLICATE",
        "ISSUES",
        "TIME",
    ];
    let mut table = table(&header, 3);
    for t in &shown {
        let r = &t.rows;
        let mut cells = vec![visible(&t.symbol), visible(&t.timeframe), t.state.clone()];
        cells.extend(columns(r).map(count));
        cells.push(t.duration_ms.map(duration).unwrap_or_default());
        table.add_row(cells);
    }
    if !shown.is_empty() {
        writeln!(out, "{}\n", trimmed(&table))?;
    }
    Ok(shown.len())
}

fn columns(r: &RowCounts) -> [i64; 7] {
    [
        r.rows,
        r.rows_imported,
        r.rows_skipped,
        r.rows_mismatched,
        r.rows_rejected,
        r.rows_duplicate,
        r.quality_issues,
    ]
}

fn errors(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let failed: Vec<_> = status.tasks.iter().filter_map(|t| Some((t, t.error.as_ref()?))).collect();
    for (task, error) in failed.iter().take(MAX_TASKS) {
        let class = error.class.as_str();
        // Most errors of a file begin with its name.
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
    let took = match (status.started_at, status.finished_at) {
        (Some(start), Some(end)) => {
            format!(" in {}", duration(i64::try_from(end.duration_since(start).as_millis()).unwrap_or(0)))
        }
        _ => String::new(),
    };
    writeln!(out, "{} {}{took}", status.operation_id, status.shown_state())?;
    let states = [
        (t.succeeded, "succeeded"),
        (t.failed, "failed"),
        (t.running, "running"),
        (t.pending, "pending"),
        (t.cancelled, "cancelled"),
    ];
    let states: Vec<String> =
        states.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{} {name}", count(*n))).collect();
    writeln!(out, "{}: {}", counted(t.tasks, "file", "files"), states.join(", "))?;
    let [rows, imported, skipped, mismatched, rejected, duplicate, _] = columns(&t.rows).map(count);
    let verb = if status.dry_run { "new (nothing was written)" } else { "imported" };
    writeln!(
        out,
        "{rows} {} = {imported} {verb} + {skipped} skipped + {mismatched} mismatched + {rejected} rejected + {duplicate} duplicate",
        if t.rows.rows == 1 { "row" } else { "rows" }
    )
}

fn notes(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let r = &status.totals.rows;
    let recognised = status.tasks.iter().filter(|t| t.recognised).count();
    if recognised > 0 {
        let what = files(recognised);
        writeln!(
            out,
            "{what} recognised by content and not read again (--force reads all, and reports bad rows again)"
        )?;
    }
    let worthless =
        status.tasks.iter().filter(|t| t.rows.rows > 0 && t.rows.rows_rejected == t.rows.rows).count();
    if worthless > 0 {
        writeln!(
            out,
            "WARNING: every row of {} was rejected; are the times or columns read wrong?",
            files(worthless)
        )?;
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
    for ignored in ignored_columns(status) {
        writeln!(out, "{ignored}")?;
    }
    for u in status.unrecognised.iter().take(MAX_TASKS) {
        writeln!(out, "not imported: {} {}", super::output::visible(&u.path), u.reason)?;
    }
    if status.unrecognised.len() > MAX_TASKS {
        writeln!(out, "({} more that were not imported)", status.unrecognised.len() - MAX_TASKS)?;
    }
    if r.rows_mismatched + r.rows_rejected + r.quality_issues > 0 && !status.dry_run {
        writeln!(out, "details: barlift report {}", status.operation_id)?;
    }
    if status.totals.failed > 0 {
        writeln!(out, "to try failed files again: barlift retry {}", status.operation_id)?;
    }
    Ok(())
}

/// Each set of ignored columns, once.
fn ignored_columns(status: &OperationStatus) -> Vec<String> {
    let mut sets: Vec<(&[String], usize)> = Vec::new();
    for t in status.tasks.iter().filter(|t| !t.ignored_columns.is_empty()) {
        match sets.iter_mut().find(|(names, _)| *names == t.ignored_columns) {
            Some((_, n)) => *n += 1,
            None => sets.push((&t.ignored_columns, 1)),
        }
    }
    sets.iter().map(|(names, n)| format!("ignored columns in {}: {}", files(*n), names.join(", "))).collect()
}

/// Text from a file name, without anything that moves the cursor or turns the direction of writing.
pub(super) fn visible(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hides(c) { '\u{fffd}' } else { c }).collect()
}

/// A table's text without the blanks at the lines' ends.
pub(super) fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|l| l.trim_end().to_owned()).collect();
    lines.join("\n")
}
