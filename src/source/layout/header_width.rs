//! Gives each field of the rows a name, where a header names one less or some more.

use super::columns::listed;
use super::context::Context;
use super::formats::Clock;
use super::names::{self, TIMES, normal};
use super::price_order;
use super::table::Table;
use super::{time_columns, volume};
use crate::bar::columns::{COLUMNS, HIGH, LOW, VOLUME};

/// So many rows show what is missing.
const ROWS: usize = 3;

/// Adds the name that is missing, or takes those away whose fields are; returns what to say of it.
///
/// # Errors
/// All rows have another width, and no name would be sure to be that of its column.
pub(super) fn fit(
    fields: &mut Vec<String>,
    table: &Table,
    context: &Context,
) -> Result<Option<String>, String> {
    if lacks_first(fields, table, context) {
        fields.insert(0, String::new());
    } else if let Some(at) = unnamed_clock(fields, table, context) {
        fields.insert(at, "time".to_owned());
        return Ok(Some(format!("column {} has no name, and is the time of day", at + 1)));
    } else if has_last_delimiter(fields, table) {
        fields.pop();
    } else if let Some(width) = without_last_fields(fields, table) {
        let lost = fields.split_off(width);
        return Ok(Some(format!("the rows lack the last columns of the header: {}", listed(&lost))));
    }
    refuse_other_width(fields.len(), table)?;
    Ok(None)
}

/// Whether the header lacks the name of a first column that all rows have, as R's `write.table` leaves it out. A number with
/// an unquoted thousands comma has as many fields, but its rows begin with the time that the header begins with.
fn lacks_first(fields: &[String], table: &Table, context: &Context) -> bool {
    let is_wider = table.is_everywhere(fields.len() + 1)
        && (0..table.len())
            .all(|row| !table.field(row, fields.len()).is_empty() && !table.field(row, 0).is_empty());
    let is_time = |name: &String| TIMES[..TIMES.len() - 2].contains(&normal(name).as_str());
    is_wider
        && match fields.iter().position(is_time) {
            None => time_columns::has_times(table, 0, context) || volume::is_row_number(table, 0),
            Some(at) => {
                time_columns::has_times(table, at + 1, context)
                    && !time_columns::has_times(table, at, context)
            }
        }
}

/// Where the name of a time of day is missing behind that of the date: `Date,Open,…` above `2024-01-02,09:30:00,…`.
fn unnamed_clock(fields: &[String], table: &Table, context: &Context) -> Option<usize> {
    let date = fields.iter().position(|name| normal(name) == "date")?;
    let is_named = fields.get(date + 1).is_some_and(|name| TIMES.contains(&normal(name).as_str()));
    let is_clock = !is_named && table.clock(date + 1) == Some(Clock::Written);
    (table.is_everywhere(fields.len() + 1) && is_clock && time_columns::has_times(table, date, context))
        .then_some(date + 1)
}

/// Whether the header alone ends with a delimiter.
fn has_last_delimiter(fields: &[String], table: &Table) -> bool {
    fields.len() > 1 && fields.last().is_some_and(String::is_empty) && table.is_everywhere(fields.len() - 1)
}

/// How many fields all rows have, if the header names more and nothing is read from the last ones: programs leave out empty
/// fields at the end of rows. If a column before them is not read, its field may be the one that is missing, and so may the
/// volume's if what stands there is a price.
fn without_last_fields(fields: &[String], table: &Table) -> Option<usize> {
    let width = table.widest();
    let names: Vec<String> = fields.iter().map(|name| normal(name)).collect();
    let (kept, lost) = names.split_at_checked(width).filter(|(_, lost)| !lost.is_empty())?;
    let value_of = |name: &String| {
        COLUMNS.iter().position(|column| !names::of_value(std::slice::from_ref(name), column).is_empty())
    };
    let values: Vec<usize> = kept.iter().filter_map(value_of).collect();
    let are_all_read = kept.iter().all(|name| value_of(name).is_some() || TIMES.contains(&name.as_str()))
        && (0..COLUMNS.len()).all(|value| values.iter().filter(|other| **other == value).count() <= 1);
    let is_needed = lost.iter().filter_map(value_of).any(|value| !values.contains(&value));
    let first = |value: usize| kept.iter().position(|name| value_of(name) == Some(value));
    let has_price_as_volume = match (first(LOW), first(HIGH), first(VOLUME)) {
        (Some(low), Some(high), Some(volume)) => price_order::are_between(low, high, volume, table),
        _ => false,
    };
    let is_sound = table.len() >= ROWS
        && table.is_everywhere(width)
        && names::has_prices(kept)
        && are_all_read
        && !is_needed
        && !has_price_as_volume;
    is_sound.then_some(width)
}

fn refuse_other_width(names: usize, table: &Table) -> Result<(), String> {
    let width = if table.len() < ROWS { names } else { table.width(0) };
    let is_extra_delimiter = width == names + 1 && table.ends_with_delimiter(names);
    if width == names || is_extra_delimiter || !table.is_everywhere(width) {
        return Ok(());
    }
    Err(format!(
        "the header names {names} columns, and every row has {width} fields: mend the header, or the numbers if they have \
         unquoted delimiters"
    ))
}
