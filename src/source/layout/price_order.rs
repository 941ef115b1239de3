//! Whether the columns of prices are what they are taken for: open, high, low and close.

use super::table::Table;
use super::time_columns::TimeColumns;
use super::{Columns, Undecided, called, names};
use crate::bar::Micros;
use crate::bar::columns::{CLOSE, COLUMNS, COUNT, HIGH, LOW, OPEN};
use crate::config::CsvConfig;
use crate::source::advice::flag_for;
use crate::source::number::{self, NumberStyle};

/// The prices of a row.
pub(super) fn prices(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    row: usize,
) -> Option<[f64; 4]> {
    let price = |at: usize| number::parse(table.field(row, values[at]?), style).ok();
    Some([price(OPEN)?, price(HIGH)?, price(LOW)?, price(CLOSE)?])
}

/// What to do about prices in another order: the flags, if the rows show which column is which.
fn advice(values: &[Option<usize>; COUNT], style: NumberStyle, table: &Table, time: &TimeColumns) -> String {
    match shown_order(values, style, table, time) {
        Some(columns) => {
            let columns = columns.map(|column| (column + 1).to_string());
            format!("its rows look like {}", flags_by_number(time, columns))
        }
        None => {
            format!("name them by number, {}", flags_by_number(time, ["N", "N", "N", "N"].map(str::to_owned)))
        }
    }
}

fn flags_by_number(time: &TimeColumns, [open, high, low, close]: [String; 4]) -> String {
    let time = match time.date {
        Some(date) => format!("--column date={} --column time={}", date + 1, time.column + 1),
        None => format!("--column time={}", time.column + 1),
    };
    format!("{time} --column open={open} --column high={high} --column low={low} --column close={close}")
}

/// The columns that the rows show to be open, high, low and close.
fn shown_order(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    time: &TimeColumns,
) -> Option<[usize; 4]> {
    let columns = [values[OPEN]?, values[HIGH]?, values[LOW]?, values[CLOSE]?];
    let rows: Vec<[f64; 4]> = (0..table.len()).filter_map(|row| prices(values, style, table, row)).collect();
    let always = |is: fn(f64, f64) -> bool| {
        let extreme = |at: &usize| {
            let rows_of = rows.iter().filter(|row| row.iter().all(|price| is(row[*at], *price))).count();
            rows_of * 20 > rows.len() * 19
        };
        let mut found = (0..4).filter(extreme);
        found.next().filter(|_| found.next().is_none())
    };
    let (high, low) = (always(|a, b| a >= b)?, always(|a, b| a <= b)?);
    let mut others = (0..4).filter(|at| ![high, low].contains(at));
    let (first, second) = (others.next()?, others.next()?);
    let [open, close] = match jumps(values, [first, second], style, table, time)? {
        (forward, back) if back > forward * 1.5 => [first, second],
        (forward, back) if forward > back * 1.5 => [second, first],
        _ => return None,
    };
    Some([open, high, low, close].map(|at| columns[at]))
}

/// How far prices jump from row to row, in time order: from the second of two columns to the first, and the other way round. None
/// of too few bars.
fn jumps(
    values: &[Option<usize>; COUNT],
    [first, second]: [usize; 2],
    style: NumberStyle,
    table: &Table,
    time: &TimeColumns,
) -> Option<(f64, f64)> {
    const BARS: usize = 10;
    let mut bars: Vec<(Micros, f64, f64)> = (0..table.len())
        .filter_map(|row| {
            let prices = prices(values, style, table, row)?;
            Some((time.times.instants[row]?, prices[first], prices[second]))
        })
        .collect();
    bars.sort_unstable_by_key(|(time, ..)| *time);
    let forward = bars.windows(2).map(|pair| (pair[1].1 - pair[0].2).abs()).sum();
    let back = bars.windows(2).map(|pair| (pair[1].2 - pair[0].1).abs()).sum();
    (bars.len() >= BARS).then_some((forward, back))
}

/// Refuses columns whose names are not those of what they hold: in another order they would be sound bars, and as they are named
/// many are not.
pub(super) fn refuse_exchanged(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    fields: &[String],
) -> Result<(), Undecided> {
    const ROWS: usize = 3;
    let used: Vec<usize> = values.iter().copied().flatten().collect();
    let number = |row: usize, column: &usize| number::parse(table.field(row, *column), style).ok();
    // A 0 stands for a price that is not known.
    let rows: Vec<Vec<f64>> = (0..table.len())
        .map(|row| used.iter().map(|column| number(row, column).unwrap_or(f64::NAN)).collect::<Vec<f64>>())
        .filter(|numbers| numbers[..4].iter().all(|price| *price > 0.0))
        .collect();
    let sound = |order: [usize; 4]| rows.iter().filter(|row| is_likely_bar(&order.map(|at| row[at]))).count();
    let bad = rows.len() - sound([0, 1, 2, 3]);
    if bad < ROWS || bad * 3 < rows.len() {
        return Ok(());
    }
    let is_close = |column: &usize| {
        let with = |row: usize| {
            let [open, high, low, _] = prices(values, style, table, row)?;
            Some(is_likely_bar(&[open, high, low, number(row, column)?]))
        };
        let all: Vec<bool> = (0..table.len()).filter_map(with).collect();
        all.len() >= ROWS && all.iter().filter(|is_bar| **is_bar).count() * 20 >= all.len() * 19
    };
    let is_average = |at: &usize| is_average(&names::normal(&fields[*at]));
    if let Some(close) = (0..fields.len()).find(|at| !used.contains(at) && !is_average(at) && is_close(at)) {
        return Err(format!(
            "in {bad} of the first {} rows, {} does not lie between {} and {}, and {} does: give {} or {}",
            rows.len(),
            called(fields, used[CLOSE]),
            called(fields, used[LOW]),
            called(fields, used[HIGH]),
            called(fields, close),
            flag_for("close", fields, close),
            flag_for("close", fields, used[CLOSE])
        )
        .into());
    }
    let Some(order) = orders(used.len()).find(|order| sound(*order) * 20 >= rows.len() * 19) else {
        return Ok(());
    };
    let flags = |order: [usize; 4]| {
        let flag = |(price, at): (usize, usize)| flag_for(COLUMNS[price].name, fields, used[at]);
        order.into_iter().enumerate().map(flag).collect::<Vec<_>>().join(" ")
    };
    Err(format!(
        "in {bad} of the first {} rows, prices do not lie between {} and {}, as if columns were exchanged: give {} or, if the \
         header is right, {}",
        rows.len(),
        called(fields, used[LOW]),
        called(fields, used[HIGH]),
        flags(order),
        flags([0, 1, 2, 3])
    )
    .into())
}

/// Refuses a file without a header that has prices twice: those of buyers and of sellers, or adjusted ones.
pub(super) fn refuse_second_prices(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    time: &TimeColumns,
) -> Result<(), Undecided> {
    let used: Vec<usize> = values.iter().copied().flatten().chain([time.column]).chain(time.date).collect();
    let number = |row: usize, column: usize| number::parse(table.field(row, column), style).ok();
    let [Some(open), Some(high), Some(low), Some(close), _] = *values else { return Ok(()) };
    let columns = [open, high, low, close];
    let are_prices = |first: &usize| {
        let bar = |row: usize| {
            let mut bar = [0.0; 4];
            for (price, column) in bar.iter_mut().zip(*first..) {
                *price = number(row, column)?;
            }
            let close = number(row, close)?;
            Some(
                is_likely_bar(&bar)
                    && bar[LOW] > 0.0
                    && bar[HIGH] > bar[LOW]
                    && (0.5..2.0).contains(&(bar[3] / close)),
            )
        };
        (0..table.len()).filter(|row| bar(*row) == Some(true)).count() * 2 > table.len()
    };
    let others =
        (0..table.widest().saturating_sub(3)).filter(|at| (*at..at + 4).all(|at| !used.contains(&at)));
    match others.into_iter().find(are_prices) {
        Some(first) => Err(format!(
            "the file has no header, and columns {} to {} look like prices as well: give {} for the first ones",
            first + 1,
            first + 4,
            flags_by_number(time, columns.map(|column| (column + 1).to_string()))
        )
        .into()),
        None => Ok(()),
    }
}

/// Whether these are open, high, low and close of one bar.
fn is_bar([open, high, low, close]: &[f64; 4]) -> bool {
    *high >= open.max(*close) && *low <= open.min(*close)
}

/// Whether, in addition, the high is no volume.
fn is_likely_bar(prices: &[f64; 4]) -> bool {
    const FAR: f64 = 20.0;
    let [open, high, _, close] = prices;
    is_bar(prices) && *high <= FAR * open.max(*close)
}

/// All ways to pick four of so many columns, those that move the fewest first.
fn orders(columns: usize) -> impl Iterator<Item = [usize; 4]> {
    let all = 0..columns;
    let mut found: Vec<[usize; 4]> = Vec::new();
    for a in all.clone() {
        for b in all.clone() {
            for c in all.clone() {
                found.extend(all.clone().map(|d| [a, b, c, d]));
            }
        }
    }
    let is_picked_once = |order: &[usize; 4]| (1..4).all(|at| !order[..at].contains(&order[at]));
    found.retain(is_picked_once);
    found.sort_by_key(|order| order.iter().enumerate().filter(|(at, column)| at != *column).count());
    found.into_iter()
}

/// Whether a column has averages of each bar, which lie between its low and high.
fn is_average(name: &str) -> bool {
    ["vwap", "average", "avg", "wap", "mid", "mean"].contains(&name)
}

/// Whether the prices of a column lie between low and high in nearly all rows.
pub(super) fn are_mostly_within(columns: &Columns, column: usize, table: &Table) -> bool {
    let [_, Some(high), Some(low), ..] = columns.values else { return false };
    are_between(low, high, column, table)
}

/// Whether the values of a column lie between those of two others in nearly all rows.
pub(super) fn are_between(low: usize, high: usize, column: usize, table: &Table) -> bool {
    let number = |row, column| number::parse(table.field(row, column), NumberStyle::default()).ok();
    let is_between = |row: &usize| {
        let bar = number(*row, low).zip(number(*row, high)).zip(number(*row, column));
        bar.is_some_and(|((low, high), price)| low < high && (low..=high).contains(&price))
    };
    (0..table.len()).filter(is_between).count() * 10 > table.len() * 9
}

/// Refuses an adjusted close where a column under another name has prices between low and high in nearly all rows.
pub(super) fn refuse_adjusted_close(
    names: &[String],
    fields: &[String],
    columns: &Columns,
    table: &Table,
) -> Result<(), String> {
    let Some(close) = columns.values[CLOSE] else { return Ok(()) };
    let mostly = |column| are_mostly_within(columns, column, table);
    let is_average = |at: &usize| is_average(&names[*at]);
    let used: Vec<usize> = columns.used().collect();
    if !names[close].starts_with("adj") || mostly(close) {
        return Ok(());
    }
    let other = (0..fields.len()).find(|at| !used.contains(at) && !is_average(at) && mostly(*at));
    other.map_or(Ok(()), |other| {
        Err(format!(
            "{} is not between low and high, and {} is: give {} or {}",
            called(fields, close),
            called(fields, other),
            flag_for("close", fields, other),
            flag_for("close", fields, close)
        ))
    })
}

/// Refuses prices that are not in the order open, high, low, close.
pub(super) fn prove_prices(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    time: &TimeColumns,
    csv: &CsvConfig,
) -> Result<(), Undecided> {
    let all: Vec<(usize, [f64; 4])> =
        (0..table.len()).filter_map(|row| Some((row, prices(values, style, table, row)?))).collect();
    let bad = all.iter().filter(|(_, prices)| !is_bar(prices)).collect::<Vec<_>>();
    if let Some((row, [_, high, low, _])) = bad.first().filter(|_| bad.len() * 20 > all.len()) {
        return Err(Undecided::at(
            table.line(*row),
            format!(
                "the file has no header, and columns {} to {} are not open, high, low and close in this order (high \
                 would be {high}, low {low}): {}",
                values[OPEN].map_or(0, |at| at + 1),
                values[CLOSE].map_or(0, |at| at + 1),
                advice(values, style, table, time)
            ),
        ));
    }
    let proves = |[open, high, low, close]: &[f64; 4]| {
        high > low && (high > open || high > close) && (low < open || low < close)
    };
    if csv.header && !all.iter().any(|(_, prices)| proves(prices)) {
        return Err(Undecided::Refused(
            None,
            format!(
                "the file has no header, and its rows do not show which column is high and which is low: {}",
                advice(values, style, table, time)
            ),
        ));
    }
    Ok(())
}

/// Refuses prices whose close would stand first: a bar opens near the close before it, and not the other way round.
pub(super) fn refuse_close_first(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    time: &TimeColumns,
) -> Result<(), Undecided> {
    // Open and close are the first and the last of the four.
    let close_stands_first =
        jumps(values, [OPEN, CLOSE], style, table, time).is_some_and(|(forward, back)| forward > back * 1.5);
    if close_stands_first {
        return Err(format!(
            "the file has no header, and its close seems to stand before its open: {}",
            advice(values, style, table, time)
        )
        .into());
    }
    Ok(())
}
