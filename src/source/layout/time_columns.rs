//! Finds the time's column, or those of the date and the time of day.
//!
//! Invariant: the column holds times, whatever its name; of several that hold different times none is picked.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::columns::{listed, named};
use super::formats::{Clock, padded};
use super::names::{self, TIMES, normal};
use super::table::Table;
use super::times::{Context, Judgement, Texts, Times};
use super::{Columns, Undecided, called};
use crate::bar::Micros;
use crate::bar::columns::{COLUMNS, VOLUME};
use crate::config::{CsvConfig, TimeForm};
use crate::source::advice::{flag_for, flags_for_missing};
use crate::source::number::is_missing;

/// Where the time is.
pub(super) struct TimeColumns {
    pub(super) date: Option<usize>,
    pub(super) column: usize,
    pub(super) clock_digits: Option<usize>,
    pub(super) form: TimeForm,
    pub(super) note: Option<String>,
}

/// A column that has times.
struct Candidate {
    column: usize,
    times: Times,
}

/// The texts of a column.
fn texts<'t>(table: &'t Table, column: usize) -> Texts<'t> {
    Texts::new(table.column(column).map(|(line, text)| (line, Cow::Borrowed(text))))
}

/// The texts of a date and a time of day.
pub(super) fn joined_texts<'t>(
    table: &'t Table,
    date: usize,
    time: usize,
    digits: Option<usize>,
) -> Texts<'t> {
    Texts::new((0..table.len()).map(move |row| {
        let clock = table.field(row, time);
        let clock = digits.map_or(Cow::Borrowed(clock), |width| padded(clock, width));
        (table.line(row), Cow::Owned([table.field(row, date), b" ", &clock].concat()))
    }))
}

/// Finds them.
pub(super) fn find(
    fields: &[String],
    names: &[String],
    table: &Table,
    csv: &CsvConfig,
    context: &Context,
    columns: &Columns,
) -> Result<TimeColumns, Undecided> {
    let map = &csv.columns;
    if let Some(time) = &map.time {
        let column = named(time, fields, names)?;
        let date = map.date.as_ref().map(|date| named(date, fields, names)).transpose()?;
        return given(table, date, column, fields, context);
    }
    // The volume's column is found later.
    let volumes = names::of_value(names, &COLUMNS[VOLUME]);
    let values: Vec<usize> = columns.used_values().chain(volumes).collect();
    let is_free = |at: &usize| !values.contains(at);
    let known: Vec<usize> =
        TIMES.iter().filter_map(|time| names.iter().position(|name| name == time)).filter(is_free).collect();
    // The name that is empty is that of an index, which stands first.
    let known: Vec<usize> = known.into_iter().filter(|at| !names[*at].is_empty() || *at == 0).collect();
    if table.len() == 0 {
        return without_rows(&known, fields, &values, names, context);
    }
    let mut failures = Vec::new();
    let (mut full, mut dates) = (Vec::new(), Vec::new());
    for &column in &known {
        match texts(table, column).judge(context) {
            Judgement::Times(times) if times.count() == 0 => {
                failures.push((column, Judgement::Nothing(None)));
            }
            Judgement::Times(times) if times.are_dates => dates.push(Candidate { column, times }),
            Judgement::Times(times) => full.push(Candidate { column, times }),
            failure => failures.push((column, failure)),
        }
    }
    // A number such as 93000000 may pass for a count; beside a date it is a time of day.
    if !dates.is_empty() {
        full.retain(|candidate| table.clock(candidate.column).is_none());
    }
    if let Some(column) = in_utc_elsewhere(&full, names, context) {
        return Err(format!(
            "{} names times in UTC, but --timezone is {}: leave it out, or name another column with --column time=NAME",
            called(fields, column),
            context.zone.iana_name().unwrap_or("another zone")
        )
        .into());
    }
    if let Some(chosen) = of_full(&full, fields)? {
        return checked(chosen, table, fields, &values, context);
    }
    if let Some(date) = dates.first() {
        let clock = known.iter().copied().find_map(|column| {
            let kind = table.clock(column)?;
            (column != date.column).then_some((column, kind))
        });
        if let Some((column, kind)) = clock {
            return pair(table, date.column, column, kind, fields, context);
        }
        let chosen = TimeColumns {
            date: None,
            column: date.column,
            clock_digits: None,
            note: form_note(&date.times),
            form: date.times.form.clone(),
        };
        return checked((chosen, date.times.clone()), table, fields, &values, context);
    }
    by_values(fields, names, table, context, &values, failures)
}

/// The column of the best-known name that has times of day or counts; those that name their zone come first.
fn of_full(full: &[Candidate], fields: &[String]) -> Result<Option<(TimeColumns, Times)>, Undecided> {
    let Some(first) = full.iter().find(|candidate| candidate.times.have_zone).or_else(|| full.first()) else {
        return Ok(None);
    };
    let differs = |other: &&Candidate| {
        other.times.have_zone == first.times.have_zone && other.times.instants != first.times.instants
    };
    if let Some(other) = full.iter().find(differs) {
        let flags: Vec<String> =
            [first, other].iter().map(|candidate| flag_for("time", fields, candidate.column)).collect();
        return Err(format!(
            "{} and {} hold different times: give {}",
            called(fields, first.column),
            called(fields, other.column),
            flags.join(" or ")
        )
        .into());
    }
    let chosen = TimeColumns {
        date: None,
        column: first.column,
        clock_digits: None,
        note: form_note(&first.times),
        form: first.times.form.clone(),
    };
    Ok(Some((chosen, first.times.clone())))
}

/// A column whose name says UTC and whose times name no zone, in a file that is read in another zone.
fn in_utc_elsewhere(full: &[Candidate], names: &[String], context: &Context) -> Option<usize> {
    if context.zone == TimeZone::UTC {
        return None;
    }
    let chosen = full.iter().find(|candidate| candidate.times.have_zone).or_else(|| full.first())?;
    let says_utc = names::IN_UTC.contains(&names[chosen.column].as_str());
    (says_utc && !chosen.times.have_zone).then_some(chosen.column)
}

/// What is worth saying of the form of times.
fn form_note(times: &Times) -> Option<String> {
    let because = times.because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
    match &times.form {
        TimeForm::Iso if because.is_empty() => None,
        TimeForm::Format(format) if format.as_str() == "%Y%m%d" => None,
        form => Some(format!("times are {}{because}", form.describe())),
    }
}

/// The columns of a date and a time of day.
pub(super) fn pair(
    table: &Table,
    date: usize,
    column: usize,
    kind: Clock,
    fields: &[String],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let clock_digits = match kind {
        Clock::Written => None,
        Clock::Digits(width) => Some(width),
    };
    let times = judged(joined_texts(table, date, column, clock_digits).judge(context), fields, column)?;
    refuse_repeats(&times, table, fields, &[date, column])?;
    let note = form_note(&times);
    Ok(TimeColumns { date: Some(date), column, clock_digits, form: times.form, note })
}

/// The columns that were named.
fn given(
    table: &Table,
    date: Option<usize>,
    column: usize,
    fields: &[String],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let clock_digits = match date.and_then(|_| table.clock(column)) {
        Some(Clock::Digits(width)) => Some(width),
        _ => None,
    };
    let all = match date {
        Some(date) => joined_texts(table, date, column, clock_digits),
        None => texts(table, column),
    };
    let times = match all.judge(context) {
        // Every row is rejected.
        Judgement::Nothing(_) => all.read(TimeForm::Iso),
        judgement => judged(judgement, fields, column)?,
    };
    let note = form_note(&times);
    Ok(TimeColumns { date, column, clock_digits, form: times.form, note })
}

/// A time whose rows mostly repeat is not the time alone: several instruments, or a date without its time of day.
fn checked(
    (chosen, times): (TimeColumns, Times),
    table: &Table,
    fields: &[String],
    values: &[usize],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let used: Vec<usize> = values.iter().copied().chain([chosen.column]).collect();
    let is_intraday = context.step.is_some_and(|step| step < super::DAY);
    if times.are_dates && is_intraday && table.len() > 1 {
        let clock = (0..fields.len()).filter(|at| !used.contains(at)).find(|at| {
            let is_hour =
                matches!(normal(&fields[*at]).as_str(), "hour" | "start" | "time" | "clock" | "hhmm");
            is_hour || table.clock(*at).is_some()
        });
        if let Some(clock) = clock {
            return Err(format!(
                "{} holds dates without a time of day, and {} looks like that: give {} {}",
                called(fields, chosen.column),
                called(fields, clock),
                flag_for("date", fields, chosen.column),
                flag_for("time", fields, clock)
            )
            .into());
        }
    }
    refuse_repeats(&times, table, fields, &used)?;
    Ok(chosen)
}

/// Refuses a file most of whose rows have the time of another row.
pub(super) fn refuse_repeats(
    times: &Times,
    table: &Table,
    fields: &[String],
    used: &[usize],
) -> Result<(), Undecided> {
    // Rows that are the same are no other bars.
    let mut first_rows = HashMap::new();
    let mut others = 0;
    for (row, instant) in times.instants.iter().enumerate() {
        let Some(instant) = instant else { continue };
        let first = *first_rows.entry(*instant).or_insert(row);
        others += usize::from(!table.is_same(first, row));
    }
    let distinct = first_rows.len();
    let all = distinct + others;
    if all < 4 || others < distinct {
        return Ok(());
    }
    let is_text = |at: &usize| {
        let mut values = table.column(*at).map(|(_, text)| text).filter(|text| !text.is_empty());
        let first = values.next();
        first.is_some_and(|first| {
            first[0].is_ascii_alphabetic() && !is_missing(first) && values.any(|value| value != first)
        })
    };
    let text = (0..fields.len()).filter(|at| !used.contains(at)).find(is_text);
    // Times of day that come again may be revisions.
    if text.is_none() && !times.are_dates {
        return Ok(());
    }
    let cause = match text {
        Some(at) => format!("does {} name several instruments? Write a file for each of them", called(fields, at)),
        None => "if the time of day or the instrument stands in another column, name it with --column, or write a file \
                 for each instrument"
            .to_owned(),
    };
    Err(format!("{all} different rows have only {distinct} different times: {cause}").into())
}

/// The times, or why there are none.
fn judged(judgement: Judgement, fields: &[String], column: usize) -> Result<Times, Undecided> {
    let name = called(fields, column);
    match judgement {
        Judgement::Times(times) => Ok(times),
        Judgement::Open(reason) | Judgement::Implausible(reason) => {
            Err(format!("the times in {name}: {reason}").into())
        }
        Judgement::Changes(line, reason) => Err(Undecided::at(line, reason)),
        Judgement::Nothing(Some((line, text))) => Err(Undecided::at(
            line,
            format!(
                "{name} has no times: `{text}` is none; name the format with --time-format, or another column with \
                 --column time=NAME"
            ),
        )),
        Judgement::Nothing(None) => Err(format!(
            "{name} has no times; name the time's column with --column time=NAME, or the format with --time-format"
        )
        .into()),
    }
}

/// A file without rows is read by its names alone.
fn without_rows(
    known: &[usize],
    fields: &[String],
    values: &[usize],
    names: &[String],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let at = |name: &str| known.iter().copied().find(|at| names[*at] == name);
    let is_pair = known.first().is_some_and(|first| names[*first] == "date");
    let (date, time) = match (at("date"), at("time")) {
        (Some(date), Some(time)) if is_pair => (Some(date), Some(time)),
        _ => (None, known.first().copied()),
    };
    match time {
        Some(column) => Ok(TimeColumns {
            date,
            column,
            clock_digits: None,
            form: context.given.clone().unwrap_or(TimeForm::Iso),
            note: None,
        }),
        None => Err(no_time(fields, values).into()),
    }
}

fn no_time(fields: &[String], used: &[usize]) -> String {
    let flags = flags_for_missing(&["time"], fields, used);
    let what_to_do = if flags.is_empty() {
        "name it with --column time=NAME".to_owned()
    } else {
        format!("give {flags} if that is it")
    };
    format!("the header lacks a column for time; it has: {}; {what_to_do}", listed(fields))
}

/// The one column under an unknown name that holds times, if no known one does.
fn by_values(
    fields: &[String],
    names: &[String],
    table: &Table,
    context: &Context,
    values: &[usize],
    failures: Vec<(usize, Judgement)>,
) -> Result<TimeColumns, Undecided> {
    let known: Vec<usize> = failures.iter().map(|(column, _)| *column).collect();
    let mut found = Vec::new();
    for column in (0..fields.len()).filter(|at| !values.contains(at) && !known.contains(at)) {
        // A number may be anything.
        if let Judgement::Times(times) = texts(table, column).judge(context)
            && times.count() > 0
            && !matches!(times.form, TimeForm::Unix(_))
            && (names::is_about_time(&names[column]) || is_index(&times))
        {
            found.push(Candidate { column, times });
        }
    }
    if let [only] = found.as_slice() {
        // A time of day in a column that is known goes with a date.
        let clock = known.iter().find_map(|column| Some((*column, table.clock(*column)?)));
        if let (true, Some((column, kind))) = (only.times.are_dates, clock) {
            let mut pair = pair(table, only.column, column, kind, fields, context)?;
            pair.note = Some(format!(
                "dates from {}, times of day from {}",
                called(fields, only.column),
                called(fields, column)
            ));
            return Ok(pair);
        }
        let because = form_note(&only.times).map(|note| format!("; {note}")).unwrap_or_default();
        let chosen = TimeColumns {
            date: None,
            column: only.column,
            clock_digits: None,
            note: Some(format!("time from {}{because}", called(fields, only.column))),
            form: only.times.form.clone(),
        };
        return checked((chosen, only.times.clone()), table, fields, values, context);
    }
    if !found.is_empty() {
        let flags: Vec<String> =
            found.iter().map(|candidate| flag_for("time", fields, candidate.column)).collect();
        return Err(format!("several columns hold times: give {}", flags.join(" or ")).into());
    }
    if let Some(clock) = known.iter().copied().find(|column| table.clock(*column) == Some(Clock::Written)) {
        return Err(format!(
            "{} holds a time of day, and no column the date: name it with --column date=NAME, and {} with {}",
            called(fields, clock),
            called(fields, clock),
            flag_for("time", fields, clock)
        )
        .into());
    }
    // What the best-known column has. If that is no time at all, every row is rejected.
    let is_nothing = |(_, judgement): &(usize, Judgement)| matches!(judgement, Judgement::Nothing(_));
    let told = failures.iter().position(|failure| !is_nothing(failure)).unwrap_or(0);
    match failures.into_iter().nth(told) {
        Some((column, Judgement::Nothing(_))) if !names[column].is_empty() => Ok(TimeColumns {
            date: None,
            column,
            clock_digits: None,
            form: context.given.clone().unwrap_or(TimeForm::Iso),
            note: None,
        }),
        Some((column, judgement)) => {
            judged(judgement, fields, column).and_then(|_| Err(no_time(fields, values).into()))
        }
        None => Err(no_time(fields, values).into()),
    }
}

/// Whether times could be those of bars: none comes twice.
fn is_index(times: &Times) -> bool {
    let mut all: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    all.len() == count && count > 1
}
