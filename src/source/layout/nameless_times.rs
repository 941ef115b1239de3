//! The times of a file whose column of times has no name that is known, or that has no rows.

use super::context::Context;
use super::date_and_clock::pair;
use super::formats::Clock;
use super::names;
use super::table::Table;
use super::time_columns::{Candidate, TimeColumns, checked, judged, no_time, texts};
use super::times::{Judgement, Times};
use super::{Undecided, called};
use crate::bar::Micros;
use crate::config::TimeForm;
use crate::source::advice::flag_for;

/// A file without rows is read by its names alone.
pub(super) fn without_rows(
    known: &[usize],
    fields: &[String],
    values: &[usize],
    names: &[String],
    (table, context): (&Table, &Context),
) -> Result<TimeColumns, Undecided> {
    let at = |name: &str| known.iter().copied().find(|at| names[*at] == name);
    let is_pair = known.first().is_some_and(|first| names[*first] == "date");
    let (date, time) = match (at("date"), at("time")) {
        (Some(date), Some(time)) if is_pair => (Some(date), Some(time)),
        _ => (None, known.first().copied()),
    };
    match time {
        Some(column) => {
            let times = without_times(table, column, context);
            Ok(TimeColumns { date, column, clock_digits: None, times, note: None })
        }
        None => Err(no_time(fields, values).into()),
    }
}

/// The times of a column that has none: every row, if there are any, is rejected.
fn without_times(table: &Table, column: usize, context: &Context) -> Times {
    texts(table, column).read(context.given.clone().unwrap_or(TimeForm::Iso))
}

/// How many columns under unknown names are looked at.
const MOST_NAMELESS: usize = 50;

/// The one column under an unknown name that holds times, if no known one does.
pub(super) fn by_values(
    fields: &[String],
    names: &[String],
    table: &Table,
    context: &Context,
    values: &[usize],
    failures: Vec<(usize, Judgement)>,
) -> Result<TimeColumns, Undecided> {
    let known: Vec<usize> = failures.iter().map(|(column, _)| *column).collect();
    let mut found = Vec::new();
    let free = (0..fields.len()).filter(|at| !values.contains(at) && !known.contains(at));
    let (telling, others): (Vec<usize>, Vec<usize>) = free.partition(|at| names::is_about_time(&names[*at]));
    for column in telling.into_iter().take(MOST_NAMELESS).chain(others.into_iter().take(MOST_NAMELESS)) {
        // A number may be anything, and the end of a bar is not its beginning.
        if !names::is_another_time(&names[column])
            && let Judgement::Times(times) = texts(table, column).judge(context)
            && times.count() > 0
            && !matches!(times.form, TimeForm::Unix(_))
            && (names::is_about_time(&names[column]) || is_index(&times))
        {
            found.push(Candidate { column, times });
        }
    }
    if let [only] = found.as_slice() {
        // A time of day in a column that is known goes with a date.
        let may_be_clock = |column: &&usize| names::may_be_clock(&names[**column]);
        let clock =
            known.iter().filter(may_be_clock).find_map(|column| Some((*column, table.clock(*column)?)));
        if let (true, Some((column, kind))) = (only.times.are_dates, clock) {
            let mut pair = pair(table, only.column, column, kind, fields, context)?;
            pair.note = Some(format!(
                "dates from {}, times of day from {}",
                called(fields, only.column),
                called(fields, column)
            ));
            return Ok(pair);
        }
        let mut chosen = TimeColumns::alone(only.column, only.times.clone());
        let because = chosen.note.take().map(|note| format!("; {note}")).unwrap_or_default();
        chosen.note = Some(format!("time from {}{because}", called(fields, only.column)));
        return checked(chosen, table, fields, values, context);
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
        Some((column, Judgement::Nothing(_))) if !names[column].is_empty() => {
            refuse_another_form(table, column, fields)?;
            Ok(TimeColumns::alone(column, without_times(table, column, context)))
        }
        Some((column, judgement)) => {
            judged(judgement, fields, column).and_then(|_| Err(no_time(fields, values).into()))
        }
        None => Err(no_time(fields, values).into()),
    }
}

/// Refuses a column that has times of no known form in as many rows as known ones, or more.
fn refuse_another_form(table: &Table, column: usize, fields: &[String]) -> Result<(), Undecided> {
    let texts = texts(table, column);
    let read = texts.read(TimeForm::Iso);
    let looks_like_time = |text: &[u8]| text.iter().filter(|b| b.is_ascii_digit()).count() >= 6;
    let mut others = table
        .column(column)
        .zip(&read.instants)
        .filter(|((_, text), time)| time.is_none() && looks_like_time(text))
        .map(|(row, _)| row);
    let count = others.clone().count();
    match others.next() {
        Some((line, text)) if read.count() > 0 && count >= read.count() => Err(Undecided::at(
            line,
            format!(
                "{} has times of two forms, and `{}` is of none that is known: name the format with --time-format",
                called(fields, column),
                super::times::shown(text)
            ),
        )),
        _ => Ok(()),
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
