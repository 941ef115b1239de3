//! Notes on times whose zone or step the file leaves unsaid, and the refusal of a zone that the header's preamble or a few rows
//! name.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::Undecided;
use super::context::Context;
use super::longer_steps;
use super::table::Table;
use super::time_columns::TimeColumns;
use super::times::Times;
use crate::bar::{Micros, format_time};
use crate::finding::RawRow;
use crate::source::built_in_regex;
use crate::source::steps;
use crate::source::time::{TimeParser, cut};
use crate::timeframe::{self, DAY, HOUR, MINUTE};

/// All notes on a file's times, given that of [`odd_step`]. `says_utc`: whether the column's name says that times are in UTC;
/// `is_whole`: whether these are all rows of the file.
pub(super) fn all(
    table: &Table,
    found: &TimeColumns,
    context: &Context,
    odd_step: Option<&String>,
    (says_utc, is_whole): (bool, bool),
) -> impl Iterator<Item = String> {
    let times = &found.times;
    let step_or_zone = odd_step.cloned().or_else(|| of(times, context, says_utc));
    let others = [
        of_future(times, context),
        odd_offset(table, found.column),
        longer_steps::note(times, context, is_whole),
    ];
    step_or_zone.into_iter().chain(others.into_iter().flatten())
}

/// Refuses times without a zone if something else names one other than UTC: one of the `others`, which are no bars, a few
/// rows, or the file's name.
pub(super) fn refuse_zones<'r>(
    table: &Table,
    found: &TimeColumns,
    others: impl Iterator<Item = &'r RawRow>,
    context: &Context,
) -> Result<(), Undecided> {
    refuse_zone_of_others(others, &found.times, context)?;
    refuse_zone_of_few(table, found.date.into_iter().chain([found.column]), &found.times, context)
}

/// The note on rows that are not as far apart as the timeframe says.
pub(super) fn odd_step(times: &Times, context: &Context) -> Option<String> {
    let length = context.step?;
    let instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    // Where nothing was traded, there are no bars.
    let longest = if length < DAY { (DAY - 1).max(2 * length) } else { 5 * length };
    other_step(&instants, length, longest)
}

/// The same of later rows, which may be further apart: trade may have been thin.
pub(super) fn later_odd_step(instants: &[Micros], length: Micros) -> Option<String> {
    other_step(instants, length, Micros::MAX)
}

fn other_step(instants: &[Micros], length: Micros, longest: Micros) -> Option<String> {
    const ENOUGH: usize = 9;
    let steps = steps::between(instants);
    let usual = steps::usual(&steps)?;
    let is_odd = usual < length / 10 * 9 || usual > longest || steps::are_coarser(&steps, length);
    (is_odd && steps.len() >= ENOUGH)
        .then(|| format!("the rows are {} apart, and not {}", length_shown(usual), length_shown(length)))
}

/// `1m`, or `1h 7m`
pub(super) fn length_shown(length: Micros) -> String {
    timeframe::of_step(length).unwrap_or_else(|| {
        let length = Duration::from_micros(u64::try_from(length).unwrap_or(0));
        humantime::format_duration(length).to_string()
    })
}

/// Where trading days begin by the clocks of many exchanges. In UTC hardly any does.
const OPENINGS: [Micros; 3] = [9 * HOUR + 15 * MINUTE, 9 * HOUR + 30 * MINUTE, 10 * HOUR];

/// The note on days that have a time of day, or on times whose zone is not said.
fn of(times: &Times, context: &Context, says_utc: bool) -> Option<String> {
    if times.are_dates || times.count() == 0 {
        return None;
    }
    match context.step {
        Some(step) if step >= DAY => of_days(times),
        _ => of_local_times(times, context, says_utc),
    }
}

/// The note on a time whose offset from UTC is not the usual one. Clocks go forward and back by an hour.
fn odd_offset(table: &Table, column: usize) -> Option<String> {
    let offsets: Vec<(u64, &[u8], Micros)> = table
        .column(column)
        .filter_map(|(line, text)| Some((line, text, TimeParser::offset_of(text)?)))
        .collect();
    let mut sorted: Vec<Micros> = offsets.iter().map(|(.., offset)| *offset).collect();
    sorted.sort_unstable();
    let usual = *sorted.get(sorted.len() / 2)?;
    let (line, text, _) = offsets.iter().find(|(.., offset)| (offset - usual).abs() > HOUR)?;
    Some(format!(
        "`{}` (line {line}) has another offset from UTC than most times: is its time right?",
        cut(&String::from_utf8_lossy(text))
    ))
}

/// The note on bars of the future.
fn of_future(times: &Times, context: &Context) -> Option<String> {
    let last = times.instants.iter().flatten().max()?;
    context.lie_ahead(times).then(|| format!("times lie in the future, up to {}", format_time(*last)))
}

/// Refuses them if a line before the header or among the rows, or the file's name, does.
fn refuse_zone_of_others<'r>(
    mut others: impl Iterator<Item = &'r RawRow>,
    times: &Times,
    context: &Context,
) -> Result<(), Undecided> {
    let is_intraday = context.step.is_none_or(|step| step < DAY) && !times.are_dates;
    if times.have_zone || context.zone_is_given || !is_intraday {
        return Ok(());
    }
    let Some(row) = others.find(|row| names_zone(&String::from_utf8_lossy(&row.bytes))) else {
        return match &context.zone_in_name {
            Some(zone) => Err(format!(
                "the file's name has `{zone}`, which may be its time zone, and the times name none: give --timezone"
            )
            .into()),
            None => Ok(()),
        };
    };
    let line = cut(String::from_utf8_lossy(&row.bytes).trim());
    Err(Undecided::at(row.line, format!("`{line}` names a time zone, and the times do not: give --timezone")))
}

/// Refuses them if a few rows do: what their zone is, that of the others is as well.
fn refuse_zone_of_few(
    table: &Table,
    columns: impl Iterator<Item = usize>,
    times: &Times,
    context: &Context,
) -> Result<(), Undecided> {
    if times.zoned == Some(true) || context.zone_is_given {
        return Ok(());
    }
    let has_zone = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        // A footer is no time.
        text.starts_with(|c: char| c.is_ascii_digit()) && (ends_with_offset(&text) || names_zone(&text))
    };
    let of_few = columns.filter_map(|column| {
        let zoned = || table.column(column).filter(|(_, text)| has_zone(text));
        zoned().next().filter(|_| zoned().count() * 2 < table.len())
    });
    match of_few.min_by_key(|(line, _)| *line) {
        Some((line, text)) => Err(Undecided::at(
            line,
            format!(
                "`{}` names a time zone, and most other times do not: mend the file, or give --timezone, with which rows \
                 such as this one are rejected",
                cut(&String::from_utf8_lossy(text))
            ),
        )),
        None => Ok(()),
    }
}

/// Whether a time of day ends with an offset other than that of UTC, or a place of the IANA's list.
fn ends_with_offset(text: &str) -> bool {
    const OFFSET: &str = r"(?ix) :\d\d (?:[.,]\d+)? \s* (?:[+-] (?:0\d?|1\d?) (?::?\d\d)? | [a-z]+/[a-z_]+)$";
    const OF_UTC: &str = r"[+-]0[0:]*$";
    static ENDS_WITH_OFFSET: LazyLock<[Regex; 2]> = LazyLock::new(|| [OFFSET, OF_UTC].map(built_in_regex));
    let [offset, of_utc] = &*ENDS_WITH_OFFSET;
    offset.is_match(text) && !of_utc.is_match(text)
}

/// Whether a text names a time zone other than UTC. A bare abbreviation may be a name: it counts in brackets, behind a word for
/// time, or behind a time of day.
fn names_zone(text: &str) -> bool {
    const ZONE: &str = r"(?x) (?i: \b(?:utc|gmt)\s*[+-]\s*0*[1-9]
        | \b(?:america|europe|asia|africa|australia|pacific)/[a-z]
        | \bus/(?:eastern|central|mountain|pacific|michigan|arizona|alaska|hawaii)\b
        | \b(?:exchange|local|eastern|central|mountain|pacific)\s+time\s*(?:$|[),.;])
        | \btimes?\s*(?:are|is|in|:|\s)*\b(?:eastern|central|mountain|pacific|local|exchange)\b )
        | (?: \( | (?i: \b(?:times?|zone|timezone|zeitzone|tz)\b [\s:=]* (?:are\s+|is\s+)? (?:in\s+)? ) | \d:\d\d\S*\s+(?:[AP]M\s+)? )
          (?:E[SD]T|EST5EDT|C[SDE]T|CEST|M[SD]T|P[SD]T|BST|IST|JST|KST|HKT|SGT|AEST|MES?Z|EEST|MSK)\b";
    static NAMES_ZONE: LazyLock<Regex> = LazyLock::new(|| built_in_regex(ZONE));
    NAMES_ZONE.is_match(text)
}

/// Daily bars that are not at 00:00.
fn of_days(times: &Times) -> Option<String> {
    let clock = times.instants.iter().flatten().map(|time| time.rem_euclid(DAY)).find(|clock| *clock != 0)?;
    let zone = if times.have_zone { " UTC" } else { "" };
    Some(format!(
        "bars of a day or more have a time of day ({}{zone}), and are stored at that time, not at the date's 00:00 UTC",
        shown(clock)
    ))
}

/// Times without a zone, for which none was given.
fn of_local_times(times: &Times, context: &Context, says_utc: bool) -> Option<String> {
    if times.have_zone || says_utc || context.zone_is_given {
        return None;
    }
    Some(match opening(times) {
        Some(clock) => format!(
            "times name no zone and are read as UTC, but the trading day begins at {}, as by a local clock: --timezone \
             names its zone",
            shown(clock)
        ),
        None => "times name no zone and are read as UTC: --timezone names another".to_owned(),
    })
}

/// When each trading day begins, if that is a usual time by an exchange's clock.
fn opening(times: &Times) -> Option<Micros> {
    const NIGHT: Micros = 4 * HOUR;
    let mut instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    instants.sort_unstable();
    let clock = instants.first()?.rem_euclid(DAY);
    let mut later = instants.windows(2).filter(|pair| pair[1] - pair[0] >= NIGHT).map(|pair| pair[1]);
    // A full hour is the first row's by chance as well.
    let is_telling = clock % HOUR != 0 || later.clone().next().is_some();
    let is_usual = OPENINGS.contains(&clock) && is_telling;
    (is_usual && later.all(|time| time.rem_euclid(DAY) == clock)).then_some(clock)
}

/// `09:30`
fn shown(clock: Micros) -> String {
    format!("{:02}:{:02}", clock / HOUR, clock % HOUR / MINUTE)
}
