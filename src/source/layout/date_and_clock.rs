//! The times of a file whose dates and times of day stand in two columns.

use std::borrow::Cow;

use super::context::Context;
use super::formats::{self, Clock, padded};
use super::table::Table;
use super::time_checks::{refuse_half_days, refuse_repeats};
use super::time_columns::{TimeColumns, form_note, judged};
use super::times::{Judgement, Texts};
use super::{Undecided, called, counts};
use crate::bar::Micros;
use crate::config::TimeForm;
use crate::source::steps;

/// The columns of a date and a time of day.
pub(super) fn pair(
    table: &Table,
    date: usize,
    column: usize,
    kind: Clock,
    fields: &[String],
    context: &Context,
) -> Result<TimeColumns, Undecided> {
    let clock_digits = clock_digits(table, date, column, kind, context);
    let times = judged(judge_joined(table, date, column, clock_digits, context), fields, column)?;
    let instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    if clock_digits.is_some() && !counts::steps_fit(&instants, context.step) {
        return Err(format!(
            "as times of day, the numbers in {} do not fit the timeframe: name the columns with --column date=NAME and \
             --column time=NAME, and their form with --time-format",
            called(fields, column)
        )
        .into());
    }
    refuse_half_days(&times, &called(fields, column), context)?;
    refuse_repeats(&times, table, (fields, &[date, column]), context)?;
    let note = form_note(&times);
    Ok(TimeColumns { date: Some(date), column, clock_digits, times, note })
}

/// Judges a column that may have the dates alone: of a form with a time of day that was given, its dates are tried, too.
pub(super) fn judge_dates(texts: &Texts<'_>, context: &Context) -> Judgement {
    let judgement = texts.judge(context);
    if matches!(&judgement, Judgement::Times(times) if times.count() == 0)
        && let Some(dates) = context.of_dates()
        && let Judgement::Times(times) = texts.judge(&dates)
        && times.count() > 0
        && times.are_dates
    {
        return Judgement::Times(times);
    }
    judgement
}

/// Judges dates and times of day together. A form of dates that was given gets that of the times of day behind it.
pub(super) fn judge_joined(
    table: &Table,
    date: usize,
    time: usize,
    digits: Option<usize>,
    context: &Context,
) -> Judgement {
    let texts = joined_texts(table, date, time, digits);
    match context.given.as_ref().and_then(|form| form_with_clock(&texts, form)) {
        Some(form) => texts.judge(&Context { given: Some(form), ..context.clone() }),
        None => texts.judge(context),
    }
}

/// A form of dates with that of the times of day; none if it is another form.
fn form_with_clock(texts: &Texts<'_>, form: &TimeForm) -> Option<TimeForm> {
    if !form.is_date_format() {
        return None;
    }
    // The first one that reads the most.
    formats::with_clocks(form).rev().max_by_key(|form| texts.read(form.clone()).count())
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

/// How many digits times of day in digits alone have. Leading zeros may be lost: 500 is 05:00, or five minutes past
/// midnight with its seconds. The steps between the rows tell.
pub(super) fn clock_digits(
    table: &Table,
    date: usize,
    column: usize,
    kind: Clock,
    context: &Context,
) -> Option<usize> {
    let Clock::Digits(least) = kind else { return None };
    if let Some(TimeForm::Format(format)) = &context.given
        && let Some(digits) = format.clock_digits()
    {
        return Some(digits);
    }
    let clocks = || table.column(column).map(|(_, text)| text).filter(|text| !text.is_empty());
    let step_of = |digits: &usize| {
        let Judgement::Times(times) = judge_joined(table, date, column, Some(*digits), context) else {
            return Micros::MAX;
        };
        let instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
        let Some((step, usual)) = context.step.zip(steps::usual(&steps::between(&instants))) else {
            return 0;
        };
        // Too short a step is none of the timeframe.
        if usual < step / 10 * 9 { Micros::MAX } else { usual - step }
    };
    [4, 6, 9]
        .into_iter()
        .filter(|digits| *digits >= least && formats::are_clocks(clocks(), *digits))
        .min_by_key(step_of)
}
