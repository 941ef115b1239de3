//! Plots of where in time the differences lie.
//!
//! Invariants: the size of a plot depends on its width, not on how much differs, since no pixel is drawn twice. Kinds
//! differ by height, place and pattern as well as by colour. Each mark has a title, and each plot a text.

use maud::{Markup, html};

use super::page::time;
use super::scale::{Scale, WIDTH};
use crate::cli::output::{count, counted, visible};
use crate::cli::report::verification::words;
use crate::model::{DifferenceKind, RangeKind};
use crate::operation::verification::{DifferenceBin, DifferenceRange, VerifiedSeries};

/// Bins of time in which bars are counted.
pub(super) const BINS: i32 = 200;

/// A mark's least width, in units.
const LEAST: f64 = 3.0;

/// All kinds, in the order in which they are drawn.
const KINDS: [RangeKind; 6] = [
    RangeKind::Identical,
    RangeKind::Shifted,
    RangeKind::Ratio,
    RangeKind::Revised,
    RangeKind::OnlyInCsv,
    RangeKind::OnlyInDb,
];

/// A short name.
pub(super) fn name(kind: RangeKind) -> &'static str {
    match kind {
        RangeKind::Identical => "identical",
        RangeKind::OnlyInCsv => "only in files",
        RangeKind::OnlyInDb => "only in database",
        RangeKind::Revised => "revised values",
        RangeKind::Ratio => "constant ratio",
        RangeKind::Shifted => "shifted in time",
    }
}

/// The top and the height of a kind in a band of 20.
fn band(kind: RangeKind) -> (u8, u8) {
    match kind {
        RangeKind::Identical => (8, 4),
        RangeKind::OnlyInCsv => (0, 9),
        RangeKind::OnlyInDb => (11, 9),
        _ => (0, 20),
    }
}

fn fill(kind: RangeKind) -> &'static str {
    match kind {
        RangeKind::Ratio => "url(#striped)",
        RangeKind::Shifted => "url(#dotted)",
        _ => "",
    }
}

/// The patterns of all plots; a page has them once.
pub(super) fn patterns() -> Markup {
    html! {
        svg class="defs" aria-hidden="true" {
            defs {
                pattern id="striped" width="9" height="20" patternUnits="userSpaceOnUse" {
                    rect class="ratio" width="9" height="20" {} rect class="cut" width="3" height="20" {}
                }
                pattern id="dotted" width="12" height="10" patternUnits="userSpaceOnUse" {
                    rect class="shifted" width="12" height="10" {} rect class="cut" x="3" y="3" width="5" height="4" {}
                }
            }
        }
    }
}

/// The text of a series' plot.
pub(super) fn about(s: &VerifiedSeries) -> String {
    let span = s.span().map(|(first, last)| format!(", {} to {}", time(first), time(last)));
    let (symbol, timeframe) = (visible(&s.symbol), visible(&s.timeframe));
    format!("{symbol} {timeframe}{}: {}", span.unwrap_or_default(), words::summary(s))
}

/// The legend.
pub(super) fn legend() -> Markup {
    html! {
        ul class="legend" {
            @for kind in KINDS {
                li { svg viewBox="0 0 40 20" aria-hidden="true" { (rect(kind, 0.0, 40.0, None)) } (name(kind)) }
            }
        }
    }
}

fn rect(kind: RangeKind, x: f64, width: f64, title: Option<&str>) -> Markup {
    let (y, height) = band(kind);
    let (x, width) = (format!("{x:.0}"), format!("{width:.0}"));
    // A class would win over the attribute.
    let class = if fill(kind).is_empty() { kind.as_str() } else { "" };
    html! {
        rect class=[Some(class).filter(|c| !c.is_empty())] fill=[Some(fill(kind)).filter(|f| !f.is_empty())]
            x=(x) y=(y) width=(width) height=(height) { @if let Some(title) = title { title { (title) } } }
    }
}

/// A band of ranges, each with a title if `titles` is set.
pub(super) fn ranges(scale: Scale, ranges: &[DifferenceRange], titles: bool, about: &str) -> Markup {
    html! {
        svg viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label=(about) {
            @for kind in KINDS { @for (x, width, r) in visible_ranges(scale, ranges, kind) {
                (rect(kind, x, width, titles.then(|| title(r)).as_deref()))
            } }
        }
    }
}

/// The ranges of one kind that do not fall on a drawn one, each with its left edge and width.
fn visible_ranges(
    scale: Scale,
    ranges: &[DifferenceRange],
    kind: RangeKind,
) -> impl Iterator<Item = (f64, f64, &DifferenceRange)> {
    let mut drawn = -1.0;
    ranges.iter().filter(move |r| r.kind == kind).filter_map(move |r| {
        let x = scale.x(r.first).min(WIDTH - LEAST).floor();
        let end = scale.x(r.last).max(x + LEAST).ceil();
        (x >= drawn || end >= drawn + LEAST).then(|| {
            drawn = end;
            (x, end - x, r)
        })
    })
}

fn title(r: &DifferenceRange) -> String {
    format!("{} to {}: {}: {}", time(r.first), time(r.last), counted(r.bars, "bar", "bars"), r.says())
}

/// The names of the ranges that are wide enough for one.
pub(super) fn names(scale: Scale, ranges: &[DifferenceRange]) -> Markup {
    let wide = ranges.iter().filter_map(|r| {
        let (x, end) = (scale.x(r.first), scale.x(r.last));
        (end - x >= 110.0).then(|| ((x + end) / 20.0, (end - x) / 10.0, r.kind))
    });
    html! {
        div class="names" aria-hidden="true" {
            @for (middle, width, kind) in wide {
                span style=(format!("left:{middle:.1}%;max-width:{width:.1}%")) { (name(kind)) }
            }
        }
    }
}

/// The number of differing bars of one kind over time.
pub(super) fn lane(bins: &[DifferenceBin], kind: DifferenceKind, about: &str) -> Markup {
    let most = bins.iter().filter(|m| m.kind == kind).map(|m| m.bars).max().unwrap_or(1);
    html! {
        svg viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label=(about) {
            @for m in bins.iter().filter(|m| m.kind == kind) { (mark(m, most)) }
        }
    }
}

fn mark(m: &DifferenceBin, most: i64) -> Markup {
    let width = WIDTH / f64::from(BINS);
    #[allow(clippy::cast_precision_loss)] // a pixel is enough
    let height = 4.0 + 16.0 * m.bars as f64 / most as f64;
    let (x, y) = (f64::from(m.bin) * width, 20.0 - height);
    let when =
        if m.first == m.last { time(m.first) } else { format!("{} to {}", time(m.first), time(m.last)) };
    html! {
        rect class=(m.kind.as_str()) x=(format!("{x:.0}")) y=(format!("{y:.0}")) width=(format!("{width:.0}"))
            height=(format!("{height:.0}")) { title { (when) ": " (count(m.bars)) } }
    }
}

/// The time axis.
pub(super) fn axis(scale: Scale) -> Markup {
    html! {
        div class="label none" {}
        div class="axis" aria-hidden="true" {
            @for tick in scale.ticks() {
                span class=[at_edge(tick.place)] style=(format!("left:{}.{:02}%", tick.place / 100, tick.place % 100)) { (tick.label) }
            }
        }
    }
}

/// Labels near an edge are aligned to it, so that they stay within the page.
fn at_edge(place: u32) -> Option<&'static str> {
    match place {
        0..=400 => Some("start"),
        9600.. => Some("end"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_narrow_to_be_seen_is_drawn_once() {
        let first: jiff::Timestamp = "2024-01-01T00:00Z".parse().unwrap();
        let at = |minutes: i64| first + jiff::SignedDuration::from_mins(minutes);
        let single = |i: i64| DifferenceRange {
            kind: if i % 2 == 0 { RangeKind::Revised } else { RangeKind::Identical },
            first: at(i),
            last: at(i),
            bars: 1,
            identical: 0,
            price_ratio: None,
            volume_ratio: None,
            shifted_by_seconds: None,
        };
        let all: Vec<DifferenceRange> = (0..100_000).map(single).collect();
        let drawn = visible_ranges(Scale { first, last: at(99_999) }, &all, RangeKind::Revised).count();
        assert!((300..=350).contains(&drawn), "{drawn}");
    }
}
