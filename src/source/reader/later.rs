//! Holds the later rows of a file to the layout that its first rows have.

use std::collections::{HashMap, HashSet};

use super::super::fields::FieldSplitter;
use super::super::later_rows::LaterRows;
use super::super::layout::FileLayout;
use super::super::read_error::io_error;
use super::row::{NOTHING, RowFault, RowParser};
use super::series::SeriesState;
use crate::config::{Ambiguous, CsvConfig};
use crate::error::FileError;
use crate::finding::RawRow;

/// Refuses the file if one of its rows behind this byte shows that others are read wrong, before any bar of it is written. A
/// row that is only a bad one is rejected in its turn. Steps of another timeframe are noted in the layout. Returns the symbols of
/// those rows, if the file has several.
pub(super) fn hold(
    layout: &mut FileLayout,
    later: &LaterRows,
    offset: u64,
    path: &str,
    (csv, ambiguous): (&CsvConfig, Ambiguous),
) -> Result<HashSet<Vec<u8>>, FileError> {
    let line_of = |offset: u64| later.line_at(offset).map_err(|e| io_error(path, &e));
    // The windows are far apart: no row goes on from the one before.
    let series = later.behind(offset).flat_map(|window| by_series(layout, window, csv)).collect::<Vec<_>>();
    let mut symbols = HashSet::new();
    for (symbol, rows) in series {
        let mut parser = RowParser::new(layout.clone(), csv);
        let mut series = SeriesState::new(layout, ambiguous);
        let mut times = Vec::with_capacity(rows.len());
        for row in &rows {
            match parser.parse(&row.bytes, &mut series, &mut { NOTHING }) {
                Ok(time) => times.push(time),
                Err(RowFault::Fatal(reason)) => {
                    return Err(FileError::permanent(path, line_of(row.offset)?, reason));
                }
                Err(RowFault::Rejected(..)) => {}
            }
        }
        symbols.extend(symbol.filter(|_| !times.is_empty()));
        if let Some(odd) = layout.odd_step_of(&times) {
            layout.note_odd_step(line_of(rows[0].offset)?, &odd);
        }
    }
    Ok(symbols)
}

/// The rows of a series, with its symbol if there are several.
type Series<'w> = (Option<Vec<u8>>, Vec<&'w RawRow>);

/// The rows of a window, those of each series together.
fn by_series<'w>(layout: &FileLayout, window: &'w [RawRow], csv: &CsvConfig) -> Vec<Series<'w>> {
    let Some(symbols) = &layout.symbols else { return vec![(None, window.iter().collect())] };
    let dialect = (layout.columns.delimiter, csv.quote);
    let (mut fields, mut key) = (FieldSplitter::new(dialect.0, dialect.1), Vec::new());
    let mut series: HashMap<Vec<u8>, Vec<&RawRow>> = HashMap::new();
    for row in window {
        if let Some(symbol) = symbols.key(&row.bytes, dialect, &mut fields, &mut key) {
            series.entry(symbol.to_vec()).or_default().push(row);
        }
    }
    let mut series: Vec<Series<'_>> = series.into_iter().map(|(symbol, rows)| (Some(symbol), rows)).collect();
    series.sort_unstable_by_key(|(_, rows)| rows[0].offset);
    series
}
