//! `barlift diagnose`.

use std::io::{self, Write};

use super::args::DiagnoseArgs;
use super::table::{self, Column, Table};
use super::{Outcome, output, ready_database};
use crate::config::Config;
use crate::error::Result;
use crate::operation::diagnose::{self, AttemptTimes, Diagnosis, Scope};
use crate::operation::status;
use crate::telemetry::Phases;

/// Prints the diagnosis of an operation.
pub(super) async fn run(args: &DiagnoseArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let id = status::find(&database.pool, &args.operation).await?;
    let scope = Scope {
        symbol: args.symbol.as_deref(),
        limit: args.limit,
        ui_url: &config.trace.ui_url,
        lease: config.worker.lease,
    };
    let found = diagnose::diagnose(&database.pool, &id, scope).await?;
    if args.json {
        output::json(&found)?;
    } else {
        output::print(|out| page(out, &found))?;
    }
    Ok(Outcome::Well)
}

fn page(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    head(out, d)?;
    phases(out, d)?;
    files(out, d)?;
    attempts(out, &d.attempt_list)?;
    quality(out, d)?;
    statements(out, d)?;
    advice(out, d)
}

fn head(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    let took = d.duration_ms.map(|ms| format!(" in {}", span(ms))).unwrap_or_default();
    let only = d.symbol.as_ref().map(|s| format!(", only {}", output::visible(s))).unwrap_or_default();
    let paused = if d.paused { " (paused)" } else { "" };
    writeln!(out, "{} {}{paused}{took}{only}", d.operation_id, d.state)?;
    let rate = d.rows_per_second.map(|r| format!(", {} rows/s", output::count(whole(r)))).unwrap_or_default();
    let (files, rows) =
        (output::counted(d.files, "file", "files"), output::counted(d.rows.rows, "row", "rows"));
    writeln!(out, "{files}, {rows}{rate}; waited {} for a worker", span(d.waited_ms))?;
    match d.traced {
        true => writeln!(out, "trace {}  {}", d.trace_id, d.trace_url),
        false => writeln!(
            out,
            "trace {}, not exported (OTEL_EXPORTER_OTLP_ENDPOINT was not set, or not sampled)",
            d.trace_id
        ),
    }
}

fn phases(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    let attempts = output::counted(d.attempts, "attempt", "attempts");
    let at_once = d.duration_ms.filter(|ms| *ms > 0.0).map(|ms| d.busy_ms / ms);
    let at_once = at_once.map(|n| format!(", about {n:.1} at once")).unwrap_or_default();
    writeln!(
        out,
        "\nWhere the time went: {} in {attempts}{at_once} (reading goes on beside the rest)",
        span(d.busy_ms)
    )?;
    let numbers = ["TIME", "SHARE", "COUNT", "MEAN", "LONGEST"].map(Column::number);
    let mut table = Table::new([Column::text("PHASE")].into_iter().chain(numbers));
    for p in &d.phases {
        let share = format!("{:.0} %", p.share * 100.0);
        let phase = p.phase.as_str().to_owned();
        table.row([phase, span(p.ms), share, output::count(p.count), span(p.mean_ms), span(p.max_ms)]);
    }
    if !d.phases.is_empty() {
        // Opening files, waiting for the reader, claiming and settling the task.
        let share = format!("{:.0} %", d.other_ms * 100.0 / d.busy_ms.max(1.0));
        table.row(["other".to_owned(), span(d.other_ms), share]);
        table.write(out)?;
    }
    Ok(())
}

fn files(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    if d.slowest_files.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nSlowest files")?;
    let texts = [table::SYMBOL, table::TIMEFRAME, Column::text("STATE"), Column::text("MOST OF IT")];
    let numbers = ["ROWS", "ATTEMPTS", "TIME"].map(Column::number);
    let mut table = Table::new(texts.into_iter().chain(numbers));
    for f in &d.slowest_files {
        let phase = f.slowest_phase.map(|p| p.as_str().to_owned()).unwrap_or_default();
        let mut cells =
            vec![output::visible(&f.symbol), output::visible(&f.timeframe), f.state.clone(), phase];
        cells.extend([output::count(f.rows), output::count(f.attempts), span(f.duration_ms)]);
        table.row(cells);
    }
    table.write(out)
}

fn attempts(out: &mut dyn Write, attempts: &[AttemptTimes]) -> io::Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nAttempts")?;
    for a in attempts {
        let error = a.error.as_ref().map(|e| format!(": {}", output::visible(e))).unwrap_or_default();
        let started = jiff::fmt::strtime::format("%F %H:%M:%SZ", a.started_at).unwrap_or_default();
        let source = output::visible(&a.source);
        writeln!(out, "{source} attempt {} on {} at {started}", a.attempt, a.worker)?;
        writeln!(out, "  {} after {}{error}", a.outcome, span(a.duration_ms))?;
        writeln!(out, "  {}", in_line(&a.phases))?;
    }
    Ok(())
}

fn in_line(phases: &Phases) -> String {
    let part = |p: crate::telemetry::Phase| format!("{} {}", p.as_str(), span(phases.get(p).ms));
    crate::telemetry::Phase::ALL.map(part).join(", ")
}

fn quality(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    writeln!(out, "\nData quality")?;
    if d.quality.files.is_empty() {
        return writeln!(out, "no mismatch, no rejected row, no quality issue");
    }
    let mut table = Table::new([
        table::SYMBOL,
        table::TIMEFRAME,
        Column::number("ROWS"),
        Column::counter("MISMATCHED", "MISM"),
        Column::counter("REJECTED", "REJ"),
        Column::counter("ISSUES", "ISSUES"),
    ]);
    for f in &d.quality.files {
        let r = &f.rows;
        let mut cells = vec![output::visible(&f.symbol), output::visible(&f.timeframe)];
        cells.extend([r.rows, r.rows_mismatched, r.rows_rejected, r.quality_issues].map(output::count));
        table.row(cells);
    }
    table.write(out)?;
    for (kind, title) in [("rejected", "rejected rows"), ("quality issue", "quality issues")] {
        let rules = d.quality.rules.iter().filter(|r| r.kind == kind);
        let rules: Vec<_> = rules.map(|r| format!("{} {}", output::count(r.rows), r.rule)).collect();
        if !rules.is_empty() {
            writeln!(out, "{title} by rule: {}", rules.join(", "))?;
        }
    }
    Ok(())
}

fn statements(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    writeln!(out, "\nDatabase")?;
    let p = &d.pool;
    let waits = output::counted(p.waits, "wait", "waits");
    let (mean, longest) = (span(p.mean_ms), span(p.max_ms));
    writeln!(out, "connection pool: {waits}, {mean} on average, {longest} the longest")?;
    if d.slowest_statements.is_empty() {
        return Ok(());
    }
    let numbers = [Column::number("TIME"), Column::number("ROWS")];
    let mut table =
        Table::new(numbers.into_iter().chain([table::SYMBOL, Column::text("SLOWEST STATEMENTS").wrapping()]));
    for s in &d.slowest_statements {
        let text = s.statement.statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let text =
            if text.chars().count() > 70 { text.chars().take(69).collect::<String>() + "…" } else { text };
        let symbol = output::visible(&s.symbol);
        table.row([span(s.statement.ms), output::count(s.statement.rows), symbol, text]);
    }
    table.write(out)
}

fn advice(out: &mut dyn Write, d: &Diagnosis) -> io::Result<()> {
    writeln!(out, "\nWhat to do")?;
    if d.advice.is_empty() {
        return writeln!(out, "nothing stands out");
    }
    for a in &d.advice {
        writeln!(out, "- {}: {}", a.finding, a.action)?;
    }
    for f in d.failures.iter().take(5) {
        writeln!(out, "  {}: {} ({})", f.state, output::visible(&f.message), f.class)?;
    }
    Ok(())
}

/// Milliseconds in words.
fn span(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1}ms"),
        ms if ms < 1000.0 => format!("{ms:.0}ms"),
        ms => output::duration(whole(ms)),
    }
}

#[allow(clippy::cast_possible_truncation)]
fn whole(n: f64) -> i64 {
    n as i64
}
