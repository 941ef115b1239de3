//! An import's findings as CSV.

use futures::TryStreamExt as _;
use sqlx::PgPool;

use crate::cli::report::csv_lines::{CsvLine, CsvLines};
use crate::cli::report::destination::Destination;
use crate::error::Result;
use crate::model::OperationId;
use crate::operation::report;

/// Writes all findings, the failed files first.
pub(in crate::cli::report) async fn csv(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
) -> Result<()> {
    let mut lines = CsvLines::begin(out, false)?;
    let mut failed = report::failed(pool, id);
    while let Some(f) = failed.try_next().await? {
        lines.write(&CsvLine {
            rule: f.class.as_str(),
            ..of_file("failed", [&f.symbol, &f.timeframe, &f.source], &f.message)
        })?;
    }
    let mut conflicts = report::shape_conflicts(pool, id);
    while let Some(c) = conflicts.try_next().await? {
        lines.write(&of_file("conflict", [&c.symbol, &c.timeframe, &c.source], &c.message))?;
    }
    let mut mismatches = report::mismatches(pool, id);
    while let Some(m) = mismatches.try_next().await? {
        lines.write(&CsvLine {
            time: Some(m.time),
            reason: if m.overwritten { "overwritten" } else { "kept" },
            csv: Some(m.csv.into()),
            db: Some(m.db.into()),
            ..CsvLine::at("mismatch", &m.place)
        })?;
    }
    let mut rejected = report::rejected(pool, id);
    while let Some(r) = rejected.try_next().await? {
        lines.write(&CsvLine::at("rejected", &r.place).rejected(&r.rejection))?;
    }
    let mut issues = report::issues(pool, id);
    while let Some(i) = issues.try_next().await? {
        lines.write(&CsvLine {
            time: Some(i.time),
            rule: &i.rules.join(" "),
            csv: Some(i.values.into()),
            ..CsvLine::at("issue", &i.place)
        })?;
    }
    lines.finish()
}

/// A finding about a whole file.
fn of_file<'a>(kind: &'a str, [symbol, timeframe, source]: [&'a String; 3], reason: &'a str) -> CsvLine<'a> {
    CsvLine { kind, symbol, timeframe, source, reason, ..CsvLine::default() }
}
