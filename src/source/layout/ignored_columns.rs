//! Refuses files in which a column that is not read changes what the times mean: their zone, or the half of the day.

use jiff::tz::TimeZone;

use super::context::Context;
use super::names::{normal, words_of};
use super::table::Table;
use super::time_columns::TimeColumns;
use super::zone_names::is_abbreviation;
use super::{Undecided, called};
use crate::source::number::is_missing;
use crate::source::time::cut;
use crate::timeframe::DAY;

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
        let values: Vec<&[u8]> =
            table.column(column).map(|(_, text)| text).filter(|text| !is_missing(text)).collect();
        let Some(first) = values.first() else { continue };
        let all =
            |is: &dyn Fn(&str) -> bool| values.iter().all(|value| std::str::from_utf8(value).is_ok_and(is));
        let name = called(fields, column);
        if all(&is_half_of_day) {
            return Err(format!(
                "{name} tells the half of the day: write it behind the time of day, in the same column, as in `9:30 PM`"
            )
            .into());
        }
        let is_about_zone = is_about_zone(&normal(&fields[column]));
        let is_zone = |text: &str| is_zone(text) || is_about_zone && may_be_zone(text);
        if context.zone_is_given || !all(&is_zone) || all(&is_utc) {
            continue;
        }
        let first = String::from_utf8_lossy(first);
        let is_same = values.iter().all(|value| *value == first.as_bytes());
        let advice = if is_same && TimeZone::get(&first).is_ok() {
            format!("give --timezone {first}")
        } else {
            "give --timezone with the name of their zone, or write the times with their offset".to_owned()
        };
        return Err(format!("{name} tells the zone of the times, such as `{}`: {advice}", cut(&first)).into());
    }
    Ok(())
}

fn is_half_of_day(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "am" | "pm" | "a.m." | "p.m.")
}

/// Whether a text can be nothing but a zone: a place of the IANA's list, or an offset.
fn is_zone(text: &str) -> bool {
    let is_offset_alone = text.contains(':') && text.starts_with(['+', '-'])
        || text.starts_with("UTC")
        || text.starts_with("GMT");
    text.contains('/') && TimeZone::get(text).is_ok() || is_offset_alone && is_offset(text)
}

/// Whether a text is one that may be something else, such as a ticker, in a column of another name.
fn may_be_zone(text: &str) -> bool {
    text == "Z" || is_abbreviation(text) || is_offset(text) || TimeZone::get(text).is_ok()
}

/// Whether a text may be an offset from UTC, in hours and minutes, in hours or in seconds.
fn is_offset(text: &str) -> bool {
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    let digits = offset.strip_prefix(['+', '-']).unwrap_or(offset);
    (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit() || b == b':')
}

/// Whether it is UTC under one of its names.
fn is_utc(text: &str) -> bool {
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    text == "Z" || text == "Etc/UTC" || offset.bytes().all(|b| b"+-0:".contains(&b))
}

/// Whether a name is that of a column of zones: `tz`, `Gmtoffset`, `utc_offset`.
fn is_about_zone(normal: &str) -> bool {
    words_of(normal).any(|word| {
        matches!(word, "tz" | "timezone" | "zone" | "offset" | "gmtoffset" | "utcoffset" | "tzoffset")
    })
}
