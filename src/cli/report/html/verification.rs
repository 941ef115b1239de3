//! The page of a verification.

use std::borrow::Cow;

use maud::{Markup, html};

use super::page::{self, Tone};
use super::scale::Scale;
use super::{plot, series};
use crate::cli::output::{count, counted};
use crate::cli::report::destination::Destination;
use crate::cli::report::verification::words;
use crate::counts::int;
use crate::error::Result;
use crate::model::{RangeKind, Verdict};
use crate::operation::verification::{DifferenceRange, Order, Snapshot, Verification, VerifiedSeries};

/// Most series in the list, in the common plot, and one by one.
const LISTED: usize = 1000;
const PLOTTED: usize = 60;
const DETAILED: usize = 100;
/// Most ranges in the summary at the top.
const SUMMARISED: usize = 8;
/// Most entries of the lists at the end.
const NOTES: usize = 200;

/// Writes the page; `database` names the database, without a password.
pub(in crate::cli::report) async fn verification(
    out: &mut Destination,
    snapshot: &mut Snapshot,
    head: &Verification,
    database: &str,
) -> Result<()> {
    let listed = snapshot.series(Order::Noteworthy, 0, LISTED).await?;
    let verdict = words::verdict(head.verdict);
    out.text(&page::begin(&format!("{verdict}: {}", head.operation_id)))?;
    out.text(&top(head, database).into_string())?;
    out.text(&largest_ranges(&listed).into_string())?;
    out.text(&overview(head, &listed).into_string())?;
    out.text(&list(head, &listed).into_string())?;
    let detailed: Vec<&VerifiedSeries> = listed.iter().filter(|s| s.is_noteworthy()).take(DETAILED).collect();
    for s in &detailed {
        series::write(out, snapshot, s, head, detailed.len()).await?;
    }
    let noteworthy = listed.iter().filter(|s| s.is_noteworthy()).count();
    out.text(&more_detail(head, noteworthy, detailed.len()).into_string())?;
    out.text(&notes(head).into_string())?;
    out.text(&page::end(&head.operation_id))
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Identical => "✓",
        Verdict::Differs => "≠",
        Verdict::Incomplete => "…",
    }
}

fn top(head: &Verification, database: &str) -> Markup {
    let t = &head.totals;
    let because = words::because(head);
    let because = because.trim_start_matches([':', ' ']);
    let facts = [
        ("Files", head.files()),
        ("Database", database.to_owned()),
        ("How closely", words::mode(head)),
        ("Ran", page::ran(head.started_at, head.finished_at)),
        ("Operation", format!("{}: {}", head.operation_id, head.shown_state())),
        ("Follows", head.follows.clone().unwrap_or_default()),
        ("Trace", head.trace_id.clone()),
    ];
    let tiles = [
        ("series", t.series, None),
        ("identical", t.identical, None),
        ("differing", t.differing, Some(Tone::Bad)),
        ("not compared", t.failed + t.cancelled + t.open, Some(Tone::Warn)),
        ("bars in the files", t.csv_bars, None),
        ("bars in the database", t.db_bars, None),
        ("bars compared", t.compared, None),
        ("bars with other values", t.different, Some(Tone::Bad)),
        ("only in the files", t.only_in_csv, Some(Tone::Bad)),
        ("only in the database", t.only_in_db, Some(Tone::Bad)),
        ("rejected rows", t.rows_rejected, Some(Tone::Warn)),
        ("duplicate rows", t.rows_duplicate, None),
    ];
    html! {
        (page::banner(head.verdict.into(), sign(head.verdict), words::verdict(head.verdict), because))
        (page::facts(&facts))
        (page::tiles(&tiles))
        @if t.outside > 0 {
            p class="muted" { (count(t.outside)) " more bars of the database lie outside the files' range and were not compared (--within-range)." }
        }
    }
}

/// All series together, one row each.
fn overview(head: &Verification, listed: &[VerifiedSeries]) -> Markup {
    let plotted = listed.iter().filter(|s| s.span().is_some() && s.verdict != Verdict::Incomplete);
    let plotted: Vec<&VerifiedSeries> = plotted.take(PLOTTED).collect();
    let spans: Vec<_> = plotted.iter().filter_map(|s| s.span()).collect();
    let first = spans.iter().map(|s| s.0).min();
    let Some((first, last)) = first.zip(spans.iter().map(|s| s.1).max()) else { return html! {} };
    let scale = Scale { first, last };
    html! {
        (plot::patterns())
        h2 { "Where in time" }
        (plot::legend())
        div class="plot" {
            @for s in &plotted {
                div class="label" { (link(s)) }
                div class="band" { (plot::ranges(scale, &whole(s), false, &plot::about(s))) }
            }
            (plot::axis(scale))
        }
        (page::more_in_report(head.totals.series - int(plotted.len()), &head.operation_id, "json"))
    }
}

/// The ranges of a series. An identical one may have none stored; it is one range.
fn whole(s: &VerifiedSeries) -> Cow<'_, [DifferenceRange]> {
    match s.span() {
        Some((first, last)) if s.ranges.is_empty() && s.verdict == Verdict::Identical => {
            let bars = s.compared;
            let kind = RangeKind::Identical;
            Cow::Owned(vec![DifferenceRange {
                kind,
                first,
                last,
                bars,
                identical: bars,
                price_ratio: None,
                volume_ratio: None,
                shifted_by_seconds: None,
            }])
        }
        _ => Cow::Borrowed(&s.ranges),
    }
}

/// The largest ranges in words.
fn largest_ranges(listed: &[VerifiedSeries]) -> Markup {
    let ranges = listed.iter().flat_map(|s| s.ranges.iter().map(move |r| (s, r)));
    let mut ranges: Vec<_> = ranges.filter(|(_, r)| r.kind != RangeKind::Identical).collect();
    ranges.sort_by_key(|(_, r)| std::cmp::Reverse(r.bars));
    ranges.truncate(SUMMARISED);
    html! {
        @if !ranges.is_empty() {
            ul class="finds" {
                @for (s, r) in ranges {
                    li { b { (link(s)) } " " (r.says())
                        span class="muted" { " · " (counted(r.bars, "bar", "bars")) ", " (page::time(r.first)) " to " (page::time(r.last)) } }
                }
            }
        }
    }
}

fn link(s: &VerifiedSeries) -> Markup {
    html! {
        @if s.is_noteworthy() { a href={ "#s" (s.task_id) } { (page::series_name(&s.symbol, &s.timeframe)) } }
        @else { (page::series_name(&s.symbol, &s.timeframe)) }
    }
}

fn list(head: &Verification, listed: &[VerifiedSeries]) -> Markup {
    let header = [
        "Series",
        "Verdict",
        "#In files",
        "#In database",
        "#Compared",
        "#Other values",
        "#Only in files",
        "#Only in database",
        "#Rejected",
        "#Duplicate",
        "First and last bar",
        "Content",
    ];
    let rows = html! { @for s in listed { (row(s)) } };
    html! {
        h2 { "Series" }
        @if listed.is_empty() { p { "There are none." } } @else { (page::table(&header, &rows)) }
        (page::more_in_report(head.totals.series - int(listed.len()), &head.operation_id, "json"))
    }
}

fn row(s: &VerifiedSeries) -> Markup {
    let counts = [s.compared, s.different, s.only_in_csv, s.only_in_db, s.csv.rejected, s.csv.duplicate];
    html! {
        tr class=[(s.verdict == Verdict::Differs).then_some("bad")] {
            td { (link(s)) }
            td { span class={ "badge " (Tone::from(s.verdict).class()) } { (words::verdict_or_state(s)) } }
            @for n in [s.csv.bars, s.db.bars] { td class="n" { (n.map(count).unwrap_or_default()) } }
            (page::count_cells(counts))
            td { (page::optional_time(s.csv.first)) br; (page::optional_time(s.csv.last)) }
            td { (content(s)) }
        }
    }
}

/// The first digits of the content hashes of both sides; JSON has all digits.
fn content(s: &VerifiedSeries) -> Markup {
    let (Some(csv), Some(db)) = (&s.csv.hash, &s.db.hash) else { return html! {} };
    let short = |hash: &str| hash.get(..8).unwrap_or_default().to_owned();
    html! {
        @if csv == db { code { (short(csv)) } span class="by" { "the same" } }
        @else { code { (short(csv)) " ≠" br; (short(db)) } }
    }
}

fn more_detail(head: &Verification, noteworthy: usize, shown: usize) -> Markup {
    let t = &head.totals;
    // The list may lack some of them.
    let all = int(noteworthy).max(t.differing + t.failed + t.cancelled + t.open);
    html! {
        @if all > int(shown) { h2 { "Further series" } }
        (page::more_in_report(all - int(shown), &head.operation_id, "csv"))
    }
}

/// What is no difference: series that no file has, files whose names say no series.
fn notes(head: &Verification) -> Markup {
    let more = |all: usize| page::more_in_report(page::left(all, NOTES), &head.operation_id, "json");
    let (unexplained, unrecognised) = (&head.options.unexplained, &head.unrecognised);
    html! {
        @if !unexplained.is_empty() {
            h2 { "In the database, in none of the files" }
            p { "No difference, since no file is about them: " @for (i, s) in unexplained.iter().take(NOTES).enumerate() {
                @if i > 0 { ", " } b { (page::series_name(&s.symbol, &s.timeframe)) }
            } "." }
            (more(unexplained.len()))
        }
        @if !unrecognised.is_empty() {
            h2 { "Files that were not verified" }
            (page::unrecognised_files(unrecognised, NOTES))
            (more(unrecognised.len()))
        }
    }
}
