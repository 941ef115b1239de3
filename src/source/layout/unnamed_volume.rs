//! Whether the column behind the prices of a file without a header is the volume.

use super::Undecided;
use super::price_order::prices;
use super::table::Table;
use crate::bar::columns::{COLUMNS, COUNT, VOLUME};
use crate::source::number::{self, NumberStyle};

/// Refuses a column as volume whose values lie between low and high, as an average price's do, or are nearly one multiple of
/// the close, as an adjusted one is.
pub(super) fn refuse_other(
    values: &[Option<usize>; COUNT],
    style: NumberStyle,
    table: &Table,
) -> Result<(), Undecided> {
    let Some(volume) = values[VOLUME] else { return Ok(()) };
    let (mut rows, mut inside) = (0, 0);
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for row in 0..table.len() {
        let Some([_, high, low, close]) = prices(values, style, table, row) else { continue };
        let Ok(volume) = number::parse(table.field(row, volume), style) else { continue };
        rows += 1;
        inside += usize::from(low < high && (low..=high).contains(&volume));
        let ratio = volume / close;
        (least, most) = (least.min(ratio), most.max(ratio));
    }
    // A few rows show nothing of a volume that varies.
    let has_more = (0..table.len()).all(|row| table.width(row) > volume + 1);
    // An adjusted price is lower by splits and dividends.
    let is_multiple = most < least * 1.05
        && (rows >= 3 && (0.0005..2.0).contains(&least) || has_more && (0.1..2.0).contains(&least));
    if rows >= 2 && inside * 2 > rows || is_multiple {
        return Err(format!(
            "the file has no header, and column {} looks like a price, not like the volume: give the volume's number, as \
             in --column volume=7, or --column volume=none",
            volume + 1
        )
        .into());
    }
    if has_larger_behind(volume, style, table) || is_running_total(volume, style, table) {
        return Err(format!(
            "the file has no header, and column {} or {} may be the volume: give --column volume={} or volume={}",
            volume + 1,
            volume + 2,
            volume + 1,
            volume + 2
        )
        .into());
    }
    Ok(())
}

/// A volume that is a whole number.
fn whole(field: &[u8], style: NumberStyle) -> Option<f64> {
    let read = number::value(&COLUMNS[VOLUME], field, style).ok();
    read.filter(|number| *number >= 0.0 && number.fract() == 0.0)
}

/// Whether the next column is the last one and mostly has larger whole numbers, as a volume behind an open interest has.
fn has_larger_behind(volume: usize, style: NumberStyle, table: &Table) -> bool {
    let whole = |row, column| whole(table.field(row, column), style).filter(|number| *number > 0.0);
    let pairs: Vec<(f64, f64)> =
        (0..table.len()).filter_map(|row| Some((whole(row, volume)?, whole(row, volume + 1)?))).collect();
    let larger = pairs.iter().filter(|(first, second)| second > first).count();
    let is_last = (0..table.len()).all(|row| table.width(row) <= volume + 2);
    is_last && pairs.len() * 2 > table.len() && larger * 2 > pairs.len()
}

/// Whether a column only rises, or only falls in rows that go back in time, as the day's volume so far does, and the next one
/// has whole numbers as well.
fn is_running_total(volume: usize, style: NumberStyle, table: &Table) -> bool {
    const ROWS: usize = 8;
    let whole = |row, column| whole(table.field(row, column), style);
    let values: Vec<f64> = (0..table.len())
        .filter(|row| whole(*row, volume + 1).is_some())
        .filter_map(|row| whole(row, volume))
        .collect();
    let rises = values.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let falls = values.windows(2).filter(|pair| pair[1] < pair[0]).count();
    values.len() > ROWS
        && values.len() * 2 > table.len()
        && rises.min(falls) * 20 <= values.len()
        && rises + falls >= ROWS
}
