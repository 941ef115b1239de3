//! The page of a verification.

use std::borrow::Cow;

use maud::{Markup, html};

use super::page::{self, Tone};
use super::scale::Scale;
use super::{plot, series};
use crate::cli::output::{count, counted, visible};
use crate::cli::report::destination::Destination;
use crate::cli::report::verification::words;
use crate::error::Result;
use crate::model::Verdict;
use crate::operation::verification::{Order, Range, RangeKind, Series, Snapshot, Verification};

/// Series that the page lists, that it plots together, and that it shows one by one.
const LISTED: usize = 1000;
const PLOTTED: usize = 60;
const DETAILED: usize = 100;

/// Ranges that it tells of first.
const FINDS: usize = 8;

/// Entries of the lists at its end.
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
    out.text(&finds(&listed).into_string())?;
    out.text(&overview(head, &listed).into_string())?;
    out.text(&list(head, &listed).into_string())?;
    let detailed: Vec<&Series> = listed.iter().filter(|s| s.is_noteworthy()).take(DETAILED).collect();
    for s in &detailed {
        series::write(out, snapshot, s, head, detailed.len()).await?;
    }
    let noteworthy = listed.iter().filter(|s| s.is_noteworthy()).count();
    out.text(&more_detail(head, noteworthy, detailed.len()).into_string())?;
    out.text(&notes(head).into_string())?;
    out.text(&page::end(head.operation_id.as_str()))
}

pub(super) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Identical => Tone::Good,
        Verdict::Differs => Tone::Bad,
        Verdict::Incomplete => Tone::Warn,
    }
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
        ("Files", head.root.clone()),
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
        (page::banner(tone(head.verdict), sign(head.verdict), words::verdict(head.verdict), because))
        (page::facts(&facts))
        (page::tiles(&tiles))
        @if t.outside > 0 {
            p class="muted" { (count(t.outside)) " more bars of the database lie outside the files' range: no difference, as was asked." }
        }
    }
}

/// All series together, one row each.
fn overview(head: &Verification, listed: &[Series]) -> Markup {
    let plotted = listed.iter().filter(|s| s.span().is_some() && s.verdict != Verdict::Incomplete);
    let plotted: Vec<&Series> = plotted.take(PLOTTED).collect();
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
                div class="band" { (plot::ranges(scale, &whole(s), false, &about(s))) }
            }
            (plot::axis(scale))
        }
        (page::more(head.totals.series - i64::try_from(plotted.len()).unwrap_or(0), &format!("barlift report {} --format json", head.operation_id)))
    }
}

/// Its ranges; the one that an identical series is, where it has none.
fn whole(s: &Series) -> Cow<'_, [Range]> {
    match s.span() {
        Some((first, last)) if s.ranges.is_empty() && s.verdict == Verdict::Identical => {
            let bars = s.compared;
            let kind = RangeKind::Identical;
            Cow::Owned(vec![Range {
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

/// What the largest ranges look like.
fn finds(listed: &[Series]) -> Markup {
    let ranges = listed.iter().flat_map(|s| s.ranges.iter().map(move |r| (s, r)));
    let mut ranges: Vec<_> = ranges.filter(|(_, r)| r.kind != RangeKind::Identical).collect();
    ranges.sort_by_key(|(_, r)| std::cmp::Reverse(r.bars));
    ranges.truncate(FINDS);
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

/// A plot in words.
pub(super) fn about(s: &Series) -> String {
    let span = s.span().map(|(first, last)| format!(", {} to {}", page::time(first), page::time(last)));
    format!(
        "{} {}{}: {}",
        visible(&s.symbol),
        visible(&s.timeframe),
        span.unwrap_or_default(),
        words::summary(s)
    )
}

fn link(s: &Series) -> Markup {
    html! {
        @if s.is_noteworthy() { a href={ "#s" (s.task_id) } { (visible(&s.symbol)) " " (visible(&s.timeframe)) } }
        @else { (visible(&s.symbol)) " " (visible(&s.timeframe)) }
    }
}

fn list(head: &Verification, listed: &[Series]) -> Markup {
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
    let left = head.totals.series - i64::try_from(listed.len()).unwrap_or(0);
    html! {
        h2 { "Series" }
        @if listed.is_empty() { p { "There are none." } } @else { (page::table(&header, &rows)) }
        (page::more(left, &format!("barlift report {} --format json", head.operation_id)))
    }
}

fn row(s: &Series) -> Markup {
    let counts = [s.compared, s.different, s.only_in_csv, s.only_in_db, s.csv.rejected, s.csv.duplicate];
    let word = match s.verdict {
        Verdict::Identical => "identical",
        Verdict::Differs => "differs",
        Verdict::Incomplete => s.state.as_str(),
    };
    html! {
        tr class=[(s.verdict == Verdict::Differs).then_some("bad")] {
            td { (link(s)) }
            td { span class={ "badge " (tone(s.verdict).class()) } { (word) } }
            @for n in [s.csv.bars, s.db.bars] { td class="n" { (n.map(count).unwrap_or_default()) } }
            @for n in counts { td class={ @if n == 0 { "n same" } @else { "n" } } { (count(n)) } }
            td { (page::optional_time(s.csv.first)) br; (page::optional_time(s.csv.last)) }
            td { (content(s)) }
        }
    }
}

/// The first digits of both contents' hashes; JSON has them whole.
fn content(s: &Series) -> Markup {
    let (Some(csv), Some(db)) = (&s.csv.hash, &s.db.hash) else { return html! {} };
    let short = |hash: &str| hash.get(..8).unwrap_or_default().to_owned();
    html! {
        @if csv == db { code { (short(csv)) } span class="by" { "the same" } }
        @else { code { (short(csv)) " ≠" br; (short(db)) } }
    }
}

fn more_detail(head: &Verification, noteworthy: usize, shown: usize) -> Markup {
    let count = |n: usize| i64::try_from(n).unwrap_or(0);
    let t = &head.totals;
    // Not all of them need to be listed.
    let all = count(noteworthy).max(t.differing + t.failed + t.cancelled + t.open);
    html! {
        @if all > count(shown) { h2 { "Further series" } }
        (page::more(all - count(shown), &format!("barlift report {} --format csv", head.operation_id)))
    }
}

/// What is no difference: series that no file is about, files that were not taken.
fn notes(head: &Verification) -> Markup {
    let all = format!("barlift report {} --format json", head.operation_id);
    let left = |n: usize| i64::try_from(n.saturating_sub(NOTES)).unwrap_or(0);
    let (unexplained, unrecognised) = (&head.options.unexplained, &head.unrecognised);
    html! {
        @if !unexplained.is_empty() {
            h2 { "In the database, in no file" }
            p { "No difference, since no file is about them: " @for (i, s) in unexplained.iter().take(NOTES).enumerate() {
                @if i > 0 { ", " } b { (visible(&s.symbol)) " " (visible(&s.timeframe)) }
            } "." }
            (page::more(left(unexplained.len()), &all))
        }
        @if !unrecognised.is_empty() {
            h2 { "Files that were not verified" }
            (unrecognised_files(unrecognised.iter().take(NOTES)))
            (page::more(left(unrecognised.len()), &all))
        }
    }
}

/// Files that were found and not taken.
pub(super) fn unrecognised_files<'a>(
    files: impl Iterator<Item = &'a crate::source::discover::Unrecognised>,
) -> Markup {
    let rows = html! { @for u in files { tr { td { code { (visible(&u.path)) } } td class="wrap" { (visible(&u.reason)) } } } };
    page::table(&["File", "Why"], &rows)
}
