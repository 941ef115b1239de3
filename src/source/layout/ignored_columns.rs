//! Refuses files in which a column that is not read changes what the times mean: their zone, or AM and PM.

use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::context::Context;
use super::names::{normal, words_of};
use super::table::Table;
use super::time_columns::TimeColumns;
use super::zone_names::is_abbreviation;
use super::{Undecided, called};
use crate::source::number::is_missing;
use crate::source::time::cut;
use crate::timeframe::{DAY, HOUR};

/// Refuses them if times of day have no zone.
pub(super) fn refuse(
    fields: &[String],
    used: &[usize],
    table: &Table,
    found: &TimeColumns,
    context: &Context,
) -> Result<(), Undecided> {
    let is_intraday = context.step.is_none_or(|step| step < DAY) && !found.times.are_dates;
    if !is_intraday || found.times.have_zone {
        return Ok(());
    }
    for column in (0..fields.len()).filter(|at| !used.contains(at)) {
        let name = called(fields, column);
        if are_halves(table, column, found) {
            return Err(format!(
                "{name} holds AM and PM: write them behind the time of day, in the same column, as in `9:30 PM`"
            )
            .into());
        }
        if let Some(zone) = zone(table, column, &normal(&fields[column])).filter(|_| !context.zone_is_given) {
            let advice = match zone.name() {
                Some(name) => format!("give --timezone {name}"),
                None => {
                    "give --timezone with the name of their zone, or write the times with their offset".into()
                }
            };
            let example = cut(&zone.example);
            return Err(format!("{name} tells the zone of the times, such as `{example}`: {advice}").into());
        }
    }
    Ok(())
}

/// Whether a column has AM and PM, and the clock does not tell the afternoon.
fn are_halves(table: &Table, column: usize, found: &TimeColumns) -> bool {
    let is_any =
        |text: &[u8], wanted: &[&str]| wanted.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    let rows = || table.column(column).map(|(_, text)| text).zip(&found.times.instants);
    let hour = |time: &Option<i64>| time.map(|time| time.rem_euclid(DAY) / HOUR);
    rows().any(|(text, time)| is_any(text, &["PM", "P.M."]) && hour(time).is_some_and(|hour| hour < 12))
        && rows().all(|(text, time)| {
            is_any(text, &["AM", "PM", "A.M.", "P.M."]) && hour(time).is_none_or(|hour| hour < 13)
        })
}

/// What a column says of the zone.
struct Zone {
    example: String,
    is_everywhere: bool,
}

impl Zone {
    /// The zone by the name that `--timezone` takes, if all rows have the same.
    fn name(&self) -> Option<&str> {
        (self.is_everywhere && TimeZone::get(&self.example).is_ok()).then_some(self.example.as_str())
    }
}

/// The zone that a column of this name tells, if it is not UTC.
fn zone(table: &Table, column: usize, name: &str) -> Option<Zone> {
    /// More offsets than those of summer and winter are something else.
    const MOST: usize = 3;
    let values: HashSet<&[u8]> =
        table.column(column).map(|(_, text)| text).filter(|text| !is_missing(text)).collect();
    let texts: Vec<&str> =
        values.iter().map(|text| std::str::from_utf8(text)).collect::<Result<_, _>>().ok()?;
    let words = || words_of(name);
    let is_about_zone = words().any(|word| matches!(word, "tz" | "timezone")) || name == "time_zone";
    let is_about_offset = matches!(name, "gmtoffset" | "utcoffset" | "tzoffset")
        || words().any(|word| word == "offset")
            && words().any(|word| matches!(word, "gmt" | "utc" | "tz" | "timezone"));
    let tells_zone = |text: &&str| {
        if is_about_zone && !is_about_offset {
            return !text.bytes().all(|b| b.is_ascii_digit());
        }
        is_zone(text) || is_about_offset && is_offset(text) || name == "zone" && is_abbreviation(text)
    };
    let tells = !texts.is_empty()
        && texts.len() <= MOST
        && texts.iter().all(tells_zone)
        && !texts.iter().all(|text| is_utc(text));
    let example = table.column(column).map(|(_, text)| text).find(|text| !is_missing(text))?;
    let example = String::from_utf8_lossy(example).into_owned();
    tells.then_some(Zone { example, is_everywhere: texts.len() == 1 })
}

/// Whether a text can be nothing but a zone: a place of the IANA's list, `UTC+3` or `-05:00`.
fn is_zone(text: &str) -> bool {
    let is_sure = text.starts_with(['+', '-']) && text.contains(':')
        || text.starts_with("UTC")
        || text.starts_with("GMT");
    text.contains('/') && TimeZone::get(text).is_ok() || is_sure && is_offset(text)
}

/// Whether a text is an offset from UTC: hours and minutes, hours, or seconds.
fn is_offset(text: &str) -> bool {
    const MOST_HOURS: f64 = 14.0;
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    let digits = offset.strip_prefix(['+', '-']).unwrap_or(offset);
    if digits.len() > 3 && (digits.contains(':') || digits.len() == 4) {
        return digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit() || b == b':');
    }
    let number = digits.parse::<f64>().unwrap_or(f64::NAN);
    number <= MOST_HOURS || number <= MOST_HOURS * 3600.0 && number % 900.0 == 0.0
}

/// Whether a text is UTC under one of its names, or no offset from it.
fn is_utc(text: &str) -> bool {
    let name = text.to_ascii_lowercase();
    let name = name.strip_prefix("etc/").unwrap_or(&name);
    let rest =
        ["utc", "gmt", "zulu", "uct", "z", "universal"].into_iter().find_map(|utc| name.strip_prefix(utc));
    rest.unwrap_or(name).bytes().all(|b| b"+-0:.".contains(&b))
}
