//! One verified series on the page: its plot, its ranges, its differing bars, its rejected and duplicate rows.

use std::io::Write as _;

use futures::TryStreamExt as _;
use maud::{Markup, html};

use super::page::{self, Tone, time};
use super::plot::{self, BINS};
use super::scale::Scale;
use crate::bar::columns::COLUMNS;
use crate::cli::output::{count, counted, visible};
use crate::cli::report::destination::Destination;
use crate::cli::report::verification::words;
use crate::error::Result;
use crate::model::{DifferenceKind, Verdict};
use crate::operation::report::RejectedLine;
use crate::operation::verification::{DifferingBar, Snapshot, Verification, VerifiedSeries};

/// Most differing bars of a page, and of one series.
const PAGE_BARS: usize = 10_000;
const SERIES_BARS: usize = 1000;
/// Most ranges of a series.
const RANGES: usize = 200;
/// Most rejected rows, and most duplicates, of a series.
const ROWS: usize = 100;
/// Bars that are visible before the reader unfolds the others.
const UNFOLDED: usize = 20;

/// Writes a series of a page that shows `among` series.
pub(super) async fn write(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    s: &VerifiedSeries,
    head: &Verification,
    among: usize,
) -> Result<()> {
    out.text(&heading(s).into_string())?;
    if s.verdict == Verdict::Differs {
        out.text(&plot(snapshot, s).await?.into_string())?;
        out.text(&ranges(s, head).into_string())?;
        bars(out, snapshot, s, head, (PAGE_BARS / among.max(1)).clamp(UNFOLDED, SERIES_BARS)).await?;
    }
    out.text(&rejected(snapshot, s, head).await?.into_string())?;
    out.text(&duplicates(s).into_string())?;
    out.text("</section>\n")
}

fn heading(s: &VerifiedSeries) -> Markup {
    let open = html! {
        h2 { (page::series_name(&s.symbol, &s.timeframe)) " "
            span class={ "badge " (Tone::from(s.verdict).class()) } { (words::summary(s)) } }
        p class="muted" {
            @for (i, source) in s.sources.iter().enumerate() { @if i > 0 { ", " } code { (visible(source)) } }
            ": " (counted(s.csv.rows, "row", "rows"))
            @if let (Some(csv), Some(db)) = (s.csv.bars, s.db.bars) {
                ", " (counted(csv, "bar", "bars")) "; " (counted(db, "bar", "bars")) " in the database"
            }
            @if s.by_hash { "; compared by content hashes" }
            @if s.outside > 0 { "; " (count(s.outside)) " more there outside the files' range" }
            "."
        }
        @if s.untouched == Some(false) {
            p { "Another program has changed the database's bars since barlift wrote them." }
        }
        @if let Some(e) = &s.error { p { b { (s.state) } ": " (visible(&e.message)) " (" (e.class.as_str()) ")" } }
    };
    html! { (maud::PreEscaped(format!("<section id=\"s{}\">", s.task_id))) (open) }
}

async fn plot(snapshot: &mut Snapshot, s: &VerifiedSeries) -> Result<Markup> {
    let Some((first, last)) = s.span() else { return Ok(html! {}) };
    let scale = Scale { first, last };
    let bins = snapshot.bins(s, (first, last), BINS).await?;
    let lanes = [
        (DifferenceKind::Different, "other values"),
        (DifferenceKind::OnlyInCsv, "only in files"),
        (DifferenceKind::OnlyInDb, "only in database"),
    ];
    let lanes = lanes.into_iter().filter(|(kind, _)| bins.iter().any(|b| b.kind == *kind));
    Ok(html! {
        div class="plot" {
            @if !s.ranges.is_empty() {
                div class="label" { "what it looks like" }
                div class="band tall" { (plot::names(scale, &s.ranges)) (plot::ranges(scale, &s.ranges, true, &plot::about(s))) }
            }
            @for (kind, name) in lanes {
                div class="label" { (name) }
                div class="lane" { (plot::lane(&bins, kind, &format!("When bars are {name}: a higher mark is more of them"))) }
            }
            (plot::axis(scale))
        }
    })
}

fn ranges(s: &VerifiedSeries, head: &Verification) -> Markup {
    if s.ranges.is_empty() {
        return html! {};
    }
    let rows = html! {
        @for r in s.ranges.iter().take(RANGES) {
            tr { td { (time(r.first)) } td { (time(r.last)) } td class="n" { (count(r.bars)) } td class="wrap" { (r.says()) } }
        }
    };
    html! {
        h4 { "Ranges" }
        (page::table(&["From", "To", "#Bars", "What"], &rows))
        (page::more_in_report(page::left(s.ranges.len(), RANGES), &head.operation_id, "json"))
        @if s.ranges_left_out > 0 {
            p class="muted" { (counted(s.ranges_left_out, "more range was", "more ranges were")) " too many to be kept." }
        }
    }
}

async fn bars(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    s: &VerifiedSeries,
    head: &Verification,
    limit: usize,
) -> Result<()> {
    let titles = COLUMNS.iter().map(|column| column.title);
    let header: Vec<_> = ["Time", "Where"].into_iter().chain(titles).collect();
    let rows: Vec<Markup> = snapshot.differences(s, Some(limit)).map_ok(|d| bar(&d)).try_collect().await?;
    let shown = rows.len();
    if shown == 0 {
        return Ok(());
    }
    let unfolded = html! { @for row in rows.iter().take(UNFOLDED) { (row) } };
    let folded = html! { @for row in rows.iter().skip(UNFOLDED) { (row) } };
    let stored_more = s.differing() - s.differences_left_out - i64::try_from(shown).unwrap_or(0);
    let text = html! {
        h4 { "Bars that differ: file → database" }
        (page::table(&header, &unfolded))
        @if shown > UNFOLDED {
            details { summary { (shown - UNFOLDED) " more here" } (page::table(&header, &folded)) }
        }
        (page::more_in_report(stored_more, &head.operation_id, "csv"))
        @if s.differences_left_out > 0 {
            p class="muted" { (counted(s.differences_left_out, "more bar", "more bars")) " beyond " code { "verify.max_differences" } ": counted, not kept." }
        }
    };
    write!(out, "{}", text.into_string()).map_err(|e| out.failed(&e))
}

fn bar(d: &DifferingBar) -> Markup {
    let place = match (&d.source, d.line) {
        (Some(source), Some(line)) => html! { code { (visible(source)) ":" (line) } },
        _ => html! { "only in the database" },
    };
    html! {
        tr {
            td { (time(d.time)) }
            td { (place) @if d.kind == DifferenceKind::OnlyInCsv { span class="by" { "not in the database" } } }
            @match (&d.csv, &d.db) {
                (Some(csv), Some(db)) => { @for (csv, db) in csv.columns().into_iter().zip(db.columns()) { (page::change_cell(csv, db)) } }
                (Some(one), None) | (None, Some(one)) => { @for v in one.columns() { td { (page::value(v)) } } },
                (None, None) => {}
            }
        }
    }
}

async fn rejected(snapshot: &mut Snapshot, s: &VerifiedSeries, head: &Verification) -> Result<Markup> {
    if s.csv.rejected == 0 {
        return Ok(html! {});
    }
    let row = |r: RejectedLine| {
        html! { tr { (page::place_cell(&r.source, r.line)) (page::rejection_cells(&r.rejection)) } }
    };
    let rows: Vec<Markup> = snapshot.rejected(s, Some(ROWS)).map_ok(row).try_collect().await?;
    let left = s.csv.rejected - i64::try_from(rows.len()).unwrap_or(0);
    let all = html! { @for row in &rows { (row) } };
    Ok(html! {
        h4 { (counted(s.csv.rejected, "rejected row", "rejected rows")) ": no differences, since they are no bars" }
        (page::table(&["Where", "Rule", "Reason", "Row"], &all))
        (page::more_in_report(left, &head.operation_id, "csv"))
    })
}

fn duplicates(s: &VerifiedSeries) -> Markup {
    if s.csv.duplicate == 0 {
        return html! {};
    }
    let left = s.csv.duplicate - i64::try_from(s.duplicates.len().min(ROWS)).unwrap_or(0);
    html! {
        h4 { (counted(s.csv.duplicate, "duplicate row", "duplicate rows")) ": no differences, since they repeat earlier rows" }
        p { @for (i, d) in s.duplicates.iter().take(ROWS).enumerate() {
                @if i > 0 { ", " } code { (visible(&d.source)) ":" (d.line) }
            }
            @if left > 0 { span class="muted" { " and " (count(left)) " more" } }
        }
    }
}
