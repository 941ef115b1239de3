//! Verdicts in sentences, for the table and the page.
//!
//! Invariant: a verdict claims no more than was compared, and says how closely it was compared.

use crate::bar::columns::COLUMNS;
use crate::cli::output::{count, counted};
use crate::config::VerifyMode;
use crate::model::Verdict;
use crate::operation::verification::number::{Number, Values};
use crate::operation::verification::{DifferingBar, Verification, VerifiedSeries};

/// The verdict in capitals.
pub(in crate::cli::report) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Identical => "IDENTICAL",
        Verdict::Differs => "DIFFERS",
        Verdict::Incomplete => "INCOMPLETE",
    }
}

/// The text after the verdict.
pub(in crate::cli::report) fn because(head: &Verification) -> String {
    match head.verdict {
        Verdict::Identical => format!("{}{}", identical(head), not_verified(head.unrecognised.len())),
        Verdict::Differs => differs(head),
        Verdict::Incomplete => incomplete(head),
    }
}

fn series(n: i64) -> String {
    format!("{} series", count(n))
}

/// Files that were not verified are no differences, but the verdict says nothing about them.
fn not_verified(files: usize) -> String {
    match files {
        0 => String::new(),
        _ => format!("; {} not verified", counted(files, "file was", "files were")),
    }
}

fn identical(head: &Verification) -> String {
    let t = &head.totals;
    let (series, bars) = (series(t.series), counted(t.csv_bars, "bar", "bars"));
    match head.options.mode {
        VerifyMode::Full if head.options.within_range => {
            format!(" within the files' range: the database equals the files there: {series}, {bars}")
        }
        VerifyMode::Full => format!(": the database equals the files: {series}, {bars}"),
        VerifyMode::Sample => {
            let (compared, sample) = (count(t.compared), sample(head));
            format!(" as far as compared: {sample}: {compared} of {bars} in {series}")
        }
        VerifyMode::Counts => format!(
            " as far as compared: numbers of bars, first and last times alone, no values: {series}, {bars}"
        ),
    }
}

fn sample(head: &Verification) -> String {
    let size = head.options.sample_size.and_then(|n| i64::try_from(n).ok());
    let size = size.map(|n| format!("up to {} a series", counted(n, "bar", "bars")));
    let seed = head.options.seed.map(|seed| format!(", seed {seed}"));
    format!("{} sampled{}", size.unwrap_or_else(|| "some bars".to_owned()), seed.unwrap_or_default())
}

/// How closely the sides were compared.
pub(in crate::cli::report) fn mode(head: &Verification) -> String {
    let mode = match head.options.mode {
        VerifyMode::Full => "full: every bar".to_owned(),
        VerifyMode::Sample => format!("sample: {}", sample(head)),
        VerifyMode::Counts => "counts: numbers of bars, first and last times alone".to_owned(),
    };
    if head.options.within_range { format!("{mode}; within the files' range only") } else { mode }
}

fn differs(head: &Verification) -> String {
    let t = &head.totals;
    let verb = if t.differing == 1 { "differs" } else { "differ" };
    let mut text = format!(": {} of {} {verb}", count(t.differing), series(t.series));
    for (n, what) in rest(head) {
        text.push_str(&format!(", {} {what}", count(n)));
    }
    match head.options.mode {
        VerifyMode::Full => {}
        VerifyMode::Sample => text.push_str(&format!(" ({}: there may be more)", sample(head))),
        VerifyMode::Counts => {
            text.push_str(" (numbers of bars, first and last times alone: there may be more)");
        }
    }
    text
}

fn incomplete(head: &Verification) -> String {
    let t = &head.totals;
    if t.series == 0 {
        return ": there was nothing to compare".to_owned();
    }
    let mut text =
        format!(": nothing differs so far; {} of {} identical", count(t.identical), series(t.series));
    for (n, what) in rest(head) {
        text.push_str(&format!(", {} {what}", count(n)));
    }
    text
}

/// The series without a result.
fn rest(head: &Verification) -> impl Iterator<Item = (i64, &'static str)> {
    let t = &head.totals;
    let rest =
        [(t.failed, "could not be compared"), (t.cancelled, "cancelled"), (t.open, "not compared yet")];
    rest.into_iter().filter(|(n, _)| *n > 0)
}

/// The verdict on one series; the state of its task if it was not compared.
pub(in crate::cli::report) fn verdict_or_state(s: &VerifiedSeries) -> &'static str {
    match s.verdict {
        Verdict::Incomplete => s.state.as_str(),
        verdict => verdict.as_str(),
    }
}

/// How one series differs.
pub(in crate::cli::report) fn summary(s: &VerifiedSeries) -> String {
    let parts = [
        (s.different, "with other values"),
        (s.only_in_csv, "only in the files"),
        (s.only_in_db, "only in the database"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", counted(*n, "bar", "bars")))
        .collect();
    match parts.as_slice() {
        [] if s.verdict == Verdict::Incomplete => format!("not compared: {}", s.state),
        // The compared bars are the same; the numbers of bars, or their first or last times, differ.
        [] if s.verdict == Verdict::Differs => format!(
            "the files have {}, the database {}",
            extent(s.csv.bars, s.csv.first, s.csv.last),
            extent(s.db.bars, s.db.first, s.db.last)
        ),
        [] => "identical".to_owned(),
        parts => parts.join(", "),
    }
}

/// `2,591 bars (2025-01-02T00:00:00Z to 2025-06-06T20:00:00Z)`
fn extent(
    bars: impl Into<Option<i64>>,
    first: Option<jiff::Timestamp>,
    last: Option<jiff::Timestamp>,
) -> String {
    let bars = counted(bars.into().unwrap_or_default(), "bar", "bars");
    match first.zip(last) {
        Some((first, last)) => format!("{bars} ({first} to {last})"),
        None => bars,
    }
}

/// A differing bar: the columns that differ, or the values of the only side that has it.
pub(super) fn difference(d: &DifferingBar) -> String {
    let values = |v: &Values| {
        let pairs = COLUMNS.iter().zip(v.columns());
        let known = pairs.filter_map(|(column, value)| Some(format!("{}={}", column.letter, value.known()?)));
        known.collect::<Vec<_>>().join(" ")
    };
    match (&d.csv, &d.db) {
        (Some(_), Some(_)) => {
            let columns = d.columns.iter().map(|c| {
                let by = c.by.known().map(|by| format!(" ({})", signed(by.0))).unwrap_or_default();
                format!("{} {} → {}{by}", c.column, c.csv, c.db)
            });
            columns.collect::<Vec<_>>().join(", ")
        }
        (Some(csv), None) => format!("only in the file: {}", values(csv)),
        (None, Some(db)) => format!("only in the database: {}", values(db)),
        (None, None) => String::new(),
    }
}

/// A change with its sign; short, since the exact values stand beside it.
pub(in crate::cli::report) fn signed(by: f64) -> String {
    if !by.is_finite() {
        return Number(by).to_string();
    }
    let text =
        if by != 0.0 && !(1e-4..1e12).contains(&by.abs()) { format!("{by:.3e}") } else { decimals(by) };
    if by > 0.0 { format!("+{text}") } else { text }
}

fn decimals(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_a_sign() {
        for (by, want) in [
            (0.5, "+0.5"),
            (-50.0, "-50"),
            (5.55e-17, "+5.550e-17"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(signed(by), want);
        }
    }
}
