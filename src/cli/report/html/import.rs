//! The page of an import: what became of the rows of each file, and the findings.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use maud::{Markup, html};
use sqlx::PgPool;

use super::page::{self, Tone, time};
use crate::bar::Ohlcv;
use crate::bar::columns::COLUMNS;
use crate::cli::output::{count, counted, visible};
use crate::cli::report::destination::Destination;
use crate::cli::row_counters::{self, ShownCounter, row_counters};
use crate::error::Result;
use crate::model::{OperationId, OperationState, TaskState};
use crate::operation::report::{self, SourceLine};
use crate::operation::status::{self, OperationStatus, TaskStatus};
use crate::operation::verification::number::Values;

/// Most files, and most findings of each kind.
const FILES: usize = 1000;
const FINDINGS: usize = 1000;

/// Writes the page; `database` names the database, without a password.
pub(in crate::cli::report) async fn import(
    out: &mut Destination,
    pool: &PgPool,
    id: &OperationId,
    database: &str,
) -> Result<()> {
    let status = status::read(pool, id, true).await?;
    let (tone, verdict, because) = verdict(&status);
    out.text(&page::begin(&format!("{verdict}: {}", status.operation_id)))?;
    out.text(&page::banner(tone, sign(tone, status.is_settled()), verdict, &because).into_string())?;
    out.text(&top(&status, database).into_string())?;
    out.text(&files(&status).into_string())?;
    if !status.dry_run {
        findings(out, pool, id, &status).await?;
    }
    out.text(&notes(&status).into_string())?;
    out.text(&page::end(&status.operation_id))
}

fn verdict(s: &OperationStatus) -> (Tone, &'static str, String) {
    let (t, r) = (&s.totals, &s.totals.rows);
    let rows = row_counters::sum(r, &format!(" in {}", counted(t.tasks, "file", "files")), s.dry_run);
    let findings = r.findings() + s.shape_conflicts();
    match s.state {
        _ if t.failed > 0 => {
            (Tone::Bad, "FAILED", format!("{} failed; {rows}", counted(t.failed, "file", "files")))
        }
        OperationState::Cancelled => (Tone::Warn, "CANCELLED", rows),
        _ if !s.is_settled() => (Tone::Warn, "NOT FINISHED", rows),
        _ if findings > 0 => (Tone::Warn, "ROWS ADD UP, WITH FINDINGS", rows),
        _ => (Tone::Good, "ROWS ADD UP", rows),
    }
}

fn sign(tone: Tone, settled: bool) -> &'static str {
    match tone {
        Tone::Good => "✓",
        Tone::Bad => "✗",
        Tone::Warn if settled => "!",
        Tone::Warn => "…",
    }
}

fn top(s: &OperationStatus, database: &str) -> Markup {
    let (t, r) = (&s.totals, &s.totals.rows);
    let facts = [
        ("Files", s.root.clone()),
        ("Database", database.to_owned()),
        ("How", if s.dry_run { "dry run: nothing was written".to_owned() } else { String::new() }),
        ("Ran", page::ran(s.started_at, s.finished_at)),
        ("Operation", format!("{} ({})", s.operation_id, s.shown_state())),
        ("Trace", s.trace_id.clone()),
    ];
    let unfinished = t.pending + t.running + t.cancelled;
    let mut tiles = vec![
        ("files", t.tasks, None),
        ("failed", t.failed, Some(Tone::Bad)),
        ("not finished", unfinished, Some(Tone::Warn)),
        ("rows", r.rows, None),
    ];
    let counters = row_counters(s.dry_run);
    tiles.extend(counters.iter().map(|c| (c.names.total, (c.value)(r), c.is_finding.then_some(Tone::Warn))));
    html! { (page::facts(&facts)) (page::tiles(&tiles)) }
}

fn rank(t: &TaskStatus) -> u8 {
    let conflicts = i64::from(t.shape_conflict.is_some());
    match (t.state, t.rows.findings() + conflicts) {
        (TaskState::Failed, _) => 0,
        (TaskState::Succeeded, 0) => 3,
        (TaskState::Succeeded, _) => 1,
        _ => 2,
    }
}

fn files(s: &OperationStatus) -> Markup {
    let mut tasks: Vec<&TaskStatus> = s.tasks.iter().collect();
    tasks.sort_by_key(|t| rank(t));
    let counters = row_counters(s.dry_run);
    let titles: Vec<String> = counters.iter().map(|c| format!("#{}", c.names.title)).collect();
    let mut header = vec!["Series", "File", "State", "#Rows"];
    header.extend(titles.iter().map(String::as_str).chain(["Note"]));
    let rows = html! { @for t in tasks.iter().take(FILES) { (file(t, &counters)) } };
    html! {
        h2 { "Files" }
        @if tasks.is_empty() { p { "There are none." } } @else { (page::table(&header, &rows)) }
        (more_in_status(tasks.len(), s))
    }
}

fn file(t: &TaskStatus, counters: &[ShownCounter]) -> Markup {
    let tone = match t.state {
        TaskState::Succeeded => Tone::Good,
        TaskState::Failed => Tone::Bad,
        _ => Tone::Warn,
    };
    let counts = std::iter::once(t.rows.rows).chain(counters.iter().map(|c| (c.value)(&t.rows)));
    let recognised = t.recognised.then(|| "recognised by content, not read again".to_owned());
    let note = t
        .error
        .as_ref()
        .map(|e| e.message.clone())
        .or(t.shape_conflict.clone())
        .or(recognised)
        .unwrap_or_default();
    html! {
        tr class=[(tone == Tone::Bad).then_some("bad")] {
            td { (page::series_name(&t.symbol, &t.timeframe)) }
            td { code { (visible(&t.source)) } }
            td { span class={ "badge " (tone.class()) } { (t.state) } }
            (page::count_cells(counts))
            td class="wrap" { (visible(&note)) }
        }
    }
}

async fn findings(out: &mut Destination, pool: &PgPool, id: &OperationId, s: &OperationStatus) -> Result<()> {
    let r = &s.totals.rows;
    let mismatches = section(report::mismatches(pool, id), |m| {
        // The value after the arrow is the database's present one.
        let (from, to, done) =
            if m.overwritten { (m.db, m.csv, "overwritten") } else { (m.csv, m.db, "kept") };
        html! { (place(&m.place)) td { (time(m.time)) } (columns(from, to)) td { (done) } }
    });
    let titles = COLUMNS.iter().map(|column| column.title);
    let header: Vec<_> =
        ["Series", "Where", "Time"].into_iter().chain(titles).chain(["Database's bar"]).collect();
    let rows = mismatches.await?;
    let change = if s.overwrites() { "database before → now" } else { "file → database" };
    let name = format!("Mismatches, {change}");
    out.text(&listed(id, &name, r.rows_mismatched, &header, &rows).into_string())?;

    let rejected = section(report::rejected(pool, id), |r| {
        html! { (place(&r.place)) (page::rejection_cells(&r.rejection)) }
    });
    let header = ["Series", "Where", "Rule", "Reason", "Row"];
    out.text(&listed(id, "Rejected rows", r.rows_rejected, &header, &rejected.await?).into_string())?;

    let issues = section(report::issues(pool, id), |i| {
        html! { (place(&i.place)) td { (time(i.time)) } td { code { (i.values) } } td class="wrap" { (i.rules.join(", ")) } }
    });
    let header = ["Series", "Where", "Time", "Bar", "Rules"];
    out.text(&listed(id, "Quality issues", r.quality_issues, &header, &issues.await?).into_string())
}

/// A table row for each of the first findings.
async fn section<T>(stream: BoxStream<'_, Result<T>>, row: impl Fn(&T) -> Markup) -> Result<Vec<Markup>> {
    stream.take(FINDINGS).map_ok(|finding| row(&finding)).try_collect().await
}

fn listed(id: &OperationId, name: &str, all: i64, header: &[&str], rows: &[Markup]) -> Markup {
    if rows.is_empty() {
        return html! {};
    }
    let left = all - i64::try_from(rows.len()).unwrap_or(all);
    html! {
        h2 { (name) ": " (count(all)) }
        (page::table(header, &html! { @for row in rows { tr { (row) } } }))
        (page::more_in_report(left, id, "csv"))
    }
}

fn place(p: &SourceLine) -> Markup {
    html! { td { (page::series_name(&p.symbol, &p.timeframe)) } (page::place_cell(&p.source, p.line)) }
}

fn columns(from: Ohlcv, to: Ohlcv) -> Markup {
    let pairs = Values::from(from).columns().into_iter().zip(Values::from(to).columns());
    html! { @for (from, to) in pairs { (page::change_cell(from, to)) } }
}

fn notes(s: &OperationStatus) -> Markup {
    html! {
        @if !s.unrecognised.is_empty() {
            h2 { "Files that were not imported" }
            (page::unrecognised_files(&s.unrecognised, FILES))
            (more_in_status(s.unrecognised.len(), s))
        }
    }
}

/// The number of list entries beyond [`FILES`], and the command that prints them.
fn more_in_status(all: usize, s: &OperationStatus) -> Markup {
    page::more(page::left(all, FILES), &format!("barlift status {} --json", s.operation_id))
}
