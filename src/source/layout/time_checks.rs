//! Refuses columns that hold times, but not the whole time of a bar.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::context::Context;
use super::table::Table;
use super::tickers::flag_value;
use super::time_columns::TimeColumns;
use super::times::Times;
use super::{Undecided, called, zone_names};
use crate::bar::Micros;
use crate::source::advice::flag_for;
use crate::source::number::is_missing;
use crate::source::steps;
use crate::timeframe::{DAY, HOUR};

/// Refuses times whose column says that they are of another zone than they would be read in.
pub(super) fn zone_of_name(
    chosen: &TimeColumns,
    fields: &[String],
    names: &[String],
    context: &Context,
) -> Result<(), Undecided> {
    let is_day = chosen.times.are_dates && context.step.is_none_or(|step| step >= DAY);
    if chosen.times.have_zone || is_day {
        return Ok(());
    }
    let is_utc = context.zone == TimeZone::UTC;
    for column in chosen.date.into_iter().chain([chosen.column]) {
        let name = called(fields, column);
        if !is_utc && zone_names::says_utc(&names[column]) {
            let zone = context.zone.iana_name().unwrap_or("another zone");
            return Err(format!(
                "{name} names times in UTC, but --timezone is {zone}: leave it out, or name another column with \
                 --column time=NAME"
            )
            .into());
        }
        if is_utc && zone_names::says_local(&names[column]) {
            return Err(format!(
                "{name} names local times: give --timezone, or {} if they are in UTC",
                flag_for("time", fields, column)
            )
            .into());
        }
    }
    Ok(())
}

/// Refuses a clock of twelve hours without AM and PM: no hour is above 12, and the rows go back within a day. Rows of several
/// symbols may be in no order at all, which shows nothing, and a format that was given says what its hours are.
pub(super) fn refuse_half_days(times: &Times, name: &str, context: &Context) -> Result<(), Undecided> {
    const ROWS: usize = 12;
    let has_24_hours = context.given.as_ref().is_some_and(|form| form.to_string().contains("%H"));
    if has_24_hours || context.symbols.is_some() && times.is_shuffled() {
        return Ok(());
    }
    let instants: Vec<Micros> = times.instants.iter().copied().flatten().collect();
    let hour = |time: Micros| time.rem_euclid(DAY) / HOUR;
    if times.have_zone || !instants.iter().all(|time| (1..=12).contains(&hour(*time))) {
        return Ok(());
    }
    let is_same_day = |pair: &[Micros]| pair[0].div_euclid(DAY) == pair[1].div_euclid(DAY);
    // From 12:59 to 1:00, or the other way round where the latest rows come first.
    let turns = |pair: &[Micros]| {
        let hours = [hour(pair[0]), hour(pair[1])];
        is_same_day(pair) && (hours == [12, 1] || hours == [1, 12])
    };
    let falling = instants.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let rising = instants.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let is_turned = instants.windows(2).any(|pair| turns(pair) && (pair[1] < pair[0]) == (rising > falling));
    let has_noon = instants.iter().any(|time| hour(*time) == 12);
    let goes_back = has_noon && (is_turned || !times.is_in_order());
    if instants.len() >= ROWS && goes_back || afternoons_restore_order(&instants) {
        return Err(format!(
            "{name} seems to have a clock of twelve hours without AM and PM: no hour is above 12, and the rows go back \
             each day; write the times with 24 hours"
        )
        .into());
    }
    Ok(())
}

/// Whether rows that go back within a day would all go on, were they twelve hours later.
fn afternoons_restore_order(instants: &[Micros]) -> bool {
    const PAUSE: Micros = 3 * HOUR;
    let falling = instants.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let mut rows = instants.to_vec();
    if falling * 2 > instants.len() {
        rows.reverse();
    }
    let longest = steps::usual(&steps::between(&rows)).map_or(PAUSE, |usual| PAUSE.max(2 * usual));
    let mut found = false;
    let mut before = Micros::MIN;
    for day in rows.chunk_by(|a, b| a.div_euclid(DAY) == b.div_euclid(DAY)) {
        let noon = day.windows(2).position(|pair| pair[1] < pair[0]).map_or(day.len(), |at| at + 1);
        let (morning, afternoon) = day.split_at(noon);
        if let (Some(last), Some(first)) = (morning.last(), afternoon.first()) {
            let is_near = first + DAY / 2 - last <= longest;
            if !is_near || morning.contains(first) {
                return false;
            }
            found = true;
        }
        for now in morning.iter().copied().chain(afternoon.iter().map(|time| time + DAY / 2)) {
            if now <= before {
                return false;
            }
            before = now;
        }
    }
    found
}

/// Refuses a file most of whose rows have the time of another row, of the same symbol if it has several.
pub(super) fn refuse_repeats(
    times: &Times,
    table: &Table,
    (fields, used): (&[String], &[usize]),
    context: &Context,
) -> Result<(), Undecided> {
    let symbols = context.symbols.as_ref().map_or(&[][..], |symbols| &symbols.columns);
    let symbol_of = |row: usize| symbols.iter().map(|at| table.field(row, *at)).collect::<Vec<_>>();
    // Rows that are the same are no other bars.
    let mut first_rows = HashMap::new();
    let mut others = 0;
    for (row, instant) in times.instants.iter().enumerate() {
        let Some(instant) = instant else { continue };
        let first = *first_rows.entry((symbol_of(row), *instant)).or_insert(row);
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
    let text = (0..fields.len()).filter(|at| !used.contains(at) && !symbols.contains(at)).find(is_text);
    // Times of day that come again may be revisions.
    if text.is_none() && !times.are_dates {
        return Ok(());
    }
    let cause = match text {
        Some(at) => {
            let name = called(fields, at);
            let all = symbols.iter().map(|at| called(fields, *at)).chain([name.clone()]);
            let flag = all.map(|name| flag_value(&name)).collect::<Vec<_>>().join(",");
            format!("does {name} name several instruments? Then give --symbol-column {flag}")
        }
        None => "if the time of day stands in another column, name it with --column; if the instrument does, with \
                 --symbol-column"
            .to_owned(),
    };
    Err(format!("{all} different rows have only {distinct} different times: {cause}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: &[i64]) -> Vec<Micros> {
        hours.iter().map(|hour| hour * HOUR + HOUR / 2).collect()
    }

    #[test]
    fn an_afternoon_that_is_written_as_a_morning_is_noticed() {
        assert!(afternoons_restore_order(&at(&[9, 10, 11, 12, 1, 2, 3])));
        assert!(afternoons_restore_order(&at(&[3, 2, 1, 12, 11, 10, 9])), "the latest first");
        assert!(afternoons_restore_order(&at(&[9, 10, 11, 1, 2, 24 + 9, 24 + 10])), "a pause at noon");
    }

    #[test]
    fn rows_that_are_late_or_come_again_are_no_afternoon() {
        assert!(!afternoons_restore_order(&at(&[9, 10, 11, 8])));
        assert!(!afternoons_restore_order(&at(&[9, 10, 11, 12, 9])));
        assert!(!afternoons_restore_order(&at(&[9, 10, 11, 12, 24 + 9])));
        assert!(!afternoons_restore_order(&at(&[9, 10, 11, 12, 1, 3, 2])));
    }
}
