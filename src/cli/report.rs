//! `barlift report`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Component, Path};

use futures::TryStreamExt as _;
use serde::Serialize;
use sqlx::PgPool;

use super::args::{ReportArgs, ReportFormat};
use super::{Outcome, output, ready_database};
use crate::bar::Ohlcv;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::operation::report::{self, Place};
use crate::operation::{OperationId, status};

/// Prints what an operation found.
pub(super) async fn run(args: &ReportArgs, config: &Config) -> Result<Outcome> {
    let database = ready_database(config).await?;
    let id = status::find(&database.pool, &args.operation).await?;
    if let Some(directory) = &args.rejected_to {
        write_rejected(&database.pool, &id, directory).await?;
    }
    let format = if args.json { ReportFormat::Json } else { args.format };
    match format {
        ReportFormat::Table => table(&database.pool, &id, args.limit).await,
        ReportFormat::Csv => csv(&database.pool, &id).await,
        ReportFormat::Json => json(&database.pool, &id).await,
    }?;
    Ok(Outcome::Well)
}

async fn table(pool: &PgPool, id: &OperationId, limit: usize) -> Result<()> {
    let status = status::read(pool, id, true).await?;
    let mut mismatches = output::table(&["SYMBOL", "TIMEFRAME", "LINE", "TIME", "CSV", "DATABASE", ""], 9);
    let mut stream = report::mismatches(pool, id);
    while let Some(m) = limited(&mismatches, limit, &mut stream).await? {
        let done = if m.overwritten { "overwritten" } else { "kept" };
        let cells = [m.time.to_string(), m.csv.to_string(), m.db.to_string(), done.into()];
        mismatches.add_row(placed(&m.place).into_iter().chain(cells));
    }
    let mut rejected = output::table(&["SYMBOL", "TIMEFRAME", "LINE", "RULE", "REASON"], 9);
    let mut stream = report::rejected(pool, id);
    while let Some(r) = limited(&rejected, limit, &mut stream).await? {
        rejected.add_row(placed(&r.place).into_iter().chain([r.rule, output::visible(&r.reason)]));
    }
    let mut issues = output::table(&["SYMBOL", "TIMEFRAME", "LINE", "TIME", "BAR", "RULES"], 9);
    let mut stream = report::issues(pool, id);
    while let Some(i) = limited(&issues, limit, &mut stream).await? {
        let cells = [i.time.to_string(), i.values.to_string(), i.rules.join(", ")];
        issues.add_row(placed(&i.place).into_iter().chain(cells));
    }
    let r = &status.totals.rows;
    let sections = [
        (output::counted(r.rows_mismatched, "mismatch", "mismatches"), &mismatches, r.rows_mismatched),
        (output::counted(r.rows_rejected, "rejected row", "rejected rows"), &rejected, r.rows_rejected),
        (output::counted(r.quality_issues, "quality issue", "quality issues"), &issues, r.quality_issues),
    ];
    output::print(|out| {
        writeln!(out, "{} {}", status.operation_id, status.state)?;
        for (name, table, all) in sections {
            writeln!(out, "\n{name}")?;
            let shown = table.row_count();
            if shown > 0 {
                writeln!(out, "{}", output::trimmed(table))?;
            }
            if status.dry_run && all > 0 {
                writeln!(out, "(a dry run counts them only)")?;
            } else if all.unsigned_abs() > shown as u64 {
                writeln!(out, "({} more: --limit N, or --format csv)", all.unsigned_abs() - shown as u64)?;
            }
        }
        Ok(())
    })
}

/// The next finding, unless the table is full.
async fn limited<T>(
    table: &comfy_table::Table,
    limit: usize,
    stream: &mut futures::stream::BoxStream<'_, Result<T>>,
) -> Result<Option<T>> {
    if table.row_count() >= limit { Ok(None) } else { stream.try_next().await }
}

fn placed(p: &Place) -> [String; 3] {
    [output::visible(&p.symbol), output::visible(&p.timeframe), p.line.to_string()]
}

const CSV_HEADER: [&str; 20] = [
    "kind",
    "symbol",
    "timeframe",
    "source",
    "line",
    "time",
    "rule",
    "reason",
    "csv_open",
    "csv_high",
    "csv_low",
    "csv_close",
    "csv_volume",
    "db_open",
    "db_high",
    "db_low",
    "db_close",
    "db_volume",
    "byte_offset",
    "raw",
];

/// One line a finding; fields that a kind does not have stay empty.
async fn csv(pool: &PgPool, id: &OperationId) -> Result<()> {
    let mut lines = CsvLines(csv::Writer::from_writer(output::stdout()));
    lines.write(CSV_HEADER.iter().map(|h| h.as_bytes().to_vec()))?;
    let mut mismatches = report::mismatches(pool, id);
    while let Some(m) = mismatches.try_next().await? {
        let done = if m.overwritten { "overwritten" } else { "kept" };
        lines.finding("mismatch", &m.place, Some(m.time), "", done, Some(&m.csv), Some(&m.db), None)?;
    }
    let mut rejected = report::rejected(pool, id);
    while let Some(r) = rejected.try_next().await? {
        lines.finding(
            "rejected",
            &r.place,
            None,
            &r.rule,
            &r.reason,
            None,
            None,
            Some((r.byte_offset, &r.bytes)),
        )?;
    }
    let mut issues = report::issues(pool, id);
    while let Some(i) = issues.try_next().await? {
        lines.finding(
            "issue",
            &i.place,
            Some(i.time),
            &i.rules.join(" "),
            "",
            Some(&i.values),
            None,
            None,
        )?;
    }
    lines.0.flush().map_err(|e| cannot_write("stdout", &e))
}

struct CsvLines<W: Write>(csv::Writer<W>);

impl<W: Write> CsvLines<W> {
    #[allow(clippy::too_many_arguments)] // one a column
    fn finding(
        &mut self,
        kind: &str,
        place: &Place,
        time: Option<jiff::Timestamp>,
        rule: &str,
        reason: &str,
        csv: Option<&Ohlcv>,
        db: Option<&Ohlcv>,
        raw: Option<(i64, &[u8])>,
    ) -> Result<()> {
        let text = |s: &str| s.as_bytes().to_vec();
        let mut fields = vec![
            text(kind),
            text(&place.symbol),
            text(&place.timeframe),
            text(&place.source),
            text(&place.line.to_string()),
            text(&time.map(|t| t.to_string()).unwrap_or_default()),
            text(rule),
            text(reason),
        ];
        for values in [csv, db] {
            let numbers = values.map(|v| [v.open, v.high, v.low, v.close, v.volume]);
            fields.extend((0..5).map(|i| text(&numbers.map(|n| n[i].to_string()).unwrap_or_default())));
        }
        fields.push(text(&raw.map(|(offset, _)| offset.to_string()).unwrap_or_default()));
        fields.push(raw.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default());
        self.write(fields)
    }

    fn write(&mut self, fields: impl IntoIterator<Item = Vec<u8>>) -> Result<()> {
        self.0.write_record(fields).map_err(|e| cannot_write("stdout", &e))
    }
}

/// One object, written as it is read.
async fn json(pool: &PgPool, id: &OperationId) -> Result<()> {
    let status = status::read(pool, id, false).await?;
    let mut out = BufWriter::new(output::stdout());
    let head = serde_json::json!({ "operation_id": status.operation_id, "state": status.state, "totals": status.totals });
    let head = head.to_string();
    let fail = |e: std::io::Error| cannot_write("stdout", &e);
    write!(out, "{}", head.trim_end_matches('}')).map_err(fail)?;
    // The object `totals` ends the head, and its brace went with the outer one.
    write!(out, "}}").map_err(fail)?;
    list(&mut out, "mismatches", report::mismatches(pool, id)).await?;
    list(&mut out, "rejected_rows", report::rejected(pool, id)).await?;
    list(&mut out, "quality_issues", report::issues(pool, id)).await?;
    writeln!(out, "}}").and_then(|()| out.flush()).map_err(fail)
}

async fn list<T: Serialize>(
    out: &mut impl Write,
    name: &str,
    mut items: futures::stream::BoxStream<'_, Result<T>>,
) -> Result<()> {
    let fail = |e: std::io::Error| cannot_write("stdout", &e);
    write!(out, ",\n\"{name}\":[").map_err(fail)?;
    let mut separator = "\n";
    while let Some(item) = items.try_next().await? {
        let text = serde_json::to_string(&item).map_err(|e| Error::Internal(e.to_string()))?;
        write!(out, "{separator}{text}").map_err(fail)?;
        separator = ",\n";
    }
    write!(out, "]").map_err(fail)
}

/// Writes the rejected rows under the names of their files, with their headers, ready to be mended.
async fn write_rejected(pool: &PgPool, id: &OperationId, directory: &Path) -> Result<()> {
    let headers: HashMap<String, Option<Vec<u8>>> = report::headers(pool, id).await?.into_iter().collect();
    let mut rows = report::rejected(pool, id);
    let mut open: Option<(String, BufWriter<File>)> = None;
    let mut files = 0;
    while let Some(r) = rows.try_next().await? {
        if open.as_ref().is_none_or(|(source, _)| *source != r.place.source) {
            close(open.take())?;
            let header = headers.get(&r.place.source).and_then(Option::as_deref);
            open = Some((r.place.source.clone(), create(directory, &r.place.source, header)?));
            files += 1;
        }
        if let Some((source, file)) = &mut open {
            let written = file.write_all(&r.bytes).and_then(|()| file.write_all(b"\n"));
            written.map_err(|e| cannot_write(source, &e))?;
        }
    }
    close(open)?;
    output::note(&format!(
        "wrote the rejected rows of {} to {}",
        output::counted(files, "file", "files"),
        directory.display()
    ));
    Ok(())
}

fn create(directory: &Path, source: &str, header: Option<&[u8]>) -> Result<BufWriter<File>> {
    let relative = Path::new(source);
    if !relative.components().all(|c| matches!(c, Component::Normal(_))) {
        return Err(Error::Internal(format!("the path {source} leads out of its directory")));
    }
    let path = directory.join(relative);
    let fail = |e: std::io::Error| cannot_write(&path.display().to_string(), &e);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(fail)?;
    }
    let mut file = BufWriter::new(File::create_new(&path).map_err(fail)?);
    if let Some(header) = header {
        file.write_all(header).and_then(|()| file.write_all(b"\n")).map_err(fail)?;
    }
    Ok(file)
}

fn close(open: Option<(String, BufWriter<File>)>) -> Result<()> {
    let Some((source, mut file)) = open else { return Ok(()) };
    file.flush().map_err(|e| cannot_write(&source, &e))
}

fn cannot_write(place: &str, e: &dyn std::fmt::Display) -> Error {
    Error::usage(
        format!("cannot write {place}: {e}"),
        "give an empty directory that you may write, and room on its disk",
    )
}
