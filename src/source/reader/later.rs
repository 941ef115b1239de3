//! Holds the later rows of a file to the layout that its first rows have.

use super::super::later_rows::LaterRows;
use super::super::layout::FileLayout;
use super::super::read_error::io_error;
use super::row::{NOTHING, RowFault, RowParser};
use super::series::SeriesState;
use crate::config::{Ambiguous, CsvConfig};
use crate::error::FileError;

/// Refuses the file if one of its rows behind this byte shows that others are read wrong, before any bar of it is written. A
/// row that is only a bad one is rejected in its turn. Steps of another timeframe are noted in the layout.
pub(super) fn hold(
    layout: &mut FileLayout,
    later: &LaterRows,
    offset: u64,
    path: &str,
    (csv, ambiguous): (&CsvConfig, Ambiguous),
) -> Result<(), FileError> {
    let line_of = |offset: u64| later.line_at(offset).map_err(|e| io_error(path, &e));
    for window in later.behind(offset) {
        // The windows are far apart: no row goes on from the one before.
        let mut parser = RowParser::new(layout.clone(), csv);
        let mut series = SeriesState::new(layout, ambiguous);
        let mut times = Vec::with_capacity(window.len());
        for row in window {
            match parser.parse(&row.bytes, &mut series, &mut { NOTHING }) {
                Ok(time) => times.push(time),
                Err(RowFault::Fatal(reason)) => {
                    return Err(FileError::permanent(path, line_of(row.offset)?, reason));
                }
                Err(RowFault::Rejected(..)) => {}
            }
        }
        if let Some(odd) = layout.odd_step_of(&times) {
            layout.note_odd_step(line_of(window[0].offset)?, &odd);
        }
    }
    Ok(())
}
