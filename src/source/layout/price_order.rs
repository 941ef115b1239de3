//! Whether the columns of prices are what they are taken for: open, high, low and close.

use super::table::Table;
use super::time_columns::TimeColumns;
use super::{Undecided, called};
use crate::bar::Micros;
use crate::bar::columns::{CLOSE, COUNT, HIGH, LOW, OPEN};
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
    let flags = |columns: [String; 4]| {
        let [open, high, low, close] = columns;
        let time = match time.date {
            Some(date) => format!("--column date={} --column time={}", date + 1, time.column + 1),
            None => format!("--column time={}", time.column + 1),
        };
        format!("{time} --column open={open} --column high={high} --column low={low} --column close={close}")
    };
    match shown_order(values, style, table, time) {
        Some(columns) => {
            format!("its rows look like {}", flags(columns.map(|column| (column + 1).to_string())))
        }
        None => format!("name them by number, {}", flags(["N", "N", "N", "N"].map(str::to_owned))),
    }
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

/// Refuses columns whose names are not those of what they hold: in many rows, a price is above the high or below the low.
pub(super) fn refuse_exchanged(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
    fields: &[String],
) -> Result<(), Undecided> {
    const ROWS: usize = 3;
    // A 0 stands for a price that is not known.
    let rows: Vec<[f64; 4]> = (0..table.len())
        .filter_map(|row| prices(values, style, table, row))
        .filter(|prices| prices.iter().all(|price| *price > 0.0))
        .collect();
    let is_far = |high: f64, others: f64| high > 20.0 * others;
    let is_bad = |[open, high, low, close]: &[f64; 4]| {
        *high < open.max(*close) || *low > open.min(*close) || is_far(*high, open.max(*close))
    };
    let bad = rows.iter().filter(|row| is_bad(row)).count();
    if bad < ROWS || bad * 3 < rows.len() {
        return Ok(());
    }
    let [Some(open), Some(high), Some(low), Some(close), _] = *values else { return Ok(()) };
    let columns = [("open", open), ("high", high), ("low", low), ("close", close)];
    let flags: Vec<String> = columns.iter().map(|(name, at)| flag_for(name, fields, *at)).collect();
    Err(format!(
        "in {bad} of the first {} rows a price is above {} or below {}, or far from the others: name the columns that \
         are right with --column; as they are now: {}",
        rows.len(),
        called(fields, high),
        called(fields, low),
        flags.join(" ")
    )
    .into())
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
    let is_bar = |[open, high, low, close]: &[f64; 4]| *high >= open.max(*close) && *low <= open.min(*close);
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
