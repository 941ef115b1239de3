//! The summary of a verification: a line for each series, and the verdict.
//!
//! Invariant: the verdict claims no more than was compared.

use std::io::{self, Write};

use super::outcome::{self, Detail, MAX_TASKS};
use super::output::{count, counted, duration, files, visible};
use super::table::{self, Column, Table};
use crate::model::{TaskState, Verdict};
use crate::operation::status::{OperationStatus, TaskStatus};

/// Prints the series, their errors and the verdict.
pub(super) fn show(out: &mut dyn Write, status: &OperationStatus, detail: Detail) -> io::Result<()> {
    if detail == Detail::Noteworthy && is_fine(status) {
        return writeln!(out, "{} ({}{})", verdict(status), status.operation_id, outcome::took(status));
    }
    let shown = series(out, status, detail)?;
    if shown < status.tasks.len() {
        let more = status.tasks.len() - shown;
        writeln!(out, "({} more without anything to note)", counted(more, "series", "series"))?;
    }
    outcome::errors(out, status)?;
    outcome::ended(out, status)?;
    let t = &status.totals;
    let verdicts = [
        (t.identical, Verdict::Identical.as_str()),
        (t.differing, if t.differing == 1 { "differs" } else { "differ" }),
    ];
    outcome::states(out, &counted(t.tasks, "series", "series"), &verdicts, t)?;
    writeln!(out, "{}", verdict(status))?;
    notes(out, status)
}

/// Whether the verdict says all.
fn is_fine(status: &OperationStatus) -> bool {
    status.is_settled() && status.totals.verdict() == Verdict::Identical && status.unexplained == 0
}

fn series(out: &mut dyn Write, status: &OperationStatus, detail: Detail) -> io::Result<usize> {
    let noteworthy = |t: &&TaskStatus| {
        let differs = t.verification.as_ref().is_some_and(|v| v.verdict != Verdict::Identical);
        differs || t.error.is_some() || t.rows.rows_rejected > 0 || t.state == TaskState::Running
    };
    let all = detail.lists_all(status);
    let shown: Vec<&TaskStatus> =
        status.tasks.iter().filter(|t| all || noteworthy(t)).take(MAX_TASKS).collect();
    let mut table = Table::new([
        table::SYMBOL,
        table::TIMEFRAME,
        Column::text("STATE"),
        Column::number("ROWS").spare(5),
        Column::number("IN FILES").or("FILES"),
        Column::number("IN DATABASE").or("DB"),
        Column::number("COMPARED").spare(4),
        Column::counter("DIFFERENT", "DIFF"),
        Column::counter("ONLY FILES", "+FILES"),
        Column::counter("ONLY DATABASE", "+DB"),
        Column::counter("REJECTED", "REJ").spare(2),
        Column::counter("DUPLICATE", "DUP").spare(3),
        Column::number("TIME").spare(1),
    ]);
    for t in &shown {
        let state = t.verification.as_ref().map_or(t.state.as_str(), |v| v.verdict.as_str());
        let mut cells = vec![visible(&t.symbol), visible(&t.timeframe), state.to_owned()];
        match &t.verification {
            Some(v) => {
                let compared = [v.csv_bars, v.db_bars, v.compared, v.different, v.only_in_csv, v.only_in_db];
                cells.extend(std::iter::once(t.rows.rows).chain(compared).map(count));
            }
            None => cells.extend(std::iter::repeat_n(String::new(), 7)),
        }
        cells.extend([t.rows.rows_rejected, t.rows.rows_duplicate].map(count));
        cells.push(t.duration_ms.map(duration).unwrap_or_default());
        table.row(cells);
    }
    if !table.is_empty() {
        table.write(out)?;
        writeln!(out)?;
    }
    Ok(shown.len())
}

/// The verdict in one line.
fn verdict(status: &OperationStatus) -> String {
    match &status.part {
        Some(part) => format!("{}; only these files: {}", comparison(status), visible(part)),
        None => comparison(status),
    }
}

fn comparison(status: &OperationStatus) -> String {
    let t = &status.totals;
    let done: Vec<_> = status.tasks.iter().filter_map(|t| t.verification.as_ref()).collect();
    let bars: i64 = done.iter().map(|v| v.db_bars).sum();
    if t.verdict() == Verdict::Differs {
        let differ = if t.differing == 1 { "differs" } else { "differ" };
        return format!(
            "DIFFERS: {} of {} {differ}",
            count(t.differing),
            counted(t.tasks, "series", "series")
        );
    }
    if t.verdict() != Verdict::Identical {
        return format!(
            "INCOMPLETE: {} of {} verified",
            count(t.identical),
            counted(t.tasks, "series", "series")
        );
    }
    let compared: i64 = done.iter().map(|v| v.compared).sum();
    let what = format!("{}, {}", counted(t.tasks, "series", "series"), counted(bars, "bar", "bars"));
    match status.mode.as_deref() {
        Some("counts") => {
            format!("IDENTICAL as far as compared: numbers of bars and time ranges of {what}")
        }
        Some("sample") => {
            format!(
                "IDENTICAL as far as compared: {} of {what}",
                counted(compared, "random bar", "random bars")
            )
        }
        _ => match status.unrecognised.len() {
            0 => format!("IDENTICAL: the database equals the files, {what}"),
            n => {
                let files = counted(n, "file was", "files were");
                format!("IDENTICAL: the database equals the files, {what}; {files} not verified")
            }
        },
    }
}

fn notes(out: &mut dyn Write, status: &OperationStatus) -> io::Result<()> {
    let verified = || status.tasks.iter().filter_map(|t| t.verification.as_ref());
    let by_hash = verified().filter(|v| v.by_hash).count();
    if by_hash > 0 {
        let files = files(by_hash);
        writeln!(out, "{files} recognised by content: hashed and not parsed (--force parses all)")?;
    }
    let outside: i64 = verified().map(|v| v.outside).sum();
    if outside > 0 {
        let what = counted(outside, "bar", "bars");
        writeln!(
            out,
            "{what} of the database before the files' first or after their last were not compared (--within-range)"
        )?;
    }
    let r = &status.totals.rows;
    if r.rows_rejected + r.rows_duplicate > 0 {
        writeln!(
            out,
            "{} and {} of the files are no bars, and no differences",
            counted(r.rows_rejected, "rejected row", "rejected rows"),
            counted(r.rows_duplicate, "duplicate", "duplicates")
        )?;
    }
    let mended: i64 = verified().map(|v| v.mended).sum();
    if mended > 0 {
        let what = counted(mended, "bar", "bars");
        writeln!(
            out,
            "{what} of mended rows (imported from a directory of `report --rejected-to`) counted as the files'"
        )?;
    }
    if status.part.is_some() && verified().any(|v| v.only_in_db > 0) {
        writeln!(
            out,
            "bars that only the database has may be of other files of their series: give all of them, or --within-range"
        )?;
    }
    if status.unexplained > 0 {
        writeln!(
            out,
            "{} of the database {} in none of the files",
            counted(status.unexplained, "series", "series"),
            if status.unexplained == 1 { "is" } else { "are" }
        )?;
    }
    outcome::unrecognised(out, status)?;
    if status.totals.differing > 0 || r.rows_rejected + r.rows_duplicate + status.unexplained > 0 {
        writeln!(out, "details: barlift report {}", status.operation_id)?;
    }
    if status.totals.failed > 0 {
        writeln!(out, "to try failed series again: barlift retry {}", status.operation_id)?;
    }
    Ok(())
}
