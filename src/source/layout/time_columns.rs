//! Finds the time's column, or those of the date and the time of day.
//!
//! Invariant: the column holds times, whatever its name; of several that hold different times none is picked.

use std::borrow::Cow;

use super::columns::{listed, named};
use super::context::Context;
use super::date_and_clock::{clock_digits, joined_texts, judge_dates, judge_joined, pair};
use super::formats;
use super::nameless_times::{by_values, without_rows};
use super::names::{self, TIMES, normal};
use super::table::Table;
use super::time_checks::{refuse_half_days, refuse_repeats, zone_of_name};
use super::times::{Judgement, Texts, Times};
use super::{Columns, Undecided, called};
use crate::bar::Micros;
use crate::bar::columns::{COLUMNS, VOLUME};
use crate::config::{CsvConfig, TimeForm};
use crate::source::advice::{flag_for, flags_for_missing};
use crate::timeframe::DAY;

/// Where the time is.
pub(super) struct TimeColumns {
    pub(super) date: Option<usize>,
    pub(super) column: usize,
    pub(super) clock_digits: Option<usize>,
    pub(super) times: Times,
    pub(super) note: Option<String>,
}

impl TimeColumns {
    /// A column by itself.
    pub(super) fn alone(column: usize, times: Times) -> Self {
        Self { date: None, column, clock_digits: None, note: form_note(&times), times }
    }
}

/// A column that has times.
pub(super) struct Candidate {
    pub(super) column: usize,
    pub(super) times: Times,
}

/// The texts of a column.
pub(super) fn texts<'t>(table: &'t Table, column: usize) -> Texts<'t> {
    Texts::new(table.column(column).map(|(line, text)| (line, Cow::Borrowed(text))))
}

/// Whether a column holds times, and not numbers that may be some.
pub(super) fn has_times(table: &Table, column: usize, context: &Context) -> bool {
    match texts(table, column).judge(context) {
        Judgement::Times(times) => times.count() > 0,
        Judgement::Open(_) | Judgement::Changes(..) => true,
        Judgement::Implausible(_) | Judgement::Nothing(_) => false,
    }
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
        return without_rows(&known, fields, &values, names, (table, context));
    }
    let SortedColumns { mut full, dates, failures } = sorted(&known, table, context);
    // A number such as 93000000 may pass for a count; beside a date it is a time of day.
    if !dates.is_empty() {
        full.retain(|candidate| table.clock(candidate.column).is_none());
    }
    if let (Some(a), Some(b)) = (first_of(&full, fields)?, first_of(&dates, fields)?)
        && differ(&a.times, &b.times, DAY)
    {
        return Err(differing(a.column, b.column, fields));
    }
    // A day of the calendar is that of its date, whenever it was traded or written down.
    if !dates.is_empty() && context.step.is_some_and(|step| step >= DAY) {
        full.clear();
    }
    // Times that are not read, or could be in several ways, are not passed over for another column's, unless that one names
    // its zone.
    let has_others = !full.is_empty() || !dates.is_empty();
    let is_open = |(column, judgement): &(usize, Judgement)| {
        !matches!(names[*column].as_str(), "" | "index" | "price")
            && match judgement {
                Judgement::Open(_) | Judgement::Changes(..) => true,
                Judgement::Implausible(_) => table.clock(*column).is_none(),
                Judgement::Nothing(Some((_, text))) => {
                    has_others
                        && table.clock(*column).is_none()
                        && text.bytes().filter(u8::is_ascii_digit).count() >= 6
                }
                Judgement::Times(_) | Judgement::Nothing(None) => false,
            }
    };
    let has_zoned = full.iter().any(|candidate| candidate.times.have_zone);
    let mut failures = failures;
    if let Some(open) = failures.iter().position(is_open).filter(|_| !has_zoned) {
        let (column, judgement) = failures.swap_remove(open);
        return judged(judgement, fields, column).and_then(|_| Err(no_time(fields, &values).into()));
    }
    let chosen = if let Some(chosen) = first_of(&full, fields)? {
        checked(chosen, table, fields, &values, context)?
    } else if let Some(date) = first_of(&dates, fields)? {
        let is_clock = |column: &usize| names::may_be_clock(&names[*column]) && *column != date.column;
        let clock =
            known.iter().copied().filter(is_clock).find_map(|column| Some((column, table.clock(column)?)));
        match clock {
            Some((column, kind)) => pair(table, date.column, column, kind, fields, context)?,
            None => checked(date, table, fields, &values, context)?,
        }
    } else {
        by_values(fields, names, table, context, &values, failures)?
    };
    zone_of_name(&chosen, fields, names, context)?;
    Ok(chosen)
}

/// The columns under names for times, by what they hold.
#[derive(Default)]
struct SortedColumns {
    /// Times of day, or counts.
    full: Vec<Candidate>,
    /// Dates alone.
    dates: Vec<Candidate>,
    failures: Vec<(usize, Judgement)>,
}

fn sorted(known: &[usize], table: &Table, context: &Context) -> SortedColumns {
    let mut all = SortedColumns::default();
    let has_clock =
        |column: usize| known.iter().any(|other| *other != column && table.clock(*other).is_some());
    for &column in known {
        let texts = texts(table, column);
        let judgement = if has_clock(column) { judge_dates(&texts, context) } else { texts.judge(context) };
        match judgement {
            Judgement::Times(times) if times.count() == 0 => {
                all.failures.push((column, Judgement::Nothing(None)));
            }
            Judgement::Times(times) if times.are_dates => all.dates.push(Candidate { column, times }),
            Judgement::Times(times) => all.full.push(Candidate { column, times }),
            failure => all.failures.push((column, failure)),
        }
    }
    all
}

/// The column of the best-known name; those that name their zone come first.
///
/// # Errors
/// Another one holds different times.
fn first_of(candidates: &[Candidate], fields: &[String]) -> Result<Option<TimeColumns>, Undecided> {
    let zoned = candidates.iter().find(|candidate| candidate.times.have_zone);
    let Some(first) = zoned.or_else(|| candidates.first()) else { return Ok(None) };
    // The local time beside one that names its zone is at most a day off.
    let most = |other: &Candidate| if first.times.have_zone == other.times.have_zone { 0 } else { DAY };
    if let Some(other) = candidates.iter().find(|other| differ(&first.times, &other.times, most(other))) {
        return Err(differing(first.column, other.column, fields));
    }
    Ok(Some(TimeColumns::alone(first.column, first.times.clone())))
}

/// Two columns of times between which nothing decides.
fn differing(first: usize, other: usize, fields: &[String]) -> Undecided {
    let flags = [first, other].map(|column| flag_for("time", fields, column));
    format!(
        "{} and {} hold different times: give {}",
        called(fields, first),
        called(fields, other),
        flags.join(" or ")
    )
    .into()
}

/// Whether two columns have times that are further apart than this.
fn differ(first: &Times, other: &Times, most: Micros) -> bool {
    let pairs = || first.instants.iter().zip(&other.instants).filter_map(|(a, b)| Some(((*a)?, (*b)?)));
    let apart = pairs().filter(|(a, b)| (a - b).abs() > most).count();
    apart * 20 > pairs().count()
}

/// What is worth saying of the form of times.
pub(super) fn form_note(times: &Times) -> Option<String> {
    let because = times.because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
    match &times.form {
        TimeForm::Iso if because.is_empty() => None,
        TimeForm::Format(format) if format.as_str() == "%Y%m%d" => None,
        form => Some(format!("times are {}{because}", form.describe())),
    }
}

/// The columns that were named.
fn given(
    table: &Table,
    date: Option<usize>,
    column: usize,
    fields: &[String],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let clock_digits = match (date, table.clock(column)) {
        (Some(date), Some(kind)) => clock_digits(table, date, column, kind, context),
        (Some(_), None) if formats::are_hours(table.column(column).map(|(_, text)| text)) => {
            Some(formats::HOURS)
        }
        _ => None,
    };
    let judgement = match date {
        Some(date) => judge_joined(table, date, column, clock_digits, context),
        None => texts(table, column).judge(context),
    };
    let times = match (judgement, date) {
        // Every row is rejected.
        (Judgement::Nothing(_), Some(date)) => {
            joined_texts(table, date, column, clock_digits).read(TimeForm::Iso)
        }
        (Judgement::Nothing(_), None) => texts(table, column).read(TimeForm::Iso),
        (judgement, _) => judged(judgement, fields, column)?,
    };
    let note = form_note(&times);
    Ok(TimeColumns { date, column, clock_digits, times, note })
}

/// A time whose rows mostly repeat is not the time alone: several instruments, or a date without its time of day.
pub(super) fn checked(
    chosen: TimeColumns,
    table: &Table,
    fields: &[String],
    values: &[usize],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let used: Vec<usize> = values.iter().copied().chain([chosen.column]).collect();
    let times = &chosen.times;
    let is_intraday = context.step.is_some_and(|step| step < DAY);
    if is_intraday && table.len() > 1 && (times.are_dates || times.are_at_midnight()) {
        let clock = (0..fields.len()).filter(|at| !used.contains(at)).find(|at| {
            let is_hour =
                matches!(normal(&fields[*at]).as_str(), "hour" | "start" | "time" | "clock" | "hhmm");
            is_hour || table.clock(*at).is_some()
        });
        if let Some(clock) = clock {
            if !times.are_dates {
                return Err(format!(
                    "{} holds dates at 00:00, and {} looks like the time of day: write the dates without 00:00",
                    called(fields, chosen.column),
                    called(fields, clock)
                )
                .into());
            }
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
    refuse_half_days(times, &called(fields, chosen.column), context)?;
    refuse_repeats(times, table, (fields, &used), context)?;
    Ok(chosen)
}

/// The times, or why there are none.
pub(super) fn judged(judgement: Judgement, fields: &[String], column: usize) -> Result<Times, Undecided> {
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

pub(super) fn no_time(fields: &[String], used: &[usize]) -> String {
    let is_end = |at: &usize| {
        let name = normal(&fields[*at]);
        names::is_end_of_bar(&name) && names::is_about_time(&name)
    };
    if let Some(end) = (0..fields.len()).find(is_end) {
        return format!(
            "the header lacks a column for time: the rows have only the time at which bars end, {}. Add a column with their \
             beginning, or give {} to store bars at their end",
            called(fields, end),
            flag_for("time", fields, end)
        );
    }
    let flags = flags_for_missing(&["time"], fields, used);
    let what_to_do = if flags.is_empty() {
        "name it with --column time=NAME".to_owned()
    } else {
        format!("give {flags} if that is it")
    };
    format!("the header lacks a column for time; it has: {}; {what_to_do}", listed(fields))
}
