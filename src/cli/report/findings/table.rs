//! An import's findings as text: for each kind its number and the first ones.

use std::io;

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use sqlx::PgPool;

use crate::bar::Ohlcv;
use crate::cli::output::{self, counted};
use crate::cli::report::destination::Destination;
use crate::cli::table::{self, Column, Table};
use crate::error::Result;
use crate::model::OperationId;
use crate::operation::report::{self, SourceLine};
use crate::operation::status::{self, OperationStatus};
use crate::operation::verification::difference::ColumnDifference;

/// The findings of one kind.
struct FindingSection {
    heading: String,
    table: Table,
    /// Number of all findings; the table may have fewer.
    all: i64,
}

/// Prints all kinds, `limit` findings of each.
pub(in crate::cli::report) async fn table(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
    limit: usize,
) -> Result<()> {
    let status = status::read(pool, id, true).await?;
    let r = &status.totals.rows;
    let mut sections = Vec::new();
    if status.totals.failed > 0 {
        let heading = counted(status.totals.failed, "failed file", "failed files");
        sections.push(FindingSection {
            heading,
            table: failed(pool, id, limit).await?,
            all: status.totals.failed,
        });
    }
    let conflicts = status.shape_conflicts();
    if conflicts > 0 {
        let heading = counted(
            conflicts,
            "file that does not fit its series (--on-conflict-shape warn)",
            "files that do not fit their series (--on-conflict-shape warn)",
        );
        sections.push(FindingSection {
            heading,
            table: shape_conflicts(pool, id, limit).await?,
            all: conflicts,
        });
    }
    let (table, done) = mismatches(pool, id, limit, status.overwrites()).await?;
    let heading = format!("{}{done}", counted(r.rows_mismatched, "mismatch", "mismatches"));
    sections.push(FindingSection { heading, table, all: r.rows_mismatched });
    let heading = counted(r.rows_rejected, "rejected row", "rejected rows");
    sections.push(FindingSection { heading, table: rejected(pool, id, limit).await?, all: r.rows_rejected });
    let heading = counted(r.quality_issues, "quality issue", "quality issues");
    sections.push(FindingSection { heading, table: issues(pool, id, limit).await?, all: r.quality_issues });
    print(out, &status, &sections).map_err(|e| out.failed(&e))
}

fn print(out: &mut Destination, status: &OperationStatus, sections: &[FindingSection]) -> io::Result<()> {
    use io::Write as _;
    writeln!(out, "{} {}", status.operation_id, status.state)?;
    let recognised = status.tasks.iter().filter(|t| t.recognised).count();
    if recognised > 0 {
        let files = output::files(recognised);
        writeln!(
            out,
            "{files} recognised by content: what is listed was found when the same content was read"
        )?;
    }
    for FindingSection { heading, table, all } in sections {
        writeln!(out, "\n{heading}")?;
        if !table.is_empty() {
            table.write(out)?;
        }
        let left = all.unsigned_abs().saturating_sub(table.len() as u64);
        if left > 0 && status.dry_run {
            writeln!(out, "(a dry run counts them only)")?;
        } else if left > 0 {
            writeln!(out, "({left} more: --limit N, or --format csv)")?;
        }
    }
    Ok(())
}

async fn failed(pool: &PgPool, id: &OperationId, limit: usize) -> Result<Table> {
    let mut table = Table::new([table::SYMBOL, table::TIMEFRAME, Column::text("ERROR").wrapping()]);
    let mut stream = report::failed(pool, id);
    while let Some(f) = limited(&table, limit, &mut stream).await? {
        table.row([&f.symbol, &f.timeframe, &f.message].map(|text| output::visible(text)));
    }
    Ok(table)
}

async fn shape_conflicts(pool: &PgPool, id: &OperationId, limit: usize) -> Result<Table> {
    let mut table =
        Table::new([Column::text("FILE").spare(1), Column::text("WHAT IT LOOKS LIKE").wrapping()]);
    let mut stream = report::shape_conflicts(pool, id);
    while let Some(c) = limited(&table, limit, &mut stream).await? {
        // The message begins with the series.
        table.row([&c.source, &c.message].map(|text| output::visible(text)));
    }
    Ok(table)
}

/// The mismatches, and what became of the database's bars. The value after the arrow is the database's present one.
async fn mismatches(
    pool: &PgPool,
    id: &OperationId,
    limit: usize,
    overwritten: bool,
) -> Result<(Table, &'static str)> {
    let (title, done) = if overwritten {
        ("DATABASE BEFORE → NOW", ", the database has the files' values now")
    } else {
        ("FILE → DATABASE", ", the database's bars were kept")
    };
    let mut table = placed([Column::text("TIME").spare(1), Column::text(title).wrapping()]);
    let mut stream = report::mismatches(pool, id);
    while let Some(m) = limited(&table, limit, &mut stream).await? {
        let change = if m.overwritten { changes(m.db, m.csv) } else { changes(m.csv, m.db) };
        table.row(cells(&m.place, [m.time.to_string(), change]));
    }
    let done = if table.is_empty() { "" } else { done };
    Ok((table, done))
}

async fn rejected(pool: &PgPool, id: &OperationId, limit: usize) -> Result<Table> {
    let mut table = placed([Column::text("RULE"), Column::text("REASON").wrapping()]);
    let mut stream = report::rejected(pool, id);
    while let Some(r) = limited(&table, limit, &mut stream).await? {
        table.row(cells(&r.place, [r.rejection.rule, output::visible(&r.rejection.reason)]));
    }
    Ok(table)
}

async fn issues(pool: &PgPool, id: &OperationId, limit: usize) -> Result<Table> {
    let columns =
        [Column::text("TIME").spare(1), Column::text("BAR").wrapping(), Column::text("RULES").wrapping()];
    let mut table = placed(columns);
    let mut stream = report::issues(pool, id);
    while let Some(i) = limited(&table, limit, &mut stream).await? {
        table.row(cells(&i.place, [i.time.to_string(), i.values.to_string(), i.rules.join(", ")]));
    }
    Ok(table)
}

/// The next finding, unless the table is full.
async fn limited<T>(table: &Table, limit: usize, stream: &mut BoxStream<'_, Result<T>>) -> Result<Option<T>> {
    if table.len() >= limit { Ok(None) } else { stream.try_next().await }
}

fn placed<const N: usize>(columns: [Column; N]) -> Table {
    Table::new([table::SYMBOL, table::TIMEFRAME, Column::text("LINE")].into_iter().chain(columns))
}

fn cells<const N: usize>(p: &SourceLine, more: [String; N]) -> impl Iterator<Item = String> {
    let place = [output::visible(&p.symbol), output::visible(&p.timeframe), p.line.to_string()];
    place.into_iter().chain(more)
}

/// `open 1.5 → 1.25`, for each value that differs.
fn changes(from: Ohlcv, to: Ohlcv) -> String {
    let columns = ColumnDifference::between(&from.into(), &to.into());
    columns.iter().map(|c| format!("{} {} → {}", c.column, c.csv, c.db)).collect::<Vec<_>>().join(", ")
}
