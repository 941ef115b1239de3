//! A verification as text: the verdict first, then the noteworthy series.
//!
//! Invariant: what is left out is counted, with the command that prints it.

use std::fmt::Write as _;

use futures::TryStreamExt as _;

use super::{PAGE, words};
use crate::cli::output::{count, counted, visible};
use crate::cli::report::destination::Destination;
use crate::cli::table::{self, Column, Table};
use crate::error::Result;
use crate::model::Verdict;
use crate::operation::report::Rejection;
use crate::operation::verification::{Order, Snapshot, Verification, VerifiedSeries};

/// With more series than this, only noteworthy ones are shown, and no more than this.
const MAX_SERIES: usize = 40;

/// Prints it, with at most `limit` entries of each list of a series.
pub(in crate::cli::report) async fn table(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    head: &Verification,
    limit: usize,
) -> Result<()> {
    out.text(&format!("{}{}\n", words::verdict(head.verdict), words::because(head)))?;
    out.text(&format!("{} {}\n", head.operation_id, head.shown_state()))?;
    out.text(&format!("files {}; {}\n", visible(&head.files()), words::mode(head)))?;
    let first = snapshot.series(Order::Noteworthy, 0, PAGE.max(MAX_SERIES)).await?;
    let all = first.len() <= MAX_SERIES;
    let shown: Vec<&VerifiedSeries> =
        first.iter().filter(|s| all || s.is_noteworthy()).take(MAX_SERIES).collect();
    series(out, &shown, head.totals.series)?;
    for s in shown.iter().filter(|s| s.is_noteworthy()) {
        one(out, snapshot, s, limit).await?;
    }
    notes(out, head)
}

fn series(out: &mut Destination, shown: &[&VerifiedSeries], all: i64) -> Result<()> {
    let mut table = Table::new([
        table::SYMBOL,
        table::TIMEFRAME,
        Column::text("VERDICT"),
        Column::number("IN FILES").or("FILES"),
        Column::number("IN DATABASE").or("DB"),
        Column::number("COMPARED").spare(3),
        Column::counter("DIFFERENT", "DIFF"),
        Column::counter("ONLY FILES", "+FILES"),
        Column::counter("ONLY DATABASE", "+DB"),
        Column::counter("REJECTED", "REJ").spare(1),
        Column::counter("DUPLICATE", "DUP").spare(2),
    ]);
    for s in shown {
        let optional = |n: Option<i64>| n.map(count).unwrap_or_default();
        let mut cells =
            vec![visible(&s.symbol), visible(&s.timeframe), words::verdict_or_state(s).to_owned()];
        cells.extend([optional(s.csv.bars), optional(s.db.bars)]);
        let counts = [s.compared, s.different, s.only_in_csv, s.only_in_db, s.csv.rejected, s.csv.duplicate];
        cells.extend(counts.map(count));
        table.row(cells);
    }
    if !table.is_empty() {
        out.text("\n")?;
        table.write(out).map_err(|e| out.failed(&e))?;
    }
    let left_out = all - i64::try_from(shown.len()).unwrap_or(all);
    if left_out > 0 {
        out.text(&format!("({} more series: --format json)\n", count(left_out)))
    } else {
        Ok(())
    }
}

async fn one(out: &mut Destination, snapshot: &mut Snapshot, s: &VerifiedSeries, limit: usize) -> Result<()> {
    out.text(&format!("\n{} {}: {}\n", visible(&s.symbol), visible(&s.timeframe), words::summary(s)))?;
    if let Some(e) = &s.error {
        out.text(&format!("{}: {} ({})\n", s.state, visible(&e.message), e.class.as_str()))?;
    }
    if s.untouched == Some(false) {
        out.text("another program has changed the database's bars since barlift wrote them\n")?;
    }
    if s.verdict == Verdict::Differs {
        ranges(out, s, limit)?;
        differences(out, snapshot, s, limit).await?;
    }
    rejected(out, snapshot, s, limit).await?;
    duplicates(out, s, limit)
}

fn ranges(out: &mut Destination, s: &VerifiedSeries, limit: usize) -> Result<()> {
    let mut table = Table::new(
        ["FROM", "TO", "BARS"].map(Column::text).into_iter().chain([Column::text("WHAT").wrapping()]),
    );
    for r in s.ranges.iter().take(limit) {
        table.row([r.first.to_string(), r.last.to_string(), count(r.bars), r.says()]);
    }
    lines(out, &table, i64::try_from(s.ranges.len()).unwrap_or(0) + s.ranges_left_out, "json")
}

async fn differences(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    s: &VerifiedSeries,
    limit: usize,
) -> Result<()> {
    let mut table = Table::new([
        Column::text("TIME").spare(1),
        Column::text("WHERE"),
        Column::text("FILE → DATABASE").wrapping(),
    ]);
    let mut differences = snapshot.differences(s, Some(limit));
    while let Some(d) = differences.try_next().await? {
        let place = d.source.as_deref().zip(d.line).map(|(s, l)| format!("{}:{l}", visible(s)));
        table.row([d.time.to_string(), place.unwrap_or_default(), words::difference(&d)]);
    }
    lines(out, &table, s.differing(), "csv")
}

async fn rejected(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    s: &VerifiedSeries,
    limit: usize,
) -> Result<()> {
    if s.csv.rejected == 0 {
        return Ok(());
    }
    let rows = counted(s.csv.rejected, "rejected row", "rejected rows");
    out.text(&format!("{rows}, which are no bars:\n"))?;
    let mut table =
        Table::new([Column::text("WHERE"), Column::text("RULE"), Column::text("REASON").wrapping()]);
    let mut stream = snapshot.rejected(s, Some(limit));
    while let Some(r) = stream.try_next().await? {
        let Rejection { rule, reason, .. } = r.rejection;
        table.row([format!("{}:{}", visible(&r.source), r.line), rule, visible(&reason)]);
    }
    lines(out, &table, s.csv.rejected, "csv")
}

fn duplicates(out: &mut Destination, s: &VerifiedSeries, limit: usize) -> Result<()> {
    if s.csv.duplicate == 0 {
        return Ok(());
    }
    let shown = s.duplicates.iter().take(limit);
    let mut text = format!("{}:", counted(s.csv.duplicate, "duplicate row", "duplicate rows"));
    let mut left = s.csv.duplicate;
    for d in shown {
        let _ = write!(text, " {}:{}", visible(&d.source), d.line);
        left -= 1;
    }
    if left > 0 {
        let _ = write!(text, " ({} more)", count(left));
    }
    text.push('\n');
    out.text(&text)
}

/// A table, and the number of rows that it lacks.
fn lines(out: &mut Destination, table: &Table, all: i64, format: &str) -> Result<()> {
    let shown = table.len();
    if shown > 0 {
        table.write(out).map_err(|e| out.failed(&e))?;
    }
    let more = all - i64::try_from(shown).unwrap_or(all);
    if more > 0 {
        out.text(&format!("({} more: --limit N, or --format {format})\n", count(more)))
    } else {
        Ok(())
    }
}

fn notes(out: &mut Destination, head: &Verification) -> Result<()> {
    let mut text = String::new();
    let unexplained = &head.options.unexplained;
    if head.totals.outside > 0 {
        let bars = counted(head.totals.outside, "bar", "bars");
        let _ =
            writeln!(text, "{bars} of the database outside the files' range, not compared (--within-range)");
    }
    for s in unexplained.iter().take(MAX_SERIES) {
        let _ = writeln!(
            text,
            "in the database, in none of the files: {} {}",
            visible(&s.symbol),
            visible(&s.timeframe)
        );
    }
    more(&mut text, unexplained.len(), "series of the database in none of the files");
    for u in head.unrecognised.iter().take(MAX_SERIES) {
        let _ = writeln!(text, "not verified: {} {}", visible(&u.path), visible(&u.reason));
    }
    more(&mut text, head.unrecognised.len(), "files that were not verified");
    if text.is_empty() { Ok(()) } else { out.text(&format!("\n{text}")) }
}

fn more(text: &mut String, all: usize, what: &str) {
    if all > MAX_SERIES {
        let _ = writeln!(text, "({} more {what}: --format json)", all - MAX_SERIES);
    }
}
