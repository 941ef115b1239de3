//! What an import found: mismatches, rejected rows, quality issues.

use std::io::Write;

use futures::TryStreamExt as _;
use serde::Serialize;
use sqlx::PgPool;

use super::destination::Destination;
use crate::bar::Ohlcv;
use crate::cli::output;
use crate::error::{Error, Result};
use crate::operation::report::{self, Place};
use crate::operation::{OperationId, status};

/// For people: so many of each kind.
pub(super) async fn table(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
    limit: usize,
) -> Result<()> {
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
    let print = || {
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
    };
    print().map_err(|e: std::io::Error| out.failed(&e))
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
pub(super) async fn csv(out: &mut Destination, pool: &PgPool, id: &OperationId) -> Result<()> {
    let mut lines = CsvLines(csv::Writer::from_writer(out));
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
    lines.0.flush().map_err(|e| lines.0.get_ref().failed(&e))
}

struct CsvLines<'a>(csv::Writer<&'a mut Destination>);

impl CsvLines<'_> {
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
        self.0.write_record(fields).map_err(|e| self.0.get_ref().failed(&e))
    }
}

/// One object, written as it is read.
pub(super) async fn json(out: &mut Destination, pool: &PgPool, id: &OperationId) -> Result<()> {
    let status = status::read(pool, id, false).await?;
    let head = serde_json::json!({ "operation_id": status.operation_id, "state": status.state, "totals": status.totals });
    // The object `totals` ends the head, and its brace goes with the outer one.
    out.text(head.to_string().trim_end_matches('}'))?;
    out.text("}")?;
    list(out, "mismatches", report::mismatches(pool, id)).await?;
    list(out, "rejected_rows", report::rejected(pool, id)).await?;
    list(out, "quality_issues", report::issues(pool, id)).await?;
    out.text("}\n")
}

async fn list<T: Serialize>(
    out: &mut Destination,
    name: &str,
    mut items: futures::stream::BoxStream<'_, Result<T>>,
) -> Result<()> {
    out.text(&format!(",\n\"{name}\":["))?;
    let mut separator = "\n";
    while let Some(item) = items.try_next().await? {
        let text = serde_json::to_string(&item).map_err(|e| Error::Internal(e.to_string()))?;
        out.text(separator)?;
        out.text(&text)?;
        separator = ",\n";
    }
    out.text("]")
}
