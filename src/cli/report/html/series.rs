//! One verified series on the page: its plot, its ranges, the bars that differ, the rows that are no bars.

use std::io::Write as _;

use futures::TryStreamExt as _;
use maud::{Markup, html};

use super::page::{self, time};
use super::plot::{self, BINS};
use super::scale::Scale;
use super::verification::{about, tone};
use crate::cli::output::{count, counted, visible};
use crate::cli::report::destination::Destination;
use crate::cli::report::verification::words;
use crate::error::Result;
use crate::model::Verdict;
use crate::operation::verification::number::Values;
use crate::operation::verification::{Difference, DifferenceKind, Number, Series, Snapshot, Verification};

/// Bars of all series together and of one, ranges and rows of one.
const ALL_BARS: usize = 10_000;
const BARS: usize = 1000;
const RANGES: usize = 200;
const ROWS: usize = 100;

/// Digits of two numbers that fit beside each other.
const ONE_LINE: usize = 20;

/// Bars that are seen at once; the others unfold.
const UNFOLDED: usize = 20;

/// Writes its part of a page that shows so many series.
pub(super) async fn write(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    s: &Series,
    head: &Verification,
    among: usize,
) -> Result<()> {
    out.text(&heading(s).into_string())?;
    if s.verdict == Verdict::Differs {
        out.text(&plot(snapshot, s).await?.into_string())?;
        out.text(&ranges(s, head).into_string())?;
        bars(out, snapshot, s, head, (ALL_BARS / among.max(1)).clamp(UNFOLDED, BARS)).await?;
    }
    out.text(&rejected(snapshot, s, head).await?.into_string())?;
    out.text(&duplicates(s).into_string())?;
    out.text("</section>\n")
}

fn heading(s: &Series) -> Markup {
    let open = html! {
        h2 { (visible(&s.symbol)) " " (visible(&s.timeframe)) " "
            span class={ "badge " (tone(s.verdict).class()) } { (words::summary(s)) } }
        p class="muted" {
            @for (i, source) in s.sources.iter().enumerate() { @if i > 0 { ", " } code { (visible(source)) } }
            ": " (counted(s.csv.rows, "row", "rows"))
            @if let (Some(csv), Some(db)) = (s.csv.bars, s.db.bars) {
                ", " (counted(csv, "bar", "bars")) "; " (counted(db, "bar", "bars")) " in the database"
            }
            @if s.by_hash { "; by the hashes of their contents" }
            @if s.outside > 0 { "; " (count(s.outside)) " more there outside the files' range" }
            "."
        }
        @if s.untouched == Some(false) {
            p { "Something other than barlift has changed the database's bars since barlift wrote them." }
        }
        @if let Some(e) = &s.error { p { b { (s.state) } ": " (visible(&e.message)) " (" (e.class.as_str()) ")" } }
    };
    html! { (maud::PreEscaped(format!("<section id=\"s{}\">", s.task_id))) (open) }
}

async fn plot(snapshot: &mut Snapshot, s: &Series) -> Result<Markup> {
    let Some((first, last)) = s.span() else { return Ok(html! {}) };
    let scale = Scale { first, last };
    let marks = snapshot.marks(s, (first, last), BINS).await?;
    let lanes = [
        (DifferenceKind::Different, "other values"),
        (DifferenceKind::OnlyInCsv, "only in files"),
        (DifferenceKind::OnlyInDb, "only in database"),
    ];
    let lanes = lanes.into_iter().filter(|(kind, _)| marks.iter().any(|m| m.kind == *kind));
    Ok(html! {
        div class="plot" {
            @if !s.ranges.is_empty() {
                div class="label" { "what it looks like" }
                div class="band tall" { (plot::names(scale, &s.ranges)) (plot::ranges(scale, &s.ranges, true, &about(s))) }
            }
            @for (kind, name) in lanes {
                div class="label" { (name) }
                div class="lane" { (plot::lane(&marks, kind, &format!("When bars are {name}: a higher mark is more of them"))) }
            }
            (plot::axis(scale))
        }
    })
}

fn ranges(s: &Series, head: &Verification) -> Markup {
    if s.ranges.is_empty() {
        return html! {};
    }
    let rows = html! {
        @for r in s.ranges.iter().take(RANGES) {
            tr { td { (time(r.first)) } td { (time(r.last)) } td class="n" { (count(r.bars)) } td class="wrap" { (r.says()) } }
        }
    };
    let left = i64::try_from(s.ranges.len().saturating_sub(RANGES)).unwrap_or(0);
    html! {
        h4 { "Ranges" }
        (page::table(&["From", "To", "#Bars", "What"], &rows))
        (page::more(left, &format!("barlift report {} --format json", head.operation_id)))
        @if s.ranges_left_out > 0 {
            p class="muted" { (counted(s.ranges_left_out, "more range was", "more ranges were")) " too many to be kept." }
        }
    }
}

async fn bars(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    s: &Series,
    head: &Verification,
    limit: usize,
) -> Result<()> {
    let header = ["Time", "Where", "Open", "High", "Low", "Close", "Volume"];
    let mut shown = 0;
    let mut differences = snapshot.differences(s, Some(limit));
    let mut rows = Vec::new();
    while let Some(d) = differences.try_next().await? {
        rows.push(bar(&d));
        shown += 1;
    }
    if shown == 0 {
        return Ok(());
    }
    let unfolded = html! { @for row in rows.iter().take(UNFOLDED) { (row) } };
    let folded = html! { @for row in rows.iter().skip(UNFOLDED) { (row) } };
    let kept_more = s.differing() - s.differences_left_out - i64::try_from(shown).unwrap_or(0);
    let text = html! {
        h4 { "Bars that differ: file → database" }
        (page::table(&header, &unfolded))
        @if shown > UNFOLDED {
            details { summary { (shown - UNFOLDED) " more here" } (page::table(&header, &folded)) }
        }
        (page::more(kept_more, &format!("barlift report {} --format csv", head.operation_id)))
        @if s.differences_left_out > 0 {
            p class="muted" { (counted(s.differences_left_out, "more bar", "more bars")) " beyond " code { "verify.max_differences" } ": counted, not kept." }
        }
    };
    write!(out, "{}", text.into_string()).map_err(|e| out.failed(&e))
}

fn bar(d: &Difference) -> Markup {
    let place = match (&d.source, d.line) {
        (Some(source), Some(line)) => html! { code { (visible(source)) ":" (line) } },
        _ => html! { "only in the database" },
    };
    html! {
        tr {
            td { (time(d.time)) }
            td { (place) @if d.kind == DifferenceKind::OnlyInCsv { span class="by" { "not in the database" } } }
            @match (&d.csv, &d.db) {
                (Some(csv), Some(db)) => { @for (csv, db) in csv.columns().into_iter().zip(db.columns()) { (cell(csv, db)) } }
                (Some(one), None) | (None, Some(one)) => (one_side(one)),
                (None, None) => {}
            }
        }
    }
}

/// One column of a bar on both sides, or before and now.
pub(super) fn cell(from: Number, to: Number) -> Markup {
    let long = from.to_string().len() + to.to_string().len() > ONE_LINE;
    html! {
        @if from == to { td class="same" { (from) } }
        @else { td { (from) @if long { br; } @else { " " } "→ " b { (to) } span class="by" { (words::signed(to.0 - from.0)) } } }
    }
}

fn one_side(values: &Values) -> Markup {
    html! { @for v in values.columns() { td { (v) } } }
}

async fn rejected(snapshot: &mut Snapshot, s: &Series, head: &Verification) -> Result<Markup> {
    if s.csv.rejected == 0 {
        return Ok(html! {});
    }
    let mut stream = snapshot.rejected(s, Some(ROWS));
    let mut rows = Vec::new();
    while let Some(r) = stream.try_next().await? {
        rows.push(html! {
            tr { td { code { (visible(&r.source)) ":" (r.line) } } td { (r.rule) } td class="wrap" { (visible(&r.reason)) }
                td class="wrap" { code { (visible(&shortened(&r.raw))) } } }
        });
    }
    let left = s.csv.rejected - i64::try_from(rows.len()).unwrap_or(0);
    let all = html! { @for row in &rows { (row) } };
    Ok(html! {
        h4 { (counted(s.csv.rejected, "rejected row", "rejected rows")) ": no difference, since there is no bar in them" }
        (page::table(&["Where", "Rule", "Reason", "Row"], &all))
        (page::more(left, &format!("barlift report {} --format csv", head.operation_id)))
    })
}

/// A line of a file may have any length.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn duplicates(s: &Series) -> Markup {
    if s.csv.duplicate == 0 {
        return html! {};
    }
    let left = s.csv.duplicate - i64::try_from(s.duplicates.len().min(ROWS)).unwrap_or(0);
    html! {
        h4 { (counted(s.csv.duplicate, "duplicate row", "duplicate rows")) ": no difference, since they repeat earlier ones" }
        p { @for (i, d) in s.duplicates.iter().take(ROWS).enumerate() {
                @if i > 0 { ", " } code { (visible(&d.source)) ":" (d.line) }
            }
            @if left > 0 { span class="muted" { " and " (count(left)) " more" } }
        }
    }
}
